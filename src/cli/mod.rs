//! The commands of `chappe`, one module each.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;

pub mod bot;
pub mod check;
pub mod control;
mod descriptors;
pub mod journal;
pub mod ledger;
pub mod lines;
pub mod load;
mod log;
pub mod pdu;
pub mod policy;
mod progress;
pub mod receipt;
pub mod run;
pub mod sim;
pub mod smsc;
mod summary;
pub mod text;
mod values;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "chappe", version, about = "A carrier-grade SMPP 3.4 engine and its tools")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the engine; `chappe reload` or SIGHUP reads its configuration again, SIGTERM stops it
    Run(run::RunArgs),
    Status(control::StatusArgs),
    /// Pause, drain or rebind a bind of a running engine
    #[command(subcommand)]
    Bind(control::BindCommand),
    Reload(control::ReloadArgs),
    /// List, end or move what waits for carriers in a running engine
    #[command(subcommand)]
    Queue(control::QueueCommand),
    /// See to conversations that bots have handed over, in a running engine
    #[command(subcommand)]
    Conversation(control::ConversationCommand),
    Trace(control::TraceArgs),
    /// Write down and show what handsets chose to get from a running engine
    #[command(subcommand)]
    Consent(control::ConsentCommand),
    /// Erase from what a running engine keeps of ended messages
    #[command(subcommand)]
    History(control::HistoryCommand),
    Capture(control::CaptureArgs),
    Check(check::Args),
    Smsc(smsc::Args),
    Load(load::Args),
    Sim(sim::Args),
    /// Decode and encode PDUs, one a line
    #[command(subcommand)]
    Pdu(pdu::PduCommand),
    /// Plan the segments of texts, one a line
    #[command(subcommand)]
    Text(text::TextCommand),
    /// Read delivery receipts, one a line
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Try the rules that decide who may be texted, one text a line
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Try bots, and what they recognise, without an engine
    #[command(subcommand)]
    Bot(bot::BotCommand),
    /// Check and repair a journal that no engine has open
    #[command(subcommand)]
    Journal(journal::JournalCommand),
}

#[derive(Debug, Subcommand)]
enum ReceiptCommand {
    /// Parse receipts
    Parse(receipt::ParseArgs),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> Exit {
    let line = CommandLine::parse();
    let (input, output) = (|| io::stdin().lock(), || io::stdout().lock());
    let done = match line.command.unwrap_or_else(|| Command::Run(run::RunArgs::default())) {
        Command::Run(args) => return run::run(&args),
        Command::Status(args) => return tool(control::status(&args)),
        Command::Bind(command) => return tool(control::bind(&command)),
        Command::Reload(args) => return tool(control::reload(&args)),
        Command::Queue(command) => return tool(control::queue(&command)),
        Command::Conversation(command) => return tool(control::conversation(&command)),
        Command::Trace(args) => return tool(control::trace(&args)),
        Command::Consent(command) => return tool(control::consent(&command, input())),
        Command::History(command) => return tool(control::history(&command)),
        Command::Capture(args) => return tool(control::capture(&args)),
        Command::Smsc(args) => return tool(smsc::run(&args)),
        Command::Load(args) => return tool(load::run(&args)),
        Command::Sim(args) => return tool(sim::run(&args)),
        Command::Bot(command) => return tool(bot::run(&command, input(), &mut output())),
        Command::Journal(command) => return tool(journal::run(&command, &mut output())),
        Command::Check(args) => check::run(&args, &mut output()),
        Command::Pdu(mut command) => match command.ready() {
            Ok(()) => pdu::run(&command, input(), output()),
            Err(failure) => return tool(Err(failure)),
        },
        Command::Text(text::TextCommand::Plan(options)) => text::run(&options, input(), output()),
        Command::Receipt(ReceiptCommand::Parse(args)) => receipt::run(&args, input(), output()),
        Command::Policy(mut command) => match command.ready() {
            Ok(()) => policy::run(&command, input(), output()),
            Err(failure) => return tool(Err(failure)),
        },
    };
    match done {
        Ok(exit) => exit,
        // Who reads our output has had enough: `chappe pdu decode | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            tell(format_args!("chappe: {error}"));
            Exit::Failure
        }
    }
}

/// How a command that runs for a while ended, its reason told if it was not as asked.
fn tool(result: Result<Exit, Failure>) -> Exit {
    result.unwrap_or_else(|failure| {
        tell(format_args!("chappe: {}", failure.message));
        failure.exit
    })
}

/// Prints what a tool found.
///
/// # Errors
/// When it cannot be written.
fn print(object: &Value) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    written(writeln!(output, "{}", lines::one_line(object)).and_then(|()| output.flush()))
}

/// What came of writing to standard output. Who closed it wants no more, and that is no failure.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error, if that takes it: nothing here ends because nobody listens.
fn tell(line: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// Something did not work.
    fn new(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failure, message: message.to_string() }
    }

    /// What is accepted could not be kept safe.
    fn storage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Storage, message: message.to_string() }
    }

    /// The arguments or the configuration are wrong.
    fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string() }
    }
}

/// A runtime of one thread for the tools: what they do fits on one core, and a second one would
/// be taken from what they test.
fn one_thread() -> Result<tokio::runtime::Runtime, Failure> {
    // Without it a tool has fewer connections than was asked, which it will say.
    let _ = descriptors::raise();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}")))
}

/// Ready at the first SIGINT or SIGTERM. The second one ends the process at once.
///
/// A signal that comes before the future is polled is not missed: whoever says that it runs calls
/// this first. It has to be called inside a runtime.
fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut int), Ok(mut term)) = signals else {
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
            std::process::exit(i32::from(Exit::Failure as u8));
        });
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// As asked.
    Success = 0,
    /// Not as asked.
    Failure = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// What was accepted can no longer be kept safe.
    Storage = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
