//! The present moment, handed in by whoever drives a state machine, and what clocks show then.
//!
//! No pure module reads a clock: it is told the time, so that two sessions can live a minute of
//! protocol in a microsecond and a failing run replays exactly.

use std::time::Duration;

pub use date::Date;
pub use zone::{Change, LAST_CHANGE, Local, Weekday, Zone};

mod date;
mod zone;

/// Whole seconds, until 2106 where they are since 1970.
#[must_use]
pub fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// One moment on two clocks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Now {
    /// Time since the process (or the simulated world) began; never goes back. Timers use it.
    pub monotonic: Duration,
    /// Time since 1970-01-01T00:00:00Z; may jump. Dates shown to people use it.
    pub wall: Duration,
}

impl Now {
    /// The moment `by` later, on both clocks.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self { monotonic: self.monotonic.saturating_add(by), wall: self.wall.saturating_add(by) }
    }
}
