//! A power cut, and an error, at each call of the disk in turn.

use super::journal::{small, wait_for};
use super::*;
use crate::store::conformance::{numbered, replayed};
use crate::store::{Checkpoints, Error, FileJournal, Journal, Position, Refused, State};

/// What a program was told before its disk failed it.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    submitted: u64,
    durable: u64,
    /// It asked for what is before this to be given up.
    truncated: u64,
    /// Where replay goes on after the newest checkpoint that it finished, and that it began.
    finished: u64,
    begun: u64,
}

fn open(disk: &SimDisk) -> Result<FileJournal, Error> {
    FileJournal::open_on(Arc::new(disk.clone()), small())
}

fn stopped(journal: &FileJournal) -> Error {
    Error::Stopped(journal.progress().why().unwrap_or_default().to_owned())
}

/// A life of a program: it submits, waits, makes checkpoints and truncates, until it is done or
/// fails. It knows what the lives before it were told.
fn live(disk: &SimDisk, told: &mut Told) -> Result<(), Error> {
    let journal = open(disk)?;
    told.submitted = journal.progress().durable().number();
    for round in 0..6 {
        for _ in 0..12 {
            match journal.submit(&mut numbered(told.submitted + 1)) {
                Ok(position) => told.submitted = position.number(),
                Err(_) => return Err(stopped(&journal)),
            }
        }
        let is_durable = wait_for(&journal, Position::new(told.submitted));
        told.durable = told.durable.max(journal.progress().durable().number());
        if !is_durable {
            return Err(stopped(&journal));
        }
        if round % 2 == 1 {
            let mut writer = journal.begin()?;
            told.begun = told.durable + 1;
            writer.write(&told.durable.to_le_bytes())?;
            writer.write(&[9; 3000])?;
            writer.finish(Position::new(told.begun))?;
            told.finished = told.begun;
            told.truncated = told.durable - 3;
            journal.truncate_before(Position::new(told.truncated))?;
        }
    }
    journal.close()
}

/// What a journal that is opened after the failure must have kept. From then on that is what was
/// told; says where it ends.
fn audit(disk: &SimDisk, told: &mut Told) -> u64 {
    let journal = open(disk).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    let first = journal.first().number();
    assert!(first <= told.truncated.max(1), "{first}: {told:?}");
    let last = replayed(&journal, first);
    assert!((told.durable..=told.submitted).contains(&last), "{last}: {told:?}");
    assert_eq!(journal.progress().durable(), Position::new(last));
    let mut records = Vec::new();
    let from = journal.read(&mut |record| {
        records.push(record.to_vec());
        std::ops::ControlFlow::Continue(())
    });
    let from = from.unwrap().number();
    match journal.newest() {
        Some(newest) => {
            assert_eq!(newest.number(), from);
            assert!([told.finished, told.begun].contains(&from), "{from}: {told:?}");
            assert_eq!(records, [(from - 1).to_le_bytes().to_vec(), vec![9; 3000]]);
        }
        None => assert_eq!((told.finished, records.len(), from), (0, 0, first)),
    }
    told.durable = last;
    told.finished = journal.newest().map_or(0, Position::number);
    last
}

/// Fails the calls of a life one after the other, each on a disk of its own. Says how many there
/// were.
fn at_every_call(fault: Fault, check: impl Fn(&SimDisk, &mut Told)) -> u64 {
    for call in 1.. {
        let disk = SimDisk::new(call);
        disk.fault_at(call, fault);
        let mut told = Told::default();
        let outcome = live(&disk, &mut told);
        check(&disk, &mut told);
        if disk.calls() < call {
            assert!(outcome.is_ok(), "{call}: {outcome:?}");
            return call;
        }
    }
    unreachable!("a life has an end")
}

#[test]
fn a_power_cut_at_any_call_costs_nothing_that_was_told() {
    let calls = at_every_call(Fault::PowerCut, |disk, told| {
        disk.power_cut();
        let disk = disk.restart();
        let last = audit(&disk, told);
        // What was told once is told again: no cut takes it back.
        disk.power_cut();
        assert_eq!(audit(&disk.restart(), told), last);
    });
    assert!(calls > 100, "{calls}");
}

/// A journal of a few segments that was left like in a crash while its next segment was ready: who
/// opens it makes all calls of the disk himself, the writer's aside.
fn at_rest() -> SimDisk {
    let disk = SimDisk::new(5);
    let journal = open(&disk).unwrap();
    for number in 1..=AT_REST {
        let position = journal.submit(&mut numbered(number)).unwrap();
        assert!(wait_for(&journal, position));
    }
    let number = |octets: &[u8]| u64::from_le_bytes(octets.try_into().unwrap());
    let counted = || number(&disk.contents("journal").unwrap()[40..48]);
    let is_begun = |name: &String| {
        // One that is being made may have another name by now.
        let octets = disk.contents(name).unwrap_or_default();
        name.ends_with(".segment") && octets.get(4096..).is_some_and(|it| it.starts_with(b"CHfr"))
    };
    let begun = disk.list().unwrap().iter().filter(|name| is_begun(name)).count() as u64;
    assert!(begun >= 3, "{begun}");
    while counted() <= begun {
        std::thread::yield_now();
    }
    drop(journal);
    disk
}

/// Batches of a journal at rest.
const AT_REST: u64 = 60;

/// Cuts the power again and again in the middle of opening, a little later each time, until it is
/// open.
fn recovered(disk: &SimDisk, about: &str) -> SimDisk {
    let mut disk = disk.restart();
    for call in 1.. {
        disk.fault_at(disk.calls() + call, Fault::PowerCut);
        let opened = open(&disk).map(drop);
        let is_off = disk.list().is_err();
        assert!(opened.is_ok() || is_off, "{about}, {call}: {opened:?}");
        disk.power_cut();
        disk = disk.restart();
        if opened.is_ok() {
            assert!(call > 4, "{about}, {call}");
            break;
        }
    }
    disk
}

#[test]
fn a_power_cut_while_it_recovers_costs_nothing_either() {
    let rest = at_rest();
    for call in 1..=2 {
        // Of the writer: a write, and its sync.
        let disk = rest.copy();
        let journal = open(&disk).unwrap();
        disk.fault_at(disk.calls() + call, Fault::PowerCut);
        journal.submit(&mut numbered(AT_REST + 1)).unwrap();
        assert!(!wait_for(&journal, Position::new(AT_REST + 1)));
        drop(journal);
        let mut told = Told { submitted: AT_REST + 1, durable: AT_REST, ..Told::default() };
        audit(&recovered(&disk, &format!("frame, {call}")), &mut told);
    }
    for call in 1.. {
        let disk = rest.copy();
        let journal = open(&disk).unwrap();
        disk.fault_at(disk.calls() + call, Fault::PowerCut);
        let truncated = AT_REST - 10;
        let is_done = journal.truncate_before(Position::new(truncated)).is_ok();
        drop(journal);
        disk.power_cut();
        let (submitted, durable) = (AT_REST, AT_REST);
        let mut told = Told { submitted, durable, truncated, ..Told::default() };
        audit(&recovered(&disk, &format!("truncating, {call}")), &mut told);
        if is_done {
            assert!(call > 10, "{call}");
            break;
        }
    }
}

#[test]
fn lives_that_end_in_power_cuts_go_on_where_the_last_one_ended() {
    for seed in 0..40 {
        let mut disk = SimDisk::new(seed);
        let mut dice = Dice::new(seed);
        let mut told = Told::default();
        for _ in 0..8 {
            disk.fault_at(disk.calls() + 1 + dice.below(150), Fault::PowerCut);
            // However it ends, what it was told counts.
            let _ = live(&disk, &mut told);
            disk.power_cut();
            disk = disk.restart();
            audit(&disk, &mut told);
            disk.power_cut();
            disk = disk.restart();
        }
    }
}

#[test]
fn an_error_at_any_call_costs_nothing_that_was_told() {
    let calls = at_every_call(Fault::Error, |disk, told| {
        // First the program alone ends, and then the machine.
        let disk = disk.restart();
        let last = audit(&disk, told);
        disk.power_cut();
        assert_eq!(audit(&disk.restart(), told), last);
    });
    assert!(calls > 100, "{calls}");
    at_every_call(Fault::Error, |disk, told| {
        disk.power_cut();
        audit(&disk.restart(), told);
    });
}

#[test]
fn a_sync_that_fails_acknowledges_nothing_and_is_not_tried_again() {
    let disk = SimDisk::new(1);
    let journal = open(&disk).unwrap();
    assert!(journal.submit(&mut numbered(1)).is_ok() && wait_for(&journal, Position::FIRST));
    // The next segment is ready, so that the next calls are the writer's: a write and its sync.
    let mut calls = 0;
    while disk.contents("0000000002.segment").is_none() || disk.calls() != calls {
        calls = disk.calls();
        std::thread::sleep(Duration::from_millis(50));
    }
    disk.fault_at(calls + 2, Fault::Error);
    assert!(journal.submit(&mut numbered(2)).is_ok());
    assert!(!wait_for(&journal, Position::new(2)));
    assert_eq!(journal.progress().state(), State::Failed);
    let why = journal.progress().why().unwrap();
    assert!(why.starts_with("writing 0000000001.segment: "), "{why}");
    assert_eq!(journal.submit(&mut numbered(3)), Err(Refused::Failed));
    assert_eq!(journal.progress().durable(), Position::FIRST);
    assert!(journal.close().is_err());
    assert_eq!(disk.calls(), calls + 2, "it was tried again");
}
