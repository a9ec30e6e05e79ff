//! How many messages may be queued for one account or one carrier, all links and shards together.

use std::sync::atomic::{AtomicU32, Ordering};

/// Places that links take before a message is offered and shards give back when it has left the
/// queue.
#[derive(Debug)]
pub struct Quota {
    used: AtomicU32,
    max: AtomicU32,
}

impl Quota {
    /// So many places, all free.
    #[must_use]
    pub fn new(max: u32) -> Self {
        Self { used: AtomicU32::new(0), max: AtomicU32::new(max) }
    }

    /// So many places from now on. Where more are taken nobody loses one: there is none to take
    /// until enough were given back.
    pub fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Takes at most so many places; how many there were.
    #[must_use]
    pub fn take(&self, wanted: u32) -> u32 {
        let max = self.max.load(Ordering::Relaxed);
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let taken = wanted.min(max.saturating_sub(used));
            if taken == 0 {
                return 0;
            }
            let more = used + taken;
            match self.used.compare_exchange_weak(used, more, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return taken,
                Err(changed) => used = changed,
            }
        }
    }

    /// Takes so many places, whether they are there or not.
    pub fn force(&self, places: u32) {
        self.used.fetch_add(places, Ordering::AcqRel);
    }

    /// Gives places back.
    pub fn give(&self, places: u32) {
        self.used.fetch_sub(places, Ordering::AcqRel);
    }

    /// Whether there is no place.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.used() >= self.max.load(Ordering::Relaxed)
    }

    /// How many places are taken.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.used.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_places_are_taken_than_there_are_whoever_takes_them() {
        let quota = Quota::new(100);
        let taken: u32 = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1000).map(|_| quota.take(7)).sum::<u32>()))
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!((taken, quota.is_full()), (100, true));
        quota.give(1);
        assert_eq!((quota.take(9), quota.take(9)), (1, 0));
    }

    #[test]
    fn a_lower_limit_takes_no_place_from_anybody_and_a_higher_one_holds_at_once() {
        let quota = Quota::new(10);
        assert_eq!(quota.take(10), 10);
        quota.set_max(4);
        quota.give(6);
        assert_eq!((quota.used(), quota.take(1), quota.is_full()), (4, 0, true));
        quota.give(1);
        assert_eq!((quota.take(9), quota.is_full()), (1, true));
        quota.set_max(6);
        assert_eq!((quota.take(9), quota.is_full()), (2, true));
    }
}
