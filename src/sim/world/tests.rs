//! Worlds, and what their checkers are worth.

use std::ops::Range;

use super::*;
use crate::planted::{Bug, plant};

/// Seeds that are run here: those of a debug build take half a minute of a CPU.
const SEEDS: Range<u64> = 0..if cfg!(debug_assertions) { 60 } else { 5_000 };
/// Within so many seeds each planted bug is noticed, most of them within fifty.
const NOTICED_WITHIN: u64 = 200;

#[test]
fn the_same_seed_is_the_same_world_line_by_line() {
    for seed in 1_000..1_010 {
        let [one, other] = [run_seed(seed, true), run_seed(seed, true)];
        let first = one.log.iter().zip(&other.log).find(|(one, other)| one != other);
        assert_eq!(first, None, "seed {seed}");
        assert_eq!((one.log.len(), one.counts), (other.log.len(), other.counts));
    }
}

#[test]
fn worlds_come_to_their_end_and_nothing_is_lost() {
    let summary = run_range(SEEDS, 2, || {});
    assert_eq!((summary.seeds, summary.failed), (SEEDS.end, 0), "{:#?}", summary.kept);
    let counts = &summary.counts;
    assert!(counts.of(What::Accepted) >= SEEDS.end * MESSAGES);
    assert!(counts.of(What::Restarts) >= SEEDS.end);
    assert!(counts.of(What::Spilled) > 0 && counts.of(What::SpillRead) > 0, "{counts}");
    let points = plan::POINTS.iter().filter(|point| counts.of(**point) == 0);
    assert_eq!(points.collect::<Vec<_>>(), Vec::<&What>::new());
}

/// The first seed in whose world a bug is noticed, and what is said of it.
fn noticed(bug: Bug) -> Option<(u64, String)> {
    plant(Some(bug));
    let found = (0..NOTICED_WITHIN).find_map(|seed| {
        let failures = run_seed(seed, false).failures;
        failures.into_iter().next().map(|failure| (seed, failure))
    });
    plant(None);
    found
}

#[test]
fn every_planted_bug_is_noticed() {
    let missed = std::thread::scope(|scope| {
        let chunks = Bug::ALL.chunks(Bug::ALL.len().div_ceil(4)).map(|bugs| {
            scope.spawn(move || {
                let missed = bugs.iter().filter(|bug| {
                    let noticed = noticed(**bug);
                    println!("{bug:?}: {noticed:?}");
                    noticed.is_none()
                });
                missed.copied().collect::<Vec<_>>()
            })
        });
        let chunks: Vec<_> = chunks.collect();
        chunks.into_iter().flat_map(|chunk| chunk.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(missed, [], "not noticed within {NOTICED_WITHIN} seeds");
}
