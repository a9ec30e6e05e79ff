//! The engine's disk: a [`SimDisk`] whose calls are counted, fail, and are where the engine dies.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::counts::What;
use super::net::Handle;
use crate::sim::disk::{Fault, SimDisk};
use crate::store::{Disk, DiskFile, Lock};

/// The disk as one life of the engine sees it.
#[derive(Debug)]
pub struct WorldDisk {
    core: Handle,
    disk: SimDisk,
    life: u32,
}

/// What a call does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Call {
    /// It changes names.
    Names,
    /// It writes a frame of the journal.
    Write,
    /// It syncs one.
    Sync,
    /// It writes or syncs anything else.
    Other,
}

impl WorldDisk {
    pub fn new(core: Handle, disk: SimDisk, life: u32) -> Self {
        Self { core, disk, life }
    }

    /// Does one thing to the disk, as far as the world lets it.
    fn call<T>(&self, call: Call, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.core.lock().before_call(&self.disk, self.life)?;
        let done = act();
        self.core.lock().after_call(call, self.life, done.as_ref().err())?;
        done
    }

    fn file(&self, name: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let disk = Self { core: self.core.clone(), disk: self.disk.clone(), life: self.life };
        // A segment is made under another name, and its frames go on by the same handle.
        let is_segment = name.contains("segment") || name.starts_with("spare-");
        let is_spill = name == "spill";
        Arc::new(WorldFile { disk, file, is_segment, is_spill, has_frame: AtomicBool::new(false) })
    }
}

impl super::core::Core {
    fn before_call(&mut self, disk: &SimDisk, life: u32) -> io::Result<()> {
        if self.is_over(life) {
            return Err(io::Error::other("the engine is gone"));
        }
        self.life.calls += 1;
        if self.plan.disk.error == Some((life, self.life.calls)) {
            disk.fault_at(disk.calls() + 1, Fault::Error);
            self.counts.add(What::DiskError);
            self.life.has_failed = true;
            self.note(|| "disk error".to_owned());
        }
        Ok(())
    }

    fn after_call(&mut self, call: Call, life: u32, error: Option<&io::Error>) -> io::Result<()> {
        if error.is_some_and(|error| error.kind() == io::ErrorKind::StorageFull) {
            self.counts.add(What::DiskFull);
            self.life.was_full = true;
        }
        if call == Call::Sync && error.is_none() {
            self.life.syncs += 1;
            self.counts.add(What::Frames);
        }
        match (self.life.is_open, call) {
            (false, _) => self.passes(What::Recovering),
            (true, Call::Names) => self.passes(What::FilesChanged),
            (true, Call::Write) => self.passes(What::WrittenNotSynced),
            (true, Call::Sync) if self.ledger.awaits_receipts() => {
                self.passes(What::ReceiptAwaited);
            }
            (true, Call::Sync | Call::Other) => {}
        }
        match self.is_over(life) {
            true => Err(io::Error::other("the engine is gone")),
            false => Ok(()),
        }
    }
}

impl Disk for WorldDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.call(Call::Names, || self.disk.create(name)).map(|file| self.file(name, file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name).map(|file| self.file(name, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let renamed = self.call(Call::Names, || self.disk.rename(from, to));
        if renamed.is_ok() && to.starts_with("checkpoint-") {
            self.core.lock().counts.add(What::Checkpoints);
        }
        renamed
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call(Call::Names, || self.disk.remove(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.call(Call::Names, || self.disk.sync_dir())
    }

    fn lock(&self) -> io::Result<Option<Lock>> {
        self.disk.lock()
    }
}

#[derive(Debug)]
struct WorldFile {
    disk: WorldDisk,
    file: Arc<dyn DiskFile>,
    is_segment: bool,
    is_spill: bool,
    /// A frame was written and not synced.
    has_frame: AtomicBool,
}

impl WorldFile {
    fn note(&self, what: What) {
        if self.is_spill {
            self.disk.core.lock().counts.add(what);
        }
    }
}

impl DiskFile for WorldFile {
    fn octets(&self) -> io::Result<u64> {
        self.file.octets()
    }

    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        self.note(What::SpillRead);
        self.file.read_at(octets, offset)
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        // What is written when a segment is made begins with its first octet.
        let is_frame = self.is_segment && offset > 0;
        let call = if is_frame { Call::Write } else { Call::Other };
        self.has_frame.fetch_or(is_frame, Ordering::Relaxed);
        self.disk.call(call, || self.file.write_at(octets, offset))?;
        self.note(What::Spilled);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let has_frame = self.has_frame.swap(false, Ordering::Relaxed);
        let call = if has_frame { Call::Sync } else { Call::Other };
        self.disk.call(call, || self.file.sync_data())
    }
}
