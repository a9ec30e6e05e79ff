//! What is in a directory: files to segments in order, their frames, the tail, and what is wrong.
//!
//! Nothing is changed here. Opening a journal, checking one and repairing one all begin with this.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::Disk;
use super::frame::{Header, Kind};
use super::front::{self, Past};
use super::inspect::Damage;
use super::layout::{DATA_START, MANIFEST, Name};
use super::manifest::Manifest;
use super::rebuild::first_position;
use super::scan::Found;
use super::segment::Segment;

/// The files of a directory, by what they are.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) has_manifest: bool,
    /// In ascending order, each.
    pub(super) segments: Vec<u64>,
    /// Each with its edition.
    pub(super) keys: Vec<(u64, u64)>,
    pub(super) indexes: Vec<u64>,
    pub(super) checkpoints: Vec<u64>,
    pub(super) checkpoint_keys: Vec<u64>,
    pub(super) spares: Vec<u64>,
    pub(super) unfinished: Vec<String>,
}

impl Listing {
    pub(super) fn read(disk: &dyn Disk) -> Result<Self, Error> {
        let mut listing = Self::default();
        let names = disk.list().map_err(|error| machine("listing the directory", error))?;
        for name in names {
            match Name::read(&name) {
                Some(Name::Manifest) => listing.has_manifest = true,
                Some(Name::Segment(number)) => listing.segments.push(number),
                Some(Name::Key(number, edition)) => listing.keys.push((number, edition)),
                Some(Name::Index(number)) => listing.indexes.push(number),
                Some(Name::Checkpoint(number)) => listing.checkpoints.push(number),
                Some(Name::CheckpointKey(number)) => listing.checkpoint_keys.push(number),
                Some(Name::Spare(number)) => listing.spares.push(number),
                Some(Name::Unfinished) => listing.unfinished.push(name),
                None => {}
            }
        }
        listing.segments.sort_unstable();
        listing.keys.sort_unstable();
        listing.checkpoints.sort_unstable();
        listing.checkpoint_keys.sort_unstable();
        listing.spares.sort_unstable();
        Ok(listing)
    }

    /// Whether no file of a journal is here.
    pub(super) fn is_empty(&self) -> bool {
        let numbers = [&self.segments, &self.checkpoints, &self.checkpoint_keys];
        !self.has_manifest
            && numbers.iter().all(|numbers| numbers.is_empty())
            && self.keys.is_empty()
            && self.spares.is_empty()
            && self.unfinished.is_empty()
    }

    /// Whether a journal was here. One whose making was interrupted was not: its first segment has
    /// no frame.
    pub(super) fn is_new(&self, disk: &dyn Disk) -> Result<bool, Error> {
        if self.has_manifest {
            return Ok(false);
        }
        let missing = Error::Missing { file: MANIFEST.to_owned() };
        match (self.segments.as_slice(), self.checkpoints.is_empty()) {
            ([], true) => Ok(true),
            ([1], true) => {
                let segment = Segment::open(disk, 1)?;
                let mut window = segment.window();
                match window.later(1, DATA_START).map_err(|error| reading(&segment, error))? {
                    None => Ok(true),
                    Some(_) => Err(missing),
                }
            }
            _ => Err(missing),
        }
    }
}

/// What one segment was found to hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Contents {
    pub(super) frames: u64,
    /// Its last frame.
    pub(super) last: Option<Header>,
}

/// The segments of a journal that count, and where the next frame goes.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) segments: Vec<Segment>,
    /// How many of them have been begun; the others are ready to be.
    pub(super) begun: usize,
    /// In the last one that was begun.
    pub(super) tail: Tail,
    /// What is wrong with what stood before them and is needed no more: it does not count then.
    pub(super) history_damage: Option<Damage>,
}

/// Where a journal ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tail {
    pub(super) offset: u64,
    pub(super) next: Position,
    pub(super) last: Option<Header>,
}

impl Survey {
    /// Looks at all that a replay from the checkpoint gives, or from the beginning where there is
    /// none, frame by frame, and at how each segment before it begins: those up to one that is
    /// damaged or missing do not count any more.
    pub(super) fn of(
        disk: &dyn Disk,
        manifest: &Manifest,
        listing: &Listing,
        checkpoint: Option<Position>,
    ) -> Result<Self, Error> {
        let needed = checkpoint.unwrap_or(manifest.first);
        let live = front::live(disk, manifest, listing, checkpoint)?;
        let first = match live {
            live if live == manifest.first_generation => manifest.first,
            live => first_position(disk, live)?.unwrap_or(manifest.first),
        };
        let mut needs = opened(disk, live..=manifest.last_generation, listing)?;
        let begun = begin(&mut needs, first)?;
        let Past { segments, damage: history_damage } = front::past(disk, manifest, live, first)?;
        let begun = segments.len() + begun;
        let segments: Vec<Segment> = segments.into_iter().chain(needs).collect();
        let mut tail = Tail { offset: DATA_START, next: manifest.first, last: None };
        for at in 0..begun {
            let behind = segments.get(at + 1).filter(|_| at + 1 < begun).map(|next| next.first);
            if behind.is_some_and(|behind| behind <= needed) {
                tail.next = behind.unwrap_or_default();
                continue;
            }
            let segment = &segments[at];
            let (contents, end) = walk(segment, segment.first, |_| {})?;
            tail = end;
            tail.last = contents.last;
            if let Some(behind) = behind.filter(|behind| *behind != end.next) {
                return Err(broken_off(segment, &end, behind));
            }
        }
        let last = begun.max(1) - 1;
        for segment in &segments[last..] {
            let from = if segment.generation == segments[last].generation {
                tail.offset
            } else {
                DATA_START
            };
            nothing_behind(segment, from)?;
        }
        if let Some(damage) = manifest.closed.and_then(|closed| unlike_closed(tail.next, closed)) {
            let segment = &segments[last];
            let file = segment.name();
            let what = format!("{}; {damage}", nothing(segment, tail.offset));
            return Err(Error::Damaged { file, offset: tail.offset, what });
        }
        Ok(Self { begun: begun.max(1), segments, tail, history_damage })
    }
}

/// Opens all segments of these generations, and sees that none is missing between them.
fn opened(
    disk: &dyn Disk,
    generations: RangeInclusive<u64>,
    listing: &Listing,
) -> Result<Vec<Segment>, Error> {
    let first = *generations.start();
    let mut segments = Vec::new();
    for generation in generations {
        if listing.segments.binary_search(&generation).is_err() {
            return Err(Error::Missing { file: Name::segment(generation) });
        }
        segments.push(Segment::open(disk, generation)?);
    }
    match segments.is_empty() {
        true => Err(Error::Missing { file: Name::segment(first) }),
        false => Ok(segments),
    }
}

/// Reads with which position each segment begins; says how many have been begun.
fn begin(segments: &mut [Segment], first: Position) -> Result<usize, Error> {
    let mut begun = 0;
    let mut before = first;
    // Also where it holds nothing yet.
    segments[0].first = first;
    for at in 0..segments.len() {
        let segment = &mut segments[at];
        let found = segment.window().narrow().frame_at(segment.generation, DATA_START);
        let header = match found.map_err(|error| reading(segment, error))? {
            Found::Frame(header) => header,
            Found::Nothing(_) => continue,
        };
        let is_next = if at == 0 { header.first == first } else { header.first > before };
        if header.kind != Kind::Batches || header.count == 0 || !is_next {
            return Err(out_of_order(segment, &header, before));
        }
        if begun < at {
            // One before it has no first frame: its first frame was lost.
            let what = "no frame begins here, and later segments have some".to_owned();
            let file = segments[begun].name();
            return Err(Error::Damaged { file, offset: DATA_START, what });
        }
        before = header.first;
        segment.first = header.first;
        begun = at + 1;
    }
    Ok(begun)
}

/// Goes over the frames of a segment from its beginning, each handed to `each`. Says what there
/// are, and where they end.
pub(super) fn walk(
    segment: &Segment,
    first: Position,
    mut each: impl FnMut(&Header),
) -> Result<(Contents, Tail), Error> {
    let mut window = segment.window();
    let mut contents = Contents::default();
    let mut tail = Tail { offset: DATA_START, next: first, last: None };
    loop {
        let found = window.frame_at(segment.generation, tail.offset);
        let Found::Frame(header) = found.map_err(|error| reading(segment, error))? else {
            return Ok((contents, tail));
        };
        if header.kind != Kind::Batches || header.count == 0 || header.first != tail.next {
            return Err(out_of_order(segment, &header, tail.next));
        }
        each(&header);
        contents.frames += 1;
        contents.last = Some(header);
        tail = Tail { offset: header.end(), next: header.next(), last: Some(header) };
    }
}

/// Sees that no frame stands behind where a segment ends: one that does was durable, and the one
/// before it too.
fn nothing_behind(segment: &Segment, from: u64) -> Result<(), Error> {
    let mut window = segment.window();
    let later = window.later(segment.generation, from).map_err(|error| reading(segment, error))?;
    let Some(later) = later else { return Ok(()) };
    let found = window.frame_at(segment.generation, from);
    let what = match found.map_err(|error| reading(segment, error))? {
        Found::Nothing(what) => what,
        Found::Frame(_) => "a frame begins here that was not expected",
    };
    let what = format!("{what}, and at octet {} a later one is whole", later.offset);
    Err(Error::Damaged { file: segment.name(), offset: from, what })
}

/// What is wrong with a journal that ends before this position and was closed before that one.
pub(super) fn unlike_closed(next: Position, closed: Position) -> Option<String> {
    let closed_after = closed.before();
    match next.cmp(&closed) {
        Ordering::Equal => None,
        Ordering::Less => Some(format!(
            "position {next} was expected, for the journal was closed after {closed_after}"
        )),
        Ordering::Greater => Some(format!(
            "there are batches up to {}, though the journal was closed after {closed_after}",
            next.before()
        )),
    }
}

/// What stands where a segment ends.
pub(super) fn nothing(segment: &Segment, offset: u64) -> &'static str {
    match segment.window().frame_at(segment.generation, offset) {
        Ok(Found::Nothing(what)) => what,
        _ => "it ends here",
    }
}

fn broken_off(segment: &Segment, end: &Tail, behind: Position) -> Error {
    let what = format!(
        "{}; position {} was expected, and the next segment begins with {behind}",
        nothing(segment, end.offset),
        end.next
    );
    Error::Damaged { file: segment.name(), offset: end.offset, what }
}

fn out_of_order(segment: &Segment, header: &Header, expected: Position) -> Error {
    let what = format!(
        "a frame of {} batches from position {} on, where {expected} was expected",
        header.count, header.first
    );
    Error::Damaged { file: segment.name(), offset: header.offset, what }
}

pub(super) fn reading(segment: &Segment, error: std::io::Error) -> Error {
    machine(format!("reading {}", segment.name()), error)
}
