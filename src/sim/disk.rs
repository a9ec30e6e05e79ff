//! A disk that loses what was not synced, fails when it is told to, and fills up.
//!
//! Each octet stands in one of two images: what programs see, and what would be there after a power
//! cut. A sync copies from the first to the second. At a power cut each block of 512 octets that
//! was written since is there or not, and so is each change of a name, as the dice fall.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::{Disk, DiskFile, Lock};

use super::dice::Dice;

#[cfg(test)]
mod tests;

/// What a disk writes wholly or not at all.
const BLOCK: usize = 512;

/// A simulated disk with one directory. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
    /// How often the machine was started; handles of an earlier life are of no use.
    life: u64,
}

#[derive(Debug)]
struct World {
    dice: Dice,
    life: u64,
    /// Files by number. One without a name stays for who has it open, like everywhere.
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    /// The names after a power cut, and what was done to names since they were synced.
    synced_names: BTreeMap<String, usize>,
    renames: Vec<Change>,
    /// Calls that change something, so far.
    calls: u64,
    faults: BTreeMap<u64, Fault>,
    is_off: bool,
    /// Octets that all files with a name may have.
    capacity: u64,
    sync_takes: Duration,
    lock: Arc<AtomicBool>,
    /// Blocks and changes of names that power cuts took.
    losses: (u64, u64),
}

#[derive(Debug, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
    /// Blocks in which they may differ, and that a sync would write.
    dirty: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum Change {
    Made(String, usize),
    Renamed(String, String),
    Removed(String),
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It fails. What a sync should have written is there or not, and no later one writes it.
    Error,
    /// The power is cut while it is under way: this call and all later ones fail, until
    /// [`SimDisk::restart`].
    PowerCut,
}

impl SimDisk {
    /// An empty one that never is full.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let world = World {
            dice: Dice::new(seed),
            life: 0,
            files: Vec::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            renames: Vec::new(),
            calls: 0,
            faults: BTreeMap::new(),
            is_off: false,
            capacity: u64::MAX,
            sync_takes: Duration::ZERO,
            lock: Arc::default(),
            losses: (0, 0),
        };
        Self { world: Arc::new(Mutex::new(world)), life: 0 }
    }

    /// Has a fault at a call that changes something, counted from 1.
    pub fn fault_at(&self, call: u64, fault: Fault) {
        self.world().faults.insert(call, fault);
    }

    /// Calls that have changed something, so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.world().calls
    }

    /// How many octets all files may have from now on.
    pub fn set_capacity(&self, octets: u64) {
        self.world().capacity = octets;
    }

    /// How many octets all files have.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.world().octets()
    }

    /// Blocks that power cuts took so far, and changes of names.
    #[must_use]
    pub fn losses(&self) -> (u64, u64) {
        self.world().losses
    }

    /// How long each sync takes from now on.
    pub fn set_sync_takes(&self, duration: Duration) {
        self.world().sync_takes = duration;
    }

    /// Cuts the power: what was not synced is there or not.
    pub fn power_cut(&self) {
        self.world().cut();
    }

    /// The disk after a power cut, or after the programs that used it were killed, which costs
    /// nothing that was written. What was opened before can not be used any more.
    #[must_use]
    pub fn restart(&self) -> Self {
        let mut world = self.world();
        world.life += 1;
        world.is_off = false;
        world.faults.clear();
        world.lock = Arc::default();
        Self { world: Arc::clone(&self.world), life: world.life }
    }

    /// The octets of a file.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let world = self.world();
        world.names.get(name).map(|&file| world.files[file].seen.clone())
    }

    /// Puts a file there, synced.
    pub fn put(&self, name: &str, octets: &[u8]) {
        let mut world = self.world();
        let file = world.files.len();
        let (seen, synced) = (octets.to_vec(), octets.to_vec());
        world.files.push(Content { seen, synced, dirty: BTreeSet::new() });
        world.names.insert(name.to_owned(), file);
        world.synced_names.insert(name.to_owned(), file);
    }

    /// Takes a file away, synced.
    pub fn take(&self, name: &str) {
        let mut world = self.world();
        world.names.remove(name);
        world.synced_names.remove(name);
    }

    /// Another disk with the same files, and nothing unsynced.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::new(0);
        let world = self.world();
        for (name, file) in &world.names {
            copy.put(name, &world.files[*file].seen);
        }
        copy
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk, for a call that reads.
    fn reading(&self) -> io::Result<MutexGuard<'_, World>> {
        let world = self.world();
        if world.is_off || world.life != self.life { Err(is_gone()) } else { Ok(world) }
    }

    /// The disk, for a call that changes something, and its fault if it has one. A call that is
    /// cut off goes on to its end: what of it is on the disk is for the dice to say.
    fn changing(&self) -> io::Result<(MutexGuard<'_, World>, Option<Fault>)> {
        let mut world = self.reading()?;
        world.calls += 1;
        let call = world.calls;
        let fault = world.faults.remove(&call);
        Ok((world, fault))
    }

    /// Changes names, as far as the fault lets it.
    fn change(&self, change: Change) -> io::Result<()> {
        let (mut world, fault) = self.changing()?;
        if fault == Some(Fault::Error) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        apply(&mut world.names, &change);
        world.renames.push(change);
        world.ended(fault)
    }
}

/// `EIO` of every Unix.
const EIO: i32 = 5;

fn is_gone() -> io::Error {
    io::Error::other("the machine is off")
}

impl World {
    fn cut(&mut self) {
        let dice = &mut self.dice;
        for change in self.renames.drain(..) {
            if dice.below(2) == 0 {
                apply(&mut self.synced_names, &change);
            } else {
                self.losses.1 += 1;
            }
        }
        for file in &mut self.files {
            for block in std::mem::take(&mut file.dirty) {
                if dice.below(2) == 0 {
                    file.keep(block);
                } else {
                    self.losses.0 += 1;
                }
            }
            file.seen.clone_from(&file.synced);
        }
        self.names.clone_from(&self.synced_names);
        self.is_off = true;
    }

    /// How a call ends that has done what it does.
    fn ended(&mut self, fault: Option<Fault>) -> io::Result<()> {
        if fault == Some(Fault::PowerCut) {
            self.cut();
            return Err(is_gone());
        }
        Ok(())
    }

    fn octets(&self) -> u64 {
        self.names.values().map(|&file| self.files[file].seen.len() as u64).sum()
    }
}

impl Content {
    /// Makes a block durable.
    fn keep(&mut self, block: usize) {
        let start = block * BLOCK;
        let end = (start + BLOCK).min(self.seen.len());
        if self.synced.len() < end {
            self.synced.resize(end, 0);
        }
        self.synced[start..end].copy_from_slice(&self.seen[start..end]);
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Made(name, file) => drop(names.insert(name.clone(), *file)),
        Change::Renamed(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Change::Removed(name) => drop(names.remove(name)),
    }
}

impl Disk for SimDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = {
            let mut world = self.reading()?;
            world.files.push(Content::default());
            world.files.len() - 1
        };
        self.change(Change::Made(name.to_owned(), file))?;
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.reading()?.names.get(name).copied();
        let file = file.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if !self.reading()?.names.contains_key(from) {
            return Err(ErrorKind::NotFound.into());
        }
        self.change(Change::Renamed(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if !self.reading()?.names.contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        self.change(Change::Removed(name.to_owned()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.reading()?.names.keys().cloned().collect())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let (mut world, fault) = self.changing()?;
        match fault {
            // The system gave up on them: each is there or not, and no later sync says more.
            Some(Fault::Error) => {
                let world = &mut *world;
                for change in world.renames.drain(..) {
                    if world.dice.below(2) == 0 {
                        apply(&mut world.synced_names, &change);
                    }
                }
                Err(io::Error::from_raw_os_error(EIO))
            }
            Some(Fault::PowerCut) => world.ended(fault),
            None => {
                world.synced_names = world.names.clone();
                world.renames.clear();
                Ok(())
            }
        }
    }

    fn lock(&self) -> io::Result<Option<Lock>> {
        let lock = Arc::clone(&self.reading()?.lock);
        let was_locked = lock.swap(true, Ordering::AcqRel);
        Ok((!was_locked).then(|| -> Lock { Box::new(Unlocks(lock)) }))
    }
}

/// Gives the lock back.
struct Unlocks(Arc<AtomicBool>);

impl Drop for Unlocks {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A file of a simulated disk.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for SimFile {
    fn octets(&self) -> io::Result<u64> {
        Ok(self.disk.reading()?.files[self.file].seen.len() as u64)
    }

    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        let world = self.disk.reading()?;
        let at = usize::try_from(offset).map_err(|_| ErrorKind::UnexpectedEof)?;
        let there = world.files[self.file].seen.get(at..).and_then(|rest| rest.get(..octets.len()));
        octets.copy_from_slice(there.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        let (mut world, fault) = self.disk.changing()?;
        if fault == Some(Fault::Error) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let start = usize::try_from(offset).map_err(|_| ErrorKind::InvalidInput)?;
        let end = start + octets.len();
        let grows = end.saturating_sub(world.files[self.file].seen.len()) as u64;
        if grows > 0 && world.octets() + grows > world.capacity {
            return Err(ErrorKind::StorageFull.into());
        }
        let content = &mut world.files[self.file];
        if content.seen.len() < end {
            content.seen.resize(end, 0);
        }
        content.seen[start..end].copy_from_slice(octets);
        content.dirty.extend(start / BLOCK..end.div_ceil(BLOCK));
        world.ended(fault)
    }

    fn sync_data(&self) -> io::Result<()> {
        let takes = self.disk.world().sync_takes;
        if !takes.is_zero() {
            std::thread::sleep(takes);
        }
        let (mut world, fault) = self.disk.changing()?;
        let World { files, dice, .. } = &mut *world;
        let content = &mut files[self.file];
        for block in std::mem::take(&mut content.dirty) {
            // What a sync that fails did not write, no later one writes: the system has given it
            // up, though programs go on to see it.
            if fault.is_none() || dice.below(2) == 0 {
                content.keep(block);
            }
        }
        if fault == Some(Fault::Error) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        world.ended(fault)
    }
}
