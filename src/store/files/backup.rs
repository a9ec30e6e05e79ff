//! A copy of a journal that is being written.
//!
//! It holds what was durable when it was begun: the newest checkpoint, and all segments up to then,
//! of the last one its frames up to then. While it is made the writer goes on; nothing is given up,
//! so that no file is used again that is still to be read, and no checkpoint is written while one
//! is copied. The copy counts from when its manifest is there, which comes last.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::checkpoint::Stored;
use super::layout::{Block, DATA_START, Kind, Name};
use super::manifest::{Manifest, apart};
use super::scan::Found;
use super::segment::Segment;
use super::survey::{Listing, reading};
use super::{Directory, Disk, FileJournal, locked};

/// Octets that are copied at once.
const COPY: usize = 1 << 20;

impl FileJournal {
    /// Copies the journal to a directory, which is made if it is not there, while it is written
    /// on; says up to which position. To go back to it is to open a journal in that directory, or
    /// in a copy of it.
    ///
    /// It holds texts and the keys to read them: what is given up here later can still be read
    /// there. Until it is done, truncating gives up nothing; a checkpoint that is begun meanwhile
    /// may be refused with [`Error::Locked`].
    ///
    /// # Errors
    /// [`Error::Setting`] when there is a journal already, [`Error::Locked`] while a checkpoint is
    /// written, [`Error::Damaged`] for what cannot be read; or what the machine says. What was
    /// copied until then is no journal, and is of no use.
    pub fn backup(&self, directory: &Path) -> Result<Position, Error> {
        let disk = Directory::make(directory)
            .map_err(|error| machine(format!("opening {}", directory.display()), error))?;
        self.backup_on(&disk)
    }

    /// Copies the journal to this disk.
    ///
    /// # Errors
    /// Like [`FileJournal::backup`].
    pub fn backup_on(&self, to: &dyn Disk) -> Result<Position, Error> {
        let lock = to.lock().map_err(|error| machine("locking the directory", error))?;
        let Some(_lock) = lock else { return Err(Error::Locked) };
        if !Listing::read(to)?.is_empty() {
            let what = "there is a journal already; expected a directory without one".to_owned();
            return Err(Error::Setting(what));
        }
        let _held = self.shared.catalogue.hold();
        let checkpoint = self.copy_checkpoint(to)?;
        // What is durable from here on is not before what the checkpoint stands for.
        let durable = self.progress.durable();
        let mut segments = self.shared.catalogue.segments();
        segments.retain(|segment| segment.first <= durable.next());
        let behind = segments.iter().skip(1).map(|next| next.first).chain([durable.next()]);
        for (segment, behind) in segments.iter().zip(behind) {
            copy_block(&*self.disk, to, Kind::Key, &segment.key_name())?;
            copy_segment(segment, to, behind)?;
        }
        to.sync_dir().map_err(|error| machine("making the copy durable", error))?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Err(Error::Absent);
        };
        let manifest = Manifest {
            // The journal goes on in the next epoch, and its copy in another.
            epoch: apart(self.shared.manifest.now().epoch)?,
            first_generation: first.generation,
            first: first.first,
            last_generation: last.generation,
            checkpoint,
            closed: Some(durable.next()),
        };
        manifest.write(to)?;
        Ok(durable)
    }

    /// Copies the newest checkpoint; says its number, or 0 when there is none.
    fn copy_checkpoint(&self, to: &dyn Disk) -> Result<u64, Error> {
        if self.is_checkpointing.swap(true, Ordering::Acquire) {
            return Err(Error::Locked);
        }
        let _going_on = GoesOn(&self.is_checkpointing);
        let newest = locked(&self.newest).clone();
        let Some(stored) = newest else { return Ok(0) };
        stored.read(&mut |_| std::ops::ControlFlow::Continue(()))?;
        copy_block(&*self.disk, to, Kind::Key, &Name::checkpoint_key(stored.number))?;
        copy_octets(&stored, to)?;
        Ok(stored.number)
    }
}

/// Lets checkpoints be written again.
struct GoesOn<'a>(&'a AtomicBool);

impl Drop for GoesOn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Copies a file that is one block.
fn copy_block(from: &dyn Disk, to: &dyn Disk, kind: Kind, name: &str) -> Result<(), Error> {
    let block = Block::read(kind, name, &*super::layout::open(from, name)?)?;
    let doing = |error| machine(format!("copying {name}"), error);
    let file = to.create(name).map_err(doing)?;
    file.write_at(&block.encode(), 0).map_err(doing)?;
    file.sync_data().map_err(doing)
}

fn copy_octets(stored: &Stored, to: &dyn Disk) -> Result<(), Error> {
    let name = Name::checkpoint(stored.number);
    let doing = |error| machine(format!("copying {name}"), error);
    let file = to.create(&name).map_err(doing)?;
    let mut octets = vec![0; COPY];
    let mut at = 0;
    while at < stored.end {
        let len = usize::try_from(stored.end - at).unwrap_or(COPY).min(COPY);
        stored.file.read_at(&mut octets[..len], at).map_err(doing)?;
        file.write_at(&octets[..len], at).map_err(doing)?;
        at += len as u64;
    }
    file.sync_data().map_err(doing)
}

/// Copies the frames of a segment that stand before this position.
fn copy_segment(segment: &Segment, to: &dyn Disk, behind: Position) -> Result<(), Error> {
    let name = segment.name();
    let doing = |error| machine(format!("copying {name}"), error);
    let damaged =
        |offset, what: &str| Error::Damaged { file: name.clone(), offset, what: what.to_owned() };
    let file = to.create(&name).map_err(doing)?;
    let block = Block::read(Kind::Segment, &name, &*segment.file)?;
    file.write_at(&block.encode(), 0).map_err(doing)?;
    let mut window = segment.window();
    let (mut offset, mut next) = (DATA_START, segment.first);
    let mut end = DATA_START;
    while next < behind {
        let found = window.frame_at(segment.generation, offset);
        let header = match found.map_err(|error| reading(segment, error))? {
            Found::Frame(header) if header.first == next => header,
            Found::Frame(_) => return Err(damaged(offset, "positions are missing here")),
            Found::Nothing(what) => return Err(damaged(offset, what)),
        };
        let frame = window.sealed(&header).map_err(|error| reading(segment, error))?;
        file.write_at(frame.unwrap_or_default(), offset).map_err(doing)?;
        end = offset + header.octets();
        (offset, next) = (header.end(), header.next());
    }
    // As long as it was, without what stands behind.
    if end < segment.octets {
        file.write_at(&[0], segment.octets - 1).map_err(doing)?;
    }
    file.sync_data().map_err(doing)
}
