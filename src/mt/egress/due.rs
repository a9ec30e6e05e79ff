//! When the next segment is due, where they go at a steady pace.

use std::time::Duration;

/// What may be sent at once after a pause, by the pace.
pub const BURST: Duration = Duration::from_millis(20);

/// When the next segment would be exactly on time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Due(Duration);

impl Due {
    /// The next may go now.
    pub fn at(now: Duration) -> Self {
        Self(now)
    }

    /// A segment goes, which takes so long of the pace; the moment before which the next must not,
    /// if that is later.
    pub fn send(&mut self, now: Duration, interval: Duration) -> Option<Duration> {
        self.0 = self.0.max(now.saturating_sub(BURST)) + interval;
        (self.0 > now).then_some(self.0)
    }
}
