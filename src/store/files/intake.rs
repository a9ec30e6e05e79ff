//! Where batches wait for the writer: bounded, without locks, each with its place in the order.
//!
//! A place is a number, taken from a counter; batches go with their numbers through a queue, where
//! two that come at the same time may change places, and the writer puts them back. A place that
//! is taken is always filled. There are never more places given than the queue and the writer have
//! room for: who finds none is refused and has changed nothing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Context;

use atomic_waker::AtomicWaker;
use crossbeam_queue::ArrayQueue;

/// In the counter: no place is given any more.
const CLOSED: u64 = 1 << 63;
/// Emptied buffers kept for the next batches, and the largest of them: 64 MiB at most.
const SPARE: usize = 256;
const SPARE_OCTETS: usize = 256 << 10;

/// Why there is no place for a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoPlace {
    /// As much waits as may.
    Busy,
    /// No more is taken.
    Closed,
}

/// Batches on their way to the writer.
#[derive(Debug)]
pub struct Intake {
    /// The last place given, and whether it is closed.
    given: AtomicU64,
    /// The last one that does not wait any more.
    done: AtomicU64,
    /// Octets that wait.
    octets: AtomicUsize,
    places_max: u64,
    octets_max: usize,
    filled: ArrayQueue<(u64, Vec<u8>)>,
    emptied: ArrayQueue<Vec<u8>>,
    writer: AtomicWaker,
}

impl Intake {
    /// One that gives places from the one behind `last` on; `places_max` of them, and batches until
    /// there are `octets_max` octets, wait at a time.
    pub fn new(last: u64, places_max: usize, octets_max: usize) -> Self {
        Self {
            given: AtomicU64::new(last),
            done: AtomicU64::new(last),
            octets: AtomicUsize::new(0),
            places_max: places_max as u64,
            octets_max,
            filled: ArrayQueue::new(places_max),
            emptied: ArrayQueue::new(SPARE),
            writer: AtomicWaker::new(),
        }
    }

    /// Takes a place for so many octets, fills it with what `exchange` gives for an emptied buffer,
    /// and wakes the writer.
    pub fn take(
        &self,
        octets: usize,
        exchange: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Result<u64, NoPlace> {
        let room = |waiting| (waiting < self.octets_max).then(|| waiting + octets);
        if self.octets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_err() {
            return Err(if self.is_closed() { NoPlace::Closed } else { NoPlace::Busy });
        }
        // What is read here late is too low, and gives fewer places than there are.
        let next = |given: u64| {
            let waiting = given.checked_sub(self.done.load(Ordering::Acquire))?;
            (given & CLOSED == 0 && waiting < self.places_max).then(|| given + 1)
        };
        let place = match self.given.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) {
            Ok(before) => before + 1,
            Err(given) => {
                self.octets.fetch_sub(octets, Ordering::Relaxed);
                let is_closed = given & CLOSED != 0;
                return Err(if is_closed { NoPlace::Closed } else { NoPlace::Busy });
            }
        };
        // A new buffer is as large as what it is given for: the next batch will be about that.
        let filled = exchange(self.emptied.pop().unwrap_or_else(|| Vec::with_capacity(octets)));
        // No more wait than there are places, and the queue has one for each.
        assert!(self.filled.push((place, filled)).is_ok(), "a place for each number given");
        self.writer.wake();
        Ok(place)
    }

    /// The next batch that has come, with its place. The writer's.
    pub fn pop(&self) -> Option<(u64, Vec<u8>)> {
        self.filled.pop()
    }

    /// Gives a buffer back that the writer has read. The writer's.
    pub fn give_back(&self, mut buffer: Vec<u8>) {
        if (1..=SPARE_OCTETS).contains(&buffer.capacity()) {
            buffer.clear();
            // One that finds no place is dropped.
            let _ = self.emptied.push(buffer);
        }
    }

    /// Says that no batch up to this place waits any more, of so many octets. The writer's.
    pub fn done(&self, last: u64, octets: usize) {
        self.octets.fetch_sub(octets, Ordering::Relaxed);
        self.done.store(last, Ordering::Release);
    }

    /// Gives no more places.
    pub fn close(&self) {
        self.given.fetch_or(CLOSED, Ordering::AcqRel);
        self.wake();
    }

    /// Whether no more are given.
    pub fn is_closed(&self) -> bool {
        self.given.load(Ordering::Acquire) & CLOSED != 0
    }

    /// The last place given.
    pub fn last(&self) -> u64 {
        self.given.load(Ordering::Acquire) & !CLOSED
    }

    /// Whether no batch has come.
    pub fn is_empty(&self) -> bool {
        self.filled.is_empty()
    }

    /// Leaves the writer's waker; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        self.writer.register(cx.waker());
    }

    /// Wakes the writer.
    pub fn wake(&self) {
        self.writer.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(intake: &Intake, octets: &[u8]) -> Result<u64, NoPlace> {
        intake.take(octets.len(), |mut buffer| {
            assert!(buffer.is_empty());
            buffer.extend_from_slice(octets);
            buffer
        })
    }

    #[test]
    fn places_and_octets_are_bounded_and_come_back_when_they_are_done() {
        let intake = Intake::new(5, 3, 100);
        assert_eq!([put(&intake, b"a"), put(&intake, b"b"), put(&intake, b"c")], [6, 7, 8].map(Ok));
        assert_eq!(put(&intake, b"d"), Err(NoPlace::Busy));
        assert_eq!(intake.pop(), Some((6, b"a".to_vec())));
        // That it was popped is not yet that it is done.
        assert_eq!(put(&intake, b"d"), Err(NoPlace::Busy));
        intake.done(6, 1);
        assert_eq!(put(&intake, &[0; 98]), Ok(9));
        assert_eq!(
            [intake.pop(), intake.pop()].map(|popped| popped.map(|it| it.0)),
            [7, 8].map(Some)
        );
        intake.done(8, 2);
        assert_eq!(put(&intake, &[0; 300]), Ok(10));
        assert_eq!(put(&intake, b"e"), Err(NoPlace::Busy), "too many octets wait");
        assert_eq!(intake.last(), 10);
    }

    #[test]
    fn what_is_closed_has_given_its_last_place() {
        let intake = Intake::new(0, 3, 100);
        assert_eq!(put(&intake, b"a"), Ok(1));
        intake.close();
        assert_eq!((put(&intake, b"b"), intake.last()), (Err(NoPlace::Closed), 1));
        assert!(intake.is_closed() && !intake.is_empty());
    }

    #[test]
    fn many_fill_each_place_once_and_each_finds_its_own_in_order() {
        const EACH: u64 = 2_000;
        let intake = Intake::new(0, 16, 1 << 20);
        let mut seen = vec![None; 3 * EACH as usize];
        std::thread::scope(|scope| {
            for who in 0..3_u8 {
                let intake = &intake;
                scope.spawn(move || {
                    let mut before = 0;
                    for _ in 0..EACH {
                        let place = loop {
                            match put(intake, &[who]) {
                                Ok(place) => break place,
                                Err(refused) => assert_eq!(refused, NoPlace::Busy),
                            }
                            std::thread::yield_now();
                        };
                        assert!(place > before, "{place} after {before}");
                        before = place;
                    }
                });
            }
            let (mut last, mut whole) = (0, 0);
            while whole < seen.len() {
                let Some((place, octets)) = intake.pop() else {
                    std::thread::yield_now();
                    continue;
                };
                let at = place as usize - 1;
                assert_eq!(seen[at].replace(octets[0]), None, "place {place}");
                intake.give_back(octets);
                while whole < seen.len() && seen[whole].is_some() {
                    whole += 1;
                }
                intake.done(whole as u64, whole - last);
                last = whole;
            }
        });
        let of = |who| seen.iter().filter(|seen| **seen == Some(who)).count() as u64;
        assert_eq!([of(0), of(1), of(2)], [EACH; 3]);
    }
}
