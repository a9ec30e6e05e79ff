//! Requests sent and not yet answered: found by sequence number without a search.
//!
//! A request's place is its sequence number modulo the table's length. A number whose place is
//! taken is skipped when numbers are given out, so a request is found or refused with one look.
//! The table holds at least twice the window, so few numbers are ever skipped; it grows with use
//! and an idle session has none.
//!
//! Requests that were given back as unanswered move to a list of their own, because a busy
//! session needs their places again within milliseconds and their responses may come minutes
//! later.

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::{CommandId, SequenceNumber};

/// The last sequence number this side gives out (SMPP 3.4 §5.1.4); after it comes 1.
const SEQUENCE_MAX: u32 = 0x7fff_ffff;
/// Places a table begins with.
const PLACES_FIRST: usize = 16;
/// Requests given back that are still told apart when their response comes after all; beyond it
/// the oldest are forgotten, and their responses are strays. 32 octets each.
const LATE_MAX: usize = 1024;

/// One request sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The caller's handle.
    pub ticket: u64,
    /// Its number on the wire.
    pub sequence: SequenceNumber,
    /// What it was.
    pub command_id: CommandId,
    /// When it was handed over, on the monotonic clock; later by the time in which the link was not
    /// read since, for which the peer is not to blame.
    pub sent_at: Duration,
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
    /// Those that wait, each at its place.
    places: Vec<Option<Entry>>,
    /// How many wait.
    live: usize,
    /// The number given out last.
    last: SequenceNumber,
    /// No waiting request was sent before this moment. It is not moved when the oldest is
    /// answered (that would take a search): the timer then looks once too early.
    oldest: Duration,
    /// Given back by the response timer, oldest first; at most [`LATE_MAX`].
    late: VecDeque<Entry>,
}

impl InFlight {
    /// Starts numbering after `last`; tests use it to stand before the wrap.
    pub fn start_after(&mut self, last: SequenceNumber) {
        self.last = last;
    }

    /// Enters a request and gives it its number.
    #[inline]
    pub fn insert(&mut self, ticket: u64, command_id: CommandId, now: Duration) -> SequenceNumber {
        if self.live * 2 >= self.places.len() {
            self.grow();
        }
        let sequence = self.next_sequence();
        self.last = sequence;
        if self.live == 0 {
            self.oldest = now;
        }
        if let Some(place) = self.place(sequence) {
            *place = Some(Entry { ticket, sequence, command_id, sent_at: now });
            self.live += 1;
        }
        sequence
    }

    /// A number for what is never answered.
    pub fn next_unanswered(&mut self) -> SequenceNumber {
        self.last = self.next_sequence();
        self.last
    }

    /// Takes out the request that this response answers: number and command must both agree, or
    /// a response would complete a request it has nothing to do with.
    #[inline]
    pub fn answer(
        &mut self,
        sequence: SequenceNumber,
        agrees: impl Fn(CommandId) -> bool,
    ) -> Option<Answered> {
        match self.place(sequence) {
            Some(place) => match *place {
                Some(entry) if entry.sequence == sequence && agrees(entry.command_id) => {
                    *place = None;
                    self.live -= 1;
                    Some(Answered { entry, late: false })
                }
                _ => self.answer_late(sequence, agrees),
            },
            // The places were given back while nothing waited; what is late is still known.
            None => self.answer_late(sequence, agrees),
        }
    }

    #[cold]
    fn answer_late(
        &mut self,
        sequence: SequenceNumber,
        agrees: impl Fn(CommandId) -> bool,
    ) -> Option<Answered> {
        let fits = |entry: &Entry| entry.sequence == sequence && agrees(entry.command_id);
        let at = self.late.iter().position(fits)?;
        Some(Answered { entry: self.late.remove(at)?, late: true })
    }

    /// Gives back what was sent at or before `limit`, each once, the oldest first.
    pub fn expire(&mut self, limit: Duration, mut give_back: impl FnMut(Entry)) {
        let mut expired = Vec::new();
        let mut oldest = Duration::MAX;
        for place in &mut self.places {
            match *place {
                Some(entry) if entry.sent_at <= limit => {
                    *place = None;
                    expired.push(entry);
                }
                Some(entry) => oldest = oldest.min(entry.sent_at),
                None => {}
            }
        }
        self.live -= expired.len();
        self.oldest = oldest;
        self.sort(&mut expired);
        for entry in expired {
            if self.late.len() >= LATE_MAX {
                self.late.pop_front();
            }
            self.late.push_back(entry);
            give_back(entry);
        }
    }

    /// Gives back everything that waits, the oldest first, and forgets what is late.
    pub fn drain(&mut self, give_back: impl FnMut(Entry)) {
        let mut rest: Vec<Entry> = std::mem::take(&mut self.places).into_iter().flatten().collect();
        self.sort(&mut rest);
        self.live = 0;
        self.late = VecDeque::new();
        rest.into_iter().for_each(give_back);
    }

    /// How many wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.live
    }

    /// A moment before which nothing that waits was sent; `None` when nothing waits.
    #[inline]
    pub fn oldest(&self) -> Option<Duration> {
        if self.live == 0 { None } else { Some(self.oldest) }
    }

    /// Gives the memory back while nothing waits in it.
    pub fn shrink(&mut self) {
        if self.live == 0 {
            self.places = Vec::new();
        }
        if self.late.is_empty() {
            self.late = VecDeque::new();
        }
    }

    #[inline]
    fn next_sequence(&mut self) -> SequenceNumber {
        let mut sequence = self.last;
        // At most half of the places are taken, so this ends soon.
        loop {
            sequence = if sequence >= SEQUENCE_MAX { 1 } else { sequence + 1 };
            match self.place(sequence) {
                Some(Some(_)) => {}
                _ => return sequence,
            }
        }
    }

    #[inline]
    fn place(&mut self, sequence: SequenceNumber) -> Option<&mut Option<Entry>> {
        let mask = self.places.len().wrapping_sub(1);
        self.places.get_mut(sequence as usize & mask)
    }

    /// Doubles the table. Numbers that differed modulo the old length differ modulo the new one.
    #[cold]
    fn grow(&mut self) {
        let len = (self.places.len() * 2).max(PLACES_FIRST);
        let old = std::mem::replace(&mut self.places, vec![None; len]);
        for entry in old.into_iter().flatten() {
            if let Some(place) = self.place(entry.sequence) {
                *place = Some(entry);
            }
        }
    }

    /// Puts entries in the order they were sent: by how many numbers ago each got its own, since
    /// numbers begin again at 1.
    fn sort(&self, entries: &mut [Entry]) {
        let numbers_ago = |entry: &Entry| match self.last.checked_sub(entry.sequence) {
            Some(ago) => ago,
            None => SEQUENCE_MAX - (entry.sequence - self.last),
        };
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(numbers_ago(entry)));
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
    fn a_late_response_is_told_however_many_requests_came_after() {
        let mut table = InFlight::default();
        let slow = table.insert(7, SUBMIT, Duration::ZERO);
        table.expire(Duration::ZERO, |_| {});
        for ticket in 0..100_000 {
            let sequence = table.insert(ticket, SUBMIT, Duration::ZERO);
            assert_eq!(take(&mut table, sequence), Some(ticket));
        }
        let answered = table.answer(slow, |_| true).unwrap();
        assert_eq!((answered.entry.ticket, answered.late), (7, true));
    }

    #[test]
    fn a_late_response_is_told_after_an_idle_session_gave_its_memory_back() {
        let mut table = InFlight::default();
        let slow = table.insert(7, SUBMIT, Duration::ZERO);
        table.expire(Duration::ZERO, |_| {});
        table.shrink();
        assert!(table.answer(slow, |_| true).is_some_and(|answered| answered.late));
    }

    #[test]
    fn what_is_late_is_bounded_and_the_oldest_is_forgotten() {
        let mut table = InFlight::default();
        let first = table.insert(0, SUBMIT, Duration::ZERO);
        for ticket in 1..=LATE_MAX as u64 {
            table.insert(ticket, SUBMIT, Duration::ZERO);
        }
        table.expire(Duration::ZERO, |_| {});
        assert_eq!(table.late.len(), LATE_MAX);
        assert_eq!(take(&mut table, first), None);
        assert_eq!(take(&mut table, first + 1), Some(1));
    }

    #[test]
    fn what_is_given_back_comes_in_the_order_it_was_sent_across_the_wrap() {
        let mut table = InFlight::default();
        table.start_after(SEQUENCE_MAX - 5);
        for ticket in 0..12 {
            table.insert(ticket, SUBMIT, Duration::from_secs(ticket));
        }
        let mut given_back = Vec::new();
        table.expire(Duration::from_secs(7), |entry| given_back.push(entry.ticket));
        assert_eq!(table.oldest(), Some(Duration::from_secs(8)));
        table.drain(|entry| given_back.push(entry.ticket));
        assert_eq!(given_back, (0..12).collect::<Vec<u64>>());
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
