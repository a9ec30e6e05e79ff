//! What profiles say now, remembered until it changes: a calendar is asked once a day, and not for
//! each message.

use std::time::Duration;

use super::holidays::Regions;
use super::hours::{Opening, closing, opening};
use super::places::Places;
use super::profiles::Profile;

/// Profiles and places that are remembered; beyond them all are forgotten. A message of one more
/// costs the look at the calendar.
const KNOWN_MAX: usize = 64;

/// What profiles say of places.
#[derive(Debug, Default)]
pub struct Openings {
    known: Vec<Known>,
    /// When the first of those closes that were open when they were forgotten.
    forgotten: Option<Duration>,
}

#[derive(Debug)]
struct Known {
    profile: &'static Profile,
    places: Places,
    opening: Opening,
    /// From when until when it is so.
    since: Duration,
    until: Duration,
}

impl Openings {
    /// Whether a profile is open at this time of the wall clock in every one of these places.
    pub fn of(&mut self, profile: &'static Profile, places: Places, wall: Duration) -> Opening {
        if places.is_empty() {
            return Opening::Now;
        }
        let same = |known: &&Known| {
            std::ptr::eq(known.profile, profile)
                && std::ptr::eq(known.places, places)
                && (known.since..known.until).contains(&wall)
        };
        if let Some(known) = self.known.iter().find(same) {
            return known.opening;
        }
        let opening = opening(profile, places, Regions::NONE, wall);
        let until = match opening {
            Opening::Now => closing(profile, places, wall),
            Opening::At(until) => until,
            Opening::Never => return opening,
        };
        self.known.retain(|known| known.opening == Opening::Now || known.until > wall);
        if self.known.len() >= KNOWN_MAX {
            self.forgotten = self.closes_at();
            self.known.clear();
        }
        self.known.push(Known { profile, places, opening, since: wall, until });
        opening
    }

    /// When the next of those that are open closes.
    #[must_use]
    pub fn closes_at(&self) -> Option<Duration> {
        let open = self.known.iter().filter(|known| known.opening == Opening::Now);
        open.map(|known| known.until).chain(self.forgotten).min()
    }

    /// Forgets those that have closed; whether there was one.
    pub fn close(&mut self, wall: Duration) -> bool {
        let has_closed = self.closes_at().is_some_and(|at| at <= wall);
        self.known.retain(|known| known.opening != Opening::Now || known.until > wall);
        self.forgotten = self.forgotten.filter(|at| *at > wall);
        has_closed
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::super::profiles::PROFILES;
    use super::*;

    #[test]
    fn what_is_remembered_is_what_the_calendar_says() {
        let numbers = ["33612345678", "68987123456", "18505550100", "18005550100", "81312345678"];
        let mut openings = Openings::default();
        // Four weeks around a change of the clocks, each seven minutes.
        for wall in (1_773_000_000_u64..1_775_500_000).step_by(420).map(Duration::from_secs) {
            for profile in PROFILES {
                for number in numbers {
                    let places = places::of(number.as_bytes());
                    let expected = opening(profile, places, Regions::NONE, wall);
                    let said = openings.of(profile, places, wall);
                    assert_eq!(said, expected, "{} {number} {wall:?}", profile.name);
                }
            }
        }
        assert!(openings.known.len() <= KNOWN_MAX);
    }

    #[test]
    fn it_says_when_the_first_closes_and_that_it_has() {
        let (mut openings, profile) = (Openings::default(), Profile::named("fr-strict").unwrap());
        let paris = places::of(b"33612345678");
        // Tuesday 2026-05-12, 19:00 in Paris; it closes at 20:00.
        let (wall, hour) = (Duration::from_secs(1_778_605_200), Duration::from_secs(3_600));
        assert_eq!(openings.closes_at(), None);
        assert_eq!(openings.of(profile, paris, wall), Opening::Now);
        assert_eq!(openings.closes_at(), Some(wall + hour));
        assert!(!openings.close(wall + hour - Duration::from_nanos(1)));
        assert!(openings.close(wall + hour));
        assert_eq!((openings.closes_at(), openings.close(wall + hour)), (None, false));
    }
}
