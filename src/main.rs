//! The `chappe` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    chappe::cli::main().into()
}
