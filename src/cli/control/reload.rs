//! `chappe reload`.

use clap::Args;

use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::ReloadReport;
use crate::engine::control::Command;

/// Have a running engine read its configuration again and put it in force
#[derive(Args, Clone, Debug)]
pub struct ReloadArgs {
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(args: &ReloadArgs) -> Result<Exit, Failure> {
    let answer = Client::connect(&args.asked)?.ask(Command::Reload)?;
    if args.asked.json {
        return print(&(lines::one_line(&answer) + "\n")).map(|()| Exit::Success);
    }
    let report: ReloadReport = serde_json::from_value(answer)
        .map_err(|error| Failure::new(format!("an answer of another version: {error}")))?;
    let mut text = format!("reloaded: {report}\n");
    report.named().iter().for_each(|line| text += &format!("{line}\n"));
    print(&text).map(|()| Exit::Success)
}
