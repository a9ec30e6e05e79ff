//! Quiet hours by name: when marketing may be sent, and who said so.
//!
//! Each is dated: what a charter says of next year is another profile, chosen by whoever sends.

use super::senders::FRANCE;
use crate::clock::{Date, Weekday};

/// When messages may be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Profile {
    /// What configurations and verdicts call it.
    pub name: &'static str,
    /// The day it is of.
    pub since: Date,
    /// Minutes of the day it opens and closes at, Monday first; closed on days without.
    days: [Option<(u16, u16)>; 7],
    /// Whether it is closed on public holidays.
    pub rests_on_holidays: bool,
    /// Where that stands.
    pub source: &'static str,
}

const fn hours(from: u16, to: u16) -> Option<(u16, u16)> {
    Some((from * 60, to * 60))
}

const fn every_day(span: Option<(u16, u16)>) -> [Option<(u16, u16)>; 7] {
    [span; 7]
}

const fn no_sunday(span: Option<(u16, u16)>) -> [Option<(u16, u16)>; 7] {
    [span, span, span, span, span, span, None]
}

/// Every profile.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "fr-strict",
        since: Date::new(2018, 1, 1),
        days: no_sunday(hours(8, 20)),
        rests_on_holidays: true,
        source: "what most French platforms promise; stricter than the charter",
    },
    Profile {
        name: "fr-af2m-2024",
        since: Date::new(2024, 9, 1),
        days: no_sunday(hours(8, 22)),
        rests_on_holidays: true,
        source: "AF2M charter of 2024: working days, 08:00 to 22:00",
    },
    Profile {
        name: "fr-af2m-2026",
        since: Date::new(2026, 3, 1),
        days: every_day(Some((8 * 60, 21 * 60 + 30))),
        rests_on_holidays: false,
        source: "AF2M charter of 2026: 08:00 to 21:30; Sundays and holidays tolerated",
    },
    Profile {
        name: "fr-platforms",
        since: Date::new(2024, 9, 1),
        days: no_sunday(hours(8, 22)),
        rests_on_holidays: true,
        source: "what Klaviyo and Brevo enforce",
    },
    Profile {
        name: "us-federal",
        since: Date::new(1991, 12, 20),
        days: every_day(hours(8, 21)),
        rests_on_holidays: false,
        source: "47 CFR 64.1200(c)(1), by the recipient's clock",
    },
    Profile {
        name: "us-strict",
        since: Date::new(2025, 1, 1),
        // RI to 18:00 on weekdays and 10:00 to 17:00 at weekends; TX not before noon on Sundays;
        // CT and TX not before 09:00.
        days: [
            hours(9, 18),
            hours(9, 18),
            hours(9, 18),
            hours(9, 18),
            hours(9, 18),
            hours(10, 17),
            hours(12, 17),
        ],
        rests_on_holidays: false,
        source: "what the strictest state says, for all of them",
    },
    Profile {
        name: "uk",
        since: Date::new(2020, 1, 1),
        days: every_day(hours(9, 20)),
        rests_on_holidays: false,
        source: "no hours in law; the DMA code says not at antisocial times",
    },
    Profile {
        name: "de",
        since: Date::new(2020, 1, 1),
        days: every_day(hours(8, 20)),
        rests_on_holidays: false,
        source: "no hours in law; prudent",
    },
    Profile {
        name: "it",
        since: Date::new(2020, 1, 1),
        days: no_sunday(hours(8, 22)),
        rests_on_holidays: false,
        source: "what carriers block: 22:00 to 08:00 and Sundays",
    },
];

/// The profile of each country that has one: of several the strictest. No prefix begins another.
const OF_COUNTRIES: &[(&[&str], &str)] = &[
    (FRANCE, "fr-strict"),
    (&["1"], "us-strict"),
    (&["39"], "it"),
    (&["44"], "uk"),
    (&["49"], "de"),
];

impl Profile {
    /// The one of the country of a number, which is written without `+`.
    #[must_use]
    pub fn of_country(number: &[u8]) -> Option<&'static Self> {
        let is_of =
            |prefixes: &[&str]| prefixes.iter().any(|one| number.starts_with(one.as_bytes()));
        let (_, name) = OF_COUNTRIES.iter().find(|(prefixes, _)| is_of(prefixes))?;
        Self::named(name)
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// From which minute to which it is open on such a day.
    #[must_use]
    pub fn span(&self, weekday: Weekday) -> Option<(u16, u16)> {
        self.days.get(weekday.place() as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_opens_and_is_found_by_its_name() {
        for profile in PROFILES {
            assert_eq!(Profile::named(profile.name), Some(profile));
            let spans: Vec<(u16, u16)> = profile.days.iter().copied().flatten().collect();
            assert!(spans.len() >= 6, "{}", profile.name);
            assert!(spans.iter().all(|(from, to)| from < to && *to <= 24 * 60));
        }
        assert_eq!(Profile::named("fr"), None);
    }
}
