//! A damaged journal to one that can be opened: what is not to be trusted is put aside.

use std::collections::BTreeSet;

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::Disk;
use super::inspect::{Cut, Damage, Report, inspect, locked, manifest, of_error};
use super::layout::{MANIFEST, Name};
use super::manifest::Manifest;
use super::rebuild::rebuild;
use super::segment::Segment;
use super::survey::Listing;

/// Octets that are copied at once.
const COPY: usize = 1 << 20;

/// What a repair did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repaired {
    /// What was wrong with its manifest, which was then made anew of what the other files say.
    pub manifest_damage: Option<Damage>,
    /// The journal as it was found, under the manifest that was there or was made.
    pub found: Report,
    /// The journal as it is now.
    pub left: Report,
    /// Files that hold what was cut. Whoever has them can read it: their keys are among them.
    pub put_aside: Vec<String>,
}

/// Cuts a journal that nobody has open at its first damage. What is behind is put aside in files
/// whose names end in `.cut`; each step leaves a journal that is repaired or can be.
///
/// # Errors
/// Like [`check`](super::check), but for a manifest that is missing or damaged. When the other
/// files do not say where the journal begins either, it stays so.
pub fn repair(disk: &dyn Disk, segment_octets: u64) -> Result<Repaired, Error> {
    let _lock = locked(disk)?;
    let mut aside = Aside { disk, names: Vec::new() };
    let mut manifest_damage = None;
    let mut manifest = match manifest(disk) {
        Err(error @ (Error::Damaged { .. } | Error::Missing { .. })) => {
            manifest_damage = Some(of_error(error, Cut::Whole(0))?);
            let rebuilt = rebuild(disk)?;
            aside.copy(MANIFEST, 0, MANIFEST)?;
            rebuilt.write(disk)?;
            rebuilt
        }
        manifest => manifest?,
    };
    let found = inspect(disk, &manifest)?;
    if let Some(damage) = &found.checkpoint_damage {
        for name in
            [Name::checkpoint(manifest.checkpoint), Name::checkpoint_key(manifest.checkpoint)]
        {
            aside.copy(&name, 0, &name)?;
        }
        debug_assert!(!damage.what.is_empty());
        manifest.checkpoint = 0;
        manifest.write(disk)?;
    }
    let left = inspect(disk, &manifest)?;
    if left.history_damage.is_some() {
        let from = (left.first_generation, left.first);
        give_up_history(&mut aside, &mut manifest, from)?;
    }
    if let Some(damage) = &left.damage {
        cut(&mut aside, &mut manifest, &left, damage, segment_octets)?;
    }
    let left = inspect(disk, &manifest)?;
    Ok(Repaired { manifest_damage, found, left, put_aside: aside.names })
}

/// Begins a journal with this segment; what is before it is put aside.
fn give_up_history(
    aside: &mut Aside<'_>,
    manifest: &mut Manifest,
    (generation, first): (u64, Position),
) -> Result<(), Error> {
    let disk = aside.disk;
    manifest.first_generation = generation;
    manifest.first = first;
    manifest.write(disk)?;
    let Listing { segments, keys, .. } = Listing::read(disk)?;
    for older in segments.into_iter().filter(|older| *older < generation) {
        aside.take(&Name::segment(older))?;
    }
    for (older, edition) in keys.into_iter().filter(|(older, _)| *older < generation) {
        aside.take(&Name::key(older, edition))?;
    }
    disk.sync_dir().map_err(|error| machine("putting aside", error))
}

fn cut(
    aside: &mut Aside<'_>,
    manifest: &mut Manifest,
    found: &Report,
    damage: &Damage,
    segment_octets: u64,
) -> Result<(), Error> {
    let disk = aside.disk;
    let next = found.last.next();
    // A state that is newer than what can be read goes on where it is: what was lost before that
    // is in it.
    let state = found.checkpoint.as_ref().map_or(Position::FIRST, |checkpoint| checkpoint.from);
    let whole_from = match damage.cut {
        _ if state > next => manifest.first_generation,
        Cut::Whole(generation) => generation,
        Cut::From(generation, offset) => {
            aside.copy(&Name::segment(generation), offset, &format!("{generation}-at-{offset}"))?;
            aside.copy_keys(generation)?;
            generation + 1
        }
    };
    // It ends elsewhere from now on.
    manifest.closed = None;
    // Of the files that are there, for how many should be is only a number; a key may be there
    // without its segment.
    let Listing { segments, keys, .. } = Listing::read(disk)?;
    let there: BTreeSet<u64> =
        segments.into_iter().chain(keys.into_iter().map(|(key, _)| key)).collect();
    let is_cut = |there: &&u64| (whole_from..=manifest.last_generation).contains(*there);
    for &generation in there.iter().rev().filter(is_cut) {
        aside.copy(&Name::segment(generation), 0, &Name::segment(generation))?;
        aside.copy_keys(generation)?;
    }
    if whole_from == manifest.first_generation {
        // Nothing is left to go on in.
        let newest = there.last().copied().unwrap_or_default();
        let generation = newest.max(manifest.first_generation) + 1;
        Segment::prepare(disk, generation, segment_octets, None)?;
        manifest.first_generation = generation;
        manifest.last_generation = generation;
        manifest.first = next.max(state);
        return manifest.write(disk);
    }
    manifest.last_generation = whole_from - 1;
    manifest.write(disk)?;
    if let Cut::From(generation, offset) = damage.cut {
        clear(disk, generation, offset)?;
    }
    Ok(())
}

/// Writes over what stands in a segment from an offset on, to its end.
fn clear(disk: &dyn Disk, generation: u64, from: u64) -> Result<(), Error> {
    let (segment, there) = Segment::open_as_it_is(disk, generation)?;
    let doing = |error| machine(format!("cutting {}", segment.name()), error);
    let zeros = vec![0; COPY];
    // It may end before, in what fills up its last block.
    let mut at = from.min(there);
    while at < segment.octets {
        let len = usize::try_from(segment.octets - at).unwrap_or(COPY).min(COPY);
        segment.file.write_at(&zeros[..len], at).map_err(doing)?;
        at += len as u64;
    }
    segment.file.sync_data().map_err(doing)
}

/// Copies of what is cut.
struct Aside<'a> {
    disk: &'a dyn Disk,
    names: Vec<String>,
}

impl Aside<'_> {
    /// Copies the keys of a segment: more than one where erasing from it was cut off.
    fn copy_keys(&mut self, generation: u64) -> Result<(), Error> {
        let keys = Listing::read(self.disk)?.keys.into_iter();
        for (generation, edition) in keys.filter(|(key, _)| *key == generation) {
            let name = Name::key(generation, edition);
            self.copy(&name, 0, &name)?;
        }
        Ok(())
    }

    /// Puts a whole file aside, under another name: it takes no space, however many there are.
    fn take(&mut self, name: &str) -> Result<(), Error> {
        let doing = |error| machine(format!("putting aside {name}"), error);
        let called = self.free_name(name).map_err(doing)?;
        self.disk.rename(name, &called).map_err(doing)?;
        self.names.push(called);
        Ok(())
    }

    /// A name that no copy has yet: one that a repair made which did not end is kept too.
    fn free_name(&self, called: &str) -> std::io::Result<String> {
        let taken = self.disk.list()?;
        let names = (1..).map(|number| match number {
            1 => format!("{called}.cut"),
            number => format!("{called}.{number}.cut"),
        });
        Ok(names.into_iter().find(|called| !taken.contains(called)).unwrap_or_default())
    }

    /// Copies a file from an offset on, durable; one that is not there has nothing to be copied.
    fn copy(&mut self, name: &str, from: u64, called: &str) -> Result<(), Error> {
        let doing = |error| machine(format!("copying {name}"), error);
        let source = match self.disk.open(name) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            source => source.map_err(doing)?,
        };
        let called = self.free_name(called).map_err(doing)?;
        let end = source.octets().map_err(doing)?;
        let copy = self.disk.create(&called).map_err(doing)?;
        let mut octets = vec![0; COPY];
        let mut at = from;
        while at < end {
            let len = usize::try_from(end - at).unwrap_or(COPY).min(COPY);
            source.read_at(&mut octets[..len], at).map_err(doing)?;
            copy.write_at(&octets[..len], at - from).map_err(doing)?;
            at += len as u64;
        }
        copy.sync_data().map_err(doing)?;
        self.disk.sync_dir().map_err(doing)?;
        self.names.push(called);
        Ok(())
    }
}
