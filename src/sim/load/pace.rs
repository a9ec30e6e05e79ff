//! A rate to moments: when each message of a run should be submitted.
//!
//! Messages are due in small bursts on a grid of [`GRID`], because a thread cannot sleep much
//! more finely. The plan does not depend on what happens: a message that goes out late, since the
//! window was full, has its latency counted from when it should have gone.

use std::time::Duration;

/// The grid that messages are due on.
pub const GRID: Duration = Duration::from_micros(250);
const GRID_NANOS: u64 = GRID.as_nanos() as u64;

/// When messages are due: the first one at `start`, `rate` a second from then on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Nanoseconds on the monotonic clock, a multiple of the grid.
    start: u64,
    /// Nanoseconds between two messages.
    interval: f64,
}

impl Pace {
    /// A plan that starts at the first moment of the grid after `now`.
    #[must_use]
    pub fn new(rate: f64, now: Duration) -> Self {
        let start = nanos(now).div_ceil(GRID_NANOS) * GRID_NANOS;
        Self { start, interval: 1e9 / rate }
    }

    /// When a message is due: nanoseconds on the monotonic clock.
    #[inline]
    #[must_use]
    pub fn due(&self, number: u64) -> u64 {
        let exact = (number as f64 * self.interval) as u64;
        self.start + exact.div_ceil(GRID_NANOS) * GRID_NANOS
    }

    /// How many messages are due by `now`.
    #[must_use]
    pub fn due_by(&self, now: Duration) -> u64 {
        let Some(elapsed) = nanos(now).checked_sub(self.start) else { return 0 };
        let on_grid = elapsed / GRID_NANOS * GRID_NANOS;
        let mut due = (on_grid as f64 / self.interval) as u64 + 1;
        // The division rounds; the plan itself has the last word.
        while self.due(due) <= nanos(now) {
            due += 1;
        }
        while due > 0 && self.due(due - 1) > nanos(now) {
            due -= 1;
        }
        due
    }
}

/// How long to sleep at `now` until the moment `due` (both in nanoseconds on the monotonic clock),
/// but at least to the next moment of the grid.
#[must_use]
pub fn sleep_until(due: u64, now: u64) -> Duration {
    let next = (now / GRID_NANOS + 1) * GRID_NANOS;
    Duration::from_nanos(due.max(next) - now)
}

/// A moment or period in nanoseconds.
#[inline]
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_is_due_exactly_when_it_is_counted(
            rate in 0.1_f64..5_000_000.0, number in 0_u64..1_000_000, start in 0_u64..1 << 40,
        ) {
            let pace = Pace::new(rate, Duration::from_nanos(start));
            let due = pace.due(number);
            prop_assert!(pace.due_by(Duration::from_nanos(due)) > number);
            prop_assert!(due == 0 || pace.due_by(Duration::from_nanos(due - 1)) <= number);
        }

        #[test]
        fn the_rate_is_kept(rate in 1.0_f64..1_000_000.0, seconds in 1_u64..100) {
            let pace = Pace::new(rate, Duration::ZERO);
            let due = pace.due_by(Duration::from_secs(seconds)) as f64;
            prop_assert!((due - rate * seconds as f64).abs() <= rate * 0.00026 + 1.0);
        }
    }

    #[test]
    fn a_sleep_ends_when_something_is_due_and_no_sooner_than_the_grid_allows() {
        assert_eq!(sleep_until(3 * GRID_NANOS, 10), Duration::from_nanos(3 * GRID_NANOS - 10));
        assert_eq!(sleep_until(5, 10), Duration::from_nanos(GRID_NANOS - 10));
        assert_eq!(sleep_until(0, GRID_NANOS), GRID);
    }
}
