//! The engine measured whole: load, engine and SMSC as three processes over loopback.
//!
//! `cargo bench --bench engine` runs everything and prints a table; names after `--` choose
//! (`server`, `relay`, `engine`, `segments`, `half`, `journal`, `scale`, `idle`; `reload` runs only
//! by its name), `--count N` sets the messages of a run, `--runs N` how often each is repeated: the
//! median is printed, the lowest and highest beside it. `--only accounts` takes the one pair of
//! `scale` whose name begins with that word.
//!
//! Beside the engine's figures stands, from the same run, a raw relay that only renumbers frames
//! and carries receipts too (`benches/peers`): what the machine could move at that moment.

#[path = "../disk.rs"]
mod disk;
mod idle;
mod journal;
mod process;
mod reload;
mod scale;
mod table;

use process::{Address, Chappe, Load, Running, Shape};
use table::{Row, print};

/// Messages of a run unless `--count` says otherwise.
const COUNT: u64 = 1_000_000;
/// Segments of a long message, which the engine cuts.
const SEGMENTS: u64 = 3;
/// Runs of each row unless `--runs` says otherwise.
const RUNS: usize = 3;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)?.parse().ok()
    };
    let count: u64 = number("--count").unwrap_or(COUNT);
    let runs = number("--runs").map_or(RUNS, |runs| runs as usize);
    let all =
        ["server", "relay", "engine", "segments", "half", "journal", "scale", "idle", "reload"];
    let names: Vec<&str> =
        all.into_iter().filter(|name| words.iter().any(|word| word == name)).collect();
    let wanted = |name: &str| names.is_empty() || names.contains(&name);
    process::print_machine();
    let mut rows = Vec::new();
    for (binds, count) in [(1, count * 2), (8, count * 4)] {
        if wanted("server") {
            rows.push(repeat(&format!("session server {binds} x 100"), runs, || {
                server(binds, count)
            }));
        }
    }
    for binds in [1, 8] {
        if wanted("relay")
            && let Some(peers) = process::build_peers()
        {
            let name = format!("raw relay, receipts, {binds} x 100");
            rows.push(repeat(&name, runs, || relay(&peers, binds, count)));
        }
        if wanted("engine") {
            let name = format!("engine, receipts, {binds} x 100");
            let load = Load::new(binds, count);
            rows.push(repeat(&name, runs, || engine(&Shape { binds, ..Shape::default() }, &load)));
        }
    }
    if wanted("segments") {
        let load = Load::new(8, count / 3).with("--segments", SEGMENTS);
        let name = format!("engine, receipts, {SEGMENTS} segments each, 8 x 100");
        rows.push(repeat(&name, runs, || engine(&Shape::default(), &load)));
    }
    if wanted("half") {
        let rate = half_rate(&rows, count);
        let load = Load::new(8, count).with("--rate", rate);
        let name = format!("engine, receipts, at {rate} a second, 8 x 100");
        rows.push(repeat(&name, runs, || engine(&Shape::default(), &load)));
    }
    if wanted("journal") {
        rows.extend(journal::rows(count, runs));
    }
    if !rows.is_empty() {
        print(&rows);
    }
    if wanted("scale") {
        let only = words.iter().skip_while(|word| *word != "--only").nth(1);
        scale::measure(count, runs, only.map_or("", String::as_str));
    }
    if wanted("idle") {
        idle::measure();
    }
    if names.contains(&"reload") {
        reload::measure();
    }
}

fn repeat(name: &str, runs: usize, mut run: impl FnMut() -> table::Run) -> Row {
    eprintln!("{name} ...");
    Row { name: name.to_owned(), runs: (0..runs.max(1)).map(|_| run()).collect() }
}

/// Half of what the engine did at full load, measured now if it was not.
fn half_rate(rows: &[Row], count: u64) -> u64 {
    let measured = rows.iter().find(|row| row.name == "engine, receipts, 8 x 100");
    let full = match measured {
        Some(row) => row.median_rate(),
        None => engine(&Shape::default(), &Load::new(8, count)).rate(),
    };
    (full / 2.0) as u64 / 1000 * 1000
}

/// A listener that answers submit_sm, nothing behind it.
fn server(binds: u32, count: u64) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "none"]);
    let load = Load { receipts: false, ..Load::new(binds, count) }.run(smsc.address());
    let report = smsc.stop();
    table::Run::of(&load, &[("load", &load), ("smsc", &report)])
}

/// The ceiling: our load and SMSC with nothing between them but renumbering.
fn relay(peers: &std::path::Path, binds: u32, count: u64) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let relay = Running::relay(peers, smsc.address());
    let load = Load::new(binds, count).run(relay.address());
    let cpu = relay.cpu_seconds();
    drop(relay);
    let report = smsc.stop();
    table::Run::of(&load, &[("load", &load), ("smsc", &report)]).with("relay", cpu)
}

/// Account, engine, carrier: a response and a receipt back for each message.
fn engine(shape: &Shape, load: &Load) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let engine = Chappe::engine(smsc.address(), shape);
    let load = load.run(engine.address());
    let cpu = engine.cpu_seconds();
    drop(engine);
    let report = smsc.stop();
    table::Run::of(&load, &[("load", &load), ("smsc", &report)]).with("engine", cpu)
}

/// An address of this machine that nobody listens on yet.
fn free_address() -> Address {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
