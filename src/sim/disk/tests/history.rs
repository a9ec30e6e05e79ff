//! What is kept beyond need: found by its keys, given up in time, and first where there is no
//! space.

use std::ops::ControlFlow;
use std::task::{Context, Waker};
use std::time::Duration;

use super::journal::small;
use super::*;
use crate::store::history::{Digest, Keeping, Looked, Seen, Wanted};
use crate::store::{
    Batch, Checkpoints, Error, FileJournal, Journal, Position, Records, Settings, State, Stepped,
    check, repair,
};

/// Each record is a key, a moment in milliseconds, and a text.
#[derive(Debug)]
struct ByKey;

impl Digest for ByKey {
    fn digest(&self, batch: &[u8], key: &mut dyn FnMut(u64)) -> Option<u64> {
        let mut at = None;
        for record in Records::new(batch) {
            let [first, second] = numbers(record);
            key(spread(first));
            at = Some(second);
        }
        at
    }
}

fn numbers(record: &[u8]) -> [u64; 2] {
    [0, 8].map(|at| u64::from_le_bytes(record[at..at + 8].try_into().unwrap()))
}

pub(super) fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

const SECOND: u64 = 1000;

fn settings() -> Settings {
    Settings { full_retry_ms: 1, ..small() }
}

pub(super) fn keeping(seconds: u64, octets_max: u64) -> Option<Keeping> {
    Some(Keeping { age_max: Duration::from_secs(seconds), octets_max, digest: Arc::new(ByKey) })
}

pub(super) fn open(disk: &SimDisk, keeping: Option<Keeping>) -> Result<FileJournal, Error> {
    FileJournal::open_stepped_keeping(Arc::new(disk.clone()), settings(), keeping)
}

fn step(journal: &FileJournal) -> Stepped {
    journal.step(&Context::from_waker(Waker::noop()))
}

/// Writes batches with these keys, a second apart, each with two hundred octets; whether all became
/// durable.
fn write(journal: &FileJournal, keys: impl Iterator<Item = u64>) -> bool {
    for key in keys {
        let mut batch = Batch::new();
        let mut record = [key, key * SECOND].map(u64::to_le_bytes).concat();
        record.extend([b'x'; 200]);
        batch.push(&record);
        let Ok(position) = journal.submit(&mut batch) else { return false };
        while journal.progress().durable() < position {
            match step(journal) {
                Stepped::Went => {}
                Stepped::Over | Stepped::Full | Stepped::Rests => return false,
            }
        }
    }
    true
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Has all done that there is to do for what is kept.
fn keep(journal: &FileJournal, wall: Duration) {
    while journal.step_kept(wall) {}
}

fn look(journal: &FileJournal, key: u64) -> (Vec<u64>, Looked) {
    look_within(journal, key, (0, u64::MAX))
}

/// The positions of the batches with this key.
fn look_within(journal: &FileJournal, key: u64, within: (u64, u64)) -> (Vec<u64>, Looked) {
    let keys = [spread(key)];
    let (from_ms, to_ms) = within;
    let wanted = Wanted { keys: &keys, from_ms, to_ms, octets_max: u64::MAX };
    let mut found = Vec::new();
    let looked = journal.look(&wanted, &mut |seen| {
        if let Seen::Batch(entry) = seen
            && Records::new(entry.octets).any(|record| numbers(record)[0] == key)
        {
            found.push(entry.position.number());
        }
        ControlFlow::Continue(())
    });
    (found, looked)
}

fn files(disk: &SimDisk, end: &str) -> usize {
    disk.list().unwrap().iter().filter(|name| name.ends_with(end)).count()
}

#[test]
fn an_index_that_cannot_be_written_is_made_later_and_costs_nothing_else() {
    for fault in 1.. {
        let disk = SimDisk::new(1);
        let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
        assert!(write(&journal, 1..=300));
        journal.truncate_before(Position::new(301)).unwrap();
        let before = disk.calls();
        disk.fault_at(before + fault, Fault::Error);
        keep(&journal, at(300));
        if disk.calls() < before + fault {
            assert!(fault > 10, "{fault}");
            return;
        }
        assert!(write(&journal, 301..=310), "the journal goes on after a fault at {fault}");
        keep(&journal, at(600));
        assert_eq!(files(&disk, ".index"), files(&disk, ".segment") - 2, "{fault}");
        assert_eq!(look(&journal, 150).0, [150]);
    }
}

#[test]
fn what_has_no_time_of_its_own_goes_with_what_stands_behind_it() {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(100, u64::MAX)).unwrap();
    // The first segment has batches of no time alone.
    assert!(write(&journal, std::iter::repeat_n(0, 200)));
    assert!(write(&journal, 1..=300));
    journal.truncate_before(Position::new(501)).unwrap();
    keep(&journal, at(101));
    assert!(!look(&journal, 0).0.is_empty());
    keep(&journal, at(1000));
    assert!(look(&journal, 0).0.is_empty() && look(&journal, 1).0.is_empty());
}

#[test]
fn what_is_needed_no_more_is_found_by_its_key_and_little_is_read_for_it() {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    assert!(write(&journal, 1..=1000));
    journal.truncate_before(Position::new(1001)).unwrap();
    let (found, looked) = look(&journal, 500);
    assert_eq!((found, looked.unreadable), (vec![500], 0), "without an index");
    let whole = looked.octets;
    keep(&journal, at(1000));
    assert_eq!(files(&disk, ".index"), files(&disk, ".segment") - 2, "the last and the next");
    for key in [1, 2, 499, 500, 501, 999, 1000] {
        let (found, looked) = look(&journal, key);
        assert_eq!(found, [key]);
        assert!(looked.octets < whole / 20, "{} of {whole} octets", looked.octets);
    }
    assert!(look(&journal, 1001).0.is_empty());
    assert_eq!(look_within(&journal, 500, (490 * SECOND, 510 * SECOND)).0, [500]);
    assert!(look_within(&journal, 500, (700 * SECOND, 800 * SECOND)).0.is_empty());
    let kept = journal.kept();
    assert_eq!(kept.oldest_ms, SECOND);
    assert!(kept.octets > 20 * settings().segment_octets, "{kept:?}");
    // Another process finds the same, by the indexes that are there.
    journal.close().unwrap();
    drop(journal);
    let calls = disk.calls();
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    journal.truncate_before(Position::new(1001)).unwrap();
    keep(&journal, at(1000));
    assert!(disk.calls() < calls + 40, "no index is made anew");
    assert_eq!((look(&journal, 3).0, look(&journal, 1000).0), (vec![3], vec![1000]));
}

#[test]
fn the_oldest_goes_when_there_is_too_much_or_it_is_too_old_and_its_key_is_destroyed() {
    let disk = SimDisk::new(1);
    let max = 5 * settings().segment_octets;
    let journal = open(&disk, keeping(100, max)).unwrap();
    assert!(write(&journal, 1..=600));
    keep(&journal, at(600));
    assert_eq!(journal.first(), Position::FIRST, "what is needed stays, however old");
    let keys = files(&disk, ".key");
    journal.truncate_before(Position::new(601)).unwrap();
    keep(&journal, at(0));
    assert!(journal.kept().octets <= max && journal.kept().octets > max / 2);
    assert!(look(&journal, 1).0.is_empty());
    let first = journal.first().number();
    assert_eq!(look(&journal, first).0, [first]);
    assert!(files(&disk, ".key") + 5 < keys, "keys of what was given up are there");
    assert!(files(&disk, ".index") <= 5);
    // A second before the last of the oldest segment is a hundred seconds old, and when it is.
    keep(&journal, at(first + 90));
    assert_eq!(journal.first().number(), first);
    keep(&journal, at(600 + 101));
    let active = journal.first().number();
    assert!(active > 560, "{active}");
    assert_eq!(journal.kept(), Default::default());
    // What is written stays with what was before it, until another segment is due.
    assert!(!journal.is_turn_due(at(active + 12)) && journal.is_turn_due(at(active + 13)));
    journal.turn();
    assert!(write(&journal, 601..=601));
    journal.truncate_before(Position::new(601)).unwrap();
    keep(&journal, at(600 + 101));
    assert_eq!(journal.first(), Position::new(601));
    assert!(!journal.is_turn_due(at(601 + 12)));
}

#[test]
fn how_long_it_is_kept_may_change_and_for_no_time_it_is_kept_nowhere() {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    assert!(write(&journal, 1..=300));
    journal.truncate_before(Position::new(301)).unwrap();
    keep(&journal, at(300));
    let kept = journal.kept().octets;
    journal.retain(at(1 << 30), kept / 2);
    keep(&journal, at(300));
    assert!((1..=kept / 2).contains(&journal.kept().octets));
    journal.retain(Duration::ZERO, u64::MAX);
    keep(&journal, at(300));
    assert_eq!((journal.kept().octets, files(&disk, ".index")), (0, 0));
    assert!(write(&journal, 301..=500));
    journal.truncate_before(Position::new(501)).unwrap();
    keep(&journal, at(500));
    assert_eq!((journal.kept().octets, files(&disk, ".index")), (0, 0));
    assert!(!journal.is_turn_due(at(1 << 20)));
}

#[test]
fn history_gives_way_before_anything_is_refused() {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    disk.set_capacity(12 * settings().segment_octets);
    for from in (1..2000).step_by(50) {
        assert!(write(&journal, from..from + 50), "{from}");
        assert_eq!(journal.progress().state(), State::Running);
        journal.truncate_before(journal.progress().durable()).unwrap();
        keep(&journal, at(from));
        while step(&journal) == Stepped::Went {}
        assert_eq!(journal.progress().state(), State::Running);
    }
    let first = journal.first().number();
    assert!(first > 1000, "{first}");
    assert_eq!(look(&journal, first + 10).0, [first + 10]);
    // What else has no space gets some too.
    assert!(journal.kept().octets > 0);
    assert!(journal.give_way(u64::MAX) > 0);
    assert!(files(&disk, ".segment") <= 3, "what is needed, written, and next");
}

/// One life: writes, needs no more, keeps; how far it came.
fn live(disk: &SimDisk) -> Option<u64> {
    let journal = open(disk, keeping(50, 4 * settings().segment_octets)).ok()?;
    let mut durable = journal.progress().durable().number();
    for _ in 0..8 {
        if !write(&journal, durable + 1..durable + 40) {
            break;
        }
        durable += 39;
        let _ = journal.truncate_before(Position::new(durable));
        keep(&journal, at(durable));
    }
    Some(journal.progress().durable().number())
}

#[test]
fn a_power_cut_at_any_call_costs_nothing_that_is_needed_and_what_is_kept_is_found() {
    let sample = SimDisk::new(3);
    live(&sample).unwrap();
    let calls = sample.calls();
    assert!(calls > 500);
    for call in 1..=calls {
        let disk = SimDisk::new(3);
        disk.fault_at(call, Fault::PowerCut);
        let durable = live(&disk).unwrap_or(0);
        let disk = disk.restart();
        let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
        let after = journal.progress().durable().number();
        assert!(after >= durable, "call {call}");
        let first = journal.first().number();
        keep(&journal, at(0));
        for key in [first, first.midpoint(after), after] {
            if after > 0 {
                let (found, looked) = look(&journal, key);
                assert_eq!((found, looked.unreadable), (vec![key], 0), "call {call}");
            }
        }
        assert!(write(&journal, after + 1..after + 3));
    }
}

/// A journal that was closed, whose newest checkpoint needs nothing of its first segments.
fn with_history() -> SimDisk {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    assert!(write(&journal, 1..=300));
    let mut writer = journal.begin().unwrap();
    writer.write(b"all there is").unwrap();
    writer.finish(Position::new(251)).unwrap();
    journal.truncate_before(Position::new(251)).unwrap();
    keep(&journal, at(300));
    journal.close().unwrap();
    disk
}

/// Damages of a segment: in its first frame, at its beginning, without its file, without its key.
const DAMAGES: [fn(&SimDisk, u64); 4] = [
    |disk, generation| changed(disk, generation, 4096 + 100),
    |disk, generation| changed(disk, generation, 20),
    |disk, generation| disk.take(&format!("{generation:010}.segment")),
    |disk, generation| disk.take(&format!("{generation:010}.key")),
];

fn changed(disk: &SimDisk, generation: u64, at: usize) {
    let name = format!("{generation:010}.segment");
    let mut octets = disk.contents(&name).unwrap();
    octets[at] ^= 1;
    disk.put(&name, &octets);
}

/// All that the checkpoint needs is there, and what stands from the journal's first position on is
/// found.
fn goes_on(journal: &FileJournal) {
    let first = journal.first().number();
    assert_eq!(journal.progress().durable(), Position::new(300));
    let mut states = 0;
    let from = journal.read(&mut |_| {
        states += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((from.unwrap(), states), (Position::new(251), 1));
    let replayed = journal.replay(Position::new(251), &mut |_| ControlFlow::Continue(()));
    assert_eq!(replayed.unwrap(), Position::new(301));
    keep(journal, at(300));
    assert_eq!(look(journal, 245).0, [245]);
    assert!(write(journal, 301..=310));
    assert_eq!(journal.first().number(), first);
}

#[test]
fn damage_in_the_history_costs_the_history_up_to_there_and_nothing_else() {
    for (generation, damage) in (1..=3).flat_map(|generation| DAMAGES.map(|one| (generation, one)))
    {
        let disk = with_history();
        damage(&disk, generation);
        let mut report = check(&disk).unwrap();
        assert_eq!(report.damage, None);
        assert!(report.history_damage.as_ref().unwrap().file.contains(&generation.to_string()));
        let repaired = repair(&disk, settings().segment_octets).unwrap();
        report.history_damage = None;
        assert_eq!(repaired.left, report);
        assert!(!repaired.put_aside.is_empty());
        let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
        let first = journal.first().number();
        assert!((20..=200).contains(&first), "{first}");
        goes_on(&journal);
        assert_eq!(look(&journal, first).0, [first]);
    }
}

#[test]
fn no_damage_in_the_history_keeps_a_journal_from_going_on() {
    let last = files(&with_history(), ".segment") as u64;
    let (mut begun, mut history) = (0, 0);
    for (generation, damage) in
        (1..=last).flat_map(|generation| DAMAGES.map(|one| (generation, one)))
    {
        let disk = with_history();
        damage(&disk, generation);
        let report = check(&disk).unwrap();
        let opened = open(&disk, keeping(1 << 30, u64::MAX));
        if report.damage.is_some() {
            assert!(opened.is_err(), "{generation}");
            continue;
        }
        let journal = opened.unwrap();
        history += usize::from(report.history_damage.is_some());
        // A damage in the midst is seen by whoever looks there.
        if let Some(damage) = journal.history_damage() {
            assert!(damage.file.contains(&generation.to_string()), "{damage:?}");
            assert_eq!(journal.first(), report.first);
            begun += 1;
        }
        goes_on(&journal);
        drop(journal);
        assert_eq!(open(&disk, None).unwrap().history_damage(), None);
    }
    // All but the one in the midst, of each segment that is needed no more.
    assert!(begun > 10 && begun * 4 == history * 3, "{begun} of {history}");
}
