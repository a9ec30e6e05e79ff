//! A journal in memory: a list under a lock, batches made durable one by one.

use std::collections::VecDeque;
use std::mem;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Batch, CheckpointWriter, Checkpoints, Entry, Error, Journal, Position, Progress, Refused, State,
};

/// Most batches that wait to be committed.
const WAITING_MAX: usize = 1024;
/// Most octets of a batch.
const BATCH_OCTETS_MAX: usize = 1 << 20;

/// What outlives a [`MemoryJournal`]: its disk, as it were. Clones are the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// How often it was opened to be written; only the last one writes.
    epoch: u32,
    /// How many batches were given up: the first of `batches` has the position after that.
    truncated: u64,
    batches: VecDeque<Vec<u8>>,
    /// The newest checkpoint: where replay goes on, and its records.
    checkpoint: Option<(Position, Vec<Vec<u8>>)>,
}

impl Kept {
    fn first(&self) -> Position {
        Position::new(self.truncated + 1)
    }

    fn last(&self) -> Position {
        Position::new(self.truncated + self.batches.len() as u64)
    }
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it to be written. Whoever had it open is fenced off.
    #[must_use]
    pub fn open(&self) -> MemoryJournal {
        let mut kept = locked(&self.kept);
        kept.epoch += 1;
        MemoryJournal {
            store: self.clone(),
            epoch: kept.epoch,
            waiting: Mutex::new(Waiting { submitted: kept.last(), batches: VecDeque::new() }),
            progress: Arc::new(Progress::new(kept.last())),
            checkpointing: Arc::new(Mutex::new(false)),
        }
    }
}

/// The contract of [`Journal`] in the plainest way there is, for tests of what is built on it.
///
/// What is submitted waits until [`MemoryJournal::commit`]; what waits when it is dropped is lost,
/// like in a crash.
#[derive(Debug)]
pub struct MemoryJournal {
    store: MemoryStore,
    epoch: u32,
    waiting: Mutex<Waiting>,
    progress: Arc<Progress>,
    checkpointing: Arc<Mutex<bool>>,
}

#[derive(Debug)]
struct Waiting {
    /// The last position given.
    submitted: Position,
    batches: VecDeque<Vec<u8>>,
}

impl MemoryJournal {
    /// Makes the oldest batch that waits durable; says whether there was one.
    pub fn commit(&self) -> bool {
        let Some(octets) = locked(&self.waiting).batches.pop_front() else { return false };
        let mut kept = locked(&self.store.kept);
        if kept.epoch != self.epoch {
            self.progress.become_state(State::Fenced);
            return false;
        }
        kept.batches.push_back(octets);
        self.progress.advance(kept.last());
        true
    }

    /// Its machine fails from now on, for this reason: nothing more becomes durable.
    pub fn fail(&self, why: impl Into<String>) {
        locked(&self.waiting).batches.clear();
        self.progress.fail(why.into());
    }

    /// The progress, to be watched.
    #[must_use]
    pub fn shared_progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// What is kept, if this is its writer.
    fn written(&self) -> Result<MutexGuard<'_, Kept>, Error> {
        let kept = locked(&self.store.kept);
        match kept.epoch == self.epoch {
            true => Ok(kept),
            false => Err(Error::Stopped(Refused::Fenced.to_string())),
        }
    }
}

impl Journal for MemoryJournal {
    fn submit(&self, batch: &mut Batch) -> Result<Position, Refused> {
        if let Some(refused) = self.progress.state().refusal() {
            return Err(refused);
        }
        if batch.is_empty() {
            return Err(Refused::Empty);
        }
        if batch.len() > BATCH_OCTETS_MAX {
            return Err(Refused::TooLarge { octets: batch.len(), max: BATCH_OCTETS_MAX });
        }
        let mut waiting = locked(&self.waiting);
        if waiting.batches.len() >= WAITING_MAX {
            return Err(Refused::Busy);
        }
        if self.written().is_err() {
            self.progress.become_state(State::Fenced);
            return Err(Refused::Fenced);
        }
        waiting.batches.push_back(mem::take(batch).into_buffer());
        waiting.submitted = waiting.submitted.next();
        Ok(waiting.submitted)
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn first(&self) -> Position {
        locked(&self.store.kept).first()
    }

    fn replay(
        &self,
        from: Position,
        each: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<Position, Error> {
        let mut position = from.max(Position::FIRST);
        loop {
            let kept = locked(&self.store.kept);
            if position < kept.first() {
                return Err(Error::Truncated { asked: position, first: kept.first() });
            }
            let at = usize::try_from(position.number() - kept.first().number());
            let Some(octets) = at.ok().and_then(|at| kept.batches.get(at)).cloned() else {
                return Ok(position);
            };
            // `each` may use the journal, so it is called without the lock.
            drop(kept);
            let flow = each(Entry { position, octets: &octets });
            position = position.next();
            if flow.is_break() {
                return Ok(position);
            }
        }
    }

    fn truncate_before(&self, position: Position) -> Result<(), Error> {
        let mut kept = self.written()?;
        if position > kept.last().next() {
            return Err(Error::NotDurable { asked: position, durable: kept.last() });
        }
        while kept.first() < position {
            kept.batches.pop_front();
            kept.truncated += 1;
        }
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        self.progress.become_state(State::Closed);
        while self.commit() {}
        match self.progress.state() {
            State::Closed => Ok(()),
            _ => Err(Error::Stopped(Refused::Fenced.to_string())),
        }
    }
}

impl Checkpoints for MemoryJournal {
    fn begin(&self) -> Result<Box<dyn CheckpointWriter + Send + '_>, Error> {
        match mem::replace(&mut *locked(&self.checkpointing), true) {
            true => Err(Error::Locked),
            false => Ok(Box::new(MemoryCheckpoint { journal: self, records: Vec::new() })),
        }
    }

    fn newest(&self) -> Option<Position> {
        locked(&self.store.kept).checkpoint.as_ref().map(|(from, _)| *from)
    }

    fn read(&self, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Position, Error> {
        let (first, checkpoint) = {
            let kept = locked(&self.store.kept);
            (kept.first(), kept.checkpoint.clone())
        };
        let Some((from, records)) = checkpoint else { return Ok(first) };
        for record in &records {
            if each(record).is_break() {
                break;
            }
        }
        Ok(from)
    }
}

/// A checkpoint in the making. This one does keep all of it in memory: that is what the journal
/// is made of.
#[derive(Debug)]
struct MemoryCheckpoint<'a> {
    journal: &'a MemoryJournal,
    records: Vec<Vec<u8>>,
}

impl CheckpointWriter for MemoryCheckpoint<'_> {
    fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        self.records.push(record.to_vec());
        Ok(())
    }

    fn finish(mut self: Box<Self>, from: Position) -> Result<(), Error> {
        let mut kept = self.journal.written()?;
        if from > kept.last().next() {
            return Err(Error::NotDurable { asked: from, durable: kept.last() });
        }
        kept.checkpoint = Some((from, mem::take(&mut self.records)));
        Ok(())
    }
}

impl Drop for MemoryCheckpoint<'_> {
    fn drop(&mut self) {
        *locked(&self.journal.checkpointing) = false;
    }
}

/// The contents of a lock. A thread that panicked with it left them whole: nothing here panics
/// between two changes that belong together.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{self, Fixture};

    #[derive(Default)]
    struct InMemory(MemoryStore);

    impl Fixture for InMemory {
        type Journal = MemoryJournal;

        fn open(&mut self) -> Result<MemoryJournal, Error> {
            Ok(self.0.open())
        }

        fn settle(&mut self, journal: &MemoryJournal) {
            while journal.commit() {}
        }

        fn crash(&mut self, journal: MemoryJournal) {
            // Some of it was committed, and the rest goes with the process.
            journal.commit();
        }

        fn progress(journal: &MemoryJournal) -> &Arc<Progress> {
            journal.shared_progress()
        }
    }

    conformance::suite!(InMemory::default());

    #[test]
    fn after_a_failure_nothing_becomes_durable_and_all_is_refused() {
        let store = MemoryStore::default();
        let journal = store.open();
        let mut batch = Batch::new();
        batch.push(b"one");
        assert_eq!(journal.submit(&mut batch), Ok(Position::FIRST));
        assert!(journal.commit());
        batch.push(b"two");
        assert!(journal.submit(&mut batch).is_ok());
        journal.fail("the disk is gone");
        assert!(!journal.commit());
        batch.push(b"three");
        assert_eq!(journal.submit(&mut batch), Err(Refused::Failed));
        assert_eq!(journal.progress().durable(), Position::FIRST);
        assert_eq!(journal.progress().why(), Some("the disk is gone"));
    }
}
