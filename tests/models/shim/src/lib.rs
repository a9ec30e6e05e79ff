//! The standard library as the models see it: what threads synchronise with is loom's, all else
//! is what it is. `ArrayQueue`, `AtomicWaker` and `Notify` stand for those of crossbeam-queue,
//! atomic-waker and tokio.

pub use std::{
    array, cmp, collections, fmt, future, iter, mem, num, ops, option, result, string, task, time,
    vec,
};

pub mod sync {
    pub use std::sync::{Arc, OnceLock, PoisonError};

    pub use loom::sync::{Mutex, MutexGuard};

    pub use crate::notify::Notify;

    pub mod atomic {
        pub use loom::sync::atomic::*;
    }
}

mod notify;
mod queue;
mod waker;

pub use queue::ArrayQueue;
pub use waker::AtomicWaker;
