//! `chappe bind`: what becomes of the messages, and of the bind.

use std::process::{Child, Command, Stdio};

use super::world::{CHAPPE, Smsc, World, carrier, refusing_smsc, route, text, until};

/// Submits messages and waits for their receipts; it fails if one is missing.
fn load(world: &World, options: &str) -> Child {
    let connect = format!("load --connect {} --system-id acct --password secret", world.smpp);
    Command::new(CHAPPE)
        .args(connect.split_whitespace())
        .args(options.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_paused_bind_stays_bound_and_gets_nothing_until_it_is_resumed() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let tables = carrier("north", &smsc.address, "binds = 2") + &route("north");
    let world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    world.until_bind_is("north", 1, "bound");
    assert_eq!(world.shown("bind pause north/0"), "paused: north/0\n");
    world.until_bind_is("north", 0, "paused");
    let before = world.bind("north", 0)["sent"].as_u64().unwrap();
    let mut run = load(&world, "--count 500 --receipts --settle 30s");
    assert!(run.wait().unwrap().success(), "every message arrives over the other bind");
    assert_eq!(world.bind("north", 0)["sent"], before);
    assert_eq!(world.bind("north", 1)["sent"], 500);
    // Both: messages wait, and none is lost.
    world.shown("bind pause north");
    world.until_bind_is("north", 1, "paused");
    let mut run = load(&world, "--count 200 --receipts --settle 60s");
    until("they wait", || world.ask("status")["queued"] == 200);
    assert_eq!(world.bind("north", 1)["sent"], 500);
    world.shown("bind resume north/0");
    assert!(run.wait().unwrap().success());
    assert_eq!(world.bind("north", 0)["sent"], 200);
}

#[test]
fn a_drained_bind_stays_down_and_a_rebind_brings_a_new_session_without_a_loss() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let tables = carrier("north", &smsc.address, "binds = 2") + &route("north");
    let world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    world.until_bind_is("north", 1, "bound");
    let mut run = load(&world, "--count 2000 --rate 1000 --receipts --settle 60s");
    until("messages flow", || world.bind("north", 0)["sent"].as_u64() > Some(10));
    world.shown("bind drain north/0");
    world.until_bind_is("north", 0, "down");
    world.shown("bind rebind north/1");
    until("it has bound anew", || {
        let bind = world.bind("north", 1);
        let events = bind["events"].as_array().unwrap();
        let bound = events.iter().find(|event| event["what"] == "bound TRX");
        bind["state"] == "bound" && bound.is_some_and(|bound| bound["times"] == 2)
    });
    assert!(run.wait().unwrap().success(), "nothing was lost, and nothing twice");
    assert_eq!(world.bind("north", 0)["state"], "down");
    let closed = world.bind("north", 0)["last_close"]["what"].clone();
    assert_eq!(closed, "session ended: unbound by us");
    world.shown("bind resume north/0");
    world.until_bind_is("north", 0, "bound");
}

#[test]
fn a_rebind_of_one_that_waits_forgets_its_back_off() {
    let slow = "[dialect.slow]\nreconnect_min_ms = 600000\nreconnect_max_ms = 600000\n";
    let address = super::world::free_address();
    let tables = carrier("north", &address.to_string(), "").replace("quick", "slow");
    let world = World::start(&(slow.to_owned() + &tables));
    world.until_bind_is("north", 0, "waiting");
    let tries = || world.bind("north", 0)["last_fault"]["times"].as_u64();
    assert_eq!(tries(), Some(1));
    world.shown("bind rebind north/0");
    until("it has tried again", || tries() == Some(2));
}

/// Interop quirk 48: the SMSC may hold the dead session, or lock the login.
#[test]
fn a_refused_bind_waits_as_its_dialect_says() {
    const REFUSALS: [u8; 7] = [0x04, 0x05, 0x08, 0x0d, 0x0e, 0x0f, 0x53];
    let slow = "[dialect.slow]\nreconnect_min_ms = 60_000\nreconnect_max_ms = 60_000\n\
                reconnect_refused_ms = 600_000\n";
    let name = |status: u8| format!("refuses-{status:02x}");
    let table = |&status: &u8| {
        let address = refusing_smsc(u32::from(status)).to_string();
        carrier(&name(status), &address, "").replace("quick", "slow")
    };
    let tables: Vec<String> = REFUSALS.iter().map(table).collect();
    let world = World::start(&(slow.to_owned() + &tables.concat()));
    let waits = |status: u8| {
        world.until_bind_is(&name(status), 0, "waiting");
        let bind = world.bind(&name(status), 0);
        assert_eq!(bind["failures"], 1);
        bind["retry_unix_ms"].as_u64().unwrap() - bind["since_unix_ms"].as_u64().unwrap()
    };
    for status in REFUSALS {
        let wait = waits(status);
        assert!((600_000..1_230_000).contains(&wait), "{wait} ms after {status:#04x}");
    }
}

#[test]
fn a_session_of_an_account_can_be_drained_and_no_more() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let tables = carrier("north", &smsc.address, "") + &route("north");
    let world = World::start(&tables);
    let mut run = load(&world, "--for 60s --rate 10");
    until("it has bound", || world.ask("status acct")["accounts"][0]["sessions"][0].is_object());
    let output = world.chappe("bind pause acct#1");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("can be drained, and no more"));
    assert_eq!(world.shown("bind drain acct#1"), "draining: acct#1\n");
    until("it is gone", || {
        let events = world.ask("status acct")["accounts"][0]["events"].to_string();
        events.contains("session ended: unbound by us")
    });
    let _ = run.kill();
    let _ = run.wait();
    let output = world.chappe("bind drain acct#99");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no session acct#99"), "{}", text(&output.stderr));
    let output = world.chappe("bind pause north/7");
    assert!(text(&output.stderr).contains("no bind north/7"), "{}", text(&output.stderr));
}
