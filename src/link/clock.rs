//! The machine's clocks, read into a [`Now`].

use std::time::Duration;

use tokio::time::Instant;

use super::wall::{self, Wall};
use crate::clock::Now;

/// How far ahead a timer may be set; what is later fires then, finds nothing due and is set again.
const AHEAD_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Reads both clocks; monotonic time counts from when it was made.
///
/// It is the clock of the timers of tokio, so that where a test pauses those, links stand still
/// with them.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    wall: &'static Wall,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&wall::MACHINE)
    }

    /// The same with another wall clock, for simulators.
    #[must_use]
    pub fn start_with(wall: &'static Wall) -> Self {
        // One second past the start, so that "a second ago" can be said from the first moment.
        let now = Instant::now();
        Self { start: now.checked_sub(Duration::from_secs(1)).unwrap_or(now), wall }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Now {
        let monotonic = self.start.elapsed();
        Now { monotonic, wall: self.wall.now(monotonic) }
    }

    /// The instant of a moment on the monotonic clock, or one a month ahead if that is earlier.
    #[must_use]
    pub fn instant(&self, monotonic: Duration) -> Instant {
        let latest = Instant::now() + AHEAD_MAX;
        self.start.checked_add(monotonic).map_or(latest, |instant| instant.min(latest))
    }
}
