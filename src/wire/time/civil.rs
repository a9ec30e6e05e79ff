//! Seconds since 1970 to a calendar date and time of day, and back.
//!
//! The calendar is the Gregorian one, carried backwards, without leap seconds.

use std::time::Duration;

use crate::clock::Date;

/// Seconds in a day.
const DAY: i64 = 86_400;
/// 9999-12-31T23:59:59, the last second a four-digit year can show.
const LAST_SECOND: i64 = days_from_civil(9_999, 12, 31) * DAY + DAY - 1;
/// 0000-01-01T00:00:00, the first one.
const FIRST_SECOND: i64 = days_from_civil(0, 1, 1) * DAY;

/// A date and time of day, in no zone of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Civil {
    /// The year with its century, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
}

impl Civil {
    /// The calendar time `seconds` after 1970-01-01T00:00:00; held to the years 0000 to 9999.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        let seconds = seconds.clamp(FIRST_SECOND, LAST_SECOND);
        let of_day = seconds.rem_euclid(DAY);
        let (year, month, day) = Date::from_days(seconds.div_euclid(DAY)).civil();
        // The clamp and the divisions hold every value to its field.
        Self {
            year: year as u16,
            month: month as u8,
            day: day as u8,
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }

    /// The calendar time of a wall clock (time since 1970-01-01T00:00:00Z) in the zone
    /// `offset_minutes` east of Greenwich.
    #[must_use]
    pub fn from_wall(wall: Duration, offset_minutes: i16) -> Self {
        let seconds = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
        Self::from_seconds(seconds.saturating_add(i64::from(offset_minutes) * 60))
    }

    /// Seconds from 1970-01-01T00:00:00 to this calendar time, in the same zone.
    #[must_use]
    pub fn to_seconds(self) -> i64 {
        let days = days_from_civil(self.year as i64, self.month as i64, self.day as i64);
        days * DAY
            + i64::from(self.hour) * 3_600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
    }

    /// The wall clock (time since 1970-01-01T00:00:00Z) at this calendar time in the zone
    /// `offset_minutes` east of Greenwich. A time before 1970 gives zero: it is past either way.
    #[must_use]
    pub fn to_wall(self, offset_minutes: i16) -> Duration {
        let seconds = self.to_seconds() - i64::from(offset_minutes) * 60;
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// Whether such a day and time of day exist.
    #[must_use]
    pub fn exists(self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
    }
}

/// How many days a month of that year has; 0 for a month that does not exist.
#[must_use]
pub const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; negative before it.
#[must_use]
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    Date::new(year, month, day).days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_one_before_and_comes_back() {
        let mut day = Civil::from_seconds(days_from_civil(1899, 12, 31) * DAY);
        for number in days_from_civil(1900, 1, 1)..days_from_civil(2401, 1, 1) {
            let next = Civil::from_seconds(number * DAY + 1);
            let ends = day.day == days_in_month(day.year, day.month);
            let expected = match (ends, day.month) {
                (false, _) => (day.year, day.month, day.day + 1),
                (true, 12) => (day.year + 1, 1, 1),
                (true, _) => (day.year, day.month + 1, 1),
            };
            assert_eq!((next.year, next.month, next.day), expected);
            assert_eq!(next.to_seconds(), number * DAY + 1);
            assert!(next.exists());
            day = next;
        }
    }

    #[test]
    fn known_moments_are_met() {
        let moment = Civil { year: 2026, month: 11, day: 20, hour: 18, minute: 46, second: 5 };
        assert_eq!(moment.to_seconds(), 1_795_200_365);
        assert_eq!(Civil::from_wall(Duration::from_secs(1_795_200_365), 0), moment);
        let there = Civil::from_wall(Duration::from_secs(1_795_200_365), 330);
        assert_eq!((there.day, there.hour, there.minute), (21, 0, 16));
        assert_eq!(there.to_wall(330), Duration::from_secs(1_795_200_365));
    }

    #[test]
    fn the_ends_of_time_saturate() {
        assert_eq!(Civil::from_wall(Duration::MAX, i16::MAX).year, 9_999);
        assert_eq!(Civil::from_seconds(i64::MIN).year, 0);
        let before = Civil { year: 1969, month: 12, day: 31, hour: 23, minute: 0, second: 0 };
        assert_eq!(before.to_wall(0), Duration::ZERO);
    }

    #[test]
    fn a_day_that_no_month_has_does_not_exist() {
        let day = Civil { year: 2100, month: 2, day: 29, hour: 0, minute: 0, second: 0 };
        assert!(!day.exists());
        assert!(Civil { year: 2000, ..day }.exists());
        assert!(!Civil { month: 13, ..day }.exists());
        assert!(!Civil { month: 3, hour: 24, ..day }.exists());
    }
}
