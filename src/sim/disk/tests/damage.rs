//! Every truncation and every changed octet of a journal.

use super::journal::{small, wait_for};
use super::*;
use crate::store::conformance::numbered;
use crate::store::{Checkpoints, Error, FileJournal, Journal, Position};

/// Batches of the sample, and how many of them are in a frame at most.
pub(super) const LAST: u64 = 90;
const IN_A_FRAME: u64 = 5;

pub(super) fn open(disk: &SimDisk) -> Result<FileJournal, Error> {
    FileJournal::open_on(Arc::new(disk.clone()), small())
}

/// A journal of a few segments and a checkpoint.
pub(super) fn sample() -> SimDisk {
    let disk = SimDisk::new(1);
    let journal = open(&disk).unwrap();
    for number in 1..=LAST {
        journal.submit(&mut numbered(number)).unwrap();
        if number % IN_A_FRAME == 0 {
            assert!(wait_for(&journal, Position::new(number)));
        }
    }
    let mut writer = journal.begin().unwrap();
    writer.write(b"state").unwrap();
    writer.finish(Position::new(3)).unwrap();
    journal.close().unwrap();
    drop(journal);
    let segments = disk.list().unwrap().iter().filter(|name| name.ends_with(".segment")).count();
    assert!(segments >= 3, "{segments}");
    disk
}

/// What a journal with damage gives: the batches up to a position, or a refusal that says where.
pub(super) fn outcome(disk: &SimDisk) -> Result<u64, Error> {
    let journal = open(disk)?;
    let mut next = 1;
    journal.replay(Position::FIRST, &mut |entry| {
        assert_eq!(entry.position, Position::new(next));
        assert_eq!(entry.octets, numbered(next).octets(), "batch {next}");
        next += 1;
        std::ops::ControlFlow::Continue(())
    })?;
    journal.read(&mut |record| {
        assert_eq!(record, b"state");
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(next - 1)
}

/// Which octets of a file are damaged: all of them in a minute and a half, if CHAPPE_EVERY_OCTET is
/// set. Else those of blocks and of frames' headers, and some of what is sealed and of what nobody
/// reads, in each block others.
fn places(octets: &[u8]) -> Vec<usize> {
    let is_every = std::env::var_os("CHAPPE_EVERY_OCTET").is_some();
    let has_structure = |at: usize| {
        let block = &octets[at / BLOCK * BLOCK..];
        at < 100 || (block.starts_with(b"CHfr") && at % BLOCK < 56)
    };
    (0..octets.len()).filter(|at| is_every || at % 37 == 0 || has_structure(*at)).collect()
}

/// Damages each of the journal's files in many places. Says how often it was refused, and how
/// often nothing or a tail was missing.
fn each_octet(damage: impl Fn(&[u8], usize) -> Vec<u8>) -> (usize, usize) {
    let sample = sample();
    let (mut refused, mut recovered) = (0, 0);
    for name in sample.list().unwrap() {
        let octets = sample.contents(&name).unwrap();
        for at in places(&octets) {
            let copy = sample.copy();
            copy.put(&name, &damage(&octets, at));
            match outcome(&copy) {
                // Only the last frame can go without a word: it looks like one that was never
                // durable.
                Ok(found) => {
                    let tail = LAST - IN_A_FRAME..=LAST;
                    assert!(tail.contains(&found), "{name} {at}: {found}");
                    recovered += 1;
                }
                Err(Error::Damaged { file, what, .. }) => {
                    assert!(!what.is_empty() && copy.contents(&file).is_some(), "{file}: {what}");
                    refused += 1;
                }
                Err(Error::Foreign { .. }) => refused += 1,
                Err(error) => panic!("{name} {at}: {error}"),
            }
        }
    }
    (refused, recovered)
}

#[test]
fn any_octet_changed_is_refused_with_its_place_or_costs_what_may_be_a_torn_tail() {
    let (refused, recovered) = each_octet(|octets, at| {
        let mut octets = octets.to_vec();
        octets[at] ^= 1 << (at % 8);
        octets
    });
    // What is recovered: octets that nobody reads, behind frames and blocks.
    assert!(refused > 1000 && recovered > 500, "{refused} {recovered}");
}

#[test]
fn any_file_cut_short_is_refused_with_its_place() {
    let (refused, recovered) = each_octet(|octets, at| octets[..at].to_vec());
    assert!(refused > 1000 && recovered == 0, "{refused} {recovered}");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let sample = sample();
    for name in sample.list().unwrap() {
        let copy = sample.copy();
        copy.take(&name);
        match outcome(&copy) {
            Err(Error::Missing { file }) => assert_eq!(file, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_file_of_another_version_is_refused_by_name() {
    let sample = sample();
    for name in sample.list().unwrap() {
        let copy = sample.copy();
        let mut octets = sample.contents(&name).unwrap();
        octets[8] = 2;
        copy.put(&name, &octets);
        match outcome(&copy) {
            Err(Error::Foreign { file, version: 2, known: 1 }) => assert_eq!(file, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}
