//! Worlds, and what their checkers are worth.

use super::*;

#[test]
fn the_same_seed_is_the_same_world_line_by_line() {
    for seed in 0..4 {
        let [one, other] = [run_seed(seed, true), run_seed(seed, true)];
        let first = one.log.iter().zip(&other.log).find(|(one, other)| one != other);
        assert_eq!(first, None, "seed {seed}");
        assert_eq!((one.log.len(), one.counts), (other.log.len(), other.counts));
    }
}

#[test]
fn worlds_come_to_their_end_and_nothing_is_lost() {
    for seed in 0..20 {
        let outcome = run_seed(seed, false);
        assert_eq!(outcome.failures, Vec::<String>::new(), "seed {seed}");
        assert!(outcome.counts.of(What::Accepted) >= MESSAGES);
        assert!(outcome.counts.of(What::Restarts) >= 1);
    }
}
