//! Messages whose receipt does not come: their carrier is asked how they stand (SMPP 3.4 §4.8).
//!
//! Only carriers whose `query_after_ms` says so are asked, and of their messages alone the id is
//! kept as they wrote it. What has no id cannot be asked for.

use std::collections::HashMap;
use std::time::Duration;

use super::live::Of;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::mt::carried::Carried;
use crate::mt::receipts::{CarrierReceipt, Evidence, IdKeys};

/// The longest wait between two questions about a message. The first comes after `query_after_ms`,
/// and each wait is twice as long as the one before, so that there are few in all the time that a
/// receipt is awaited.
const APART_MAX: Duration = Duration::from_secs(6 * 3600);
/// Questions of a shard in each of its ticks of 100 ms. What is due beyond it waits.
const A_TICK: u32 = 20;
/// When a question comes up again that could not be asked.
const AGAIN: Duration = Duration::from_secs(10);

/// A question to a carrier about one segment.
#[derive(Clone, Debug)]
pub struct Question {
    /// The message's ticket.
    pub ticket: u64,
    /// The segment, from 0.
    pub segment: u8,
    /// The carrier's id of it, as it wrote it.
    pub id: Box<[u8]>,
    /// The message, for its sender's address.
    pub message: Carried,
}

/// What a carrier says of a segment it was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CarrierSays {
    /// Its state.
    pub state: MessageState,
    /// The error beside it.
    pub error: u32,
    /// When it was reached, in wall time since 1970, if it says.
    pub done: Option<Duration>,
}

/// Messages that may be asked for; live ones, so their limit is this one's.
#[derive(Debug, Default)]
pub(super) struct Questions {
    messages: HashMap<u64, Asking, foldhash::fast::FixedState>,
    /// Questions left in this tick.
    left: u32,
}

#[derive(Debug, Default)]
struct Asking {
    /// Segments and their ids.
    ids: Vec<(u8, Box<[u8]>)>,
    asked: u8,
    /// When the next question is due, in wall time since 1970; zero is never.
    at: Duration,
}

impl Questions {
    /// A tick has passed.
    pub fn refill(&mut self) {
        self.left = A_TICK;
    }

    /// A message is live no more.
    pub fn forget(&mut self, ticket: u64) {
        if !self.messages.is_empty() {
            self.messages.remove(&ticket);
        }
    }

    /// Whether this message may be asked for.
    pub fn knows(&self, ticket: u64) -> bool {
        !self.messages.is_empty() && self.messages.contains_key(&ticket)
    }

    /// When a carrier is asked about a message next.
    pub fn next_at(&self, ticket: u64) -> Option<Duration> {
        self.messages.get(&ticket).map(|asking| asking.at)
    }

    /// What its carrier named the segments of a message.
    pub fn names_of(&self, ticket: u64) -> &[(u8, Box<[u8]>)] {
        if self.messages.is_empty() {
            return &[];
        }
        self.messages.get(&ticket).map_or(&[], |asking| &asking.ids)
    }

    fn is_due(&self, ticket: u64, now: Duration) -> bool {
        let asking = self.messages.get(&ticket);
        asking.is_some_and(|asking| asking.at > Duration::ZERO && asking.at <= now)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

/// How long after so many questions the next one comes.
fn after_that(first: Duration, asked: u8) -> Duration {
    let longer = first.saturating_mul(1_u32.checked_shl(u32::from(asked)).unwrap_or(u32::MAX));
    longer.min(APART_MAX.max(first))
}

impl<L: Clone> Shard<L> {
    /// The id that a carrier gave a segment, by which it may be asked for it. It comes before the
    /// segment's acceptance.
    pub fn named(&mut self, ticket: u64, segment: u8, id: Box<[u8]>) {
        let wanted = self.slots.get(ticket).is_some_and(super::Live::wants_receipt);
        if wanted && !id.is_empty() {
            let asking = self.questions.messages.entry(ticket).or_default();
            asking.ids.retain(|(other, _)| *other != segment);
            if let (Some(ledger), Some(live)) = (&mut self.ledger, self.slots.get(ticket)) {
                ledger.named(live.id, segment, &id);
            }
            asking.ids.push((segment, id));
        }
    }

    /// Takes over what a carrier named segments of this message, while it may be asked for them.
    pub(super) fn restore_named(&mut self, now: Now, ticket: u64, ids: Vec<(u8, Box<[u8]>)>) {
        let Some(live) = self.slots.get(ticket).filter(|_| !ids.is_empty()) else { return };
        let (carrier, awaits) = (live.carrier, live.awaits_receipt);
        let rules = self.carriers.get(carrier as usize);
        if rules.is_none_or(|rules| rules.query_after.is_zero()) {
            return;
        }
        self.questions.messages.insert(ticket, Asking { ids, ..Asking::default() });
        if awaits {
            self.may_ask(now, ticket, carrier);
        }
    }

    /// A message awaits its receipt from now on.
    pub(super) fn may_ask(&mut self, now: Now, ticket: u64, carrier: u32) {
        let Some(rules) = self.carriers.get(carrier as usize) else { return };
        let after = rules.query_after;
        if after.is_zero() {
            return;
        }
        if let Some(asking) = self.questions.messages.get_mut(&ticket) {
            asking.at = now.wall + after;
            self.due.push(asking.at, ticket);
        }
    }

    /// Asks for what has not ended of this message, if its time has come.
    pub(super) fn ask_when_due<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        if self.questions.messages.is_empty() || !self.questions.is_due(ticket, now.wall) {
            return;
        }
        let Some(live) = self.slots.get(ticket).filter(|live| live.awaits_receipt) else { return };
        let after = self.carriers.get(live.carrier as usize).map(|rules| rules.query_after);
        let Questions { messages, left } = &mut self.questions;
        let Some(asking) = messages.get_mut(&ticket) else { return };
        let mut all_asked = true;
        for (segment, id) in &asking.ids {
            let (segment, id, message) = (*segment, id.clone(), live.message.clone());
            if live.has_ended(segment) {
                continue;
            }
            let question = Question { ticket, segment, id, message };
            all_asked &= *left > 0 && effects.ask(live.carrier, question);
            *left = left.saturating_sub(1);
        }
        asking.asked = asking.asked.saturating_add(u8::from(all_asked));
        asking.at = match (all_asked, after) {
            (false, _) => now.wall + AGAIN,
            (true, Some(after)) => now.wall + after_that(after, asking.asked),
            (true, None) => Duration::ZERO,
        };
        if asking.at > Duration::ZERO {
            self.due.push(asking.at, ticket);
        }
    }

    /// A carrier's answer to a question. A final state counts as its receipt does; of all else the
    /// receipt is awaited as before.
    pub fn told_by_carrier<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        (ticket, segment): (u64, u8),
        says: CarrierSays,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket).filter(|live| live.awaits_receipt) else { return };
        // UNKNOWN says that there is nothing to say, here at least.
        if says.state == MessageState::UNKNOWN || live.has_ended(segment) {
            return;
        }
        let as_receipt = CarrierReceipt {
            carrier: live.carrier,
            keys: IdKeys::default(),
            destination: live.message.destination.clone(),
            state: says.state,
            cause: says.error.into(),
            done: says.done,
            is_provisional: false,
            evidence: Evidence::default(),
        };
        if self.says_final(&as_receipt) {
            self.apply(now, Of::Segment(segment), ticket, &as_receipt, effects);
        }
    }
}
