//! When a route is open: hours of certain days, by the clocks of a place.

use std::time::Duration;

use crate::clock::{Local, Weekday, Zone};

/// When a route is open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hours {
    /// From when to when of a day.
    pub span: Span,
    /// The days it opens on.
    pub days: Days,
    /// Whose clocks.
    pub zone: Zone,
}

/// From one time of day to another; into the next day where the other is not behind the one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The first minute of it, counted from midnight.
    from: u16,
    /// The first behind it.
    to: u16,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Days(
    /// A bit each, Monday's the lowest.
    u8,
);

/// Why a text is no span.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpanError {
    /// It is not `HH:MM-HH:MM`.
    Form,
    /// It ends when it begins, which may mean always and may mean never.
    Empty,
}

impl Hours {
    /// Whether this moment is within them. An hour that clocks show twice counts twice, one that
    /// they leave out not at all.
    #[must_use]
    pub fn include(&self, wall: Duration) -> bool {
        let Local { weekday, minute } = self.zone.local(wall);
        let Span { from, to } = self.span;
        match from < to {
            true => minute >= from && minute < to && self.days.has(weekday),
            // What began the day before ends today.
            false => {
                (minute >= from && self.days.has(weekday))
                    || (minute < to && self.days.has(weekday.before()))
            }
        }
    }
}

impl Span {
    /// Reads `08:00-20:00`; `24:00` is the end of the day.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let (from, to) = text.split_once('-').ok_or(SpanError::Form)?;
        let minute = |text: &str| minute(text).ok_or(SpanError::Form);
        let (from, to) = (minute(from)?, minute(to)?);
        match (from, to) {
            (MIDNIGHT, _) => Err(SpanError::Form),
            (from, to) if from == to => Err(SpanError::Empty),
            (from, to) => Ok(Self { from, to }),
        }
    }
}

/// The end of a day, in minutes.
const MIDNIGHT: u16 = 24 * 60;

/// The minute of the day of `HH:MM`.
fn minute(text: &str) -> Option<u16> {
    let [ten_hours, hours, b':', ten_minutes, minutes] = *text.as_bytes() else { return None };
    let two = |tens: u8, ones: u8| {
        let both = tens.is_ascii_digit() && ones.is_ascii_digit();
        both.then(|| u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
    };
    let (hours, minutes) = (two(ten_hours, hours)?, two(ten_minutes, minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MIDNIGHT).then_some(minute)
}

impl Days {
    /// All seven.
    pub const ALL: Self = Self(0x7f);

    fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.place()) != 0
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<T: IntoIterator<Item = Weekday>>(days: T) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | (1 << day.place())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Change;

    /// Monday 2026-03-30T00:00:00Z.
    const MONDAY: u64 = 1_774_828_800;

    fn hours(span: &str, days: &[&str], zone: Zone) -> Hours {
        let days = match days {
            [] => Days::ALL,
            days => days.iter().map(|day| Weekday::parse(day).unwrap()).collect(),
        };
        Hours { span: Span::parse(span).unwrap(), days, zone }
    }

    /// Whether they include this time, `day` days behind that Monday.
    fn open(hours: &Hours, day: u64, time: &str) -> bool {
        let minute = u64::from(minute(time).unwrap());
        let at = |second: u64| Duration::from_secs(MONDAY + day * 86_400 + minute * 60 + second);
        let open = hours.include(at(0));
        assert_eq!(hours.include(at(59)), open, "a minute is one");
        open
    }

    #[test]
    fn hours_begin_with_their_first_minute_and_end_before_their_last() {
        let day = hours("08:00-20:00", &[], Zone::default());
        let times = ["07:59", "08:00", "19:59", "20:00"];
        assert_eq!(times.map(|time| open(&day, 0, time)), [false, true, true, false]);
        let always = hours("00:00-24:00", &[], Zone::default());
        assert!(open(&always, 3, "00:00") && open(&always, 3, "23:59"));
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_they_begin_on() {
        let night = hours("20:00-08:00", &["fri"], Zone::default());
        assert!(open(&night, 4, "20:00") && open(&night, 5, "00:00") && open(&night, 5, "07:59"));
        assert!(!open(&night, 4, "07:59") && !open(&night, 5, "20:00"));
        assert!(!open(&night, 5, "08:00"));
        let sunday = hours("22:00-02:00", &["sun"], Zone::default());
        assert!(open(&sunday, 6, "23:00") && open(&sunday, 7, "01:00"), "into Monday");
        let until_midnight = hours("20:00-24:00", &["fri"], Zone::default());
        assert!(open(&until_midnight, 4, "23:59") && !open(&until_midnight, 5, "00:00"));
    }

    #[test]
    fn days_are_those_of_the_place() {
        let tokyo = hours("00:00-24:00", &["tue"], Zone::fixed(9 * 3_600));
        assert!(!open(&tokyo, 0, "14:59") && open(&tokyo, 0, "15:00"));
        assert!(open(&tokyo, 1, "14:59") && !open(&tokyo, 1, "15:00"));
    }

    #[test]
    fn an_hour_that_clocks_leave_out_is_none_and_one_they_show_twice_is_two() {
        // In the night to that Monday clocks go from 02:00 to 03:00, in the next back again.
        let change = |at, offset| Change { at: MONDAY as i64 + at, offset };
        let clocks = [change(3_600, 7_200), change(86_400 + 3_600, 3_600)];
        let zone = Zone::new(3_600, clocks);
        let early = hours("02:00-03:30", &[], zone);
        let opened = |day: u64| {
            let open = (0..1_440).filter(|minute| {
                early.include(Duration::from_secs(MONDAY + day * 86_400 + minute * 60))
            });
            open.count()
        };
        assert_eq!((opened(0), opened(1), opened(2)), (30, 150, 90));
    }

    #[test]
    fn a_span_is_two_times_of_a_day() {
        for wrong in ["", "8:00-20:00", "08:00", "08:00-20:60", "08:00-24:01", "24:00-08:00"] {
            assert_eq!(Span::parse(wrong), Err(SpanError::Form), "{wrong}");
        }
        for wrong in ["08:00 - 20:00", "08.00-20.00", "08:00-20:00-21:00", "+1:00-02:00"] {
            assert_eq!(Span::parse(wrong), Err(SpanError::Form), "{wrong}");
        }
        assert_eq!(Span::parse("08:00-08:00"), Err(SpanError::Empty));
        assert_eq!(Span::parse("00:00-24:00"), Ok(Span { from: 0, to: 1_440 }));
        assert_eq!(Span::parse("20:00-00:00"), Ok(Span { from: 1_200, to: 0 }));
    }
}
