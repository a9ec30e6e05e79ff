//! `chappe reload`: what an operator mends while messages flow.

use std::fs;
use std::process::{Command, Stdio};

use super::world::{CHAPPE, Smsc, World, carrier, route, text, until};

/// Puts something else in the place of this in the configuration.
fn edit(world: &World, from: &str, to: &str) {
    let file = world.directory.join("chappe.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_carrier_that_is_bound_wrongly_is_seen_and_mended_under_load() {
    let north = Smsc::start("--receipt-delay 0ms");
    let south = Smsc::start("--system-id chappe --password chappe");
    let wrong =
        carrier("south", &south.address, "").replace("\"chappe\"\ndialect", "\"typo\"\ndialect");
    let world =
        World::start(&(carrier("north", &north.address, "binds = 2") + &wrong + &route("north")));
    world.until_bind_is("north", 1, "bound");
    let mut load = Command::new(CHAPPE)
        .args(["load", "--connect", &world.smpp.to_string(), "--system-id", "acct"])
        .args(["--password", "secret", "--count", "2000", "--rate", "1000", "--receipts"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("messages flow", || world.bind("north", 0)["sent"].as_u64() > Some(10));
    let seen = world.bind("south", 0)["last_fault"].to_string();
    assert!(seen.contains("ESME_RINVPASWD"), "{seen}");
    edit(&world, "\"typo\"", "\"chappe\"");
    let said = world.shown("reload");
    let changed = "carriers 1 changed 1 untouched";
    assert!(said.starts_with("reloaded: ") && said.contains(changed), "{said}");
    assert!(said.ends_with("\ncarriers changed: south\n"), "{said}");
    world.until_bind_is("south", 0, "bound");
    assert!(load.wait().unwrap().success(), "no message is lost, and no bind of the load");
    for bind in 0..2 {
        let bind = world.bind("north", bind);
        let events = bind["events"].as_array().unwrap();
        let bound = events.iter().find(|event| event["what"] == "bound TRX").unwrap();
        assert_eq!(bound["times"], 1, "{bind}");
    }
}

#[test]
fn a_file_with_faults_changes_nothing_and_each_is_told_with_its_place() {
    let world = World::start("");
    edit(&world, "password = \"secret\"", "password = \"new\"\nbinds_max = 0");
    let output = world.chappe("reload");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("chappe.toml:12:") && told.contains("account[0].binds_max"), "{told}");
    edit(&world, "binds_max = 0", "binds_max = 3");
    let report = world.ask("reload");
    assert_eq!((&report["generation"], &report["accounts"]["changed"]), (&1.into(), &1.into()));
    assert_eq!(report["accounts"]["changed_names"], serde_json::json!(["acct"]));
    assert!(report["accounts"]["added_names"].is_null(), "{report}");
    edit(&world, "data_dir = \"data\"", "data_dir = \"other\"");
    let fixed = Command::new(CHAPPE).args(["reload", "--data-dir"]).arg(world.data_dir()).output();
    let told = text(&fixed.unwrap().stderr);
    assert!(told.contains("chappe.toml:2:12: node.data_dir: found "), "{told}");
    assert!(told.contains("restart"), "{told}");
}
