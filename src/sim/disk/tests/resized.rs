//! A journal that was made under other settings.

use super::journal::{small, wait_for};
use super::*;
use crate::store::conformance::numbered;
use crate::store::{Batch, FileJournal, Journal, Position, Settings, check};

/// Segments for batches that none of the small ones has room for.
fn larger() -> Settings {
    Settings { segment_octets: 96 << 10, batch_octets_max: 40 << 10, ..small() }
}

fn open(disk: &SimDisk, settings: Settings) -> FileJournal {
    FileJournal::open_on(Arc::new(disk.clone()), settings).unwrap()
}

/// Submits this batch, and waits for it.
fn put(journal: &FileJournal, mut batch: Batch) {
    let position = journal.submit(&mut batch).unwrap();
    assert!(wait_for(journal, position));
}

fn large() -> Batch {
    let mut batch = Batch::new();
    batch.push(&[7; 35 << 10]);
    batch
}

/// How many octets the batches of a journal have, one after the other.
fn lengths(journal: &FileJournal) -> Vec<usize> {
    let mut lengths = Vec::new();
    let end = journal.replay(Position::FIRST, &mut |entry| {
        lengths.push(entry.octets.len());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(end.unwrap(), Position::new(lengths.len() as u64 + 1));
    lengths
}

#[test]
fn a_batch_that_no_segment_of_before_has_room_for_is_kept() {
    for before in [0, 1, 40] {
        let disk = SimDisk::new(before);
        let journal = open(&disk, small());
        (1..=before).for_each(|number| put(&journal, numbered(number)));
        journal.close().unwrap();
        drop(journal);
        let mut expected: Vec<usize> = (1..=before).map(|number| numbered(number).len()).collect();
        for _ in 0..3 {
            let journal = open(&disk, larger());
            assert_eq!(lengths(&journal), expected, "after {before}");
            put(&journal, large());
            expected.push(large().len());
            // Like in a crash: nothing but the files says how it goes on.
            drop(journal);
        }
        let report = check(&disk).unwrap();
        assert_eq!((report.damage, report.last.number()), (None, before + 3), "after {before}");
        // And back: what is longer than any batch of today is still read.
        let journal = open(&disk, small());
        assert_eq!(lengths(&journal), expected, "after {before}");
        put(&journal, numbered(5));
    }
}

#[test]
fn a_power_cut_while_short_segments_are_replaced_costs_nothing() {
    for before in [0, 40] {
        for call in 1.. {
            let disk = SimDisk::new(call);
            let journal = open(&disk, small());
            (1..=before).for_each(|number| put(&journal, numbered(number)));
            journal.close().unwrap();
            drop(journal);
            disk.fault_at(disk.calls() + call, Fault::PowerCut);
            let opened = FileJournal::open_on(Arc::new(disk.clone()), larger());
            let is_open = opened.is_ok();
            drop(opened);
            disk.power_cut();
            let journal = open(&disk.restart(), larger());
            assert_eq!(lengths(&journal).len() as u64, before, "after {before}, call {call}");
            if is_open {
                assert!(call > 4, "{call}");
                break;
            }
        }
    }
}
