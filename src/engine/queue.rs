//! Where ownership changes threads: a bounded queue without locks, and the waker of its one reader.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};

use atomic_waker::AtomicWaker;
use crossbeam_queue::ArrayQueue;

/// A bounded queue of many writers and one reader.
///
/// Writers push as much as they have and wake the reader once. The reader takes all it can, leaves
/// its waker, and looks once more: what was pushed before the waker was there is seen then. A
/// writer that finds it full leaves its waker likewise, tries once more, and is woken when the
/// reader has made room.
#[derive(Debug)]
pub struct Queue<T> {
    items: ArrayQueue<T>,
    reader: AtomicWaker,
    /// Whether any writer waits: the reader takes the lock below only then.
    is_awaited: AtomicBool,
    writers: Mutex<Writers>,
}

/// Writers that wait for room: at most one waker for each.
#[derive(Debug, Default)]
struct Writers {
    /// How often all were woken.
    round: u64,
    wakers: Vec<Waker>,
}

/// What a writer remembers of having asked to be woken.
#[derive(Debug, Default)]
pub struct Asked(Option<u64>);

impl<T> Queue<T> {
    /// A queue of at most `capacity` items (at least one), all of its memory taken now.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            items: ArrayQueue::new(capacity.max(1)),
            reader: AtomicWaker::new(),
            is_awaited: AtomicBool::new(false),
            writers: Mutex::default(),
        }
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

    /// Wakes the reader.
    pub fn wake(&self) {
        self.reader.wake();
    }

    /// Leaves the reader's waker; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        self.reader.register(cx.waker());
    }

    /// Leaves the waker of a writer that found the queue full; push again afterwards. `asked` is
    /// the writer's, one for each queue.
    pub fn wait_for_room(&self, cx: &Context<'_>, asked: &mut Asked) {
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.0 == Some(writers.round) {
            return;
        }
        asked.0 = Some(writers.round);
        writers.wakers.push(cx.waker().clone());
        self.is_awaited.store(true, Ordering::Relaxed);
        // The reader takes items and then looks at the flag, the writer the other way round: one
        // of them sees what the other did.
        fence(Ordering::SeqCst);
    }

    /// Wakes the writers that wait for room, if any. The reader's, after it has taken items.
    pub fn wake_writers(&self) {
        fence(Ordering::SeqCst);
        if !self.is_awaited.load(Ordering::Relaxed) {
            return;
        }
        let wakers = {
            let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            self.is_awaited.store(false, Ordering::Relaxed);
            writers.round += 1;
            std::mem::take(&mut writers.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_writer_that_finds_no_room_is_woken_once_when_there_is_some() {
        let queue = Queue::new(2);
        let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
        let wakers = wakes.clone().map(Waker::from);
        let mut asked = [Asked::default(), Asked::default()];
        assert!(queue.push(1).is_ok() && queue.push(2).is_ok() && queue.push(3).is_err());
        for _ in 0..3 {
            for (waker, asked) in wakers.iter().zip(&mut asked) {
                queue.wait_for_room(&Context::from_waker(waker), asked);
            }
        }
        let woken = || wakes.clone().map(|wakes| wakes.0.load(Ordering::Relaxed));
        assert_eq!(woken(), [0, 0]);
        assert_eq!(queue.pop(), Some(1));
        queue.wake_writers();
        queue.wake_writers();
        assert_eq!(woken(), [1, 1]);
        // Who finds none the next time asks again.
        queue.wait_for_room(&Context::from_waker(&wakers[0]), &mut asked[0]);
        queue.wake_writers();
        assert_eq!(woken(), [2, 1]);
    }
}
