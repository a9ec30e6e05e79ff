//! Killed at random moments, over and over, under load.
//!
//! `CHAPPE_KILLS=1000 CHAPPE_MESSAGES=1000000` makes it long; `CHAPPE_SEED` chooses the moments.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use super::audit::Audit;
use super::engine::{Engine, Keys, Tool, free_address, until};
use super::tap::{Log, Side, relay};

/// Segments that a carrier may have without an answer.
const WINDOW: u64 = 200;
/// The longest time that it runs before it is killed.
const RUNS_MAX_MS: u64 = 550;
/// How long it takes from one kill to the next.
const CYCLE_MS: u64 = 420;

pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// How often and under how much it ends.
pub struct Storm {
    pub ends: u64,
    pub messages: u64,
    /// From one end to the next, as it turns out with starts and new binds.
    pub cycle_ms: u64,
    /// Whether some starts are cut short too.
    pub in_starts: bool,
}

#[test]
fn killed_at_random_moments_it_loses_nothing_and_repeats_only_what_was_in_flight() {
    let storm = Storm {
        ends: number("CHAPPE_KILLS", 15),
        messages: number("CHAPPE_MESSAGES", 12_000),
        cycle_ms: CYCLE_MS,
        in_starts: true,
    };
    survive(&storm, |_| {}, Engine::kill);
}

/// Load on an engine that ends in this way at random moments and is started again. `prepare` is
/// done before it is started first.
pub fn survive(storm: &Storm, prepare: impl FnOnce(&Engine), mut end: impl FnMut(&mut Engine)) {
    let &Storm { ends, messages, cycle_ms, in_starts } = storm;
    let mut seed = number("CHAPPE_SEED", 1);
    let log = Arc::new(Mutex::new(Log::default()));
    let [to_engine, to_smsc] = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let [client, carrier] = [&to_engine, &to_smsc].map(|one| one.local_addr().unwrap());
    let smsc = free_address();
    let mut engine = Engine::at_rest(Keys {
        carrier: "window_max = 100\nbinds = 2\nin_doubt = \"resend\"",
        smsc: Some(carrier),
        ..Keys::default()
    });
    relay(to_engine, engine.smpp, Side::Client, &log);
    relay(to_smsc, smsc, Side::Carrier, &log);
    prepare(&engine);
    engine.start();
    let smsc = Tool::of(&format!(
        "smsc --listen {smsc} --receipts both --latency 3ms --receipt-delay 50ms"
    ));
    let rate = messages * 1000 / (ends * cycle_ms);
    let mut load = Tool::of(&format!(
        "load --connect {client} --system-id acct --password secret --binds 4 --window 50 \
         --rate {rate} --count {messages} --destinations 5000 --receipts --settle 240s"
    ));
    for _ in 0..ends {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = seed >> 33;
        sleep(Duration::from_millis(random % RUNS_MAX_MS));
        end(&mut engine);
        log.lock().unwrap().process += 1;
        match random.is_multiple_of(8) && in_starts {
            // It ends again while it starts.
            true => engine.launch(&[]),
            false => {
                // Until it serves: on a slow machine a start takes longer than any pause here.
                let before = log.lock().unwrap().answers;
                engine.start();
                let serves = || log.lock().unwrap().answers > before;
                until("it serves", || serves() || load.has_ended());
            }
        }
    }
    let report = load.report();
    engine.until_it_answers();
    let told = engine.log();
    engine.end();
    let smsc = smsc.end();
    let audit = Audit::of(&log.lock().unwrap(), &told);
    println!("{ends} ends, {} starts: {audit}", told.matches("journal read").count());
    println!("load: {report}\nsmsc: {smsc}");
    audit.assert_sound();
    // In flight is what has no answer, and what has one that is not durable yet: of that at most as
    // much again, for what goes out next waits for the same sync.
    let in_flight = 2 * WINDOW;
    assert!(audit.in_doubt_max <= in_flight, "more came into doubt than may be in flight");
    assert!(audit.copies <= in_flight * ends && audit.told_again <= 2 * 4 * 50 * ends);
    // The two programs saw no more than went over the wire: what a relay had not handed on when the
    // engine ended is lost on the way, as it may be in any network.
    assert!(audit.asked > messages * 9 / 10 && audit.asked <= messages);
    assert!(report["accepted"].as_u64().unwrap() <= audit.accepted);
    assert_eq!((&report["missing"], &smsc["receipts_left"]), (&0.into(), &0.into()));
}
