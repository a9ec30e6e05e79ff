//! Segments that an account cut itself, for a carrier that sends one receipt for all of a message
//! (quirk 15). To us each is a message of its own, so that receipt is told to end the others too.
//!
//! ```text
//!   admitted -> its group, by account, addresses and reference -> the named segment ends
//!                                                                   -> the others end so
//! ```
//!
//! The carrier is asked for that receipt where the account asks for one of another segment. What
//! the carrier never speaks of ends so long after the first news as segments of ours would.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::register::Known;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::dialect::ReceiptSegments;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mt::receipts::Outcome;
use crate::mt::segmentation::own_segment;
use crate::text::Concatenation;

/// Messages whose segments are known to belong together, at most: some 20 MB a shard, eleven
/// minutes at a hundred a second. At the limit the oldest are forgotten, and their segments wait
/// for receipts of their own.
const GROUPS_MAX: usize = 1 << 16;

/// The messages that accounts cut themselves, for carriers that send one receipt for each.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    /// By number, in the order they began.
    groups: HashMap<u64, Group, foldhash::fast::FixedState>,
    next: u64,
    /// The group that a further segment would be of.
    current: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// The group of each segment that has not ended.
    by_id: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// Numbers of groups, the oldest first; some are gone already.
    order: VecDeque<u64>,
    /// Accounts that have asked for a receipt of some segment.
    asking: HashSet<u32, foldhash::fast::FixedState>,
}

#[derive(Debug)]
struct Group {
    /// What its segments have in common.
    key: u64,
    total: u8,
    /// Those that have come, by their place in the message.
    came: Vec<u8>,
    /// Those that have not ended.
    members: Vec<(u8, MessageId)>,
    /// How one of them ended.
    said: Option<Said>,
}

/// What holds for the segments of a message of which one has ended.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// How it ended.
    outcome: Outcome,
    /// At which carrier.
    carrier: u32,
    /// It is the one whose receipt speaks for all: nothing more is waited for.
    for_all: bool,
}

impl Siblings {
    /// Whether nothing is known of any.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether every segment that came has ended.
    #[cfg(test)]
    pub fn have_ended(&self) -> bool {
        self.by_id.is_empty() && self.groups.values().all(|group| group.members.is_empty())
    }

    /// A segment is admitted; whether its account asks for a receipt of some segment.
    fn enter(&mut self, id: MessageId, message: &Message, place: Concatenation) -> bool {
        if message.registered_delivery & FINAL != 0 {
            self.asking.insert(message.account);
        }
        let key = key(message, place);
        let current = self.current.get(&key).copied();
        let known = current.and_then(|number| self.groups.get(&number));
        let number = match (current, known) {
            (Some(number), Some(group)) if !group.came.contains(&place.sequence) => number,
            // There is none, or its reference is used again.
            (replaced, _) => {
                let number = self.begin(key, place.total);
                replaced.into_iter().for_each(|replaced| self.forget_if_over(replaced));
                number
            }
        };
        if let Some(group) = self.groups.get_mut(&number) {
            group.came.push(place.sequence);
            group.members.push((place.sequence, id));
            self.by_id.insert(id.number(), number);
        }
        self.asking.contains(&message.account)
    }

    /// Begins a group; its number.
    fn begin(&mut self, key: u64, total: u8) -> u64 {
        while self.groups.len() >= GROUPS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(oldest);
        }
        if self.order.len() > GROUPS_MAX + 2 * self.groups.len() {
            let groups = &self.groups;
            self.order.retain(|number| groups.contains_key(number));
        }
        let number = self.next;
        self.next += 1;
        let group = Group { key, total, came: Vec::new(), members: Vec::new(), said: None };
        self.groups.insert(number, group);
        self.current.insert(key, number);
        self.order.push_back(number);
        number
    }

    fn forget(&mut self, number: u64) {
        let Some(group) = self.groups.remove(&number) else { return };
        if self.current.get(&group.key) == Some(&number) {
            self.current.remove(&group.key);
        }
        for (_, id) in group.members {
            self.by_id.remove(&id.number());
        }
    }

    /// Forgets a group all of whose segments have ended, if no other can come.
    fn forget_if_over(&mut self, number: u64) {
        let Some(group) = self.groups.get(&number) else { return };
        let is_whole = group.came.len() >= usize::from(group.total)
            || self.current.get(&group.key) != Some(&number);
        if is_whole && group.members.is_empty() {
            self.forget(number);
        }
    }

    /// A segment has ended.
    pub fn ended(&mut self, id: MessageId) {
        let Some(number) = self.by_id.remove(&id.number()) else { return };
        if let Some(group) = self.groups.get_mut(&number) {
            group.members.retain(|(_, member)| *member != id);
        }
        self.forget_if_over(number);
    }

    /// A segment ends so at this carrier: the others, if that is news to them.
    fn hear(
        &mut self,
        carrier: u32,
        receipts: ReceiptSegments,
        ended: Ended<'_>,
    ) -> Vec<MessageId> {
        let Ended { outcome, by_receipt } = ended;
        let group = self.by_id.get(&outcome.id.number()).and_then(|key| self.groups.get_mut(key));
        let Some(group) = group else { return Vec::new() };
        let named = match receipts {
            ReceiptSegments::Each => return Vec::new(),
            ReceiptSegments::First => 1,
            ReceiptSegments::Last => group.total,
        };
        let mut members = group.members.iter();
        let for_all = by_receipt && members.any(|one| *one == (named, outcome.id));
        if group.said.as_ref().is_some_and(|said| said.for_all || !for_all) {
            return Vec::new();
        }
        group.said = Some(Said { outcome: outcome.clone(), carrier, for_all });
        let ids = group.members.iter().map(|(_, id)| *id);
        ids.filter(|id| *id != outcome.id).collect()
    }

    /// What is known of the message that a segment is of.
    fn said(&self, id: MessageId) -> Option<&Said> {
        self.groups.get(self.by_id.get(&id.number())?)?.said.as_ref()
    }
}

/// How a segment ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    /// A receipt of its carrier said it.
    pub by_receipt: bool,
}

/// Bits of `registered_delivery` that ask for a final state (SMPP 3.4 §5.2.17).
const FINAL: u8 = 0x03;

/// What segments of one message have in common.
fn key(message: &Message, place: Concatenation) -> u64 {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write_u32(message.account);
    hasher.write_u16(place.reference);
    hasher.write_u8(place.total);
    hasher.write(message.source.octets());
    hasher.write_u8(0xff);
    hasher.write(message.destination.octets());
    hasher.finish()
}

impl<L: Clone> Shard<L> {
    /// A message is admitted: where it is a segment whose carrier sends one receipt for all, it
    /// joins the others, and asks for that receipt if it is the one that brings it.
    pub(super) fn join_siblings(
        &mut self,
        id: MessageId,
        mut message: Arc<Message>,
        carrier: u32,
    ) -> Arc<Message> {
        let rules = self.carriers.get(carrier as usize);
        let receipts = rules.map(|rules| rules.receipt_segments).unwrap_or_default();
        if receipts == ReceiptSegments::Each {
            return message;
        }
        let Some(place) = own_segment(&message).filter(|place| place.total > 1) else {
            return message;
        };
        let asks = self.siblings.enter(id, &message, place);
        let is_named = match receipts {
            ReceiptSegments::Each => false,
            ReceiptSegments::First => place.sequence == 1,
            ReceiptSegments::Last => place.sequence == place.total,
        };
        if asks && is_named && message.registered_delivery & FINAL != 1 {
            Arc::make_mut(&mut message).asks_for_all = true;
        }
        message
    }

    /// A segment ends so at its carrier: the others that end so too, or are not waited for as long
    /// as they were.
    pub(super) fn heirs(&mut self, carrier: u32, ended: Ended<'_>) -> Vec<MessageId> {
        if self.siblings.is_empty() {
            return Vec::new();
        }
        let rules = self.carriers.get(carrier as usize);
        let receipts = rules.map(|rules| rules.receipt_segments).unwrap_or_default();
        self.siblings.hear(carrier, receipts, ended)
    }

    /// Of the message that this segment is of something is known: it ends so, or is not waited for
    /// as long.
    pub(super) fn inherit<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        id: MessageId,
        effects: &mut E,
    ) {
        if self.siblings.is_empty() {
            return;
        }
        let Some(Said { outcome, carrier, for_all }) = self.siblings.said(id).cloned() else {
            return;
        };
        let rules = self.carriers.get(carrier as usize);
        let wait = rules.map(|rules| rules.receipt_segments_wait).unwrap_or_default();
        let outcome = Outcome { id, ..outcome };
        match self.number_of(id).and_then(|number| self.register.find(number)) {
            Some(Known::Awaited(place)) => {
                let record = self.awaiting.get(place);
                if record.is_none_or(|record| record.carrier() != carrier) {
                    return;
                }
                match for_all {
                    true => self.end_awaited(place, outcome, effects),
                    false => self.give_up_at(place, now.wall + wait),
                }
            }
            Some(Known::Live(ticket)) => {
                let live = self.slots.get_mut(ticket);
                let Some(live) = live.filter(|one| one.awaits_receipt && one.carrier == carrier)
                else {
                    return;
                };
                if for_all {
                    let message = live.message.clone();
                    self.close(ticket, &outcome, effects);
                    self.tell(message.subject(), outcome, effects);
                } else if now.wall + wait < live.wake_at {
                    live.wake_at = now.wall + wait;
                    self.due.push(live.wake_at, ticket);
                }
            }
            Some(Known::Ended(_)) | None => {}
        }
    }

    /// What is said of a segment that no receipt spoke of, where one spoke of another of its
    /// message: how that one ended.
    pub(super) fn inherited(&self, id: MessageId, wall: Duration) -> Option<Outcome> {
        let Said { outcome, .. } = self.siblings.said(id)?;
        let done = outcome.done.min(wall);
        Some(Outcome { id, done, ..outcome.clone() })
    }
}
