//! Messages that ended lately, so that a receipt that comes again is known for what it is.

use std::ops::Range;

/// How many are remembered, at most: 512 KiB a shard, seconds at full load and hours at leisure. A
/// carrier that heard no answer repeats a receipt within minutes.
pub const PLACES: usize = 1 << 16;
/// How many are entered at a time: each place is far from the last, and memory brings many in the
/// time it takes for one.
const TOGETHER: usize = 64;

/// A memory of fixed size: a newer message takes an older one's place.
#[derive(Debug, Default)]
pub struct Ended {
    /// Empty until the first message ends.
    places: Vec<u64>,
    /// Those that are not entered yet.
    fresh: Vec<u64>,
}

impl Ended {
    /// A message of this key, to the handset whose number ends so, has ended.
    pub fn remember(&mut self, key: u64, number: &[u8]) {
        self.fresh.push(print(key, number));
        if self.fresh.len() >= TOGETHER {
            self.enter();
        }
    }

    /// A message that ended in an earlier process, by its [`print`].
    pub fn restore(&mut self, print: u64) {
        self.fresh.push(print);
        if self.fresh.len() >= TOGETHER {
            self.enter();
        }
    }

    /// Whether it has.
    pub fn knows(&mut self, key: u64, number: &[u8]) -> bool {
        self.enter();
        let print = print(key, number);
        self.places.get(print as usize % PLACES) == Some(&print)
    }

    /// How many places there are to look at for [`Ended::prints`].
    pub fn places(&self) -> usize {
        self.places.len() + self.fresh.len()
    }

    /// The [`print`]s at these places.
    pub fn prints(&self, at: Range<usize>) -> impl Iterator<Item = u64> + use<'_> {
        let all = self.places.iter().chain(&self.fresh).skip(at.start).take(at.len());
        all.copied().filter(|print| *print != 0)
    }

    fn enter(&mut self) {
        if self.places.is_empty() && !self.fresh.is_empty() {
            self.places = vec![0; PLACES];
        }
        for print in self.fresh.drain(..) {
            if let Some(place) = self.places.get_mut(print as usize % PLACES) {
                *place = print;
            }
        }
    }
}

/// What stands for a message of this key to such a handset; never zero, which is an empty place.
pub fn print(key: u64, number: &[u8]) -> u64 {
    let number = number.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
    (key ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}
