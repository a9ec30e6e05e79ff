//! More than there is room for: in time, in memory, and on clocks that jump.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use super::engine::{Engine, Keys, until};
use super::foreign::{is_required, skip};

/// What a carrier takes a second.
const PACE: u64 = 400;

/// Five times as much as the carrier takes: what is too much is refused by its status, the carrier
/// is as busy as it can be, and when there is less again nothing is refused and nothing waits.
#[test]
fn under_five_times_the_load_the_carrier_is_as_busy_as_before_and_all_is_well_after() {
    let mut engine = Engine::at_rest(Keys {
        account: "queue_max_messages = 400",
        carrier: "segments_per_second = 400",
        ..Keys::default()
    });
    engine.start();
    let smsc = engine.smsc("--receipts none");
    let rate = 5 * PACE;
    let much = engine.load(&format!("--binds 4 --window 50 --rate {rate} --for 8s")).report();
    let sent = much["accepted"].as_u64().unwrap();
    until("the queue is empty", || engine.status()["queued"] == 0);
    let less = engine.load(&format!("--binds 4 --window 50 --rate {} --for 4s", PACE / 2)).report();
    engine.end();
    let smsc = smsc.end();
    println!("{much}\n{less}");
    assert!(sent >= 8 * PACE * 9 / 10, "{much}");
    let refused = much["refused"]["ESME_RMSGQFUL"].as_u64().unwrap();
    assert_eq!(sent + refused, much["submitted"].as_u64().unwrap(), "{much}");
    assert!(refused > sent, "{much}");
    assert_eq!((&less["refused"], &less["missing"]), (&serde_json::json!({}), &0.into()), "{less}");
    assert_eq!((&much["binds_lost"], &less["binds_lost"]), (&0.into(), &0.into()));
    let all = sent + less["accepted"].as_u64().unwrap();
    assert_eq!((&smsc["duplicates"], &smsc["accepted"]), (&0.into(), &all.into()), "{smsc}");
}

/// A queue that nobody empties is full at its limit, and what the process holds then is bounded;
/// all that was accepted is delivered when somebody comes.
#[test]
fn memory_is_bounded_where_all_waits_and_all_of_it_is_kept() {
    let mut engine = Engine::at_rest(Keys {
        node: "queue_max_bytes = 16777216",
        account: "queue_max_messages = 1000000\nqueue_max_bytes = 67108864",
        carrier: "queue_max_messages = 1000000\nwindow_max = 100",
        ..Keys::default()
    });
    engine.start();
    let before = resident(&engine);
    let load = engine.load("--binds 4 --window 50 --segments 20 --count 12000").report();
    let after = resident(&engine);
    let accepted = load["accepted"].as_u64().unwrap();
    println!("{} MiB, then {} MiB: {load}", before >> 20, after >> 20);
    assert!(load["refused"]["ESME_RMSGQFUL"].as_u64().unwrap() > 1000, "{load}");
    // Texts of 3,060 octets: as many as there is room for.
    assert!((4000..=5600).contains(&accepted), "{load}");
    assert!(after - before < 160 << 20, "{before} octets, then {after}");
    let smsc = engine.smsc("--receipts none");
    until("all has been sent", || engine.status()["queued"] == 0);
    engine.end();
    assert_eq!(smsc.end()["submits"], accepted * 20);
}

fn resident(engine: &Engine) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", engine.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// The library that makes a process see another time.
fn faketime() -> Option<PathBuf> {
    let places = fs::read_dir("/usr/lib").ok()?.flatten();
    let mut found = places.map(|one| one.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists())
}

/// The wall clock jumps by hours and days, to and fro, while messages flow: none expires, each has
/// its one receipt, the pace is kept, and no session ends.
#[test]
fn a_clock_that_jumps_expires_nothing_and_stops_nothing() {
    let Some(library) = faketime() else {
        assert!(!is_required(), "libfaketime is not here: tests/interop/setup.sh installs it");
        return skip("no libfaketime");
    };
    let mut engine = Engine::at_rest(Keys {
        node: "validity_max_hours = 12",
        carrier: "segments_per_second = 300",
        ..Keys::default()
    });
    let time = engine.directory.join("time");
    fs::write(&time, "+0\n").unwrap();
    let words = [
        "env".to_owned(),
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME_TIMESTAMP_FILE={}", time.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    engine.start_under(&words.each_ref().map(String::as_str));
    let smsc = engine.smsc("--receipts both --receipt-delay 100ms");
    let load = engine.load(
        "--binds 2 --window 50 --rate 250 --for 8s --destinations 500 --receipts --settle 30s",
    );
    let days = |count: i64| count * 86_400;
    let jumps = [3600, -7200, days(1), -days(1), days(3), 0, -3600, days(30), -days(30), 0];
    for jump in jumps {
        sleep(Duration::from_millis(700));
        fs::write(&time, format!("{jump:+}\n")).unwrap();
    }
    let load = load.report();
    assert!(engine.status()["now_unix_ms"].as_u64().unwrap() > 0);
    engine.end();
    let smsc = smsc.end();
    println!("{load}");
    let accepted = &load["accepted"];
    assert!(accepted.as_u64().unwrap() >= 250 * 8 * 9 / 10, "{load}");
    assert_eq!(&load["receipts"], &serde_json::json!({ "DELIVERED": accepted }), "{load}");
    assert_eq!((&load["missing"], &load["unknown"]), (&0.into(), &0.into()), "{load}");
    assert_eq!((&load["binds_lost"], &smsc["binds"]), (&0.into(), &1.into()), "{load} {smsc}");
    assert_eq!(smsc["duplicates"], 0, "{smsc}");
}
