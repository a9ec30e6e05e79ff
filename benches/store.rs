//! The journal alone: what a record costs until it is durable, and what a million take to be read.
//!
//! `cargo bench --bench store` prints, from the same run, what this disk can do (a write and an
//! fdatasync of 4 KiB and of 64 KiB, in files whose octets were all written before) and what the
//! journal makes of it. Names after `--` choose among the rows, `--seconds N` says how long each
//! takes, `--dir DIR` where its files go: by default beside what cargo builds.
//!
//! CPU time is that of the whole process: who fills the batches, the writer, and who gives up old
//! segments. A file system in memory is refused, for it has nothing to wait for.

#[path = "disk.rs"]
mod disk;

use std::collections::VecDeque;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chappe::store::{
    Batch, FileJournal, Journal, MemoryJournal, MemoryStore, Position, Records, Settings,
};

/// How long a row takes unless `--seconds` says otherwise.
const SECONDS: u64 = 5;
/// Records that are read back.
const RECOVERED: u64 = 1_000_000;
/// Runs of which the median counts, where a run takes as long as it takes.
const RUNS: usize = 3;
/// Octets written before anything is measured: all segments are then used again.
const WARM_UP: u64 = 512 << 20;
/// How long anything may take to become durable.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often old segments are given up.
const TRUNCATE_EVERY: Duration = Duration::from_millis(10);
/// Clock ticks a second in /proc, on every Linux.
const TICKS: f64 = 100.0;

/// What is submitted.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    /// Most records that wait to become durable.
    window: usize,
    records_a_batch: usize,
    octets_a_record: usize,
}

const fn records(name: &'static str, window: usize) -> Shape {
    // As a shard does that hands over what one step of it wanted: a few batches wait at a time.
    Shape { name, window, records_a_batch: window / 8, octets_a_record: 200 }
}

const SHAPES: [Shape; 5] = [
    records("window_32", 32),
    records("window_512", 512),
    records("window_4096", 4096),
    // A message by itself: 4 records, 700 octets in all.
    Shape { name: "message_128", window: 512, records_a_batch: 4, octets_a_record: 175 },
    Shape { name: "message_1000", window: 4000, records_a_batch: 4, octets_a_record: 175 },
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let value = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)
    };
    let seconds = value("--seconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(SECONDS);
    let lasts = Duration::from_secs(seconds);
    let directory = value("--dir").map_or(env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let scratch = Scratch::new(&directory);
    let is_wanted = |name: &str| {
        let names = ["disk", "memory", "recovery"].into_iter().chain(SHAPES.map(|it| it.name));
        let is_one = |word: &String| names.clone().any(|name| name == word);
        !words.iter().any(is_one) || words.iter().any(|word| word == name)
    };
    print_machine();
    disk::print_file_system(&directory);
    if is_wanted("disk") {
        disk::print_syncs(&scratch.0.join("disk"), lasts);
    }
    println!(
        "\n{:<24} {:>10} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>8}",
        "", "records/s", "CPU us", "syncs/s", "records", "frame", "octets", "p50", "p99"
    );
    println!(
        "{:<24} {:>10} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>8}",
        "", "", "a record", "", "a frame", "octets", "a record", "ms", "ms"
    );
    if SHAPES.iter().any(|shape| is_wanted(shape.name)) {
        let journal = open(&scratch.0.join("journal"));
        warm_up(&journal);
        for shape in SHAPES.iter().filter(|shape| is_wanted(shape.name)) {
            print_row("files", shape, &in_files(&journal, shape, lasts));
        }
    }
    if is_wanted("memory") {
        for shape in SHAPES {
            print_row("memory", &shape, &in_memory(&shape, lasts));
        }
    }
    if is_wanted("recovery") {
        print_recovery(&scratch.0.join("recovery"));
    }
}

/// Says on what this runs.
fn print_machine() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} x {}, load average {}", model.unwrap_or("unknown CPU"), load.trim());
}

/// A directory of its own, removed afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(directory: &Path) -> Self {
        let path = directory.join(format!("chappe-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for the files");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a row has measured.
struct Figures {
    records: u64,
    seconds: f64,
    cpu_seconds: f64,
    frames: u64,
    octets: u64,
    /// From submit to durable, of each batch.
    took: Vec<Duration>,
}

fn open(path: &Path) -> FileJournal {
    FileJournal::open(path, Settings::default()).expect("a journal")
}

fn warm_up(journal: &FileJournal) {
    let shape = Shape { octets_a_record: 2000, ..records("", 4096) };
    while journal.written().octets() < WARM_UP {
        let _ = in_files(journal, &shape, Duration::from_millis(100));
    }
}

fn in_files(journal: &FileJournal, shape: &Shape, lasts: Duration) -> Figures {
    let is_over = AtomicBool::new(false);
    let watcher = journal.shared_progress().watch().expect("a place to watch from");
    let (frames, octets) = (journal.written().frames(), journal.written().octets());
    let figures = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(TRUNCATE_EVERY);
                let durable = journal.progress().durable();
                journal.truncate_before(durable).expect("what is durable can be given up");
            }
        });
        let figures = drive(journal, shape, lasts, |position| {
            assert!(watcher.wait(position, PATIENCE), "{:?}", journal.progress());
        });
        is_over.store(true, Ordering::Relaxed);
        figures
    });
    let (frames, octets) =
        (journal.written().frames() - frames, journal.written().octets() - octets);
    Figures { frames, octets, ..figures }
}

fn in_memory(shape: &Shape, lasts: Duration) -> Figures {
    let journal = MemoryStore::new().open();
    let commit = |journal: &MemoryJournal| {
        while journal.commit() {}
        let durable = journal.progress().durable();
        journal.truncate_before(durable).expect("what is durable can be given up");
    };
    drive(&journal, shape, lasts, |_| commit(&journal))
}

/// Keeps the window full; `wait` returns when a position is durable.
fn drive(
    journal: &impl Journal,
    shape: &Shape,
    lasts: Duration,
    wait: impl Fn(Position),
) -> Figures {
    let record = vec![7; shape.octets_a_record];
    let mut batch = Batch::new();
    let mut waiting: VecDeque<(Position, Instant)> = VecDeque::new();
    let mut took = Vec::new();
    let places = shape.window / shape.records_a_batch;
    let cpu = cpu_seconds();
    let start = Instant::now();
    while start.elapsed() < lasts {
        while waiting.len() < places {
            (0..shape.records_a_batch).for_each(|_| batch.push(&record));
            let position = journal.submit(&mut batch).expect("fewer wait than may");
            waiting.push_back((position, Instant::now()));
        }
        wait(waiting.front().map_or(Position::NONE, |(position, _)| *position));
        let (durable, now) = (journal.progress().durable(), Instant::now());
        while let Some((_, at)) = waiting.front().filter(|(position, _)| *position <= durable) {
            took.push(now - *at);
            waiting.pop_front();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    wait(waiting.back().map_or(Position::NONE, |(position, _)| *position));
    let cpu_seconds = cpu_seconds() - cpu;
    let records = ((took.len() + waiting.len()) * shape.records_a_batch) as u64;
    Figures { records, seconds, cpu_seconds, frames: 0, octets: 0, took }
}

fn print_row(journal: &str, shape: &Shape, figures: &Figures) {
    let Figures { records, seconds, cpu_seconds, frames, octets, ref took } = *figures;
    let records = records as f64;
    let each = |of: f64, by: f64, digits: usize| match by > 0.0 && of > 0.0 {
        true => format!("{:.digits$}", of / by),
        false => "-".to_owned(),
    };
    let mut took = took.clone();
    println!(
        "{:<24} {:>10.0} {:>8.2} {:>8} {:>8} {:>9} {:>9} {:>8.2} {:>8.2}",
        format!("{journal}/{}", shape.name),
        records / seconds,
        cpu_seconds * 1e6 / records,
        each(frames as f64, seconds, 0),
        each(records, frames as f64, 1),
        each(octets as f64, frames as f64, 0),
        each(octets as f64, records, 1),
        disk::quantile(&mut took, 0.5),
        disk::quantile(&mut took, 0.99),
    );
}

/// Writes a million records, ends like in a crash, and opens and reads them back.
fn print_recovery(path: &Path) {
    let shape = records("", 4096);
    let record = vec![7; shape.octets_a_record];
    let fill = |journal: &dyn Journal, wait: &dyn Fn(Position)| {
        let mut batch = Batch::new();
        for number in 1..=RECOVERED / 100 {
            (0..100).for_each(|_| batch.push(&record));
            let position = journal.submit(&mut batch).expect("fewer wait than may");
            if number % 32 == 0 {
                wait(position);
            }
        }
    };
    let journal = open(path);
    let watcher = journal.shared_progress().watch().expect("a place to watch from");
    fill(&journal, &|position| assert!(watcher.wait(position, PATIENCE)));
    assert!(watcher.wait(journal.submitted(), PATIENCE));
    drop((journal, watcher));
    let memory = MemoryStore::new();
    let journal = memory.open();
    fill(&journal, &|_| while journal.commit() {});
    while journal.commit() {}
    println!("\n{:<24} {:>10} {:>8} {:>10}", "a million records", "opening s", "replay s", "CPU s");
    print_recovery_of("files", || open(path));
    print_recovery_of("memory", || memory.open());
}

fn print_recovery_of<J: Journal>(name: &str, open: impl Fn() -> J) {
    let mut runs: Vec<[f64; 3]> = (0..RUNS)
        .map(|_| {
            let (cpu, start) = (cpu_seconds(), Instant::now());
            let journal = open();
            let opened = start.elapsed().as_secs_f64();
            let mut records = 0;
            let end = journal.replay(Position::FIRST, &mut |entry| {
                records += Records::new(entry.octets).count() as u64;
                ControlFlow::Continue(())
            });
            assert!(end.is_ok() && records == RECOVERED, "{records} records: {end:?}");
            [opened, start.elapsed().as_secs_f64() - opened, cpu_seconds() - cpu]
        })
        .collect();
    runs.sort_by(|one, other| (one[0] + one[1]).total_cmp(&(other[0] + other[1])));
    let [opened, replayed, cpu] = runs[RUNS / 2];
    println!("{:<24} {opened:>10.3} {replayed:>8.3} {cpu:>10.2}", format!("{name}/recovery"));
}

/// CPU time of this process so far, of all its threads.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name of the program, which may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}
