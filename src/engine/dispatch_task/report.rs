//! What a dispatcher says of what waits.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::time::Duration;

use super::DispatchTask;
use crate::clock::Now;
use crate::engine::world::SlowedNumbers;
use crate::mt::egress::SlowedNumber;

/// How often it is said how old what waits is, for which each account's queue is looked at, and how
/// fast each bind may go.
const AGES_EVERY: Duration = Duration::from_secs(1);

/// Numbers that the carrier has slowed that are shown: those for which the most waits.
const SLOWED_SHOWN: usize = 16;

impl DispatchTask {
    /// Says how much waits, and from time to time since when.
    pub(super) fn report(&mut self, now: Now, cx: &mut Context<'_>) {
        let metrics = &self.carrier.metrics;
        metrics.waiting.set(self.dispatcher.waiting() as f64);
        metrics.for_numbers.set(self.dispatcher.waiting_for_numbers() as f64);
        let by_class = self.dispatcher.waiting_by_class();
        for (gauge, waiting) in metrics.queue.iter().zip(by_class) {
            gauge.set(waiting as f64);
        }
        if self.ages_at.is_some_and(|at| now.monotonic < at) {
            return;
        }
        let is_paced = self.dispatcher.is_paced();
        let waits = by_class != [0; 3] || is_paced;
        if self.ages_at.is_none() && !waits {
            return;
        }
        self.carrier.is_paced.store(is_paced, Ordering::Relaxed);
        for (gauge, since) in metrics.queue_oldest.iter().zip(self.dispatcher.oldest_by_class()) {
            let age = since.map_or(Duration::ZERO, |since| now.wall.saturating_sub(since));
            gauge.set(age.as_secs_f64());
        }
        // Those that no session is to be on any more as well: theirs is none.
        let records = self.carrier.records.load();
        let paces = self.paces.iter().zip(self.dispatcher.paces());
        for ((gauge, pace), record) in paces.zip(records.iter()) {
            gauge.set(pace.unwrap_or(0.0));
            // One below a segment a second is a pace all the same.
            let pace = pace.map_or(0, |pace| pace.ceil() as u32);
            record.pace.store(pace, Ordering::Relaxed);
        }
        self.report_slowed(now.monotonic);
        self.ages_at = waits.then_some(now.monotonic + AGES_EVERY);
        if let Some(at) = self.ages_at {
            self.ages.as_mut().reset(self.shared.clock.instant(at));
            if self.ages.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
    }

    /// Says which numbers the carrier has slowed.
    fn report_slowed(&mut self, now: Duration) {
        let carrier = &self.carrier;
        let before = carrier.slowed.load();
        let mut worst: Vec<SlowedNumber> = self.dispatcher.slowed_numbers(now).collect();
        let count = worst.len();
        if count == 0 && before.count == 0 {
            return;
        }
        worst.sort_by(|one, other| {
            other.waiting.cmp(&one.waiting).then(one.pace.total_cmp(&other.pace))
        });
        worst.truncate(SLOWED_SHOWN);
        carrier.metrics.numbers_slowed.set(count as f64);
        carrier.slowed.store(Arc::new(SlowedNumbers { count, worst }));
    }
}
