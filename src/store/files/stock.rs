//! The next segment, made before it is needed, by a thread of its own or step by step.

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
    /// A segment that was made while there was no space to say that it counts.
    made: Option<Segment>,
    /// Counts all that whoever waits here may wait for.
    changes: u64,
}

/// How many changes there were: who has seen fewer does not wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Seen(u64);

/// What there is of a next segment.
#[derive(Debug)]
pub(super) enum Taken {
    Segment(Segment),
    NotYet(Seen),
    Never,
}

/// What came of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Making {
    /// There may be more to do.
    Went,
    /// Enough are ready.
    Rests(Seen),
    /// There is no space for another one.
    Full(Seen),
    /// No more are made.
    Over,
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
            made: None,
            changes: 0,
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

    /// Takes the next segment; [`Taken::NotYet`] while `is_wanted`, which is told whether there is
    /// no space for one.
    pub(super) fn take(&self, is_wanted: impl Fn(bool) -> bool) -> Taken {
        let mut shelf = self.shelf();
        if let Some(segment) = shelf.ready.pop_front() {
            shelf.is_awaited = false;
            self.tell(&shelf);
            self.change(&mut shelf);
            return Taken::Segment(segment);
        }
        if shelf.is_over || !is_wanted(shelf.is_full) {
            return Taken::Never;
        }
        shelf.is_awaited = true;
        self.tell(&shelf);
        Taken::NotYet(Seen(shelf.changes))
    }

    /// Says that there is no space for what is to be written; `None` when it is not wanted to wait
    /// for some.
    pub(super) fn lacks_space(&self, is_wanted: impl Fn() -> bool) -> Option<Seen> {
        let shelf = self.shelf();
        if shelf.is_over || !is_wanted() {
            return None;
        }
        self.progress.become_state(State::Full);
        Some(Seen(shelf.changes))
    }

    /// Blocks the thread until there is a change that was not seen.
    pub(super) fn wait(&self, Seen(seen): Seen) {
        let shelf = self.shelf();
        drop(self.changed.wait_while(shelf, |shelf| shelf.changes == seen));
    }

    /// The same, until it may be worth a try to write again what found no space.
    pub(super) fn wait_a_while(&self, Seen(seen): Seen) {
        let shelf = self.shelf();
        let is_same = |shelf: &mut Shelf| shelf.changes == seen;
        drop(self.changed.wait_timeout_while(shelf, self.retry, is_same));
    }

    fn change(&self, shelf: &mut Shelf) {
        shelf.changes += 1;
        self.changed.notify_all();
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
        self.change(&mut self.shelf());
    }

    /// Ends [`Stock::run`].
    pub(super) fn stop(&self) {
        self.shelf().is_over = true;
        self.nudge();
    }

    /// Makes segments until it is stopped. Where there is no space, `give_way` makes some if it
    /// can.
    pub(super) fn run(&self, give_way: impl Fn() -> bool) {
        loop {
            match self.step(&give_way) {
                Making::Went => {}
                Making::Rests(seen) => self.wait(seen),
                Making::Full(seen) => self.wait_a_while(seen),
                Making::Over => return,
            }
        }
    }

    /// Makes a segment where one is wanted.
    pub(super) fn step(&self, give_way: impl Fn() -> bool) -> Making {
        let mut shelf = self.shelf();
        if shelf.is_over {
            return Making::Over;
        }
        if shelf.ready.len() >= READY {
            return Making::Rests(Seen(shelf.changes));
        }
        let generation = shelf.next_generation;
        let mut made = shelf.made.take();
        let spare = if made.is_none() { shelf.spares.pop() } else { None };
        drop(shelf);
        let done = self.make(generation, spare.as_deref(), &mut made);
        let has_way = done.as_ref().is_err_and(Error::is_full) && give_way();
        let mut shelf = self.shelf();
        let step = match done {
            Ok(segment) => {
                shelf.next_generation += 1;
                shelf.is_full = false;
                shelf.ready.push_back(segment);
                self.tell(&shelf);
                self.change(&mut shelf);
                Making::Went
            }
            Err(error) if error.is_full() => {
                shelf.spares.extend(spare.filter(|_| made.is_none()));
                shelf.is_full = !has_way;
                self.tell(&shelf);
                self.change(&mut shelf);
                if has_way { Making::Went } else { Making::Full(Seen(shelf.changes)) }
            }
            Err(error) => {
                shelf.is_over = true;
                self.progress.fail(error.to_string());
                self.change(&mut shelf);
                Making::Over
            }
        };
        shelf.made = made;
        step
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
            for name in [SEGMENT_NEW, &Name::key(generation, 0)] {
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
