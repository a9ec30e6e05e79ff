//! `chappe sim`: the engine in simulated worlds, one for each seed.

use std::io::{self, Write};
use std::ops::Range;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::progress::Line;
use super::{Exit, Failure, print, tell, written};
use crate::sim::world::{Failed, Summary, run_range, run_seed};

/// Seeds from which on everything that can go wrong is to have happened.
const WHOLE: u64 = 1_000;
/// How often the line of progress is drawn anew.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Run the engine in simulated worlds: with crashes, faults and peers that misbehave
///
/// Each seed is a world in which the engine takes at least 200 messages and is killed at least
/// once. A seed is always the same world: `--seeds N..N+1 --log` tells how one came about. With
/// 1,000 seeds or more, a fault, kill point or quirk that never occurred is a failure.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The seeds to run, from A on and before B
    #[arg(long, value_name = "A..B", value_parser = range)]
    seeds: Range<u64>,
    /// Tell all that happened in a single world, a line each
    #[arg(long, conflicts_with = "json")]
    log: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Worlds at once [default: as many as there are CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    threads: Option<u16>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let expected = || "expected A..B, two whole numbers with A below B".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(expected)?;
    let number = |text: &str| text.replace('_', "").parse().map_err(|_| expected());
    let range = number(from)?..number(to)?;
    if range.is_empty() { Err(expected()) } else { Ok(range) }
}

/// Runs worlds.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.log {
        return told(args.seeds.clone());
    }
    let threads =
        args.threads.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let (began, line) = (Instant::now(), Line::new());
    let drawn = std::sync::Mutex::new((0_u64, began));
    let summary = run_range(args.seeds.clone(), threads, || {
        let Ok(mut drawn) = drawn.lock() else { return };
        drawn.0 += 1;
        if drawn.1.elapsed() >= DRAWN_EVERY {
            drawn.1 = Instant::now();
            let rate = drawn.0 as f64 / began.elapsed().as_secs_f64();
            line.show(&format!("{} worlds, {rate:.0}/s", drawn.0));
        }
    });
    line.clear();
    let seconds = began.elapsed().as_secs_f64();
    let missing = if summary.seeds >= WHOLE { summary.counts.missing() } else { Vec::new() };
    for failed in &summary.kept {
        for what in &failed.failures {
            tell(format_args!("seed {}: {what}", failed.seed));
        }
    }
    for what in &missing {
        let (group, word) = what.words();
        tell(format_args!("never occurred: {group}: {word}"));
    }
    match args.json {
        true => print(&object(&summary, seconds))?,
        false => table(&summary, seconds)?,
    }
    let is_well = summary.failed == 0 && missing.is_empty();
    Ok(if is_well { Exit::Success } else { Exit::Failure })
}

/// One world, line by line.
fn told(seeds: Range<u64>) -> Result<Exit, Failure> {
    if seeds.end - seeds.start > 1 {
        return Err(Failure::usage("--log tells of a single world: give --seeds N..N+1"));
    }
    let outcome = run_seed(seeds.start, true);
    let mut output = io::stdout().lock();
    written(outcome.log.iter().try_for_each(|line| writeln!(output, "{line}")))?;
    for what in &outcome.failures {
        tell(format_args!("seed {}: {what}", seeds.start));
    }
    Ok(if outcome.failures.is_empty() { Exit::Success } else { Exit::Failure })
}

fn object(summary: &Summary, seconds: f64) -> Value {
    let failed = |one: &Failed| json!({ "seed": one.seed, "failures": one.failures });
    json!({
        "seeds": summary.seeds,
        "failed": summary.failed,
        "failures": summary.kept.iter().map(failed).collect::<Vec<_>>(),
        "seconds": seconds,
        "simulated_seconds": summary.lasted.as_secs(),
        "counts": summary.counts.to_json(),
    })
}

fn table(summary: &Summary, seconds: f64) -> Result<(), Failure> {
    let (seeds, failed) = (summary.seeds, summary.failed);
    let (rate, lasted) = (seeds as f64 / seconds, summary.lasted.as_secs());
    let counts = &summary.counts;
    written(write!(
        io::stdout().lock(),
        "{counts}{seeds} seeds, {failed} failed, in {seconds:.1} s ({rate:.0}/s)\n\
         {lasted} simulated seconds\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_is_two_numbers_the_first_below_the_second() {
        assert_eq!(range("0..1000"), Ok(0..1000));
        assert_eq!(range("1_000_000..2_000_000"), Ok(1_000_000..2_000_000));
        for wrong in ["", "5", "5..", "..5", "5..5", "6..5", "a..b", "-1..5", "1..2..3"] {
            assert!(range(wrong).is_err(), "{wrong:?}");
        }
    }
}
