//! One engine a data directory.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The lock of a data directory, held until it is dropped or the process ends, however it does.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, and makes the directory if it is not there.
    ///
    /// # Errors
    /// `WouldBlock` when another engine has it; else what the system says.
    pub fn take(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("engine.lock");
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::new(io::ErrorKind::WouldBlock, "another engine runs there"))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_engine_and_a_next_one_when_that_has_ended() {
        let directory = std::env::temp_dir().join(format!("chappe-lock-{}", std::process::id()));
        let first = DirectoryLock::take(&directory.join("data")).unwrap();
        let second = DirectoryLock::take(&directory.join("data"));
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(first);
        assert!(DirectoryLock::take(&directory.join("data")).is_ok());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
