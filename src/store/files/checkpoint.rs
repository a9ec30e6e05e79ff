//! Checkpoints as files: written beside the one that counts, and named when all of it is durable.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::planted::{Bug, is_planted};
use crate::store::error::machine;
use crate::store::{CheckpointWriter, Error, Position};

use super::frame::{Draft, Items, Key, Kind as FrameKind, Place};
use super::layout::{self, BLOCK, Block, CHECKPOINT_NEW, DATA_START, Kind, NUMBERS_END, Name};
use super::scan::{Found, Window};
use super::segment::{destroy_key, make_key, read_key};
use super::{Disk, DiskFile, FileJournal};

/// Octets of records in a frame, more if one record has more.
const FRAME: u64 = 256 << 10;
/// Most octets of a record: a frame with it is what a reader has in memory.
const RECORD_MAX: usize = 16 << 20;
/// Octets after which it is synced: the last sync then takes no longer than one before, and those
/// of the journal beside it not much longer than without it.
const SYNC_EVERY: u64 = 8 << 20;

/// A checkpoint that is finished.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) number: u64,
    /// Where replay goes on.
    pub(super) from: Position,
    pub(super) file: Arc<dyn DiskFile>,
    key: Arc<Key>,
    /// Where its frames end.
    pub(super) end: u64,
}

/// Opens the checkpoint with this number.
pub(super) fn open(disk: &dyn Disk, number: u64) -> Result<Stored, Error> {
    let name = Name::checkpoint(number);
    let file = layout::open(disk, &name)?;
    let [said, from, end, ..] = Block::read(Kind::Checkpoint, &name, &*file)?.numbers;
    let damaged = |offset, what| Err(Error::Damaged { file: name.clone(), offset, what });
    if said != number {
        return damaged(0, format!("it says that it is number {said}"));
    }
    if from >= NUMBERS_END {
        return damaged(0, format!("it says that replay goes on from {from}"));
    }
    let found = file.octets().map_err(|error| machine(format!("reading {name}"), error))?;
    if found < end {
        return damaged(found, format!("it ends here, and had {end} octets"));
    }
    let key = read_key(disk, &Name::checkpoint_key(number), number)?;
    Ok(Stored { number, from: Position::new(from), file, key: Arc::new(key), end })
}

/// Removes checkpoints with these numbers and their keys, but for the one to keep.
pub(super) fn remove(
    disk: &dyn Disk,
    numbers: impl Iterator<Item = u64>,
    keep: Option<u64>,
) -> Result<(), Error> {
    for number in numbers.filter(|number| Some(*number) != keep) {
        destroy_key(disk, &Name::checkpoint_key(number))?;
        let name = Name::checkpoint(number);
        match disk.remove(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(machine(format!("removing {name}"), error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Stored {
    /// Gives its records until `each` breaks.
    pub(super) fn read(&self, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Error> {
        let name = Name::checkpoint(self.number);
        let doing = |error| machine(format!("reading {name}"), error);
        let damaged = |offset, what: &str| {
            Err(Error::Damaged { file: name.clone(), offset, what: what.to_owned() })
        };
        let mut window = Window::new(Arc::clone(&self.file), self.end);
        let mut offset = DATA_START;
        while offset < self.end {
            let header = match window.frame_at(self.number, offset).map_err(doing)? {
                Found::Frame(header) if header.kind == FrameKind::Records => header,
                Found::Frame(_) => return damaged(offset, "a frame of another kind"),
                Found::Nothing(what) => return damaged(offset, what),
            };
            let Some(opened) = window.opened(&header, &self.key).map_err(doing)? else {
                return damaged(offset, "a frame that does not open under the key");
            };
            for record in Items::new(opened) {
                if each(record).is_break() {
                    return Ok(());
                }
            }
            offset = header.end();
        }
        Ok(())
    }
}

/// A checkpoint that is being written.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    journal: &'a FileJournal,
    number: u64,
    file: Arc<dyn DiskFile>,
    key: Arc<Key>,
    draft: Draft,
    /// Where its next frame goes.
    offset: u64,
    synced: u64,
    is_finished: bool,
}

impl<'a> Writing<'a> {
    /// Begins one. There is no other: the journal has seen to it.
    pub(super) fn begin(journal: &'a FileJournal) -> Result<Self, Error> {
        let number = journal.checkpoints.fetch_add(1, Ordering::Relaxed) + 1;
        let key = make_key(&*journal.disk, &Name::checkpoint_key(number), number)?;
        let file = journal.disk.create(CHECKPOINT_NEW);
        let file = file.map_err(|error| machine("beginning a checkpoint", error))?;
        Ok(Self {
            journal,
            number,
            file,
            key: Arc::new(key),
            draft: Draft::with_capacity(FRAME as usize),
            offset: DATA_START,
            synced: DATA_START,
            is_finished: false,
        })
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.draft.count() == 0 {
            return Ok(());
        }
        let doing = |error| machine("writing a checkpoint", error);
        let place = Place {
            kind: FrameKind::Records,
            generation: self.number,
            offset: self.offset,
            // Each has a key of its own, and each place is written once.
            epoch: 0,
            key: &self.key,
        };
        let octets = self.draft.seal(&place, Position::NONE);
        self.file.write_at(octets, self.offset).map_err(doing)?;
        self.offset += octets.len() as u64;
        self.draft.clear();
        if self.offset - self.synced >= SYNC_EVERY {
            self.file.sync_data().map_err(doing)?;
            self.synced = self.offset;
        }
        Ok(())
    }
}

impl CheckpointWriter for Writing<'_> {
    fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        if record.len() > RECORD_MAX {
            return Err(Error::TooLarge { octets: record.len(), max: RECORD_MAX });
        }
        if self.draft.span_with(record.len()) > FRAME {
            self.flush()?;
        }
        self.draft.push(record);
        Ok(())
    }

    fn finish(mut self: Box<Self>, from: Position) -> Result<(), Error> {
        let durable = self.journal.progress.durable();
        if from > durable.next() {
            return Err(Error::NotDurable { asked: from, durable });
        }
        self.flush()?;
        let doing = |error| machine("finishing a checkpoint", error);
        let disk = &*self.journal.disk;
        let block = Block::new(Kind::Checkpoint, &[self.number, from.number(), self.offset]);
        let mut beginning = [0; DATA_START as usize];
        beginning[..BLOCK].copy_from_slice(&block.encode());
        self.file.write_at(&beginning, 0).map_err(doing)?;
        if !is_planted(Bug::CheckpointNotSynced) {
            self.file.sync_data().map_err(doing)?;
        }
        disk.rename(CHECKPOINT_NEW, &Name::checkpoint(self.number)).map_err(doing)?;
        disk.sync_dir().map_err(doing)?;
        // Whether this was written may not be known, so from here on it is not taken back.
        self.is_finished = true;
        let number = self.number;
        self.journal.shared.manifest.change(|manifest| manifest.checkpoint = number)?;
        let stored = Stored {
            number: self.number,
            from,
            file: Arc::clone(&self.file),
            key: Arc::clone(&self.key),
            end: self.offset,
        };
        let before = {
            let mut newest = self.journal.newest.lock().unwrap_or_else(PoisonError::into_inner);
            newest.replace(stored)
        };
        remove(disk, before.iter().map(|before| before.number), None)?;
        disk.sync_dir().map_err(doing)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // What stays is removed when the journal is opened.
            let disk = &*self.journal.disk;
            let _ = disk.remove(CHECKPOINT_NEW);
            let _ = disk.remove(&Name::checkpoint(self.number));
            let _ = destroy_key(disk, &Name::checkpoint_key(self.number));
        }
        self.journal.is_checkpointing.store(false, Ordering::Release);
    }
}
