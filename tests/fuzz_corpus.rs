//! The fuzzers' corpora, replayed; and their dictionary, which the tables give.
//!
//! A target added under `fuzz/targets` gets a line in [`TARGETS`] and a corpus of its own.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/checks/session.rs"]
mod session;
#[path = "../fuzz/checks/wire.rs"]
mod wire;

/// What replays a corpus.
type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 4] = [
    ("framer", wire::framer),
    ("decode", wire::decode),
    ("roundtrip", wire::roundtrip),
    ("session", session::session_ops),
];

/// Files a corpus may have: enough to reach every branch, few enough to read over.
const CORPUS_FILES_MAX: usize = 200;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn nothing_in_the_corpora_breaks_a_check() {
    for (name, check) in TARGETS {
        let files = files_in(&fuzz("corpus").join(name));
        assert!((1..=CORPUS_FILES_MAX).contains(&files.len()), "{name}: {} files", files.len());
        for file in files {
            let octets = fs::read(&file).unwrap();
            let outcome = std::panic::catch_unwind(|| check(&octets));
            assert!(outcome.is_ok(), "{} breaks {name}", file.display());
        }
    }
}

#[test]
fn every_fuzz_target_is_replayed() {
    let mut targets: Vec<String> = files_in(&fuzz("targets"))
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort_unstable();
    let mut replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    replayed.sort_unstable();
    assert_eq!(targets, replayed);
}

#[test]
fn the_dictionary_names_every_command_and_tag() {
    let file = fuzz("wire.dict");
    let entries = chappe::wire::sample::dictionary();
    let mut text = "# Every command_id and TLV tag, from the tables of chappe::wire.\n".to_owned();
    for (name, octets) in entries {
        let octets: String = octets.iter().map(|octet| format!("\\x{octet:02x}")).collect();
        text.push_str(&format!("{name}=\"{octets}\"\n"));
    }
    if std::env::var_os("CHAPPE_WRITE").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "{} is stale: run this test with CHAPPE_WRITE=1", file.display());
}
