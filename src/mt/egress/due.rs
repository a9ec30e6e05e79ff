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

    /// The moment of the next, now or later.
    pub fn moment(self, now: Duration) -> Duration {
        self.0.max(now)
    }

    /// The next does not go before this moment.
    pub fn put_off(&mut self, until: Duration) {
        self.0 = self.0.max(until);
    }

    /// A segment goes, which takes so long of the pace; the moment before which the next must not,
    /// if that is later.
    pub fn send(&mut self, now: Duration, interval: Duration) -> Option<Duration> {
        self.take(now, interval, BURST)
    }

    /// The same where more may be sent at once after a pause: this time's worth.
    pub fn take(&mut self, now: Duration, time: Duration, burst: Duration) -> Option<Duration> {
        self.0 = self.0.max(now.saturating_sub(burst)) + time;
        (self.0 > now).then_some(self.0)
    }
}
