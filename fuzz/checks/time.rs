//! What must hold for any time string of SMPP, at any moment it is read.
#![allow(dead_code)] // Each target calls its own.

use std::fmt::{self, Write};
use std::time::Duration;

use chappe::message::receipt::ReceiptDate;
use chappe::wire::time::civil::Civil;
use chappe::wire::time::{AbsoluteTime, RelativeTime, SmppTime, TIME_OCTETS};

/// The first octets are a moment and a zone, the rest is the string.
pub fn time(octets: &[u8]) {
    let Some((&[zone, coarse @ .., fine], text)) = octets.split_first_chunk::<8>() else { return };
    // Beyond the year 9999 too, which no string can show.
    let [a, b, c, d, e, f] = coarse;
    let now = Duration::from_millis(u64::from_be_bytes([0, 0, a, b, c, d, e, f]) << (fine & 15));
    let zone = zone.cast_signed();
    for parsed in [SmppTime::parse(text), SmppTime::parse_reported(text)] {
        match parsed {
            Ok(None) => assert!(text.is_empty()),
            Ok(Some(time)) => see(time, text, now, zone),
            Err(error) => {
                assert!(error.offset <= text.len().max(TIME_OCTETS));
                let _ = write!(Nowhere, "{error}");
            }
        }
    }
    if let Some(ReceiptDate { year, month, day, hour, minute, second, .. }) =
        ReceiptDate::parse(text)
    {
        assert!(Civil { year, month, day, hour, minute, second }.exists());
    }
    show(now, zone);
}

/// What is read is written, but for what a period's last digits say, which is nothing.
fn see(time: SmppTime, text: &[u8], now: Duration, zone: i8) {
    let written = time.to_text();
    let written = written.as_bytes();
    assert_eq!(SmppTime::parse_reported(written), Ok(Some(time)));
    match time {
        SmppTime::Absolute(time) => {
            assert!(time.civil.exists());
            // Nothing behind UTC is written as nothing ahead of it.
            assert!(written == text || (time.offset_quarters == 0 && written[..15] == text[..15]));
            let wall = time.to_wall();
            if !wall.is_zero() {
                assert_eq!(AbsoluteTime::from_wall(wall, time.offset_quarters), time);
            }
        }
        SmppTime::Relative(period) => {
            assert_eq!(written[..12], text[..12]);
            // Nothing is after the year 9999, and 99 years and 99 months take 108 years.
            assert!(now > Duration::from_secs(249_000_000_000) || period.after(now) >= now);
        }
        SmppTime::Reported(civil) => {
            assert!(civil.exists());
            assert_eq!(written, text);
        }
    }
    let _ = (time.to_wall(now, zone), write!(Nowhere, "{time}"));
}

/// Any moment can be shown; what is shown of the years two digits can tell is that moment.
fn show(now: Duration, zone: i8) {
    let time = AbsoluteTime::from_wall(now, zone);
    assert!(time.civil.exists());
    let written = SmppTime::Absolute(time).to_text();
    let read = SmppTime::parse(written.as_bytes());
    assert!(matches!(read, Ok(Some(SmppTime::Absolute(_)))), "{read:?}");
    if (1_970..2_038).contains(&time.civil.year) {
        assert_eq!(read, Ok(Some(SmppTime::Absolute(time))));
        assert_eq!(time.to_wall().as_millis() / 100, now.as_millis() / 100);
    }
    let period = SmppTime::Relative(RelativeTime::from_duration(now)).to_text();
    assert!(SmppTime::parse(period.as_bytes()).is_ok());
}

/// Takes what is printed and keeps none of it.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
