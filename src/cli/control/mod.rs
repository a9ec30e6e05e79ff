//! The commands that ask a running engine: over the socket in its data directory.

mod binds;
mod capture;
mod client;
mod consent;
mod conversation;
mod history;
mod pcap;
mod queue;
mod reload;
mod status;
pub(super) mod table;
mod trace;

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::{Exit, Failure, ledger, lines, written};
use crate::engine::control::Command;
pub use binds::BindCommand;
pub use capture::CaptureArgs;
use client::Client;
pub use consent::ConsentCommand;
pub use conversation::ConversationCommand;
pub use history::HistoryCommand;
pub use queue::QueueCommand;
pub use reload::ReloadArgs;
pub use status::StatusArgs;
pub use trace::TraceArgs;

/// Which engine is asked, and how its answer is printed.
#[derive(Args, Clone, Debug)]
pub struct Asked {
    /// The data directory of the engine
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data_dir: Option<PathBuf>,
    /// The configuration it runs with; without either it is the built-in quickstart's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Asked {
    /// Whether the answer is printed as JSON.
    pub const fn is_json(&self) -> bool {
        self.json
    }
}

/// How long what reads or writes much may take beyond what any answer may.
const LONG: Duration = Duration::from_secs(3600);

/// Asks an engine for something that may take long.
pub fn ask_patiently(asked: &Asked, command: Command) -> Result<Value, Failure> {
    let mut client = Client::connect(asked)?;
    client.wait_for(LONG)?;
    client.ask(command)
}

/// Runs `chappe status`.
pub fn status(args: &StatusArgs) -> Result<Exit, Failure> {
    status::run(args)
}

/// Runs `chappe bind`.
pub fn bind(command: &BindCommand) -> Result<Exit, Failure> {
    binds::run(command)
}

/// Runs `chappe reload`.
pub fn reload(args: &ReloadArgs) -> Result<Exit, Failure> {
    reload::run(args)
}

/// Runs `chappe queue`.
pub fn queue(command: &QueueCommand) -> Result<Exit, Failure> {
    queue::run(command)
}

/// Runs `chappe capture`.
pub fn capture(args: &CaptureArgs) -> Result<Exit, Failure> {
    capture::run(args)
}

/// Runs `chappe trace`.
pub fn trace(args: &TraceArgs) -> Result<Exit, Failure> {
    trace::run(args)
}

/// Runs `chappe consent`.
pub fn consent(command: &ConsentCommand, input: impl BufRead) -> Result<Exit, Failure> {
    consent::run(command, input)
}

/// Runs `chappe conversation`.
pub fn conversation(command: &ConversationCommand) -> Result<Exit, Failure> {
    conversation::run(command)
}

/// Runs `chappe history`.
pub fn history(command: &HistoryCommand) -> Result<Exit, Failure> {
    history::run(command)
}

/// Prints lines for people.
fn print(lines: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    written(output.write_all(lines.as_bytes()).and_then(|()| output.flush()))
}
