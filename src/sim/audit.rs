//! Serials that arrived, to which came twice and which are missing.
//!
//! ```text
//!   numbers of a run: 0 ...  base ..................... highest
//!                     done   one bit each: came or not
//! ```
//!
//! Numbers arrive roughly in order, so what is complete at the front is forgotten and memory is
//! the span between the first gap and the highest number: at most [`SPAN_MAX`] bits a run.

use std::collections::VecDeque;

use super::serial::Serial;

/// Runs told apart at once (8 MiB each at worst); serials of further runs are not looked at.
pub const RUNS_MAX: usize = 64;
/// Numbers between the first gap and the highest one, per run. A gap that falls behind counts as
/// missing for good.
pub const SPAN_MAX: u64 = (WORDS_MAX as u64) * 64;
const WORDS_MAX: usize = 1 << 20;

/// What came of all runs.
#[derive(Debug, Default)]
pub struct Audit {
    runs: Vec<Run>,
    /// Where the run of the last serial stands: the next one is nearly always of the same.
    recent: usize,
    duplicates: u64,
}

/// Whether a serial was new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// It had not come before.
    First,
    /// It had, or it comes so late that its gap was given up.
    Again,
    /// Too many runs; it is not looked at.
    NotAudited,
}

impl Audit {
    /// Enters a serial.
    #[inline]
    pub fn enter(&mut self, serial: Serial) -> Arrival {
        let Some(run) = self.run(serial.run()) else { return Arrival::NotAudited };
        let arrival = run.enter(serial.number());
        if arrival == Arrival::Again {
            self.duplicates += 1;
        }
        arrival
    }

    /// Whether a serial came, as far as is still known.
    #[must_use]
    pub fn has(&self, serial: Serial) -> bool {
        self.runs.iter().any(|run| run.id == serial.run() && run.has(serial.number()))
    }

    /// Serials that came again.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Numbers below the highest one of their run that never came.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.runs.iter().map(Run::missing).sum()
    }

    #[inline]
    fn run(&mut self, id: u32) -> Option<&mut Run> {
        if self.runs.get(self.recent).is_none_or(|run| run.id != id) {
            self.recent = self.find(id)?;
        }
        self.runs.get_mut(self.recent)
    }

    #[cold]
    fn find(&mut self, id: u32) -> Option<usize> {
        if let Some(at) = self.runs.iter().position(|run| run.id == id) {
            return Some(at);
        }
        if self.runs.len() == RUNS_MAX {
            return None;
        }
        self.runs.push(Run { id, ..Run::default() });
        Some(self.runs.len() - 1)
    }
}

#[derive(Debug, Default)]
struct Run {
    id: u32,
    /// The number of the first bit; a multiple of 64. All before it is settled.
    base: u64,
    bits: VecDeque<u64>,
    /// One more than the highest number.
    end: u64,
    given_up: u64,
}

impl Run {
    #[inline]
    fn enter(&mut self, number: u64) -> Arrival {
        let Some(offset) = number.checked_sub(self.base) else { return Arrival::Again };
        let mut word = (offset / 64) as usize;
        if word >= self.bits.len() {
            word = self.make_room(number);
        }
        self.end = self.end.max(number + 1);
        let Some(bits) = self.bits.get_mut(word) else { return Arrival::NotAudited };
        let bit = 1_u64 << (number % 64);
        if *bits & bit != 0 {
            return Arrival::Again;
        }
        *bits |= bit;
        if *bits == u64::MAX && word == 0 {
            self.settle();
        }
        Arrival::First
    }

    fn has(&self, number: u64) -> bool {
        let Some(offset) = number.checked_sub(self.base) else { return true };
        let word = usize::try_from(offset / 64).ok().and_then(|word| self.bits.get(word));
        word.is_some_and(|bits| bits & 1 << (number % 64) != 0)
    }

    /// Forgets what is complete at the front.
    fn settle(&mut self) {
        while self.bits.front() == Some(&u64::MAX) {
            self.bits.pop_front();
            self.base += 64;
        }
    }

    /// Makes a bit for `number` and says in which word it is.
    #[cold]
    fn make_room(&mut self, number: u64) -> usize {
        let word = (number - self.base) / 64;
        let over = (word + 1).saturating_sub(WORDS_MAX as u64);
        for _ in 0..over {
            match self.bits.pop_front() {
                Some(bits) => self.given_up += u64::from(bits.count_zeros()),
                None => {
                    // Nothing is left between here and the new span.
                    let first = number / 64 * 64 - (WORDS_MAX as u64 - 1) * 64;
                    self.given_up += first - self.base;
                    self.base = first;
                    break;
                }
            }
            self.base += 64;
        }
        let word = ((number - self.base) / 64) as usize;
        self.bits.resize(word + 1, 0);
        word
    }

    fn missing(&self) -> u64 {
        let came: u64 = self.bits.iter().map(|bits| u64::from(bits.count_ones())).sum();
        self.given_up + self.end.saturating_sub(self.base).saturating_sub(came)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn numbers(audit: &mut Audit, run: u32, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            audit.enter(Serial::new(run, number));
        }
    }

    proptest! {
        #[test]
        fn it_counts_what_a_set_counts(came in prop::collection::vec(0_u64..400, 0..600)) {
            let mut audit = Audit::default();
            numbers(&mut audit, 7, came.iter().copied());
            let distinct: HashSet<u64> = came.iter().copied().collect();
            let end = came.iter().max().map_or(0, |highest| highest + 1);
            prop_assert_eq!(audit.duplicates(), (came.len() - distinct.len()) as u64);
            prop_assert_eq!(audit.missing(), end - distinct.len() as u64);
            for number in 0..500 {
                prop_assert_eq!(audit.has(Serial::new(7, number)), distinct.contains(&number));
            }
        }
    }

    #[test]
    fn a_complete_run_keeps_next_to_nothing() {
        let mut audit = Audit::default();
        numbers(&mut audit, 1, 0..1_000_000);
        assert!(audit.runs[0].bits.len() <= 1);
        assert_eq!((audit.missing(), audit.duplicates()), (0, 0));
    }

    #[test]
    fn runs_do_not_mix() {
        let mut audit = Audit::default();
        numbers(&mut audit, 1, 0..100);
        numbers(&mut audit, 2, (0..100).filter(|number| number % 10 != 0));
        assert_eq!((audit.missing(), audit.duplicates()), (10, 0));
    }

    #[test]
    fn a_gap_that_falls_behind_is_missing_for_good_and_memory_stays_bounded() {
        let mut audit = Audit::default();
        numbers(&mut audit, 1, [0, 2]);
        numbers(&mut audit, 1, [SPAN_MAX + 10]);
        assert!(audit.runs[0].bits.len() <= WORDS_MAX);
        assert_eq!(audit.missing(), SPAN_MAX + 11 - 3);
        numbers(&mut audit, 1, [1]);
        assert_eq!(audit.duplicates(), 1, "too late to be told from a duplicate");
        numbers(&mut audit, 1, [5 * SPAN_MAX]);
        assert_eq!(audit.missing(), 5 * SPAN_MAX + 1 - 4);
        assert!(audit.runs[0].bits.len() <= WORDS_MAX);
    }

    #[test]
    fn too_many_runs_are_left_alone() {
        let mut audit = Audit::default();
        for run in 0..RUNS_MAX as u32 {
            assert_eq!(audit.enter(Serial::new(run, 0)), Arrival::First);
        }
        assert_eq!(audit.enter(Serial::new(1000, 0)), Arrival::NotAudited);
    }
}
