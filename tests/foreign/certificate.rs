//! A certificate made on the spot, for servers under TLS.

use std::path::PathBuf;

/// A self-signed certificate for `localhost` and its key in files, until it is dropped.
pub struct Certificate {
    directory: PathBuf,
    /// The file with the certificate.
    pub cert: String,
    /// The file with its key.
    pub key: String,
}

impl Certificate {
    /// Makes one in a directory of this name, which no other test has.
    pub fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("chappe-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let write = |file: &str, pem: String| {
            let path = directory.join(file);
            std::fs::write(&path, pem).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let cert = write("cert.pem", made.cert.pem());
        let key = write("cert.key", made.signing_key.serialize_pem());
        Self { cert, key, directory }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // What is left behind is in a directory for what is.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
