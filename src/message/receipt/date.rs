//! The dates of receipts, in the widths SMSCs write them, to calendar time.

use std::time::Duration;

use crate::wire::time::{SmppTime, civil::Civil, parse_civil};

/// A date and time of day as a receipt gives it. Which zone it is in is seldom said.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ReceiptDate {
    /// The year with its century.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59; 0 where the text has none.
    pub second: u8,
    /// Minutes by which it is ahead of UTC; `None` where the text has no zone.
    pub offset_minutes: Option<i16>,
}

impl ReceiptDate {
    /// Reads a date by its width; `None` for zeros, days that do not exist and all other texts.
    ///
    /// | octets | form |
    /// |---|---|
    /// | 10 | `YYMMDDhhmm` (`SMPP 3.4 Appendix B`) |
    /// | 12 | `YYMMDDhhmmss`; `YYYYMMDDhhmm` where the former does not exist |
    /// | 14 | `YYYYMMDDhhmmss` |
    /// | 15, 16 | `YYMMDDhhmmssnnp`, `YYMMDDhhmmsstnnp`: an absolute time of SMPP |
    /// | 14, 17 | `YY-MM-DD hh:mm` with or without `:ss` |
    /// | 16, 19 | `YYYY-MM-DD hh:mm` with or without `:ss` |
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let (civil, offset_minutes) = match octets.len() {
            10 => (short(octets, b"00")?, None),
            12 => (short(octets, b"").or_else(|| long(octets, b"00"))?, None),
            14 | 17 if octets.get(2) == Some(&b'-') => (dashed(octets, 2)?, None),
            14 => (long(octets, b"")?, None),
            15 => zoned(&widen(octets, 12)?)?,
            16 if octets.get(4) == Some(&b'-') => (dashed(octets, 4)?, None),
            16 => zoned(octets)?,
            19 => (dashed(octets, 4)?, None),
            _ => return None,
        };
        let Civil { year, month, day, hour, minute, second } = civil;
        Some(Self { year, month, day, hour, minute, second, offset_minutes })
    }

    /// The moment meant, as wall time since 1970; `zone_minutes` (ahead of UTC) is taken where the
    /// text has no zone. Before 1970 is zero.
    #[must_use]
    pub fn to_wall(self, zone_minutes: i16) -> Duration {
        let Self { year, month, day, hour, minute, second, offset_minutes } = self;
        let civil = Civil { year, month, day, hour, minute, second };
        civil.to_wall(offset_minutes.unwrap_or(zone_minutes))
    }
}

/// Reads a date with a two-digit year; `seconds` stand in for those it does not have.
fn short(octets: &[u8], seconds: &[u8]) -> Option<Civil> {
    let mut digits = [0; 12];
    for (digit, octet) in digits.iter_mut().zip(octets.iter().chain(seconds)) {
        *digit = *octet;
    }
    parse_civil(&digits).ok()
}

/// Reads a date with a four-digit year.
fn long(octets: &[u8], seconds: &[u8]) -> Option<Civil> {
    let (century, rest) = octets.split_at_checked(2)?;
    let century = match century {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => (tens - b'0') * 10 + (ones - b'0'),
        _ => return None,
    };
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] = rest else { return None };
    let year = u16::from(century) * 100 + u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
    // Read in a leap year first: whether 29 February exists is settled with the full year.
    let mut digits = [b'0'; 12];
    for (digit, octet) in digits.iter_mut().zip(rest.iter().chain(seconds)) {
        *digit = *octet;
    }
    digits[0] = b'0';
    digits[1] = b'0';
    let civil = Civil { year, ..parse_civil(&digits).ok()? };
    (year >= 1_970 && civil.exists()).then_some(civil)
}

/// Reads an absolute time of SMPP with its zone.
fn zoned(octets: &[u8]) -> Option<(Civil, Option<i16>)> {
    match SmppTime::parse(octets) {
        Ok(Some(SmppTime::Absolute(time))) => {
            Some((time.civil, Some(i16::from(time.offset_quarters) * 15)))
        }
        _ => None,
    }
}

/// The sixteen octets of an absolute time from fifteen that leave its tenths (at `at`) out.
fn widen(octets: &[u8], at: usize) -> Option<[u8; 16]> {
    let (digits, zone) = octets.split_at_checked(at)?;
    let mut wide = [b'0'; 16];
    for (slot, octet) in wide.iter_mut().zip(digits.iter().chain(b"0").chain(zone)) {
        *slot = *octet;
    }
    Some(wide)
}

/// Reads `YYYY-MM-DD hh:mm`, or the same with two digits of the year, with or without seconds.
fn dashed(octets: &[u8], year_digits: usize) -> Option<Civil> {
    let before = 4_usize.checked_sub(year_digits)?;
    let mut digits = [b'0'; 14];
    let mut slots = digits.iter_mut().skip(before);
    for (at, &octet) in (before..).zip(octets) {
        match (at, octet) {
            (4 | 7, b'-') | (10, b' ' | b'T') | (13 | 16, b':') => {}
            (4 | 7 | 10 | 13 | 16, _) => return None,
            _ => *slots.next()? = octet,
        }
    }
    match before {
        0 => long(&digits, b""),
        _ => short(digits.get(before..)?, b""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        let date = ReceiptDate::parse(text.as_bytes())?;
        let ReceiptDate { year, month, day, hour, minute, second, offset_minutes } = date;
        let zone = offset_minutes.map(|minutes| format!(" {minutes}")).unwrap_or_default();
        Some(format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{zone}"))
    }

    #[test]
    fn each_width_is_read() {
        let expected = [
            ("1005232039", "2010-05-23 20:39:00"),
            ("110206193041", "2011-02-06 19:30:41"),
            ("201506201641", "2015-06-20 16:41:00"),
            ("20110314181534", "2011-03-14 18:15:34"),
            ("180711070003912+", "2018-07-11 07:00:03 180"),
            ("18071107000322-", "2018-07-11 07:00:03 -330"),
            ("2013-02-17 00:04:29", "2013-02-17 00:04:29"),
            ("2013-02-17 00:04", "2013-02-17 00:04:00"),
            ("18-09-03 12:08", "2018-09-03 12:08:00"),
            ("18-09-03T12:08:16", "2018-09-03 12:08:16"),
            ("20000229000000", "2000-02-29 00:00:00"),
        ];
        for (text, meaning) in expected {
            assert_eq!(shown(text).as_deref(), Some(meaning), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let texts = [
            "",
            "0000000000",
            "000000000000",
            "00000000000000",
            "0000000000000000",
            "9902310000",
            "2501012560",
            "21000229000000",
            "150701adsfas1202",
            "2013/02/17 00:04:29",
            "18-09-31 12:08",
            "18-09-03-12:08",
            "18-09 03 12:08:16",
            "000000480000000R",
            "null",
            "10052320391",
        ];
        for text in texts {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn the_text_s_own_zone_wins_over_the_carrier_s() {
        let zoned = ReceiptDate::parse(b"180711070003012+").unwrap();
        let bare = ReceiptDate::parse(b"180711070003").unwrap();
        assert_eq!(zoned.to_wall(-60), bare.to_wall(180));
        assert_eq!(bare.to_wall(0).as_secs(), 1_531_292_403);
    }

    proptest! {
           #[test]
           fn any_octets_give_a_date_that_exists_or_none(
            text in "[-0-9+RT: ]{8,20}", octets: Vec<u8>,
        ) {
               for octets in [text.as_bytes(), &octets] {
                   if let Some(date) = ReceiptDate::parse(octets) {
                       let ReceiptDate { year, month, day, hour, minute, second, .. } = date;
                       let civil = Civil { year, month, day, hour, minute, second };
    prop_assert!(civil.exists());
                   }
               }
           }
       }
}
