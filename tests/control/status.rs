//! `chappe status`.

use std::process::Command;

use serde_json::Value;

use super::certificate::Certificate;
use super::world::{CHAPPE, Smsc, World, carrier, free_address, refusing_smsc, route, text, until};

#[test]
fn each_way_to_bind_wrongly_is_read_at_a_glance_with_what_to_do_about_it() {
    let smsc = Smsc::start("--system-id chappe --password right");
    let certificate = Certificate::new("control-bind");
    let (cert, key) = (&certificate.cert, &certificate.key);
    let secret = Smsc::start(&format!("--tls-cert {cert} --tls-key {key}"));
    let trusts = |name| format!("tls = {{ ca_file = \"{cert}\", server_name = \"{name}\" }}");
    let tables = [
        carrier("password", &smsc.address, ""),
        carrier("port", &free_address().to_string(), ""),
        carrier("tls", &smsc.address, "tls = {}"),
        carrier("plain", &secret.address, ""),
        carrier("stranger", &secret.address, "tls = { server_name = \"localhost\" }"),
        carrier("name", &secret.address, &trusts("other")),
        carrier("mode", &refusing_smsc(4).to_string(), ""),
        carrier("already", &refusing_smsc(5).to_string(), ""),
        carrier("right", &smsc.address, "")
            .replace("password = \"chappe\"", "password = \"right\""),
        route("right"),
    ];
    let world = World::start(&tables.concat());
    world.until_bind_is("right", 0, "bound");
    let expected = [
        ("password", "bind refused: ESME_RINVPASWD", "mend password"),
        ("port", "cannot connect: Connection refused", "check host and port"),
        ("tls", "cannot connect: ", "does not speak TLS"),
        ("plain", "session ended: the peer sent what is no SMPP (tls)", "set tls of this"),
        ("stranger", "cannot connect: invalid peer certificate", "nobody whom we trust"),
        ("name", "cannot connect: invalid peer certificate", "for another name"),
        ("mode", "bind refused: ESME_RINVBNDSTS", "change bind"),
        ("already", "bind refused: ESME_RALYBND", "lower binds"),
    ];
    for (name, happened, advised) in expected {
        until(&format!("{name} has failed twice"), || {
            let bind = world.bind(name, 0);
            bind["failures"].as_u64() >= Some(2) && bind["last_fault"]["times"].as_u64() >= Some(2)
        });
        until(&format!("{name} says what happens next"), || {
            let shown = world.shown(&format!("status {name}"));
            let line = shown.lines().find(|line| line.starts_with(&format!("{name}/0")));
            let advice = shown.lines().find(|line| line.trim_start().starts_with("-> "));
            let line = line.unwrap_or_else(|| panic!("{shown}"));
            assert!(line.contains(happened) && line.contains(" times, last "), "{shown}");
            advice.is_some_and(|advice| advice.contains(advised))
                && line.contains("waiting, again in ")
        });
    }
    let whole = world.shown("status");
    for (name, happened, _) in expected {
        assert!(whole.contains(&format!("{name}/0")) && whole.contains(happened), "{whole}");
    }
    let down = world.ask("status");
    let states = down["carriers"].as_array().unwrap().iter().map(|one| one["state"].clone());
    assert_eq!(states.collect::<Vec<Value>>(), [["down"; 8].as_slice(), &["up"]].concat());
}

#[test]
fn an_account_that_cannot_bind_is_seen_with_its_reason() {
    let world = World::start("");
    let load = |password: &str| {
        let connect = format!("load --connect {} --system-id acct --count 1", world.smpp);
        let mut command = Command::new(CHAPPE);
        command.args(connect.split_whitespace()).args(["--password", password]);
        command.output().unwrap();
    };
    load("wrong");
    load("wrong");
    let account = world.ask("status acct")["accounts"][0].clone();
    let fault = account["last_fault"]["what"].as_str().unwrap();
    assert_eq!(fault, "bind from 127.0.0.1 refused: credentials");
    // There is no route, so what it submits is refused.
    load("secret");
    let account = world.ask("status acct")["accounts"][0].clone();
    let events = account["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].as_str().unwrap_or_default().to_owned());
    let events: Vec<String> = events.collect();
    let has = |what: &str| events.iter().any(|event| event.starts_with(what));
    assert!(has("bound TRX") && has("refused: ESME_RINVDSTADR"), "{events:?}");
    assert!(has("session ended: the peer unbound"), "{events:?}");
}

#[test]
fn a_name_that_no_account_has_is_told_with_how_often_it_came() {
    let world = World::start("");
    for name in ["acme", "guess", "acme"] {
        let connect = format!("load --connect {} --system-id {name} --count 1", world.smpp);
        let mut command = Command::new(CHAPPE);
        command.args(connect.split_whitespace()).output().unwrap();
    }
    let strangers = world.ask("status")["strangers"].clone();
    let all: Vec<(&str, u64, &str)> = strangers
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |member: &str| one[member].as_str().unwrap();
            (text("system_id"), one["times"].as_u64().unwrap(), text("peer"))
        })
        .collect();
    assert_eq!(all, [("acme", 2, "127.0.0.1"), ("guess", 1, "127.0.0.1")]);
    let shown = world.shown("status");
    assert!(shown.contains("NO ACCOUNT") && shown.contains("-> no account has these"), "{shown}");
    assert!(!world.shown("status acct").contains("acme"), "of one account no other is told");
}

#[test]
fn of_a_bind_whose_link_is_cut_the_cut_is_the_fault_and_not_what_was_out_on_it() {
    let smsc = Smsc::start("--drop-every 20 --latency 50ms");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let connect = format!("load --connect {} --system-id acct --password secret", world.smpp);
    let mut command = Command::new(CHAPPE);
    let mut run = command.args(connect.split_whitespace()).args(["--for", "60s"]).spawn().unwrap();
    until("it was cut", || world.bind("north", 0)["last_close"].is_object());
    let fault = world.bind("north", 0)["last_fault"]["what"].clone();
    assert_eq!(fault, "session ended: the peer closed the connection");
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn the_pace_that_a_bind_has_learnt_is_shown() {
    let smsc = Smsc::start("--throttle-above 50");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    assert_eq!(world.bind("north", 0)["pace"], Value::Null);
    let connect = format!("load --connect {} --system-id acct --password secret", world.smpp);
    let mut command = Command::new(CHAPPE);
    let mut run = command.args(connect.split_whitespace()).args(["--for", "60s"]).spawn().unwrap();
    until("it has learnt", || world.bind("north", 0)["pace"].as_u64().is_some());
    let pace = world.bind("north", 0)["pace"].as_u64().unwrap();
    assert!(pace < 1000, "{pace}");
    let shown = world.shown("status north");
    assert!(shown.contains("PACE") && shown.contains("/s  "), "{shown}");
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_number_that_a_carrier_has_slowed_is_shown() {
    let smsc = Smsc::start("--throttle-number-above 20");
    let dialect = "[dialect.us]\nbase = \"quick\"\nthrottled_slows = \"number\"\n";
    let north = carrier("north", &smsc.address, "").replace("\"quick\"", "\"us\"");
    let world = World::start(&(north + &route("north") + dialect));
    world.until_bind_is("north", 0, "bound");
    let connect = format!("load --connect {} --system-id acct --password secret", world.smpp);
    let mut command = Command::new(CHAPPE);
    let mut run = command.args(connect.split_whitespace()).args(["--for", "60s"]).spawn().unwrap();
    until("a number is slowed", || world.shown("status north").contains("SLOWED NUMBER  CARRIER"));
    assert_eq!(world.bind("north", 0)["pace"], Value::Null);
    assert_eq!(world.bind("north", 0)["state"], "bound");
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn where_no_engine_runs_the_command_says_so_and_fails() {
    let status = |arguments: &[&str]| {
        let mut command = Command::new(CHAPPE);
        let output = command.arg("status").args(arguments).output().unwrap();
        (output.status.code().unwrap(), text(&output.stderr))
    };
    let (code, told) = status(&["--data-dir", "/nowhere/at-all"]);
    assert_eq!(code, 1);
    assert!(told.contains("no engine runs in /nowhere/at-all"), "{told}");
    let (code, told) = status(&["--config", "/nowhere/chappe.toml"]);
    assert_eq!(code, 2);
    assert!(told.contains("/nowhere/chappe.toml:1:1: file: "), "{told}");
    assert_eq!(status(&["--config", "a", "--data-dir", "b"]).0, 2);
    let mut world = World::start("");
    let (code, told) = status(&["no-such-name", "--data-dir", world.data_dir().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(told.contains("no carrier and no account is called no-such-name"), "{told}");
    world.kill();
    // Its socket is there still, and nobody listens.
    assert!(world.socket().exists());
    let (code, told) = status(&["--data-dir", world.data_dir().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(told.contains("no engine runs in"), "{told}");
}
