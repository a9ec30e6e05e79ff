//! What is erased from what is kept cannot be read any more, and a power cut in the midst costs
//! neither that nor anything else.

use std::task::{Context, Waker};
use std::time::Duration;

use super::history::{keeping, open, spread};
use super::*;
use crate::store::history::{Seen, Wanted};
use crate::store::{Batch, Erased, Error, FileJournal, Journal, Position, Records, readable};

const SECRET: &[u8] = b"nobody is to read this";
const BATCHES: u64 = 250;
/// Every so many batches there is one with the secret; none in the last segment.
const EACH: u64 = 40;
const SECRETS: u64 = 4;

fn is_secret(number: u64) -> bool {
    number.is_multiple_of(EACH) && number <= SECRETS * EACH
}

/// A journal whose history has the secret in most segments, indexed, and closed.
fn sample() -> SimDisk {
    let disk = SimDisk::new(1);
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    for number in 1..=BATCHES {
        let mut batch = Batch::new();
        let key = if is_secret(number) { 7 } else { 100 + number };
        let mut record = [key, number].map(u64::to_le_bytes).concat();
        record.extend(if key == 7 { SECRET } else { &[b'x'; 300][..] });
        batch.push(&record);
        journal.submit(&mut batch).unwrap();
        while journal.progress().durable() < Position::new(number) {
            let _ = journal.step(&Context::from_waker(Waker::noop()));
        }
    }
    ready(&journal);
    journal.close().unwrap();
    disk
}

/// All but the last segment is needed no more.
fn ready(journal: &FileJournal) {
    journal.truncate_before(Position::new(BATCHES + 1)).unwrap();
    while journal.step_kept(Duration::ZERO) {}
}

fn erase(journal: &FileJournal) -> Result<Erased, Error> {
    let without = |batch: &[u8]| {
        let record = Records::new(batch).next()?;
        record.ends_with(SECRET).then(|| {
            let mut batch = Batch::new();
            batch.push(&record[..16]);
            batch.octets().to_vec()
        })
    };
    journal.erase(&[spread(7)], &without)
}

fn has_secret(disk: &SimDisk) -> bool {
    readable(disk).windows(SECRET.len()).any(|octets| octets == SECRET)
}

/// All batches are there, each in its place.
fn audit(journal: &FileJournal) {
    let mut number = 0;
    let replayed = journal.replay(Position::FIRST, &mut |entry| {
        number += 1;
        let record = Records::new(entry.octets).next().unwrap();
        assert_eq!(entry.position.number(), number);
        assert_eq!(record[8..16], number.to_le_bytes());
        assert!(record.len() == 316 || is_secret(number));
        std::ops::ControlFlow::Continue(())
    });
    replayed.unwrap();
    assert_eq!(number, BATCHES);
}

#[test]
fn what_is_erased_can_be_read_by_nobody_who_has_all_keys_and_the_rest_is_as_it_was() {
    let disk = sample();
    assert!(has_secret(&disk));
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    ready(&journal);
    let erased = erase(&journal).unwrap();
    assert_eq!(erased.batches, SECRETS);
    assert!(erased.segments > 1);
    assert!(!has_secret(&disk));
    audit(&journal);
    assert_eq!(erase(&journal).unwrap(), Erased::default(), "a second time there is nothing");
    // Indexes follow.
    while journal.step_kept(Duration::ZERO) {}
    let wanted = Wanted { keys: &[spread(145)], from_ms: 0, to_ms: u64::MAX, octets_max: 1 << 20 };
    let mut found = 0;
    let looked = journal.look(&wanted, &mut |seen| {
        if let Seen::Batch(entry) = seen {
            found += u64::from(entry.position == Position::new(45));
        }
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((found, looked.unreadable), (1, 0));
    // A segment that was written anew is given up like any.
    assert!(journal.give_way(u64::MAX) > 0);
    journal.close().unwrap();
    drop(journal);
    assert!(open(&disk, None).unwrap().first() > Position::FIRST);
}

#[test]
fn a_power_cut_at_any_call_of_erasing_loses_nothing_and_it_is_done_again() {
    let sample = sample();
    for call in 1.. {
        let disk = sample.copy();
        let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
        ready(&journal);
        disk.fault_at(disk.calls() + call, Fault::PowerCut);
        let is_done = erase(&journal).is_ok();
        if is_done {
            assert!(!has_secret(&disk));
        }
        drop(journal);
        let disk = disk.restart();
        let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
        audit(&journal);
        ready(&journal);
        erase(&journal).unwrap();
        audit(&journal);
        assert!(!has_secret(&disk), "call {call}");
        if is_done {
            assert!(call > 20);
            return;
        }
    }
}

#[test]
fn without_space_nothing_is_erased_and_nothing_is_lost() {
    let disk = sample();
    let journal = open(&disk, keeping(1 << 30, u64::MAX)).unwrap();
    ready(&journal);
    disk.set_capacity(0);
    assert!(erase(&journal).unwrap_err().is_full());
    audit(&journal);
    disk.set_capacity(u64::MAX);
    assert!(erase(&journal).unwrap().segments > 1);
    assert!(!has_secret(&disk));
    audit(&journal);
}
