//! Opening: what a life that ended left behind to what the next one goes on with.

use std::collections::VecDeque;

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::checkpoint::{self, Stored};
use super::inspect::Damage;
use super::layout::Name;
use super::manifest::Manifest;
use super::segment::{Segment, destroy_key, give_up, remove_index};
use super::stock::keep_spares;
use super::survey::{Listing, Survey, Tail};
use super::{Disk, SPARES_MAX, Settings};

/// A journal as it was found, and made durable.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) manifest: Manifest,
    /// Those that have been begun, at least one; the next frame goes to the last of them.
    pub(super) segments: Vec<Segment>,
    pub(super) ready: VecDeque<Segment>,
    pub(super) spares: Vec<String>,
    pub(super) tail: Tail,
    /// The newest checkpoint, and the highest number that any had.
    pub(super) checkpoint: Option<Stored>,
    /// What was wrong with what is needed no more, and is given up.
    pub(super) history_damage: Option<Damage>,
}

/// Opens what is in the directory, which is locked, or makes a journal there.
pub(super) fn recover(disk: &dyn Disk, settings: &Settings) -> Result<Recovered, Error> {
    // Names that the last life saw may not have been durable when it ended.
    disk.sync_dir().map_err(|error| machine("opening the directory", error))?;
    let mut listing = Listing::read(disk)?;
    if listing.is_new(disk)? {
        make(disk, settings, &listing)?;
        listing = Listing::read(disk)?;
    }
    let Some(manifest) = Manifest::read(disk)? else {
        return Err(Error::Missing { file: super::layout::MANIFEST.to_owned() });
    };
    let checkpoint = match manifest.checkpoint {
        0 => None,
        number => Some(checkpoint::open(disk, number)?),
    };
    let goes_on = checkpoint.as_ref().map(|stored| stored.from);
    let survey = Survey::of(disk, &manifest, &listing, goes_on)?;
    let Survey { mut segments, begun, tail, history_damage } = survey;
    let active = &segments[begun - 1];
    if let Some(needed) = goes_on.filter(|needed| tail.next < *needed) {
        let what = format!("it ends before position {needed}, where a checkpoint goes on");
        return Err(Error::Damaged { file: active.name(), offset: tail.offset, what });
    }
    if manifest.closed.is_none() {
        settle(active, &tail)?;
    }
    // From here on files are changed: all that can be refused has been.
    for name in &listing.unfinished {
        disk.remove(name).map_err(|error| machine(format!("removing {name}"), error))?;
    }
    // A place in a file is written once in an epoch.
    let mut manifest = Manifest {
        epoch: manifest.epoch + 1,
        first_generation: segments[0].generation,
        first: segments[0].first,
        closed: None,
        ..manifest
    };
    let held = if tail.last.is_some() { begun } else { 0 };
    let ready = with_room(disk, settings, &mut manifest, &mut segments, held)?;
    manifest.write(disk)?;
    let spares = tidy(disk, settings, &listing, &manifest, &segments)?;
    let stale = listing.checkpoints.iter().chain(&listing.checkpoint_keys);
    checkpoint::remove(disk, stale.copied(), checkpoint.as_ref().map(|stored| stored.number))?;
    Ok(Recovered { manifest, segments, ready, spares, tail, checkpoint, history_damage })
}

/// Makes a journal where there is none: its manifest last.
fn make(disk: &dyn Disk, settings: &Settings, listing: &Listing) -> Result<(), Error> {
    if listing.segments.is_empty() {
        Segment::prepare(disk, Manifest::NEW.first_generation, settings.segment_octets, None)?;
    }
    Manifest::NEW.write(disk)
}

/// Makes the last frame durable. The last life may have ended, or failed, between its write and
/// its sync; a sync alone would not write again what a failed one before it has given up.
fn settle(segment: &Segment, tail: &Tail) -> Result<(), Error> {
    let doing = |error| machine(format!("making {} durable", segment.name()), error);
    if let Some(last) = &tail.last
        && let Some(frame) = segment.window().sealed(last).map_err(doing)?
    {
        segment.file.write_at(frame, last.offset).map_err(doing)?;
    }
    segment.file.sync_data().map_err(doing)
}

/// Goes on with the first `held` segments, and with those behind that have room for any batch of
/// today: others were made when batches were smaller. Gives those that are ready; the last one of
/// `segments` is to be written.
fn with_room(
    disk: &dyn Disk,
    settings: &Settings,
    manifest: &mut Manifest,
    segments: &mut Vec<Segment>,
    held: usize,
) -> Result<VecDeque<Segment>, Error> {
    let has_room = |segment: &Segment| segment.octets >= settings.segment_octets_least();
    let mut unbegun = VecDeque::from(segments.split_off(held));
    while held == 0 && unbegun.front().is_some_and(|segment| !has_room(segment)) {
        unbegun.pop_front();
    }
    let kept = unbegun.iter().take_while(|segment| has_room(segment)).count();
    unbegun.truncate(kept);
    if held == 0 {
        let active = match unbegun.pop_front() {
            Some(active) => active,
            None => {
                let generation = manifest.last_generation + 1;
                Segment::prepare(disk, generation, settings.segment_octets, None)?
            }
        };
        manifest.first_generation = active.generation;
        segments.push(Segment { first: manifest.first, ..active });
    }
    if let Some(last) = unbegun.back().or(segments.last()) {
        manifest.last_generation = last.generation;
    }
    Ok(unbegun)
}

/// Finishes what the last life was about to do: gives up segments that do not count any more. Says
/// which spare files there are.
fn tidy(
    disk: &dyn Disk,
    settings: &Settings,
    listing: &Listing,
    manifest: &Manifest,
    segments: &[Segment],
) -> Result<Vec<String>, Error> {
    let (first, octets) = (manifest.first_generation, settings.segment_octets);
    let mut spares = keep_spares(disk, &listing.spares, first, octets)?;
    let is_live =
        |number: u64| (manifest.first_generation..=manifest.last_generation).contains(&number);
    for generation in listing.segments.iter().copied().filter(|number| !is_live(*number)) {
        // One that never counted, or was cut, will have its number again: its frames with it.
        let is_over = generation < first;
        let kept = if is_over { spares.len() } else { SPARES_MAX };
        spares.extend(give_up(disk, (generation, 0), octets, kept)?);
    }
    let edition = |number: u64| {
        let begun = segments.iter().find(|segment| segment.generation == number);
        begun.map_or(0, |segment| segment.edition)
    };
    // Of one from which something was erased, the key of before may not be destroyed yet.
    let is_stale = |(number, key): &(u64, u64)| !is_live(*number) || edition(*number) != *key;
    for (number, edition) in listing.keys.iter().copied().filter(is_stale) {
        destroy_key(disk, &Name::key(number, edition))?;
    }
    // What is written on has none: if it has, a repair has cut it since.
    let written = segments.last().map_or(0, |segment| segment.generation);
    let is_closed = |number: &u64| is_live(*number) && *number < written;
    for number in listing.indexes.iter().copied().filter(|number| !is_closed(number)) {
        remove_index(disk, number)?;
    }
    Ok(spares)
}

impl Recovered {
    /// The last position that is durable.
    pub(super) const fn durable(&self) -> Position {
        self.tail.next.before()
    }
}
