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
        Ok(Self { path: path.to_owned(), itself: File::open(path)? })
    }

    fn options() -> OpenOptions {
        let mut options = File::options();
        options.read(true).write(true).mode(FILE_MODE);
        options
    }
}

impl Disk for Directory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = Self::options().create(true).truncate(true).open(self.path.join(name))?;
        Ok(Arc::new(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(Self::options().open(self.path.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
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
        let file = Self::options().create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
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
