//! Where ownership changes threads and much does at once: a bounded queue of buffers without locks,
//! and the waker of its one reader.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};

use atomic_waker::AtomicWaker;
use crossbeam_queue::ArrayQueue;

/// Empty buffers kept for the next writers: as many as links mostly write between two looks.
const SPARE: usize = 32;
/// Items for which a kept buffer has room at most.
const SPARE_ITEMS: usize = 1024;

/// A bounded queue of many writers and one reader, of items that come and go many at a time.
///
/// A writer fills a buffer and hands it over whole; the reader empties it and leaves it for the
/// next writer. So an item costs no atomic operation, and the same little memory is used again and
/// again: an array of all items there may be is walked from end to end, and no cache holds it. A
/// writer that finds it full leaves its waker, tries once more, and is woken when the reader has
/// made room.
#[derive(Debug)]
pub struct Batches<T> {
    full: ArrayQueue<VecDeque<T>>,
    spare: ArrayQueue<VecDeque<T>>,
    /// Items in `full`.
    items: AtomicUsize,
    items_max: usize,
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

impl<T> Batches<T> {
    /// A queue that takes a buffer while it holds fewer than `items_max` items (at least one).
    #[must_use]
    pub fn new(items_max: usize) -> Self {
        let items_max = items_max.max(1);
        Self {
            // A buffer has an item, so there are no more buffers than items.
            full: ArrayQueue::new(items_max),
            spare: ArrayQueue::new(SPARE),
            items: AtomicUsize::new(0),
            items_max,
            reader: AtomicWaker::new(),
            is_awaited: AtomicBool::new(false),
            writers: Mutex::default(),
        }
    }

    /// An empty buffer to fill.
    #[must_use]
    pub fn buffer(&self) -> VecDeque<T> {
        self.spare.pop().unwrap_or_default()
    }

    /// Hands a filled buffer over.
    ///
    /// # Errors
    /// Gives it back when the queue is full.
    pub fn push(&self, filled: VecDeque<T>) -> Result<(), VecDeque<T>> {
        let added = filled.len();
        // What is not taken is never counted: it would keep others out of a queue that has room,
        // and nobody would wake them.
        let taken = self.items.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |items| {
            (items < self.items_max).then_some(items + added)
        });
        if taken.is_err() {
            return Err(filled);
        }
        self.full.push(filled).inspect_err(|_| {
            self.items.fetch_sub(added, Ordering::Relaxed);
        })
    }

    /// Takes the oldest buffer in place of one that is empty now, and leaves that for a writer;
    /// whether there was one.
    pub fn pop(&self, emptied: &mut VecDeque<T>) -> bool {
        let Some(filled) = self.full.pop() else { return false };
        self.items.fetch_sub(filled.len(), Ordering::Relaxed);
        let emptied = std::mem::replace(emptied, filled);
        if (1..=SPARE_ITEMS).contains(&emptied.capacity()) {
            // Those that find no place are dropped.
            let _ = self.spare.push(emptied);
        }
        true
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
        self.full.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
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
        let queue = Batches::new(2);
        let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
        let wakers = wakes.clone().map(Waker::from);
        let mut asked = [Asked::default(), Asked::default()];
        assert!(queue.push(VecDeque::from([1, 2])).is_ok());
        assert!(queue.push(VecDeque::from([3])).is_err());
        for _ in 0..3 {
            for (waker, asked) in wakers.iter().zip(&mut asked) {
                queue.wait_for_room(&Context::from_waker(waker), asked);
            }
        }
        let woken = || wakes.clone().map(|wakes| wakes.0.load(Ordering::Relaxed));
        assert_eq!(woken(), [0, 0]);
        assert!(queue.pop(&mut VecDeque::new()));
        queue.wake_writers();
        queue.wake_writers();
        assert_eq!(woken(), [1, 1]);
        // Who finds none the next time asks again.
        queue.wait_for_room(&Context::from_waker(&wakers[0]), &mut asked[0]);
        queue.wake_writers();
        assert_eq!(woken(), [2, 1]);
    }

    /// A wake-up that is lost leaves this test hanging.
    #[test]
    fn many_writers_lose_nothing_and_keep_their_order() {
        const EACH: usize = 3_000;
        let queue = Batches::new(8);
        let mut seen = [0; 4];
        std::thread::scope(|scope| {
            for writer in 0..seen.len() {
                let queue = &queue;
                scope.spawn(move || {
                    let (mut next, mut filled) = (0, queue.buffer());
                    let mut asked = Asked::default();
                    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
                    let cx = Context::from_waker(&waker);
                    while next < EACH || !filled.is_empty() {
                        // Now one, now more than the queue holds.
                        let size = if next % 7 == 0 { 20 } else { 1 };
                        while next < EACH && filled.len() < size {
                            filled.push_back((writer, next));
                            next += 1;
                        }
                        let pushed = queue.push(filled).or_else(|back| {
                            queue.wait_for_room(&cx, &mut asked);
                            queue.push(back)
                        });
                        match pushed {
                            Ok(()) => filled = queue.buffer(),
                            Err(back) => {
                                filled = back;
                                std::thread::park();
                            }
                        }
                        queue.wake();
                    }
                });
            }
            let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
            let mut taken = VecDeque::new();
            while seen.iter().any(|seen| *seen < EACH) {
                if !queue.pop(&mut taken) {
                    queue.register(&Context::from_waker(&waker));
                    if queue.is_empty() {
                        std::thread::park();
                    }
                }
                for (writer, item) in taken.drain(..) {
                    assert_eq!(item, seen[writer], "{writer}");
                    seen[writer] += 1;
                }
                queue.wake_writers();
            }
        });
        assert!(queue.is_empty());
    }

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    #[test]
    fn a_full_queue_gives_the_buffer_back_and_takes_it_when_there_is_room() {
        let queue = Batches::new(3);
        assert!(queue.push(VecDeque::from([1, 2])).is_ok());
        assert!(queue.push(VecDeque::from([3, 4])).is_ok());
        let back = queue.push(VecDeque::from([5])).unwrap_err();
        let mut taken = VecDeque::new();
        assert!(queue.pop(&mut taken));
        assert_eq!(taken, [1, 2]);
        assert!(queue.push(back).is_ok());
        let mut all = Vec::new();
        while queue.pop(&mut taken) {
            all.extend(taken.drain(..));
        }
        assert_eq!((all, queue.is_empty()), (vec![3, 4, 5], true));
    }

    #[test]
    fn an_emptied_buffer_serves_the_next_writer() {
        let queue = Batches::new(10);
        let mut taken = VecDeque::new();
        for round in 0..3 {
            let mut buffer = queue.buffer();
            assert_eq!(buffer.capacity() > 0, round > 1, "{round}");
            buffer.push_back(round);
            assert!(queue.push(buffer).is_ok() && queue.pop(&mut taken));
            assert_eq!(taken.pop_front(), Some(round));
        }
    }
}
