//! `chappe queue` and `chappe trace`.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::world::{CHAPPE, Smsc, World, carrier, free_address, submit, text, until};

/// Submits messages and waits for their receipts.
fn load(world: &World, options: &str) -> Child {
    let connect = format!("load --connect {} --system-id acct --password secret", world.smpp);
    Command::new(CHAPPE)
        .args(connect.split_whitespace())
        .args(options.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Two carriers of which the first is nowhere; the second, where it is.
fn two_carriers(second: &str) -> String {
    let first = carrier("north", &free_address().to_string(), "failover_ms = 3600000");
    let route = "[[route]]\nname = \"all\"\norder = \"failover\"\n\
                 to = [{ carrier = \"north\" }, { carrier = \"south\" }]\n";
    first + &carrier("south", second, "failover_ms = 3600000") + route
}

#[test]
fn what_waits_is_listed_and_purged_with_a_receipt_for_each() {
    let world = World::start(&two_carriers(&free_address().to_string()));
    let run = load(&world, "--count 300 --receipts --settle 30s");
    until("all wait", || world.ask("status")["queued"] == 300);
    let list = world.ask("queue list");
    let row = &list["rows"][0];
    assert_eq!(row["messages"], 300);
    assert_eq!((&row["carrier"], &row["account"]), (&"north".into(), &"acct".into()));
    assert!(world.shown("queue list --carrier north").contains("transactional"));
    assert_eq!(world.shown("queue list --carrier south"), "nothing waits\n");
    let would = world.shown("queue purge --account acct");
    assert_eq!(would, "300 messages would end, 0 stay what they are; --yes does it\n");
    assert_eq!(world.ask("status")["queued"], 300, "nothing was done");
    let done = world.ask("queue purge --account acct --yes");
    assert_eq!((&done["messages"], &done["left"]), (&300.into(), &0.into()));
    let output = run.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["receipts"]["DELETED"], 300, "{result}");
    assert_eq!(world.ask("status")["ended"]["DELETED"], 300);
    let output = world.chappe("queue purge --account nobody");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no account is called nobody"));
    // What no engine could mean is a fault of the command line.
    let output = world.chappe("queue list --class promo");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("transactional"));
    let output = world.chappe("queue list --destination abc");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_waits_for_one_carrier_is_sent_by_another() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let world = World::start(&two_carriers(&smsc.address));
    world.until_bind_is("south", 0, "bound");
    // While it is paused, messages wait for the first of the route.
    world.shown("bind pause south");
    world.until_bind_is("south", 0, "paused");
    let run = load(&world, "--count 200 --receipts --settle 60s");
    until("all wait", || world.ask("status")["queued"] == 200);
    let stay = world.ask("queue reroute --from north --yes");
    assert_eq!((&stay["messages"], &stay["left"]), (&0.into(), &200.into()), "none is up");
    world.shown("bind resume south");
    world.until_bind_is("south", 0, "bound");
    let moved = world.ask("queue reroute --from north --to south --yes");
    assert_eq!((&moved["messages"], &moved["left"]), (&200.into(), &0.into()));
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "every receipt came");
    assert_eq!(world.bind("south", 0)["sent"], 200);
}

#[test]
fn a_trace_tells_of_a_message_and_hides_its_numbers() {
    let world = World::start(&two_carriers(&free_address().to_string()));
    let (_session, id) = submit(&world);
    until("it waits", || world.ask("status")["queued"] == 1);
    let trace = &world.ask(&format!("trace {id}"))["messages"][0];
    assert_eq!((&trace["account"], &trace["state"]), (&"acct".into(), &"queued".into()));
    assert_eq!(trace["live"]["carrier"], "north");
    let hidden = trace["live"]["destination"].as_str().unwrap();
    assert!(hidden.ends_with("******"), "{hidden}");
    let shown = &world.ask(&format!("trace {id} --show-numbers"))["messages"][0];
    assert!(!shown["live"]["destination"].as_str().unwrap().contains('*'));
    let decimal = u64::from_str_radix(&id, 16).unwrap();
    let by_decimal = world.ask(&format!("trace {decimal}"));
    assert_eq!(by_decimal["messages"][0]["id"], id.as_str());
    assert!(by_decimal["messages"][1].is_null());
    world.shown("queue purge --yes");
    let ended = world.shown(&format!("trace {id}"));
    assert!(ended.contains("DELETED   err 003   ended"), "{ended}");
    let output = world.chappe("trace ffffffffff");
    assert_eq!(output.status.code(), Some(1));
}
