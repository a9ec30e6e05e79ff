//! What a journal in files asks of a disk.

use std::fmt;
use std::io;
use std::sync::Arc;

/// One directory of files, each by a name without a path.
///
/// What is written is durable after [`DiskFile::sync_data`]; that a file has its name, or has it no
/// more, after [`Disk::sync_dir`]. Until then either may be lost in a power cut, wholly or in part.
pub trait Disk: fmt::Debug + Send + Sync {
    /// An empty file of this name, whatever was there before.
    ///
    /// # Errors
    /// What the machine says.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// The file of this name, to be read and written.
    ///
    /// # Errors
    /// `NotFound`, or what the machine says.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name, in the place of what had it before, in one step.
    ///
    /// # Errors
    /// What the machine says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file away. Who has it open can go on to read it.
    ///
    /// # Errors
    /// What the machine says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names of all files, in any order.
    ///
    /// # Errors
    /// What the machine says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes durable which names there are.
    ///
    /// # Errors
    /// What the machine says.
    fn sync_dir(&self) -> io::Result<()>;

    /// Takes the directory for one program, until the lock is dropped or the program ends; `None`
    /// when another one has it.
    ///
    /// # Errors
    /// What the machine says.
    fn lock(&self) -> io::Result<Option<Lock>>;
}

/// A directory's lock, for as long as it is kept.
pub type Lock = Box<dyn Send + Sync>;

/// A file that is open.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// How many octets it has.
    ///
    /// # Errors
    /// What the machine says.
    fn octets(&self) -> io::Result<u64>;

    /// Fills `octets` with what stands from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before, or what the machine says.
    fn read_at(&self, octets: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `octets` from `offset` on; the file grows where it must.
    ///
    /// # Errors
    /// What the machine says. Some of it may have been written.
    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()>;

    /// Makes durable what was written, and the file's length.
    ///
    /// # Errors
    /// What the machine says. What was written since the last time can not be trusted then.
    fn sync_data(&self) -> io::Result<()>;
}
