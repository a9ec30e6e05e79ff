//! `chappe history erase NUMBER`.

use clap::Args;

use super::table::plain;
use super::{Asked, Exit, Failure, ask_patiently, lines, print};
use crate::engine::control::{Command, HistoryErased};

/// What is done with the history of a running engine.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum HistoryCommand {
    /// Take a number, and the texts to and from it, out of all that is kept of ended messages
    Erase(EraseArgs),
}

/// Which number.
#[derive(Args, Clone, Debug)]
pub struct EraseArgs {
    /// The number with its country's code, such as +33612345678
    number: String,
    /// Do it; without it is said what would be erased
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(HistoryCommand::Erase(args): &HistoryCommand) -> Result<Exit, Failure> {
    let (number, yes) = (args.number.clone(), args.yes);
    let answer = ask_patiently(&args.asked, Command::HistoryErase { number, yes })?;
    let shown = match args.asked.json {
        true => lines::one_line(&answer) + "\n",
        false => text(&serde_json::from_value(answer).map_err(Failure::new)?),
    };
    print(&shown).map(|()| Exit::Success)
}

fn text(erased: &HistoryErased) -> String {
    let HistoryErased { segments, batches, done, aside } = erased;
    let mut text = match (batches, done) {
        (0, _) => "nothing is kept of this number\n".to_owned(),
        (_, true) => format!("erased from {batches} batches in {segments} segments\n"),
        (_, false) => format!(
            "{batches} batches in {segments} segments speak of this number; --yes erases it\n"
        ),
    };
    if !aside.is_empty() {
        let names: Vec<String> = aside.iter().map(|name| plain(name)).collect();
        text += &format!("not looked at, remove them: {}\n", names.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_erased_is_told_from_what_was() {
        let erased = HistoryErased { segments: 2, batches: 7, ..HistoryErased::default() };
        assert!(text(&erased).contains("--yes"));
        let aside = vec!["0000000001.key.cut".to_owned()];
        let done = HistoryErased { done: true, aside, ..erased };
        let expected = "erased from 7 batches in 2 segments\n\
                        not looked at, remove them: 0000000001.key.cut\n";
        assert_eq!(text(&done), expected);
        assert_eq!(text(&HistoryErased::default()), "nothing is kept of this number\n");
    }
}
