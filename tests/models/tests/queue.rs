//! `engine/queue.rs`: a link that sleeps is woken for what was pushed.
//!
//! A fault that was planted by hand and is found: a reader that is woken only for the first item.

mod tasks;

use std::sync::Arc;
use std::task::Context;

use loom::thread;
use models::queue::Queue;
use tasks::Task;

#[test]
fn what_is_pushed_while_the_reader_goes_to_sleep_is_read() {
    tasks::check(|| {
        let queue = Arc::new(Queue::new(2));
        let writer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                for item in [1, 2] {
                    queue.push(item).unwrap();
                    queue.wake();
                }
            })
        };
        // As a link does: it leaves its waker, then takes all there is.
        let task = Task::new();
        let waker = task.waker();
        let mut taken = Vec::new();
        loop {
            queue.register(&Context::from_waker(&waker));
            taken.extend(std::iter::from_fn(|| queue.pop()));
            if taken.len() == 2 {
                break;
            }
            task.sleep();
        }
        assert_eq!(taken, [1, 2]);
        writer.join().unwrap();
    });
}
