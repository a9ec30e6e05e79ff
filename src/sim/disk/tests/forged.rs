//! Blocks that are whole and say what no journal would.

use super::damage::{LAST, open, outcome, sample};
use super::journal::wait_for;
use super::*;
use crate::store::conformance::numbered;
use crate::store::{Error, Journal, check, repair};

const SEGMENT: u64 = 24 << 10;
/// Of the manifest's numbers: the last segment that counts.
const LAST_GENERATION: usize = 3;

/// The sample, where one number in the first block of a file is another.
fn renumbered(name: &str, number: usize, value: u64) -> SimDisk {
    let disk = sample();
    let octets = disk.contents(name).unwrap();
    disk.put(name, &with(octets, number, value));
    disk
}

/// A file whose first block says another number.
fn with(mut octets: Vec<u8>, number: usize, value: u64) -> Vec<u8> {
    octets[16 + 8 * number..][..8].copy_from_slice(&value.to_le_bytes());
    let checksum = crc32fast::hash(&octets[16..BLOCK]);
    octets[12..16].copy_from_slice(&checksum.to_le_bytes());
    octets
}

#[test]
fn segments_that_are_only_counted_are_not_looked_for_one_by_one() {
    let last = 1 << 61;
    let disk = renumbered("journal", LAST_GENERATION, last);
    match open(&disk) {
        Err(Error::Missing { file }) => assert!(file.ends_with(".segment"), "{file}"),
        other => panic!("{other:?}"),
    }
    let report = check(&disk).unwrap();
    assert_eq!((report.last.number(), report.damage.unwrap().lost), (LAST, None));
    let repaired = repair(&disk, SEGMENT).unwrap();
    assert_eq!((repaired.left.damage, repaired.left.last.number()), (None, LAST));
    assert_eq!(open(&disk).unwrap().progress().durable().number(), LAST);
}

#[test]
fn a_manifest_that_counts_further_than_any_journal_is_damaged() {
    // Its epoch, and then the other ones; the last one is where it was closed.
    let too_high = [u64::from(u32::MAX), 1 << 62, u64::MAX];
    for (number, value) in (0..6).flat_map(|number| too_high.map(|value| (number, value))) {
        if number > 0 && value == too_high[0] {
            continue;
        }
        let disk = renumbered("journal", number, value);
        match (open(&disk), check(&disk)) {
            (Err(Error::Damaged { file, offset: 0, .. }), Err(Error::Damaged { .. })) => {
                assert_eq!(file, "journal");
            }
            other => panic!("{number} {value}: {other:?}"),
        }
        assert!(repair(&disk, SEGMENT).unwrap().manifest_damage.is_some());
        assert_eq!(outcome(&disk).unwrap(), LAST, "{number} {value}");
    }
    // No first segment, no first position, and a last segment before the first.
    for number in [1, 2, LAST_GENERATION] {
        let disk = renumbered("journal", number, 0);
        assert!(matches!(open(&disk), Err(Error::Damaged { .. })), "{number}");
    }
}

#[test]
fn frames_of_a_copied_segment_do_not_count_when_its_number_comes_again() {
    for copy in ["0000000000.segment", "spare-0000000000", "spare-0000000002"] {
        let disk = sample();
        disk.put(copy, &disk.contents("0000000002.segment").unwrap());
        // It is cut where its first segment ends, so that there will be another second one.
        disk.take("0000000002.key");
        let last = repair(&disk, SEGMENT).unwrap().left.last.number();
        for more in 1..=40 {
            let journal = open(&disk).unwrap();
            let position = journal.submit(&mut numbered(last + more)).unwrap();
            assert!(wait_for(&journal, position), "{copy}");
            drop(journal);
        }
        assert_eq!(outcome(&disk).unwrap(), last + 40, "{copy}");
    }
}

#[test]
fn a_checkpoint_of_what_no_journal_comes_to_is_damaged() {
    for from in [1 << 62, u64::MAX] {
        let disk = renumbered("checkpoint-0000000001", 1, from);
        match open(&disk) {
            Err(Error::Damaged { what, .. }) => {
                assert_eq!(what, format!("it says that replay goes on from {from}"));
            }
            other => panic!("{other:?}"),
        }
        let repaired = repair(&disk, SEGMENT).unwrap();
        assert!(repaired.found.checkpoint_damage.is_some());
        assert_eq!(open(&disk).unwrap().progress().durable(), repaired.left.last);
    }
}

#[test]
fn a_manifest_made_anew_never_begins_before_the_first_position() {
    // An empty segment, not the first, and a checkpoint of nothing are all there is.
    let empty = SimDisk::new(1);
    drop(open(&empty).unwrap());
    let disk = renumbered("checkpoint-0000000001", 1, 0);
    for name in disk.list().unwrap().iter().filter(|name| !name.starts_with("checkpoint")) {
        disk.take(name);
    }
    for end in ["segment", "key"] {
        let octets = empty.contents(&format!("0000000001.{end}")).unwrap();
        disk.put(&format!("0000000009.{end}"), &with(octets, 0, 9));
    }
    let left = repair(&disk, SEGMENT).unwrap().left;
    assert_eq!((left.first.number(), left.last.number()), (1, 0));
    assert_eq!(open(&disk).unwrap().progress().durable().number(), 0);
}

#[test]
fn a_journal_that_is_cut_at_its_first_segment_goes_on_behind_those_that_are_there() {
    let disk = renumbered("journal", LAST_GENERATION, (1 << 62) - 1);
    disk.take("0000000001.key");
    let left = repair(&disk, SEGMENT).unwrap().left;
    let generations = disk.list().unwrap().iter().filter(|name| name.ends_with(".segment")).count();
    assert_eq!(left.segments[0].file, format!("{generations:010}.segment"));
    assert_eq!(open(&disk).unwrap().progress().durable(), left.last);
}

#[test]
fn a_segment_that_cannot_be_as_long_as_it_says_is_damaged_and_not_filled_up() {
    let name = "0000000001.segment";
    for octets in [0, 4096, SEGMENT - 512, (4 << 30) + 1, u64::MAX] {
        let disk = renumbered(name, 1, octets);
        match open(&disk) {
            Err(Error::Damaged { file, offset: 0, what }) => {
                let expected = format!("it says that it has {octets} octets, of {SEGMENT}");
                assert_eq!((&*file, what), (name, expected));
            }
            other => panic!("{other:?}"),
        }
        assert!(repair(&disk, SEGMENT).unwrap().left.damage.is_none());
        for name in disk.list().unwrap() {
            assert!(disk.contents(&name).unwrap().len() as u64 <= SEGMENT, "{name}");
        }
        assert!(open(&disk).is_ok());
    }
}
