//! How long to wait before the next attempt to reach a peer.

use std::time::Duration;

/// A wait that doubles with each failure up to a limit, with jitter, so that the binds of a
/// carrier that came down together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// A back-off between `min` and `max`; `seed` sets its jitter apart from others'.
    #[must_use]
    pub fn new(min: Duration, max: Duration, seed: u64) -> Self {
        Self { min, max: max.max(min), failures: 0, random: seed | 1 }
    }

    /// The wait after one more failure: between half and all of `min` doubled per failure.
    pub fn next_wait(&mut self) -> Duration {
        let doubled = self.min.saturating_mul(1_u32 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.jittered(doubled.min(self.max))
    }

    /// The wait after a refusal that a quick retry would only repeat (ESME_RALYBND: the SMSC has
    /// not noticed yet that the old session is dead; bad credentials): at least `floor`.
    pub fn next_wait_at_least(&mut self, floor: Duration) -> Duration {
        self.next_wait().max(self.jittered(floor.saturating_mul(2)))
    }

    /// A bind stood: the next failure is the first again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn jittered(&mut self, wait: Duration) -> Duration {
        // xorshift64: the jitter needs to differ, not to be unguessable.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let half = wait / 2;
        let share = (self.random % 1024) as u32;
        half + half * share / 1023
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_again_after_a_success() {
        let (min, max) = (Duration::from_millis(100), Duration::from_secs(10));
        let mut backoff = Backoff::new(min, max, 7);
        let waits: Vec<Duration> = (0..12).map(|_| backoff.next_wait()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = (min * (1 << n.min(16))).min(max);
            assert!(*wait >= full / 2 && *wait <= full, "wait {n}: {wait:?}");
        }
        backoff.succeeded();
        assert!(backoff.next_wait() <= min);
    }

    #[test]
    fn two_links_do_not_wait_in_step() {
        let mut one = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), 1);
        let mut two = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), 2);
        assert!((0..5).any(|_| one.next_wait() != two.next_wait()));
    }
}
