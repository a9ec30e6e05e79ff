//! Where a journal begins that goes on from its newest checkpoint. What stands before that is kept
//! to be looked for alone: whatever became of it, nobody who starts has to do without the rest.

use std::collections::VecDeque;

use crate::store::{Error, Position};

use super::Disk;
use super::frame::{HEADER, Header, Kind};
use super::inspect::{Cut, Damage, of_error};
use super::layout::{DATA_START, Name};
use super::manifest::Manifest;
use super::rebuild::first_position;
use super::segment::Segment;
use super::survey::{Listing, reading};

/// `EIO` of every Unix: what a disk says of a sector that it cannot read.
const EIO: i32 = 5;

/// The segments that are kept beyond need, in order, from behind the newest damage on.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) segments: VecDeque<Segment>,
    /// Why there are no older ones, though there should be.
    pub(super) damage: Option<Damage>,
}

/// The segment in which a replay from a checkpoint begins: the last one that begins there or
/// before, whatever the manifest says of those that nobody needs. Without a checkpoint all are.
pub(super) fn live(
    disk: &dyn Disk,
    manifest: &Manifest,
    listing: &Listing,
    checkpoint: Option<Position>,
) -> Result<u64, Error> {
    let counts = manifest.first_generation..=manifest.last_generation;
    if let Some(needed) = checkpoint {
        // Of those that are there: how many should be is only a number.
        let there = listing.segments.iter().rev().copied();
        for generation in there.filter(|there| counts.contains(there)) {
            if first_position(disk, generation)?.is_some_and(|first| first <= needed) {
                return Ok(generation);
            }
        }
    }
    Ok(manifest.first_generation)
}

/// Opens the segments before this one, the newest first, as far as each is there and says how it
/// begins; of what they hold nothing else is read.
pub(super) fn past(
    disk: &dyn Disk,
    manifest: &Manifest,
    live: u64,
    first: Position,
) -> Result<Past, Error> {
    let mut past = Past { segments: VecDeque::new(), damage: None };
    let mut behind = first;
    for generation in (manifest.first_generation..live).rev() {
        match begun(disk, manifest, generation, behind) {
            Ok(segment) => {
                behind = segment.first;
                past.segments.push_front(segment);
            }
            Err(error) => {
                let mut damage = of_error(as_damage(error, generation), Cut::Whole(generation))?;
                damage.lost = lost_before(manifest, behind);
                past.damage = Some(damage);
                break;
            }
        }
    }
    Ok(past)
}

/// What a journal should have before this position.
pub(super) fn lost_before(manifest: &Manifest, first: Position) -> Option<(Position, Position)> {
    (manifest.first < first).then(|| (manifest.first, first.before()))
}

/// Opens a segment that begins before this position.
fn begun(
    disk: &dyn Disk,
    manifest: &Manifest,
    generation: u64,
    behind: Position,
) -> Result<Segment, Error> {
    let mut segment = Segment::open(disk, generation)?;
    let mut header = [0; HEADER];
    let read = segment.file.read_at(&mut header, DATA_START);
    read.map_err(|error| reading(&segment, error))?;
    let damaged =
        |what: String| Error::Damaged { file: Name::segment(generation), offset: DATA_START, what };
    let header = Header::decode(&header, generation, DATA_START)
        .filter(|header| header.kind == Kind::Batches && header.count > 0)
        .ok_or_else(|| damaged("no frame begins here".to_owned()))?;
    let is_first = generation == manifest.first_generation;
    let is_in_order = header.first >= manifest.first && header.first < behind;
    if !is_in_order || is_first != (header.first == manifest.first) {
        return Err(damaged(format!(
            "a frame from position {} on, where one of {} to {} was expected",
            header.first,
            manifest.first,
            behind.before()
        )));
    }
    segment.first = header.first;
    Ok(segment)
}

/// What a disk cannot read is damage too, and so is a file that ends too early.
fn as_damage(error: Error, generation: u64) -> Error {
    match error {
        Error::Machine { source, .. }
            if source.raw_os_error() == Some(EIO)
                || source.kind() == std::io::ErrorKind::UnexpectedEof =>
        {
            let file = Name::segment(generation);
            Error::Damaged { file, offset: 0, what: source.to_string() }
        }
        other => other,
    }
}
