//! `crossbeam_queue::ArrayQueue`: the same steps on loom's atomics, in the same order and with
//! the same orderings (crossbeam-queue 0.3, `array_queue.rs`), so that it gives no more to rely
//! on than the real one does. A lock in its place would order everything and hide a missing
//! fence.
//!
//! Values are behind locks that loom does not see, since no unsafe code is wanted; what makes a
//! value visible is the stamp of its slot.

use loom::sync::atomic::{AtomicUsize, Ordering, fence};

#[derive(Debug)]
pub struct ArrayQueue<T> {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Vec<Slot<T>>,
    one_lap: usize,
}

#[derive(Debug)]
struct Slot<T> {
    stamp: AtomicUsize,
    value: std::sync::Mutex<Option<T>>,
}

impl<T> ArrayQueue<T> {
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0);
        let slot =
            |stamp| Slot { stamp: AtomicUsize::new(stamp), value: std::sync::Mutex::new(None) };
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            slots: (0..capacity).map(slot).collect(),
            one_lap: (capacity + 1).next_power_of_two(),
        }
    }

    /// The place behind this one.
    fn after(&self, place: usize) -> usize {
        let (index, lap) = (place & (self.one_lap - 1), place & !(self.one_lap - 1));
        match index + 1 < self.slots.len() {
            true => place + 1,
            false => lap.wrapping_add(self.one_lap),
        }
    }

    pub fn push(&self, value: T) -> Result<(), T> {
        let mut tail = self.tail.load(Ordering::Relaxed);
        loop {
            let slot = &self.slots[tail & (self.one_lap - 1)];
            let stamp = slot.stamp.load(Ordering::Acquire);
            if tail == stamp {
                let next = self.after(tail);
                match self.tail.compare_exchange_weak(
                    tail,
                    next,
                    Ordering::SeqCst,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => {
                        *slot.value.lock().unwrap() = Some(value);
                        slot.stamp.store(tail + 1, Ordering::Release);
                        return Ok(());
                    }
                    Err(changed) => tail = changed,
                }
            } else if stamp.wrapping_add(self.one_lap) == tail + 1 {
                fence(Ordering::SeqCst);
                let head = self.head.load(Ordering::Relaxed);
                if head.wrapping_add(self.one_lap) == tail {
                    return Err(value);
                }
                loom::thread::yield_now();
                tail = self.tail.load(Ordering::Relaxed);
            } else {
                loom::thread::yield_now();
                tail = self.tail.load(Ordering::Relaxed);
            }
        }
    }

    pub fn pop(&self) -> Option<T> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            let slot = &self.slots[head & (self.one_lap - 1)];
            let stamp = slot.stamp.load(Ordering::Acquire);
            if head + 1 == stamp {
                let next = self.after(head);
                match self.head.compare_exchange_weak(
                    head,
                    next,
                    Ordering::SeqCst,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => {
                        let value = slot.value.lock().unwrap().take();
                        slot.stamp.store(head.wrapping_add(self.one_lap), Ordering::Release);
                        return value;
                    }
                    Err(changed) => head = changed,
                }
            } else if stamp == head {
                fence(Ordering::SeqCst);
                if self.tail.load(Ordering::Relaxed) == head {
                    return None;
                }
                loom::thread::yield_now();
                head = self.head.load(Ordering::Relaxed);
            } else {
                loom::thread::yield_now();
                head = self.head.load(Ordering::Relaxed);
            }
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        let head = self.head.load(Ordering::SeqCst);
        self.tail.load(Ordering::SeqCst) == head
    }
}
