//! Clients, one task each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::request::{self, Answer, Command, Problem};
use super::{
    CONNECTIONS_MAX, Desk, LINE_MAX, backup, binds, capture, consent, conversation, erase, look,
    queue, reload, status, trace,
};

/// How long a client may take to say something, or to take an answer; then it is closed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait after the system could not give us a connection: at once would fail again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes clients until it is dropped, and they end with it.
pub async fn serve(listener: UnixListener, desk: Desk) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let client = match listener.accept().await {
            Ok((client, _)) => client,
            Err(error) => {
                tracing::warn!(%error, "control socket");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let problem = Problem::new("busy", format!("{CONNECTIONS_MAX} clients are connected"));
            // What does not fit into a fresh socket's buffer is not worth a wait.
            let _ = client.try_write(&line(Err(problem)));
            continue;
        };
        let desk = desk.clone();
        clients.spawn(async move {
            // A client that has gone, or hangs, wants no answer.
            let _ = talk(client, &desk).await;
            drop(place);
        });
    }
}

/// Answers one request after the other.
async fn talk(client: UnixStream, desk: &Desk) -> io::Result<()> {
    let (reading, mut writing) = client.into_split();
    let mut reading = BufReader::new(reading);
    let mut line = Vec::new();
    while read_line(&mut reading, &mut line).await? {
        if line.len() > LINE_MAX {
            let message = format!("a request has at most {LINE_MAX} octets");
            return write(&mut writing, Err(Problem::new("request", message))).await;
        }
        match request::parse(&line) {
            Ok(Command::Capture { id, limits }) => {
                let ends = (&mut reading, &mut writing);
                capture::stream(desk, (&id, limits), ends).await?;
            }
            Ok(command) => write(&mut writing, answer(command, desk).await).await?,
            Err(problem) => write(&mut writing, Err(problem)).await?,
        }
    }
    Ok(())
}

/// Reads a line, one octet more than it may have at most; `false` at the end.
async fn read_line(reading: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut bounded = reading.take(LINE_MAX as u64 + 1);
    tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', line)).await??;
    Ok(!line.is_empty())
}

/// Sends a client an answer.
pub async fn write(writing: &mut OwnedWriteHalf, answer: Result<Value, Problem>) -> io::Result<()> {
    tokio::time::timeout(PATIENCE, writing.write_all(&line(answer))).await?
}

fn line(answer: Result<Value, Problem>) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Answer::from(answer)).unwrap_or_default();
    line.push(b'\n');
    line
}

async fn answer(command: Command, desk: &Desk) -> Result<Value, Problem> {
    match command {
        Command::Status { of, events } => status::answer(desk, of.as_deref(), events),
        Command::Reload => reload::answer(desk).await,
        Command::Bind { action, id } => binds::answer(desk, action, &id),
        Command::QueueList { selection } => queue::list(desk, &selection).await,
        Command::QueuePurge { selection, yes } => queue::purge(desk, &selection, yes).await,
        Command::QueueReroute { selection, to, yes } => {
            queue::reroute(desk, &selection, to.as_deref(), yes).await
        }
        Command::Trace { id, show_numbers } => trace::answer(desk, &id, show_numbers).await,
        Command::TraceNumber { asked, show_numbers } => {
            look::answer_number(desk, asked, show_numbers).await
        }
        Command::HistoryErase { number, yes } => erase::answer(desk, &number, yes).await,
        Command::ConversationList { all, queue } => {
            conversation::list(desk, all, queue.as_deref()).await
        }
        Command::Conversation { id, action } => conversation::act(desk, &id, action).await,
        Command::ConsentWrite { entries } => consent::write(desk, &entries).await,
        Command::ConsentRead { from } => consent::read(desk, from).await,
        Command::ConsentOf { number } => consent::of(desk, &number).await,
        Command::JournalBackup { directory } => backup::answer(desk, directory).await,
        // It has more answers than one.
        Command::Capture { .. } => Err(Problem::new("request", "a capture is streamed")),
    }
}
