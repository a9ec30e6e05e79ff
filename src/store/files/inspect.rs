//! What a journal holds and where it is damaged, for who repairs it.

use crate::store::error::machine;
use crate::store::{Error, Position, Records};

use super::checkpoint;
use super::frame::{Items, Kind};
use super::layout::{DATA_START, Name};
use super::manifest::Manifest;
use super::rebuild::first_position;
use super::scan::{Found, Window};
use super::segment::Segment;
use super::survey::{Listing, nothing, unlike_closed};
use super::{Disk, Held, front};

/// What a journal holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Segments in order, as far as they can be read.
    pub segments: Vec<Holds>,
    /// The checkpoint that counts.
    pub checkpoint: Option<CheckpointHolds>,
    /// The first position that is kept, and the last one that can be read.
    pub first: Position,
    /// The last position that can be read.
    pub last: Position,
    /// The first damage.
    pub damage: Option<Damage>,
    /// What is wrong with the checkpoint.
    pub checkpoint_damage: Option<Damage>,
    /// The last damage before what the checkpoint needs, which keeps nobody from going on: `lost`
    /// is what a repair puts aside, and all else here is of what stands behind it.
    pub history_damage: Option<Damage>,
    /// The first segment of those here.
    pub(super) first_generation: u64,
}

/// What a segment holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holds {
    /// Its file.
    pub file: String,
    /// The first position in it, or that it would have.
    pub first: Position,
    /// The last position in it; before `first` when it is empty.
    pub last: Position,
    /// Frames.
    pub frames: u64,
    /// Records of all batches.
    pub records: u64,
    /// Octets up to the end of its last frame.
    pub octets: u64,
}

/// What a checkpoint holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckpointHolds {
    /// Its file.
    pub file: String,
    /// Where replay goes on.
    pub from: Position,
    /// Its records.
    pub records: u64,
}

/// Where octets are not what was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// The first octet of what is not whole.
    pub offset: u64,
    /// What was found there.
    pub what: String,
    /// The positions that were durable once and cannot be given any more, as far as what is left
    /// tells; `None` when nothing says that there were any.
    pub lost: Option<(Position, Position)>,
    /// Where a repair would cut.
    pub(super) cut: Cut,
}

/// How much of a journal is not to be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cut {
    /// What stands in this segment from this offset on, and all segments behind.
    From(u64, u64),
    /// This segment and all behind.
    Whole(u64),
}

/// Reads all of a journal that nobody has open. Nothing is changed: over a
/// [`Directory::read_only`](super::Directory::read_only) nothing is even made to lock it.
///
/// # Errors
/// [`Error::Absent`] when there is none, [`Error::Locked`] when another program has it open,
/// [`Error::Damaged`], [`Error::Missing`] or [`Error::Foreign`] when not even its manifest can be
/// read; or what the machine says.
pub fn check(disk: &dyn Disk) -> Result<Report, Error> {
    let _lock = locked(disk)?;
    let manifest = manifest(disk)?;
    inspect(disk, &manifest)
}

/// Takes the lock of a directory that has a journal.
pub(super) fn locked(disk: &dyn Disk) -> Result<Held, Error> {
    let listing = Listing::read(disk)?;
    if !listing.has_manifest && listing.segments.is_empty() {
        return Err(Error::Absent);
    }
    let lock = disk.lock().map_err(|error| machine("locking the directory", error))?;
    lock.map(Held).ok_or(Error::Locked)
}

pub(super) fn manifest(disk: &dyn Disk) -> Result<Manifest, Error> {
    let missing = || Error::Missing { file: super::layout::MANIFEST.to_owned() };
    Manifest::read(disk)?.ok_or_else(missing)
}

/// Reads all that counts. What is damaged and needed no more is left behind.
pub(super) fn inspect(disk: &dyn Disk, manifest: &Manifest) -> Result<Report, Error> {
    let mut counted = *manifest;
    let mut history_damage = None;
    loop {
        let report = inspect_from(disk, &counted)?;
        let Some((generation, first)) = behind_damage(disk, &counted, &report)? else {
            return Ok(Report { history_damage, ..report });
        };
        counted = Manifest { first_generation: generation, first, ..counted };
        let lost = front::lost_before(manifest, first);
        history_damage = report.damage.map(|damage| Damage { lost, ..damage });
    }
}

/// The first segment behind the damage that begins as it should, and with what, where a checkpoint
/// that is whole needs nothing of what is before it.
fn behind_damage(
    disk: &dyn Disk,
    manifest: &Manifest,
    report: &Report,
) -> Result<Option<(u64, Position)>, Error> {
    let (Some(checkpoint), Some(damage)) = (&report.checkpoint, &report.damage) else {
        return Ok(None);
    };
    let (Cut::From(damaged, _) | Cut::Whole(damaged)) = damage.cut;
    // Of those that are there: how many should be is only a number.
    let there = Listing::read(disk)?.segments;
    let is_behind = |there: &u64| (damaged + 1..=manifest.last_generation).contains(there);
    for generation in there.into_iter().filter(is_behind) {
        match first_position(disk, generation)? {
            Some(first) if first <= checkpoint.from => return Ok(Some((generation, first))),
            Some(_) => return Ok(None),
            None => {}
        }
    }
    Ok(None)
}

fn inspect_from(disk: &dyn Disk, manifest: &Manifest) -> Result<Report, Error> {
    let mut report = Report {
        segments: Vec::new(),
        checkpoint: None,
        first: manifest.first,
        last: manifest.first.before(),
        damage: None,
        checkpoint_damage: None,
        history_damage: None,
        first_generation: manifest.first_generation,
    };
    let mut next = manifest.first;
    let mut has_ended = false;
    for generation in manifest.first_generation..=manifest.last_generation {
        let (holds, damage) = read_segment(disk, generation, next, has_ended)?;
        next = holds.last.next();
        has_ended |= holds.frames == 0;
        report.segments.push(holds);
        let broken = match damage {
            None if generation < manifest.last_generation => {
                breaks_off(disk, generation, &report.segments, next)?
            }
            damage => damage,
        };
        if let Some(mut damage) = broken {
            damage.lost = lost(disk, damage.cut, next, manifest.last_generation)?;
            report.damage = Some(damage);
            break;
        }
    }
    report.last = next.before();
    if report.damage.is_none() {
        report.damage = ends_unlike_closed(disk, manifest, &report.segments, next);
    }
    inspect_checkpoint(disk, manifest, &mut report)?;
    Ok(report)
}

/// Reads a segment from the position that it should begin with: what it holds up to the first
/// damage, and that.
fn read_segment(
    disk: &dyn Disk,
    generation: u64,
    first: Position,
    has_ended: bool,
) -> Result<(Holds, Option<Damage>), Error> {
    let file = Name::segment(generation);
    let mut holds =
        Holds { file, first, last: first.before(), frames: 0, records: 0, octets: DATA_START };
    let (segment, there) = match Segment::open_as_it_is(disk, generation) {
        Ok(opened) => opened,
        Err(error) => return Ok((holds, Some(of_error(error, Cut::Whole(generation))?))),
    };
    let reading = |error| machine(format!("reading {}", segment.name()), error);
    let damaged = |offset, what: &str| Damage {
        file: segment.name(),
        offset,
        what: what.to_owned(),
        lost: None,
        cut: Cut::From(generation, offset),
    };
    let mut window = Window::new(std::sync::Arc::clone(&segment.file), there.min(segment.octets));
    loop {
        let offset = holds.octets;
        let header = match window.frame_at(generation, offset).map_err(reading)? {
            Found::Frame(header) => header,
            Found::Nothing(what) => {
                let later = window.later(generation, offset).map_err(reading)?;
                let damage = later.map(|later| {
                    let what =
                        format!("{what}, and at octet {} a later one is whole", later.offset);
                    damaged(offset, &what)
                });
                let short = there < segment.octets;
                let short = short.then(|| {
                    let what = format!("it ends at octet {there}, and had {}", segment.octets);
                    damaged(offset, &what)
                });
                return Ok((holds, damage.or(short)));
            }
        };
        let next = holds.last.next();
        if has_ended || header.kind != Kind::Batches || header.count == 0 || header.first != next {
            let what = format!(
                "a frame of {} batches from position {} on, where {next} was expected",
                header.count, header.first
            );
            return Ok((holds, Some(damaged(offset, &what))));
        }
        let opened = window.opened(&header, &segment.key).map_err(reading)?;
        let Some(opened) = opened else {
            let what = "a frame that does not open under the key";
            return Ok((holds, Some(damaged(offset, what))));
        };
        let items = Items::new(opened);
        holds.records += items.map(|batch| Records::new(batch).count() as u64).sum::<u64>();
        holds.frames += 1;
        holds.last = header.next().before();
        holds.octets = header.end();
    }
}

/// Whether frames are missing at the end of a segment: the next one begins with another position
/// than the one that is expected.
fn breaks_off(
    disk: &dyn Disk,
    generation: u64,
    read: &[Holds],
    next: Position,
) -> Result<Option<Damage>, Error> {
    let Some(mut window) = raw(disk, generation + 1)? else { return Ok(None) };
    let found = window.frame_at(generation + 1, DATA_START);
    let found = found.map_err(|error| machine("reading the next segment", error))?;
    let (Found::Frame(header), Some(holds)) = (found, read.last()) else { return Ok(None) };
    let is_damage = header.first != next || holds.frames == 0;
    Ok(is_damage.then(|| Damage {
        file: holds.file.clone(),
        offset: holds.octets,
        what: format!(
            "it ends here before position {next}, and the next segment begins with {}",
            header.first
        ),
        lost: None,
        cut: Cut::From(generation, holds.octets),
    }))
}

/// Whether a journal that was closed ends elsewhere now.
fn ends_unlike_closed(
    disk: &dyn Disk,
    manifest: &Manifest,
    read: &[Holds],
    next: Position,
) -> Option<Damage> {
    let closed = manifest.closed?;
    let what = unlike_closed(next, closed)?;
    // Behind the last frame; without any, where the first one should be.
    let at = read.iter().rposition(|holds| holds.frames > 0).unwrap_or(0);
    let holds = read.get(at)?;
    let generation = manifest.first_generation + at as u64;
    let found = match Segment::open_as_it_is(disk, generation) {
        Ok((segment, _)) => nothing(&segment, holds.octets),
        Err(_) => "it ends here",
    };
    Some(Damage {
        file: holds.file.clone(),
        offset: holds.octets,
        what: format!("{found}; {what}"),
        lost: (next < closed).then(|| (next, closed.before())),
        cut: Cut::From(generation, holds.octets),
    })
}

/// The octets of a segment, whatever they are; `None` when the file is not there.
pub(super) fn raw(disk: &dyn Disk, generation: u64) -> Result<Option<Window>, Error> {
    let name = Name::segment(generation);
    let reading = |error| machine(format!("reading {name}"), error);
    let file = match disk.open(&name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(reading)?,
    };
    let octets = file.octets().map_err(reading)?;
    Ok(Some(Window::new(file, octets)))
}

/// Which positions whole frames behind a cut tell of. For them no key is needed.
fn lost(
    disk: &dyn Disk,
    cut: Cut,
    next: Position,
    last_generation: u64,
) -> Result<Option<(Position, Position)>, Error> {
    let (first, mut offset) = match cut {
        Cut::From(generation, offset) => (generation, offset),
        Cut::Whole(generation) => (generation, DATA_START),
    };
    let mut last = Position::NONE;
    // Of those that are there: how many should be is only a number.
    let there = Listing::read(disk)?.segments;
    for generation in there.into_iter().filter(|there| (first..=last_generation).contains(there)) {
        if generation > first {
            offset = DATA_START;
        }
        if let Some(mut window) = raw(disk, generation)? {
            let reading = |error| machine(format!("reading {}", Name::segment(generation)), error);
            while let Some(header) = window.later(generation, offset).map_err(reading)? {
                last = last.max(header.next().before());
                offset = header.end();
            }
        }
    }
    Ok((last >= next).then_some((next, last)))
}

fn inspect_checkpoint(
    disk: &dyn Disk,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), Error> {
    if manifest.checkpoint == 0 {
        return Ok(());
    }
    let mut records = 0;
    let read = checkpoint::open(disk, manifest.checkpoint).and_then(|stored| {
        stored.read(&mut |_| {
            records += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(stored.from)
    });
    match read {
        Ok(from) => {
            let file = Name::checkpoint(manifest.checkpoint);
            report.checkpoint = Some(CheckpointHolds { file, from, records });
            if from > report.last.next() && report.damage.is_none() {
                report.damage = report.segments.last().map(|holds| Damage {
                    file: holds.file.clone(),
                    offset: holds.octets,
                    what: format!("it ends before position {from}, where a checkpoint goes on"),
                    lost: Some((report.last.next(), from.before())),
                    cut: Cut::From(manifest.last_generation, holds.octets),
                });
            }
        }
        // Where a repair cuts says nothing here.
        Err(error) => report.checkpoint_damage = Some(of_error(error, Cut::Whole(0))?),
    }
    Ok(())
}

/// Damage for the errors that tell of some.
pub(super) fn of_error(error: Error, cut: Cut) -> Result<Damage, Error> {
    let (file, offset, what) = match error {
        Error::Damaged { file, offset, what } => (file, offset, what),
        Error::Missing { file } => (file, 0, "it is missing".to_owned()),
        other => return Err(other),
    };
    Ok(Damage { file, offset, what, lost: None, cut })
}
