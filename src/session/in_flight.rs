//! Requests sent and not yet answered: found by sequence number without a search.
//!
//! A slot's place is its sequence number modulo the table's length. A number whose place is taken
//! is skipped when numbers are given out, so a slot is found or refused with one look. The table
//! holds at least twice the window, so few numbers are ever skipped; it grows with use and an idle
//! session has none.

use std::time::Duration;

use crate::wire::{CommandId, SequenceNumber};

/// The last sequence number this side gives out (SMPP 3.4 §5.1.4); after it comes 1.
const SEQUENCE_MAX: u32 = 0x7fff_ffff;
/// Slots a table begins with.
const SLOTS_FIRST: usize = 16;

/// One request sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The caller's handle.
    pub ticket: u64,
    /// Its number on the wire.
    pub sequence: SequenceNumber,
    /// What it was.
    pub command_id: CommandId,
    /// When it was handed over, on the monotonic clock.
    pub sent_at: Duration,
}

/// Whether a slot's request still counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Slot {
    #[default]
    Free,
    /// Waiting for its response.
    Live(Entry),
    /// Given back as unanswered; kept so that a late response can still be told what it answers,
    /// until the place is needed.
    Late(Entry),
}

/// A response's request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answered {
    /// The request.
    pub entry: Entry,
    /// Whether it had been given back as unanswered already.
    pub late: bool,
}

/// All requests of one session that wait for an answer.
#[derive(Debug, Default)]
pub struct InFlight {
    slots: Vec<Slot>,
    live: usize,
    last: SequenceNumber,
    /// No live request was sent before this moment.
    oldest: Option<Duration>,
}

impl InFlight {
    /// Starts numbering after `last`; tests use it to stand before the wrap.
    pub fn start_after(&mut self, last: SequenceNumber) {
        self.last = last;
    }

    /// Enters a request and gives it its number.
    pub fn insert(&mut self, ticket: u64, command_id: CommandId, now: Duration) -> SequenceNumber {
        if self.live * 2 >= self.slots.len() {
            self.grow();
        }
        let sequence = self.next_sequence();
        self.last = sequence;
        let entry = Entry { ticket, sequence, command_id, sent_at: now };
        if let Some(slot) = self.slot(sequence) {
            *slot = Slot::Live(entry);
            self.live += 1;
        }
        self.oldest.get_or_insert(now);
        sequence
    }

    /// Takes out the request that this response answers: number and command must both agree, or
    /// a response would complete a request it has nothing to do with.
    pub fn answer(
        &mut self,
        sequence: SequenceNumber,
        agrees: impl FnOnce(CommandId) -> bool,
    ) -> Option<Answered> {
        let slot = self.slot(sequence)?;
        let (entry, late) = match *slot {
            Slot::Live(entry) => (entry, false),
            Slot::Late(entry) => (entry, true),
            Slot::Free => return None,
        };
        if entry.sequence != sequence || !agrees(entry.command_id) {
            return None;
        }
        *slot = Slot::Free;
        if !late {
            self.live -= 1;
        }
        Some(Answered { entry, late })
    }

    /// Gives back what was sent at or before `limit`, each once.
    pub fn expire(&mut self, limit: Duration, mut give_back: impl FnMut(Entry)) {
        let mut oldest = None;
        for slot in &mut self.slots {
            let Slot::Live(entry) = *slot else { continue };
            if entry.sent_at <= limit {
                *slot = Slot::Late(entry);
                self.live -= 1;
                give_back(entry);
            } else if oldest.is_none_or(|oldest| entry.sent_at < oldest) {
                oldest = Some(entry.sent_at);
            }
        }
        self.oldest = oldest;
    }

    /// Gives back everything.
    pub fn drain(&mut self, mut give_back: impl FnMut(Entry)) {
        for slot in std::mem::take(&mut self.slots) {
            if let Slot::Live(entry) = slot {
                give_back(entry);
            }
        }
        self.live = 0;
        self.oldest = None;
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.live
    }

    /// A moment before which nothing that waits was sent; `None` when nothing waits.
    pub fn oldest(&self) -> Option<Duration> {
        if self.live == 0 { None } else { self.oldest }
    }

    fn next_sequence(&mut self) -> SequenceNumber {
        let mut sequence = self.last;
        // At most half of the places are taken, so this ends soon.
        loop {
            sequence = if sequence >= SEQUENCE_MAX { 1 } else { sequence + 1 };
            match self.slot(sequence) {
                Some(Slot::Live(_)) => {}
                _ => return sequence,
            }
        }
    }

    #[inline]
    fn slot(&mut self, sequence: SequenceNumber) -> Option<&mut Slot> {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get_mut(sequence as usize & mask)
    }

    /// Doubles the table. Numbers that differed modulo the old length differ modulo the new one.
    #[cold]
    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(SLOTS_FIRST);
        let old = std::mem::replace(&mut self.slots, vec![Slot::Free; len]);
        for slot in old {
            let (Slot::Live(entry) | Slot::Late(entry)) = slot else { continue };
            if let Some(place) = self.slot(entry.sequence) {
                *place = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBMIT: CommandId = CommandId::SUBMIT_SM;

    fn take(table: &mut InFlight, sequence: u32) -> Option<u64> {
        table.answer(sequence, |command| command == SUBMIT).map(|answered| answered.entry.ticket)
    }

    #[test]
    fn numbers_wrap_after_the_last_one_the_standard_allows() {
        let mut table = InFlight::default();
        table.start_after(SEQUENCE_MAX - 1);
        let first = table.insert(1, SUBMIT, Duration::ZERO);
        let second = table.insert(2, SUBMIT, Duration::ZERO);
        assert_eq!((first, second), (SEQUENCE_MAX, 1));
        assert_eq!(take(&mut table, second), Some(2));
        assert_eq!(take(&mut table, first), Some(1));
    }

    #[test]
    fn a_number_still_waiting_is_never_given_out_again() {
        let mut table = InFlight::default();
        let stuck = table.insert(0, SUBMIT, Duration::ZERO);
        for ticket in 1..100_000 {
            let sequence = table.insert(ticket, SUBMIT, Duration::ZERO);
            assert_ne!(sequence as usize % 16, stuck as usize % 16);
            assert_eq!(take(&mut table, sequence), Some(ticket));
        }
        assert_eq!(take(&mut table, stuck), Some(0));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_response_of_another_command_completes_nothing() {
        let mut table = InFlight::default();
        let sequence = table.insert(7, CommandId::ENQUIRE_LINK, Duration::ZERO);
        assert_eq!(take(&mut table, sequence), None);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_response_after_its_time_is_still_told_what_it_answers() {
        let mut table = InFlight::default();
        let sequence = table.insert(7, SUBMIT, Duration::ZERO);
        let mut given_back = Vec::new();
        table.expire(Duration::from_secs(1), |entry| given_back.push(entry.ticket));
        assert_eq!((given_back, table.len()), (vec![7], 0));
        let answered = table.answer(sequence, |_| true).unwrap();
        assert!(answered.late);
        assert!(table.answer(sequence, |_| true).is_none(), "once only");
    }

    #[test]
    fn the_table_keeps_everything_when_it_grows() {
        let mut table = InFlight::default();
        let numbers: Vec<u32> =
            (0..1000).map(|t| table.insert(t, SUBMIT, Duration::ZERO)).collect();
        for (ticket, sequence) in numbers.into_iter().enumerate().rev() {
            assert_eq!(take(&mut table, sequence), Some(ticket as u64));
        }
    }
}
