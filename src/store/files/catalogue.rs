//! The segments that have been begun, and giving them up.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::segment::{Segment, give_up};
use super::writer::Shared;
use super::{Disk, Settings};

/// Segments by what they hold.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Held while segments are given up, or may not be: one does it at a time.
    truncating: Mutex<()>,
    /// Held for a look, never over a call of the disk.
    segments: Mutex<VecDeque<Segment>>,
}

/// A segment to read from, and with which position the next one begins.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) segment: Segment,
    pub(super) behind: Option<Position>,
}

impl Catalogue {
    pub(super) fn new(segments: Vec<Segment>) -> Self {
        Self { truncating: Mutex::new(()), segments: Mutex::new(segments.into()) }
    }

    /// The first position that is there.
    pub(super) fn first(&self) -> Position {
        locked(&self.segments).front().map_or(Position::FIRST, |segment| segment.first)
    }

    /// Keeps all segments, for as long as what it returns is kept.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        locked(&self.truncating)
    }

    /// All segments that have been begun.
    pub(super) fn segments(&self) -> Vec<Segment> {
        locked(&self.segments).iter().cloned().collect()
    }

    /// Puts a segment in the place of the one of its generation.
    pub(super) fn replace(&self, new: Segment) {
        let mut segments = locked(&self.segments);
        let old = segments.iter_mut().find(|segment| segment.generation == new.generation);
        old.into_iter().for_each(|old| *old = new.clone());
    }

    /// Adds a segment that is begun now.
    pub(super) fn begin(&self, segment: Segment) {
        locked(&self.segments).push_back(segment);
    }

    /// The segment that has this position, or will have it.
    pub(super) fn part(&self, position: Position) -> Result<Part, Error> {
        let segments = locked(&self.segments);
        let behind = segments.partition_point(|segment| segment.first <= position);
        let found = behind.checked_sub(1).and_then(|at| segments.get(at));
        let Some(segment) = found else {
            let first = segments.front().map_or(Position::FIRST, |segment| segment.first);
            return Err(Error::Truncated { asked: position, first });
        };
        let behind = segments.get(behind).map(|next| next.first);
        Ok(Part { segment: segment.clone(), behind })
    }

    /// Gives up all segments that have nothing from this position on. First it is durable that
    /// they do not count; then their keys are destroyed, and their files can be used again. While
    /// they are held, or another is at it, none is given up: the next time there are more.
    pub(super) fn truncate(
        &self,
        disk: &dyn Disk,
        settings: &Settings,
        shared: &Shared,
        position: Position,
    ) -> Result<(), Error> {
        let generation = {
            let segments = locked(&self.segments);
            // The last one is being written.
            let keep = segments.partition_point(|segment| segment.first <= position).max(1) - 1;
            let Some(next) = segments.get(keep).filter(|_| keep > 0) else { return Ok(()) };
            next.generation
        };
        self.give_up(disk, settings, shared, generation, true)
    }

    /// The same by generation: all before this one, which is there. Files of those given up are
    /// kept to be used again, up to their limit, or go.
    pub(super) fn give_up(
        &self,
        disk: &dyn Disk,
        settings: &Settings,
        shared: &Shared,
        generation: u64,
        is_used_again: bool,
    ) -> Result<(), Error> {
        let _one = match self.truncating.try_lock() {
            Ok(one) => one,
            Err(TryLockError::Poisoned(left)) => left.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        let Shared { manifest, stock, .. } = shared;
        let first = {
            let segments = locked(&self.segments);
            let found = segments.iter().skip(1).find(|segment| segment.generation == generation);
            let Some(next) = found else { return Ok(()) };
            next.first
        };
        manifest.change(|manifest| {
            manifest.first_generation = generation;
            manifest.first = first;
        })?;
        loop {
            let gone = {
                let mut segments = locked(&self.segments);
                let is_gone = |segment: &Segment| segment.generation < generation;
                if segments.front().is_some_and(is_gone) { segments.pop_front() } else { None }
            };
            let Some(gone) = gone else { break };
            let octets = settings.segment_octets;
            let spares = if is_used_again { stock.spares() } else { super::SPARES_MAX };
            let spare = give_up(disk, (gone.generation, gone.edition), octets, spares)?;
            stock.add_spare(spare);
        }
        disk.sync_dir().map_err(|error| machine("giving up segments", error))
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
