//! A process that does what lines of JSON say, and tells what happens in others.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::foreign::Process;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The process, and what it told that nobody has asked for yet.
pub struct Puppet {
    input: ChildStdin,
    told: Receiver<Value>,
    unheard: Vec<Value>,
    asked: u64,
    _process: Process,
}

impl Puppet {
    pub fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the puppet runs");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let line = line.expect("text");
                let value =
                    serde_json::from_str(&line).unwrap_or_else(|_| json!({ "error": line }));
                if tell.send(value).is_err() {
                    return;
                }
            }
        });
        Self { input, told, unheard: Vec::new(), asked: 0, _process: Process(child) }
    }

    /// Has it do something.
    pub fn tell(&mut self, line: &Value) {
        writeln!(self.input, "{line}").expect("the puppet reads");
    }

    /// Waits until it tells of something like this; takes that.
    pub fn hear(&mut self, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            if let Some(at) = self.unheard[seen..].iter().position(&like) {
                return self.unheard.remove(seen + at);
            }
            seen = self.unheard.len();
            match self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.note(line),
                Err(RecvTimeoutError::Timeout) => panic!("never: {what}; told {:?}", self.unheard),
                Err(RecvTimeoutError::Disconnected) => panic!("the puppet died before: {what}"),
            }
        }
    }

    /// All that it told so far like this; takes that.
    pub fn heard(&mut self, like: impl Fn(&Value) -> bool) -> Vec<Value> {
        while let Ok(line) = self.told.try_recv() {
            self.note(line);
        }
        let (taken, left) = std::mem::take(&mut self.unheard).into_iter().partition(like);
        self.unheard = left;
        taken
    }

    /// Sends a request on a link; [`Puppet::answer`] waits for what comes.
    pub fn send(&mut self, link: &str, command: &str, fields: Value) -> u64 {
        self.asked += 1;
        let number = self.asked;
        self.tell(&json!({ "link": link, "ask": number, "command": command, "fields": fields }));
        number
    }

    /// The answer to a request.
    pub fn answer(&mut self, number: u64) -> Answer {
        let line = self.hear("an answer", |line| line["answer"] == number);
        let status = line["status"].as_u64().expect("a status");
        let id = line["fields"]["message_id"].as_str().unwrap_or_default().to_owned();
        Answer { status, id, line }
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, link: &str, command: &str, fields: Value) -> Answer {
        let number = self.send(link, command, fields);
        self.answer(number)
    }

    fn note(&mut self, line: Value) {
        // A library that failed has something to say of it.
        assert!(line["error"].is_null(), "{line}");
        self.unheard.push(line);
    }
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u64,
    pub id: String,
    pub line: Value,
}
