//! `hours`, `days` and `zone` of a route: when it is open.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use crate::clock::{Change, LAST_CHANGE, Weekday, Zone};
use crate::mt::routing::{Days, Hours, Span, SpanError};

use super::nearest::nearest;
use super::reader::{Reader, quoted};

/// Zones by name. Their rules are those built into this binary: two machines with the same one
/// route alike, and a container needs no files of zones.
pub(super) struct Zones {
    known: TimeZoneDatabase,
    /// Those that were read, so that routes of one zone share its table.
    read: HashMap<String, Zone>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { known: TimeZoneDatabase::bundled(), read: HashMap::new() }
    }
}

impl Zones {
    /// The zone of a table; notes one that there is none of.
    fn of(&mut self, table: &Reader<'_>) -> Zone {
        let Some(value) = table.value("zone") else { return Zone::default() };
        let Some(name) = value.value.as_str() else {
            table.refuse(&value);
            return Zone::default();
        };
        if let Some(offset) = offset(name) {
            return Zone::fixed(offset);
        }
        if let Some(zone) = self.read.get(name) {
            return zone.clone();
        }
        match self.zone(name) {
            Some(zone) => self.read.entry(name.to_owned()).or_insert(zone).clone(),
            None => {
                let mut names: Vec<String> =
                    self.known.available().map(|name| name.as_str().to_owned()).collect();
                names.sort_unstable();
                let expected = value.key.expected();
                let expected = match nearest(name, names.iter().map(String::as_str)) {
                    Some(near) => format!("{expected}, perhaps {}", quoted(near)),
                    None => expected,
                };
                table.sheet.fault(&value.spot, quoted(name), expected);
                Zone::default()
            }
        }
    }

    /// The zone of this name.
    pub(super) fn zone(&self, name: &str) -> Option<Zone> {
        let zone = self.known.get(name).ok()?;
        let first = zone.to_offset(Timestamp::UNIX_EPOCH).seconds();
        let changes = zone.following(Timestamp::UNIX_EPOCH).map(|change| Change {
            at: change.timestamp().as_second(),
            offset: change.offset().seconds(),
        });
        Some(Zone::new(first, changes.take_while(|change| change.at <= LAST_CHANGE)))
    }
}

/// Seconds ahead of UTC of `+HH:MM` or `-HH:MM`, up to the 14 hours that clocks of any place are
/// from it.
fn offset(text: &str) -> Option<i32> {
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", text) => (1, text),
        ("-", text) => (-1, text),
        _ => return None,
    };
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        let both = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        both.then(|| digits.parse::<i32>().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let offset = hours * 3_600 + minutes * 60;
    (minutes < 60 && offset <= 14 * 3_600).then_some(sign * offset)
}

/// When a route is open; `None` is always. Notes days and zones that no hours are of.
pub(super) fn hours(table: &Reader<'_>, zones: &mut Zones) -> Option<Hours> {
    let days = table.several("days", Weekday::parse);
    let zone = zones.of(table);
    let Some(value) = table.value("hours") else {
        for name in ["days", "zone"] {
            if let Some(value) = table.value(name) {
                let found = format!("{name} without hours");
                let expected = "hours beside it, of which \"00:00-24:00\" is the whole day";
                table.sheet.fault(&value.spot, found, expected);
            }
        }
        return None;
    };
    let span = match value.value.as_str().map(Span::parse) {
        Some(Ok(span)) => Some(span),
        Some(Err(SpanError::Empty)) => {
            let found = "hours that end when they begin";
            let expected = "two different times, or \"00:00-24:00\" for the whole day";
            table.sheet.fault(&value.spot, found, expected);
            None
        }
        Some(Err(SpanError::Form)) | None => {
            table.refuse(&value);
            None
        }
    };
    let days = match table.has("days") {
        true => days.into_iter().map(|(_, day)| day).collect(),
        false => Days::ALL,
    };
    span.map(|span| Hours { span, days, zone })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Local;
    use crate::mt::policy::places;

    #[test]
    fn an_offset_is_hours_and_minutes_with_a_sign() {
        assert_eq!(offset("+02:00"), Some(7_200));
        assert_eq!(offset("-03:30"), Some(-12_600));
        assert_eq!(offset("+14:00"), Some(50_400));
        for wrong in ["", "+", "02:00", "+2:00", "+02", "+14:01", "+02:60", "+-2:00", "é2:00"] {
            assert_eq!(offset(wrong), None, "{wrong}");
        }
    }

    /// What clocks of this zone show at a moment of RFC 3339.
    fn shown(zone: &str, moment: &str) -> (u16, u16) {
        let zone = Zones::default().zone(zone).unwrap();
        let second = moment.parse::<Timestamp>().unwrap().as_second();
        let Local { minute, .. } = zone.local(Duration::from_secs(second as u64));
        (minute / 60, minute % 60)
    }

    #[test]
    fn clocks_change_when_the_place_says() {
        let cases = [
            ("Europe/Paris", "2026-03-29T00:59:59Z", (1, 59)),
            ("Europe/Paris", "2026-03-29T01:00:00Z", (3, 0)),
            ("Europe/Paris", "2026-10-25T00:59:59Z", (2, 59)),
            ("Europe/Paris", "2026-10-25T01:00:00Z", (2, 0)),
            ("America/New_York", "2026-03-08T06:59:59Z", (1, 59)),
            ("America/New_York", "2026-03-08T07:00:00Z", (3, 0)),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", (1, 30)),
            ("Asia/Kolkata", "2026-07-01T00:00:00Z", (5, 30)),
            ("Europe/Paris", "2089-07-01T10:00:00Z", (12, 0)),
            ("Europe/Paris", "1970-01-01T00:00:00Z", (1, 0)),
            ("UTC", "2026-07-01T23:59:00Z", (23, 59)),
        ];
        for (zone, moment, expected) in cases {
            assert_eq!(shown(zone, moment), expected, "{zone} {moment}");
        }
    }

    #[test]
    fn every_zone_agrees_with_the_rules_it_is_made_of() {
        let zones = Zones::default();
        let mut count = 0;
        for name in zones.known.available() {
            let (zone, rules) =
                (zones.zone(name.as_str()).unwrap(), zones.known.get(name.as_str()));
            let rules = rules.unwrap();
            let at_changes = zone.changes().flat_map(|change| [change.at - 1, change.at]);
            for second in (0..LAST_CHANGE).step_by(9_876_543).chain(at_changes) {
                let moment = Timestamp::from_second(second).unwrap();
                let shown = second + i64::from(rules.to_offset(moment).seconds());
                let Local { minute, .. } = zone.local(Duration::from_secs(second as u64));
                assert_eq!(i64::from(minute), shown.rem_euclid(86_400) / 60, "{name} at {moment}");
            }
            count += 1;
        }
        assert!(count > 300, "{count} zones");
    }

    #[test]
    fn the_clocks_of_places_are_those_of_the_rules() {
        let known = TimeZoneDatabase::bundled();
        let (from, to) = (1_767_225_600, 2_208_988_800); // 2026 to 2039.
        for place in places::all() {
            let rules = known.get(place.zone).unwrap();
            for second in (from..to).step_by(3_600) {
                let moment = Timestamp::from_second(second).unwrap();
                let offset = i64::from(rules.to_offset(moment).seconds());
                assert_eq!(place.offset(second), offset, "{} at {moment}", place.zone);
            }
        }
    }
}
