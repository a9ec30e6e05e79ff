//! A directory of the machine, as a journal's disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::store::disk::{Disk, DiskFile, Lock};

/// Who may read the files: their user alone, for they hold texts and keys.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;
/// The file that is locked. It holds nothing and stays.
const LOCK: &str = "lock";

/// A directory of the machine.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// The directory itself, to make its names durable.
    itself: File,
    is_read_only: bool,
}

impl Directory {
    /// The directory of this path, made if it is not there.
    ///
    /// # Errors
    /// What the machine says.
    pub fn make(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)?;
        // Its own name has to last too.
        let parent = path.canonicalize()?;
        if let Some(parent) = parent.parent() {
            File::open(parent)?.sync_all()?;
        }
        Self::open(path)
    }

    /// The directory of this path.
    ///
    /// # Errors
    /// `NotFound`, or what the machine says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), itself: File::open(path)?, is_read_only: false })
    }

    /// The directory of this path, of which nothing can be changed: also where nobody may.
    ///
    /// # Errors
    /// `NotFound`, or what the machine says.
    pub fn read_only(path: &Path) -> io::Result<Self> {
        Ok(Self { is_read_only: true, ..Self::open(path)? })
    }

    fn options(&self) -> OpenOptions {
        let mut options = File::options();
        options.read(true).write(!self.is_read_only).mode(FILE_MODE);
        options
    }

    fn may_change(&self) -> io::Result<()> {
        if self.is_read_only { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    }
}

impl Disk for Directory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.may_change()?;
        let file = self.options().create(true).truncate(true).open(self.path.join(name))?;
        Ok(Arc::new(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(self.options().open(self.path.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.may_change()?;
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.may_change()?;
        fs::remove_file(self.path.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is no text is none of the journal's.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.itself.sync_all()
    }

    fn lock(&self) -> io::Result<Option<Lock>> {
        let path = self.path.join(LOCK);
        let file = match self.options().create(!self.is_read_only).truncate(false).open(path) {
            // Whoever opens a journal to write makes the file first, so that nobody has.
            Err(error) if self.is_read_only && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(Box::new(())));
            }
            file => file?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(Locked(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The file that is locked.
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing it is not enough: a process that is being started may have it open for a moment
        // more. One that cannot be unlocked is closed all the same.
        let _ = self.0.unlock();
    }
}

impl DiskFile for File {
    fn octets(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(octets, offset)
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(octets, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }
}
