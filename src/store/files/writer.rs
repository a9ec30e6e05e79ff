//! The one who writes: what waits to one frame, one write and one sync.
//!
//! It goes by steps, each with at most one call to the disk, and its thread does nothing but take
//! one after the other. Where there is to be no thread, as in a simulation, somebody else does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Waker};

use crate::planted::{Bug, is_planted};
use crate::store::error::{is_full, machine};
use crate::store::progress::Unpark;
use crate::store::{Error, Position, Progress, State};

use super::catalogue::Catalogue;
use super::frame::{Draft, Kind, Place, span_of_one};
use super::intake::Intake;
use super::keep::History;
use super::manifest::Kept;
use super::segment::Segment;
use super::stock::{Seen, Stock, Taken};

/// What the writer shares with the journal.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) intake: Intake,
    pub(super) stock: Stock,
    pub(super) catalogue: Catalogue,
    pub(super) manifest: Arc<Kept>,
    pub(super) progress: Arc<Progress>,
    /// Nobody waits for what was not written.
    pub(super) is_abandoned: AtomicBool,
    pub(super) written: Written,
    /// The writer is to leave its segment with the next frame.
    pub(super) turns: AtomicBool,
    /// What is kept beyond need; `None` where nothing is.
    pub(super) history: Option<History>,
}

impl Shared {
    /// Makes room where there is none, by giving up the oldest of what is kept beyond need; whether
    /// there was any. Its file is kept to be used again, or goes.
    pub(super) fn give_way(&self, is_used_again: bool) -> bool {
        self.history.as_ref().is_some_and(|history| history.give_way(self, is_used_again))
    }

    /// Stops for good, unless there was no space alone: it is not known what came of what failed.
    pub(super) fn fails(&self, error: &Error) {
        if !error.is_full() {
            self.progress.fail(error.to_string());
            self.stock.nudge();
            self.intake.wake();
        }
    }
}

/// What has been written since the journal was opened.
#[derive(Debug, Default)]
pub struct Written {
    frames: AtomicU64,
    octets: AtomicU64,
}

impl Written {
    /// Frames: of writes, and of syncs, there were as many.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Their octets.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets.load(Ordering::Relaxed)
    }
}

/// Octets of batches that are written at once, unless one alone has more: larger frames are not
/// written faster, and the first of what waits would wait for the last.
pub(super) const FRAME_OCTETS: usize = 1 << 20;

/// The writer.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    segment: Segment,
    /// Where the next frame goes, and the position it begins with.
    offset: u64,
    next: Position,
    epoch: u32,
    /// Batches that have come, each where its position puts it.
    ring: Box<[Option<Vec<u8>>]>,
    draft: Draft,
    /// Of more than one batch.
    frame_octets_max: u64,
    /// The frame in `draft`, while it is not durable.
    under_way: Option<UnderWay>,
}

/// A frame on its way to the disk.
#[derive(Clone, Copy, Debug)]
struct UnderWay {
    stage: Stage,
    /// Octets of the batches that it is made of.
    octets: usize,
    /// Whether it found no space at first.
    has_waited: bool,
}

/// What has been done for a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Gathered,
    Sealed,
    Written,
}

/// What came of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// There may be more to do.
    Went,
    /// Nothing is there: the intake wakes it.
    Rests,
    /// There is no segment to go on with: the stock has seen so many changes.
    WaitsForSegment(Seen),
    /// There is no space for what is to be written.
    WaitsForSpace(Seen),
}

/// Why the writer goes no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// All that was submitted is written, and no more will be.
    Closed,
    /// It is not wanted any more, or has failed already.
    Left,
    /// The storage failed.
    Failed(Error),
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        settings: &super::Settings,
        segment: Segment,
        tail: &super::survey::Tail,
        epoch: u32,
    ) -> Self {
        let frame_octets_max = span_of_one(settings.batch_octets_max.min(FRAME_OCTETS));
        Self {
            shared,
            segment,
            offset: tail.offset,
            next: tail.next,
            epoch,
            ring: (0..settings.waiting_batches_max).map(|_| None).collect(),
            draft: Draft::with_capacity(usize::try_from(frame_octets_max).unwrap_or(0)),
            frame_octets_max,
            under_way: None,
        }
    }

    /// Writes until it is told to stop or cannot go on.
    pub(super) fn run(mut self) {
        let told = FailsInPanic(Arc::clone(&self.shared.progress));
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let cx = Context::from_waker(&waker);
        let stop = loop {
            match self.step(&cx) {
                Ok(Step::Went) => {}
                Ok(Step::Rests) => std::thread::park(),
                Ok(Step::WaitsForSegment(seen)) => self.shared.stock.wait(seen),
                Ok(Step::WaitsForSpace(seen)) => self.shared.stock.wait_a_while(seen),
                Err(stop) => break stop,
            }
        };
        self.stopped(stop);
        drop(told);
    }

    /// Says why it goes no further.
    pub(super) fn stopped(&self, stop: Stop) {
        match stop {
            Stop::Closed => self.shared.progress.become_state(State::Closed),
            Stop::Left => {}
            Stop::Failed(error) => self.shared.progress.fail(error.to_string()),
        }
    }

    /// Does one thing. The waker of `cx` stays with the intake where there is nothing to do.
    ///
    /// # Errors
    /// Why it goes no further.
    pub(super) fn step(&mut self, cx: &Context<'_>) -> Result<Step, Stop> {
        self.take_in();
        match self.under_way {
            None if self.waits(self.next) => self.begin_frame(),
            None => self.rest(cx),
            Some(UnderWay { stage: Stage::Gathered, .. }) => self.seal_frame(),
            Some(UnderWay { stage: Stage::Sealed, .. }) => self.write_frame(),
            Some(UnderWay { stage: Stage::Written, .. }) => self.sync_frame(),
        }
    }

    fn place(&self, position: Position) -> usize {
        // The ring has at least one place, and its length is far below the largest number.
        (position.number() % self.ring.len() as u64) as usize
    }

    fn waits(&self, position: Position) -> bool {
        self.ring[self.place(position)].is_some()
    }

    /// Takes all that has come.
    fn take_in(&mut self) {
        while let Some((number, batch)) = self.shared.intake.pop() {
            let place = self.place(Position::new(number));
            let before = self.ring[place].replace(batch);
            debug_assert!(before.is_none(), "two batches with the position {number}");
        }
    }

    /// Whether something comes, where there is nothing to do.
    fn rest(&self, cx: &Context<'_>) -> Result<Step, Stop> {
        let shared = &*self.shared;
        shared.intake.register(cx);
        self.goes_on()?;
        if shared.intake.is_closed() && shared.intake.last() < self.next.number() {
            return Err(Stop::Closed);
        }
        Ok(if shared.intake.is_empty() { Step::Rests } else { Step::Went })
    }

    fn goes_on(&self) -> Result<(), Stop> {
        let shared = &*self.shared;
        let is_over =
            shared.is_abandoned.load(Ordering::Acquire) || shared.progress.state() == State::Failed;
        if is_over { Err(Stop::Left) } else { Ok(()) }
    }

    /// Makes a frame of what waits.
    fn begin_frame(&mut self) -> Result<Step, Stop> {
        self.goes_on()?;
        let octets = self.gather();
        self.under_way = Some(UnderWay { stage: Stage::Gathered, octets, has_waited: false });
        self.seal_frame()
    }

    /// Seals the frame for its place, once there is one.
    fn seal_frame(&mut self) -> Result<Step, Stop> {
        if self.offset + self.draft.span() > self.segment.octets || self.is_turn() {
            match self.shared.stock.take(|is_full| is_wanted(&self.shared, is_full)) {
                Taken::Segment(segment) => self.go_to(segment),
                Taken::NotYet(seen) => return Ok(Step::WaitsForSegment(seen)),
                Taken::Never => return Err(no_longer_wanted(&self.shared)),
            }
        }
        let place = Place {
            kind: Kind::Batches,
            generation: self.segment.generation,
            offset: self.offset,
            epoch: self.epoch,
            key: &self.segment.key,
        };
        self.draft.seal(&place, self.next);
        self.reach(Stage::Sealed);
        self.write_frame()
    }

    fn write_frame(&mut self) -> Result<Step, Stop> {
        match self.segment.file.write_at(self.draft.sealed(), self.offset) {
            Ok(()) => {
                if self.under_way.is_some_and(|frame| frame.has_waited) {
                    self.shared.stock.space_is_back();
                }
                self.reach(Stage::Written);
                Ok(Step::Went)
            }
            // Nothing of it was taken for durable, and the next try writes the same octets.
            Err(error) if is_full(&error) && self.shared.give_way(false) => Ok(Step::Went),
            Err(error) if is_full(&error) => {
                if let Some(frame) = &mut self.under_way {
                    frame.has_waited = true;
                }
                match self.shared.stock.lacks_space(|| is_wanted(&self.shared, true)) {
                    Some(seen) => Ok(Step::WaitsForSpace(seen)),
                    None => Err(no_longer_wanted(&self.shared)),
                }
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes the frame durable, and says so.
    fn sync_frame(&mut self) -> Result<Step, Stop> {
        if !is_planted(Bug::NoSync)
            && let Err(error) = self.segment.file.sync_data()
            && !is_planted(Bug::FailedSyncBelieved)
        {
            return Err(self.failed(error));
        }
        // The stock may have failed in the meantime, and then nothing becomes durable any more.
        self.goes_on()?;
        let octets = self.under_way.take().map_or(0, |frame| frame.octets);
        let span = self.draft.sealed().len() as u64;
        let last = self.next.plus(u64::from(self.draft.count())).before();
        self.offset += span;
        self.next = last.next();
        self.shared.written.frames.fetch_add(1, Ordering::Relaxed);
        self.shared.written.octets.fetch_add(span, Ordering::Relaxed);
        self.shared.intake.done(last.number(), octets);
        self.shared.progress.advance(last);
        Ok(Step::Went)
    }

    fn reach(&mut self, stage: Stage) {
        if let Some(frame) = &mut self.under_way {
            frame.stage = stage;
        }
    }

    fn failed(&self, error: std::io::Error) -> Stop {
        Stop::Failed(machine(format!("writing {}", self.segment.name()), error))
    }

    /// Puts what waits into a frame, in order, as far as it goes; says how many octets waited.
    fn gather(&mut self) -> usize {
        self.draft.clear();
        let mut octets = 0;
        let mut position = self.next;
        loop {
            let place = self.place(position);
            let is_last = self.draft.count() as usize == self.ring.len();
            let Some(batch) = self.ring[place].take_if(|batch| {
                let has_room = self.draft.span_with(batch.len()) <= self.frame_octets_max;
                !is_last && (has_room || self.draft.count() == 0)
            }) else {
                return octets;
            };
            octets += batch.len();
            self.draft.push(&batch);
            self.shared.intake.give_back(batch);
            position = position.next();
        }
    }

    /// Whether it is to leave a segment that has something, however much room there is.
    fn is_turn(&self) -> bool {
        self.offset > super::layout::DATA_START && self.shared.turns.load(Ordering::Acquire)
    }

    fn go_to(&mut self, segment: Segment) {
        self.shared.turns.store(false, Ordering::Release);
        self.segment = Segment { first: self.next, ..segment };
        self.offset = super::layout::DATA_START;
        self.shared.catalogue.begin(self.segment.clone());
        let end = self.offset + self.draft.span();
        debug_assert!(end <= self.segment.octets, "a segment without room for a batch");
    }
}

/// Whether it is worth to wait. A journal that is closed waits for a segment to be made, and not
/// for space: that may never come.
fn is_wanted(shared: &Shared, is_full: bool) -> bool {
    let is_abandoned = shared.is_abandoned.load(Ordering::Acquire);
    let is_in_vain = is_full && shared.intake.is_closed();
    !is_abandoned && !is_in_vain && !shared.progress.state().is_final()
}

/// Why there was no waiting: a journal that is closed while there is no space cannot write what it
/// took, and who submitted that has never been told that it is durable.
fn no_longer_wanted(shared: &Shared) -> Stop {
    match shared.intake.is_closed() {
        true => Stop::Closed,
        false => Stop::Left,
    }
}

/// A writer that panics stops the journal for good.
struct FailsInPanic(Arc<Progress>);

impl Drop for FailsInPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the writer panicked".to_owned());
        }
    }
}
