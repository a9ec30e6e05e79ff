//! Copies of a journal that is being written.

use super::damage::{LAST, open, outcome, sample};
use super::journal::wait_for;
use super::*;
use crate::store::conformance::{numbered, replayed};
use crate::store::{Checkpoints, Error, Journal, Position, Refused, check};

/// What a checkpoint of the journals here says: where replay goes on.
fn state(disk: &SimDisk) -> Option<u64> {
    let journal = open(disk).unwrap();
    let mut said = None;
    let from = journal.read(&mut |record| {
        said = record.first_chunk().map(|octets| u64::from_le_bytes(*octets));
        std::ops::ControlFlow::Continue(())
    });
    assert!(said.is_none_or(|said| from.unwrap() == Position::new(said)));
    said
}

/// Set at the end, however that comes.
struct Sets<'a>(&'a AtomicBool);

impl Drop for Sets<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_copy_made_while_others_write_is_a_journal_of_what_was_durable() {
    let disk = SimDisk::new(3);
    let journal = open(&disk).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when something here is not as it has to be: they would write for ever.
        let _ends = Sets(&is_over);
        scope.spawn(|| {
            let mut number = 1;
            while !is_over.load(Ordering::Relaxed) {
                match journal.submit(&mut numbered(number)) {
                    Ok(position) => number = position.number() + 1,
                    Err(refused) => assert_eq!(refused, Refused::Busy),
                }
                std::thread::yield_now();
            }
        });
        // Old segments are given up all the time, so that their files are used again.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let from = journal.progress().durable().max(Position::FIRST);
                if let Ok(mut writer) = journal.begin() {
                    writer.write(&from.number().to_le_bytes()).unwrap();
                    writer.finish(from).unwrap();
                    journal.truncate_before(from).unwrap();
                }
                std::thread::yield_now();
            }
        });
        let mut last = 0;
        for _ in 0..30 {
            assert!(wait_for(&journal, Position::new(last + 40)));
            let before = journal.progress().durable();
            let copy = SimDisk::new(0);
            last = loop {
                match journal.backup_on(&copy) {
                    Ok(last) => break last.number(),
                    // A checkpoint is being written.
                    Err(error) => assert!(matches!(error, Error::Locked), "{error}"),
                }
            };
            assert!(last >= before.number());
            let report = check(&copy).unwrap();
            assert_eq!((report.damage, report.last.number()), (None, last));
            let said = state(&copy);
            let copied = open(&copy).unwrap();
            let first = copied.first().number();
            assert!(said.is_none_or(|said| said >= first), "{said:?} {first}");
            assert_eq!(replayed(&copied, first), last);
            // It goes on by itself, and the journal beside it.
            let position = copied.submit(&mut numbered(last + 1)).unwrap();
            assert!(wait_for(&copied, position));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(journal.first() > Position::new(100), "nothing was given up");
    journal.close().unwrap();
}

#[test]
fn a_copy_and_its_journal_never_write_a_place_under_one_nonce() {
    let disk = sample();
    let journal = open(&disk).unwrap();
    let copy = SimDisk::new(0);
    assert_eq!(journal.backup_on(&copy).unwrap(), Position::new(LAST));
    drop(journal);
    let epoch = |disk: &SimDisk| disk.contents("journal").unwrap()[16..20].to_vec();
    let lives = |disk: &SimDisk| {
        let each = |_| {
            drop(open(disk).unwrap());
            epoch(disk)
        };
        (0..20).map(each).collect::<BTreeSet<Vec<u8>>>()
    };
    assert!(lives(&disk).is_disjoint(&lives(&copy)));
    assert_eq!(outcome(&copy).unwrap(), LAST);
}

#[test]
fn a_copy_that_is_cut_off_is_no_journal_and_a_finished_one_is_whole() {
    let disk = sample();
    let journal = open(&disk).unwrap();
    for call in 1.. {
        let copy = SimDisk::new(call);
        copy.fault_at(call, Fault::PowerCut);
        let made = journal.backup_on(&copy);
        copy.power_cut();
        let copy = copy.restart();
        match made {
            Ok(last) => {
                assert!(call > 20 && last == Position::new(LAST));
                assert_eq!(outcome(&copy).unwrap(), LAST);
                break;
            }
            // Only its manifest makes a journal of it.
            Err(_) => match copy.contents("journal") {
                Some(_) => assert_eq!(outcome(&copy).unwrap(), LAST, "{call}"),
                None => assert!(matches!(check(&copy), Err(Error::Absent | Error::Missing { .. }))),
            },
        }
    }
}

#[test]
fn damage_is_not_copied_and_what_is_there_not_written_over() {
    let disk = sample();
    let journal = open(&disk).unwrap();
    assert!(matches!(journal.backup_on(&sample()), Err(Error::Setting(_))));
    assert!(matches!(journal.backup_on(&disk), Err(Error::Locked)));
    let file = disk.open("0000000002.segment").unwrap();
    file.write_at(&[0xff], 4096 + 100).unwrap();
    match journal.backup_on(&SimDisk::new(0)) {
        Err(Error::Damaged { file, offset: 4096, .. }) => assert_eq!(file, "0000000002.segment"),
        other => panic!("{other:?}"),
    }
}
