//! The commands: arguments to calls, results to output and exit codes.
//!
//! Results go to standard output, one JSON object a line; everything for people (progress, where
//! something listens, what went wrong) goes to standard error.

pub mod check;
pub mod lines;
mod load;
pub mod pdu;
mod progress;
pub mod receipt;
pub mod run;
mod smsc;
pub mod text;
mod values;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A carrier-grade SMPP 3.4 engine, and the tools to try it with.
#[derive(Debug, Parser)]
#[command(name = "chappe", version, max_term_width = 100)]
struct Cli {
    /// Without a command the engine runs with the built-in quickstart
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the engine
    Run(run::RunArgs),
    /// Check a configuration
    Check {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    Load(load::Args),
    Smsc(smsc::Args),
    /// Decode and encode PDUs, one a line
    #[command(subcommand)]
    Pdu(pdu::PduCommand),
    /// Plan the segments of texts, one a line
    #[command(subcommand)]
    Text(text::TextCommand),
    /// Read delivery receipts, one a line
    #[command(subcommand)]
    Receipt(ReceiptCommand),
}

#[derive(Debug, Subcommand)]
enum ReceiptCommand {
    /// Parse receipts
    Parse(receipt::ParseArgs),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// As asked.
    Success = 0,
    /// Something did not work, or an audit found something.
    Failure = 1,
    /// The command line or the configuration is wrong (clap's own code for it, too).
    Usage = 2,
    /// What was accepted can no longer be kept safe.
    Storage = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the command that the process was called with.
#[must_use]
pub fn run() -> ExitCode {
    let command = Cli::parse().command.unwrap_or_else(|| Command::Run(run::RunArgs::default()));
    let result = match command {
        Command::Run(args) => Ok(run::run(&args).into()),
        Command::Load(args) => load::run(&args),
        Command::Smsc(args) => smsc::run(&args),
        Command::Check { config } => {
            written(check::run(&config, &mut io::stdout().lock())).map(ExitCode::from)
        }
        lines => written(run_lines(lines)).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("chappe: {}", failure.message);
            failure.exit.into()
        }
    }
}

/// The tools that read lines and write lines.
fn run_lines(command: Command) -> io::Result<()> {
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    match command {
        Command::Pdu(command) => pdu::run(&command, input, output),
        Command::Text(text::TextCommand::Plan(options)) => text::run(&options, input, output),
        Command::Receipt(ReceiptCommand::Parse(args)) => receipt::run(&args, input, output),
        Command::Run(_) | Command::Check { .. } | Command::Load(_) | Command::Smsc(_) => Ok(()),
    }
}

/// Who reads our output has had enough: `chappe pdu decode | head` is no failure.
fn written<T>(result: io::Result<T>) -> Result<T, Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            std::process::exit(Exit::Success as i32)
        }
        result => result.map_err(Failure::new),
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// Something did not work.
    fn new(message: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Failure, message: message.to_string() }
    }

    /// The arguments are wrong.
    fn usage(message: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string() }
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
