//! Receipts that came before the response they belong to, found by the keys they may match.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::mt::receipts::CarrierReceipt;

/// Receipts that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Parked {
    /// By the order they came, and so by the end of their time.
    receipts: BTreeMap<u64, (CarrierReceipt, Duration)>,
    by_key: HashMap<u64, Vec<u64>, foldhash::fast::FixedState>,
    next: u64,
}

impl Parked {
    /// Keeps a receipt until this moment (monotonic); moments do not go back.
    pub fn push(&mut self, receipt: CarrierReceipt, until: Duration) {
        let at = self.next;
        self.next += 1;
        for (_, key) in receipt.keys.iter() {
            self.by_key.entry(key).or_default().push(at);
        }
        self.receipts.insert(at, (receipt, until));
    }

    /// Takes out the receipts with this key that fit, in the order they came.
    pub fn take(
        &mut self,
        key: u64,
        fits: impl Fn(&CarrierReceipt) -> bool,
    ) -> Vec<CarrierReceipt> {
        let Some(places) = self.by_key.get(&key) else { return Vec::new() };
        let fit = |at: &&u64| self.receipts.get(at).is_some_and(|(receipt, _)| fits(receipt));
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
        let (_, (_, until)) = self.receipts.first_key_value()?;
        if *until <= now { self.pop() } else { None }
    }

    pub fn len(&self) -> usize {
        self.receipts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    fn remove(&mut self, at: u64) -> Option<CarrierReceipt> {
        let (receipt, _) = self.receipts.remove(&at)?;
        for (_, key) in receipt.keys.iter() {
            if let Some(places) = self.by_key.get_mut(&key) {
                places.retain(|&place| place != at);
                if places.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        Some(receipt)
    }
}
