//! The commands: arguments to calls, results to output and exit codes.
//!
//! Results go to standard output, one JSON object a line; everything for people (progress, where
//! something listens, what went wrong) goes to standard error.

mod load;
mod progress;
pub mod receipt;
mod smsc;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Something did not work, or an audit found something.
const FAILURE: u8 = 1;
/// The arguments or the configuration are wrong (clap's own code for it, too).
const USAGE: u8 = 2;

/// A carrier-grade SMPP 3.4 engine, and the tools to try it with.
#[derive(Debug, Parser)]
#[command(name = "chappe", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Load(load::Args),
    Smsc(smsc::Args),
}

/// Runs the command that the process was called with.
#[must_use]
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Load(args) => load::run(&args),
        Command::Smsc(args) => smsc::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("chappe: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Something did not work.
    fn new(message: impl std::fmt::Display) -> Self {
        Self { code: FAILURE, message: message.to_string() }
    }

    /// The arguments are wrong.
    fn usage(message: impl std::fmt::Display) -> Self {
        Self { code: USAGE, message: message.to_string() }
    }
}

/// A runtime of one thread for the tools: what they do fits on one core, and a second one would
/// be taken from what they test.
fn one_thread() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}")))
}

/// Ready at the first SIGINT or SIGTERM. The second one ends the process at once.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut int), Ok(mut term)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers a signal ends the process as it always does.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
    }
    tokio::task::spawn(async move {
        tokio::select! {
            _ = int.recv() => {}
            _ = term.recv() => {}
        }
        std::process::exit(130);
    });
}
