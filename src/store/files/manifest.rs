//! Which segments count, and which checkpoint.

use std::sync::{Arc, Mutex, PoisonError};

use crate::planted::{Bug, is_planted};
use crate::store::error::machine;
use crate::store::{Error, Position};

use super::Disk;
use super::layout::{Block, Kind, MANIFEST, MANIFEST_NEW, NUMBERS_END};

/// More lives than a journal has while nobody counts them.
const LIVES: u32 = 1 << 20;

/// An epoch that no other life of a journal has which was in this one: a place in a file is written
/// once in an epoch.
pub(super) fn apart(epoch: u32) -> Result<u32, Error> {
    epoch.checked_add(LIVES).filter(|epoch| *epoch < u32::MAX).ok_or_else(uncounted)
}

fn uncounted() -> Error {
    let what = "it was opened more often than can be counted".to_owned();
    Error::Damaged { file: MANIFEST.to_owned(), offset: 0, what }
}

/// What the file `journal` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Manifest {
    /// How often the journal was opened to be written.
    pub(super) epoch: u32,
    /// The oldest segment that counts. What stands before is given up.
    pub(super) first_generation: u64,
    /// The position that it begins with.
    pub(super) first: Position,
    /// The newest segment that counts. What stands behind was never finished.
    pub(super) last_generation: u64,
    /// The checkpoint that counts; 0 is none.
    pub(super) checkpoint: u64,
    /// The position behind its last batch, from when it was closed until it is opened again. What
    /// is missing before it is damage, and no torn tail.
    pub(super) closed: Option<Position>,
}

impl Manifest {
    /// Of a journal that is new.
    pub(super) const NEW: Self = Self {
        epoch: 0,
        first_generation: 1,
        first: Position::FIRST,
        last_generation: 1,
        checkpoint: 0,
        closed: None,
    };

    /// Reads it; `None` when there is none.
    pub(super) fn read(disk: &dyn Disk) -> Result<Option<Self>, Error> {
        let file = match disk.open(MANIFEST) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| machine(format!("opening {MANIFEST}"), error))?,
        };
        let [epoch, first_generation, first, last_generation, checkpoint, closed] =
            Block::read(Kind::Manifest, MANIFEST, &*file)?.numbers;
        let epoch = u32::try_from(epoch).ok().filter(|epoch| *epoch < u32::MAX);
        let epoch = epoch.ok_or_else(uncounted)?;
        let numbers = [first_generation, first, last_generation, checkpoint, closed];
        let is_far = numbers.iter().any(|number| *number >= NUMBERS_END);
        if is_far || first == 0 || !(1..=last_generation).contains(&first_generation) {
            let what = format!(
                "it counts segments {first_generation} to {last_generation} from position {first} \
                 on, and checkpoint {checkpoint}"
            );
            return Err(Error::Damaged { file: MANIFEST.to_owned(), offset: 0, what });
        }
        let first = Position::new(first);
        // Positions begin with 1.
        let closed = Some(Position::new(closed)).filter(|closed| *closed > Position::NONE);
        Ok(Some(Self { epoch, first_generation, first, last_generation, checkpoint, closed }))
    }

    /// Puts it in the place of the one before, durable; until then that one counts.
    pub(super) fn write(&self, disk: &dyn Disk) -> Result<(), Error> {
        let doing = |error| machine(format!("writing {MANIFEST}"), error);
        let numbers = [
            u64::from(self.epoch),
            self.first_generation,
            self.first.number(),
            self.last_generation,
            self.checkpoint,
            self.closed.map_or(0, Position::number),
        ];
        let file = disk.create(MANIFEST_NEW).map_err(doing)?;
        file.write_at(&Block::new(Kind::Manifest, &numbers).encode(), 0).map_err(doing)?;
        file.sync_data().map_err(doing)?;
        // Else the new name could be given to an older file of this one, after a power cut.
        sync_names(disk).map_err(doing)?;
        disk.rename(MANIFEST_NEW, MANIFEST).map_err(doing)?;
        sync_names(disk).map_err(doing)
    }
}

/// The manifest of a journal that runs, changed by one at a time.
#[derive(Debug)]
pub(super) struct Kept {
    disk: Arc<dyn Disk>,
    manifest: Mutex<Manifest>,
}

impl Kept {
    /// This one, which is on the disk.
    pub(super) const fn new(disk: Arc<dyn Disk>, manifest: Manifest) -> Self {
        Self { disk, manifest: Mutex::new(manifest) }
    }

    /// Says that it was closed, and where it ends.
    pub(super) fn close(&self, behind: Position) -> Result<(), Error> {
        let is_said = self.now().closed == Some(behind);
        if is_said { Ok(()) } else { self.change(|manifest| manifest.closed = Some(behind)) }
    }

    /// As it is now.
    pub(super) fn now(&self) -> Manifest {
        *self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it. When that fails, which of the two is on the disk may not be known.
    pub(super) fn change(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), Error> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = *manifest;
        change(&mut next);
        next.write(&*self.disk)?;
        *manifest = next;
        Ok(())
    }
}
/// Makes durable which names there are.
pub(super) fn sync_names(disk: &dyn Disk) -> std::io::Result<()> {
    if is_planted(Bug::DirectoryNotSynced) { Ok(()) } else { disk.sync_dir() }
}
