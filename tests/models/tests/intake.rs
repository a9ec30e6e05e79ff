//! `store/files/intake.rs` and `store/progress.rs`: each batch has one place, who waits learns when
//! it is durable or never will be, and the writer sleeps over nothing.
//!
//! The writer here takes the steps of `store/files/writer.rs` in the same order, without a file.
//!
//! Faults that were planted by hand, one at a time, and are found: no wake-up by `take`, `close`,
//! `advance` or `become_state`; a place given by a load and a store; octets not given back where
//! there is no place; the number of watchers loaded by `wake`, as it was once: one who came at that
//! moment slept on.

mod tasks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Context;

use loom::thread;
use models::store::files::intake::{Intake, NoPlace};
use models::store::{Position, Progress, Refused, State, Watcher};
use tasks::{Task, check, check_with};

/// A journal whose disk writes when it is told to.
struct Line {
    intake: Intake,
    progress: Arc<Progress>,
}

impl Line {
    fn new(places: usize) -> Arc<Self> {
        let progress = Arc::new(Progress::beginning());
        Arc::new(Self { intake: Intake::new(0, places, places), progress })
    }

    /// Submits a batch of one octet, as `FileJournal::submit` does.
    fn submit(&self, octet: u8) -> Result<Position, Refused> {
        if let Some(refused) = self.progress.state().refuses() {
            return Err(refused);
        }
        let taken = self.intake.take(1, |mut emptied| {
            assert!(emptied.is_empty());
            emptied.push(octet);
            emptied
        });
        taken.map(Position::new).map_err(|no_place| match no_place {
            NoPlace::Busy => Refused::Busy,
            NoPlace::Closed => Refused::Closed,
        })
    }

    fn close(&self) {
        self.intake.close();
    }
}

/// What becomes of the writes, from the first on; all after these are done at once.
#[derive(Clone, Copy)]
enum Write {
    Fails,
    FindsNoSpace,
}

/// Writes until it is closed or fails; says what it wrote, in order.
fn write(line: &Line, first: Option<Write>) -> Vec<u8> {
    let task = Task::new();
    let waker = task.waker();
    let cx = Context::from_waker(&waker);
    let (mut ring, mut written) = (BTreeMap::new(), Vec::new());
    let (mut next, mut outcome) = (1, first);
    loop {
        while let Some((number, batch)) = line.intake.pop() {
            assert!(ring.insert(number, batch).is_none(), "two batches with the position {number}");
        }
        if !ring.contains_key(&next) {
            line.intake.register(&cx);
            if line.intake.is_closed() && line.intake.last() < next {
                line.progress.becomes(State::Closed);
                return written;
            }
            if line.intake.is_empty() {
                task.sleep();
            }
            continue;
        }
        let mut octets = 0;
        while let Some(batch) = ring.remove(&next) {
            octets += batch.len();
            written.extend_from_slice(&batch);
            line.intake.give_back(batch);
            next += 1;
        }
        match outcome.take() {
            Some(Write::Fails) => {
                line.progress.fails("the disk is gone");
                return written;
            }
            Some(Write::FindsNoSpace) => {
                line.progress.becomes(State::Full);
                line.progress.becomes(State::Running);
            }
            None => {}
        }
        line.intake.done(next - 1, octets);
        line.progress.comes_to(Position::new(next - 1));
    }
}

/// Waits as a shard does, woken for each step; says whether it is durable.
fn wait(task: &Task, watcher: &Watcher, position: Position) -> bool {
    let waker = task.waker();
    loop {
        watcher.register(&Context::from_waker(&waker));
        let is_durable = watcher.progress().durable() >= position;
        if is_durable || watcher.progress().state().is_final() {
            // What became durable before it stopped counts.
            return watcher.progress().durable() >= position;
        }
        task.sleep();
    }
}

/// Submits one batch, however often it is told to come again; waits for it.
fn submits(line: &Line, octet: u8) -> Result<bool, Refused> {
    let watcher = line.progress.watch().unwrap();
    let task = Task::new();
    let waker = task.waker();
    loop {
        watcher.register(&Context::from_waker(&waker));
        match line.submit(octet) {
            Ok(position) => return Ok(wait(&task, &watcher, position)),
            Err(Refused::Busy | Refused::Full) => task.sleep(),
            Err(refused) => return Err(refused),
        }
    }
}

fn spawn<T: 'static>(
    line: &Arc<Line>,
    run: impl FnOnce(&Line) -> T + 'static,
) -> thread::JoinHandle<T> {
    let line = Arc::clone(line);
    thread::spawn(move || run(&line))
}

#[test]
fn each_batch_is_written_once_and_who_submitted_it_learns_that_it_is_durable() {
    check_with(2, || {
        let line = Line::new(4);
        let submitter = spawn(&line, |line| submits(line, 7));
        let writer = spawn(&line, |line| write(line, None));
        assert_eq!(submits(&line, 8), Ok(true));
        assert_eq!(submitter.join().unwrap(), Ok(true));
        line.close();
        let mut written = writer.join().unwrap();
        written.sort_unstable();
        assert_eq!(written, [7, 8]);
        assert_eq!(line.progress.durable(), Position::new(2));
    });
}

#[test]
fn who_finds_no_place_finds_one_when_what_waits_is_durable() {
    check(|| {
        let line = Line::new(1);
        let submitter = spawn(&line, |line| {
            let watcher = line.progress.watch().unwrap();
            let task = Task::new();
            assert_eq!(line.submit(1), Ok(Position::FIRST));
            if line.submit(2).is_err() {
                assert!(wait(&task, &watcher, Position::FIRST));
                assert_eq!(line.submit(2), Ok(Position::new(2)), "there is room from then on");
            }
            line.close();
        });
        assert_eq!(write(&line, None), [1, 2]);
        submitter.join().unwrap();
    });
}

#[test]
fn what_was_taken_before_it_was_closed_is_written() {
    check(|| {
        let line = Line::new(4);
        let submitter = spawn(&line, |line| (1..=2).map_while(|it| line.submit(it).ok()).count());
        let writer = spawn(&line, |line| write(line, None));
        line.close();
        let (taken, written) = (submitter.join().unwrap(), writer.join().unwrap());
        assert_eq!(written, [1, 2][..taken]);
        assert_eq!(line.progress.durable().number(), taken as u64);
        assert_eq!(line.submit(3), Err(Refused::Closed));
    });
}

#[test]
fn a_failure_wakes_everyone_and_nothing_is_durable_after_it() {
    check_with(2, || {
        let line = Line::new(1);
        let submitters = [7, 8].map(|octet| spawn(&line, move |line| submits(line, octet)));
        write(&line, Some(Write::Fails));
        for submitter in submitters {
            // Whoever comes late is refused; whoever was taken learns that it was in vain.
            assert!(matches!(submitter.join().unwrap(), Ok(false) | Err(Refused::Failed)));
        }
        assert_eq!(
            (line.progress.durable(), line.submit(9)),
            (Position::NONE, Err(Refused::Failed))
        );
    });
}

#[test]
fn who_was_refused_for_want_of_space_is_woken_when_there_is_some() {
    check(|| {
        let line = Line::new(4);
        let submitter = spawn(&line, |line| {
            let outcome = [submits(line, 7), submits(line, 8)];
            line.close();
            outcome
        });
        assert_eq!(write(&line, Some(Write::FindsNoSpace)), [7, 8]);
        assert_eq!(submitter.join().unwrap(), [Ok(true), Ok(true)]);
    });
}
