//! Receipts that came before the response they belong to, found by the keys they may match, and by
//! carrier and handset where no response comes.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::doubts::number_of;
use crate::mt::receipts::CarrierReceipt;

/// Receipts that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Parked {
    /// By the order they came, and so by the end of their time.
    receipts: BTreeMap<u64, Waiting>,
    by_key: HashMap<u64, Vec<u64>, foldhash::fast::FixedState>,
    /// By what stands for carrier and handset.
    by_number: HashMap<u64, Vec<u64>, foldhash::fast::FixedState>,
    next: u64,
    step: u64,
    /// Those that came, and those that went, since this was asked last; `None` when nobody asks.
    changes: Option<Changes>,
}

/// Places of receipts.
#[derive(Debug, Default)]
pub struct Changes {
    /// Those that came; some may have gone.
    pub came: Vec<u64>,
    /// Those that went.
    pub went: Vec<u64>,
}

#[derive(Debug)]
struct Waiting {
    receipt: CarrierReceipt,
    /// From when until when (monotonic).
    since: Duration,
    until: Duration,
}

impl Parked {
    /// Keeps a receipt from this moment (monotonic) for so long, which is as long for all.
    pub fn push(&mut self, receipt: CarrierReceipt, since: Duration, max_age: Duration) {
        let at = self.next;
        self.next += self.step.max(1);
        for (_, key) in receipt.keys.iter() {
            self.by_key.entry(key).or_default().push(at);
        }
        self.by_number.entry(number(&receipt)).or_default().push(at);
        self.receipts.insert(at, Waiting { receipt, since, until: since + max_age });
        if let Some(changes) = &mut self.changes {
            changes.came.push(at);
        }
    }

    /// From now on it is noted which come and go. The next one has this place, and each so many
    /// more than the one before: no other shard has any of them.
    pub fn note_changes(&mut self, next: u64, step: u64) {
        (self.next, self.step) = (next, step);
        self.changes.get_or_insert_default();
    }

    /// Those that came and went since this was asked last.
    pub fn take_changes(&mut self) -> Changes {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The places of all, in the order they came.
    pub fn places(&self) -> impl Iterator<Item = u64> {
        self.receipts.keys().copied()
    }

    /// Takes out the receipts with this key that fit, in the order they came.
    pub fn take(
        &mut self,
        key: u64,
        fits: impl Fn(&CarrierReceipt) -> bool,
    ) -> Vec<CarrierReceipt> {
        let Some(places) = self.by_key.get(&key) else { return Vec::new() };
        let fit = |at: &&u64| self.receipts.get(at).is_some_and(|one| fits(&one.receipt));
        let found: Vec<u64> = places.iter().filter(fit).copied().collect();
        found.into_iter().filter_map(|at| self.remove(at)).collect()
    }

    /// Takes out the one that has waited longest.
    pub fn pop(&mut self) -> Option<CarrierReceipt> {
        let (&at, _) = self.receipts.first_key_value()?;
        self.remove(at)
    }

    /// Takes out one whose time is over.
    pub fn pop_due(&mut self, now: Duration) -> Option<CarrierReceipt> {
        let (_, first) = self.receipts.first_key_value()?;
        if first.until <= now { self.pop() } else { None }
    }

    pub fn len(&self) -> usize {
        self.receipts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// The places of those of this carrier and handset, in the order they came.
    pub fn of_number(&self, number: u64) -> Vec<u64> {
        self.by_number.get(&number).cloned().unwrap_or_default()
    }

    /// The one at this place, and since when (monotonic) it has been there.
    pub fn get(&self, at: u64) -> Option<(&CarrierReceipt, Duration)> {
        self.receipts.get(&at).map(|one| (&one.receipt, one.since))
    }

    /// Takes out the one at this place.
    pub fn remove(&mut self, at: u64) -> Option<CarrierReceipt> {
        let Waiting { receipt, .. } = self.receipts.remove(&at)?;
        for (_, key) in receipt.keys.iter() {
            leave(&mut self.by_key, key, at);
        }
        leave(&mut self.by_number, number(&receipt), at);
        if let Some(changes) = &mut self.changes {
            changes.went.push(at);
        }
        Some(receipt)
    }
}

fn number(receipt: &CarrierReceipt) -> u64 {
    number_of(receipt.carrier, receipt.destination.octets())
}

fn leave(places: &mut HashMap<u64, Vec<u64>, foldhash::fast::FixedState>, of: u64, at: u64) {
    if let Some(list) = places.get_mut(&of) {
        list.retain(|&place| place != at);
        if list.is_empty() {
            places.remove(&of);
        }
    }
}
