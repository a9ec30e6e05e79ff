//! `chappe bot test`, `chat` and `draw`: a bot's file, its own conversations, and one with you.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::super::{Exit, Failure, lines, written};
use crate::clock::Now;
use crate::config;
use crate::mo::bot::{Bot, draw};
use crate::mo::conversation::{Conversation, Event, Status, Why};
use crate::mo::intent::Scratch;

/// The options of `chappe bot test`.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// The bot
    file: PathBuf,
    /// One JSON object a conversation
    #[arg(long)]
    json: bool,
}

/// The options of the other two.
#[derive(Args, Clone, Debug)]
pub struct FileArgs {
    /// The bot
    file: PathBuf,
}

fn bot(file: &std::path::Path) -> Result<Bot, Failure> {
    config::bot::load(file).map_err(Failure::usage)
}

/// Holds the conversations of the file.
///
/// # Errors
/// When the file is no sound bot, or the output cannot be written.
pub fn test(args: &TestArgs, output: &mut impl Write) -> Result<Exit, Failure> {
    let bot = bot(&args.file)?;
    let mut failed = 0;
    for test in &bot.draft().tests {
        let fault = test.hold(&bot).err();
        failed += usize::from(fault.is_some());
        let line = match (&fault, args.json) {
            (None, false) => format!("ok      {}", test.name),
            (Some(fault), false) => format!("FAILED  {}: {fault}", test.name),
            (fault, true) => lines::one_line(&json!({
                "test": test.name,
                "passed": fault.is_none(),
                "line": fault.as_ref().map(|fault| fault.line),
                "found": fault.as_ref().map(|fault| fault.found.as_str()),
                "expected": fault.as_ref().map(|fault| fault.expected.as_str()),
            })),
        };
        written(writeln!(output, "{line}"))?;
    }
    if !args.json {
        let held = bot.draft().tests.len() - failed;
        written(writeln!(output, "{held} of {} conversations held", bot.draft().tests.len()))?;
    }
    Ok(if failed == 0 { Exit::Success } else { Exit::Failure })
}

/// Prints the flows in the language of Graphviz.
///
/// # Errors
/// When the file is no sound bot, or the output cannot be written.
pub fn print(args: &FileArgs, output: &mut impl Write) -> Result<Exit, Failure> {
    let bot = bot(&args.file)?;
    written(write!(output, "{}", draw(bot.draft()))).map(|()| Exit::Success)
}

/// Answers lines of `input`, each a message, at the time that it is. A line `/silence` lets the
/// time pass until the bot does something by itself, and `/undelivered` loses its last reply.
///
/// # Errors
/// When the file is no sound bot, or a line cannot be read or written.
pub fn chat(
    args: &FileArgs,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<Exit, Failure> {
    let bot = bot(&args.file)?;
    let (mut conversation, mut scratch) = (Conversation::default(), Scratch::default());
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut now = Now { monotonic: std::time::Duration::ZERO, wall };
    let began = std::time::Instant::now();
    let mut skipped = std::time::Duration::ZERO;
    for line in input.lines() {
        let line = line.map_err(|error| Failure::new(format!("standard input: {error}")))?;
        let elapsed = began.elapsed() + skipped;
        now = now.plus(elapsed.saturating_sub(now.monotonic));
        let event = match line.trim() {
            "/silence" => {
                let ahead = conversation
                    .due()
                    .map_or_else(Default::default, |due| due.saturating_sub(now.wall));
                skipped += ahead;
                now = now.plus(ahead);
                Event::Timer
            }
            "/undelivered" => Event::Undelivered,
            message => Event::Message(message),
        };
        let turn = conversation.step(&bot, now, event, &mut scratch);
        let mut said = String::new();
        for reply in &turn.replies {
            said += &format!("< {}\n", reply.replace('\n', "\n  "));
        }
        said += &format!("  ({})\n", told(&bot, turn.why, conversation.status()));
        written(output.write_all(said.as_bytes()).and_then(|()| output.flush()))?;
    }
    Ok(Exit::Success)
}

/// Why the bot did what it did, and who has the conversation now.
fn told(bot: &Bot, why: Why, status: &Status) -> String {
    let why = match why {
        Why::Answer => "the answer was taken".to_owned(),
        Why::Refused => "the answer was not taken".to_owned(),
        Why::Rule(at) => {
            let words = bot.draft().rules.get(at).map(|rule| rule.words.join(", "));
            format!("rule {}", words.unwrap_or_default())
        }
        Why::Intent(at, sure) => {
            let name = bot.draft().intents.get(at).map(|intent| intent.name.as_str());
            format!("intent {} {sure:.2}", name.unwrap_or_default())
        }
        Why::Offer => "two intents are near".to_owned(),
        Why::Fallback => "nothing fits".to_owned(),
        Why::Stuck => "it did not get on".to_owned(),
        Why::Silence => "nobody answered".to_owned(),
        Why::Undelivered => "it was not delivered".to_owned(),
        Why::People => "people have it".to_owned(),
        Why::Machine => "the other side is a machine".to_owned(),
        Why::Nothing => "nothing was due".to_owned(),
    };
    match status {
        Status::Bot | Status::Machine => why,
        Status::People(queue) => format!("{why}; queue {queue}"),
        Status::Ended => format!("{why}; ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(name: &str) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/bots/")).join(name)
    }

    #[test]
    fn the_bots_that_are_shipped_hold_their_conversations() {
        for file in ["accueil.toml", "satisfaction.toml"] {
            let mut output = Vec::new();
            let args = TestArgs { file: shipped(file), json: false };
            let exit = test(&args, &mut output).unwrap();
            let output = String::from_utf8(output).unwrap();
            assert_eq!(exit, Exit::Success, "{file}:\n{output}");
        }
    }

    #[test]
    fn a_chat_says_why_and_goes_through_silence() {
        let args = FileArgs { file: shipped("accueil.toml") };
        let mut output = Vec::new();
        let input = "rdv\n/silence\n/silence\nRDV\n".as_bytes();
        chat(&args, input, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        let ask = "< Quel jour vous convient ?\n";
        let expected = [
            ask,
            "  (rule RDV, rendez-vous)\n",
            ask,
            "  (nobody answered)\n",
            "  (nobody answered; ended)\n",
            ask,
            "  (rule RDV, rendez-vous)\n",
        ];
        assert_eq!(output, expected.concat());
    }

    #[test]
    fn a_picture_is_drawn() {
        let mut output = Vec::new();
        print(&FileArgs { file: shipped("satisfaction.toml") }, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        assert!(output.starts_with("digraph \"satisfaction\" {\n"), "{output}");
    }
}
