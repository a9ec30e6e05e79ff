//! What a shard counts in one wake-up.

use std::time::Duration;

use crate::message::state::MessageState;
use crate::telemetry::EngineMetrics;

/// Counts of one wake-up, handed on together: a counter shared by all threads costs more than what
/// it counts.
#[derive(Default)]
pub(super) struct Tally {
    ended: [u64; STATES],
    matched: [u64; STATES],
    /// Final receipts that took this long, one behind the other.
    took: Duration,
    receipts: usize,
}

/// States there are, by number.
const STATES: usize = MessageState::NAMED.len();

impl Tally {
    pub fn ended(&mut self, state: MessageState) {
        Self::add(&mut self.ended, state);
    }

    pub fn matched(&mut self, state: MessageState) {
        Self::add(&mut self.matched, state);
    }

    /// Counts by number; a number without a name counts as UNKNOWN.
    fn add(counts: &mut [u64; STATES], state: MessageState) {
        let at = usize::from(state.0);
        let at = if at < STATES { at } else { usize::from(MessageState::UNKNOWN.0) };
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }

    /// Those of one round are mostly as old as each other.
    pub fn final_receipt(&mut self, metrics: &EngineMetrics, took: Duration) {
        if self.took != took {
            self.flush_receipts(metrics);
            self.took = took;
        }
        self.receipts += 1;
    }

    fn flush_receipts(&mut self, metrics: &EngineMetrics) {
        let receipts = std::mem::take(&mut self.receipts);
        if receipts > 0 {
            metrics.receipt_seconds.record_many(self.took, receipts);
        }
    }

    pub fn flush(&mut self, metrics: &EngineMetrics) {
        self.flush_receipts(metrics);
        for (at, state) in MessageState::NAMED.iter().enumerate() {
            if let Some(count) = self.ended.get_mut(at).filter(|count| **count > 0) {
                metrics.ended(*state, std::mem::take(count));
            }
            if let Some(count) = self.matched.get_mut(at).filter(|count| **count > 0) {
                metrics.matched(*state, std::mem::take(count));
            }
        }
    }
}
