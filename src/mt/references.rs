//! A handset to the reference of its next long message: none that it was sent a moment ago.
//!
//! A handset puts segments together by sender, reference and count, so two long messages with one
//! reference, close behind each other, become one text of both. Those we cut ourselves and those an
//! account cut before us go to the same handset and are told apart by nothing else; both are noted.
//!
//! ```text
//!   hash(last digits of the number) -> slot: the low octets of the last 8 references, newest first
//! ```
//!
//! The table has a fixed size and forgets nothing on time: handsets that share a slot only avoid a
//! few references more. Deliberately absent: a memory beyond the process. Where it begins is random
//! instead, so that an earlier process is hit by no more than chance.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::receipts::tail;

/// Handsets told apart; 32 KiB.
const SLOTS: usize = 4096;
/// References remembered of each.
const RECENT: usize = 8;

/// The references given out lately.
#[derive(Debug)]
pub struct References {
    /// Low octets, the newest first; 0 is none, for we give out no reference of low octet 0.
    slots: Box<[[u8; RECENT]]>,
    next_low: u8,
    high: u8,
}

impl References {
    /// None so far. `seed` says where to begin: another one in each process.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let [low, high, ..] = seed.to_le_bytes();
        Self { slots: vec![[0; RECENT]; SLOTS].into(), next_low: low, high }
    }

    /// A reference for a message to this handset, from 1 to `max`. Its low octet is not 0, and none
    /// of the handset's last ones as far as `max` allows. The high octet counts on, so that
    /// references of 16 bits come again only after some ten thousand.
    pub fn take(&mut self, destination: &[u8], max: u16) -> u16 {
        let low_max = u8::try_from(max).unwrap_or(u8::MAX).max(1);
        let Some(slot) = slot_of(&mut self.slots, destination) else { return 1 };
        let mut low = self.next_low % low_max + 1;
        for _ in 1..low_max {
            if !slot.contains(&low) {
                break;
            }
            low = low % low_max + 1;
        }
        if slot.contains(&low) {
            // A carrier that takes fewer than we remember: the one longest ago.
            low = slot.iter().rev().copied().find(|one| (1..=low_max).contains(one)).unwrap_or(low);
        }
        note(slot, low);
        self.next_low = low;
        if max <= 0xff {
            return u16::from(low);
        }
        self.high = self.high.wrapping_add(1);
        let [high_max, _] = max.to_be_bytes();
        let high = if high_max == u8::MAX { self.high } else { self.high % (high_max + 1) };
        let reference = u16::from_be_bytes([high, low]);
        if reference <= max { reference } else { u16::from(low) }
    }

    /// Notes that an account gave a message to this handset a reference of its own.
    pub fn note(&mut self, destination: &[u8], reference: u16) {
        let [_, low] = reference.to_be_bytes();
        if low != 0
            && let Some(slot) = slot_of(&mut self.slots, destination)
        {
            note(slot, low);
        }
    }
}

/// The slot of a handset, told by the digits that every way of writing its number shares.
fn slot_of<'a>(slots: &'a mut [[u8; RECENT]], destination: &[u8]) -> Option<&'a mut [u8; RECENT]> {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(tail(destination));
    // The low bits have chosen the shard already.
    slots.get_mut((hasher.finish() >> 32) as usize % SLOTS)
}

/// Puts a low octet in front; each segment of a message brings the same one again.
fn note(slot: &mut [u8; RECENT], low: u8) {
    let end = slot.iter().position(|&one| one == low).unwrap_or(RECENT - 1);
    if let Some(to_front) = slot.get_mut(..=end) {
        to_front.rotate_right(1);
    }
    if let Some(first) = slot.first_mut() {
        *first = low;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const HANDSET: &[u8] = b"33612345678";

    #[test]
    fn no_two_of_the_last_nine_to_a_handset_share_their_low_octet() {
        let mut references = References::new(0xfe_fe);
        let mut taken: Vec<u8> = Vec::new();
        for round in 0..5000_u32 {
            // Others take references in between, as many as happen to.
            for other in 0..round % 300 {
                references.take(format!("447700{other:06}").as_bytes(), u16::MAX);
            }
            taken.push(references.take(HANDSET, u16::MAX) as u8);
        }
        assert!(taken.iter().all(|&low| low != 0));
        for recent in taken.windows(RECENT + 1) {
            assert_eq!(recent.iter().collect::<HashSet<_>>().len(), RECENT + 1, "{recent:?}");
        }
    }

    #[test]
    fn what_an_account_gave_a_handset_is_not_given_again() {
        for own in 0..=0x1ff_u16 {
            // One that the next would have been.
            let mut references = References::new(u64::from(own).wrapping_sub(1));
            for _segment in 0..3 {
                references.note(b"+33612345678", own);
            }
            for _ in 0..RECENT {
                assert_ne!(references.take(HANDSET, u16::MAX) as u8, own as u8);
            }
        }
    }

    #[test]
    fn segments_of_one_message_take_one_place() {
        let mut references = References::new(6);
        references.note(HANDSET, 7);
        for _segment in 0..20 {
            references.note(HANDSET, 9);
        }
        assert_eq!(references.take(HANDSET, 255), 8);
        let next = references.take(HANDSET, 255);
        assert_eq!(next, 10, "neither 7 nor 9 is forgotten");
    }

    #[test]
    fn references_stay_within_what_the_carrier_takes() {
        for max in [1, 2, 7, 8, 9, 100, 254, 255, 256, 257, 300, 511, 1000, 65_279, 65_535_u16] {
            let mut references = References::new(u64::from(max) * 77);
            let taken: Vec<u16> = (0..70_000).map(|_| references.take(HANDSET, max)).collect();
            assert!(taken.iter().all(|&one| one >= 1 && one <= max && one & 0xff != 0), "{max}");
            let apart = usize::from(max.min(9));
            for recent in taken.windows(apart) {
                assert_eq!(recent.iter().collect::<HashSet<_>>().len(), apart, "{max} {recent:?}");
            }
            let different = taken.iter().collect::<HashSet<_>>().len();
            // Sixteen bits are used, but for those whose low octet is 0.
            let most = usize::from(max) - usize::from(max / 256);
            assert!(different * 2 > most.min(255), "{max}: {different}");
        }
    }

    #[test]
    fn references_of_16_bits_come_again_late() {
        let mut references = References::new(1);
        let taken: HashSet<u16> = (0..60_000).map(|_| references.take(HANDSET, u16::MAX)).collect();
        assert!(taken.len() > 50_000, "{}", taken.len());
    }

    #[test]
    fn processes_begin_elsewhere() {
        let first = |seed| References::new(seed).take(HANDSET, 255);
        assert!((0..255).map(first).collect::<HashSet<_>>().len() == 255);
    }
}
