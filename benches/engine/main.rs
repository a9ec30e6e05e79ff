//! The engine measured whole: load, engine and SMSC as three processes over loopback.
//!
//! `cargo bench --bench engine` runs everything and prints a table; names after `--` choose
//! (`server`, `relay`, `engine`, `idle`; `reload` runs only by its name), `--count N` sets the
//! messages of a run, `--runs N` how often each is repeated: the median is printed, the lowest and
//! highest beside it.
//!
//! Beside the engine's figures stands, from the same run, a raw relay that only renumbers frames
//! and carries receipts too (`benches/peers`): what the machine could move at that moment.

mod idle;
mod process;
mod reload;
mod table;

use process::{Address, Chappe, Running};
use table::{Row, print};

/// Messages of a run unless `--count` says otherwise.
const COUNT: u64 = 1_000_000;
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
    let names: Vec<&str> = ["server", "relay", "engine", "idle", "reload"]
        .into_iter()
        .filter(|name| words.iter().any(|word| word == name))
        .collect();
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
            rows.push(repeat(&name, runs, || engine(binds, count)));
        }
    }
    if !rows.is_empty() {
        print(&rows);
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

/// A listener that answers submit_sm, nothing behind it.
fn server(binds: u32, count: u64) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "none"]);
    let load = process::load(smsc.address(), binds, count, false);
    let report = smsc.stop();
    table::Run::of(&load, &[("load", &load), ("smsc", &report)])
}

/// The ceiling: our load and SMSC with nothing between them but renumbering.
fn relay(peers: &std::path::Path, binds: u32, count: u64) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let relay = Running::relay(peers, smsc.address());
    let load = process::load(relay.address(), binds, count, true);
    let cpu = relay.cpu_seconds();
    drop(relay);
    let report = smsc.stop();
    table::Run::of(&load, &[("load", &load), ("smsc", &report)]).with("relay", cpu)
}

/// Account, engine, carrier: a response and a receipt back for each message.
fn engine(binds: u32, count: u64) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let engine = Chappe::engine(smsc.address(), binds, None);
    let load = process::load(engine.address(), binds, count, true);
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
