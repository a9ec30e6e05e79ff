//! Sessions that end in the middle of a PDU, peers that stand still, and crowds.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use chappe::wire::{CommandId, CommandStatus};

use super::engine::{Engine, Keys, signal, until};
use super::peers::Smsc;
use super::scene::{Allowed, Scene};
use super::session::Session;

/// The carrier reads a part of a message, each time another, and resets the connection: the
/// engine binds again and sends the message again, and what came whole may be there twice.
#[test]
fn a_reset_after_any_octet_of_a_message_loses_nothing() {
    let smsc = Smsc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let mut scene = Scene::of(
        Engine::at_rest(Keys {
            carrier: "in_doubt = \"resend\"",
            smsc: Some(smsc.address()),
            ..Keys::default()
        }),
        smsc,
    );
    // As many octets as one has, which are whole: nothing is left unread, and the end is a FIN.
    let whole = scene.sent();
    let length = whole.header.command_length as usize;
    scene.smsc.answer(&whole);
    for octets in (0..length).step_by(5).chain([length]) {
        let token = scene.token();
        scene.esme.submit(&token);
        scene.smsc.session().read_of_what_comes(octets);
        // With octets that nobody has read, the close is a reset.
        scene.smsc.session = None;
        scene.settle();
        // What was read here is in no log of the SMSC's: of a whole one that is the second copy.
        scene.audit(&token, Allowed::default());
    }
}

/// The SMSC stops in its tracks, with its connections open: the engine notices within twice the
/// time that an enquiry may take, keeps what is not answered, and goes on when somebody is there.
#[test]
fn a_carrier_that_stands_still_is_noticed_and_costs_nothing() {
    let mut engine = Engine::at_rest(Keys {
        carrier: "window_max = 100\nconnect_timeout_ms = 1000",
        more: "enquire_link_ms = 500\nresponse_timeout_ms = 1500",
        ..Keys::default()
    });
    engine.start();
    let smsc = engine.smsc("--receipts both --receipt-delay 20ms");
    let load = engine.load(
        "--binds 2 --window 50 --rate 300 --for 8s --destinations 500 --receipts --settle 30s",
    );
    let state = |engine: &Engine| engine.status()["carriers"][0]["binds"][0]["state"].clone();
    until("messages flow", || engine.status()["receipts"].as_u64().unwrap() > 100);
    signal(smsc.id(), "-STOP");
    let stopped = Instant::now();
    until("it is noticed", || state(&engine) != "bound");
    let took = stopped.elapsed();
    sleep(Duration::from_secs(2));
    signal(smsc.id(), "-CONT");
    let load = load.report();
    engine.end();
    let smsc = smsc.end();
    println!("noticed after {took:?}");
    // Twice the two, and something for a busy machine.
    assert!(took < Duration::from_millis(2 * (500 + 1500) + 6000), "{took:?}");
    assert_eq!((&load["missing"], &load["unknown"]), (&0.into(), &0.into()), "{load}");
    assert_eq!((&load["binds_lost"], &load["duplicates"]), (&0.into(), &0.into()), "{load}");
    // Requests whose time is over make room for as many, before the enquiry's is.
    assert!(smsc["duplicates"].as_u64().unwrap() <= 2 * 100, "{smsc}");
}

/// Hundreds bind at once, and others try wrong passwords all the while: all who may are bound, and
/// who was bound before is served as before.
#[test]
fn a_storm_of_binds_does_not_disturb_who_is_bound() {
    const CROWD: usize = 300;
    let mut engine = Engine::at_rest(Keys { account: "binds_max = 1000", ..Keys::default() });
    engine.start();
    let smsc = engine.smsc("--receipts none");
    let load = engine.load("--binds 2 --window 50 --rate 200 --for 8s --response-timeout 20s");
    until("messages flow", || engine.status()["accepted"].as_u64().unwrap() > 100);
    let over = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicU64::new(0));
    let (to, began) = (engine.smpp, Instant::now());
    let intruders: Vec<_> = (0..4)
        .map(|_| {
            let (over, refused) = (Arc::clone(&over), Arc::clone(&refused));
            spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let mut session = Session::connect(to);
                    session.ask(CommandId::BIND_TRANSCEIVER, b"acct\0wrong\0\0\x34\0\0\0");
                    let Some((answer, _)) = session.frame() else { continue };
                    assert_eq!(answer.command_status, CommandStatus::ESME_RINVPASWD);
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let crowd: Vec<_> = (0..CROWD).map(|_| spawn(move || Session::bind(to))).collect();
    let crowd: Vec<Session> = crowd.into_iter().map(|one| one.join().unwrap()).collect();
    let took = began.elapsed();
    sleep(Duration::from_secs(1));
    over.store(true, Ordering::Relaxed);
    intruders.into_iter().for_each(|one| one.join().unwrap());
    let load = load.report();
    drop(crowd);
    engine.end();
    drop(smsc);
    let refused = refused.load(Ordering::Relaxed);
    println!("{CROWD} bound in {took:?}, {refused} refused; {load}");
    assert!(refused > 10);
    let accepted = load["accepted"].as_u64().unwrap();
    assert!(accepted >= 200 * 8 * 9 / 10, "{load}");
    assert_eq!((&load["binds_lost"], &load["missing"]), (&0.into(), &0.into()), "{load}");
}
