//! The standard library as the models see it: what threads synchronise with is loom's, all else
//! is what it is. `ArrayQueue`, `AtomicWaker` and `Notify` stand for those of crossbeam-queue,
//! atomic-waker and tokio.

pub use std::{
    array, cmp, collections, convert, error, fmt, future, io, iter, mem, num, ops, option, result,
    string, task, time, vec,
};

pub mod sync {
    pub use std::sync::{Arc, OnceLock, PoisonError};

    pub use loom::sync::{Mutex, MutexGuard};

    pub use crate::notify::Notify;

    pub mod atomic {
        pub use loom::sync::atomic::*;
    }
}

pub mod thread {
    pub use loom::thread::{Thread, current};

    /// Sleeps until it is woken: in a model, nobody's patience ends.
    pub fn park_timeout(_: std::time::Duration) {
        loom::thread::park();
    }
}

mod notify;
mod queue;
mod waker;

pub use queue::ArrayQueue;
pub use waker::AtomicWaker;
