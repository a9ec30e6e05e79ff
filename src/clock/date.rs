//! Days of the calendar.

use super::Weekday;

/// A day of the Gregorian calendar, by how many days it is behind 1970-01-01.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date(i64);

impl Date {
    /// The day that is so many days behind 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self(days)
    }

    /// The day of this year, month (1 is January) and day of the month.
    #[must_use]
    pub const fn new(year: i64, month: i64, day: i64) -> Self {
        // The year begins in March here, so that the day that may be missing is its last.
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        // Five months from March last 153 days, in the same pattern of 31 and 30 each time.
        let of_year = (153 * from_march + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Days behind 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.0
    }

    /// The year, the month (1 is January) and the day of the month.
    #[must_use]
    pub const fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        // Each fourth year is a day longer, save each hundredth, save the four hundredth.
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// Its day of the week.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        Weekday((self.0 + 3).rem_euclid(7) as u8)
    }

    /// The day so many days later, or earlier.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Easter Sunday of a year (the anonymous Gregorian computus).
    #[must_use]
    pub const fn easter(year: i64) -> Self {
        let golden = year % 19;
        let (century, of_century) = (year / 100, year % 100);
        let correction = (century + 8) / 25;
        let moon = (century - correction + 1) / 3;
        let epact = (19 * golden + century - century / 4 - moon + 15) % 30;
        let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
        let late = (golden + 11 * epact + 22 * sunday) / 451;
        let behind = epact + sunday - 7 * late + 114;
        Self::new(year, behind / 31, behind % 31 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_and_named() {
        assert_eq!(Date::new(1970, 1, 1), Date::from_days(0));
        assert_eq!(Date::new(2026, 5, 12).days(), 1_778_544_000 / 86_400);
        for days in -200_000..200_000 {
            let (year, month, day) = Date::from_days(days).civil();
            assert_eq!(Date::new(year, month, day).days(), days);
        }
        assert_eq!(Date::new(2028, 3, 1).plus(-1).civil(), (2028, 2, 29));
        assert_eq!(Date::new(2026, 5, 12).weekday().place(), 1);
    }

    #[test]
    fn easter_is_where_it_was_and_will_be() {
        let easters = [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)];
        for (year, month, day) in easters {
            assert_eq!(Date::easter(year), Date::new(year, month, day));
        }
    }
}
