use std::time::Duration;

use crate::clock::Date;
use crate::mt::policy::{Opening, PROFILES, Profile, Region, Regions, opening, places, spread};

const VECTORS: &str = include_str!("vectors.tsv");

/// `2026-05-12T06:00:00Z` as wall time since 1970.
fn moment(text: &str) -> Duration {
    let numbers = text.trim_end_matches('Z').split(['-', 'T', ':']);
    let numbers: Vec<i64> = numbers.map(|number| number.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { panic!("{text}") };
    let days = Date::new(year, month, day).days();
    Duration::from_secs((days * 86_400 + hour * 3_600 + minute * 60 + second) as u64)
}

#[test]
fn every_vector_holds() {
    let mut seen = 0;
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [at, number, region, expected @ ..] = &cells[..] else { panic!("{line}") };
        let regions = match *region {
            "-" => Regions::NONE,
            _ => Regions::of(&[Region::AlsaceMoselle]),
        };
        for (name, expected) in ["fr-strict", "fr-af2m-2024", "fr-af2m-2026"].iter().zip(expected) {
            let profile = Profile::named(name).unwrap();
            let said = opening(profile, places::of(number.as_bytes()), regions, moment(at));
            let expected = match *expected {
                "send" => Opening::Now,
                until => Opening::At(moment(until)),
            };
            assert_eq!(said, expected, "{name}: {line}");
            seen += 1;
        }
    }
    assert_eq!(seen, 19 * 3);
}

#[test]
fn what_is_held_may_go_then_and_not_a_second_before() {
    let numbers = ["33612345678", "68987123456", "12125550100", "18005550100", "262709123456"];
    for profile in PROFILES {
        for number in numbers {
            let places = places::of(number.as_bytes());
            let open = |at| opening(profile, places, Regions::NONE, Duration::from_secs(at));
            for at in (1_766_000_000_u64..1_800_000_000).step_by(86_399 * 3) {
                let Opening::At(until) = open(at) else {
                    continue;
                };
                let (until, name) = (until.as_secs(), profile.name);
                assert_eq!(open(until), Opening::Now, "{name} {number} {at}");
                for between in [at + 1, (at + until) / 2, until - 1] {
                    let same = between >= until || open(between) == Opening::At(moment_of(until));
                    assert!(same, "{name} {number} {at} {between}");
                }
            }
        }
    }
}

fn moment_of(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_country_without_places_has_no_quiet_hours() {
    let strict = Profile::named("fr-strict").unwrap();
    let night = moment("2026-05-12T01:00:00Z");
    assert_eq!(opening(strict, places::of(b"81312345678"), Regions::NONE, night), Opening::Now);
}

#[test]
fn what_was_held_leaves_spread() {
    let (at, over) = (Duration::from_secs(1_000), Duration::from_secs(600));
    let mut tenths = [0; 10];
    for number in 0..10_000 {
        let leaves = spread(at, over, number);
        assert!(leaves >= at && leaves < at + over);
        tenths[(leaves - at).as_secs() as usize / 60] += 1;
    }
    assert!(tenths.iter().all(|tenth| (900..=1_100).contains(tenth)), "{tenths:?}");
    assert_eq!(spread(at, Duration::ZERO, 7), at);
}
