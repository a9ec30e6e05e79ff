//! What the history has of messages: records found again, put together by message.
//!
//! A look goes from the newest segment to the oldest, reads where indexes say, and stops when it
//! has seen how each message began. What shares an id (a submit_multi) is looked for twice: first
//! for whose the id is, then for all of theirs. It waits for the storage.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use super::shard::Delivery;
use super::shard::records::past::{self, Event, Past};
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::store::history::{Looked, Seen, Wanted};
use crate::store::{Entry, FileJournal, Position, Records};
use crate::wire::Address;

/// Octets that one look reads at most; what is older is left out then, and that is said.
const OCTETS_MAX: u64 = 512 << 20;
/// Events of one message that are kept at most, and messages that share an id, or a number.
const EVENTS_MAX: usize = 2000;
const STORIES_MAX: usize = 1000;
/// How long after its acceptance a message is written down at the latest: one that is written down
/// again later was replaced, or was written down as it was.
const BEGINNING: Duration = Duration::from_secs(60);

/// What happened to one message.
#[derive(Debug)]
pub struct Story {
    /// Its own id.
    pub id: MessageId,
    /// The id that its account knows it by, as far as that was seen.
    pub shared: MessageId,
    /// It, as it was accepted or last replaced; `None` where that is kept no more.
    pub message: Option<Box<Message>>,
    /// What happened, the oldest first, each with its moment: wall time since 1970.
    pub events: Vec<(Duration, Event)>,
    /// What its account was to be told, and when.
    pub owed: Vec<(Duration, MessageState)>,
    /// How it began is among its events.
    pub is_whole: bool,
}

/// A message from a handset.
#[derive(Debug)]
pub struct MoStory {
    /// When it came, or its segment did, or was handed on: wall time since 1970.
    pub at: Duration,
    /// Whose it is; `None` while it waits for its other segments.
    pub account: Option<u32>,
    /// It.
    pub message: MoMessage,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct Found {
    /// Messages, the newest first.
    pub stories: Vec<Story>,
    /// Messages from handsets, the newest first.
    pub mo: Vec<MoStory>,
    /// There are more than were asked for.
    pub more: bool,
    /// How the look went.
    pub looked: Looked,
}

/// What is known of these ids.
#[must_use]
pub fn of_ids(files: &FileJournal, ids: &[MessageId]) -> Found {
    let asked: BTreeSet<MessageId> = ids.iter().copied().collect();
    let first = Gathering::look(files, &asked);
    let wanted: BTreeSet<MessageId> = asked.iter().chain(first.stories.keys()).copied().collect();
    match wanted.len() > asked.len() {
        true => Gathering::look(files, &wanted).found(),
        false => first.found(),
    }
}

/// What is known of messages to and from this number, that were accepted within this time (wall
/// time since 1970): the newest, as many as asked for.
#[must_use]
pub fn of_number(
    files: &FileJournal,
    number: &[u8],
    (from, to): (Duration, Duration),
    limit: usize,
) -> Found {
    let limit = limit.min(STORIES_MAX);
    let keys = [past::key_of_number(number)];
    let wanted = Wanted {
        keys: &keys,
        from_ms: millis(from),
        to_ms: millis(to),
        octets_max: OCTETS_MAX / 2,
    };
    let (mut ids, mut mo) = (Vec::new(), Vec::new());
    let (mut ids_here, mut mo_here) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    let looked = files.look(&wanted, &mut |seen| {
        let Seen::Batch(entry) = seen else {
            ids.extend(ids_here.drain(..).rev());
            mo.extend(mo_here.drain(..).rev());
            let is_enough = ids.len().max(mo.len()) > limit;
            return if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        };
        let at = past::at(entry.octets).unwrap_or_default();
        for past in Records::new(entry.octets).filter_map(past::read) {
            match past {
                Past::Of(id, Event::Accepted { message, .. }) => {
                    let is_meant = (from..=to).contains(&message.accepted_at)
                        && [&message.destination, &message.source]
                            .into_iter()
                            .any(|address| means(number, address));
                    if is_meant && known.insert(id) {
                        ids_here.push(id);
                    }
                }
                Past::Held(message) if (from..=to).contains(&at) && is_of(number, &message) => {
                    mo_here.push(MoStory { at, account: None, message: *message });
                }
                Past::Owed(account, owed) if (from..=to).contains(&at) => {
                    if let Delivery::Mo { message, .. } = *owed
                        && is_of(number, &message)
                    {
                        let message = (*message).clone();
                        mo_here.push(MoStory { at, account: Some(account), message });
                    }
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    });
    // What a look that was broken off or cut short saw last.
    ids.extend(ids_here.drain(..).rev());
    mo.extend(mo_here.drain(..).rev());
    let more = ids.len().max(mo.len()) > limit || looked.is_cut;
    ids.truncate(limit);
    mo.truncate(limit);
    let mut found = match ids.is_empty() {
        true => Found::default(),
        false => Gathering::look(files, &ids.iter().copied().collect()).found(),
    };
    found.looked.octets += looked.octets;
    found.looked.is_cut |= looked.is_cut;
    found.looked.unreadable = found.looked.unreadable.max(looked.unreadable);
    Found { mo, more, ..found }
}

fn is_of(number: &[u8], message: &MoMessage) -> bool {
    means(number, &message.source) || means(number, &message.destination)
}

/// Whether somebody who writes a number so may mean this address: it is the same, or either is the
/// national form of the other.
#[must_use]
pub fn means(number: &[u8], address: &Address) -> bool {
    is_number(number, address.octets()) || is_number(address.octets(), number)
}

/// Whether an address is this number: the same, with or without what stands before an international
/// number; or its last digits, from eight on, with or without a zero before them.
#[must_use]
pub fn is_number(number: &[u8], address: &[u8]) -> bool {
    /// Digits of a number in its national form, at least.
    const NATIONAL: usize = 8;
    fn bare(digits: &[u8]) -> &[u8] {
        digits.strip_prefix(b"+").or(digits.strip_prefix(b"00")).unwrap_or(digits)
    }
    let (number, address) = (bare(number), bare(address));
    let national = address.strip_prefix(b"0").unwrap_or(address);
    let is_national = national.len() >= NATIONAL && national.iter().all(u8::is_ascii_digit);
    number.eq_ignore_ascii_case(address) || (is_national && number.ends_with(national))
}

/// Records of messages, as they are found.
struct Gathering<'a> {
    wanted: &'a BTreeSet<MessageId>,
    stories: BTreeMap<MessageId, Raw>,
    owed: Vec<(MessageId, Address, Duration, MessageState)>,
    looked: Looked,
}

/// A story in the order in which it is read.
#[derive(Default)]
struct Raw {
    shared: Option<MessageId>,
    events: Vec<((Position, usize), Duration, Event)>,
    is_whole: bool,
}

impl<'a> Gathering<'a> {
    fn look(files: &FileJournal, wanted: &'a BTreeSet<MessageId>) -> Self {
        let mut gathering =
            Self { wanted, stories: BTreeMap::new(), owed: Vec::new(), looked: Looked::default() };
        let keys: Vec<u64> = wanted.iter().copied().map(past::key_of_id).collect();
        let wanted =
            Wanted { keys: &keys, from_ms: 0, to_ms: u64::MAX, octets_max: OCTETS_MAX / 2 };
        gathering.looked = files.look(&wanted, &mut |seen| {
            match seen {
                Seen::Batch(entry) => gathering.take(&entry),
                Seen::EndOfSegment if gathering.is_whole() => return ControlFlow::Break(()),
                Seen::EndOfSegment => {}
            }
            ControlFlow::Continue(())
        });
        gathering
    }

    fn is_whole(&self) -> bool {
        self.wanted.iter().all(|id| self.stories.get(id).is_some_and(|story| story.is_whole))
    }

    fn take(&mut self, entry: &Entry<'_>) {
        let at = past::at(entry.octets).unwrap_or_default();
        for (number, past) in Records::new(entry.octets).filter_map(past::read).enumerate() {
            let mut is_meant = false;
            past.each_id(|id| is_meant |= self.wanted.contains(&id));
            if !is_meant {
                continue;
            }
            match past {
                Past::Of(id, event) => {
                    if self.stories.len() >= STORIES_MAX && !self.stories.contains_key(&id) {
                        continue;
                    }
                    let raw = self.stories.entry(id).or_default();
                    raw.take((entry.position, number), at, event);
                }
                Past::Owed(_, owed) => {
                    if let Delivery::Receipt { subject, outcome, .. } = *owed
                        && self.owed.len() < EVENTS_MAX
                    {
                        let to = subject.destination.clone();
                        self.owed.push((outcome.id, to, at, outcome.state));
                    }
                }
                _ => {}
            }
        }
    }

    fn found(self) -> Found {
        let Self { stories, owed, looked, .. } = self;
        // Ids are given in the order of acceptance.
        let stories = stories.into_iter().rev().map(|(id, raw)| raw.story(id, &owed));
        Found { stories: stories.collect(), looked, ..Found::default() }
    }
}

impl Raw {
    fn take(&mut self, place: (Position, usize), at: Duration, event: Event) {
        match &event {
            Event::Accepted { shared, message, .. } => {
                self.shared = Some(*shared);
                self.is_whole |= at.saturating_sub(message.accepted_at) < BEGINNING;
            }
            Event::Ended { shared, .. } => self.shared = Some(*shared),
            _ => {}
        }
        if self.events.len() < EVENTS_MAX {
            self.events.push((place, at, event));
        }
    }

    fn story(
        mut self,
        id: MessageId,
        owed: &[(MessageId, Address, Duration, MessageState)],
    ) -> Story {
        self.events.sort_by_key(|(place, ..)| *place);
        let shared = self.shared.unwrap_or(id);
        let accepted = self.events.iter().rev().find_map(|(_, _, event)| match event {
            Event::Accepted { message, .. } => Some(message.clone()),
            _ => None,
        });
        let to = accepted.as_ref().map(|message| &message.destination);
        let is_its = |one: &&(MessageId, Address, Duration, MessageState)| {
            one.0 == shared && (shared == id || to == Some(&one.1))
        };
        Story {
            id,
            shared,
            owed: owed.iter().filter(is_its).map(|(_, _, at, state)| (*at, *state)).collect(),
            message: accepted,
            events: self.events.into_iter().map(|(_, at, event)| (at, event)).collect(),
            is_whole: self.is_whole,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_meant_however_it_is_written_and_no_other_is() {
        let meant = |asked: &str, there: &str| {
            means(asked.as_bytes(), &Address::new(1, 1, there.as_bytes()))
        };
        for there in ["33612345678", "+33612345678", "0033612345678", "0612345678", "612345678"] {
            assert!(meant("33612345678", there) && meant("+33612345678", there), "{there}");
        }
        for there in ["44612345678", "33612345679", "2345678", "5678", ""] {
            assert!(!meant("33612345678", there), "{there}");
        }
        let is = |asked: &str, there: &str| is_number(asked.as_bytes(), there.as_bytes());
        assert!(is("33612345678", "0612345678") && !is("0612345678", "33612345678"));
        assert!(meant("0612345678", "33612345678"));
        assert!(meant("Shop", "shop") && meant("12345", "12345") && !meant("2345", "12345"));
    }
}
