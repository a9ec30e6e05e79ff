//! What is kept beyond need: for how long, and the indexes by which it is found.
//!
//! ```text
//!   truncate_before --floor--> segments below it are history
//!        step: the oldest is given up when it is too old, or there are too many octets
//!              the next closed segment is read, a part at a time, and its index written beside it
//! ```
//!
//! One thread does this behind the writer, in small steps between which it sleeps for three times
//! as long as they took, and reads what was written a while ago: the writer waits for none of it.
//! Without space the oldest gives way before anybody is refused anything.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::store::Position;
use crate::store::history::{Digest, Keeping, Kept};

use super::frame::Items;
use super::frames::Frames;
use super::index::{Index, Making, Summary};
use super::layout::INDEX_NEW;
use super::segment::Segment;
use super::writer::Shared;
use super::{Disk, Settings, locked};

/// Octets of a segment that are read for its index in one step.
const STEP: u64 = 1 << 20;
/// How long it rests when there is nothing to do.
const REST: Duration = Duration::from_secs(1);
/// Its share of the time of a processor at most is one part in this many and one.
const LEISURE: u32 = 3;
/// The segment being written is left for the next after this part of `age_max`, so that nothing
/// stays for much longer than it because little is written.
const TURNS: u64 = 8;

/// What is kept of a journal in files.
#[derive(Debug)]
pub(super) struct History {
    disk: Arc<dyn Disk>,
    settings: Settings,
    digest: Arc<dyn Digest>,
    /// See [`Keeping`].
    age_max_ms: AtomicU64,
    octets_max: AtomicU64,
    state: Mutex<State>,
    octets: AtomicU64,
    oldest_ms: AtomicU64,
    is_over: Mutex<bool>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// What stands before it is needed no more.
    floor: Position,
    /// What is known of segments by their generation and edition; nothing of one that cannot be
    /// read.
    known: BTreeMap<(u64, u64), Option<Summary>>,
    making: Option<Making>,
    /// The segment that is being written, and since when, in milliseconds since 1970.
    active: (u64, u64),
    /// No index is written before, for there was no space.
    not_before_ms: u64,
}

impl History {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        settings: Settings,
        keeping: Keeping,
        floor: Position,
    ) -> Self {
        let state =
            State { floor, known: BTreeMap::new(), making: None, active: (0, 0), not_before_ms: 0 };
        Self {
            disk,
            settings,
            digest: keeping.digest,
            age_max_ms: AtomicU64::new(millis(keeping.age_max)),
            octets_max: AtomicU64::new(keeping.octets_max),
            state: Mutex::new(state),
            octets: AtomicU64::new(0),
            oldest_ms: AtomicU64::new(0),
            is_over: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// Keeps it for so long from now on, and so many octets of it.
    pub(super) fn retain(&self, age_max: Duration, octets_max: u64) {
        self.age_max_ms.store(millis(age_max), Ordering::Relaxed);
        self.octets_max.store(octets_max, Ordering::Relaxed);
    }

    fn age_max_ms(&self) -> u64 {
        self.age_max_ms.load(Ordering::Relaxed)
    }

    /// What stands before this position is needed no more.
    pub(super) fn raise(&self, floor: Position) {
        let mut state = locked(&self.state);
        state.floor = state.floor.max(floor);
        drop(state);
        self.changed.notify_all();
    }

    /// How many of these segments, the oldest first, are needed no more.
    pub(super) fn past(&self, segments: &[Segment]) -> usize {
        past(segments, locked(&self.state).floor)
    }

    /// What is kept, as the last step found it.
    pub(super) fn kept(&self) -> Kept {
        Kept {
            octets: self.octets.load(Ordering::Relaxed),
            oldest_ms: self.oldest_ms.load(Ordering::Relaxed),
        }
    }

    /// Whether the segment that is written has been for so long that another one is due.
    pub(super) fn is_turn_due(&self, wall: Duration) -> bool {
        let (_, since_ms) = locked(&self.state).active;
        let every = self.age_max_ms() / TURNS;
        every > 0 && since_ms > 0 && since_ms.saturating_add(every) < millis(wall)
    }

    /// What is known of a segment that has an index.
    pub(super) fn summary(&self, segment: &Segment) -> Option<Summary> {
        locked(&self.state).known.get(&name(segment)).copied().flatten()
    }

    /// Does what there is to do until it is stopped.
    pub(super) fn run(&self, shared: &Shared) {
        loop {
            let began = Instant::now();
            let has_worked = self.step(shared, wall());
            let rest = if has_worked { began.elapsed() * LEISURE } else { REST };
            let is_over = locked(&self.is_over);
            if *is_over {
                return;
            }
            let waited = self.changed.wait_timeout(is_over, rest);
            if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                return;
            }
        }
    }

    /// Ends [`History::run`].
    pub(super) fn stop(&self) {
        *locked(&self.is_over) = true;
        self.changed.notify_all();
    }

    /// Does one small thing at this moment of wall time since 1970; whether there was anything.
    pub(super) fn step(&self, shared: &Shared, wall: Duration) -> bool {
        if shared.progress.state().is_final() {
            return false;
        }
        let segments = shared.catalogue.segments();
        let durable = shared.progress.durable();
        let mut state = locked(&self.state);
        self.look_at_active(&mut state, &segments, durable, wall);
        self.count(&mut state, &segments);
        if let Some(generation) = self.too_much(&state, &segments, wall) {
            drop(state);
            return self.give_up_before(shared, generation, true);
        }
        self.index(&mut state, &segments, wall)
    }

    /// Gives up the oldest of what is kept, for there is no space, and says whether there was any;
    /// its file is kept to be used again, or goes.
    pub(super) fn give_way(&self, shared: &Shared, is_used_again: bool) -> bool {
        let segments = shared.catalogue.segments();
        let floor = locked(&self.state).floor;
        match past(&segments, floor) {
            0 => false,
            _ => self.give_up_before(shared, segments[1].generation, is_used_again),
        }
    }

    fn give_up_before(&self, shared: &Shared, generation: u64, is_used_again: bool) -> bool {
        let before = shared.catalogue.first();
        let given = shared.catalogue.give_up(
            &*self.disk,
            &self.settings,
            shared,
            generation,
            is_used_again,
        );
        if let Err(error) = given {
            shared.fails(&error);
        }
        shared.catalogue.first() > before
    }

    /// Notes since when the segment that is written has been, by what stands in it first.
    fn look_at_active(
        &self,
        state: &mut State,
        segments: &[Segment],
        durable: Position,
        wall: Duration,
    ) {
        let Some(active) = segments.last() else { return };
        if state.active.0 == active.generation || durable < active.first {
            return;
        }
        let mut frames = Frames::of(active);
        let first = frames.next().ok().and_then(|(_, opened)| {
            Items::new(opened).find_map(|batch| self.digest.digest(batch, &mut |_| {}))
        });
        let now = millis(wall);
        state.active = (active.generation, first.map_or(now, |first| first.min(now)));
    }

    /// Counts what is kept.
    fn count(&self, state: &mut State, segments: &[Segment]) {
        let past = &segments[..past(segments, state.floor)];
        let there: std::collections::BTreeSet<_> = segments.iter().map(name).collect();
        state.known.retain(|name, _| there.contains(name));
        let index = |segment: &Segment| known(state, segment).map_or(0, |known| known.octets);
        let octets = past.iter().map(|segment| segment.octets + index(segment)).sum();
        let oldest = past.iter().find_map(|segment| known(state, segment));
        self.octets.store(octets, Ordering::Relaxed);
        self.oldest_ms.store(oldest.map_or(0, |known| known.first_ms), Ordering::Relaxed);
    }

    /// The generation before which all is given up now, if anything is.
    fn too_much(&self, state: &State, segments: &[Segment], wall: Duration) -> Option<u64> {
        if past(segments, state.floor) == 0 {
            return None;
        }
        let (oldest, next) = (&segments[0], &segments[1]);
        let is_over = self.octets.load(Ordering::Relaxed) > self.octets_max.load(Ordering::Relaxed);
        // One that cannot be read, or says no time, is older than what stands behind it.
        let behind = segments.iter().skip(1).filter_map(|one| known(state, one));
        let last_ms = known(state, oldest).map(|known| known.last_ms).into_iter();
        let last_ms = last_ms.chain(behind.map(|known| known.first_ms)).find(|&ms| ms > 0);
        let age_max = self.age_max_ms();
        let is_past = |last: u64| last.saturating_add(age_max) < millis(wall);
        // Where nothing is kept it is not looked how old it is.
        let is_old = age_max == 0 || last_ms.is_some_and(is_past);
        (is_over || is_old).then_some(next.generation)
    }

    /// Goes on with an index, or begins the next; whether there was one.
    fn index(&self, state: &mut State, segments: &[Segment], wall: Duration) -> bool {
        if millis(wall) < state.not_before_ms || self.age_max_ms() == 0 {
            return false;
        }
        let State { known, making, .. } = state;
        if making.as_ref().is_some_and(|making| !is_there(segments, &making.segment)) {
            *making = None;
        }
        if making.is_none() {
            let closed = segments.iter().zip(segments.iter().skip(1));
            let mut unknown = closed.filter(|(segment, _)| !known.contains_key(&name(segment)));
            let Some((segment, next)) = unknown.next() else { return false };
            if let Some(summary) = Index::summary(&*self.disk, segment) {
                known.insert(name(segment), Some(summary));
                return true;
            }
            *making = Some(Making::begin(segment, next.first));
        }
        let Some(under_way) = making else { return false };
        match under_way.go_on(&*self.digest, STEP) {
            Ok(false) => return true,
            Ok(true) => {}
            // Whoever opens or checks the journal says what is wrong with it.
            Err(_) => {
                known.insert(name(&under_way.segment), None);
                *making = None;
                return true;
            }
        }
        let Some(done) = making.take() else { return false };
        let segment = name(&done.segment);
        match done.write(&*self.disk) {
            Ok(summary) => drop(known.insert(segment, Some(summary))),
            // All that is in it stands in the segment: without space, or descriptors, or whatever
            // it was, it is made later.
            Err(_) => {
                // What cannot be removed is written over the next time.
                let _ = self.disk.remove(INDEX_NEW);
                state.not_before_ms = millis(wall + REST * 10);
                return false;
            }
        }
        true
    }
}

/// How many of these segments, the oldest first, are needed no more.
fn past(segments: &[Segment], floor: Position) -> usize {
    segments.iter().skip(1).take_while(|next| next.first <= floor).count()
}

fn known(state: &State, segment: &Segment) -> Option<Summary> {
    state.known.get(&name(segment)).copied().flatten()
}

pub(super) fn is_there(segments: &[Segment], one: &Segment) -> bool {
    segments.iter().any(|segment| name(segment) == name(one))
}

fn name(segment: &Segment) -> (u64, u64) {
    (segment.generation, segment.edition)
}

/// Wall time since 1970.
fn wall() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
