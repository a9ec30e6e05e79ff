//! `atomic_waker::AtomicWaker`: loom's, with its way to be called.

use std::task::Waker;

#[derive(Debug, Default)]
pub struct AtomicWaker(loom::future::AtomicWaker);

impl AtomicWaker {
    #[must_use]
    pub fn new() -> Self {
        Self(loom::future::AtomicWaker::new())
    }

    pub fn register(&self, waker: &Waker) {
        self.0.register_by_ref(waker);
    }

    pub fn wake(&self) {
        self.0.wake();
    }
}
