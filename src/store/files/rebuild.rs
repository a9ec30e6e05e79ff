//! A manifest that is lost, made anew of what the other files say.

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::Disk;
use super::checkpoint;
use super::inspect::raw;
use super::layout::{DATA_START, MANIFEST, Name};
use super::manifest::{Manifest, apart};
use super::scan::Found;
use super::survey::Listing;

/// The manifest of a journal whose own one cannot be read. Segments count that have their keys: of
/// those given up the key is destroyed first. The checkpoint that counts is the newest one that is
/// whole, for each has its name only when all of it is durable.
///
/// # Errors
/// [`Error::Missing`] when the files do not say where the journal begins.
pub(super) fn rebuild(disk: &dyn Disk) -> Result<Manifest, Error> {
    let listing = Listing::read(disk)?;
    let has_key = |generation: &&u64| listing.keys.iter().any(|(key, _)| key == *generation);
    let counted: Vec<u64> = listing.segments.iter().filter(has_key).copied().collect();
    let lost = || Error::Missing { file: MANIFEST.to_owned() };
    let (Some(&first_generation), Some(&last_generation)) = (counted.first(), counted.last())
    else {
        return Err(lost());
    };
    let checkpoint = newest_checkpoint(disk, &listing)?;
    let first = match first_position(disk, first_generation)? {
        Some(first) => first,
        None if first_generation == Manifest::NEW.first_generation => Position::FIRST,
        None => checkpoint.map(|(_, from)| from.max(Position::FIRST)).ok_or_else(lost)?,
    };
    let mut epoch = 0;
    for generation in counted {
        epoch = epoch.max(newest_epoch(disk, generation)?);
    }
    Ok(Manifest {
        // Lives that left no whole frame had epochs too.
        epoch: apart(epoch)?,
        first_generation,
        first,
        last_generation,
        checkpoint: checkpoint.map_or(0, |(number, _)| number),
        closed: None,
    })
}

/// The newest checkpoint that can be read, and where replay goes on after it.
fn newest_checkpoint(disk: &dyn Disk, listing: &Listing) -> Result<Option<(u64, Position)>, Error> {
    for number in listing.checkpoints.iter().rev().copied() {
        let read = checkpoint::open(disk, number).and_then(|stored| {
            stored.read(&mut |_| std::ops::ControlFlow::Continue(()))?;
            Ok((number, stored.from))
        });
        match read {
            Ok(found) => return Ok(Some(found)),
            Err(Error::Damaged { .. } | Error::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The position that a segment begins with, if its first frame is whole.
pub(super) fn first_position(disk: &dyn Disk, generation: u64) -> Result<Option<Position>, Error> {
    let Some(mut window) = raw(disk, generation)? else { return Ok(None) };
    match window.frame_at(generation, DATA_START).map_err(|error| reading(generation, error))? {
        Found::Frame(header) => Ok(Some(header.first).filter(|first| *first > Position::NONE)),
        Found::Nothing(_) => Ok(None),
    }
}

/// The highest epoch of a segment's frames.
fn newest_epoch(disk: &dyn Disk, generation: u64) -> Result<u32, Error> {
    let Some(mut window) = raw(disk, generation)? else { return Ok(0) };
    let (mut epoch, mut offset) = (0, DATA_START);
    let reading = |error| reading(generation, error);
    while let Some(header) = window.later(generation, offset).map_err(reading)? {
        epoch = epoch.max(header.epoch);
        offset = header.end();
    }
    Ok(epoch)
}

fn reading(generation: u64, error: std::io::Error) -> Error {
    machine(format!("reading {}", Name::segment(generation)), error)
}
