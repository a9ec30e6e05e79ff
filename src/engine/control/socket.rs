//! The socket itself: for its owner alone from the first moment.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The socket's place in the file system, taken away when this is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
}

impl Socket {
    /// Makes the socket in a data directory whose lock the caller holds; one that a dead engine
    /// left is replaced.
    ///
    /// It is made in a directory that nobody else can enter and moved to its place when its
    /// permissions are right: there is no moment at which another user could connect.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for a directory whose name is too long for a socket.
    pub fn make(directory: &Path) -> io::Result<(Self, UnixListener)> {
        let nursery = directory.join(".control");
        // One that a dead engine left.
        let _ = fs::remove_dir_all(&nursery);
        fs::DirBuilder::new().mode(0o700).create(&nursery)?;
        let made = Self::make_in(&nursery, directory);
        let _ = fs::remove_dir_all(&nursery);
        made
    }

    fn make_in(nursery: &Path, directory: &Path) -> io::Result<(Self, UnixListener)> {
        let (newborn, path) = (nursery.join("s"), directory.join(super::SOCKET));
        let listener = UnixListener::bind(&newborn)?;
        fs::set_permissions(&newborn, fs::Permissions::from_mode(0o600))?;
        fs::rename(&newborn, &path)?;
        Ok((Self { path }, listener))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn the_socket_is_its_owners_alone_replaces_a_stale_one_and_is_gone_at_the_end() {
        let directory = std::env::temp_dir().join(format!("chappe-sock-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join(super::super::SOCKET);
        // What an engine that was killed leaves: a socket nobody listens on.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let (socket, _listener) = Socket::make(&directory).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(UnixStream::connect(&path).is_ok());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing else is left there");
        drop(socket);
        assert!(!path.exists());
        fs::remove_dir_all(directory).unwrap();
    }
}
