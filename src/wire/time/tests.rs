//! SMPP times: both directions, every wrong octet, and the moments they mean.

use proptest::prelude::*;

use super::*;

/// 2026-11-20T18:46:05Z.
const NOW: Duration = Duration::from_secs(1_795_200_365);

fn read(text: &str) -> SmppTime {
    SmppTime::parse(text.as_bytes()).unwrap().unwrap()
}

fn fault(text: &str) -> (usize, TimeFault) {
    let error = SmppTime::parse(text.as_bytes()).unwrap_err();
    (error.offset, error.fault)
}

#[test]
fn an_absolute_time_is_a_moment_in_its_zone() {
    let time = read("261120194605304+");
    let SmppTime::Absolute(absolute) = time else { panic!("{time:?}") };
    assert_eq!((absolute.tenths, absolute.offset_quarters), (3, 4));
    assert_eq!(time.to_wall(Duration::ZERO, 0), NOW + Duration::from_millis(300));
    assert_eq!(read("261120174605004-").to_wall(Duration::ZERO, 0), NOW);
    assert_eq!(AbsoluteTime::from_wall(NOW, -4).civil.hour, 17);
}

#[test]
fn a_relative_time_counts_from_now() {
    // The example of SMPP 3.4 §7.1.1.2: 2 years, 6 months, 10 days, 23 h 34 min 29 s.
    let time = read("020610233429000R");
    assert_eq!(
        time,
        SmppTime::Relative(RelativeTime {
            years: 2,
            months: 6,
            days: 10,
            hours: 23,
            minutes: 34,
            seconds: 29,
        })
    );
    assert_eq!(read("000000480000000R").to_wall(NOW, 0), NOW + Duration::from_secs(172_800));
    let reached = Civil::from_wall(read("000300000000000R").to_wall(NOW, 0), 0);
    assert_eq!((reached.year, reached.month, reached.day, reached.second), (2027, 2, 20, 5));
}

#[test]
fn a_month_later_than_the_last_day_is_the_last_day() {
    let now = Civil { year: 2027, month: 1, day: 31, hour: 12, minute: 0, second: 0 }.to_wall(0);
    let reached = Civil::from_wall(read("000100000000000R").to_wall(now, 0), 0);
    assert_eq!((reached.month, reached.day, reached.hour), (2, 28, 12));
}

#[test]
fn twelve_digits_are_read_only_where_an_smsc_reports() {
    assert_eq!(fault("261120184605"), (12, TimeFault::Length));
    let time = SmppTime::parse_reported(b"261120184605").unwrap().unwrap();
    assert_eq!(time.to_wall(Duration::ZERO, 0), NOW);
    assert_eq!(time.to_wall(Duration::ZERO, 8), NOW - Duration::from_secs(7_200));
    assert_eq!(time.to_text().as_bytes(), b"261120184605");
    assert_eq!(
        SmppTime::parse_reported(b"261120184605000+").unwrap().unwrap().to_string().len(),
        16
    );
}

#[test]
fn an_empty_field_is_no_time() {
    assert_eq!(SmppTime::parse(b""), Ok(None));
    assert_eq!(SmppTime::parse_reported(b""), Ok(None));
}

#[test]
fn the_century_turns_at_38() {
    for (text, year) in [("37", 2037), ("38", 1938), ("99", 1999), ("00", 2000)] {
        let SmppTime::Absolute(time) = read(&format!("{text}0101000000000+")) else { panic!() };
        assert_eq!(time.civil.year, year);
    }
    assert_eq!(read("690101000000000+").to_wall(NOW, 0), Duration::ZERO);
}

#[test]
fn what_is_before_1970_is_zero_its_tenths_too() {
    assert_eq!(read("491231235959900+").to_wall(NOW, 0), Duration::ZERO);
    assert_eq!(read("700101000000904+").to_wall(NOW, 0), Duration::ZERO);
    assert_eq!(read("700101000000900+").to_wall(NOW, 0), Duration::from_millis(900));
}

#[test]
fn an_error_names_the_octet() {
    let out = |unit, found, least, most| TimeFault::OutOfRange { unit, found, least, most };
    assert_eq!(fault("261320184605000+"), (2, out("month", 13, 1, 12)));
    assert_eq!(fault("260229184605000+"), (4, out("day", 29, 1, 28)));
    assert_eq!(fault("261120244605000+"), (6, out("hour", 24, 0, 23)));
    assert_eq!(fault("261120186005000+"), (8, out("minute", 60, 0, 59)));
    assert_eq!(fault("261120184660000+"), (10, out("second", 60, 0, 59)));
    assert_eq!(fault("261120184605049+"), (13, out("quarter hours", 49, 0, 48)));
    assert_eq!(fault("26112018460500x+"), (14, TimeFault::NotDigit(b'x')));
    assert_eq!(fault("261120184605000Z"), (15, TimeFault::Sign(b'Z')));
    assert_eq!(fault("261120184605000"), (15, TimeFault::Length));
    assert_eq!(fault("261120184605000+0"), (16, TimeFault::Length));
    let said = SmppTime::parse(b"261320184605000+").unwrap_err().to_string();
    assert_eq!(said, "time octet 2: month is 13; expected 01 to 12");
}

#[test]
fn a_period_is_written_without_months() {
    let period = Duration::from_secs(3 * 86_400 + 4 * 3_600 + 5 * 60 + 6);
    let time = RelativeTime::from_duration(period);
    assert_eq!(SmppTime::Relative(time).to_string(), "000003040506000R");
    assert_eq!(time.after(NOW), NOW + period);
    let held = SmppTime::Relative(RelativeTime::from_duration(Duration::MAX));
    assert_eq!(held.to_string(), "000031235959000R");
}

proptest! {
    #[test]
    fn any_octets_give_a_time_or_an_error(octets: Vec<u8>) {
        let _ = SmppTime::parse(&octets);
        let _ = SmppTime::parse_reported(&octets);
    }

    #[test]
    fn what_is_read_is_written_the_same(text in "[0-9]{15}[-+R]") {
        if let Ok(Some(time)) = SmppTime::parse(text.as_bytes()) {
            let written = time.to_text();
            match time {
                // Tenths and zone of a period mean nothing; a zone of no hours has no sign.
                SmppTime::Relative(_) => {
                    prop_assert_eq!(&written.as_bytes()[..12], &text.as_bytes()[..12]);
                }
                SmppTime::Absolute(time) if time.offset_quarters == 0 => {
                    prop_assert_eq!(&written.as_bytes()[..15], &text.as_bytes()[..15]);
                }
                _ => prop_assert_eq!(written.as_bytes(), text.as_bytes()),
            }
            prop_assert_eq!(SmppTime::parse(written.as_bytes()), Ok(Some(time)));
        }
    }

    #[test]
    fn a_moment_survives_text_in_any_zone(
        tenths in 0_u64..21_000_000_000, offset_quarters in -48_i8..=48,
    ) {
        // To the middle of 2036, before the century turns.
        let wall = Duration::from_millis(tenths * 100 + 86_400_000);
        let text = SmppTime::Absolute(AbsoluteTime::from_wall(wall, offset_quarters)).to_text();
        let time = SmppTime::parse(text.as_bytes()).unwrap().unwrap();
        prop_assert_eq!(time.to_wall(Duration::ZERO, 0), wall);
    }

    #[test]
    fn one_changed_octet_is_a_time_or_an_error_at_that_number(
        at in 0_usize..16, octet: u8,
    ) {
        let mut text = *b"261120184605304+";
        text[at] = octet;
        match SmppTime::parse(&text) {
            Ok(time) => prop_assert!(time.is_some()),
            // A month that is shorter shows at the day.
            Err(error) => prop_assert!(error.offset == at || error.offset + 1 == at
                || at == 15 || (at < 4 && error.offset == 4)),
        }
    }
}
