//! Other SMPP codecs and raw machinery, measured as yardsticks. `README.md` says how to read them.

mod args;
mod chain;
mod codec;
#[path = "../../hand.rs"]
mod hand;
#[path = "../../inputs.rs"]
mod inputs;
mod kannel;
mod traffic;

use std::process::ExitCode;

use args::Args;
use traffic::{blast, relay, sink};

const USAGE: &str = "\
peers codec [--json] [--batches N]
peers codec --only LIBRARY/ROW --iterations N    one case bare, for counting instructions
peers chain [--binds N --window W] [--count M] [--runs R] [--json]
                                                 blast, relay and sink as three processes
peers kannel [--chappe BINARY] [--count N] [--runs R] [--json]
                                                 Kannel between an HTTP client and chappe smsc
peers relay --listen A --connect B [--for SECONDS] [--once]
peers sink --listen A [--receipts] [--for SECONDS] [--once]
peers blast --connect A [--binds N] [--window W] [--count M] [--receipts] [--for SECONDS]
            [--system-id ID --password PASSWORD]
";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let args = Args::new(words.collect());
    let outcome = match command.as_str() {
        "codec" => codec::main(args),
        "chain" => chain::main(args),
        "kannel" => kannel::main(args),
        "relay" => relay::main(args),
        "sink" => sink::main(args),
        "blast" => blast::main(args),
        _ => Err(format!("usage:\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
