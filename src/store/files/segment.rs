//! A segment file and its key: made, opened, given up.

use std::sync::Arc;

use crate::store::error::machine;
use crate::store::{Error, Position};

use super::frame::Key;
use super::layout::{
    BLOCK, Block, DATA_START, KEY_OCTETS, Kind, NUMBERS_END, Name, SEGMENT_NEW, open,
};
use super::manifest::sync_names;
use super::scan::Window;
use super::settings::SEGMENT_MAX;
use super::{Disk, DiskFile};

/// Octets that are written at once to fill a new file.
const FILL: usize = 1 << 20;
/// Octets of it after which it is synced.
const SYNC_EVERY: u64 = 8 << 20;

/// A segment file that is open.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) generation: u64,
    /// How often it was written anew without what was erased from it.
    pub(super) edition: u64,
    /// The position that its first frame begins with, or would.
    pub(super) first: Position,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) key: Arc<Key>,
    /// How long the file is.
    pub(super) octets: u64,
}

impl Segment {
    pub(super) fn name(&self) -> String {
        Name::segment(self.generation)
    }

    /// The name of its key.
    pub(super) fn key_name(&self) -> String {
        Name::key(self.generation, self.edition)
    }

    pub(super) fn window(&self) -> Window {
        Window::new(Arc::clone(&self.file), self.octets)
    }

    /// Opens the file of this generation and its key.
    pub(super) fn open(disk: &dyn Disk, generation: u64) -> Result<Self, Error> {
        let (segment, found) = Self::open_as_it_is(disk, generation)?;
        let octets = segment.octets;
        if found < octets {
            let what = format!("it ends here, and had {octets} octets");
            return Err(Error::Damaged { file: segment.name(), offset: found, what });
        }
        Ok(segment)
    }

    /// Opens the file of this generation and its key, also where it ends too early; says how many
    /// octets it has.
    pub(super) fn open_as_it_is(disk: &dyn Disk, generation: u64) -> Result<(Self, u64), Error> {
        let name = Name::segment(generation);
        let file = open(disk, &name)?;
        let block = Block::read(Kind::Segment, &name, &*file)?;
        let damaged = |offset, what: String| Error::Damaged { file: name.clone(), offset, what };
        let [said, octets, edition, ..] = block.numbers;
        if said != generation {
            return Err(damaged(0, format!("it says that it is of generation {said}")));
        }
        let found = file.octets().map_err(|error| machine(format!("reading {name}"), error))?;
        // One that was cut is read as far as it goes. None is longer than it was made.
        if octets > SEGMENT_MAX || octets <= DATA_START || octets < found {
            return Err(damaged(0, format!("it says that it has {octets} octets, of {found}")));
        }
        if edition >= NUMBERS_END {
            return Err(damaged(0, format!("it says that it is of edition {edition}")));
        }
        let key = Arc::new(read_key(disk, &Name::key(generation, edition), generation)?);
        Ok((Self { generation, edition, first: Position::NONE, file, key, octets }, found))
    }

    /// Makes the next segment: an empty one of this generation, of a file that is no more needed
    /// or of a new one, under a key of its own, all of it durable.
    pub(super) fn prepare(
        disk: &dyn Disk,
        generation: u64,
        octets: u64,
        spare: Option<&str>,
    ) -> Result<Self, Error> {
        let name = Name::segment(generation);
        let doing = |error| machine(format!("preparing {name}"), error);
        let key = make_key(disk, &Name::key(generation, 0), generation)?;
        let file = match spare {
            Some(spare) => disk.open(spare),
            None => fill(disk, SEGMENT_NEW, octets),
        };
        let file = file.map_err(doing)?;
        let block = Block::new(Kind::Segment, &[generation, octets]);
        file.write_at(&block.encode(), 0).map_err(doing)?;
        file.sync_data().map_err(doing)?;
        disk.rename(spare.unwrap_or(SEGMENT_NEW), &name).map_err(doing)?;
        sync_names(disk).map_err(doing)?;
        let (edition, first, key) = (0, Position::NONE, Arc::new(key));
        Ok(Self { generation, edition, first, file, key, octets })
    }
}

/// A new file with all of its octets written. One that was only reserved has its first write to
/// each block recorded by the file system, which takes several times as long.
pub(super) fn fill(disk: &dyn Disk, name: &str, octets: u64) -> std::io::Result<Arc<dyn DiskFile>> {
    let file = disk.create(name)?;
    let zeros = vec![0; FILL];
    let mut at = 0;
    while at < octets {
        let len = usize::try_from(octets - at).unwrap_or(FILL).min(FILL);
        file.write_at(&zeros[..len], at)?;
        at += len as u64;
        // Else the frames that are written beside it would wait for all of it at its end.
        if at.is_multiple_of(SYNC_EVERY) {
            file.sync_data()?;
        }
    }
    Ok(file)
}

/// Whether a file is of use for a new segment: as long as those to be made now, and of this
/// generation, which is over. Frames of one to come would count again.
pub(super) fn fits(disk: &dyn Disk, name: &str, generation: u64, octets: u64) -> bool {
    let Ok(file) = disk.open(name) else { return false };
    octets > DATA_START
        && file.octets().is_ok_and(|found| found == octets)
        && Block::read(Kind::Segment, name, &*file)
            .is_ok_and(|block| block.numbers[0] == generation)
}

/// Makes the file of a key, durable but for its name.
pub(super) fn make_key(disk: &dyn Disk, name: &str, number: u64) -> Result<Key, Error> {
    let doing = |error| machine(format!("making {name}"), error);
    let key = Key::random().map_err(doing)?;
    let block = Block { key, ..Block::new(Kind::Key, &[number]) };
    let file = disk.create(name).map_err(doing)?;
    file.write_at(&block.encode(), 0).map_err(doing)?;
    file.sync_data().map_err(doing)?;
    Ok(Key::new(&key))
}

/// Reads the file of a key.
pub(super) fn read_key(disk: &dyn Disk, name: &str, number: u64) -> Result<Key, Error> {
    let block = Block::read(Kind::Key, name, &*open(disk, name)?)?;
    let said = block.numbers[0];
    if said != number || block.key == [0; KEY_OCTETS] {
        let what = format!("it is the key of {said}");
        return Err(Error::Damaged { file: name.to_owned(), offset: 0, what });
    }
    Ok(Key::new(&block.key))
}

/// Destroys a key: what was sealed under it can never be read again. Its octets are written over
/// in their place before the file goes, as far as a disk lets one do that.
pub(super) fn destroy_key(disk: &dyn Disk, name: &str) -> Result<(), Error> {
    let doing = |error| machine(format!("destroying {name}"), error);
    let file = match disk.open(name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(doing)?,
    };
    file.write_at(&[0; BLOCK], 0).map_err(doing)?;
    file.sync_data().map_err(doing)?;
    disk.remove(name).map_err(doing)
}

/// Gives up a segment whose key is to be destroyed: its file becomes a spare one if it is as long
/// as those made now, and is removed otherwise. Says the spare's name.
pub(super) fn give_up(
    disk: &dyn Disk,
    (generation, edition): (u64, u64),
    octets: u64,
    spares: usize,
) -> Result<Option<String>, Error> {
    destroy_key(disk, &Name::key(generation, edition))?;
    let name = Name::segment(generation);
    let doing = |error| machine(format!("giving up {name}"), error);
    remove_index(disk, generation)?;
    if spares < super::SPARES_MAX && fits(disk, &name, generation, octets) {
        let spare = Name::spare(generation);
        disk.rename(&name, &spare).map_err(doing)?;
        return Ok(Some(spare));
    }
    disk.remove(&name).map_err(doing)?;
    Ok(None)
}

/// Removes the index of a segment, if it has one.
pub(super) fn remove_index(disk: &dyn Disk, generation: u64) -> Result<(), Error> {
    let name = Name::index(generation);
    match disk.remove(&name) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(machine(format!("removing {name}"), error))
        }
        _ => Ok(()),
    }
}
