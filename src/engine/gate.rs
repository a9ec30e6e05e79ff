//! What an owner wants done, held back until what it wrote down is durable.
//!
//! ```text
//!   a wake-up: hold, hold, write(batch) .. end_round --> rounds --durable--> release, in order
//! ```
//!
//! While the journal takes no more, nothing is written and the owner is to begin nothing new
//! ([`Gate::is_blocked`]), so that what waits is bounded by what one wake-up does and by what the
//! journal takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;

use crate::planted::{Bug, is_planted};
use crate::store::{Batch, Journal, Position, Records, Refused, State, Watcher};

/// Octets of the parts of a batch that is too large; half of the largest where that is less.
const PART_OCTETS: usize = 512 << 10;
/// Emptied queues kept for later rounds.
const SPARE: usize = 8;

/// What one owner holds back.
pub struct Gate<A> {
    journal: Arc<dyn Journal>,
    watcher: Watcher,
    /// Octets that all owners have written.
    octets: Arc<AtomicU64>,
    /// Batches that the journal has yet to take.
    pending: VecDeque<Batch>,
    /// How far the journal had come when it took nothing.
    refused_at: Position,
    /// The position of the last that it took.
    last: Position,
    round: VecDeque<A>,
    rounds: VecDeque<(Position, VecDeque<A>)>,
    /// What may be done by now, of one round.
    going: VecDeque<A>,
    spare: Vec<VecDeque<A>>,
}

impl<A> Gate<A> {
    /// A gate before this journal.
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>, watcher: Watcher, octets: Arc<AtomicU64>) -> Self {
        Self {
            journal,
            watcher,
            octets,
            pending: VecDeque::new(),
            refused_at: Position::NONE,
            last: Position::NONE,
            round: VecDeque::new(),
            rounds: VecDeque::new(),
            going: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// Does this once all is durable that was written before the end of this round.
    pub fn hold(&mut self, act: A) {
        self.round.push_back(act);
    }

    /// Writes a batch, of which the owner keeps the emptied buffer.
    pub fn write(&mut self, batch: &mut Batch) {
        if self.pending.is_empty() && self.submit(batch) {
            return;
        }
        self.pending.push_back(std::mem::take(batch));
    }

    /// Whether it was taken.
    fn submit(&mut self, batch: &mut Batch) -> bool {
        let octets = batch.len() as u64;
        match self.journal.submit(batch) {
            Ok(position) => {
                self.octets.fetch_add(octets, Ordering::Relaxed);
                self.last = position;
                true
            }
            Err(Refused::Empty) => true,
            // More than any one thing takes: it is divided, and goes before all that waits.
            Err(Refused::TooLarge { max, .. }) => {
                let mut parts = divided(batch, PART_OCTETS.min(max / 2));
                parts.append(&mut self.pending);
                self.pending = parts;
                batch.clear();
                true
            }
            Err(_) => {
                self.refused_at = self.watcher.progress().durable();
                false
            }
        }
    }

    /// What was held so far belongs together with what was written so far.
    pub fn end_round(&mut self) {
        if self.round.is_empty() {
            return;
        }
        let next = self.spare.pop().unwrap_or_default();
        let round = std::mem::replace(&mut self.round, next);
        // One whose batches wait goes with the last of them, see `retry`.
        let position = if self.pending.is_empty() { self.last } else { NOT_YET };
        self.rounds.push_back((position, round));
    }

    /// Tries again to write what the journal did not take.
    fn retry(&mut self) {
        while let Some(mut batch) = self.pending.pop_front() {
            if !self.submit(&mut batch) {
                self.pending.push_front(batch);
                return;
            }
        }
        let last = self.last;
        let waiting = self.rounds.iter_mut().rev().take_while(|(position, _)| *position == NOT_YET);
        waiting.for_each(|(position, _)| *position = last);
    }

    /// What is to be done next, if that may be by now.
    pub fn pop(&mut self) -> Option<A> {
        self.pop_if(|| true)
    }

    /// The same, if it is let as well: it is asked for what is durable alone, and what it does not
    /// let waits for the owner to come back.
    pub fn pop_if(&mut self, is_let: impl FnOnce() -> bool) -> Option<A> {
        // Also while what is durable is not let: the journal may take more meanwhile.
        if self.is_blocked() && self.watcher.progress().durable() != self.refused_at {
            self.retry();
        }
        while self.going.is_empty() {
            let round = self.release()?;
            let done = std::mem::replace(&mut self.going, round);
            if self.spare.len() < SPARE {
                self.spare.push(done);
            }
        }
        if is_let() { self.going.pop_front() } else { None }
    }

    /// The oldest round whose time has come.
    fn release(&mut self) -> Option<VecDeque<A>> {
        if !self.pending.is_empty() {
            self.retry();
        }
        let durable = self.watcher.progress().durable();
        let (position, _) = self.rounds.front()?;
        let is_durable = *position <= durable || is_planted(Bug::AnsweredBeforeSync);
        is_durable.then(|| self.rounds.pop_front().map(|(_, round)| round))?
    }

    /// Whether what is to be written now may as well be written a moment later: nobody waits for
    /// it, and the journal is busy with what somebody waits for.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        self.round.is_empty() && !self.rounds.is_empty()
    }

    /// Whether nothing new is to be begun.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.going.is_empty() && self.rounds.is_empty() && self.round.is_empty()
    }

    /// What is held, the oldest first.
    pub fn held(&self) -> impl Iterator<Item = &A> {
        let rounds = self.rounds.iter().flat_map(|(_, round)| round);
        self.going.iter().chain(rounds).chain(&self.round)
    }

    /// How the journal stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.watcher.progress().state()
    }

    /// Has the task woken when the oldest round may go, or the journal may take what it did not.
    pub fn register(&self, cx: &Context<'_>) {
        if self.rounds.is_empty() && self.pending.is_empty() {
            return;
        }
        self.watcher.register(cx);
        // What moved before the waker stood there wakes nobody: look again.
        let durable = self.watcher.progress().durable();
        // Its owner knows when it comes back for what is durable and was not let.
        let is_next = |(position, _): &(Position, _)| *position <= durable;
        let may_go = self.going.is_empty() && self.rounds.front().is_some_and(is_next);
        if may_go || (self.is_blocked() && durable != self.refused_at) {
            cx.waker().wake_by_ref();
        }
    }
}

/// The records of a batch, in order, in several of about so many octets.
fn divided(batch: &Batch, octets: usize) -> VecDeque<Batch> {
    let mut parts = VecDeque::from([Batch::new()]);
    for record in Records::new(batch.octets()) {
        if parts.back().is_some_and(|part| part.len() >= octets) {
            parts.push_back(Batch::new());
        }
        if let Some(part) = parts.back_mut() {
            part.push(record);
        }
    }
    parts
}

/// The position of a round whose batches have none.
const NOT_YET: Position = Position::new(u64::MAX);

impl<A> std::fmt::Debug for Gate<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("last", &self.last)
            .field("rounds", &self.rounds.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryJournal, MemoryStore};

    fn gate() -> (Arc<MemoryJournal>, Gate<u32>) {
        let journal = Arc::new(MemoryStore::new().open());
        let watcher = journal.shared_progress().watch().unwrap();
        let gate = Gate::new(Arc::clone(&journal) as Arc<dyn Journal>, watcher, Arc::default());
        (journal, gate)
    }

    fn write(gate: &mut Gate<u32>, octets: usize) {
        let mut batch = Batch::new();
        batch.push(&vec![7; octets]);
        gate.write(&mut batch);
        assert!(batch.is_empty());
    }

    fn released(gate: &mut Gate<u32>) -> Vec<u32> {
        std::iter::from_fn(|| gate.pop()).collect()
    }

    #[test]
    fn what_is_held_goes_in_order_when_what_was_written_before_it_is_durable() {
        let (journal, mut gate) = gate();
        gate.hold(1);
        gate.end_round();
        assert_eq!(released(&mut gate), [1], "nothing was written");
        for act in [2, 3] {
            gate.hold(act);
            write(&mut gate, 1);
            gate.end_round();
        }
        gate.hold(4);
        gate.end_round();
        assert!(released(&mut gate).is_empty() && !gate.is_blocked());
        assert!(journal.commit());
        assert_eq!(released(&mut gate), [2]);
        assert!(journal.commit());
        assert_eq!(released(&mut gate), [3, 4], "what needed no writing keeps its place");
        assert!(gate.is_empty());
    }

    #[test]
    fn what_is_durable_and_not_let_waits_in_its_order() {
        let (journal, mut gate) = gate();
        for act in 1..=4 {
            gate.hold(act);
            write(&mut gate, 1);
            gate.end_round();
        }
        assert_eq!(gate.pop_if(|| panic!("nothing is durable")), None);
        assert!(journal.commit() && journal.commit());
        assert_eq!((gate.pop_if(|| true), gate.pop_if(|| false)), (Some(1), None));
        let waker = std::task::Waker::noop();
        gate.register(&Context::from_waker(waker));
        assert!(gate.held().copied().eq(2..=4));
        assert!(journal.commit() && journal.commit());
        assert_eq!(released(&mut gate), [2, 3, 4]);
    }

    #[test]
    fn what_the_journal_has_no_room_for_is_written_when_it_has() {
        let (journal, mut gate) = gate();
        let mut acts = 0;
        while !gate.is_blocked() {
            acts += 1;
            gate.hold(acts);
            write(&mut gate, 1);
            write(&mut gate, 1);
            gate.end_round();
        }
        let mut all = released(&mut gate);
        assert!(all.is_empty());
        while journal.commit() {
            all.extend(released(&mut gate));
        }
        assert!(!gate.is_blocked() && gate.is_empty());
        assert!(all.into_iter().eq(1..=acts));
    }

    #[test]
    fn what_is_larger_than_any_batch_is_written_in_parts_before_what_comes_after_it() {
        let (journal, mut gate) = gate();
        let mut batch = Batch::new();
        for number in 0..40_u8 {
            batch.push(&vec![number; 500_000]);
        }
        gate.hold(1);
        gate.write(&mut batch);
        gate.end_round();
        write(&mut gate, 1);
        gate.hold(2);
        gate.end_round();
        assert!(batch.is_empty() && gate.is_blocked());
        let mut all = Vec::new();
        for _ in 0..100 {
            all.extend(released(&mut gate));
            let _ = journal.commit();
        }
        all.extend(released(&mut gate));
        assert_eq!((all, gate.is_blocked()), (vec![1, 2], false));
        let mut records = Vec::new();
        let read = journal.replay(Position::FIRST, &mut |entry| {
            records.extend(Records::new(entry.octets).map(|record| record[0]));
            std::ops::ControlFlow::Continue(())
        });
        read.unwrap();
        assert!(records.into_iter().eq((0..40).chain([7])));
    }

    /// A journal whose batches are small.
    struct Narrow(Arc<MemoryJournal>);

    impl Journal for Narrow {
        fn submit(&self, batch: &mut Batch) -> Result<Position, Refused> {
            match batch.len() > 4096 {
                true => Err(Refused::TooLarge { octets: batch.len(), max: 4096 }),
                false => self.0.submit(batch),
            }
        }

        fn progress(&self) -> &crate::store::Progress {
            self.0.progress()
        }

        fn first(&self) -> Position {
            self.0.first()
        }

        fn replay(
            &self,
            from: Position,
            each: &mut dyn FnMut(crate::store::Entry<'_>) -> std::ops::ControlFlow<()>,
        ) -> Result<Position, crate::store::Error> {
            self.0.replay(from, each)
        }

        fn truncate_before(&self, position: Position) -> Result<(), crate::store::Error> {
            self.0.truncate_before(position)
        }

        fn close(&self) -> Result<(), crate::store::Error> {
            self.0.close()
        }
    }

    #[test]
    fn parts_are_as_small_as_the_journal_takes_them() {
        let (journal, _) = gate();
        let watcher = journal.shared_progress().watch().unwrap();
        let narrow = Arc::new(Narrow(Arc::clone(&journal)));
        let mut gate = Gate::new(narrow as Arc<dyn Journal>, watcher, Arc::default());
        let mut batch = Batch::new();
        for number in 0..40_u8 {
            batch.push(&vec![number; 1500]);
        }
        gate.hold(1);
        gate.write(&mut batch);
        gate.end_round();
        let mut all = Vec::new();
        for _ in 0..100 {
            all.extend(released(&mut gate));
            let _ = journal.commit();
        }
        assert_eq!((all, gate.is_blocked()), (vec![1], false));
    }

    #[test]
    fn nothing_goes_once_the_journal_has_failed() {
        let (journal, mut gate) = gate();
        gate.hold(1);
        write(&mut gate, 1);
        gate.end_round();
        journal.fail("the disk is gone");
        gate.hold(2);
        write(&mut gate, 1);
        gate.end_round();
        assert!(released(&mut gate).is_empty() && gate.is_blocked());
        assert_eq!(gate.state(), State::Failed);
    }
}
