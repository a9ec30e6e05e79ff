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
        Self { min, max: max.max(min), failures: 0, random: scattered(seed) }
    }

    /// The wait after one more failure: between half and all of `min` doubled per failure, and
    /// never below `min`, which the peer may insist on (quirk 48). What cannot lie between the two
    /// lies within half of `min` above it.
    pub fn next_wait(&mut self) -> Duration {
        let doubled = self.min.saturating_mul(1_u32 << self.failures.min(16)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let most = doubled.max(self.min.saturating_add(self.min / 2));
        self.between(self.min.max(most / 2), most)
    }

    /// The wait after a refusal that a quick retry would only repeat (ESME_RALYBND: the SMSC has
    /// not noticed yet that the old session is dead; bad credentials): at least `floor`.
    pub fn next_wait_at_least(&mut self, floor: Duration) -> Duration {
        self.next_wait().max(self.between(floor, floor.saturating_mul(2)))
    }

    /// A bind stood: the next failure is the first again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        // xorshift64: the jitter needs to differ, not to be unguessable.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let share = (self.random % 1024) as u32;
        least.saturating_add(most.saturating_sub(least) / 1023 * share)
    }
}

/// Seeds are often 0, 1, 2 ...; what comes of them has no two alike and is never zero, which
/// xorshift could not leave (the finisher of splitmix64 maps only zero to zero).
fn scattered(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).max(1)
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
            let full = (min * (1 << n.min(16))).min(max).max(min * 3 / 2);
            assert!(*wait >= full / 2 && *wait <= full, "wait {n}: {wait:?}");
        }
        backoff.succeeded();
        assert!(backoff.next_wait() <= min * 3 / 2);
    }

    /// A carrier that wants thirty seconds between binds (quirk 48) gets them.
    #[test]
    fn no_wait_is_below_the_least_one() {
        for (least, most) in [(30, 60), (30, 30), (5, 60), (3_600, 3_600)] {
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
            for seed in 0..100 {
                let mut backoff = Backoff::new(least, most, seed);
                for n in 0..20 {
                    let wait = backoff.next_wait();
                    assert!(wait >= least && wait <= most.max(least * 3 / 2), "{n}: {wait:?}");
                }
            }
        }
    }

    #[test]
    fn two_links_do_not_wait_in_step() {
        let firsts: Vec<Duration> = (0..100)
            .map(|seed| Backoff::new(Duration::from_secs(1), Duration::from_secs(60), seed))
            .map(|mut backoff| backoff.next_wait())
            .collect();
        let apart: std::collections::HashSet<&Duration> = firsts.iter().collect();
        assert!(apart.len() > 80, "{} of 100 first waits differ", apart.len());
    }

    #[test]
    fn a_refusal_that_a_retry_would_repeat_is_waited_out_at_least_so_long() {
        let floor = Duration::from_secs(30);
        for seed in 0..100 {
            let mut backoff =
                Backoff::new(Duration::from_millis(100), Duration::from_secs(10), seed);
            assert!(backoff.next_wait_at_least(floor) >= floor);
        }
    }
}
