//! The machine's clocks, read into a [`Now`].

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::Now;

/// Reads both clocks; monotonic time counts from when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        // One second past the start, so that "a second ago" can be said from the first moment.
        let now = Instant::now();
        Self { start: now.checked_sub(Duration::from_secs(1)).unwrap_or(now) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { monotonic: self.start.elapsed(), wall }
    }

    /// The instant of a moment on the monotonic clock.
    #[must_use]
    pub fn instant(&self, monotonic: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start + monotonic)
    }
}
