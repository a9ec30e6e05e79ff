//! What a link with a carrier counts during one wake-up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::bind_record::BindRecord;
use crate::engine::history::{Refusals, What};
use crate::engine::world::Carrier;
use crate::wire::{CommandStatus, StatusClass};

/// Counts of one wake-up, handed on together: a counter shared by all threads costs more than what
/// it counts.
#[derive(Debug, Default)]
pub struct Tally {
    pub sent: u64,
    pub accepted: u64,
    pub receipts: u64,
    pub mo: u64,
    throttled: u64,
    unanswered: u64,
    refusals: Refusals,
    /// Responses that took this long, one behind the other.
    age: Duration,
    responses: usize,
}

impl Tally {
    /// A response came; those of one write are mostly as old as each other.
    pub fn response(&mut self, carrier: &Carrier, age: Duration) {
        if self.age != age {
            self.flush_responses(carrier);
            self.age = age;
        }
        self.responses += 1;
    }

    /// A segment was refused.
    pub fn refused(&mut self, status: CommandStatus) {
        self.throttled += u64::from(status.class() == StatusClass::Throttle);
        self.refusals.add(status);
    }

    /// A segment was not answered.
    pub fn unanswered(&mut self) {
        self.unanswered += 1;
    }

    fn flush_responses(&mut self, carrier: &Carrier) {
        let responses = std::mem::take(&mut self.responses);
        if responses > 0 {
            carrier.metrics.response_seconds.record_many(self.age, responses);
        }
    }

    pub fn flush(&mut self, wall: Duration, carrier: &Carrier, record: &BindRecord) {
        self.flush_responses(carrier);
        // The link is the only one that writes there.
        let add = |total: &AtomicU64, count: u64| {
            total.store(total.load(Ordering::Relaxed) + count, Ordering::Relaxed);
        };
        if self.sent > 0 {
            add(&record.sent, self.sent);
        }
        if self.accepted > 0 {
            add(&record.accepted, self.accepted);
        }
        if self.throttled > 0 {
            add(&record.throttled, std::mem::take(&mut self.throttled));
        }
        let metrics = &carrier.metrics;
        let counters = [
            (&metrics.sent, &mut self.sent),
            (&metrics.accepted, &mut self.accepted),
            (&metrics.receipts, &mut self.receipts),
            (&metrics.mo, &mut self.mo),
        ];
        for (counter, count) in counters {
            if *count > 0 {
                counter.increment(std::mem::take(count));
            }
        }
        for (refused, times) in self.refusals.drain() {
            record.note(wall, refused, times);
        }
        if self.unanswered > 0 {
            record.note(wall, What::Unanswered, std::mem::take(&mut self.unanswered));
        }
    }
}
