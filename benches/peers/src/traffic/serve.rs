//! Connections to rounds: a round begins with a connection and ends when none is open.

use std::io::{Error, ErrorKind, Result};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{CONNECTIONS_MAX, Counts, process};
use crate::args::Args;

/// How often a listener looks for a new connection and for the end of its time.
const POLL: Duration = Duration::from_millis(10);

/// When a listening process ends by itself.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds it lives at most.
    pub seconds: u64,
    /// Whether it ends with its first round.
    pub once: bool,
}

impl Limits {
    /// `--for SECONDS` and `--once`.
    ///
    /// # Errors
    ///
    /// The seconds are not a whole number.
    pub fn from_args(args: &mut Args) -> std::result::Result<Self, String> {
        Ok(Self { seconds: args.number("--for", 120)? as u64, once: args.flag("--once") })
    }
}

/// Serves every connection with `handle` in a thread of its own, prints a line of JSON when it
/// listens and one a round, and returns the counts of the last round.
///
/// # Errors
///
/// The listener fails.
pub fn serve(
    name: &str,
    listener: TcpListener,
    limits: Limits,
    handle: impl Fn(TcpStream) -> Result<Counts> + Send + Sync + 'static,
) -> Result<Counts> {
    println!("{{\"process\":\"{name}\",\"listening\":\"{}\"}}", listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let handle = Arc::new(handle);
    let (ended, endings) = mpsc::channel::<Result<Counts>>();
    let deadline = Instant::now() + Duration::from_secs(limits.seconds);
    let mut round = Round::default();
    while Instant::now() < deadline {
        match listener.accept() {
            Ok((_, peer)) if round.open >= CONNECTIONS_MAX => {
                eprintln!("{name}: {peer}: more than {CONNECTIONS_MAX} connections");
            }
            Ok((link, _)) => {
                if round.open == 0 {
                    round = Round::begin();
                }
                round.open += 1;
                round.connections += 1;
                let (handle, ended) = (Arc::clone(&handle), ended.clone());
                thread::spawn(move || ended.send(handle(link)));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(POLL),
            Err(error) => return Err(error),
        }
        for outcome in endings.try_iter() {
            round.open -= 1;
            match outcome {
                Ok(counts) => round.counts.add(&counts),
                Err(error) => eprintln!("{name}: {error}"),
            }
            if round.open == 0 {
                round.print(name);
                if limits.once {
                    return Ok(round.counts);
                }
            }
        }
    }
    if round.open > 0 {
        return Err(Error::new(ErrorKind::TimedOut, "its time is over, with connections open"));
    }
    Ok(round.counts)
}

/// What happened since no connection was open.
#[derive(Default)]
struct Round {
    open: usize,
    connections: usize,
    counts: Counts,
    cpu_seconds: f64,
}

impl Round {
    fn begin() -> Self {
        Self { cpu_seconds: process::cpu_seconds(), ..Self::default() }
    }

    fn print(&self, name: &str) {
        let cpu = process::cpu_seconds() - self.cpu_seconds;
        let per_100k = cpu * 100_000.0 / self.counts.submits.max(1) as f64;
        println!(
            "{{\"process\":\"{name}\",\"connections\":{},{},\"cpu_seconds\":{cpu:.2},\
             \"cpu_seconds_per_100k\":{per_100k:.4}}}",
            self.connections,
            self.counts.json(),
        );
    }
}
