//! The four frames of `inputs.rs`, read and written by each codec, to nanoseconds an operation.
//!
//! Every column does the same work. Reading starts from one whole frame, finds out which PDU it
//! is, and ends when a value with all fields of header, body and TLVs lies in memory where
//! `black_box` can see it. Writing starts from a value built beforehand and ends with the frame in
//! a buffer. The cases of one row take turns, batch by batch, so that a slow moment of the machine
//! falls on all of them.

mod by_hand;
mod by_rusmpp;
mod by_smpp34;
mod by_smpp_codec;

use std::fmt::Debug;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::args::Args;

/// The libraries, in the order of the columns.
const LIBRARIES: [&str; 4] = ["hand", "rusmpp", "smpp34", "smpp-codec"];

/// The operations, in the order of the rows.
const ROWS: [&str; 8] = [
    "decode/submit_sm",
    "decode/submit_sm_tlvs",
    "decode/submit_sm_resp",
    "decode/receipt",
    "encode/submit_sm",
    "encode/submit_sm_tlvs",
    "encode/submit_sm_resp",
    "encode/receipt",
];

/// Octets of the buffer that is written into again and again.
const BUFFER_OCTETS: usize = 512;

/// Values kept ready for a codec that consumes what it writes: few, so that they stay in cache.
const STOCK: usize = 256;

/// The same for counting instructions: all of them are made before the first is used, whatever
/// the number of iterations, so that making them is no part of the difference between two runs.
const STOCK_COUNTED: usize = 8_192;

/// One operation of one library.
struct Case {
    library: &'static str,
    row: &'static str,
    /// Does the operation so many times and says how long that took.
    run: Box<dyn FnMut(usize) -> Duration>,
}

impl Case {
    /// A case whose operation can be repeated as it stands.
    fn new(
        library: &'static str,
        row: &'static str,
        mut operation: impl FnMut() + 'static,
    ) -> Self {
        let run = move |iterations: usize| {
            let start = Instant::now();
            for _ in 0..iterations {
                operation();
            }
            start.elapsed()
        };
        Self { library, row, run: Box::new(run) }
    }

    /// A case whose operation consumes a copy of `value`; the copies are made off the clock.
    fn consuming<T: Clone + 'static>(
        library: &'static str,
        row: &'static str,
        value: T,
        stock: usize,
        mut operation: impl FnMut(T) + 'static,
    ) -> Self {
        let mut ready = Vec::with_capacity(stock);
        let run = move |iterations: usize| {
            let mut left = iterations;
            let mut taken = Duration::ZERO;
            while left > 0 {
                ready.resize(stock, value.clone());
                let batch = left.min(stock);
                let start = Instant::now();
                for value in ready.drain(..batch) {
                    operation(value);
                }
                taken += start.elapsed();
                left -= batch;
            }
            taken
        };
        Self { library, row, run: Box::new(run) }
    }
}

/// Shows a decoded value to `black_box` where it lies: moving it out of its `Result` would be a
/// copy that no caller has to make.
#[inline(always)]
fn see<T, E: Debug>(read: &Result<T, E>) {
    black_box(read.as_ref().expect("a valid frame"));
}

/// Prints the table, or runs one case bare when `--only` names it.
///
/// # Errors
///
/// An argument that is unknown or out of its range, in words.
pub fn main(mut args: Args) -> Result<(), String> {
    let json = args.flag("--json");
    let only = args.value("--only")?;
    let iterations = args.number("--iterations", 1_000)?;
    let batches = args.number("--batches", 101)?;
    args.finish()?;
    match only {
        Some(name) => run_only(&name, iterations),
        None => print_table(batches.clamp(1, 10_000), json),
    }
    .map(drop)
}

fn cases(stock: usize) -> Vec<Case> {
    let mut cases = by_hand::cases();
    cases.extend(by_rusmpp::cases());
    cases.extend(by_smpp34::cases(stock));
    cases.extend(by_smpp_codec::cases());
    cases
}

/// Runs `library/row` and ends the process at once, so that no clearing up is counted.
fn run_only(name: &str, iterations: usize) -> Result<(), String> {
    if iterations > STOCK_COUNTED {
        return Err(format!("--iterations is at most {STOCK_COUNTED}"));
    }
    let mut cases = cases(STOCK_COUNTED);
    let case = cases
        .iter_mut()
        .find(|case| {
            name.strip_prefix(case.library).and_then(|n| n.strip_prefix('/')) == Some(case.row)
        })
        .ok_or_else(|| format!("--only {name}: no such case; try {}/{}", LIBRARIES[1], ROWS[0]))?;
    (case.run)(iterations);
    std::process::exit(0)
}

fn print_table(batches: usize, json: bool) -> Result<(), String> {
    let mut cases = cases(STOCK);
    if !json {
        println!("nanoseconds an operation, median of {batches} batches; (x hand) in brackets\n");
        print!("{:<24}", "");
        LIBRARIES.iter().for_each(|library| print!("{library:>18}"));
        println!();
    }
    for row in ROWS {
        let medians = measure_row(&mut cases, row, batches);
        if json {
            let columns: Vec<_> =
                LIBRARIES.iter().zip(&medians).map(|(l, ns)| format!("\"{l}\":{ns:.2}")).collect();
            println!("{{\"row\":\"{row}\",\"ns\":{{{}}}}}", columns.join(","));
        } else {
            print!("{row:<24}");
            for ns in &medians {
                print!("{:>18}", format!("{ns:.1} ({:.1})", ns / medians[0]));
            }
            println!();
        }
    }
    Ok(())
}

/// The medians of one row in the order of [`LIBRARIES`], in nanoseconds an operation.
fn measure_row(cases: &mut [Case], row: &str, batches: usize) -> Vec<f64> {
    let mut columns: Vec<_> = LIBRARIES
        .iter()
        .map(|library| {
            let case = cases
                .iter_mut()
                .position(|case| case.library == *library && case.row == row)
                .expect("every library has every row");
            (case, 0, Vec::with_capacity(batches))
        })
        .collect();
    for (case, iterations, _) in &mut columns {
        *iterations = warm_up(&mut cases[*case]);
    }
    for _ in 0..batches {
        for (case, iterations, samples) in &mut columns {
            let taken = (cases[*case].run)(*iterations);
            samples.push(taken.as_nanos() as f64 / *iterations as f64);
        }
    }
    columns.into_iter().map(|(_, _, samples)| median(samples)).collect()
}

/// Runs the case for a twentieth of a second and returns how many iterations take half a
/// millisecond: long beside the clock's own cost, short beside the scheduler's slice.
fn warm_up(case: &mut Case) -> usize {
    let start = Instant::now();
    let mut iterations = 0;
    let mut taken = Duration::ZERO;
    while start.elapsed() < Duration::from_millis(50) {
        taken += (case.run)(1_000);
        iterations += 1_000;
    }
    let ns = (taken.as_nanos() as usize).max(1);
    (iterations * 500_000 / ns).clamp(100, 1_000_000)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_has_every_row_and_runs_it() {
        let mut cases = cases(STOCK);
        assert_eq!(cases.len(), LIBRARIES.len() * ROWS.len());
        for row in ROWS {
            assert!(measure_row(&mut cases, row, 1).iter().all(|ns| *ns > 0.0), "{row}");
        }
    }
}
