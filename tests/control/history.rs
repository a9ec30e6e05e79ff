//! `chappe trace` over what has ended, by id and by number.

use serde_json::Value;

use super::world::{Smsc, World, carrier, free_address, route, submit, until};

const EMBEDDED: &str = "[store]\nengine = \"embedded\"\n";

fn events(message: &Value) -> Vec<&str> {
    let events = message["past"]["events"].as_array().unwrap();
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_message_that_has_ended_is_told_of_from_its_acceptance_to_its_receipt() {
    let smsc = Smsc::start("--receipts tlv --receipt-delay 200ms --id hex");
    let tables = EMBEDDED.to_owned() + &carrier("north", &smsc.address, "") + &route("north");
    let world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    let (_session, id) = submit(&world);
    let trace = || world.ask(&format!("trace {id}"))["messages"][0].clone();
    until("it has ended", || trace()["ended"] == true);
    let message = trace();
    assert_eq!((&message["account"], &message["state"]), (&"acct".into(), &"DELIVERED".into()));
    assert_eq!(events(&message), ["accepted", "sent", "taken", "receipt", "ended", "owed"]);
    let past = &message["past"];
    assert_eq!(past["begins_later"], false);
    assert!(past["destination"].as_str().unwrap().contains('*'));
    let segment = &past["segments"][0];
    assert_eq!((&segment["carrier"], &segment["status"]), (&"north".into(), &"ESME_ROK".into()));
    assert_eq!(segment["receipt"], "DELIVERED");
    assert!(!segment["carrier_id"].as_str().unwrap().is_empty());
    let times = ["sent_unix_ms", "answered_unix_ms", "receipt_unix_ms"];
    let times = times.map(|time| segment[time].as_u64().unwrap());
    assert!(past["accepted_unix_ms"].as_u64().unwrap() <= times[0]);
    assert!(times[0] <= times[1] && times[1] + 100 <= times[2], "{segment}");
    let shown = world.shown(&format!("trace {id}"));
    assert!(shown.contains("ESME_ROK") && !shown.contains("hello"), "{shown}");

    let found = world.ask("trace --number +33612345678 --from 1h --show-numbers");
    assert_eq!((&found["more"], found["messages"].as_array().unwrap().len()), (&false.into(), 1));
    assert_eq!(found["messages"][0]["id"], *id);
    assert_eq!(found["messages"][0]["past"]["destination"], "33612345678");
    for none in ["--number 33612345679", "--number 33612345678 --to 2020-01-01T00:00:00Z"] {
        let found = world.ask(&format!("trace {none}"));
        assert_eq!(found["messages"].as_array().unwrap().len(), 0, "{found}");
    }
    let wrong = world.chappe("trace --number 33612345678 --from yesterday");
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn what_was_refused_and_sent_again_says_so_and_outlives_the_engine() {
    let smsc = Smsc::start("--throttle-above 1 --receipts none");
    let tables = EMBEDDED.to_owned() + &carrier("north", &smsc.address, "") + &route("north");
    let mut world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    let sent: Vec<_> = (0..3).map(|_| submit(&world)).collect();
    let refused = || {
        let mut traces = sent.iter().map(|(_, id)| world.ask(&format!("trace {id}")));
        traces.find(|trace| events(&trace["messages"][0]).contains(&"refused"))
    };
    until("one was refused", || refused().is_some());
    let message = refused().unwrap()["messages"][0].clone();
    let past = message["past"]["events"].as_array().unwrap();
    let refusal = past.iter().find(|event| event["event"] == "refused").unwrap();
    assert_eq!(refusal["status"], "ESME_RTHROTTLED");
    let id = message["id"].as_str().unwrap().to_owned();
    world.kill();
    world.begin_again();
    let after = world.ask(&format!("trace {id}"));
    assert!(events(&after["messages"][0]).starts_with(&["accepted"]), "{after}");
}

#[test]
fn without_a_journal_there_is_no_history_and_that_is_said() {
    let nowhere = free_address().to_string();
    let world = World::start(&(carrier("north", &nowhere, "") + &route("north")));
    for (asked, said) in
        [("trace 0123456789abcdef", "embedded"), ("trace --number 33612345678", "embedded")]
    {
        let output = world.chappe(asked);
        assert_eq!(output.status.code(), Some(1));
        let why = super::world::text(&output.stderr);
        assert!(why.contains(said), "{why}");
    }
}
