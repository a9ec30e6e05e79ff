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
    let is_sound = report.damage.is_none() && report.checkpoint_damage.is_none();
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
fn a_repair_that_is_cut_off_is_repaired_by_the_next_one() {
    let sample = sample();
    let name = "0000000002.segment";
    let mut octets = sample.contents(name).unwrap();
    octets[4096 + 700] ^= 1;
    let damaged = sample.copy();
    damaged.put(name, &octets);
    let expected = check(&damaged).unwrap();
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
