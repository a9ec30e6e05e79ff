//! Our own pace: how many segments a second may pass.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// A rate that several links share without a lock.
///
/// The generic cell rate algorithm: one number holds the moment at which the next segment would be
/// exactly on time. A burst of a tenth of a second's worth (at least one window of ten) may come at
/// once; over any longer time the rate holds.
#[derive(Debug)]
pub struct Rate {
    /// Nanoseconds each segment takes; 0 is no limit.
    interval: AtomicU64,
    due: AtomicU64,
    /// Segments that may come at once, at least.
    burst_min: u64,
}

/// Segments of a peer that may come at once: one window.
const BURST_OF_PEERS: u64 = 10;

impl Rate {
    /// So many segments a second; 0 is no limit.
    #[must_use]
    pub fn per_second(segments: u32) -> Self {
        Self::new(interval(segments), BURST_OF_PEERS)
    }

    /// So many millionths of a segment a second, evenly: no more than a tenth of a second's worth
    /// at once. 0 is no limit.
    #[must_use]
    pub fn even(millionths: u64) -> Self {
        Self::new(interval_of(millionths), 0)
    }

    fn new(interval: u64, burst_min: u64) -> Self {
        Self { interval: AtomicU64::new(interval), due: AtomicU64::new(0), burst_min }
    }

    /// So many millionths of a segment a second from now on; the same again changes nothing.
    pub fn set_millionths(&self, now: Duration, millionths: u64) {
        self.set_interval(now, interval_of(millionths));
    }

    fn set_interval(&self, now: Duration, interval: u64) {
        if self.interval.swap(interval, Ordering::Relaxed) == interval {
            return;
        }
        let burst = self.burst(interval);
        self.due.fetch_min(nanos(now).saturating_add(burst), Ordering::Relaxed);
    }

    /// Nanoseconds each segment takes; 0 is no limit. Another one says that the rate was changed.
    #[must_use]
    pub fn interval(&self) -> u64 {
        self.interval.load(Ordering::Relaxed)
    }

    fn burst(&self, interval: u64) -> u64 {
        (SECOND / 10).max(interval.saturating_mul(self.burst_min))
    }

    /// So many a second from now on, whatever was owed to the rate before beyond a burst of this
    /// one.
    pub fn set_per_second(&self, now: Duration, segments: u32) {
        self.set_interval(now, interval(segments));
    }

    /// Takes room for `segments` now, or nothing.
    ///
    /// # Errors
    /// How long it is until there would be room.
    pub fn take(&self, now: Duration, segments: u32) -> Result<(), Duration> {
        let interval = self.interval.load(Ordering::Relaxed);
        if interval == 0 {
            return Ok(());
        }
        let burst = self.burst(interval);
        let now = nanos(now);
        let cost = interval.saturating_mul(u64::from(segments));
        let mut due = self.due.load(Ordering::Relaxed);
        loop {
            let start = due.max(now);
            let ahead = start - now;
            if ahead > burst {
                return Err(Duration::from_nanos(ahead - burst));
            }
            let next = start.saturating_add(cost);
            match self.due.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => due = changed,
            }
        }
    }

    /// Takes room for `segments` whenever that is: from then on they may pass. Who comes next
    /// waits behind them, so all that share the rate have their turns.
    pub fn reserve(&self, now: Duration, segments: u32) -> Duration {
        let interval = self.interval.load(Ordering::Relaxed);
        if interval == 0 {
            return now;
        }
        let (moment, burst) = (nanos(now), self.burst(interval));
        let cost = interval.saturating_mul(u64::from(segments));
        let more = |due: u64| Some(due.max(moment).saturating_add(cost));
        let due = self.due.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        let ahead = due.unwrap_or(moment).saturating_sub(moment);
        now + Duration::from_nanos(ahead.saturating_sub(burst))
    }

    /// Takes room for `segments` that cannot be refused any more; who comes next waits for them.
    pub fn owe(&self, now: Duration, segments: u32) {
        self.reserve(now, segments);
    }
}

fn interval(segments: u32) -> u64 {
    interval_of(u64::from(segments) * 1_000_000)
}

fn interval_of(millionths: u64) -> u64 {
    SECOND.saturating_mul(1_000_000).checked_div(millionths).unwrap_or(0)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(rate: &Rate, seconds: u64, segments: u32) -> u32 {
        let mut passed = 0;
        for millis in 0..seconds * 1000 {
            for _ in 0..100 {
                if rate.take(Duration::from_millis(millis), segments).is_ok() {
                    passed += segments;
                }
            }
        }
        passed
    }

    #[test]
    fn over_time_the_rate_holds_to_the_segment() {
        for per_second in [1, 7, 100, 2500] {
            let count = passed(&Rate::per_second(per_second), 20, 1);
            let burst = (per_second / 10).max(10) + 1;
            assert!(count >= per_second * 20 && count <= per_second * 20 + burst, "{count}");
        }
    }

    #[test]
    fn a_message_of_three_segments_counts_three() {
        let count = passed(&Rate::per_second(300), 10, 3);
        assert!((3000..=3036).contains(&count), "{count}");
    }

    #[test]
    fn room_that_is_reserved_comes_evenly_and_in_turns() {
        // One in ten seconds.
        let rate = Rate::even(100_000);
        let now = Duration::from_secs(5);
        let moments: Vec<u64> = (0..4).map(|_| rate.reserve(now, 1).as_millis() as u64).collect();
        assert_eq!(moments, [5_000, 14_900, 24_900, 34_900]);
        assert_eq!(rate.reserve(now, 3).as_millis(), 44_900);
        assert_eq!(rate.reserve(now, 1).as_millis(), 74_900);
        rate.set_millionths(now, 0);
        assert_eq!(rate.reserve(now, 1), now);
    }

    #[test]
    fn a_refusal_says_when_there_is_room() {
        let rate = Rate::per_second(1);
        let mut wait = Ok(());
        for _ in 0..20 {
            wait = rate.take(Duration::from_secs(5), 1);
        }
        let wait = wait.unwrap_err();
        assert!(rate.take(Duration::from_secs(5) + wait, 1).is_ok());
    }

    #[test]
    fn another_rate_holds_from_the_next_segment_on() {
        let rate = Rate::per_second(1);
        let passed_in = |seconds: std::ops::Range<u64>| {
            let millis = seconds.start * 1000..seconds.end * 1000;
            millis.filter(|millis| rate.take(Duration::from_millis(*millis), 1).is_ok()).count()
        };
        let now = Duration::from_secs;
        let slow = passed_in(0..10);
        assert!((10..=21).contains(&slow), "{slow}");
        rate.set_per_second(now(10), 100);
        let fast = passed_in(10..20);
        assert!((985..=1011).contains(&fast), "{fast}");
        rate.set_per_second(now(20), 0);
        assert_eq!(passed_in(20..30), 10_000);
        rate.set_per_second(now(30), 1);
        let slow = passed_in(30..40);
        assert!((10..=21).contains(&slow), "{slow}");
    }

    #[test]
    fn the_same_rate_again_forgives_nothing() {
        let rate = Rate::even(100_000);
        let now = Duration::from_secs(5);
        (0..3).for_each(|_| _ = rate.reserve(now, 1));
        rate.set_millionths(now, 100_000);
        assert_eq!(rate.reserve(now, 1).as_millis(), 34_900);
    }

    #[test]
    fn what_is_owed_is_paid_before_anything_more_passes() {
        let rate = Rate::per_second(10);
        let at = |seconds| Duration::from_secs(seconds);
        rate.owe(at(5), 50);
        assert!(rate.take(at(5), 0).is_err() && rate.take(at(8), 1).is_err());
        assert!(rate.take(at(9), 1).is_ok(), "ten may come at once");
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rate = Rate::per_second(0);
        assert!((0..1_000_000).all(|_| rate.take(Duration::ZERO, 255).is_ok()));
    }
}
