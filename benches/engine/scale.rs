//! What a message costs the engine as it grows: more binds, prefixes, accounts and messages whose
//! receipt is still to come.
//!
//! Each pair of rows differs in one number alone, and its runs take turns, so that what else the
//! machine does is the same for both. What is compared is the engine's CPU time a message.

use crate::process::{Chappe, Load, SILENT, Shape};
use crate::table;

/// Binds, prefixes, accounts and pending receipts, few and many.
const BINDS: [u32; 2] = [1, 64];
const PREFIXES: [u32; 2] = [10, 30_000];
const ACCOUNTS: [u32; 2] = [1, 1_000];
const PENDING: [u64; 2] = [0, 10_000_000];
/// Messages without a receipt that one run of load leaves behind.
const FILL: u64 = 500_000;

/// Measures and prints each pair, or those whose name begins with this word.
pub fn measure(count: u64, runs: usize, only: &str) {
    println!("{:<36} {:>14} {:>14} {:>8}", "", "few", "many", "many/few");
    println!("{:<36} {:>14} {:>14}", "", "engine CPU s per 100,000 messages", "");
    let load = Load::new(8, count);
    let pair = |name: &str, runs, run: &dyn Fn(usize) -> table::Run| {
        if name.starts_with(only) {
            pair(name, runs, run);
        }
    };
    pair(&format!("binds to the carrier, {BINDS:?}"), runs, &|many| {
        let shape = Shape { binds: BINDS[many], ..Shape::default() };
        super::engine(&shape, &load)
    });
    pair(&format!("prefixes, {PREFIXES:?}"), runs, &|many| {
        let shape = Shape { prefixes: PREFIXES[many], ..Shape::default() };
        super::engine(&shape, &load.clone().with("--destinations", 100_000_000))
    });
    // As many binds of accounts in either case: a socket costs more than an account.
    let binds = ACCOUNTS[1];
    pair(&format!("accounts, {ACCOUNTS:?}, {binds} binds"), runs, &|many| {
        let accounts = ACCOUNTS[many];
        let shape = Shape { accounts, ..Shape::default() };
        let load = Load { window: 10, ..Load::new(binds, count) };
        super::engine(&shape, &if many == 0 { load } else { load.with("--accounts", accounts) })
    });
    pair(&format!("receipts to come, {PENDING:?}"), runs, &|many| pending(PENDING[many], &load));
}

fn pair(name: &str, runs: usize, run: impl Fn(usize) -> table::Run) {
    eprintln!("{name} ...");
    let mut cpu = [Vec::new(), Vec::new()];
    for _ in 0..runs.max(1) {
        for (many, cpu) in cpu.iter_mut().enumerate() {
            cpu.push(run(many).cpu_of("engine"));
        }
    }
    let [few, many] = cpu.map(|mut cpu| {
        cpu.sort_by(f64::total_cmp);
        cpu.get(cpu.len() / 2).copied().unwrap_or(0.0)
    });
    println!("{name:<36} {few:>14.3} {many:>14.3} {:>8.2}", many / few);
}

/// A run while so many messages of another carrier await receipts that do not come.
fn pending(pending: u64, load: &Load) -> table::Run {
    let smsc = Chappe::smsc(&["--receipts", "text", "--receipt-delay", "0ms"]);
    let silent = Chappe::smsc(&["--receipts", "none"]);
    let shape = Shape { silent: Some(silent.address()), ..Shape::default() };
    let engine = Chappe::engine(smsc.address(), &shape);
    let before = engine.rss_bytes();
    if pending > 0 {
        // A load holds back while too many of its own messages lack their receipt.
        for _ in 0..pending / FILL {
            let fill = Load { settle: "1s", ..Load::new(8, FILL) }.with("--prefix", SILENT);
            fill.with("--destinations", 100_000_000).run_anyhow(engine.address());
        }
        let each = engine.rss_bytes().saturating_sub(before) as f64 / pending as f64;
        eprintln!("  {pending} receipts to come: {each:.0} octets of RSS each");
    }
    let cpu_before = engine.cpu_seconds();
    let load = load.run(engine.address());
    let cpu = engine.cpu_seconds() - cpu_before;
    drop(engine);
    let report = smsc.stop();
    drop(silent);
    table::Run::of(&load, &[("load", &load), ("smsc", &report)]).with("engine", cpu)
}
