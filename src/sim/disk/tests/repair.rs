//! Damaged journals, checked and repaired.

use super::damage::{LAST, open, outcome, sample};
use super::*;
use crate::store::conformance::numbered;
use crate::store::{Checkpoints, Error, Journal, Position, check, repair};

const SEGMENT: u64 = 24 << 10;

/// Checks, repairs and opens a damaged journal: what is readable is there, what is said to be lost
/// is behind it, and it goes on. Says how far it can be read.
fn repaired(disk: &SimDisk, about: &str) -> u64 {
    let report = check(disk).unwrap_or_else(|error| panic!("{about}: {error}"));
    let is_sound = report.damage.is_none()
        && report.checkpoint_damage.is_none()
        && report.history_damage.is_none();
    let before = outcome(&disk.copy());
    assert!(!is_sound || before.is_ok(), "{about}: {before:?} is said to be sound");
    let repaired = repair(disk, SEGMENT).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(repaired.found, report, "{about}");
    assert_eq!(repaired.put_aside.is_empty(), is_sound, "{about}");
    let left = &repaired.left;
    assert!(left.damage.is_none() && left.checkpoint_damage.is_none(), "{about}: {left:?}");
    if let Some((from, to)) = report.damage.as_ref().and_then(|damage| damage.lost) {
        assert_eq!(from, report.last.next(), "{about}");
        assert!(to <= Position::new(LAST), "{about}");
    }
    let last = left.last.number();
    assert_eq!(check(disk).unwrap(), *left, "{about}");
    let journal = open(disk).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(journal.progress().durable().number(), last, "{about}");
    let position = journal.submit(&mut numbered(last + 1)).unwrap();
    assert!(journal::wait_for(&journal, position));
    drop(journal);
    let reopened = open(disk).unwrap();
    assert_eq!(reopened.progress().durable(), position, "{about}");
    assert!(reopened.read(&mut |_| std::ops::ControlFlow::Continue(())).is_ok());
    last
}

/// Damages each file in a few places.
fn each(damage: impl Fn(&[u8], usize) -> Vec<u8>) -> usize {
    let sample = sample();
    let mut count = 0;
    for name in sample.list().unwrap() {
        let octets = sample.contents(&name).unwrap();
        for at in (0..octets.len()).step_by(if octets.len() > BLOCK { 331 } else { 41 }) {
            let copy = sample.copy();
            copy.put(&name, &damage(&octets, at));
            match check(&copy) {
                // Of the manifest nothing is known without it.
                Err(Error::Damaged { file, .. } | Error::Foreign { file, .. }) => {
                    assert!(file == name && (name == "journal" || at < 12), "{file}");
                }
                _ => drop(repaired(&copy, &format!("{name} at {at}"))),
            }
            count += 1;
        }
    }
    count
}

#[test]
fn whatever_octet_changed_a_repair_leaves_a_journal_that_goes_on() {
    let count = each(|octets, at| {
        let mut octets = octets.to_vec();
        octets[at] ^= 1;
        octets
    });
    assert!(count > 200, "{count}");
}

#[test]
fn whatever_was_cut_off_a_repair_leaves_a_journal_that_goes_on() {
    let count = each(|octets, at| octets[..at].to_vec());
    assert!(count > 200, "{count}");
}

#[test]
fn whatever_file_is_missing_a_repair_leaves_a_journal_that_goes_on() {
    let sample = sample();
    for name in sample.list().unwrap().into_iter().filter(|name| name != "journal") {
        let copy = sample.copy();
        copy.take(&name);
        let last = repaired(&copy, &name);
        // What is before it is kept; what a checkpoint stands for is not lost with its journal.
        assert!(last >= 2, "{name}: {last}");
    }
}

#[test]
fn a_manifest_that_is_lost_is_made_anew_of_the_other_files() {
    let sample = sample();
    let octets = sample.contents("journal").unwrap();
    let number =
        |octets: &[u8], at: usize| u64::from_le_bytes(*octets[at..].first_chunk().unwrap());
    for at in [None, Some(0), Some(13), Some(20), Some(30), Some(511)] {
        let disk = sample.copy();
        match at {
            None => disk.take("journal"),
            Some(at) => {
                let mut octets = octets.clone();
                octets[at] ^= 1;
                disk.put("journal", &octets);
            }
        }
        assert!(matches!(check(&disk), Err(Error::Missing { .. } | Error::Damaged { .. })));
        let repaired = repair(&disk, SEGMENT).unwrap();
        assert_eq!(repaired.manifest_damage.unwrap().file, "journal");
        assert_eq!(
            repaired.put_aside,
            [if at.is_none() { "" } else { "journal.cut" }][at.is_none().into()..]
        );
        assert_eq!(repaired.left, check(&sample).unwrap(), "{at:?}");
        assert_eq!(outcome(&disk).unwrap(), LAST, "{at:?}");
        // No place of a file is written twice in an epoch.
        let epoch = |disk: &SimDisk| number(&disk.contents("journal").unwrap(), 16);
        assert!(epoch(&disk) > epoch(&sample) + 1000);
    }
    // A newer program's is left alone.
    let mut newer = octets;
    newer[8] += 1;
    sample.put("journal", &newer);
    assert!(matches!(repair(&sample, SEGMENT), Err(Error::Foreign { .. })));
    assert_eq!(sample.contents("journal").unwrap(), newer);
}

#[test]
fn without_its_manifest_a_journal_begins_where_its_first_segment_does() {
    let disk = sample();
    let journal = open(&disk).unwrap();
    journal.truncate_before(Position::new(LAST)).unwrap();
    let first = journal.first();
    assert!(first > Position::FIRST);
    drop(journal);
    let names = disk.list().unwrap();
    let name = names.iter().find(|name| name.ends_with(".segment")).unwrap();
    let mut octets = disk.contents(name).unwrap();
    disk.take("journal");
    let whole = disk.copy();
    let left = repair(&whole, SEGMENT).unwrap().left;
    assert_eq!((left.first, left.last.number()), (first, LAST));
    assert_eq!(open(&whole).unwrap().first(), first);
    // With its first frame too only a checkpoint would say what it began with: it goes on from
    // there, and with none it stays as it is.
    octets[4096 + 50] ^= 1;
    disk.put(name, &octets);
    let without = disk.copy();
    without.take("checkpoint-0000000001");
    assert!(matches!(repair(&without, SEGMENT), Err(Error::Missing { file }) if file == "journal"));
    let left = repair(&disk, SEGMENT).unwrap().left;
    assert_eq!((left.damage, left.first.number()), (None, 3));
    assert!(open(&disk).is_ok());
}

#[test]
fn a_repair_that_is_cut_off_is_repaired_by_the_next_one() {
    let sample = sample();
    let name = "0000000002.segment";
    let mut octets = sample.contents(name).unwrap();
    // In the segment's first frame, which is as long as the writer was quick, but never this short.
    octets[4096 + 50] ^= 1;
    let damaged = sample.copy();
    damaged.put(name, &octets);
    let expected = check(&damaged).unwrap();
    assert!(expected.damage.is_some());
    for call in 1.. {
        let disk = damaged.copy();
        disk.fault_at(call, Fault::PowerCut);
        let is_done = repair(&disk, SEGMENT).is_ok();
        disk.power_cut();
        let disk = disk.restart();
        if let Ok(report) = check(&disk)
            && !is_done
        {
            assert_eq!(report.last, expected.last, "{call}");
        }
        assert_eq!(repaired(&disk, &format!("call {call}")), expected.last.number());
        if is_done {
            assert!(call > 10, "{call}");
            break;
        }
    }
}
