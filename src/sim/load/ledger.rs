//! Ids of accepted messages to the messages, so that receipts find them.
//!
//! An id is kept as a 64-bit hash of its octets: it may have any length and alphabet, and among
//! ten million ids two share a hash once in 400,000 runs. What has its receipt is remembered for a
//! while, so that a second one can be told from one that belongs to nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use foldhash::fast::FixedState;

use crate::message::state::MessageState;

/// Messages remembered beyond their receipt, counted by submission.
const REMEMBERED: u64 = 1 << 18;
/// Receipts kept that came before their response, or belong to nothing.
pub const PARKED_MAX: usize = 1 << 16;

/// A message that was accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Its number in the run.
    pub number: u64,
    /// When it was, or should have been, submitted: nanoseconds on the monotonic clock.
    pub since: u64,
}

/// A receipt whose message is not known, or not yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parked {
    /// The state it tells.
    pub state: MessageState,
    /// When it came: nanoseconds on the monotonic clock.
    pub at: u64,
    /// The message's number, when the receipt quotes its text.
    pub number: Option<u64>,
    /// How many came.
    pub times: u64,
}

/// What a receipt is to the ledger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Match {
    /// The first final one of this message.
    First(Accepted),
    /// Another one of a message that had its own.
    Again,
    /// Of no message that is known (yet).
    None,
}

/// Which ids were given to which messages.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: HashMap<u64, Entry, BuildHasherDefault<AsItIs>>,
    parked: HashMap<u64, Parked, BuildHasherDefault<AsItIs>>,
    hash: FixedState,
    /// Accepted messages without a receipt.
    awaiting: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    accepted: Accepted,
    settled: bool,
}

impl Ledger {
    /// A message was given this id. Gives back the receipt that came before.
    #[inline]
    pub fn accept(&mut self, id: &[u8], accepted: Accepted) -> Option<Parked> {
        let key = self.key(id);
        let early = if self.parked.is_empty() { None } else { self.parked.remove(&key) };
        self.awaiting += usize::from(early.is_none());
        let entry = Entry { accepted, settled: early.is_some() };
        if let Some(other) = self.entries.insert(key, entry)
            && !other.settled
        {
            // An SMSC that gives one id to two messages owes two receipts all the same; the first
            // message can no longer be told, but one is missing.
            self.awaiting -= usize::from(early.is_none());
        }
        if self.entries.len() > self.awaiting + 2 * REMEMBERED as usize {
            self.forget(accepted.number);
        }
        early
    }

    /// A final receipt for this id came.
    #[inline]
    pub fn settle(&mut self, id: &[u8]) -> Match {
        let key = self.key(id);
        let Some(entry) = self.entries.get_mut(&key) else { return Match::None };
        if std::mem::replace(&mut entry.settled, true) {
            return Match::Again;
        }
        self.awaiting -= 1;
        Match::First(entry.accepted)
    }

    /// Keeps a receipt that matches nothing until its response comes; `false` when too many wait.
    pub fn park(&mut self, id: &[u8], receipt: Parked) -> bool {
        let key = self.key(id);
        let room = self.parked.len() < PARKED_MAX;
        match self.parked.get_mut(&key) {
            Some(known) => known.times += 1,
            None if room => {
                self.parked.insert(key, receipt);
            }
            None => return false,
        }
        true
    }

    /// Accepted messages that have no receipt.
    #[must_use]
    pub fn awaiting(&self) -> usize {
        self.awaiting
    }

    /// The numbers of some messages that have no receipt, the first ones first.
    #[must_use]
    pub fn without_receipt(&self, some: usize) -> Vec<u64> {
        let waiting = self.entries.values().filter(|entry| !entry.settled);
        let mut numbers: Vec<u64> = waiting.map(|entry| entry.accepted.number).collect();
        numbers.sort_unstable();
        numbers.truncate(some);
        numbers
    }

    /// Receipts that match nothing.
    pub fn parked(&self) -> impl Iterator<Item = &Parked> {
        self.parked.values()
    }

    #[inline]
    fn key(&self, id: &[u8]) -> u64 {
        self.hash.hash_one(id)
    }

    #[cold]
    fn forget(&mut self, latest: u64) {
        let oldest = latest.saturating_sub(REMEMBERED);
        self.entries.retain(|_, entry| !entry.settled || entry.accepted.number >= oldest);
    }
}

/// The hash of a key that is a hash already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        // Keys are u64; this is here because the trait asks for it.
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    #[inline]
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Accepted {
        Accepted { number, since: number * 1000 }
    }

    const RECEIPT: Parked =
        Parked { state: MessageState::DELIVERED, at: 5, number: None, times: 1 };

    #[test]
    fn a_receipt_finds_its_message_once() {
        let mut ledger = Ledger::default();
        for number in 0..1000_u64 {
            assert_eq!(ledger.accept(number.to_string().as_bytes(), message(number)), None);
        }
        assert_eq!(ledger.settle(b"77"), Match::First(message(77)));
        assert_eq!(ledger.settle(b"77"), Match::Again);
        assert_eq!(ledger.settle(b"077"), Match::None, "another text is another id");
        assert_eq!((ledger.awaiting(), ledger.without_receipt(2)), (999, vec![0, 1]));
    }

    #[test]
    fn a_receipt_before_its_response_waits_for_it() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.settle(b"1"), Match::None);
        assert!(ledger.park(b"1", RECEIPT) && ledger.park(b"1", RECEIPT));
        let early = ledger.accept(b"1", message(1)).unwrap();
        assert_eq!((early.state, early.times), (MessageState::DELIVERED, 2));
        assert_eq!((ledger.awaiting(), ledger.parked().count()), (0, 0));
        assert_eq!(ledger.settle(b"1"), Match::Again);
    }

    #[test]
    fn what_waits_is_never_forgotten_and_memory_stays_bounded() {
        let mut ledger = Ledger::default();
        let _ = ledger.accept(b"stuck", message(0));
        for number in 1..3 * REMEMBERED {
            let id = number.to_be_bytes();
            let _ = ledger.accept(&id, message(number));
            assert!(matches!(ledger.settle(&id), Match::First(_)));
            assert!(ledger.entries.len() <= 2 * REMEMBERED as usize + 2);
        }
        assert_eq!(ledger.settle(b"stuck"), Match::First(message(0)));
        let recent = (2 * REMEMBERED).to_be_bytes();
        assert_eq!(ledger.settle(&recent), Match::Again);
        for id in 0..2 * PARKED_MAX as u64 {
            ledger.park(&(id | 1 << 60).to_be_bytes(), RECEIPT);
        }
        assert_eq!(ledger.parked().count(), PARKED_MAX);
    }
}
