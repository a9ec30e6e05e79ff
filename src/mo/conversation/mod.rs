//! One person's conversation with a bot, turn by turn.
//!
//! ```text
//!   message | silence | not delivered --step(bot, now)--> replies, and when to be called again
//! ```
//!
//! Who decides what a message leads to, in this order: the open question, if it takes the message;
//! a rule; an intent that is sure enough; the offer of two that are not; the fallback. Opting out
//! comes before all of it, and is not this module's.
//!
//! A conversation is never silent, and never goes round: what does not get on within
//! [`STUCK_MAX`] messages goes where a message leads that was not understood twice. Who sends the
//! same again and again, or faster than people type, is taken for a machine and not answered any
//! more, until the conversation is over.
//!
//! The state is plain and small. Whoever journals a reply writes it down in the same frame, as
//! [`Conversation::to_octets`] gives it: at most [`STATE_OCTETS_MAX`].
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

use std::time::Duration;

use crate::clock::{Date, Now};
use crate::mo::bot::{Bot, Exit, Language, Slot, Step};
use crate::mo::intent::{Guess, Scratch, plain};
use crate::mo::slot::{Takes, Value};

mod octets;
mod people;
mod show;

#[cfg(test)]
mod tests;

pub use octets::{NAME_MAX, STATE_OCTETS_MAX, Unreadable};
pub(in crate::mo) use show::filled;
pub use show::show;

/// Messages that do not get a conversation on before it goes to whoever helps then.
pub const STUCK_MAX: u8 = 8;

/// The same message so many times in a row is a machine's.
pub const SAME_MAX: u8 = 5;

/// So many messages within [`PACE_WINDOW`] are a machine's.
pub const PACE_MAX: u8 = 20;

/// A minute.
pub const PACE_WINDOW: Duration = Duration::from_secs(60);

/// Steps in one turn; a bot that was proved takes fewer.
const STEPS_MAX: usize = 256;

/// Tags of one conversation; further ones are left out.
const TAGS_MAX: usize = 16;

/// What a conversation is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'e> {
    /// The person wrote this.
    Message(&'e str),
    /// The time has come that [`Conversation::due`] named.
    Timer,
    /// The last reply did not reach the handset.
    Undelivered,
}

/// Who has the conversation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Status {
    /// The bot.
    #[default]
    Bot,
    /// People, by the name of their queue. The bot is silent.
    People(String),
    /// Nobody: the next message begins another one.
    Ended,
    /// Nobody: the other side is a machine. The bot is silent.
    Machine,
}

/// Why a turn went as it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// The message answered the open question.
    Answer,
    /// The open question does not take it.
    Refused,
    /// A rule, by its place.
    Rule(usize),
    /// An intent, by its place, and how sure that was.
    Intent(usize, f32),
    /// Two intents were offered, or one of them chosen.
    Offer,
    /// Nothing fits.
    Fallback,
    /// It does not get on.
    Stuck,
    /// Nobody answered.
    Silence,
    /// It did not reach the handset.
    Undelivered,
    /// People have the conversation.
    People,
    /// The other side is a machine.
    Machine,
    /// Nothing was due.
    Nothing,
}

impl Why {
    /// The names of all, as metrics have them.
    pub const NAMES: [&'static str; 12] = [
        "answer",
        "refused",
        "rule",
        "intent",
        "offer",
        "fallback",
        "stuck",
        "silence",
        "undelivered",
        "people",
        "machine",
        "nothing",
    ];

    /// Its name among [`Self::NAMES`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Refused => "refused",
            Self::Rule(_) => "rule",
            Self::Intent(..) => "intent",
            Self::Offer => "offer",
            Self::Fallback => "fallback",
            Self::Stuck => "stuck",
            Self::Silence => "silence",
            Self::Undelivered => "undelivered",
            Self::People => "people",
            Self::Machine => "machine",
            Self::Nothing => "nothing",
        }
    }
}

/// What comes of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What is to be said, in order.
    pub replies: Vec<String>,
    /// Why.
    pub why: Why,
    /// The queue that the conversation was handed to in this turn.
    pub handed_to: Option<String>,
}

/// A conversation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conversation {
    status: Status,
    language: Option<Language>,
    asked: Option<Asked>,
    /// The flows of two intents that were offered.
    offered: Option<[usize; 2]>,
    /// By slot, in their order.
    values: Vec<(usize, Value)>,
    tags: Vec<String>,
    /// Messages in a row that nothing fitted.
    missed: u8,
    stuck: u8,
    /// The hash of the last message, and how many times it came in a row.
    last: (u64, u8),
    /// When this minute of messages began, on the wall, and how many there were.
    pace: (Duration, u8),
    /// The last message, on the wall.
    heard: Duration,
}

/// A question that is open.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Asked {
    flow: usize,
    step: usize,
    slot: usize,
    tries: u8,
    reminded: u8,
    due: Duration,
}

impl Conversation {
    /// Goes on by one event.
    pub fn step(&mut self, bot: &Bot, now: Now, event: Event<'_>, scratch: &mut Scratch) -> Turn {
        let mut turn = Turn { replies: Vec::new(), why: Why::Nothing, handed_to: None };
        match event {
            Event::Message(text) => self.message(bot, now, text, scratch, &mut turn),
            Event::Timer => self.timer(bot, now, &mut turn),
            Event::Undelivered => self.undelivered(bot, now, &mut turn),
        }
        turn
    }

    /// When a timer is to be told, on the wall.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.asked.as_ref().filter(|_| self.status == Status::Bot).map(|asked| asked.due)
    }

    /// Whether something was asked, so that a word such as NON may be the answer; people may always
    /// have asked something.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        match self.status {
            Status::Bot => self.asked.is_some() || self.offered.is_some(),
            Status::People(_) => true,
            Status::Ended | Status::Machine => false,
        }
    }

    /// Who has it.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether the next message begins another one.
    #[must_use]
    pub fn is_over(&self, bot: &Bot, now: Now) -> bool {
        let over = now.wall.saturating_sub(self.heard) >= bot.draft().session;
        // What is asked waits as long as its question does, and people as long as they have it.
        let waits = self.due().is_some() || matches!(self.status, Status::People(_));
        self.status == Status::Ended || (over && !waits)
    }

    /// The value of a slot.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<&Value> {
        self.values.iter().find(|(of, _)| *of == slot).map(|(_, value)| value)
    }

    /// What it was marked with.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    fn message(&mut self, bot: &Bot, now: Now, text: &str, scratch: &mut Scratch, turn: &mut Turn) {
        if self.is_over(bot, now) {
            let (last, pace, language) = (self.last, self.pace, self.language);
            *self = Self { last, pace, language, ..Self::default() };
        }
        self.heard = now.wall;
        let people = matches!(self.status, Status::People(_));
        if self.is_machine(now, text) && !people {
            self.status = Status::Machine;
        }
        match self.status {
            Status::People(_) => turn.why = Why::People,
            Status::Machine => turn.why = Why::Machine,
            Status::Bot | Status::Ended => {
                self.listen(bot, text, scratch);
                self.decide(bot, now, text, scratch, turn);
                self.say_something(bot, turn);
            }
        }
    }

    /// The order of authority.
    fn decide(&mut self, bot: &Bot, now: Now, text: &str, scratch: &mut Scratch, turn: &mut Turn) {
        let asked = self.asked.take();
        let slot = asked.as_ref().and_then(|asked| bot.draft().slots.get(asked.slot));
        if let (Some(asked), Some(slot)) = (&asked, slot)
            && let Ok(value) = slot.takes.take(text, bot.draft().zone.date(now.wall))
        {
            self.values.retain(|(of, _)| *of != asked.slot);
            self.values.push((asked.slot, value));
            let forgotten = self.values.len().saturating_sub(octets::VALUES_MAX);
            self.values.drain(..forgotten);
            (self.missed, self.stuck, turn.why) = (0, 0, Why::Answer);
            return self.run(bot, now, asked.flow, asked.step + 1, turn);
        }
        self.stuck += 1;
        if self.stuck >= STUCK_MAX {
            turn.why = Why::Stuck;
            return self.go(bot, now, bot.draft().twice, turn);
        }
        if let Some(go) = self.offered.take().and_then(|offered| taken_offer(offered, text)) {
            turn.why = Why::Offer;
            return self.go(bot, now, go, turn);
        }
        if let Some((at, go)) = bot.rule(text) {
            turn.why = Why::Rule(at);
            return self.go(bot, now, go, turn);
        }
        let guess = bot.model().classify(text, scratch);
        if let Some((at, go)) = acted_on(bot, &guess) {
            turn.why = Why::Intent(at, guess.confidence);
            return self.go(bot, now, go, turn);
        }
        match (asked, slot) {
            (Some(asked), Some(slot)) => self.refuse(bot, now, asked, slot, turn),
            _ => self.miss(bot, now, &guess, turn),
        }
    }

    /// The open question did not take the message, and nothing else did.
    fn refuse(&mut self, bot: &Bot, now: Now, asked: Asked, slot: &Slot, turn: &mut Turn) {
        turn.why = Why::Refused;
        if asked.tries + 1 >= slot.tries {
            return self.go(bot, now, slot.otherwise, turn);
        }
        turn.replies.push(self.text(bot, slot.retry.as_ref().unwrap_or(&slot.ask)));
        let due = now.wall.saturating_add(slot.wait);
        self.asked = Some(Asked { tries: asked.tries + 1, due, ..asked });
    }

    /// Nothing fits: two intents are offered if they are near, else it was not understood.
    fn miss(&mut self, bot: &Bot, now: Now, guess: &Guess, turn: &mut Turn) {
        let intent = |at: Option<u16>| bot.draft().intents.get(usize::from(at?));
        let near = guess.confidence >= bot.unsure();
        if let (true, Some(first), Some(second)) = (near, intent(guess.first), intent(guess.second))
            && let (Some(one), Some(other)) = (&first.title, &second.title)
        {
            let (one, other) = (self.text(bot, one), self.text(bot, other));
            turn.replies.push(format!("1 {one}\n2 {other}"));
            self.offered = Some([first.go, second.go]);
            turn.why = Why::Offer;
            return;
        }
        turn.why = Why::Fallback;
        self.missed += 1;
        if self.missed >= 2 {
            self.missed = 0;
            return self.go(bot, now, bot.draft().twice, turn);
        }
        turn.replies.push(self.text(bot, &bot.draft().fallback));
    }

    fn timer(&mut self, bot: &Bot, now: Now, turn: &mut Turn) {
        let Some(due) = self.due().filter(|due| *due <= now.wall) else { return };
        let Some(mut asked) = self.asked.take() else { return };
        let Some(slot) = bot.draft().slots.get(asked.slot) else { return };
        turn.why = Why::Silence;
        if asked.reminded < slot.remind {
            turn.replies.push(self.text(bot, &slot.ask));
            asked.reminded += 1;
            asked.due = due.max(now.wall).saturating_add(slot.wait);
            self.asked = Some(asked);
            return;
        }
        self.leave(bot, now, slot.silent, turn);
    }

    fn undelivered(&mut self, bot: &Bot, now: Now, turn: &mut Turn) {
        let asked = self.asked.take().filter(|_| self.status == Status::Bot);
        let slot = asked.and_then(|asked| bot.draft().slots.get(asked.slot));
        if let Some(slot) = slot {
            turn.why = Why::Undelivered;
            self.leave(bot, now, slot.undelivered, turn);
        }
    }

    fn leave(&mut self, bot: &Bot, now: Now, exit: Exit, turn: &mut Turn) {
        match exit {
            Exit::End => self.status = Status::Ended,
            Exit::Go(flow) => self.go(bot, now, flow, turn),
        }
    }

    fn go(&mut self, bot: &Bot, now: Now, flow: usize, turn: &mut Turn) {
        self.run(bot, now, flow, 0, turn);
    }

    /// Runs steps until a question, or the end.
    fn run(&mut self, bot: &Bot, now: Now, flow: usize, step: usize, turn: &mut Turn) {
        let (mut flow, mut step) = (flow, step);
        for _ in 0..STEPS_MAX {
            let steps = bot.draft().flows.get(flow).map_or(&[][..], |flow| &flow.steps);
            let Some((_, doing)) = steps.get(step) else { break };
            step += 1;
            match doing {
                Step::Say(text) => turn.replies.push(self.text(bot, text)),
                Step::Ask(at) => {
                    let Some(slot) = bot.draft().slots.get(*at) else { break };
                    turn.replies.push(self.text(bot, &slot.ask));
                    let due = now.wall.saturating_add(slot.wait);
                    let (slot, step) = (*at, step - 1);
                    self.asked = Some(Asked { flow, step, slot, due, ..Asked::default() });
                    return;
                }
                Step::If { slot, is, go } => {
                    let takes = bot.draft().slots.get(*slot).map(|slot| &slot.takes);
                    if self.value(*slot).zip(takes).is_some_and(|(v, t)| show::word(v, t) == *is) {
                        (flow, step) = (*go, 0);
                    }
                }
                Step::Go(go) => (flow, step) = (*go, 0),
                Step::Tag(tag) => {
                    if self.tags.len() < TAGS_MAX && !self.tags.contains(tag) {
                        self.tags.push(tag.clone());
                    }
                }
                Step::Hand { queue, say, shut } => {
                    let opening = bot.draft().opening.as_ref();
                    let is_open = opening.is_none_or(|opening| opening.is_open(now.wall));
                    let said = shut.as_ref().filter(|_| !is_open).unwrap_or(say);
                    turn.replies.push(self.text(bot, said));
                    turn.handed_to = Some(queue.clone());
                    self.status = Status::People(queue.clone());
                    return;
                }
                Step::End => break,
            }
        }
        self.status = Status::Ended;
    }

    /// A flow may have nothing to say; a person who wrote gets an answer all the same.
    fn say_something(&self, bot: &Bot, turn: &mut Turn) {
        turn.replies.retain(|reply| !reply.trim().is_empty());
        if turn.replies.is_empty() {
            turn.replies.push(self.text(bot, &bot.draft().fallback));
        }
    }

    /// Whether this message shows that a machine writes: it is the same once more, or too soon.
    fn is_machine(&mut self, now: Now, text: &str) -> bool {
        if now.wall.saturating_sub(self.pace.0) >= PACE_WINDOW {
            self.pace = (now.wall, 0);
        }
        self.pace.1 = self.pace.1.saturating_add(1);
        let hash = plain(text).bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01B3)
        });
        let times = if self.last.0 == hash { self.last.1.saturating_add(1) } else { 1 };
        self.last = (hash, times);
        times >= SAME_MAX || self.pace.1 > PACE_MAX
    }

    /// Goes over to a language that the message is surely in.
    fn listen(&mut self, bot: &Bot, text: &str, scratch: &mut Scratch) {
        let first = bot.draft().languages.first().copied().unwrap_or_default();
        let language = *self.language.get_or_insert(first);
        let Some(tongues) = bot.tongues() else { return };
        // A short word is written in many languages.
        if text.split_whitespace().count() < 3 {
            return;
        }
        let guess = tongues.classify(text, scratch);
        self.language = match guess.first {
            Some(tongue) if guess.confidence >= 0.5 => {
                Some(if tongue == 0 { Language::French } else { Language::English })
            }
            _ => Some(language),
        };
    }

    /// A text in the conversation's language with the values it names.
    fn text(&self, bot: &Bot, text: &crate::mo::bot::Text) -> String {
        let first = bot.draft().languages.first().copied().unwrap_or_default();
        let language = self.language.unwrap_or(first);
        let value = |name: &str| {
            let at = bot.draft().slots.iter().position(|slot| slot.name == name)?;
            let takes = &bot.draft().slots.get(at)?.takes;
            Some(show(self.value(at)?, takes, language))
        };
        filled(text.of(language), value)
    }
}

fn acted_on(bot: &Bot, guess: &Guess) -> Option<(usize, usize)> {
    let at = usize::from(guess.first.filter(|_| guess.confidence >= bot.accept())?);
    Some((at, bot.draft().intents.get(at)?.go))
}

fn taken_offer(offered: [usize; 2], text: &str) -> Option<usize> {
    let takes = Takes::Choice(vec![vec![], vec![]]);
    match takes.take(text, Date::from_days(0)) {
        Ok(Value::Choice(at)) => offered.get(at).copied(),
        _ => None,
    }
}
