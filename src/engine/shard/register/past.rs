//! Where messages stand that await their receipt and are not among the newest any more, by their
//! number.
//!
//! Numbers are a count. While receipts are late, most of a stretch of them wait, and their places
//! stand one behind the other: to enter one costs a write behind the last. Of a stretch of which
//! few are left, those few are kept in a map.

use std::collections::HashMap;

/// Numbers of a stretch.
const STRETCH: usize = 1024;
/// A stretch of which fewer wait is none: a place in it would cost more octets than in the map.
const DENSE: usize = STRETCH / 8;
/// No place.
const NONE: u32 = u32::MAX;

/// Places by number.
#[derive(Debug, Default)]
pub struct Past {
    stretches: HashMap<u64, Stretch, foldhash::fast::FixedState>,
    /// Those whose stretch is none.
    sparse: HashMap<u64, u32, foldhash::fast::FixedState>,
    /// The stretch that numbers are entered in now, in their order.
    newest: u64,
}

#[derive(Debug)]
struct Stretch {
    places: Box<[u32; STRETCH]>,
    left: usize,
}

impl Past {
    /// Enters the place of a number; the numbers come in their order.
    pub fn push(&mut self, number: u64, place: u32) {
        let (which, at) = split(number);
        if which != self.newest {
            self.thin(self.newest);
            self.newest = which;
        }
        let stretch = self
            .stretches
            .entry(which)
            .or_insert_with(|| Stretch { places: Box::new([NONE; STRETCH]), left: 0 });
        stretch.set(at, place);
    }

    /// Enters the place of a number that was passed before.
    pub fn enter(&mut self, number: u64, place: u32) {
        let (which, at) = split(number);
        match self.stretches.get_mut(&which) {
            Some(stretch) => {
                stretch.set(at, place);
            }
            None => {
                self.sparse.insert(number, place);
            }
        }
    }

    /// The place of a number.
    pub fn get(&self, number: u64) -> Option<u32> {
        let (which, at) = split(number);
        let stretch = self.stretches.get(&which);
        let dense = stretch.and_then(|stretch| stretch.places.get(at)).copied();
        // It may have been entered before there was a stretch.
        dense.filter(|place| *place != NONE).or_else(|| self.sparse.get(&number).copied())
    }

    /// Forgets a number.
    pub fn remove(&mut self, number: u64) {
        let (which, at) = split(number);
        let old = self.stretches.get_mut(&which).map_or(NONE, |stretch| stretch.set(at, NONE));
        if old == NONE {
            self.sparse.remove(&number);
        } else if which != self.newest {
            self.thin(which);
        }
    }

    /// A stretch of which few are left is given up.
    fn thin(&mut self, which: u64) {
        if self.stretches.get(&which).is_none_or(|stretch| stretch.left >= DENSE) {
            return;
        }
        let Some(stretch) = self.stretches.remove(&which) else { return };
        let first = which * STRETCH as u64;
        let numbered = (first..).zip(stretch.places.iter().copied());
        self.sparse.extend(numbered.filter(|(_, place)| *place != NONE));
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.stretches.values().map(|stretch| stretch.left).sum::<usize>() + self.sparse.len()
    }
}

impl Stretch {
    /// Gives what was there.
    fn set(&mut self, at: usize, place: u32) -> u32 {
        let Some(old) = self.places.get_mut(at) else { return NONE };
        let old = std::mem::replace(old, place);
        self.left += usize::from(place != NONE);
        self.left -= usize::from(old != NONE);
        old
    }
}

fn split(number: u64) -> (u64, usize) {
    (number / STRETCH as u64, (number % STRETCH as u64) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many numbers of a stretch wait.
    fn share() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), 1..20_u64, 900..1024_u64]
    }

    proptest! {
        /// Stretches of which all wait, few do, or none; most are forgotten again.
        #[test]
        fn places_are_found_until_they_are_forgotten_and_leave_nothing_behind(
            shares in prop::collection::vec(share(), 1..4),
            order in any::<u64>(),
            left in 0..200_usize,
        ) {
            let mut past = Past::default();
            let mut kept = HashMap::new();
            for (which, share) in (0_u64..).zip(shares) {
                for at in 0..STRETCH as u64 {
                    let number = which * STRETCH as u64 + at;
                    if at % 97 == order % 97 {
                        past.enter(number, number as u32);
                        kept.insert(number, number as u32);
                    } else if at * 7919 % (STRETCH as u64) < share {
                        past.push(number, number as u32);
                        kept.insert(number, number as u32);
                    }
                }
            }
            prop_assert_eq!(past.len(), kept.len());
            let mut numbers: Vec<u64> = kept.keys().copied().collect();
            numbers.sort_by_key(|number| (number ^ order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            for number in numbers.drain(left.min(kept.len())..) {
                past.remove(number);
                kept.remove(&number);
                // What is gone is gone, also for who asks twice.
                past.remove(number);
                prop_assert_eq!(past.get(number), None);
            }
            prop_assert_eq!(past.len(), kept.len());
            for (number, place) in kept {
                prop_assert_eq!(past.get(number), Some(place));
                past.remove(number);
            }
            prop_assert_eq!(past.len(), 0);
        }
    }

    #[test]
    fn a_stretch_of_which_few_wait_costs_little() {
        let mut past = Past::default();
        for number in (0..STRETCH as u64 * 100).step_by(STRETCH / 4) {
            past.push(number, 1);
        }
        assert!(past.stretches.len() <= 1, "{} stretches", past.stretches.len());
        assert_eq!(past.len(), 400);
    }
}
