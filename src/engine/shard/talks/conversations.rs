//! The conversations of one shard, each by its handset and the number it writes to.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::desk::Desk;
use crate::clock;
use crate::message::message_id::MessageId;
use crate::mo::bot::Version;
use crate::mo::conversation::{Conversation, Status};
use crate::mt::policy::Handset;
use crate::wire::Address;

/// Lines of a conversation that are kept, the newest.
pub const LINES_MAX: usize = 20;
/// Characters of a line that are kept.
const LINE_CHARS_MAX: usize = 700;
/// How long a conversation stays with people that nobody goes on with.
const PEOPLE_PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A handset, and the number of ours.
pub type Key = (Handset, Handset);

/// Who said something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// The person with the handset.
    Person,
    /// The bot.
    Bot,
    /// Somebody of ours.
    Agent,
}

impl By {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
            Self::Agent => "agent",
        }
    }
}

/// Something that was said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// When, in seconds of wall time since 1970.
    pub at_s: u32,
    /// By whom.
    pub by: By,
    /// What.
    pub text: Box<str>,
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The number of ours, as the sender of replies.
    pub number: Address,
    /// The handset.
    pub handset: Address,
    /// The carrier that brought its last message.
    pub carrier: u32,
    /// The bot, as it was when the conversation began.
    pub bot: Arc<Version>,
    /// How it stands.
    pub state: Conversation,
    /// The last message of ours, of which it is not known that it did not arrive.
    pub said: Option<MessageId>,
    /// That message did not arrive.
    pub is_lost: bool,
    /// Stands for the last message of the handset.
    pub print: u64,
    /// Until then that message may be brought again by a carrier that an earlier process did not
    /// answer; zero in what began with this one.
    pub may_come_again_until: Duration,
    /// What there is of it while people have it.
    pub desk: Desk,
    /// When the handset wrote last.
    pub heard: Duration,
    /// What was said, the oldest first.
    pub lines: VecDeque<Line>,
}

impl Talk {
    /// One that nothing was said in.
    pub fn new((number, handset): (&Address, &Address), bot: Arc<Version>) -> Self {
        Self {
            number: number.clone(),
            handset: handset.clone(),
            carrier: 0,
            bot,
            state: Conversation::default(),
            said: None,
            is_lost: false,
            print: 0,
            may_come_again_until: Duration::ZERO,
            desk: Desk::default(),
            heard: Duration::ZERO,
            lines: VecDeque::new(),
        }
    }

    /// What it is known by; `None` when one of the two is no number.
    pub fn key(&self) -> Option<Key> {
        key(&self.handset, &self.number)
    }

    /// Notes what was said.
    pub fn note(&mut self, wall: Duration, by: By, text: &str) {
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        let at_s = clock::seconds(wall);
        let text: String = text.chars().take(LINE_CHARS_MAX).collect();
        self.lines.push_back(Line { at_s, by, text: text.into() });
    }

    /// Whether people have it.
    pub fn has_people(&self) -> bool {
        matches!(self.state.status(), Status::People(_))
    }

    /// When it is to be looked at next: something is due in it, or it is over.
    pub fn due(&self) -> Duration {
        if self.is_lost {
            return Duration::from_secs(1);
        }
        if self.has_people() {
            let said = self.lines.back().map_or(0, |line| line.at_s);
            let said = Duration::from_secs(said.into());
            let last = self.heard.max(self.desk.since).max(self.desk.snoozed_until).max(said);
            let over = last.saturating_add(PEOPLE_PATIENCE);
            return self.desk.due(self.queue()).map_or(over, |due| due.min(over));
        }
        let over = self.heard.saturating_add(self.bot.bot().draft().session);
        self.state.due().unwrap_or(over)
    }
}

/// What a conversation of these two is known by.
pub fn key(handset: &Address, number: &Address) -> Option<Key> {
    Some((Handset::of(handset.octets())?, Handset::of(number.octets())?))
}

/// Them all.
#[derive(Debug, Default)]
pub struct Conversations {
    talks: Vec<Option<Talk>>,
    free: Vec<u32>,
    by_key: HashMap<Key, u32, foldhash::fast::FixedState>,
    /// Places by when their handset wrote last.
    by_age: BTreeSet<(Duration, u32)>,
}

impl Conversations {
    /// Enters one in the place of any of its key; its place, and `None` when it has no key.
    pub fn enter(&mut self, talk: Talk) -> Option<u32> {
        let key = talk.key()?;
        self.take(key);
        let heard = talk.heard;
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.talks.push(None);
                u32::try_from(self.talks.len() - 1).ok()?
            }
        };
        *self.talks.get_mut(place as usize)? = Some(talk);
        self.by_key.insert(key, place);
        self.by_age.insert((heard, place));
        Some(place)
    }

    /// Takes one out.
    pub fn take(&mut self, key: Key) -> Option<Talk> {
        let place = self.by_key.remove(&key)?;
        let talk = self.talks.get_mut(place as usize)?.take()?;
        self.by_age.remove(&(talk.heard, place));
        self.free.push(place);
        Some(talk)
    }

    /// The one of a key.
    pub fn of(&self, key: Key) -> Option<&Talk> {
        self.at(*self.by_key.get(&key)?)
    }

    /// The same, and its place. When its handset wrote last stays as it is.
    pub fn of_mut(&mut self, key: Key) -> Option<(u32, &mut Talk)> {
        let place = *self.by_key.get(&key)?;
        Some((place, self.talks.get_mut(place as usize)?.as_mut()?))
    }

    /// The one at a place.
    pub fn at(&self, place: u32) -> Option<&Talk> {
        self.talks.get(place as usize)?.as_ref()
    }

    /// The key of the one whose handset has been silent the longest.
    pub fn oldest(&self) -> Option<Key> {
        self.by_age.iter().find_map(|(_, place)| self.at(*place)?.key())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Places there are, taken or not.
    pub fn places(&self) -> usize {
        self.talks.len()
    }
}
