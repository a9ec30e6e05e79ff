//! Worlds one after the other, on as many threads as are wanted.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::counts::Counts;
use super::run_seed;

/// Seeds whose failures are kept; the others are counted.
const KEPT: usize = 20;

/// A seed whose world went wrong.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The seed.
    pub seed: u64,
    /// What went wrong.
    pub failures: Vec<String>,
}

/// What came of a range of seeds.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Seeds that were run.
    pub seeds: u64,
    /// Of them, those whose world went wrong.
    pub failed: u64,
    /// The first of those.
    pub kept: Vec<Failed>,
    /// What happened, and how often.
    pub counts: Counts,
    /// How long the worlds lasted, in their own time.
    pub lasted: Duration,
}

/// Runs the worlds of these seeds on so many threads, until all are run. `progress` is told
/// of each seed that is done.
pub fn run_range(seeds: Range<u64>, threads: usize, progress: impl Fn() + Sync) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    let work = || {
        let mut own = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            own.enter(seed);
            progress();
        }
        if let Ok(mut summary) = summary.lock() {
            summary.join(own);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut summary = summary.into_inner().unwrap_or_default();
    summary.kept.sort_by_key(|failed| failed.seed);
    summary.kept.truncate(KEPT);
    summary
}

impl Summary {
    fn enter(&mut self, seed: u64) {
        let outcome = run_seed(seed, false);
        self.seeds += 1;
        self.lasted += outcome.lasted;
        self.counts.join(&outcome.counts);
        if !outcome.failures.is_empty() {
            self.failed += 1;
            if self.kept.len() < KEPT {
                self.kept.push(Failed { seed, failures: outcome.failures });
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.failed += other.failed;
        self.lasted += other.lasted;
        self.counts.join(&other.counts);
        self.kept.extend(other.kept);
    }
}
