//! The shared receipts, for tests: found by `CHAPPE_SHARED`, or beside the repository.

use std::{env, fs, path::PathBuf};

use serde_json::Value;

/// One line of `vectors/receipts.jsonl`.
pub(crate) struct Vector {
    /// The line.
    pub(crate) entry: Value,
    /// Its `hex` member as octets; none where the text is empty.
    pub(crate) octets: Vec<u8>,
}

impl Vector {
    /// Whether a member (such as `expect.sub`) is to be scored.
    pub(crate) fn scores(&self, member: &str) -> bool {
        let free = self.entry["free"].as_array();
        !free.is_some_and(|free| free.iter().any(|name| name == member))
    }
}

/// Every entry, in order.
pub(crate) fn receipts() -> Vec<Vector> {
    let vectors: Vec<Vector> = shared("vectors/receipts.jsonl").lines().map(vector).collect();
    assert!(vectors.len() >= 149, "only {} receipts", vectors.len());
    vectors
}

/// The text of a shared file.
pub(crate) fn shared(path: &str) -> String {
    let crate_dir = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let places = [
        env::var_os("CHAPPE_SHARED").map(PathBuf::from),
        Some(crate_dir.join("../shared")),
        Some(crate_dir.join("../../shared")),
    ];
    let found = places.into_iter().flatten().map(|place| place.join(path)).find(|p| p.exists());
    let found = found.unwrap_or_else(|| panic!("no shared {path}: set CHAPPE_SHARED to its home"));
    fs::read_to_string(&found).unwrap_or_else(|error| panic!("{}: {error}", found.display()))
}

fn vector(line: &str) -> Vector {
    let entry: Value = serde_json::from_str(line).unwrap();
    let hex = entry["hex"].as_str().unwrap_or_default().as_bytes();
    let pairs = hex.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    let octets = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    Vector { entry, octets }
}
