//! A queue into a session that may end at any moment: nothing is lost in it.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::task::Context;

use super::queue::Queue;

/// A bounded queue that its reader closes before it takes out what is left.
///
/// A writer pushes and then looks whether it is closed; the reader closes it and then looks what is
/// there. Of the two fences between, one comes first: either the reader finds the item, or the
/// writer finds the queue closed and takes one back. So each item has an owner at every moment.
#[derive(Debug)]
pub struct Mailbox<T> {
    items: Queue<T>,
    closed: AtomicBool,
}

impl<T> Mailbox<T> {
    /// An open one of at most `capacity` items (at least one), all of its memory taken now.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { items: Queue::new(capacity), closed: AtomicBool::new(false) }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Gives one back, this or one that came before it, when there is no room or it is closed.
    pub fn push(&self, item: T) -> Result<(), T> {
        self.items.push(item)?;
        fence(Ordering::SeqCst);
        if self.closed.load(Ordering::Relaxed)
            && let Some(back) = self.items.pop()
        {
            return Err(back);
        }
        Ok(())
    }

    /// Takes the oldest item.
    #[must_use]
    pub fn pop(&self) -> Option<T> {
        self.items.pop()
    }

    /// Says that nothing more is read. What is left is then there to be taken.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Wakes the reader.
    pub fn wake(&self) {
        self.items.wake();
    }

    /// Leaves the reader's waker; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        self.items.register(cx);
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
