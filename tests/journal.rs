//! `chappe journal check` and `repair` as processes: what they print, what their exit codes say.
#![cfg(feature = "runtime")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chappe::store::{Batch, Checkpoints, FileJournal, Journal, Position, Settings};
use serde_json::{Value, json};

const CHAPPE: &str = env!("CARGO_BIN_EXE_chappe");
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Octets of a frame of the journals here: three blocks.
const FRAME: u64 = 1536;

/// A directory of its own, removed afterwards.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-journal-test-{}-{count}", std::process::id());
        let place = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&place.0).unwrap();
        place
    }

    /// A journal of five batches, each in a frame of its own, with a checkpoint, that was closed.
    fn with_journal() -> Self {
        let place = Self::new();
        let journal = place.open();
        let watcher = journal.shared_progress().watch().unwrap();
        for _ in 0..5 {
            let mut batch = Batch::new();
            batch.push(&[7; 1200]);
            let position = journal.submit(&mut batch).unwrap();
            assert!(watcher.wait(position, PATIENCE));
        }
        let mut writer = journal.begin().unwrap();
        writer.write(b"state").unwrap();
        writer.finish(Position::new(2)).unwrap();
        journal.close().unwrap();
        place
    }

    fn open(&self) -> FileJournal {
        FileJournal::open(&self.0, settings()).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Changes an octet of a file.
    fn damage(&self, name: &str, at: u64) {
        let mut octets = fs::read(self.file(name)).unwrap();
        octets[at as usize] ^= 1;
        fs::write(self.file(name), octets).unwrap();
    }

    /// Its files and what they hold.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    fn run(&self, command: &str) -> Outcome {
        run(&[command, "--json"], &self.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700));
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn settings() -> Settings {
    Settings { segment_octets: 64 << 10, batch_octets_max: 8 << 10, ..Settings::default() }
}

/// How a command ended: its exit code, and what it printed.
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    fn json(&self) -> Value {
        assert_eq!(self.err, "", "{}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }
}

fn run(words: &[&str], directory: &Path) -> Outcome {
    let ended = Command::new(CHAPPE).arg("journal").args(words).arg(directory).output().unwrap();
    let Output { status, stdout, stderr } = ended;
    let text = |octets| String::from_utf8(octets).unwrap();
    Outcome { code: status.code(), out: text(stdout), err: text(stderr) }
}

#[test]
fn a_sound_journal_ends_with_0_and_is_not_touched() {
    let place = Place::with_journal();
    // As on a copy that nobody may change. The file that is locked is not part of a copy.
    fs::remove_file(place.file("lock")).unwrap();
    let before = place.contents();
    for path in before.keys() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    }
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o500)).unwrap();
    let checked = place.run("check");
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let report = checked.json();
    let (sound, last, from) = (&report["sound"], &report["last"], &report["checkpoint"]["from"]);
    assert_eq!((sound, last, from), (&json!(true), &json!(5), &json!(2)));
    assert_eq!(place.contents(), before, "a check changed something");
    let text = run(&["check"], &place.0);
    assert_eq!((text.code, &*text.err), (Some(0), ""));
    assert!(text.out.ends_with("\nsound, positions: 1 to 5\n"), "{}", text.out);
}

#[test]
fn a_journal_that_is_open_ends_with_1_and_is_left_alone() {
    let place = Place::with_journal();
    let journal = place.open();
    for command in ["check", "repair"] {
        let refused = place.run(command);
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        assert!(
            refused.err.ends_with(": another program has this journal open\n"),
            "{}",
            refused.err
        );
    }
    let mut batch = Batch::new();
    batch.push(b"it goes on");
    journal.submit(&mut batch).unwrap();
    journal.close().unwrap();
    drop(journal);
    assert_eq!(place.run("check").json()["last"], 6);
}

#[test]
fn what_is_no_journal_ends_with_2() {
    let place = Place::new();
    let nowhere = place.file("nowhere");
    for command in ["check", "repair"] {
        let empty = place.run(command);
        assert_eq!(empty.code, Some(2));
        assert!(empty.err.ends_with(": there is no journal\n"), "{}", empty.err);
        assert_eq!(run(&[command], &nowhere).code, Some(2));
    }
    assert!(place.contents().is_empty(), "something was made");
    assert_eq!(run(&["mend"], &place.0).code, Some(2));
}

#[test]
fn damage_ends_with_3_until_it_is_repaired() {
    let place = Place::with_journal();
    let segment = "0000000001.segment";
    place.damage(segment, 4096 + 2 * FRAME + 100);
    let checked = place.run("check");
    assert_eq!(checked.code, Some(3));
    let damage = &checked.json()["damage"];
    assert_eq!(damage["file"], segment);
    assert_eq!((&damage["offset"], &damage["lost"]["from"]), (&json!(4096 + 2 * FRAME), &json!(3)));
    let text = run(&["check"], &place.0);
    let advice = format!("readable positions: 1 to 2; chappe journal repair {}", place.0.display());
    assert!(
        text.out.contains("lost: positions 3 to 5\n") && text.out.contains(&advice),
        "{}",
        text.out
    );

    let repaired = place.run("repair");
    assert_eq!(repaired.code, Some(0), "{}", repaired.err);
    assert_eq!(repaired.json()["left"]["last"], 2);
    assert_eq!(place.run("check").code, Some(0));
    assert_eq!(place.open().progress().durable(), Position::new(2));
}

#[test]
fn a_manifest_that_is_lost_ends_with_3_and_is_made_anew() {
    let place = Place::with_journal();
    fs::remove_file(place.file("journal")).unwrap();
    let checked = place.run("check");
    assert_eq!((checked.code, &*checked.out), (Some(3), ""));
    let directory = place.0.display();
    let advice =
        format!("journal: it is missing; chappe journal repair {directory} makes it anew\n");
    assert!(checked.err.ends_with(&advice), "{}", checked.err);
    let repaired = run(&["repair"], &place.0);
    assert_eq!(
        (repaired.code, &*repaired.out),
        (Some(0), "made anew: journal: it is missing\nnothing was cut; positions: 1 to 5\n")
    );
    let checked = place.run("check").json();
    assert_eq!((&checked["last"], &checked["checkpoint"]["records"]), (&json!(5), &json!(1)));
    assert_eq!(place.open().progress().durable(), Position::new(5));
}

#[test]
fn a_file_of_a_newer_version_ends_with_3_and_is_left_alone() {
    let place = Place::with_journal();
    let mut octets = fs::read(place.file("journal")).unwrap();
    octets[8] = 200;
    fs::write(place.file("journal"), &octets).unwrap();
    for command in ["check", "repair"] {
        let refused = place.run(command);
        assert_eq!(refused.code, Some(3));
        assert!(refused.err.contains("format 200"), "{}", refused.err);
    }
    assert_eq!(fs::read(place.file("journal")).unwrap(), octets);
}
