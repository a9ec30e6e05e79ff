//! What every journal has to pass: the contract, sentence by sentence.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use super::{
    Batch, Checkpoints, Entry, Error, Journal, Position, Progress, Records, Refused, State,
};

mod checkpointing;

pub(crate) use checkpointing::*;

/// A journal under test, and the storage it lives on.
pub(crate) trait Fixture {
    /// The journal.
    type Journal: Journal + Checkpoints;

    /// Opens it to be written, as a process that starts does.
    fn open(&mut self) -> Result<Self::Journal, Error>;

    /// Makes durable what was submitted, as far as it can become so.
    fn settle(&mut self, journal: &Self::Journal);

    /// Ends it without a word, at a bad moment.
    fn crash(&mut self, journal: Self::Journal);

    /// Its progress, to be watched.
    fn progress(journal: &Self::Journal) -> &Arc<Progress>;
}

/// A test for each sentence, over the fixture that the expression makes.
macro_rules! suite {
    ($fixture:expr) => {
        $crate::store::conformance::suite!($fixture;
            positions_go_up_by_one,
            what_is_settled_is_replayed_in_order,
            a_replay_begins_and_breaks_where_it_is_told,
            a_restart_goes_on_where_it_ended,
            after_a_crash_what_was_durable_is_there_and_nothing_has_a_gap,
            what_a_restart_told_the_next_one_tells,
            what_is_truncated_is_gone_and_the_rest_stays,
            a_batch_that_is_refused_stays_where_it_was,
            more_than_may_wait_is_refused_until_some_is_written,
            who_watches_is_woken,
            a_second_writer_is_refused_or_the_first_one_is_fenced,
            a_closed_journal_has_written_all_and_takes_nothing,
            the_newest_checkpoint_is_read_back,
            an_unfinished_checkpoint_was_never_there,
            a_checkpoint_ahead_of_the_journal_is_refused,
            a_checkpoint_and_a_replay_are_the_whole_state,
        );
    };
    ($fixture:expr; $($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                $crate::store::conformance::$name(&mut $fixture);
            }
        )+
    };
}

pub(crate) use suite;

/// A batch whose contents depend on this number and nothing else.
pub(crate) fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    for record in 0..=number % 3 {
        let octet = (number ^ record) as u8;
        batch.push_with(|octets| {
            octets.extend_from_slice(&number.to_le_bytes());
            octets.resize(octets.len() + (number as usize * 37) % 400, octet);
        });
    }
    batch
}

/// Submits batches with the numbers `from` to `to`, each at the position of its number.
pub(crate) fn submit(journal: &impl Journal, from: u64, to: u64) {
    for number in from..=to {
        let position = journal.submit(&mut numbered(number)).unwrap();
        assert_eq!(position, Position::new(number));
    }
}

/// All that a replay gives from `from` on: checked to be the numbered batches, and counted.
pub(crate) fn replayed(journal: &impl Journal, from: u64) -> u64 {
    let mut next = from;
    let end = journal.replay(Position::new(from), &mut |entry| {
        assert_eq!(entry.position, Position::new(next));
        assert_eq!(entry.octets, numbered(next).octets(), "batch {next}");
        next += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(end.unwrap(), Position::new(next));
    next - 1
}

pub(crate) fn positions_go_up_by_one(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    assert_eq!(journal.progress().durable(), Position::NONE);
    for number in 1..=100 {
        submit(&journal, number, number);
        assert!(journal.progress().durable() <= Position::new(number));
    }
    fixture.settle(&journal);
    assert_eq!(journal.progress().durable(), Position::new(100));
    assert_eq!(journal.progress().state(), State::Running);
}

pub(crate) fn what_is_settled_is_replayed_in_order(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    assert_eq!(replayed(&journal, 1), 0);
    for round in 0..5 {
        submit(&journal, round * 20 + 1, round * 20 + 20);
        fixture.settle(&journal);
        assert_eq!(replayed(&journal, 1), round * 20 + 20);
    }
    let mut records = 0;
    let mut count = |entry: Entry<'_>| {
        records += Records::new(entry.octets).count() as u64;
        ControlFlow::Continue(())
    };
    journal.replay(Position::FIRST, &mut count).unwrap();
    assert_eq!(records, (1..=100_u64).map(|number| number % 3 + 1).sum::<u64>());
}

pub(crate) fn a_replay_begins_and_breaks_where_it_is_told(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    submit(&journal, 1, 50);
    fixture.settle(&journal);
    for from in 1..=51 {
        assert_eq!(replayed(&journal, from), 50);
        let mut given = 0;
        let end = journal.replay(Position::new(from), &mut |_| {
            given += 1;
            if given == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(end.unwrap(), Position::new((from + 3).min(51)));
    }
}

pub(crate) fn a_restart_goes_on_where_it_ended(fixture: &mut impl Fixture) {
    for life in 0..5 {
        let journal = fixture.open().unwrap();
        assert_eq!(journal.progress().durable(), Position::new(life * 30));
        assert_eq!(replayed(&journal, 1), life * 30);
        submit(&journal, life * 30 + 1, life * 30 + 30);
        // A close writes what waits.
        journal.close().unwrap();
    }
    assert_eq!(replayed(&fixture.open().unwrap(), 1), 150);
}

pub(crate) fn after_a_crash_what_was_durable_is_there_and_nothing_has_a_gap(
    fixture: &mut impl Fixture,
) {
    let mut end = 0;
    for _ in 0..6 {
        let journal = fixture.open().unwrap();
        submit(&journal, end + 1, end + 10);
        fixture.settle(&journal);
        submit(&journal, end + 11, end + 20);
        let durable = journal.progress().durable().number();
        assert!(durable >= end + 10);
        fixture.crash(journal);
        let journal = fixture.open().unwrap();
        let found = replayed(&journal, 1);
        assert!((durable..=end + 20).contains(&found), "{durable} of {} found: {found}", end + 20);
        assert_eq!(journal.progress().durable(), Position::new(found));
        end = found;
        fixture.crash(journal);
    }
}

pub(crate) fn what_a_restart_told_the_next_one_tells(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    submit(&journal, 1, 40);
    fixture.crash(journal);
    let mut told = None;
    for _ in 0..4 {
        let journal = fixture.open().unwrap();
        let found = replayed(&journal, 1);
        assert_eq!(*told.get_or_insert(found), found);
        fixture.crash(journal);
    }
}

pub(crate) fn what_is_truncated_is_gone_and_the_rest_stays(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    for at in 0..10 {
        submit(&journal, at * 30 + 1, at * 30 + 30);
        fixture.settle(&journal);
    }
    assert_eq!(journal.first(), Position::FIRST);
    for keep in [1, 2, 100, 299, 301] {
        journal.truncate_before(Position::new(keep)).unwrap();
        let first = journal.first().number();
        assert!(first <= keep, "{first} is left of {keep}");
        assert_eq!(replayed(&journal, first), 300);
        let asked = Position::new(first - 1);
        match journal.replay(asked, &mut |_| ControlFlow::Continue(())) {
            // Before the first there is nothing to be missed.
            Ok(_) => assert_eq!(first, 1),
            Err(Error::Truncated { first: told, .. }) => assert_eq!(told, Position::new(first)),
            Err(error) => panic!("{error}"),
        }
    }
    let first = journal.first();
    assert!(first > Position::FIRST, "nothing was given up");
    let ahead = journal.truncate_before(Position::new(302));
    assert!(matches!(ahead, Err(Error::NotDurable { .. })), "{ahead:?}");
    journal.close().unwrap();
    drop(journal);
    let journal = fixture.open().unwrap();
    assert_eq!((journal.first(), replayed(&journal, first.number())), (first, 300));
}

pub(crate) fn a_batch_that_is_refused_stays_where_it_was(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    assert_eq!(journal.submit(&mut Batch::new()), Err(Refused::Empty));
    let mut large = Batch::new();
    large.push(&vec![1; 64 << 20]);
    let before = large.octets().to_vec();
    assert!(matches!(journal.submit(&mut large), Err(Refused::TooLarge { octets, max })
        if octets == before.len() && max < octets));
    assert_eq!((large.octets(), large.records()), (&before[..], 1));
    submit(&journal, 1, 1);
    fixture.settle(&journal);
    assert_eq!(replayed(&journal, 1), 1);
}

pub(crate) fn more_than_may_wait_is_refused_until_some_is_written(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    let mut number = 0;
    for _ in 0..3 {
        let refused = loop {
            match journal.submit(&mut numbered(number + 1)) {
                Ok(position) => {
                    number += 1;
                    assert_eq!(position, Position::new(number));
                }
                Err(refused) => break refused,
            }
            assert!(number < 1_000_000, "nothing bounds what waits");
        };
        assert_eq!(refused, Refused::Busy);
        fixture.settle(&journal);
    }
    assert_eq!(replayed(&journal, 1), number);
}

pub(crate) fn who_watches_is_woken(fixture: &mut impl Fixture) {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    fn watching<F: Fixture>(fixture: &mut F) {
        let journal = fixture.open().unwrap();
        let watcher = F::progress(&journal).watch().unwrap();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        watcher.register(&Context::from_waker(&waker));
        submit(&journal, 1, 5);
        fixture.settle(&journal);
        assert_eq!(watcher.progress().durable(), Position::new(5));
        // Those who look see that it has moved before those who sleep are woken.
        while count.0.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 1, "once for each time it was left");
        watcher.register(&Context::from_waker(&waker));
        journal.close().unwrap();
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "an end is told too");
    }
    watching(fixture);
}

pub(crate) fn a_second_writer_is_refused_or_the_first_one_is_fenced(fixture: &mut impl Fixture) {
    let first = fixture.open().unwrap();
    submit(&first, 1, 10);
    fixture.settle(&first);
    let Ok(second) = fixture.open() else {
        // The first one is the writer still.
        submit(&first, 11, 11);
        fixture.settle(&first);
        assert_eq!(replayed(&first, 1), 11);
        return;
    };
    let waiting = first.submit(&mut numbered(11));
    fixture.settle(&first);
    assert_eq!(first.progress().durable(), Position::new(10), "{waiting:?}");
    assert_eq!(first.submit(&mut numbered(11)), Err(Refused::Fenced));
    assert!(first.truncate_before(Position::new(5)).is_err());
    submit(&second, 11, 20);
    fixture.settle(&second);
    assert_eq!(replayed(&second, 1), 20);
}

pub(crate) fn a_closed_journal_has_written_all_and_takes_nothing(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    submit(&journal, 1, 10);
    journal.close().unwrap();
    assert_eq!(journal.progress().durable(), Position::new(10));
    assert_eq!(journal.submit(&mut numbered(11)), Err(Refused::Closed));
    assert_eq!(replayed(&journal, 1), 10);
}
