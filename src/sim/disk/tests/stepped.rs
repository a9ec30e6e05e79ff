//! The contract of a journal without threads, whose steps are taken one by one.

use std::task::{Context, Waker};

use super::journal::small;
use super::*;
use crate::store::conformance::{Fixture, replayed, submit, suite};
use crate::store::{Error, FileJournal, Journal, Position, Progress, State, Stepped};

struct InSteps(SimDisk);

fn step(journal: &FileJournal) -> Stepped {
    journal.step(&Context::from_waker(Waker::noop()))
}

impl Fixture for InSteps {
    type Journal = FileJournal;

    fn open(&mut self) -> Result<FileJournal, Error> {
        FileJournal::open_stepped(Arc::new(self.0.clone()), small())
    }

    fn settle(&mut self, journal: &FileJournal) {
        while journal.progress().durable() < journal.submitted() {
            assert_eq!(step(journal), Stepped::Went);
        }
    }

    fn crash(&mut self, journal: FileJournal) {
        // In the middle of a frame, where there is one.
        step(&journal);
        self.0.power_cut();
        drop(journal);
        self.0 = self.0.restart();
    }

    fn progress(journal: &FileJournal) -> &Arc<Progress> {
        journal.shared_progress()
    }
}

suite!(InSteps(SimDisk::new(7)));

#[test]
fn nothing_is_written_but_by_steps_and_the_sync_is_one_of_its_own() {
    let mut fixture = InSteps(SimDisk::new(1));
    let journal = fixture.open().unwrap();
    while step(&journal) != Stepped::Rests {}
    let calls = fixture.0.calls();
    submit(&journal, 1, 3);
    assert_eq!(fixture.0.calls(), calls);
    assert_eq!((step(&journal), fixture.0.calls()), (Stepped::Went, calls + 1));
    assert_eq!(journal.progress().durable(), Position::NONE);
    assert_eq!((step(&journal), fixture.0.calls()), (Stepped::Went, calls + 2));
    assert_eq!(journal.progress().durable(), Position::new(3));
    assert_eq!(step(&journal), Stepped::Rests);
}

#[test]
fn a_full_disk_is_tried_again_and_a_failed_one_never() {
    let mut fixture = InSteps(SimDisk::new(1));
    fixture.0.set_capacity(2 * small().segment_octets - 4096);
    let journal = fixture.open().unwrap();
    assert_eq!(step(&journal), Stepped::Full);
    submit(&journal, 1, 100);
    while step(&journal) == Stepped::Went {}
    assert_eq!((step(&journal), journal.progress().state()), (Stepped::Full, State::Full));
    fixture.0.set_capacity(u64::MAX);
    fixture.settle(&journal);
    assert_eq!((replayed(&journal, 1), journal.progress().state()), (100, State::Running));
    submit(&journal, 101, 101);
    fixture.0.fault_at(fixture.0.calls() + 1, Fault::Error);
    while step(&journal) != Stepped::Over {}
    assert_eq!(journal.progress().state(), State::Failed);
}

#[test]
fn a_writer_that_rests_ends_when_the_disk_fails_under_what_is_made_for_it() {
    let mut fixture = InSteps(SimDisk::new(1));
    fixture.0.set_capacity(2 * small().segment_octets - 4096);
    let journal = fixture.open().unwrap();
    assert_eq!((step(&journal), journal.progress().state()), (Stepped::Full, State::Low));
    fixture.0.fault_at(fixture.0.calls() + 1, Fault::Error);
    loop {
        // Nobody would wake it: who submits is refused.
        match step(&journal) {
            Stepped::Rests => panic!("it rests in state {:?}", journal.progress().state()),
            Stepped::Over => break,
            Stepped::Went | Stepped::Full => {}
        }
    }
    assert_eq!(journal.progress().state(), State::Failed);
}
