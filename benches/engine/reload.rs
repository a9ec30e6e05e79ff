//! A hundred reloads while 50,000 messages a second flow: a route, a rate and a password change
//! each time. No message may be lost, and no bind.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{self, Address, Chappe, Load, Running, START};

/// Messages a second, and for how long at least.
const RATE: u64 = 50_000;
const SECONDS: u64 = 20;
/// How often the configuration changes meanwhile.
const RELOADS: u64 = 100;

/// Runs it and prints what load, engine and SMSCs found; ends the process if anything was lost.
pub fn measure() {
    let options = ["--receipts", "text", "--receipt-delay", "50ms"];
    let smscs = [Chappe::smsc(&options), Chappe::smsc(&options)];
    let carriers = smscs.each_ref().map(Running::address);
    let engine = Reloading::start(|turn| configuration(carriers, turn));
    let address = engine.address();
    let load = Load { password: "secret0", ..Load::new(8, RATE * SECONDS) }.with("--rate", RATE);
    let load = std::thread::spawn(move || load.run(address));
    let pause = Duration::from_secs(SECONDS) / (RELOADS as u32 + 10);
    for turn in 1..=RELOADS {
        std::thread::sleep(pause);
        engine.reload(&configuration(carriers, turn));
    }
    let report = load.join().expect("load's report");
    let reloads = engine.metric("chappe_reloads_total{reason=\"ok\"}");
    drop(engine);
    let reports = smscs.map(Running::stop);
    let binds: Vec<&Value> = reports.iter().map(|report| &report["binds"]).collect();
    println!(
        "{reloads} reloads in {SECONDS} s: {} submitted, {} accepted, {} a second, refused {}, \
         missing {}, duplicates {}, binds lost {}; p99 {} us; binds made by the carriers {binds:?}",
        report["submitted"],
        report["accepted"],
        report["messages_per_second"],
        report["refused"],
        report["missing"],
        report["duplicates"],
        report["binds_lost"],
        report["latency_us"]["p99"],
    );
    let is_kept = report["binds_lost"] == 0 && report["duplicates"] == 0;
    assert!(is_kept && binds.iter().all(|binds| **binds == 8), "something was lost");
    assert_eq!(reloads, RELOADS as f64, "reloads that were not made");
}

/// Another route, rate and password in each turn.
fn configuration(carriers: [Address; 2], turn: u64) -> String {
    let (rate, order) = match turn.is_multiple_of(2) {
        true => (0, ["one", "two"]),
        false => (900_000 + turn, ["two", "one"]),
    };
    let carrier = |name: &str, address| {
        format!(
            "[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"chappe\"\n\
             binds = 8\nqueue_max_messages = 1000000\n"
        )
    };
    format!(
        "[[account]]\nsystem_id = \"demo\"\npassword = \"secret{turn}\"\nbinds_max = 100\n\
         segments_per_second = {rate}\nqueue_max_messages = 1000000\n\
         receipts_waiting_max = 2000000\n{}{}\
         [[route]]\nname = \"all\"\nto = [{{ carrier = \"{}\" }}, {{ carrier = \"{}\" }}]\n",
        carrier("one", carriers[0]),
        carrier("two", carriers[1]),
        order[0],
        order[1],
    )
}

/// An engine whose configuration changes while it runs.
struct Reloading {
    running: Running,
    metrics: Address,
    file: PathBuf,
    common: String,
}

impl Reloading {
    /// An engine that begins with the configuration of turn 0, and what every turn has.
    fn start(configuration: impl Fn(u64) -> String) -> Self {
        let (address, metrics) = (super::free_address(), super::free_address());
        let name = format!("chappe-bench-{}-{}", std::process::id(), address.port());
        let data = std::env::temp_dir().join(&name).display().to_string();
        let common = format!(
            "[http]\nlisten = \"off\"\n[metrics]\nlisten = \"{metrics}\"\n\
             [log]\nlevel = \"error\"\n[node]\ndata_dir = \"{data}\"\n\
             [smpp]\nlisten = \"{address}\"\n"
        );
        let file = std::env::temp_dir().join(format!("{name}.toml"));
        std::fs::write(&file, common.clone() + &configuration(0)).expect("a configuration");
        let mut command = process::chappe();
        command.args(["run", "--config"]).arg(&file);
        let running = Running::start(command, address);
        let reloading = Self { running, metrics, file, common };
        let begun = Instant::now();
        while reloading.metric("chappe_carrier_binds{carrier=\"two\"}") < 8.0 {
            assert!(begun.elapsed() < START, "the carriers are not bound");
            std::thread::sleep(Duration::from_millis(20));
        }
        reloading
    }

    /// Where it listens.
    fn address(&self) -> Address {
        self.running.address()
    }

    /// Puts another configuration in force; once it is.
    fn reload(&self, configuration: &str) {
        let name = "chappe_reloads_total{reason=\"ok\"}";
        let before = self.metric(name);
        // At once: half a file is none.
        let next = self.file.with_extension("next");
        std::fs::write(&next, self.common.clone() + configuration).expect("a configuration");
        std::fs::rename(next, &self.file).expect("the other one's place");
        let pid = self.running.id().to_string();
        let _ = Command::new("kill").args(["-HUP", &pid]).status();
        let begun = Instant::now();
        while self.metric(name) <= before {
            assert!(begun.elapsed() < START, "it was not reloaded");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of a metric as its line begins; 0 when it is not there.
    fn metric(&self, line: &str) -> f64 {
        let page = get(self.metrics).unwrap_or_default();
        let found = page.lines().find_map(|one| one.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or(0.0)
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn get(address: Address) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}
