//! Messages of one submit_multi: those of this shard, under the id that they share.
//!
//! They are admitted together, so their numbers are a row, and a row costs the same however long it
//! is. It is forgotten when nothing is known of any message of it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

use super::register::Known;
use super::{Effects, Shard, Submission};
use crate::clock::Now;
use crate::message::message_id::MessageId;

/// Rows looked at for each that is entered: with two, those that are known of are at least half of
/// all, whichever of them end first.
const SWEEP: usize = 2;

/// Rows by the id that their messages share.
#[derive(Debug, Default)]
pub(super) struct Multis {
    rows: HashMap<u64, Row, foldhash::fast::FixedState>,
    /// The same by their first number, each with its id.
    by_first: BTreeMap<u64, MessageId>,
    /// All of them, that which was looked at longest ago first.
    sweep: VecDeque<u64>,
}

/// Numbers that follow each other.
#[derive(Clone, Copy, Debug)]
struct Row {
    first: u64,
    count: u8,
}

impl Row {
    fn numbers(self) -> Range<u64> {
        self.first..self.first + u64::from(self.count)
    }
}

impl Multis {
    /// The numbers of the messages that share an id.
    pub fn of(&self, id: MessageId) -> Range<u64> {
        self.rows.get(&id.number()).map_or(0..0, |row| row.numbers())
    }

    /// The id that the message of a number shares with others, if it does.
    pub fn id_of(&self, number: u64) -> Option<MessageId> {
        let (_, id) = self.by_first.range(..=number).next_back()?;
        self.of(*id).contains(&number).then_some(*id)
    }

    fn enter(&mut self, id: MessageId, row: Row, is_known: impl Fn(u64) -> bool) {
        self.rows.insert(id.number(), row);
        self.by_first.insert(row.first, id);
        self.sweep.push_back(id.number());
        for _ in 0..SWEEP {
            let Some(oldest) = self.sweep.pop_front() else { return };
            let Some(row) = self.rows.get(&oldest) else { continue };
            if row.numbers().any(&is_known) {
                self.sweep.push_back(oldest);
            } else {
                self.by_first.remove(&row.first);
                self.rows.remove(&oldest);
            }
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<L: Clone> Shard<L> {
    /// Takes messages of one submit_multi, at most 254, each as if it had come alone.
    pub fn admit_several<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        id: MessageId,
        submissions: Vec<Submission<L>>,
        effects: &mut E,
    ) {
        let first = self.register.next();
        for submission in submissions {
            self.admit(now, submission, effects);
        }
        let count = u8::try_from(self.register.next() - first).unwrap_or(u8::MAX);
        if count > 0 {
            let register = &self.register;
            self.multis.enter(id, Row { first, count }, |number| register.find(number).is_some());
        }
    }

    /// The id that the account of a message knows it by.
    pub(super) fn shown_id(&self, id: MessageId) -> MessageId {
        if self.multis.rows.is_empty() && self.earlier.is_empty() {
            return id;
        }
        match self.number_of(id) {
            Some(number) => self.multis.id_of(number).unwrap_or(id),
            None => self.earlier.shown_id(id),
        }
    }

    /// What is known of the messages that an id stands for: of the one, or of all that share it.
    pub(super) fn known(&self, id: MessageId) -> impl Iterator<Item = Known> {
        let numbers = match self.number_of(id) {
            Some(number) => number..number + 1,
            None => self.multis.of(id),
        };
        let own = numbers.filter_map(|number| self.register.find(number));
        own.chain(self.earlier.known(id))
    }

    /// The tickets of the live ones among them.
    pub(super) fn tickets_of(&self, id: MessageId) -> impl Iterator<Item = u64> {
        self.known(id).filter_map(|known| match known {
            Known::Live(ticket) => Some(ticket),
            Known::Awaited(_) | Known::Ended(_) => None,
        })
    }
}
