//! Whether a profile is open for a number now, and if not, when.

use std::time::Duration;

use super::holidays::Regions;
use super::places::Place;
use super::profiles::Profile;
use crate::clock::Date;

/// Days looked ahead for an opening. Nothing that rests on holidays and Sundays rests for so long.
const DAYS_AHEAD: i64 = 16;
const DAY: i64 = 86_400;

/// What a profile says of a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// It is open, everywhere the number may be.
    Now,
    /// It is not, and will be then, as wall time since 1970.
    At(Duration),
    /// It is not for as far as was looked.
    Never,
}

/// Whether `profile` is open at this time of the wall clock in every one of `places`; `regions` are
/// what else is known of where the person lives. It is open from its first minute to before its
/// last.
#[must_use]
pub fn opening(profile: &Profile, places: &[Place], regions: Regions, wall: Duration) -> Opening {
    let now = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX / 2);
    let (mut at, end) = (now, now.saturating_add(DAYS_AHEAD * DAY));
    while at <= end {
        let opens = |place: &Place| opens(profile, place, regions, at).unwrap_or(end + 1);
        match places.iter().map(opens).max().unwrap_or(at) {
            next if next > at => at = next,
            _ if at == now => return Opening::Now,
            _ => return Opening::At(Duration::from_secs(u64::try_from(at).unwrap_or_default())),
        }
    }
    Opening::Never
}

/// When what [`opening`] says of a moment at which it is open ends: the first close of any place.
#[must_use]
pub fn closing(profile: &Profile, places: &[Place], wall: Duration) -> Duration {
    let now = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX / 2);
    let closes = |place: &Place| {
        let today = Date::from_days((now + place.offset(now)).div_euclid(DAY));
        let (_, to) = profile.span(today.weekday())?;
        Some(place.moment(today.days() * DAY + i64::from(to) * 60))
    };
    let first = places.iter().filter_map(closes).min();
    first.map_or(Duration::MAX, |at| Duration::from_secs(u64::try_from(at).unwrap_or_default()))
}

/// When a profile is open in one place, from `at` on: then, or later.
fn opens(profile: &Profile, place: &Place, regions: Regions, at: i64) -> Option<i64> {
    let shown = at + place.offset(at);
    let today = Date::from_days(shown.div_euclid(DAY));
    let regions = regions.and(place.regions);
    for day in 0..DAYS_AHEAD {
        let date = today.plus(day);
        let Some((from, to)) = profile.span(date.weekday()) else {
            continue;
        };
        if profile.rests_on_holidays && regions.rest_on(date) {
            continue;
        }
        let midnight = date.days() * DAY;
        let (from, to) = (midnight + i64::from(from) * 60, midnight + i64::from(to) * 60);
        if shown < from {
            return Some(place.moment(from));
        }
        if shown < to {
            return Some(at);
        }
    }
    None
}

/// When a message that was held until `at` leaves: spread over so long, by its number, so that not
/// all that waited leaves in one second.
#[must_use]
pub fn spread(at: Duration, over: Duration, number: u64) -> Duration {
    let over = u64::try_from(over.as_millis()).unwrap_or(u64::MAX);
    // Numbers follow each other; what they are multiplied by does not (Fibonacci hashing).
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let part = (u128::from(mixed) * u128::from(over)) >> 64;
    at + Duration::from_millis(part as u64) // Less than `over`.
}
