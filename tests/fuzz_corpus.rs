//! The fuzzers' corpora, replayed; their dictionaries, which our tables give; and their list.
//!
//! A target added under `fuzz/targets` gets a line in [`TARGETS`], a corpus of its own and a row in
//! `fuzz/soak`.

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(feature = "runtime")]
#[path = "../fuzz/checks/bot.rs"]
mod bot;
#[cfg(feature = "runtime")]
#[path = "../fuzz/checks/config.rs"]
mod config;
#[path = "../fuzz/checks/dialect.rs"]
mod dialect;
#[cfg(feature = "runtime")]
#[path = "../fuzz/checks/journal.rs"]
mod journal;
#[path = "../fuzz/checks/reassembly.rs"]
mod reassembly;
#[path = "../fuzz/checks/receipt.rs"]
mod receipt;
#[path = "../fuzz/checks/session.rs"]
mod session;
#[path = "../fuzz/checks/text.rs"]
mod text;
#[path = "../fuzz/checks/time.rs"]
mod time;
#[path = "../fuzz/checks/wire.rs"]
mod wire;

/// What replays a corpus.
type Check = fn(&[u8]);

const TARGETS: &[(&str, Check)] = &[
    ("framer", wire::framer),
    ("decode", wire::decode),
    ("roundtrip", wire::roundtrip),
    ("session", session::session_ops),
    ("dialect", dialect::dialect),
    ("receipt", receipt::receipt),
    ("reassembly", reassembly::reassembly),
    ("text_plan", text::text_plan),
    ("udh", text::udh),
    ("time", time::time),
    #[cfg(feature = "runtime")]
    ("config", config::config),
    #[cfg(feature = "runtime")]
    ("bot", bot::bot),
    #[cfg(feature = "runtime")]
    ("journal", journal::journal),
];

/// Targets that need more than the pure half: without it they are not replayed.
const OF_THE_RUNTIME: [&str; 3] = ["bot", "config", "journal"];

/// Files a corpus may have: enough to reach every branch, few enough to read over.
const CORPUS_FILES_MAX: usize = 200;

/// Octets a file of a corpus may have.
const CORPUS_FILE_OCTETS_MAX: usize = 4096;

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
            assert!(octets.len() <= CORPUS_FILE_OCTETS_MAX, "{} is long", file.display());
            let outcome = std::panic::catch_unwind(|| check(&octets));
            assert!(outcome.is_ok(), "{} breaks {name}", file.display());
        }
    }
}

#[test]
fn every_fuzz_target_is_replayed_and_soaked() {
    let mut targets: Vec<String> = files_in(&fuzz("targets"))
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort_unstable();
    let mut replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    if cfg!(not(feature = "runtime")) {
        replayed.extend(OF_THE_RUNTIME);
    }
    replayed.sort_unstable();
    assert_eq!(targets, replayed);

    let soak = fs::read_to_string(fuzz("soak")).unwrap();
    let mut soaked: Vec<&str> = soak
        .lines()
        .skip_while(|line| !line.starts_with("targets='"))
        .skip(1)
        .take_while(|line| !line.starts_with('\''))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    soaked.sort_unstable();
    assert_eq!(targets, soaked);
}

#[test]
fn the_wire_dictionary_names_every_command_and_tag() {
    let mut text = "# Every command_id and TLV tag, from the tables of chappe::wire.\n".to_owned();
    for (name, octets) in chappe::wire::sample::dictionary() {
        let octets: String = octets.iter().map(|octet| format!("\\x{octet:02x}")).collect();
        text.push_str(&format!("{name}=\"{octets}\"\n"));
    }
    is_fresh("wire.dict", &text);
}

#[cfg(feature = "runtime")]
#[test]
fn the_configuration_dictionary_names_every_key_and_word() {
    use chappe::config::schema::{Kind, Table};

    let mut entries = std::collections::BTreeSet::new();
    for key in Table::ALL.iter().flat_map(|table| table.keys()) {
        entries.insert(match key.kind {
            Kind::Table(_) | Kind::TableMap(_) => format!("[{}]\\x0a", key.name),
            Kind::TableArray(_) => format!("[[{}]]\\x0a", key.name),
            _ => format!("{} = ", key.name),
        });
        if let Kind::Word { now, later } = key.kind {
            entries.extend(now.iter().chain(later).map(|word| format!("\\\"{word}\\\"\\x0a")));
        }
    }
    let mut text = "# Every key and word, from the schema of chappe::config.\n".to_owned();
    for entry in entries {
        text.push_str(&format!("\"{entry}\"\n"));
    }
    is_fresh("config.dict", &text);
}

/// Holds a dictionary to what it should be, or writes it where CHAPPE_WRITE is set.
fn is_fresh(name: &str, text: &str) {
    let file = fuzz(name);
    if std::env::var_os("CHAPPE_WRITE").is_some() {
        fs::write(&file, text).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "{} is stale: run this test with CHAPPE_WRITE=1", file.display());
}
