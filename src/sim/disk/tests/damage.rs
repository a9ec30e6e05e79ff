//! Every truncation and every changed octet of a journal.

use super::journal::{small, wait_for};
use super::*;
use crate::store::conformance::numbered;
use crate::store::{Checkpoints, Error, FileJournal, Journal, Position, check};

/// Batches of the sample, and how many of them are in a frame at most.
pub(super) const LAST: u64 = 90;
const IN_A_FRAME: u64 = 5;

pub(super) fn open(disk: &SimDisk) -> Result<FileJournal, Error> {
    FileJournal::open_on(Arc::new(disk.clone()), small())
}

/// A journal of a few segments and a checkpoint, that was closed.
pub(super) fn sample() -> SimDisk {
    ended(true)
}

/// Such a journal, closed or left like in a crash.
fn ended(is_closed: bool) -> SimDisk {
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
    if is_closed {
        journal.close().unwrap();
    }
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

/// Damages each of a journal's files in many places. Says how often it was refused, how often a
/// tail was missing, and how often nothing.
fn each_octet(sample: &SimDisk, damage: impl Fn(&[u8], usize) -> Vec<u8>) -> [usize; 3] {
    let [mut refused, mut cut, mut whole] = [0; 3];
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
                    *if found < LAST { &mut cut } else { &mut whole } += 1;
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
    [refused, cut, whole]
}

fn changed(octets: &[u8], at: usize) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[at] ^= 1 << (at % 8);
    octets
}

#[test]
fn any_octet_changed_is_refused_with_its_place_or_costs_what_may_be_a_torn_tail() {
    let [refused, cut, whole] = each_octet(&ended(false), changed);
    // What is whole: octets were changed that nobody reads, behind frames and blocks.
    assert!(refused > 1000 && cut > 50 && whole > 500, "{refused} {cut} {whole}");
}

#[test]
fn any_octet_changed_in_a_journal_that_was_closed_is_refused_or_costs_nothing() {
    let [refused, cut, whole] = each_octet(&ended(true), changed);
    assert!(refused > 1000 && cut == 0 && whole > 500, "{refused} {cut} {whole}");
}

#[test]
fn any_file_cut_short_is_refused_with_its_place() {
    let [refused, cut, whole] = each_octet(&ended(false), |octets, at| octets[..at].to_vec());
    assert!(refused > 1000 && cut + whole == 0, "{refused} {cut} {whole}");
}

#[test]
fn what_is_missing_where_a_journal_was_closed_is_said() {
    let disk = ended(true);
    one_more(&disk).close().unwrap();
    let names = disk.list().unwrap();
    let name = names.iter().rfind(|name| frames(&disk, name).next().is_some()).unwrap();
    let last = frames(&disk, name).last().unwrap();
    let mut octets = disk.contents(name).unwrap();
    octets[last + 60] ^= 1;
    disk.put(name, &octets);
    let expected = "a frame begins here whose octets are not what was written; position 91 was \
                    expected, for the journal was closed after 91";
    match open(&disk) {
        Err(Error::Damaged { file, offset, what }) => {
            assert_eq!((&file, offset, &*what), (name, last as u64, expected));
        }
        other => panic!("{other:?}"),
    }
    let damage = check(&disk).unwrap().damage.unwrap();
    assert_eq!((&damage.file, damage.offset, &*damage.what), (name, last as u64, expected));
    assert_eq!(damage.lost, Some((Position::new(91), Position::new(91))));
}

/// Where frames begin in a segment; other files have none.
fn frames(disk: &SimDisk, name: &str) -> impl Iterator<Item = usize> + use<> {
    let octets = if name.ends_with(".segment") { disk.contents(name) } else { None };
    let octets = octets.unwrap_or_default();
    let places = (0..octets.len()).step_by(BLOCK);
    places.filter(move |at| octets[*at..].starts_with(b"CHfr"))
}

#[test]
fn an_older_manifest_beside_newer_segments_is_refused() {
    let disk = ended(true);
    let before = disk.contents("journal").unwrap();
    one_more(&disk).close().unwrap();
    disk.put("journal", &before);
    let expected = "there are batches up to 91, though the journal was closed after 90";
    match open(&disk) {
        Err(Error::Damaged { what, .. }) => assert!(what.ends_with(expected), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journal_that_is_open_again_is_not_one_that_was_closed() {
    let disk = ended(true);
    drop(one_more(&disk));
    assert_eq!(outcome(&disk).unwrap(), LAST + 1);
}

/// The journal of the sample, opened again, with one batch more in a frame of its own.
fn one_more(disk: &SimDisk) -> FileJournal {
    let journal = open(disk).unwrap();
    let position = journal.submit(&mut numbered(LAST + 1)).unwrap();
    assert!(wait_for(&journal, position));
    journal
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
fn a_file_of_another_version_is_refused_by_name_and_left_as_it_is() {
    let sample = sample();
    for name in sample.list().unwrap() {
        for (version, why) in [
            (
                3,
                "it is in format 3, and this program reads formats up to 2: a newer one wrote it, \
                 and is needed to open it",
            ),
            (
                1,
                "it is in format 1, which this program reads no more: go on with the program that \
                 wrote it until nothing waits there, or begin with an empty directory",
            ),
        ] {
            let copy = sample.copy();
            let mut octets = sample.contents(&name).unwrap();
            octets[8] = version;
            copy.put(&name, &octets);
            let error = outcome(&copy).unwrap_err();
            assert!(matches!(error, Error::Foreign { .. }));
            assert_eq!(error.to_string(), format!("{name}: {why}"));
            for other in sample.list().unwrap().iter().filter(|other| **other != name) {
                assert_eq!(copy.contents(other), sample.contents(other), "{name}: {other}");
            }
            assert_eq!(copy.contents(&name).unwrap(), octets);
        }
    }
}
