//! A hundred reloads while 50,000 messages a second flow: a route, a rate and a password change
//! each time. No message may be lost, and no bind.

use serde_json::Value;

use super::process::{self, Chappe};

/// Messages a second, and for how long at least.
const RATE: u64 = 50_000;
const SECONDS: u64 = 20;
/// How often the configuration changes meanwhile.
const RELOADS: u64 = 100;

/// Runs it and prints what load, engine and SMSCs found; ends the process if anything was lost.
pub fn measure() {
    let options = ["--receipts", "text", "--receipt-delay", "50ms"];
    let smscs = [Chappe::smsc(&options), Chappe::smsc(&options)];
    let carriers = smscs.each_ref().map(process::Running::address);
    let engine = Chappe::reloading_engine(|turn| configuration(carriers, turn));
    let address = engine.address().to_string();
    let (seconds, rate) = (format!("{SECONDS}s"), RATE.to_string());
    let load = std::thread::spawn(move || {
        let options = ["--binds", "8", "--for", &seconds, "--rate", &rate];
        process::load_with(&address, "secret0", &options)
    });
    let pause = std::time::Duration::from_secs(SECONDS) / (RELOADS as u32 + 10);
    for turn in 1..=RELOADS {
        std::thread::sleep(pause);
        engine.reload(&configuration(carriers, turn));
    }
    let report = load.join().expect("load's report");
    let reloads = engine.metric("chappe_reloads_total{reason=\"ok\"}");
    drop(engine);
    let reports = smscs.map(process::Running::stop);
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
fn configuration(carriers: [process::Address; 2], turn: u64) -> String {
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
