//! SMPP time strings to calendar time and back (`SMPP 3.4 §7.1.1`).
//!
//! ```text
//! YYMMDDhhmmsstnnp   absolute: tenths t, nn quarter hours ahead of (+) or behind (-) UTC
//! YYMMDDhhmmss000R   relative: that much after the SMSC takes the message
//! YYMMDDhhmmss       as an SMSC may report it: its own local time
//! ```
//!
//! Years 38 to 99 belong to the 1900s and 00 to 37 to the 2000s. An absolute time must exist (31
//! February does not); a relative one may count any two digits of each unit, since forty-eight
//! hours are as well defined as two days.

use std::{fmt, time::Duration};

pub mod civil;

use civil::{Civil, days_in_month};

/// The first two-digit year of the 1900s: 38 is 1938 and 37 is 2037.
pub const CENTURY_PIVOT: u8 = 38;

/// Octets of an absolute or relative time, its terminating NUL left out.
pub const TIME_OCTETS: usize = 16;

/// Octets of the short form an SMSC may report, its terminating NUL left out.
pub const REPORTED_OCTETS: usize = 12;

/// A time as an SMPP field gives it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SmppTime {
    /// A date and time of day with its zone.
    Absolute(AbsoluteTime),
    /// A period from now.
    Relative(RelativeTime),
    /// A date and time of day in the SMSC's own zone; only an SMSC's reports may hold it.
    Reported(Civil),
}

/// A date and time of day with its zone (`SMPP 3.4 §7.1.1.1`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AbsoluteTime {
    /// The local date and time of day.
    pub civil: Civil,
    /// Tenths of a second, 0 to 9.
    pub tenths: u8,
    /// Quarter hours by which local time is ahead of UTC, -48 to 48.
    pub offset_quarters: i8,
}

/// A period from the moment the SMSC takes the message (`SMPP 3.4 §7.1.1.2`); 0 to 99 of each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RelativeTime {
    /// Calendar years.
    pub years: u8,
    /// Calendar months.
    pub months: u8,
    /// Days.
    pub days: u8,
    /// Hours.
    pub hours: u8,
    /// Minutes.
    pub minutes: u8,
    /// Seconds.
    pub seconds: u8,
}

impl SmppTime {
    /// Reads `schedule_delivery_time` or `validity_period`, without the terminating NUL; an empty
    /// field gives `None`: at once, or the SMSC's default (`SMPP 3.4 §5.2.15`, `§5.2.16`).
    ///
    /// # Errors
    /// Where the string is not 16 octets of an absolute or relative time, and why.
    pub fn parse(octets: &[u8]) -> Result<Option<Self>, TimeError> {
        match octets.len() {
            0 => Ok(None),
            TIME_OCTETS => parse_full(octets).map(Some),
            length => Err(TimeError { offset: length.min(TIME_OCTETS), fault: TimeFault::Length }),
        }
    }

    /// Reads a time that an SMSC reports (`final_date`): as [`SmppTime::parse`], and the 12 digits
    /// of local time too.
    ///
    /// # Errors
    /// Where the string is none of the three forms, and why.
    pub fn parse_reported(octets: &[u8]) -> Result<Option<Self>, TimeError> {
        if octets.len() == REPORTED_OCTETS {
            return parse_civil(octets).map(|civil| Some(Self::Reported(civil)));
        }
        Self::parse(octets)
    }

    /// The moment meant, as wall time since 1970-01-01T00:00:00Z.
    ///
    /// `now` is the wall time a relative period counts from; `zone_quarters` is the SMSC's own
    /// zone, in quarter hours ahead of UTC, for a reported time. Before 1970 is zero, past anyhow.
    #[must_use]
    pub fn to_wall(self, now: Duration, zone_quarters: i8) -> Duration {
        match self {
            Self::Absolute(time) => time.to_wall(),
            Self::Relative(period) => period.after(now),
            Self::Reported(civil) => civil.to_wall(i16::from(zone_quarters) * 15),
        }
    }

    /// The octets of the field, without the terminating NUL.
    #[must_use]
    pub fn to_text(self) -> TimeText {
        let (units, tail, length) = match self {
            Self::Absolute(AbsoluteTime { civil, tenths, offset_quarters }) => {
                let [tens, ones] = two_digits(offset_quarters.unsigned_abs());
                let sign = if offset_quarters < 0 { b'-' } else { b'+' };
                (civil_units(civil), [b'0' + tenths % 10, tens, ones, sign], TIME_OCTETS)
            }
            Self::Relative(RelativeTime { years, months, days, hours, minutes, seconds }) => {
                ([years, months, days, hours, minutes, seconds], *b"000R", TIME_OCTETS)
            }
            Self::Reported(civil) => (civil_units(civil), *b"\0\0\0\0", REPORTED_OCTETS),
        };
        let mut octets = [0; TIME_OCTETS];
        let digits = units.into_iter().flat_map(two_digits);
        for (octet, digit) in octets.iter_mut().zip(digits.chain(tail)) {
            *octet = digit;
        }
        TimeText { octets, length }
    }
}

impl fmt::Display for SmppTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_text().as_bytes().iter().try_for_each(|&octet| write!(f, "{}", char::from(octet)))
    }
}

impl AbsoluteTime {
    /// The moment of a wall clock, shown in the zone `offset_quarters` ahead of UTC.
    #[must_use]
    pub fn from_wall(wall: Duration, offset_quarters: i8) -> Self {
        let offset_quarters = offset_quarters.clamp(-48, 48);
        // A tenth of a second is at most 9.
        let tenths = (wall.subsec_millis() / 100) as u8;
        let civil = Civil::from_wall(wall, i16::from(offset_quarters) * 15);
        Self { civil, tenths, offset_quarters }
    }

    /// The moment meant, as wall time since 1970; zero for what is before it.
    #[must_use]
    pub fn to_wall(self) -> Duration {
        let seconds = self.civil.to_seconds() - i64::from(self.offset_quarters) * 900;
        let tenths = Duration::from_millis(u64::from(self.tenths) * 100);
        u64::try_from(seconds)
            .map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds).saturating_add(tenths))
    }
}

impl RelativeTime {
    /// The whole seconds of `period` in days and below, so that the length of a month never
    /// matters. What is longer than 31 days and 23:59:59 is held to that: strict SMSCs allow no
    /// more in these units, and none keeps a message as long.
    #[must_use]
    pub fn from_duration(period: Duration) -> Self {
        let seconds = period.as_secs().min(32 * 86_400 - 1);
        // Each unit is what the next larger one leaves.
        Self {
            years: 0,
            months: 0,
            days: (seconds / 86_400) as u8,
            hours: (seconds / 3_600 % 24) as u8,
            minutes: (seconds / 60 % 60) as u8,
            seconds: (seconds % 60) as u8,
        }
    }

    /// The wall time this long after `now`. Years and months are the calendar's in UTC; a day
    /// that the month arrived at does not have becomes its last one.
    #[must_use]
    pub fn after(self, now: Duration) -> Duration {
        let mut civil = Civil::from_wall(now, 0);
        let months = u16::from(civil.month) - 1 + u16::from(self.months);
        civil.year = (civil.year + u16::from(self.years) + months / 12).min(9_999);
        // A remainder of twelve months fits.
        civil.month = (months % 12) as u8 + 1;
        civil.day = civil.day.min(days_in_month(civil.year, civil.month));
        let rest = u64::from(self.days) * 86_400
            + u64::from(self.hours) * 3_600
            + u64::from(self.minutes) * 60
            + u64::from(self.seconds);
        civil
            .to_wall(0)
            .saturating_add(Duration::from_nanos(u64::from(now.subsec_nanos())))
            .saturating_add(Duration::from_secs(rest))
    }
}

/// The octets of a time field, kept where they are made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeText {
    octets: [u8; TIME_OCTETS],
    length: usize,
}

impl TimeText {
    /// The octets, without the terminating NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or(&self.octets)
    }
}

/// Where a time string is wrong, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeError {
    /// The octet at fault, from 0; of a two-digit number its first.
    pub offset: usize,
    /// What is wrong there.
    pub fault: TimeFault,
}

/// What can be wrong with a time string.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeFault {
    /// The string ends or goes on here; it must be of its form's length.
    Length,
    /// This octet should be a decimal digit.
    NotDigit(u8),
    /// This number is outside what the unit (or the month's length) allows.
    OutOfRange {
        /// What the number counts.
        unit: &'static str,
        /// The number found.
        found: u8,
        /// The least allowed.
        least: u8,
        /// The most allowed.
        most: u8,
    },
    /// The last octet should be `+`, `-` or `R`.
    Sign(u8),
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time octet {}: ", self.offset)?;
        match self.fault {
            TimeFault::Length => write!(f, "the string ends or goes on; expected 16 octets"),
            TimeFault::NotDigit(octet) => write!(f, "found 0x{octet:02X}; expected a digit"),
            TimeFault::OutOfRange { unit, found, least, most } => {
                write!(f, "{unit} is {found:02}; expected {least:02} to {most:02}")
            }
            TimeFault::Sign(octet) => write!(f, "found 0x{octet:02X}; expected +, - or R"),
        }
    }
}

impl std::error::Error for TimeError {}

/// Reads the 16 octets of an absolute or relative time.
fn parse_full(octets: &[u8]) -> Result<SmppTime, TimeError> {
    let sign = octets.get(15).copied().unwrap_or(0);
    match sign {
        b'R' => parse_relative(octets).map(SmppTime::Relative),
        b'+' | b'-' => {
            let civil = parse_civil(octets)?;
            let tenths = digit(octets, 12)?;
            let quarters = number(octets, 13, "quarter hours", 0, 48)?;
            // At most 48, so the sign fits.
            let ahead = if sign == b'-' { -(quarters as i8) } else { quarters as i8 };
            Ok(SmppTime::Absolute(AbsoluteTime { civil, tenths, offset_quarters: ahead }))
        }
        other => Err(TimeError { offset: 15, fault: TimeFault::Sign(other) }),
    }
}

/// Reads a period; its tenths and zone must be digits and mean nothing (`SMPP 3.4 §7.1.1.2`).
fn parse_relative(octets: &[u8]) -> Result<RelativeTime, TimeError> {
    let period = RelativeTime {
        years: number(octets, 0, "years", 0, 99)?,
        months: number(octets, 2, "months", 0, 99)?,
        days: number(octets, 4, "days", 0, 99)?,
        hours: number(octets, 6, "hours", 0, 99)?,
        minutes: number(octets, 8, "minutes", 0, 99)?,
        seconds: number(octets, 10, "seconds", 0, 99)?,
    };
    digit(octets, 12)?;
    number(octets, 13, "quarter hours", 0, 99)?;
    Ok(period)
}

/// Reads the twelve digits `YYMMDDhhmmss` of a date that exists.
pub(crate) fn parse_civil(octets: &[u8]) -> Result<Civil, TimeError> {
    let year = full_year(number(octets, 0, "year", 0, 99)?);
    let month = number(octets, 2, "month", 1, 12)?;
    Ok(Civil {
        year,
        month,
        day: number(octets, 4, "day", 1, days_in_month(year, month))?,
        hour: number(octets, 6, "hour", 0, 23)?,
        minute: number(octets, 8, "minute", 0, 59)?,
        second: number(octets, 10, "second", 0, 59)?,
    })
}

/// The year of two digits, by [`CENTURY_PIVOT`].
pub(crate) fn full_year(two_digits: u8) -> u16 {
    u16::from(two_digits) + if two_digits < CENTURY_PIVOT { 2_000 } else { 1_900 }
}

/// The six two-digit numbers of a calendar time, the year without its century.
pub(crate) fn civil_units(civil: Civil) -> [u8; 6] {
    let Civil { year, month, day, hour, minute, second } = civil;
    // A remainder of a hundred fits.
    [(year % 100) as u8, month, day, hour, minute, second]
}

/// The two last decimal digits of a number.
pub(crate) fn two_digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

fn number(
    octets: &[u8],
    offset: usize,
    unit: &'static str,
    least: u8,
    most: u8,
) -> Result<u8, TimeError> {
    let found = digit(octets, offset)? * 10 + digit(octets, offset + 1)?;
    if (least..=most).contains(&found) {
        return Ok(found);
    }
    Err(TimeError { offset, fault: TimeFault::OutOfRange { unit, found, least, most } })
}

fn digit(octets: &[u8], offset: usize) -> Result<u8, TimeError> {
    match octets.get(offset) {
        Some(octet @ b'0'..=b'9') => Ok(octet - b'0'),
        Some(&octet) => Err(TimeError { offset, fault: TimeFault::NotDigit(octet) }),
        None => Err(TimeError { offset, fault: TimeFault::Length }),
    }
}

#[cfg(test)]
mod tests;
