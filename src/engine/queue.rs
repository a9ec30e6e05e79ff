//! Where ownership changes threads: a bounded queue without locks, and the waker of its one reader.

use std::task::Context;

use atomic_waker::AtomicWaker;
use crossbeam_queue::ArrayQueue;

/// A bounded queue of many writers and one reader.
///
/// Writers push as much as they have and wake the reader once. The reader takes all it can, leaves
/// its waker, and looks once more: what was pushed before the waker was there is seen then.
#[derive(Debug)]
pub struct Queue<T> {
    items: ArrayQueue<T>,
    reader: AtomicWaker,
}

impl<T> Queue<T> {
    /// A queue of at most `capacity` items (at least one), all of its memory taken now.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { items: ArrayQueue::new(capacity.max(1)), reader: AtomicWaker::new() }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Gives it back when the queue is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        self.items.push(item)
    }

    /// Takes the oldest item.
    #[must_use]
    pub fn pop(&self) -> Option<T> {
        self.items.pop()
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Wakes the reader.
    pub fn wake(&self) {
        self.reader.wake();
    }

    /// Leaves the reader's waker; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        self.reader.register(cx.waker());
    }
}
