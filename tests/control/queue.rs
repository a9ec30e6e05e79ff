//! `chappe queue` and `chappe trace`.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::world::{CHAPPE, Smsc, World, carrier, free_address, route, submit, text, until};

/// Submits messages and waits for their receipts.
pub fn load(world: &World, options: &str) -> Child {
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
    assert_eq!(stay["why"], serde_json::json!({ "down": 200 }));
    let would = world.shown("queue reroute --from north");
    assert!(would.starts_with("0 messages would move, 200 stay"), "{would}");
    let why = "200 stay: no other carrier of their route has a bind that sends\n";
    assert!(would.ends_with(why), "{would}");
    let nowhere = world.ask("queue reroute --from south --yes");
    assert_eq!((&nowhere["left"], &nowhere["why"]), (&0.into(), &Value::Null));
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
    assert_eq!(trace["live"]["segments"][0]["place"], "queued", "no bind has it");
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

#[test]
fn a_trace_tells_what_a_bind_has_from_what_waits_for_one() {
    let smsc = Smsc::start("--never 1");
    let world =
        World::start(&(carrier("north", &smsc.address, "window_max = 1") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let (_first, sent) = submit(&world);
    until("it is sent", || world.bind("north", 0)["sent"] == 1);
    let (_second, waits) = submit(&world);
    let place = |id: &str| {
        let trace = world.ask(&format!("trace {id}"));
        let message = &trace["messages"][0];
        assert_eq!(message["state"], message["live"]["segments"][0]["place"]);
        message["state"].clone()
    };
    assert_eq!((place(&sent), place(&waits)), ("out".into(), "queued".into()));
    assert!(world.shown(&format!("trace {waits}")).contains("queued"));
}

#[test]
fn what_waits_for_a_carrier_that_was_taken_out_is_seen() {
    let north = carrier("north", &free_address().to_string(), "");
    let south = carrier("south", &free_address().to_string(), "");
    let world = World::start(&(north.clone() + &south + &route("north")));
    let (_session, _) = submit(&world);
    until("it waits", || world.ask("status")["queued"] == 1);
    assert!(world.ask("status")["removed"].is_null());
    let file = world.directory.join("chappe.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let without = text.replace(&north, "").replace("carrier = \"north\"", "carrier = \"south\"");
    std::fs::write(&file, without).unwrap();
    world.shown("reload");
    let status = world.ask("status");
    let removed = &status["removed"][0];
    assert_eq!((&removed["name"], &removed["queued"]), (&"north".into(), &1.into()), "{status}");
    let shown = world.shown("status north");
    assert!(shown.contains("chappe queue reroute --from north"), "{shown}");
    world.shown("queue purge --carrier north --yes");
    until("nothing is left", || world.ask("status")["removed"].is_null());
}
