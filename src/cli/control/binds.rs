//! `chappe bind pause|resume|drain|rebind ID`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::control::{BindAction, Command};

/// What is done to binds.
#[derive(Clone, Debug, Subcommand)]
pub enum BindCommand {
    /// Send no message on it; it stays bound
    Pause(BindArgs),
    /// Send on it again; bind it again if it was drained
    Resume(BindArgs),
    /// Wait for its answers, unbind it and leave it down until it is resumed
    Drain(BindArgs),
    /// Wait for its answers, unbind it and bind it again at once
    Rebind(BindArgs),
}

/// Which binds.
#[derive(Args, Clone, Debug)]
pub struct BindArgs {
    /// CARRIER/N, all of CARRIER, or ACCOUNT#N for a session of an account, as status shows them
    id: String,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(command: &BindCommand) -> Result<Exit, Failure> {
    let (action, word, args) = match command {
        BindCommand::Pause(args) => (BindAction::Pause, "paused", args),
        BindCommand::Resume(args) => (BindAction::Resume, "resumed", args),
        BindCommand::Drain(args) => (BindAction::Drain, "draining", args),
        BindCommand::Rebind(args) => (BindAction::Rebind, "rebinding", args),
    };
    let mut client = Client::connect(&args.asked)?;
    let answer = client.ask(Command::Bind { action, id: args.id.clone() })?;
    if args.asked.json {
        return print(&(lines::one_line(&answer) + "\n")).map(|()| Exit::Success);
    }
    let done = answer.get("done").and_then(Value::as_array).into_iter().flatten();
    let done: Vec<&str> = done.filter_map(Value::as_str).collect();
    print(&format!("{word}: {}\n", done.join(" "))).map(|()| Exit::Success)
}
