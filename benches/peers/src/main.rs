//! Other SMPP codecs and raw machinery, measured as yardsticks. `README.md` says how to read them.

mod args;
mod codec;
#[path = "../../hand.rs"]
mod hand;
#[path = "../../inputs.rs"]
mod inputs;

use std::process::ExitCode;

use args::Args;

const USAGE: &str = "\
peers codec [--json] [--batches N]
peers codec --only LIBRARY/ROW --iterations N    one case bare, for counting instructions
";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let args = Args::new(words.collect());
    let outcome = match command.as_str() {
        "codec" => codec::main(args),
        _ => Err(format!("usage:\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
