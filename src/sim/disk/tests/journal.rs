//! The contract over the simulated disk, and what only it can do: fill up, and be looked into.

use super::*;
use crate::store::conformance::{Fixture, numbered, replayed, submit, suite};
use crate::store::{
    Batch, Error, FileJournal, Journal, Position, Progress, Refused, Settings, State,
};

/// A disk, and a journal on it that is opened again and again.
pub(super) struct OnSimDisk(pub(super) SimDisk);

impl OnSimDisk {
    pub(super) fn new(seed: u64) -> Self {
        Self(SimDisk::new(seed))
    }
}

/// Small files and few places, so that all limits are met.
pub(super) fn small() -> Settings {
    Settings {
        segment_octets: 24 << 10,
        waiting_batches_max: 128,
        waiting_octets_max: 1 << 20,
        batch_octets_max: 8 << 10,
        full_retry_ms: 1,
    }
}

pub(super) fn wait_for(journal: &FileJournal, position: Position) -> bool {
    let watcher = journal.shared_progress().watch().unwrap();
    watcher.wait(position, Duration::from_secs(60))
}

impl Fixture for OnSimDisk {
    type Journal = FileJournal;

    fn open(&mut self) -> Result<FileJournal, Error> {
        // More is submitted than is written, so that something waits.
        self.0.set_sync_takes(Duration::from_millis(1));
        FileJournal::open_on(Arc::new(self.0.clone()), small())
    }

    fn settle(&mut self, journal: &FileJournal) {
        assert!(wait_for(journal, journal.submitted()));
    }

    fn crash(&mut self, journal: FileJournal) {
        self.0.power_cut();
        drop(journal);
        self.0 = self.0.restart();
    }

    fn progress(journal: &FileJournal) -> &Arc<Progress> {
        journal.shared_progress()
    }
}

suite!(OnSimDisk::new(7));

/// Until the journal stands so, for a minute at most.
fn until(journal: &FileJournal, expected: State) {
    for _ in 0..60_000 {
        if journal.progress().state() == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it is {:?}", journal.progress().state());
}

/// Submits until there is no space; says the number of the last one that was taken.
fn fill(journal: &FileJournal) -> u64 {
    let mut number = journal.submitted().number();
    while journal.progress().state() != State::Full {
        match journal.submit(&mut numbered(number + 1)) {
            Ok(position) => number = position.number(),
            Err(refused) => assert!(matches!(refused, Refused::Busy | Refused::Full)),
        }
        assert!(number < 10_000, "it never gets full");
    }
    number
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_space_comes_back() {
    let mut fixture = OnSimDisk::new(1);
    // One segment and the small files, but no second one: it says so while it takes all.
    fixture.0.set_capacity(2 * small().segment_octets - 4096);
    let journal = fixture.open().unwrap();
    until(&journal, State::Low);
    submit(&journal, 1, 5);
    fixture.settle(&journal);
    let number = fill(&journal);
    let mut batch = numbered(number + 1);
    let before = batch.octets().to_vec();
    assert_eq!(journal.submit(&mut batch), Err(Refused::Full));
    assert_eq!(batch.octets(), before);
    // What was told is there; what waits is not.
    let durable = journal.progress().durable();
    assert!(durable < Position::new(number));
    assert_eq!(replayed(&journal, 1), durable.number());
    fixture.0.set_capacity(u64::MAX);
    assert!(wait_for(&journal, Position::new(number)));
    until(&journal, State::Running);
    submit(&journal, number + 1, number + 50);
    fixture.settle(&journal);
    assert_eq!(replayed(&journal, 1), number + 50);
    fixture.crash(journal);
    assert_eq!(replayed(&fixture.open().unwrap(), 1), number + 50);
}

#[test]
fn what_is_given_up_makes_room_on_a_full_disk() {
    let mut fixture = OnSimDisk::new(1);
    fixture.0.set_capacity(4 * small().segment_octets);
    let journal = fixture.open().unwrap();
    for round in 0..40 {
        submit(&journal, round * 10 + 1, round * 10 + 10);
        fixture.settle(&journal);
        journal.truncate_before(journal.progress().durable()).unwrap();
    }
    let first = journal.first().number();
    assert!(first > 300, "{first}");
    assert_eq!(replayed(&journal, first), 400);
}

#[test]
fn a_full_disk_does_not_keep_it_from_closing() {
    let mut fixture = OnSimDisk::new(1);
    fixture.0.set_capacity(2 * small().segment_octets + 4096);
    let journal = fixture.open().unwrap();
    let number = fill(&journal);
    let why = journal.close().unwrap_err().to_string();
    let durable = journal.progress().durable().number();
    let left = number - durable;
    let expected = format!("the journal has stopped: there was no space for {left} batches");
    assert_eq!((why, journal.progress().state()), (expected, State::Closed));
    drop(journal);
    fixture.0.set_capacity(u64::MAX);
    assert_eq!(replayed(&fixture.open().unwrap(), 1), durable);
}

#[test]
fn closing_waits_for_a_segment_that_is_being_made() {
    let mut fixture = OnSimDisk::new(1);
    let journal = fixture.open().unwrap();
    until_is_ready(&fixture.0);
    // A third segment is needed for these, and is made while the second one is written: slowly.
    fixture.0.set_sync_takes(Duration::from_millis(30));
    submit(&journal, 1, 90);
    journal.close().unwrap();
    assert_eq!(replayed(&journal, 1), 90);
}

/// Until the segment behind the first one is there.
fn until_is_ready(disk: &SimDisk) {
    while disk.contents("0000000002.segment").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_is_given_up_cannot_be_read_though_its_octets_are_there() {
    let mut fixture = OnSimDisk::new(1);
    let journal = fixture.open().unwrap();
    let put = |from: u64, to: u64| {
        for number in from..=to {
            let mut batch = Batch::new();
            batch.push(format!("the secret {number}").repeat(20).as_bytes());
            journal.submit(&mut batch).unwrap();
        }
        assert!(wait_for(&journal, journal.submitted()));
    };
    put(1, 100);
    let disk = fixture.0.clone();
    let key = disk.contents("0000000001.key").unwrap()[64..96].to_vec();
    let sealed = disk.contents("0000000001.segment").unwrap();
    let frame = sealed[4096..][..512].to_vec();
    put(101, 200);
    journal.truncate_before(Position::new(200)).unwrap();
    drop(journal);
    let all = |disk: &SimDisk| {
        let names = disk.list().unwrap();
        names.iter().flat_map(|name| disk.contents(name).unwrap()).collect::<Vec<u8>>()
    };
    let holds = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|window| window == part);
    let now = all(&disk);
    assert!(frame.iter().any(|octet| *octet != 0) && holds(&now, &frame), "its file is gone");
    assert!(!holds(&now, &key), "its key is still there");
    // Nor did the text ever stand anywhere in the clear.
    assert!(!holds(&now, b"the secret") && !holds(&sealed, b"the secret"));
    disk.power_cut();
    assert!(!holds(&all(&disk.restart()), &key), "the key comes back in a power cut");
}

#[test]
fn frames_of_a_file_that_is_used_again_never_replay() {
    let mut fixture = OnSimDisk::new(1);
    let (mut first, mut last) = (1, 0);
    for _ in 0..8 {
        let journal = fixture.open().unwrap();
        assert_eq!((journal.first().number(), replayed(&journal, first)), (first, last));
        // Files that were full once hold few frames now, and old ones behind them.
        submit(&journal, last + 1, last + 100);
        fixture.settle(&journal);
        last += 100;
        journal.truncate_before(Position::new(last)).unwrap();
        first = journal.first().number();
        assert_eq!(replayed(&journal, first), last);
        fixture.crash(journal);
    }
    let spares = fixture.0.list().unwrap().iter().filter(|name| name.starts_with("spare")).count();
    assert!(spares > 0, "no file is used again");
}

#[test]
fn a_second_opener_is_refused_until_the_first_has_gone() {
    let mut fixture = OnSimDisk::new(1);
    let first = fixture.open().unwrap();
    assert!(matches!(fixture.open(), Err(Error::Locked)));
    first.close().unwrap();
    assert!(matches!(fixture.open(), Err(Error::Locked)), "who replays has it still");
    drop(first);
    let second = fixture.open().unwrap();
    second.let_go();
    assert!(matches!(fixture.open(), Err(Error::Locked)), "it was not closed");
    drop(second);
    let third = fixture.open().unwrap();
    third.close().unwrap();
    third.let_go();
    assert!(fixture.open().is_ok(), "who has it still has let it go");
}

#[test]
fn many_who_submit_at_once_have_one_order() {
    const EACH: u64 = 300;
    let disk = SimDisk::new(1);
    let journal = FileJournal::open_on(Arc::new(disk), small()).unwrap();
    let submits = |who: u8| {
        let mut batch = Batch::new();
        let mut put = |number: u64| {
            let octets = [who, number as u8];
            batch.push(&octets);
            loop {
                match journal.submit(&mut batch) {
                    Ok(position) => break (position, octets),
                    Err(refused) => assert_eq!(refused, Refused::Busy),
                }
                std::thread::yield_now();
            }
        };
        (0..EACH).map(&mut put).collect::<Vec<(Position, [u8; 2])>>()
    };
    let mut expected = std::thread::scope(|scope| {
        let threads = [0, 1, 2].map(|who| scope.spawn(move || submits(who)));
        let all = threads.map(|thread| thread.join().unwrap());
        assert!(all.iter().all(|taken| taken.is_sorted_by_key(|(position, _)| *position)));
        all.concat()
    });
    expected.sort_unstable();
    assert!(wait_for(&journal, journal.submitted()));
    let mut found = Vec::new();
    let end = journal.replay(Position::FIRST, &mut |entry| {
        found.push((entry.position, entry.octets[4..].try_into().unwrap()));
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((end.unwrap(), found), (Position::new(3 * EACH + 1), expected));
    assert!(journal.written().frames() <= 3 * EACH);
}
