//! `engine/batches.rs`: nobody sleeps over what is there, and no more is there than there may be.
//!
//! Faults that were planted by hand, one at a time, and are found: the fence of `wait_for_room`
//! left out, or that of `wake_writers`; `is_awaited` not set, or `round` not counted (each leaves
//! a writer asleep beside room); items that find no room counted all the same.

mod tasks;

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context;

use loom::thread;
use models::batches::{Asked, Batches};
use tasks::Task;

/// Pushes a buffer as `ShardOutbox::flush` does, asleep while there is no room.
fn push(queue: &Batches<u32>, task: &Task, asked: &mut Asked, filled: VecDeque<u32>) {
    let waker = task.waker();
    let cx = Context::from_waker(&waker);
    let mut filled = filled;
    loop {
        let pushed = queue.push(filled).or_else(|back| {
            queue.wait_for_room(&cx, asked);
            queue.push(back)
        });
        match pushed {
            Ok(()) => return queue.wake(),
            Err(back) => filled = back,
        }
        task.sleep();
    }
}

/// Takes so many items as `ShardTask::poll` does, asleep while there are none.
fn take(queue: &Batches<u32>, task: &Task, count: usize) -> Vec<u32> {
    let waker = task.waker();
    let (mut all, mut told) = (Vec::new(), VecDeque::new());
    while all.len() < count {
        if queue.pop(&mut told) {
            all.extend(told.drain(..));
            queue.wake_writers();
            continue;
        }
        queue.register(&Context::from_waker(&waker));
        if queue.is_empty() {
            task.sleep();
        }
    }
    all
}

#[test]
fn a_reader_that_sleeps_is_woken_for_what_comes() {
    tasks::check(|| {
        let queue = Arc::new(Batches::new(4));
        let writer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                push(&queue, &Task::new(), &mut Asked::default(), VecDeque::from([1]));
            })
        };
        assert_eq!(take(&queue, &Task::new(), 1), [1]);
        writer.join().unwrap();
    });
}

#[test]
fn a_writer_that_finds_no_room_is_woken_when_there_is_some_and_keeps_its_order() {
    tasks::check(|| {
        let queue = Arc::new(Batches::new(1));
        let writer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let (task, mut asked) = (Task::new(), Asked::default());
                for item in 1..=3 {
                    push(&queue, &task, &mut asked, VecDeque::from([item]));
                }
            })
        };
        assert_eq!(take(&queue, &Task::new(), 3), [1, 2, 3]);
        writer.join().unwrap();
    });
}

#[test]
fn two_writers_never_hold_more_than_the_limit_and_their_last_buffers() {
    tasks::check(|| {
        let queue = Arc::new(Batches::new(2));
        let taken = Arc::new(AtomicUsize::new(0));
        let writers = [1, 2].map(|item| {
            let (queue, taken) = (Arc::clone(&queue), Arc::clone(&taken));
            thread::spawn(move || {
                let pushed = queue.push(VecDeque::from([item, item])).is_ok();
                taken.fetch_add(usize::from(pushed), Relaxed);
            })
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        assert_eq!(taken.load(Relaxed), 1, "room for one buffer more while there is any");
        let mut told = VecDeque::new();
        assert!(queue.pop(&mut told) && told.len() == 2);
        assert!(queue.push(VecDeque::from([3])).is_ok(), "what was not taken is not counted");
    });
}
