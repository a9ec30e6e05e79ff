//! Ids of accepted messages to the messages, so that receipts find them.
//!
//! ```text
//!   id "001b4d5e6f708192" -> number -> slots[number modulo their count]
//!   id "SAR-46-1eed"      -> hash  --^          a slot taken by another that waits: overflow
//! ```
//!
//! Ids are mostly counters in some notation, and receipts come roughly in the order of their
//! messages. Where an id can be read as a number its neighbours are neighbours in memory too, so
//! a run of millions touches its table in order and the processor fetches ahead; a hashed table of
//! the same size costs a trip to memory for each message and another for each receipt.
//!
//! A slot whose message has its receipt is kept until another message needs it, so that a second
//! receipt can be told from one that belongs to nothing.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::parked::{Parked, Says};
use crate::sim::digits::read_hex16;

/// Slots of a table that has just been made (8 MiB).
const SLOTS_FIRST: usize = 1 << 18;
/// Most slots (128 MiB).
const SLOTS_MAX: usize = 1 << 22;
/// Receipts kept that came before their response, or belong to nothing.
pub const PARKED_MAX: usize = 1 << 16;
/// Messages kept by number whose id was given to another one while they waited.
const OUSTED_MAX: usize = 16;

/// A message that was accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Its number in the run.
    pub number: u64,
    /// When it was, or should have been, submitted: nanoseconds on the monotonic clock.
    pub since: u64,
}

/// What a receipt is to the ledger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Match {
    /// The first of this message that tells an end.
    First(Accepted),
    /// Another one of a message that had its own.
    Again,
    /// Of a message that is known, and no end, or the end behind one that was none yet.
    Known,
    /// Of no message that is known (yet).
    None,
}

/// Which ids were given to which messages.
#[derive(Debug)]
pub struct Ledger {
    slots: Vec<Slot>,
    /// Slots the table begins with.
    slots_first: usize,
    /// Messages whose slot was taken by another one that waits.
    overflow: HashMap<Key, Slot, FixedState>,
    /// Set when ids proved to be numbers that differ in their upper digits only.
    scattered: bool,
    parked: HashMap<Key, Parked, FixedState>,
    hash: FixedState,
    /// Accepted messages without a receipt.
    awaiting: usize,
    /// Some of them that have no slot: another message was given their id.
    ousted: Vec<u64>,
}

/// An id: equal for equal texts only, but for hashes that agree (among ten million ids that are no
/// numbers, two do in one run of 400,000).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
struct Key {
    value: u64,
    form: Form,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
enum Form {
    #[default]
    Hashed,
    /// Sixteen hexadecimal digits in lower case.
    Hexadecimal,
    /// Up to nineteen decimal digits without a leading zero.
    Decimal,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Free,
    Awaiting,
    /// Ended, perhaps: see [`Says::Perhaps`].
    Told,
    Settled,
}

/// What a slot takes; the sizes above follow from it.
const _: () = assert!(size_of::<Slot>() == 32);

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    since: u64,
    number: u64,
    form: Form,
    stage: Stage,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::with_slots(SLOTS_FIRST)
    }
}

impl Ledger {
    fn with_slots(slots_first: usize) -> Self {
        Self {
            slots: Vec::new(),
            slots_first,
            overflow: HashMap::default(),
            scattered: false,
            parked: HashMap::default(),
            hash: FixedState::default(),
            awaiting: 0,
            ousted: Vec::new(),
        }
    }

    /// A message was given this id. Gives back the receipts that came before.
    #[inline]
    pub fn accept(&mut self, id: &[u8], accepted: Accepted) -> Option<Parked> {
        let key = self.key(id);
        let early = if self.parked.is_empty() { None } else { self.parked.remove(&key) };
        let stage = match early {
            Some(Parked { says: Says::End, .. }) => Stage::Settled,
            Some(Parked { says: Says::Perhaps, .. }) => Stage::Told,
            _ => Stage::Awaiting,
        };
        self.awaiting += usize::from(stage == Stage::Awaiting);
        self.enter(Slot {
            key: key.value,
            form: key.form,
            since: accepted.since,
            number: accepted.number,
            stage,
        });
        early
    }

    /// A receipt for this id came.
    #[inline]
    pub fn settle(&mut self, id: &[u8], says: Says) -> Match {
        let key = self.key(id);
        let place = self.place(key);
        let slot = match self.slots.get_mut(place) {
            Some(slot) if slot.is(key) => slot,
            _ => match self.overflow.get_mut(&key) {
                Some(slot) => slot,
                None => return Match::None,
            },
        };
        let before = slot.stage;
        slot.stage = match says {
            Says::Underway => return Match::Known,
            Says::Perhaps if before == Stage::Awaiting => Stage::Told,
            Says::Perhaps => return Match::Again,
            Says::End => Stage::Settled,
        };
        match before {
            Stage::Awaiting => {
                self.awaiting -= 1;
                Match::First(Accepted { number: slot.number, since: slot.since })
            }
            Stage::Told => Match::Known,
            Stage::Free | Stage::Settled => Match::Again,
        }
    }

    /// A receipt for this id told the end of a message that it quotes, whose answer never came:
    /// another one for the same id is a repetition.
    #[cold]
    pub fn named(&mut self, id: &[u8], number: u64, says: Says) {
        let stage = match says {
            Says::Underway => return,
            Says::Perhaps => Stage::Told,
            Says::End => Stage::Settled,
        };
        let key = self.key(id);
        self.enter(Slot { key: key.value, form: key.form, since: 0, number, stage });
    }

    /// Keeps a receipt that matches nothing until its response comes; `false` when too many wait.
    pub fn park(&mut self, id: &[u8], receipt: Parked) -> bool {
        let key = self.key(id);
        let room = self.parked.len() < PARKED_MAX;
        match self.parked.get_mut(&key) {
            Some(known) => known.join(receipt),
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
        let all = self.slots.iter().chain(self.overflow.values());
        let waiting = all.filter(|slot| slot.stage == Stage::Awaiting);
        let mut numbers: Vec<u64> = waiting.map(|slot| slot.number).collect();
        numbers.extend(&self.ousted);
        numbers.sort_unstable();
        numbers.truncate(some);
        numbers
    }

    /// Receipts that match nothing.
    pub fn parked(&self) -> impl Iterator<Item = &Parked> {
        self.parked.values()
    }

    #[inline]
    fn key(&self, id: &[u8]) -> Key {
        if let Ok(digits) = <&[u8; 16]>::try_from(id)
            && let Some(value) = read_hex16(digits)
        {
            return Key { value, form: Form::Hexadecimal };
        }
        match decimal(id) {
            Some(value) => Key { value, form: Form::Decimal },
            None => Key { value: self.hash.hash_one(id), form: Form::Hashed },
        }
    }

    #[inline]
    fn place(&self, key: Key) -> usize {
        let value = if self.scattered { self.hash.hash_one(key.value) } else { key.value };
        // Counters may stand in any digits; folding keeps neighbours close and brings them down.
        let folded = value ^ (value >> 16) ^ (value >> 32) ^ (value >> 48);
        folded as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn enter(&mut self, entry: Slot) {
        let place = self.place(entry.key());
        match self.slots.get_mut(place) {
            Some(slot) if slot.stage != Stage::Awaiting => *slot = entry,
            Some(slot) if slot.is(entry.key()) => {
                let old = std::mem::replace(slot, entry);
                self.oust(old);
            }
            _ => self.enter_elsewhere(entry),
        }
    }

    #[cold]
    fn enter_elsewhere(&mut self, entry: Slot) {
        if self.overflow.len() >= self.slots.len() / 16 {
            self.make_room();
            return self.enter(entry);
        }
        if let Some(old) = self.overflow.insert(entry.key(), entry)
            && old.stage == Stage::Awaiting
        {
            self.oust(old);
        }
    }

    /// An SMSC that gives two waiting messages one id owes two receipts for it, and only one can
    /// be matched: the other message stays counted as awaited, and can still be named.
    #[cold]
    fn oust(&mut self, waiting: Slot) {
        if self.ousted.len() < OUSTED_MAX {
            self.ousted.push(waiting.number);
        }
    }

    /// Forgets what is settled beside the table; when that was not it, spreads the ids evenly, and
    /// when they are, doubles the table.
    fn make_room(&mut self) {
        self.overflow.retain(|_, slot| slot.stage == Stage::Awaiting);
        if self.overflow.len() < self.slots.len() / 32 {
            return;
        }
        let crowded = self.awaiting >= self.slots.len() / 8;
        let len = if crowded { self.slots.len() * 2 } else { self.slots.len() };
        self.scattered |= !crowded && !self.slots.is_empty();
        let len = len.clamp(self.slots_first, SLOTS_MAX);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); len]);
        let beside = std::mem::take(&mut self.overflow);
        let kept = old.into_iter().chain(beside.into_values());
        for slot in kept.filter(|slot| slot.stage != Stage::Free) {
            let place = self.place(slot.key());
            match self.slots.get_mut(place) {
                Some(free) if free.stage != Stage::Awaiting => *free = slot,
                _ if slot.stage == Stage::Awaiting => {
                    self.overflow.insert(slot.key(), slot);
                }
                _ => {}
            }
        }
    }
}

impl Slot {
    #[inline]
    fn key(&self) -> Key {
        Key { value: self.key, form: self.form }
    }

    #[inline]
    fn is(&self, key: Key) -> bool {
        self.stage != Stage::Free && self.key == key.value && self.form == key.form
    }
}

/// The number that decimal digits are, when no other text is the same number.
#[inline]
fn decimal(id: &[u8]) -> Option<u64> {
    match id {
        [b'1'..=b'9', ..] if id.len() <= 19 => id.iter().try_fold(0_u64, |value, octet| {
            octet.is_ascii_digit().then(|| value * 10 + u64::from(octet - b'0'))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Accepted {
        Accepted { number, since: number * 1000 }
    }

    const RECEIPT: Parked = Parked { at: 5, number: None, times: 1, says: Says::End, repeated: 0 };

    #[test]
    fn a_receipt_finds_its_message_once() {
        let mut ledger = Ledger::default();
        for number in 0..1000_u64 {
            assert_eq!(ledger.accept(number.to_string().as_bytes(), message(number)), None);
        }
        assert_eq!(ledger.settle(b"77", Says::End), Match::First(message(77)));
        assert_eq!(ledger.settle(b"77", Says::End), Match::Again);
        for other in ["077", "000000000000004e", "000000000000004E", "", "78 "] {
            assert_eq!(
                ledger.settle(other.as_bytes(), Says::End),
                Match::None,
                "{other:?} is another id"
            );
        }
        assert_eq!((ledger.awaiting(), ledger.without_receipt(2)), (999, vec![0, 1]));
    }

    #[test]
    fn a_receipt_before_its_response_waits_for_it() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.settle(b"x1", Says::End), Match::None);
        assert!(ledger.park(b"x1", RECEIPT) && ledger.park(b"x1", RECEIPT));
        let early = ledger.accept(b"x1", message(1)).unwrap();
        assert_eq!((early.says, early.times, early.repeated), (Says::End, 2, 1));
        assert_eq!((ledger.awaiting(), ledger.parked().count()), (0, 0));
        assert_eq!(ledger.settle(b"x1", Says::End), Match::Again);
    }

    #[test]
    fn what_may_be_an_end_is_none_to_the_end_that_follows() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.accept(b"7", message(7)), None);
        assert_eq!(ledger.settle(b"7", Says::Underway), Match::Known);
        assert_eq!(ledger.awaiting(), 1);
        assert_eq!(ledger.settle(b"7", Says::Perhaps), Match::First(message(7)));
        assert_eq!(ledger.settle(b"7", Says::Perhaps), Match::Again);
        assert_eq!(ledger.settle(b"7", Says::End), Match::Known);
        assert_eq!(ledger.settle(b"7", Says::End), Match::Again);
        assert_eq!(ledger.awaiting(), 0);

        let parked = |at, says| Parked::new(at, says, None);
        for (says, at, awaiting) in
            [(&[Says::Underway][..], 0, 1), (&[Says::Underway, Says::Perhaps, Says::End], 1, 0)]
        {
            let mut ledger = Ledger::default();
            for (at, says) in (0..).zip(says) {
                assert!(ledger.park(b"8", parked(at, *says)));
            }
            let early = ledger.accept(b"8", message(8)).unwrap();
            assert_eq!((early.at, early.repeated, ledger.awaiting()), (at, 0, awaiting));
        }
    }

    #[test]
    fn messages_with_one_id_are_both_named_while_they_wait() {
        let mut ledger = Ledger::with_slots(SLOTS);
        for number in 0..3 {
            let _ = ledger.accept(b"", message(number));
        }
        assert_eq!((ledger.awaiting(), ledger.without_receipt(10)), (3, vec![0, 1, 2]));
    }

    const FORMS: usize = 6;
    const SLOTS: usize = 1 << 14;

    /// Ids as SMSCs make them, the last ones with counters in upper digits only.
    fn forms(number: u64) -> [String; FORMS] {
        [
            format!("{}", number + 1),
            format!("{number:016x}"),
            format!("SAR-46-{number}-2-1"),
            format!("{:016x}", number << 32),
            format!("{:016x}", number << 16),
            format!("{}", (number + 1) * 10_000),
        ]
    }

    #[test]
    fn what_waits_is_found_whatever_ids_look_like_and_however_many_there_are() {
        for form in 0..FORMS {
            let mut ledger = Ledger::with_slots(SLOTS);
            let many = 3 * SLOTS as u64;
            for number in 0..many {
                let _ = ledger.accept(forms(number)[form].as_bytes(), message(number));
            }
            assert_eq!(ledger.awaiting(), many as usize);
            for number in (0..many).step_by(7) {
                let found = ledger.settle(forms(number)[form].as_bytes(), Says::End);
                assert_eq!(found, Match::First(message(number)));
            }
        }
    }

    #[test]
    fn memory_stays_bounded_and_recent_receipts_are_remembered() {
        for form in 0..FORMS {
            let mut ledger = Ledger::with_slots(SLOTS);
            let _ = ledger.accept(b"stuck", message(0));
            let many = 4 * SLOTS as u64;
            for number in 1..many {
                let id = &forms(number)[form];
                let _ = ledger.accept(id.as_bytes(), message(number));
                assert!(matches!(ledger.settle(id.as_bytes(), Says::End), Match::First(_)));
            }
            for number in many - 10..many {
                let again = ledger.settle(forms(number)[form].as_bytes(), Says::End);
                assert_eq!(again, Match::Again, "form {form}");
            }
            assert_eq!(ledger.settle(b"stuck", Says::End), Match::First(message(0)));
            assert!(ledger.slots.len() == SLOTS && ledger.overflow.len() < 10);
        }
    }

    #[test]
    fn receipts_of_nothing_are_kept_up_to_a_limit() {
        let mut ledger = Ledger::default();
        for id in 0..2 * PARKED_MAX as u64 {
            ledger.park(&id.to_be_bytes(), RECEIPT);
        }
        assert_eq!(ledger.parked().count(), PARKED_MAX);
    }
}
