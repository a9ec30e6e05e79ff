//! A bind that has just come up gets its window little by little: an SMSC that was down is not to
//! have all that waits for it at once.

use std::time::Duration;

/// What a bind has of its window so far: a share that grows evenly.
#[derive(Clone, Debug)]
pub struct Ramp {
    since: Duration,
    takes: Duration,
    window: u32,
    given: u32,
}

impl Ramp {
    /// Begins now, for a window that is whole after so long; with it, what the bind has at once.
    /// `None` where there is nothing to wait for.
    pub fn begin(now: Duration, takes: Duration, window: u32) -> Option<(Self, u32)> {
        let is_one = !takes.is_zero() && window > 1;
        is_one.then_some((Self { since: now, takes, window, given: 1 }, 1))
    }

    /// What more it may have by now.
    pub fn take(&mut self, now: Duration) -> u32 {
        let passed = now.saturating_sub(self.since);
        let share = passed.as_nanos() * u128::from(self.window) / self.takes.as_nanos().max(1);
        let allowed = u32::try_from(share).unwrap_or(u32::MAX).min(self.window);
        let more = allowed.saturating_sub(self.given);
        self.given += more;
        more
    }

    /// Whether it has all of it.
    pub fn is_over(&self) -> bool {
        self.given >= self.window
    }

    /// When it may have one more.
    pub fn next(&self) -> Duration {
        // A nanosecond later than that, as the share is rounded down.
        let passed = self.takes.as_nanos() * u128::from(self.given + 1) / u128::from(self.window);
        self.since + Duration::from_nanos(u64::try_from(passed + 1).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_grows_evenly_from_one_to_all_of_it() {
        let begin = Duration::from_secs(100);
        let (mut ramp, mut given) = Ramp::begin(begin, Duration::from_secs(10), 100).unwrap();
        assert_eq!(given, 1);
        for ms in (0..=10_000).step_by(50) {
            given += ramp.take(begin + Duration::from_millis(ms));
            assert_eq!(given, (ms as u32 / 100).max(1));
            assert_eq!(ramp.is_over(), ms == 10_000);
        }
        assert_eq!(ramp.take(begin + Duration::from_secs(1000)), 0);
    }

    #[test]
    fn each_next_moment_brings_one_more() {
        for (takes, window) in [(10_000, 100), (1, 3), (7, 1000), (333, 7)] {
            let (mut ramp, mut given) =
                Ramp::begin(Duration::ZERO, Duration::from_millis(takes), window).unwrap();
            while !ramp.is_over() {
                let more = ramp.take(ramp.next());
                assert!(more > 0, "of {window} in {takes} ms at {given}");
                given += more;
            }
            assert_eq!(given, window);
        }
        assert!(Ramp::begin(Duration::ZERO, Duration::ZERO, 100).is_none());
    }
}
