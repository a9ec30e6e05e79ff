//! Recorded exchanges, each run against the dialect that it names.
//!
//! A file in `exchanges/` is what `chappe pdu replay` reads. Among its comments stand
//! `#: dialect NAME`, `#: as carrier` or `#: as account`, behind a PDU `#= {..}` with what has to
//! be said of it, and at the end `#summary {..}`. Members that are not named are not looked at; a
//! list has to be of the same length.
#![cfg(feature = "runtime")]

use std::fs;
use std::path::{Path, PathBuf};

use chappe::cli::pdu::{DialectArgs, PeerKind, ReplayArgs, run_replay};
use chappe::config::BUNDLED;
use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What a file says behind `word` on a line of its own.
fn said<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(word)).map(str::trim)
}

/// What is printed for a recording.
fn replay(text: &str) -> Vec<Value> {
    let from = DialectArgs { dialect: said(text, "#: dialect ").map(str::to_owned), config: None };
    let peer = match said(text, "#: as ") {
        Some("account") => PeerKind::Account,
        _ => PeerKind::Carrier,
    };
    let dialect = from.resolve().unwrap_or_else(|_| panic!("{from:?}"));
    let args = ReplayArgs { peer, dialect, ..ReplayArgs::default() };
    let mut output = Vec::new();
    run_replay(&args, text.as_bytes(), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Where `found` is not what `wanted` says.
fn differs(wanted: &Value, found: &Value) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, value)| {
            let found = found.get(name).unwrap_or(&Value::Null);
            differs(value, found).map(|what| format!("{name}: {what}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            wanted.iter().zip(found).find_map(|(wanted, found)| differs(wanted, found))
        }
        _ if wanted == found => None,
        _ => Some(format!("expected {wanted}, found {found}")),
    }
}

#[test]
fn every_recorded_exchange_is_read_as_it_says() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let replayed = replay(&text);
        let mut at = 0;
        for (line, number) in text.lines().zip(1_u64..) {
            let (wanted, found) = if let Some(wanted) = line.strip_prefix("#= ") {
                (wanted, replayed.iter().find(|one| one["line"] == at).expect("a PDU before it"))
            } else if let Some(wanted) = line.strip_prefix("#summary ") {
                (wanted, &replayed.last().unwrap()["summary"])
            } else {
                at = if line.starts_with('#') { at } else { number };
                continue;
            };
            let wanted: Value = serde_json::from_str(wanted).unwrap();
            if let Some(what) = differs(&wanted, found) {
                wrong.push(format!("{}:{number}: {what}", file.display()));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 100, "{checked} checks");
}

#[test]
fn every_bundled_profile_has_an_exchange() {
    let texts: Vec<String> = files().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for (name, _) in BUNDLED {
        let named = texts.iter().any(|text| said(text, "#: dialect ") == Some(name));
        assert!(named, "no exchange names {name}");
    }
}

/// The reason for profiles: without its own, something of an exchange is understood otherwise.
#[test]
fn a_dialect_that_is_not_the_peers_understands_less() {
    let summary = |file: &str, dialect: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges").join(file);
        let text = fs::read_to_string(path).unwrap();
        let own = format!("#: dialect {}", said(&text, "#: dialect ").unwrap());
        let text = text.replace(&own, &format!("#: dialect {dialect}"));
        replay(&text).last().unwrap()["summary"].clone()
    };
    let vonage = summary("vonage.txt", "clickatell");
    assert_eq!((&vonage["receipts"], &vonage["matched"]), (&1.into(), &0.into()));
    assert_eq!(vonage["advice"][0]["key"], "message_id_receipt");
    let packed = summary("packed-gsm7.txt", "default");
    assert!(packed["quirks"].as_array().unwrap().is_empty());
    let unmarked = summary("unmarked-receipts.txt", "default");
    assert_eq!((&unmarked["matched"], &unmarked["receipts"]), (&0.into(), &0.into()));
}
