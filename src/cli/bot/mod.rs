//! `chappe bot`: what answers people, tried without an engine.

use std::io::{self, Write};

use clap::Subcommand;

use super::{Exit, Failure};

mod eval;
mod labelled;

/// What `chappe bot` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum BotCommand {
    /// Measure how well intents are recognised on texts whose intents are known
    Eval(eval::EvalArgs),
}

/// Runs one of the commands.
///
/// # Errors
/// When a file is not what the command needs, or the output cannot be written.
pub fn run(command: &BotCommand, output: &mut impl Write) -> Result<Exit, Failure> {
    match command {
        BotCommand::Eval(args) => eval::run(args, output),
    }
}

/// Output that nobody reads any more is no failure.
fn written(result: io::Result<()>) -> Result<Exit, Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("standard output: {error}")))
        }
        _ => Ok(Exit::Success),
    }
}
