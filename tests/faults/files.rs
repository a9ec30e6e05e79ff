//! K15 and K16: killed where the journal's files are made, named and given up, and where a start
//! reads them.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Engine, Keys, until};
use super::kills::number;
use super::strace::{self, Calls, Strace};

/// Calls by which files come, go and change their names, and by which that becomes durable.
const CHANGES: [&str; 4] = ["openat", "rename", "unlink", "fsync"];
/// Calls by which a start reads what there is, and makes it its own.
const READS: &str = "openat,getdents64,pread64,pwrite64,fdatasync,rename,unlink,fsync";
/// Requests of the load, and of the engine, that are unanswered at most.
const IN_FLIGHT: u64 = 100;

/// How often each is killed: more where somebody has the time.
fn depth(short: u64) -> u64 {
    number("CHAPPE_KILLS", short)
}

/// What a call of the journal's is about: the name of its file, without numbers.
fn file_of(line: &str) -> Option<String> {
    let (_, name) = line.split_once("data/journal")?;
    let name = name.split(['>', '"']).next()?.trim_start_matches('/');
    Some(name.trim_start_matches(|one: char| one.is_ascii_digit()).to_owned())
}

/// Long texts, each in one PDU, fill a segment of the journal in a few seconds, and a checkpoint is
/// due each mebibyte. Each call that changes which files there are is the last of a process.
#[test]
fn k15_killed_wherever_files_come_and_go_it_loses_nothing() {
    if !strace::is_here() {
        return;
    }
    let mut engine = Engine::at_rest(Keys {
        carrier: "window_max = 100",
        more: "segmentation = \"payload\"",
        ..Keys::default()
    });
    engine.start();
    let rounds = depth(2);
    let seconds = 8 * rounds;
    let smsc = engine.smsc("--receipts both --receipt-delay 20ms");
    let load = engine.load(&format!(
        "--binds 2 --window 50 --segments 60 --rate 1500 --for {seconds}s --destinations 500 \
         --receipts --settle 20s"
    ));
    let (mut hit, mut kills) = (BTreeSet::new(), 0);
    for when in 1..=rounds {
        for call in CHANGES {
            let inject = format!("{call}:signal=KILL:when={when}");
            let strace = Strace::attach(&engine, &CHANGES.join(","), &inject);
            assert_eq!(engine.exit(), None, "{}", engine.log());
            let calls = strace.until_the_end();
            let last = calls.last_of_all(call).unwrap_or_else(|| panic!("{}", calls.text()));
            hit.extend(file_of(last).map(|file| format!("{call} {file}")));
            kills += 1;
            engine.start();
        }
    }
    let (load, log) = (load.report(), engine.log());
    engine.end();
    let smsc = smsc.end();
    println!("K15: {kills} kills at {hit:?}");
    for call in CHANGES {
        assert!(hit.iter().any(|one| one.starts_with(call)), "{call} is missing: {hit:?}");
    }
    assert_eq!((&load["missing"], &load["unknown"]), (&0.into(), &0.into()), "{load}\n{log}");
    assert!(load["accepted"].as_u64().unwrap() > 1000, "{load}");
    assert!(load["duplicates"].as_u64().unwrap() <= IN_FLIGHT * kills, "{load}");
    assert!(smsc["duplicates"].as_u64().unwrap() <= IN_FLIGHT * kills, "{smsc}");
}

/// A start is watched once; then each start ends at another of the calls that it made of its
/// journal's files, and the last one finds all there was.
#[test]
fn k16_killed_again_and_again_while_it_reads_it_finds_all_there_was() {
    if !strace::is_here() {
        return;
    }
    let mut engine = Engine::at_rest(Keys::default());
    engine.start();
    let messages = 2000;
    let load = engine.load(&format!("--count {messages} --window 100")).report();
    assert_eq!(load["accepted"], messages);
    engine.kill();
    let seen = start_to_end(&mut engine, "").1;
    let places = places(&seen);
    assert!(places.len() > 20, "{}", seen.text());
    let (mut hit, mut kills) = (BTreeSet::new(), 0);
    for (call, when, _) in chosen(&places) {
        let (ended, calls) = start_to_end(&mut engine, &format!("{call}:signal=KILL:when={when}"));
        // What an earlier end left may make a start take another way.
        if !ended {
            continue;
        }
        let last = calls.last_of_all(call).unwrap_or_else(|| panic!("{}", calls.text()));
        hit.extend(file_of(last).map(|file| format!("{call} {file}")));
        kills += 1;
    }
    println!("K16: {kills} kills at {hit:?}");
    assert!(hit.len() >= 8 && kills >= 12, "{kills} kills at {hit:?}");
    engine.start();
    let smsc = engine.smsc("--receipts none");
    until("all has been sent", || engine.status()["queued"] == 0);
    engine.end();
    let smsc = smsc.end();
    assert_eq!((&smsc["submits"], &smsc["duplicates"]), (&messages.into(), &0.into()), "{smsc}");
    assert_eq!(smsc["missing"], 0);
}

/// Starts the engine under strace. Whether it was killed before it ran, else it is now; and what it
/// called.
fn start_to_end(engine: &mut Engine, inject: &str) -> (bool, Calls) {
    let file = engine.directory.join("strace");
    let mut words = vec!["strace", "-f", "-qq", "-y", "-x", "-s", "8", "-o"];
    let (path, trace) = (file.display().to_string(), format!("trace={READS}"));
    let inject = format!("inject={inject}");
    words.extend([path.as_str(), "-e", &trace]);
    if inject.len() > "inject=".len() {
        words.extend(["-e", &inject]);
    }
    engine.launch(&words);
    let ended = engine.runs_or_ends().is_err();
    if !ended {
        engine.kill_the_child();
    }
    (ended, Calls::read(&file))
}

/// A call of a start: its name, how many of that name its thread had made, and whose file it was.
type Place = (String, usize, String);

/// The calls of the journal's files that the first thread made, which reads them.
fn places(calls: &Calls) -> Vec<Place> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut places = Vec::new();
    let first = calls.text().split(' ').next().unwrap_or_default();
    for line in calls.text().lines().filter(|line| line.starts_with(first)) {
        let Some((name, _)) = line[first.len()..].trim().split_once('(') else { continue };
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        places.extend(file_of(line).map(|file| (name.to_owned(), *count, file)));
    }
    places
}

/// The first and the last of each kind, the latest first so that early ones find what late ones
/// left; all of them where somebody has the time.
fn chosen(places: &[Place]) -> impl Iterator<Item = &Place> {
    let kind = |place: &Place| (place.0.clone(), place.2.clone());
    let is_edge = move |place: &&Place| {
        let same = |other: &&Place| kind(other) == kind(place);
        depth(0) > 0
            || places.iter().find(same) == Some(place)
            || places.iter().rfind(same) == Some(place)
    };
    places.iter().rev().filter(is_edge)
}
