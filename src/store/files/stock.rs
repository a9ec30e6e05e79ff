//! The next segment, made before it is needed by a thread of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::{Error, Progress, State};

use super::Disk;
use super::layout::{Name, SEGMENT_NEW};
use super::manifest::Kept;
use super::segment::{self, Segment};

/// Segments that are kept ready: the writer takes one, and another is made while it is written.
const READY: usize = 1;

/// Segments to be written next, and what they are made of.
#[derive(Debug)]
pub(super) struct Stock {
    disk: Arc<dyn Disk>,
    manifest: Arc<Kept>,
    progress: Arc<Progress>,
    segment_octets: u64,
    /// How long to wait before it is tried again whether there is space.
    retry: Duration,
    shelf: Mutex<Shelf>,
    changed: Condvar,
}

#[derive(Debug)]
struct Shelf {
    ready: VecDeque<Segment>,
    /// Files to make segments of.
    spares: Vec<String>,
    next_generation: u64,
    /// The writer waits.
    is_awaited: bool,
    /// The last attempt found no space.
    is_full: bool,
    /// No more are made.
    is_over: bool,
}

impl Stock {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        manifest: Arc<Kept>,
        progress: Arc<Progress>,
        settings: &super::Settings,
        ready: VecDeque<Segment>,
        spares: Vec<String>,
        next_generation: u64,
    ) -> Self {
        let shelf = Shelf {
            ready,
            spares,
            next_generation,
            is_awaited: false,
            is_full: false,
            is_over: false,
        };
        Self {
            disk,
            manifest,
            progress,
            segment_octets: settings.segment_octets,
            retry: Duration::from_millis(settings.full_retry_ms),
            shelf: Mutex::new(shelf),
            changed: Condvar::new(),
        }
    }

    /// Takes the next segment, and waits for it while `is_wanted`, which is told whether there is
    /// no space for one; `None` when there will be none.
    pub(super) fn take(&self, is_wanted: impl Fn(bool) -> bool) -> Option<Segment> {
        let mut shelf = self.shelf();
        loop {
            if let Some(segment) = shelf.ready.pop_front() {
                shelf.is_awaited = false;
                self.tell(&shelf);
                self.changed.notify_all();
                return Some(segment);
            }
            if shelf.is_over || !is_wanted(shelf.is_full) {
                return None;
            }
            shelf.is_awaited = true;
            self.tell(&shelf);
            shelf = self.changed.wait(shelf).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until it may be worth a try to write again what found no space; `false` when it is
    /// not wanted any more.
    pub(super) fn wait_for_space(&self, is_wanted: impl Fn() -> bool) -> bool {
        let shelf = self.shelf();
        if shelf.is_over || !is_wanted() {
            return false;
        }
        self.progress.become_state(State::Full);
        drop(self.changed.wait_timeout(shelf, self.retry));
        is_wanted()
    }

    /// Says anew how things stand: what found no space has been written.
    pub(super) fn space_is_back(&self) {
        self.tell(&self.shelf());
    }

    /// How many spare files there are.
    pub(super) fn spares(&self) -> usize {
        self.shelf().spares.len()
    }

    /// Adds a file to make a segment of, and in any case looks whether there is space now.
    pub(super) fn add_spare(&self, spare: Option<String>) {
        self.shelf().spares.extend(spare);
        self.nudge();
    }

    /// Has all who wait here look again.
    pub(super) fn nudge(&self) {
        // With the lock: who is about to wait has looked already.
        let _shelf = self.shelf();
        self.changed.notify_all();
    }

    /// Ends [`Stock::run`].
    pub(super) fn stop(&self) {
        self.shelf().is_over = true;
        self.nudge();
    }

    /// Makes segments until it is stopped.
    pub(super) fn run(&self) {
        // A segment that was made while there was no space to say that it counts.
        let mut made = None;
        let mut shelf = self.shelf();
        while !shelf.is_over {
            if shelf.ready.len() >= READY {
                shelf = self.changed.wait(shelf).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let generation = shelf.next_generation;
            let spare = if made.is_none() { shelf.spares.pop() } else { None };
            drop(shelf);
            let done = self.make(generation, spare.as_deref(), &mut made);
            shelf = self.shelf();
            match done {
                Ok(segment) => {
                    shelf.next_generation += 1;
                    shelf.is_full = false;
                    shelf.ready.push_back(segment);
                    self.tell(&shelf);
                    self.changed.notify_all();
                }
                Err(error) if error.is_full() => {
                    shelf.spares.extend(spare.filter(|_| made.is_none()));
                    shelf.is_full = true;
                    self.tell(&shelf);
                    self.changed.notify_all();
                    let waited = self.changed.wait_timeout(shelf, self.retry);
                    shelf = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Err(error) => {
                    shelf.is_over = true;
                    drop(shelf);
                    self.progress.fail(error.to_string());
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    /// Makes a segment that counts; what is `made` already is only to be told.
    fn make(
        &self,
        generation: u64,
        spare: Option<&str>,
        made: &mut Option<Segment>,
    ) -> Result<Segment, Error> {
        let segment = match made.take() {
            Some(segment) => segment,
            None => self.prepare(generation, spare)?,
        };
        let told = self.manifest.change(|manifest| manifest.last_generation = generation);
        if let Err(error) = told {
            *made = Some(segment);
            return Err(error);
        }
        Ok(segment)
    }

    fn prepare(&self, generation: u64, spare: Option<&str>) -> Result<Segment, Error> {
        let made = Segment::prepare(&*self.disk, generation, self.segment_octets, spare);
        if made.as_ref().is_err_and(Error::is_full) {
            // Half a file is of use to nobody, and others want the space. What cannot be removed
            // is written over the next time.
            for name in [SEGMENT_NEW, &Name::key(generation)] {
                let _ = self.disk.remove(name);
            }
        }
        made
    }

    /// Takes on the state that the shelf is in.
    fn tell(&self, shelf: &Shelf) {
        self.progress.become_state(match (shelf.is_full, shelf.is_awaited) {
            (false, _) => State::Running,
            (true, false) => State::Low,
            (true, true) => State::Full,
        });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes spare files that are of no use any more: of another length, or too many, or not of a
/// generation before the first.
pub(super) fn keep_spares(
    disk: &dyn Disk,
    spares: &[u64],
    first_generation: u64,
    octets: u64,
) -> Result<Vec<String>, Error> {
    let mut kept = Vec::new();
    for generation in spares.iter().copied() {
        let spare = Name::spare(generation);
        let is_over = generation < first_generation && kept.len() < super::SPARES_MAX;
        if is_over && segment::fits(disk, &spare, generation, octets) {
            kept.push(spare);
        } else {
            let removed = disk.remove(&spare);
            removed.map_err(|error| {
                crate::store::error::machine(format!("removing {spare}"), error)
            })?;
        }
    }
    Ok(kept)
}
