//! A bot as its file says it: rules, intents, slots and flows, proved before it answers anybody.
//!
//! ```text
//!   file --config--> Draft --proof--> Bot --conversation--> replies
//! ```
//!
//! A flow is a list of steps, and a step does one thing. Flows, slots and intents are known by
//! their place in the bot, so that a conversation under way is a few numbers and its answers.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Zone;
use crate::mo::intent::{ACCEPT, Intents, TooMany, UNSURE, plain, train};
use crate::mo::slot::Takes;

mod draw;
mod opening;
mod proof;
pub mod transcript;
mod version;

#[cfg(test)]
pub(in crate::mo) mod tests;

pub use draw::draw;
pub use opening::Opening;
pub use proof::{Fault, VALUE_SHOWN_MAX, prove};
pub use transcript::{Transcript, TranscriptFault};
pub use version::Version;

/// Most flows, slots and rules of one bot, each.
pub const PARTS_MAX: usize = 1_000;

/// Most steps of one flow.
pub const STEPS_MAX: usize = 100;

/// The languages that bots speak.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Language {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

/// What is said, in each language that it is written in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text {
    /// Octets from the start of the file.
    pub at: usize,
    /// French.
    pub french: Option<String>,
    /// English.
    pub english: Option<String>,
}

/// What a message that has one of these words, and nothing else, leads to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rule {
    /// The words.
    pub words: Vec<String>,
    /// A flow.
    pub go: usize,
}

/// What people want, by examples.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Intent {
    /// Octets from the start of the file.
    pub at: usize,
    /// Its name.
    pub name: String,
    /// A flow.
    pub go: usize,
    /// What they say.
    pub examples: Vec<(Language, String)>,
    /// What to call it when two are offered.
    pub title: Option<Text>,
}

/// How a question may end that is not answered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Exit {
    /// The conversation ends.
    #[default]
    End,
    /// A flow.
    Go(usize),
}

/// A value that is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Octets from the start of the file.
    pub at: usize,
    /// Its name, which stands in braces in texts.
    pub name: String,
    /// What it takes.
    pub takes: Takes,
    /// The question.
    pub ask: Text,
    /// What is said to an answer that it does not take; the question itself where it is empty.
    pub retry: Option<Text>,
    /// So many answers that it does not take lead to `otherwise`.
    pub tries: u8,
    /// A flow.
    pub otherwise: usize,
    /// Silence is told after so long.
    pub wait: Duration,
    /// So many times the question is asked again first.
    pub remind: u8,
    /// Where silence leads.
    pub silent: Exit,
    /// Where it leads that the question did not reach the handset.
    pub undelivered: Exit,
}

/// One thing that a flow does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Says something.
    Say(Text),
    /// Asks for a slot.
    Ask(usize),
    /// Goes to a flow if a slot has this value, as conditions name it.
    If {
        /// The slot.
        slot: usize,
        /// Its value.
        is: String,
        /// The flow.
        go: usize,
    },
    /// Goes to a flow.
    Go(usize),
    /// Marks the conversation.
    Tag(String),
    /// Hands the conversation over to people.
    Hand {
        /// Their queue.
        queue: String,
        /// What is said.
        say: Text,
        /// What is said instead while nobody is there.
        shut: Option<Text>,
    },
    /// Ends the conversation.
    End,
}

/// How soon a conversation is to be seen to.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Priority {
    /// In turn.
    #[default]
    Normal,
    /// Before those.
    High,
    /// Before all.
    Urgent,
}

/// People that conversations are handed over to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Queue {
    /// Octets from the start of the file.
    pub at: usize,
    /// Its name, as steps hand over to it.
    pub name: String,
    /// How soon its conversations are to be seen to.
    pub priority: Priority,
    /// What is said to who waits.
    pub patience: Option<Text>,
    /// After so long, and again after as long.
    pub after: Duration,
    /// So many times.
    pub times: u8,
    /// Nobody came for so long: the bot has it again.
    pub gives_up: Option<Duration>,
    /// And goes on with this flow.
    pub otherwise: usize,
}

/// A list of steps; behind the last the conversation ends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Flow {
    /// Octets from the start of the file.
    pub at: usize,
    /// Its name.
    pub name: String,
    /// Each with its place in the file.
    pub steps: Vec<(usize, Step)>,
}

/// A bot that is not proved yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The languages that it speaks; the first is spoken until another is heard.
    pub languages: Vec<Language>,
    /// The clocks of the place that it is for.
    pub zone: Zone,
    /// When people are there; always where it does not say.
    pub opening: Option<Opening>,
    /// An intent is acted on from this confidence on.
    pub accept: Option<f32>,
    /// Two are offered from this one on.
    pub unsure: Option<f32>,
    /// No text may take more segments.
    pub segments_max: usize,
    /// A conversation that nobody goes on with for so long is over.
    pub session: Duration,
    /// In order: the first that fits decides.
    pub rules: Vec<Rule>,
    /// What people want.
    pub intents: Vec<Intent>,
    /// What is asked for.
    pub slots: Vec<Slot>,
    /// What is done.
    pub flows: Vec<Flow>,
    /// Who takes over; one that a step names and that does not stand here has nothing special.
    pub queues: Vec<Queue>,
    /// What is said to a message that nothing fits.
    pub fallback: Text,
    /// Where a second one in a row leads.
    pub twice: usize,
    /// Conversations that must go as they are written.
    pub tests: Vec<Transcript>,
}

/// A bot that can answer.
#[derive(Clone, Debug)]
pub struct Bot {
    draft: Draft,
    /// The first rule that each word is of, and where it goes.
    rules: HashMap<String, (usize, usize)>,
    model: Intents,
    tongues: Option<Intents>,
}

impl Bot {
    /// A bot trained on the examples of its intents. Its draft is one that [`prove`] found nothing
    /// wrong with; of any other, what it says is not promised, but it says something.
    ///
    /// # Errors
    /// When there is more to learn than a model is made for.
    pub fn new(draft: Draft) -> Result<Self, TooMany> {
        let mut examples: Vec<(u16, &str)> = Vec::new();
        for (at, intent) in (0..).zip(&draft.intents) {
            examples.extend(intent.examples.iter().map(|(_, text)| (at, text.as_str())));
        }
        let model = train(&examples, draft.intents.len())?;
        let spoken = draft.intents.iter().flat_map(|intent| &intent.examples);
        let spoken: Vec<_> =
            spoken.map(|(language, text)| (*language as u16, text.as_str())).collect();
        let tongues = match draft.languages.len() {
            2 => Some(train(&spoken, 2)?),
            _ => None,
        };
        let mut rules = HashMap::new();
        for (at, rule) in draft.rules.iter().enumerate() {
            for word in &rule.words {
                rules.entry(bare(word)).or_insert((at, rule.go));
            }
        }
        Ok(Self { draft, rules, model, tongues })
    }

    /// What it was made of.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What knows its intents.
    #[must_use]
    pub fn model(&self) -> &Intents {
        &self.model
    }

    /// Whether a rule has the message as one of its words.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        self.rule(text).is_some()
    }

    /// The first rule that has the message as one of its words, and where it goes.
    pub(in crate::mo) fn rule(&self, text: &str) -> Option<(usize, usize)> {
        self.rules.get(&bare(text)).copied()
    }

    /// What tells its languages apart, where it speaks two.
    pub(in crate::mo) fn tongues(&self) -> Option<&Intents> {
        self.tongues.as_ref()
    }

    pub(in crate::mo) fn accept(&self) -> f32 {
        self.draft.accept.unwrap_or(ACCEPT)
    }

    pub(in crate::mo) fn unsure(&self) -> f32 {
        self.draft.unsure.unwrap_or(UNSURE)
    }
}

impl Text {
    /// What it says in a language, or else in the other.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::French => (&self.french, &self.english),
            Language::English => (&self.english, &self.french),
        };
        first.as_ref().or(second.as_ref()).map_or("", String::as_str)
    }

    /// What it says in each language that it is written in.
    pub fn all(&self) -> impl Iterator<Item = (Language, &str)> {
        let french = self.french.iter().map(|text| (Language::French, text.as_str()));
        french.chain(self.english.iter().map(|text| (Language::English, text.as_str())))
    }
}

impl Priority {
    /// Them all, by their names in files.
    pub const NAMED: [(&'static str, Self); 3] =
        [("normal", Self::Normal), ("high", Self::High), ("urgent", Self::Urgent)];

    /// Its name in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl Language {
    /// Its name in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// Letters and digits alone, in small letters without accents.
fn bare(text: &str) -> String {
    plain(text).chars().filter(|c| c.is_alphanumeric()).take(64).collect()
}
