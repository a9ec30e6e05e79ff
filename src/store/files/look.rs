//! What is kept beyond need, from outside: a look at it, the newest first, and when it is time for
//! something.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::store::history::{Kept, Looked, Seen, Wanted};
use crate::store::{Entry, Error, Position};

use super::FileJournal;
use super::frame::Items;
use super::frames::Frames;
use super::index::{Index, part_of};
use super::keep::is_there;
use super::layout::DATA_START;
use super::segment::Segment;

/// How far what different threads wrote may be out of order in time.
const SLACK_MS: u64 = 60_000;

impl FileJournal {
    /// Gives the batches that may have one of the keys, of the newest segment first and within one
    /// in order, until `each` breaks. A segment that has an index is read where that says; those
    /// that have none yet, and the one that is being written, are read as a whole. What is being
    /// submitted may be among what is given or not. It waits for the storage.
    pub fn look(
        &self,
        wanted: &Wanted<'_>,
        each: &mut dyn FnMut(Seen<'_>) -> ControlFlow<()>,
    ) -> Looked {
        // Before the segments: what is durable by then stands in one of them.
        let mut behind = self.progress.durable().next();
        let segments = self.shared.catalogue.segments();
        let mut looked = Looked::default();
        for segment in segments.iter().rev() {
            let end = std::mem::replace(&mut behind, segment.first);
            if end <= segment.first {
                continue;
            }
            let mut reading = Reading { segment, end, wanted, looked: &mut looked };
            match reading.run(self, each) {
                Ok(ControlFlow::Continue(())) if looked.is_cut => return looked,
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return looked,
                // It was given up meanwhile, and with it all that is older.
                Err(_) if !is_there(&self.shared.catalogue.segments(), segment) => return looked,
                Err(_) => looked.unreadable += 1,
            }
            if each(Seen::EndOfSegment).is_break() {
                return looked;
            }
        }
        looked
    }

    /// Keeps what is needed no more for so long from now on, and so many octets of it, where it was
    /// opened to keep any.
    pub fn retain(&self, age_max: Duration, octets_max: u64) {
        self.shared.history.iter().for_each(|history| history.retain(age_max, octets_max));
    }

    /// Does one small thing for what is kept beyond need, at this moment of wall time since 1970;
    /// whether there was anything to do. Where threads run one of them does it.
    pub fn step_kept(&self, wall: Duration) -> bool {
        self.shared.history.as_ref().is_some_and(|history| history.step(&self.shared, wall))
    }

    /// Whether what is written now has stood beside older batches for so long that it is time for
    /// another segment ([`FileJournal::turn`]), at this moment of wall time since 1970.
    #[must_use]
    pub fn is_turn_due(&self, wall: Duration) -> bool {
        self.shared.history.as_ref().is_some_and(|history| history.is_turn_due(wall))
    }

    /// Gives up the oldest of what is kept beyond need, until so many octets of files are free or
    /// there is no more: for what else has no space. How many are.
    pub fn give_way(&self, octets: u64) -> u64 {
        let mut freed = 0;
        while freed < octets && self.shared.give_way(false) {
            freed += self.settings.segment_octets;
        }
        freed
    }

    /// Has the next batch that is submitted begin a segment, so that all before it can be given up.
    pub fn turn(&self) {
        self.shared.turns.store(true, Ordering::Release);
    }

    /// What is kept beyond need.
    #[must_use]
    pub fn kept(&self) -> Kept {
        self.shared.history.as_ref().map(|history| history.kept()).unwrap_or_default()
    }
}

/// A look at one segment.
pub(super) struct Reading<'a> {
    pub(super) segment: &'a Segment,
    /// The position behind its last one.
    pub(super) end: Position,
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) looked: &'a mut Looked,
}

impl Reading<'_> {
    /// Gives the batches of it that may be wanted.
    pub(super) fn run(
        &mut self,
        journal: &FileJournal,
        each: &mut dyn FnMut(Seen<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let (from_ms, to_ms) = (
            self.wanted.from_ms.saturating_sub(SLACK_MS),
            self.wanted.to_ms.saturating_add(SLACK_MS),
        );
        let history = journal.shared.history.as_ref();
        let summary = history.and_then(|history| history.summary(self.segment));
        let index = match summary {
            Some(known) if known.last_ms < from_ms || known.first_ms > to_ms => {
                return Ok(ControlFlow::Continue(()));
            }
            Some(_) => Index::read(&*journal.disk, self.segment),
            None => None,
        };
        let Some(index) = index else {
            let whole = self.segment.octets;
            return self.read(DATA_START, |offset| offset < whole, each);
        };
        for (number, part) in index.find(self.wanted.keys) {
            let is_before = index.next_ms(number).is_some_and(|next| next < from_ms);
            if is_before || part.first_ms > to_ms {
                continue;
            }
            let segment = self.segment;
            let is_in = |offset| part_of(segment, offset) == number;
            if self.read(part.from, is_in, each)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if self.looked.is_cut {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Gives what stands in the frames that begin from this offset on, as far as they are meant.
    fn read(
        &mut self,
        from: u64,
        is_meant: impl Fn(u64) -> bool,
        each: &mut dyn FnMut(Seen<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut frames = match from {
            DATA_START => Frames::of(self.segment),
            _ => Frames::at(self.segment, from),
        };
        while frames.is_before(self.end) && is_meant(frames.offset()) {
            if self.looked.octets >= self.wanted.octets_max {
                self.looked.is_cut = true;
                return Ok(ControlFlow::Continue(()));
            }
            let (header, opened) = frames.next()?;
            self.looked.octets += header.octets();
            for (position, octets) in (0..).map(|at| header.first.plus(at)).zip(Items::new(opened))
            {
                if each(Seen::Batch(Entry { position, octets })).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
