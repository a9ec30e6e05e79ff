//! The engine with its journal, beside what the disk does by itself.

use std::path::Path;
use std::time::Duration;

use crate::disk;
use crate::process::{Chappe, JOURNALS, Load, Shape};
use crate::table::{Row, Run};

/// How long the disk alone is measured, for each size of a write.
const DISK: Duration = Duration::from_secs(3);
/// Messages before those that are measured: its segments are used again then.
const WARM_UP: u64 = 500_000;
/// A rate at which latency is looked at.
const RATE: u64 = 100_000;

/// Each row is a load on an engine that has been under load before.
pub fn rows(count: u64, runs: usize) -> Vec<Row> {
    let directory = Path::new(JOURNALS);
    disk::print_file_system(directory);
    let file = directory.join(format!("chappe-bench-disk-{}", std::process::id()));
    disk::print_syncs(&file, DISK);
    let _ = std::fs::remove_file(file);
    let loads = [
        ("1 x 10".to_owned(), Load { window: 10, ..Load::new(1, count / 10) }),
        ("1 x 100".to_owned(), Load::new(1, count)),
        ("8 x 100".to_owned(), Load::new(8, count)),
        (format!("8 x 100 at {RATE} a second"), Load::new(8, count / 2).with("--rate", RATE)),
    ];
    let rows = loads.into_iter().map(|(name, load)| {
        crate::repeat(&format!("engine with its journal, receipts, {name}"), runs, || run(&load))
    });
    rows.collect()
}

fn run(load: &Load) -> Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let shape = Shape { binds: load.binds, journal: true, ..Shape::default() };
    let engine = Chappe::engine(smsc.address(), &shape);
    Load::new(8, WARM_UP).run(engine.address());
    let before = engine.cpu_seconds();
    let load = load.run(engine.address());
    let cpu = engine.cpu_seconds() - before;
    drop((engine, smsc));
    Run::of(&load, &[("load", &load)]).with("engine", cpu)
}
