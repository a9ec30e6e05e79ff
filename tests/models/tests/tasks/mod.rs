//! What the models share: tasks that sleep until they are woken, and how far a model is searched.
#![allow(dead_code)] // not every model sleeps

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::{Condvar, Mutex};

/// Goes through every order in which the threads of a model may run, as far as three of them are
/// interrupted: faults show with one or two, and without a bound it takes hours.
pub fn check(model: impl Fn() + Send + Sync + 'static) {
    check_with(3, model);
}

/// The same with so many interruptions.
pub fn check_with(interruptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.max_branches = 20_000;
    builder.check(model);
}

/// A task of a runtime: woken while it runs, it runs once more.
#[derive(Clone)]
pub struct Task(Arc<Flag>);

struct Flag {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Task {
    pub fn new() -> Self {
        Self(Arc::new(Flag { woken: Mutex::new(false), changed: Condvar::new() }))
    }

    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    pub fn wake(&self) {
        self.waker().wake();
    }

    /// Sleeps until it is woken; a wake-up that came before counts. loom fails a model in which all
    /// threads sleep.
    pub fn sleep(&self) {
        let mut woken = self.0.woken.lock().unwrap();
        while !*woken {
            woken = self.0.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_one();
    }
}
