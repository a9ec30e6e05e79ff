//! Places where those who wait leave their wakers.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;

use atomic_waker::AtomicWaker;

/// Most who may watch one journal: shards, dispatchers of carriers, and a few who project it.
pub const WATCHERS_MAX: usize = EACH * 256;
/// Places that are made at a time: 24 octets each.
const EACH: usize = 64;

/// Wakers, without locks.
#[derive(Debug)]
pub(super) struct Watchers {
    places: Box<[OnceLock<Box<[AtomicWaker]>>]>,
    taken: AtomicU64,
}

impl Default for Watchers {
    fn default() -> Self {
        let places = (0..WATCHERS_MAX / EACH).map(|_| OnceLock::new()).collect();
        Self { places, taken: AtomicU64::new(0) }
    }
}

impl Watchers {
    /// A place of its own for one who watches; `None` when all are taken.
    pub(super) fn take_place(&self) -> Option<usize> {
        let at = self.taken.fetch_add(1, Ordering::AcqRel);
        let at = usize::try_from(at).ok().filter(|&at| at < WATCHERS_MAX)?;
        self.places[at / EACH].get_or_init(|| (0..EACH).map(|_| AtomicWaker::new()).collect());
        Some(at)
    }

    /// Leaves a waker in a place.
    pub(super) fn register(&self, at: usize, cx: &Context<'_>) {
        if let Some(some) = self.places[at / EACH].get() {
            some[at % EACH].register(cx.waker());
        }
    }

    /// Wakes all.
    pub(super) fn wake(&self) {
        // A load could miss one who has just come, and who then misses what was written before: of
        // two changes, the later one sees the other.
        let taken = self.taken.fetch_add(0, Ordering::AcqRel);
        let taken = usize::try_from(taken).unwrap_or(WATCHERS_MAX);
        let made = self.places.iter().map_while(OnceLock::get).flat_map(|some| some.iter());
        made.take(taken).for_each(AtomicWaker::wake);
    }
}
