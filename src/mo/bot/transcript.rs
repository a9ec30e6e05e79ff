//! Conversations as people write them down, and whether a bot holds them.
//!
//! ```text
//!   > what the person writes           < what the bot says, word for word
//!   + 2h  time goes by                 < /a part of it/
//!   !     the last reply is lost       = queue support | tag x | ended | SLOT VALUE
//! ```
//!
//! A line without a sign goes on with the one before it.

use std::fmt;
use std::time::Duration;

use super::Bot;
use crate::clock::Now;
use crate::mo::conversation::{Conversation, Event, Status, show};
use crate::mo::intent::Scratch;

/// A conversation that must go as it is written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Transcript {
    /// Octets from the start of the file.
    pub at: usize,
    /// What it shows.
    pub name: String,
    /// When it begins, on the wall.
    pub begins: Duration,
    /// Its lines.
    pub talk: String,
}

/// Where a conversation went otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TranscriptFault {
    /// The line of the talk, from 1.
    pub line: usize,
    /// What came.
    pub found: String,
    /// What is written.
    pub expected: String,
}

impl fmt::Display for TranscriptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, found, expected } = self;
        write!(f, "line {line}: found {found}; expected {expected}")
    }
}

/// A conversation under way.
struct Stage<'b> {
    bot: &'b Bot,
    now: Now,
    conversation: Conversation,
    scratch: Scratch,
    /// What was said and not written down yet.
    said: Vec<String>,
}

impl Transcript {
    /// Holds the conversation with `bot`.
    ///
    /// # Errors
    /// The first line that went otherwise.
    pub fn hold(&self, bot: &Bot) -> Result<(), TranscriptFault> {
        let begins = Now { monotonic: Duration::ZERO, wall: self.begins };
        let (conversation, scratch) = (Conversation::default(), Scratch::default());
        let mut stage = Stage { bot, now: begins, conversation, scratch, said: Vec::new() };
        let lines = lines(&self.talk);
        for (line, sign, rest) in &lines {
            stage.line(*sign, rest).map_err(|(found, expected)| TranscriptFault {
                line: *line,
                found,
                expected,
            })?;
        }
        let line = lines.last().map_or(1, |(line, _, _)| *line);
        stage.silent("the end of the talk").map_err(|(found, expected)| TranscriptFault {
            line,
            found,
            expected,
        })
    }
}

/// The lines of a talk: number, sign, and what stands behind it with the lines that go on.
fn lines(talk: &str) -> Vec<(usize, char, String)> {
    let mut lines: Vec<(usize, char, String)> = Vec::new();
    for (number, line) in (1..).zip(talk.lines()) {
        let mut letters = line.chars();
        let sign = letters.next().filter(|sign| "><+!=".contains(*sign));
        match (sign, lines.last_mut()) {
            (Some(sign), _) => lines.push((number, sign, letters.as_str().trim().to_owned())),
            (None, Some((_, _, text))) if !line.trim().is_empty() => {
                text.push('\n');
                text.push_str(line.trim_end());
            }
            (None, None) if !line.trim().is_empty() => {
                lines.push((number, '?', line.to_owned()));
            }
            _ => {}
        }
    }
    lines
}

/// Found and expected.
type Otherwise = (String, String);

impl Stage<'_> {
    fn line(&mut self, sign: char, rest: &str) -> Result<(), Otherwise> {
        match sign {
            '>' => self.event(Event::Message(rest)),
            '!' => self.event(Event::Undelivered),
            '<' => self.reply(rest),
            '+' => self.wait(rest),
            '=' => self.holds(rest),
            _ => Err((format!("{rest:?}"), "a line that begins with >, <, +, ! or =".to_owned())),
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Otherwise> {
        self.silent("nothing more before this")?;
        let turn = self.conversation.step(self.bot, self.now, event, &mut self.scratch);
        self.said.extend(turn.replies);
        Ok(())
    }

    fn silent(&mut self, expected: &str) -> Result<(), Otherwise> {
        match self.said.first() {
            Some(said) => Err((format!("{said:?}"), expected.to_owned())),
            None => Ok(()),
        }
    }

    fn reply(&mut self, written: &str) -> Result<(), Otherwise> {
        if self.said.is_empty() {
            return Err(("nothing said".to_owned(), format!("{written:?}")));
        }
        let said = self.said.remove(0);
        let part = written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let same = match part {
            Some(part) => said.contains(part),
            None => said == written,
        };
        if same { Ok(()) } else { Err((format!("{said:?}"), format!("{written:?}"))) }
    }

    /// Time goes by, and what falls due on the way happens at its time.
    fn wait(&mut self, written: &str) -> Result<(), Otherwise> {
        let Some(time) = duration(written) else {
            return Err((format!("{written:?}"), "a time such as 90s, 30m, 2h or 3d".to_owned()));
        };
        self.silent("nothing more before this")?;
        let end = self.now.wall.saturating_add(time);
        while let Some(due) = self.conversation.due().filter(|due| *due <= end) {
            self.now = self.now.plus(due.saturating_sub(self.now.wall));
            let turn = self.conversation.step(self.bot, self.now, Event::Timer, &mut self.scratch);
            self.said.extend(turn.replies);
        }
        self.now = self.now.plus(end.saturating_sub(self.now.wall));
        Ok(())
    }

    fn holds(&self, written: &str) -> Result<(), Otherwise> {
        let (what, value) = written.split_once(' ').unwrap_or((written, ""));
        let draft = self.bot.draft();
        let found = match what {
            "ended" => {
                let ended = *self.conversation.status() == Status::Ended;
                return match ended {
                    true => Ok(()),
                    false => Err((self.status(), "ended".to_owned())),
                };
            }
            "machine" | "queue" => self.status(),
            "tag" => match self.conversation.tags().iter().any(|tag| tag == value) {
                true => written.to_owned(),
                false => format!("tags {:?}", self.conversation.tags()),
            },
            name => {
                let Some(at) = draft.slots.iter().position(|slot| slot.name == name) else {
                    let expected = "queue, tag, ended, machine or the name of a slot";
                    return Err((format!("{name:?}"), expected.to_owned()));
                };
                let slot = self.conversation.value(at).zip(draft.slots.get(at));
                let language = draft.languages.first().copied().unwrap_or_default();
                let shown = slot.map(|(value, slot)| show(value, &slot.takes, language));
                format!("{name} {}", shown.unwrap_or_else(|| "without a value".to_owned()))
            }
        };
        if found == written { Ok(()) } else { Err((found, written.to_owned())) }
    }

    fn status(&self) -> String {
        match self.conversation.status() {
            Status::Bot => "with the bot".to_owned(),
            Status::People(queue) => format!("queue {queue}"),
            Status::Ended => "ended".to_owned(),
            Status::Machine => "machine".to_owned(),
        }
    }
}

/// A time as files write it: `90s`, `30m`, `2h`, `3d`.
#[must_use]
pub fn duration(written: &str) -> Option<Duration> {
    let written = written.trim();
    let (number, unit) = written.split_at_checked(written.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let sound = !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| sound)?;
    let seconds = number.checked_mul(seconds).filter(|seconds| *seconds <= 366 * 86_400)?;
    Some(Duration::from_secs(seconds))
}
