use std::thread::sleep;
use std::time::Duration;

use super::engine::{Engine, until};

/// Requests of the load, and of the engine, that are unanswered at most.
const IN_FLIGHT: u64 = 200;

#[test]
fn killed_again_and_again_under_load_it_loses_nothing_and_repeats_only_what_was_in_flight() {
    let mut engine = Engine::new("window_max = 200");
    let smsc = engine.smsc("--receipts both --latency 3ms --receipt-delay 50ms");
    let load = engine.load(
        "--binds 4 --window 50 --rate 3000 --for 8s --destinations 500 --receipts --settle 20s",
    );
    // Odd times, so that each kill finds it at something else.
    let pauses = [730, 410, 890, 330, 1210, 570, 970, 290];
    for pause in pauses {
        sleep(Duration::from_millis(pause));
        engine.kill();
        engine.start();
    }
    let (load, kills) = (load.report(), pauses.len() as u64);
    assert!(engine.has_checkpoint(), "it read all that ever was");
    engine.end();
    let smsc = smsc.end();
    let of_load = |key: &str| load[key].as_u64().unwrap();
    assert!(of_load("accepted") > 5000 && of_load("binds_lost") >= kills, "{load}");
    assert_eq!((of_load("missing"), of_load("unknown")), (0, 0), "{load}");
    assert!(of_load("duplicates") <= IN_FLIGHT * kills, "{load}");
    let twice = smsc["duplicates"].as_u64().unwrap();
    assert!(twice <= IN_FLIGHT * kills, "{twice} went twice");
    assert_eq!(smsc["receipts_left"], 0);
}

#[test]
fn where_doubts_are_held_nothing_goes_twice_however_often_it_is_killed() {
    let mut engine = Engine::new("window_max = 200\nin_doubt = \"hold\"");
    let smsc = engine.smsc("--receipts none --latency 3ms");
    let load = engine.load("--binds 4 --window 50 --rate 2000 --for 4s --destinations 500");
    for pause in [730, 410, 890, 330] {
        sleep(Duration::from_millis(pause));
        engine.kill();
        engine.start();
    }
    let load = load.report();
    engine.end();
    let smsc = smsc.end();
    assert!(load["accepted"].as_u64().unwrap() > 2000, "{load}");
    assert_eq!(smsc["duplicates"], 0, "{smsc}");
}

#[test]
fn what_waits_for_its_carrier_outlives_a_kill_and_goes_once() {
    let mut engine = Engine::new("");
    let load = engine.load("--count 500 --window 50").report();
    assert_eq!((&load["accepted"], &load["unanswered"]), (&500.into(), &0.into()));
    for _ in 0..3 {
        engine.kill();
        engine.start();
    }
    let smsc = engine.smsc("--receipts none");
    until("all has been sent", || engine.status()["queued"] == 0);
    engine.end();
    let smsc = smsc.end();
    assert_eq!((&smsc["submits"], &smsc["duplicates"]), (&500.into(), &0.into()), "{smsc}");
    assert_eq!(smsc["missing"], 0);
}

#[test]
fn receipts_outlive_a_kill_on_both_sides_of_their_coming() {
    let mut engine = Engine::new("");
    let smsc = engine.smsc("--receipts text --receipt-delay 3s");
    // It leaves before any receipt comes.
    let load = engine.load("--count 300 --window 50 --receipts --settle 0s").report();
    assert_eq!((&load["accepted"], &load["missing"]), (&300.into(), &300.into()));
    // What the carrier has is still known by its id after this.
    engine.kill();
    engine.start();
    until("the receipts have come", || {
        let status = engine.status();
        status["awaiting_receipt"] == 0 && status["queued"] == 0
    });
    engine.kill();
    engine.start();
    // One that another process of the account's asked for is unknown to this one.
    let load = engine.load("--count 1 --receipts --settle 15s").report();
    assert_eq!((&load["unknown"], &load["duplicates"]), (&300.into(), &0.into()), "{load}");
    engine.end();
    drop(smsc);
}

#[test]
fn an_engine_that_is_asked_to_end_repeats_nothing() {
    let mut engine = Engine::new("window_max = 200");
    let smsc = engine.smsc("--receipts both --latency 3ms --receipt-delay 50ms");
    let load = engine.load(
        "--binds 4 --window 50 --rate 2000 --for 4s --destinations 500 --receipts --settle 20s",
    );
    for pause in [730, 890, 610] {
        sleep(Duration::from_millis(pause));
        engine.end();
        engine.start();
    }
    let load = load.report();
    engine.end();
    let smsc = smsc.end();
    assert_eq!((&load["missing"], &load["unknown"]), (&0.into(), &0.into()), "{load}");
    assert_eq!(smsc["duplicates"], 0, "{smsc}");
}

#[test]
fn what_has_ended_is_told_of_after_kills_and_what_was_erased_is_not() {
    let mut engine = Engine::new("");
    let smsc = engine.smsc("--receipts text --receipt-delay 100ms");
    let load = engine.load("--count 300 --window 50 --receipts --settle 20s").report();
    assert_eq!((&load["accepted"], &load["missing"]), (&300.into(), &0.into()));
    let found = engine.ask("trace --number 46700000007");
    let id = found["messages"][0]["id"].as_str().unwrap().to_owned();
    let trace = |engine: &Engine| {
        let trace = engine.ask(&format!("trace {id} --show-numbers"));
        let past = &trace["messages"][0]["past"];
        let events = past["events"].as_array().unwrap().iter();
        let events: Vec<String> =
            events.map(|event| event["event"].as_str().unwrap().to_owned()).collect();
        (events.join(" "), past["destination"].as_str().unwrap().to_owned())
    };
    for _ in 0..2 {
        engine.kill();
        engine.start();
        let (events, destination) = trace(&engine);
        assert_eq!(events, "accepted sent taken receipt ended owed");
        assert!(destination.ends_with("00000007"), "{destination}");
    }
    let erased = engine.ask(&format!("history erase {} --yes", trace(&engine).1));
    assert_eq!(erased["done"], true);
    engine.kill();
    engine.start();
    assert_eq!(trace(&engine).1, "");
    let found = engine.ask("trace --number 46700000007");
    assert_eq!(found["messages"].as_array().unwrap().len(), 0);
    drop(smsc);
}
