//! What clocks on walls show, place by place.

use std::sync::Arc;
use std::time::Duration;

use super::Date;

/// The clocks of one place: how far ahead of UTC they are, at every moment.
///
/// It is a table of the changes there have been and will be, so that a look-up is a few comparisons
/// and the same for everyone who has the table. Behind the last change the clocks stay as they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Zone {
    /// Seconds ahead of UTC before the first change.
    first: i32,
    /// In order of time.
    changes: Arc<[Change]>,
}

/// One change of the clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// When, as seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Seconds ahead of UTC from then on.
    pub offset: i32,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Weekday(
    /// 0 is Monday.
    pub(super) u8,
);

/// What clocks of a place show at a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Local {
    /// The day of the week.
    pub weekday: Weekday,
    /// Minutes since midnight, as clocks count them: at most 1439.
    pub minute: u16,
}

/// The last day whose clocks need be known, 2100-01-01, as seconds since 1970: no process runs for
/// so long.
pub const LAST_CHANGE: i64 = 4_102_444_800;

const DAY: i64 = 86_400;

impl Zone {
    /// Clocks so many seconds ahead of UTC, at every moment.
    #[must_use]
    pub fn fixed(offset: i32) -> Self {
        Self { first: offset, changes: Arc::new([]) }
    }

    /// Clocks that are `first` seconds ahead of UTC until the first of these changes, which stand
    /// in order of time.
    #[must_use]
    pub fn new(first: i32, changes: impl IntoIterator<Item = Change>) -> Self {
        let changes: Arc<[Change]> = changes.into_iter().collect();
        debug_assert!(changes.is_sorted_by(|one, other| one.at < other.at));
        Self { first, changes }
    }

    /// The changes of its clocks, in order of time.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.iter().copied()
    }

    /// What its clocks show at this time of a wall clock (since 1970-01-01T00:00:00Z).
    #[must_use]
    pub fn local(&self, wall: Duration) -> Local {
        let shown = self.shown(wall);
        Local {
            weekday: Date::from_days(shown.div_euclid(DAY)).weekday(),
            minute: (shown.rem_euclid(DAY) / 60) as u16,
        }
    }

    /// The day that its clocks show then.
    #[must_use]
    pub fn date(&self, wall: Duration) -> Date {
        Date::from_days(self.shown(wall).div_euclid(DAY))
    }

    /// Seconds behind 1970-01-01T00:00:00 by its clocks.
    fn shown(&self, wall: Duration) -> i64 {
        let seconds = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
        let passed = self.changes.partition_point(|change| change.at <= seconds);
        let last = passed.checked_sub(1).and_then(|last| self.changes.get(last));
        seconds.saturating_add(i64::from(last.map_or(self.first, |last| last.offset)))
    }
}

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self::fixed(0)
    }
}

impl Weekday {
    /// The words of all seven, Monday first.
    pub const WORDS: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// The day that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().position(|day| *day == word).map(|day| Self(day as u8))
    }

    /// Its place in the week; Monday's is 0.
    #[must_use]
    pub fn place(self) -> u32 {
        u32::from(self.0)
    }

    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        Self((self.0 + 6) % 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(zone: &Zone, seconds: u64) -> (&'static str, u16, u16) {
        let Local { weekday, minute } = zone.local(Duration::from_secs(seconds));
        (Weekday::WORDS[weekday.place() as usize], minute / 60, minute % 60)
    }

    #[test]
    fn clocks_show_the_day_and_the_minute_of_their_place() {
        let utc = Zone::default();
        assert_eq!(local(&utc, 0), ("thu", 0, 0));
        assert_eq!(local(&utc, 59), ("thu", 0, 0));
        // 2026-11-26T14:38:44Z.
        assert_eq!(local(&utc, 1_795_703_924), ("thu", 14, 38));
        let west = Zone::fixed(-3 * 3_600 - 1_800);
        assert_eq!(local(&west, 0), ("wed", 20, 30));
        let east = Zone::fixed(14 * 3_600);
        assert_eq!(local(&east, 10 * 3_600), ("fri", 0, 0));
    }

    #[test]
    fn a_change_holds_from_its_second_on() {
        let change = |at, offset| Change { at, offset };
        let zone = Zone::new(3_600, [change(7_200, 7_200), change(86_400, 3_600)]);
        assert_eq!(local(&zone, 7_199), ("thu", 2, 59));
        assert_eq!(local(&zone, 7_200), ("thu", 4, 0));
        assert_eq!(local(&zone, 86_399), ("fri", 1, 59));
        assert_eq!(local(&zone, 86_400), ("fri", 1, 0));
        assert_eq!(local(&zone, 10 * 86_400), ("sun", 1, 0));
    }

    #[test]
    fn a_day_is_behind_the_one_before() {
        for day in Weekday::WORDS {
            let day = Weekday::parse(day).unwrap();
            assert_eq!((day.before().place() + 1) % 7, day.place());
        }
        assert_eq!(Weekday::parse("Mon"), None);
    }
}
