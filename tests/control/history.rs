//! What has ended: `chappe trace` over it, by id and by number, `chappe history erase`, and a copy
//! of it all.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use chappe::store::{Checkpoints, FileJournal, Journal, Settings};
use serde_json::Value;

use super::queue::load;
use super::world::{Smsc, World, carrier, free_address, route, submit, submit_multi, text, until};

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
fn of_one_submit_multi_each_message_is_told_of() {
    let smsc = Smsc::start("--receipts tlv");
    let tables = EMBEDDED.to_owned() + &carrier("north", &smsc.address, "") + &route("north");
    let world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    let (_session, id) = submit_multi(&world);
    let ended = || {
        let trace = world.ask(&format!("trace {id} --show-numbers"));
        let messages = trace["messages"].as_array().unwrap().clone();
        messages.iter().all(|message| message["ended"] == true).then_some(messages)
    };
    until("both have ended", || ended().is_some());
    let messages = ended().unwrap();
    let mut to: Vec<&str> =
        messages.iter().map(|one| one["past"]["destination"].as_str().unwrap()).collect();
    to.sort_unstable();
    assert_eq!(to, ["33612345678", "33687654321"]);
    for message in &messages {
        assert_eq!((&message["id"], &message["state"]), (&(*id).into(), &"DELIVERED".into()));
        assert!(events(message).contains(&"taken"), "{message}");
    }
    let found = world.ask("trace --number 33687654321");
    assert_eq!(found["messages"].as_array().unwrap().len(), 1, "{found}");
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
        let why = text(&output.stderr);
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn a_number_that_is_erased_is_in_no_file_any_more_and_not_while_anything_is_under_way() {
    let smsc = Smsc::start("--receipts tlv --receipt-delay 50ms");
    let tables = EMBEDDED.to_owned() + &carrier("north", &smsc.address, "") + &route("north");
    let mut world = World::start(&tables);
    world.until_bind_is("north", 0, "bound");
    let (session, id) = submit(&world);
    let events_of = || events(&world.ask(&format!("trace {id}"))["messages"][0]).join(" ");
    until("its receipt is owed", || events_of().ends_with("owed"));
    // Nobody has taken that yet.
    let refused = world.chappe("history erase +33612345678 --yes");
    let why = text(&refused.stderr);
    assert!(refused.status.code() == Some(1) && why.contains(&id), "{why}");
    drop(session);
    let others = load(&world, "--count 20 --receipts --settle 5s");
    others.wait_with_output().unwrap();
    until("it was taken", || world.ask("status")["waiting"] == 0);

    let would = world.ask("history erase +33612345678");
    assert!(would["done"] == false && would["batches"].as_u64() > Some(0), "{would}");
    assert!(holds(&world.data_dir(), &["33612345678"]));
    assert!(holds(&world.data_dir(), &["hello"]));
    let done = world.ask("history erase +33612345678 --yes");
    assert!(done["done"] == true && done["segments"].as_u64() > Some(0), "{done}");
    let found = world.ask("trace --number 33612345678");
    assert_eq!(found["messages"].as_array().unwrap().len(), 0);
    let left = &world.ask(&format!("trace {id} --show-numbers"))["messages"][0];
    assert_eq!((&left["state"], &left["past"]["destination"]), (&"DELIVERED".into(), &"".into()));
    assert!(events(left).contains(&"taken"));
    assert_eq!(world.ask("history erase 33612345678")["batches"], 0);
    let wrong = world.chappe("history erase Shop");
    assert_eq!(wrong.status.code(), Some(2));
    world.end();
    assert!(!holds(&world.data_dir(), &["33612345678", "hello"]));
    world.begin_again();
    assert_eq!(world.ask("history erase 33612345678")["batches"], 0);
}

/// Whether one of these stands in what a journal has, or in any file as it is.
fn holds(data_dir: &Path, whats: &[&str]) -> bool {
    let grep = |what| Command::new("grep").args(["-raqF", what]).arg(data_dir).status().unwrap();
    if whats.iter().any(|what| grep(what).success()) {
        return true;
    }
    let copy = data_dir.join("copy");
    fs::create_dir_all(&copy).unwrap();
    for file in fs::read_dir(data_dir.join("journal")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let settings = Settings { batch_octets_max: 16 << 20, ..Settings::default() };
    let mut all = Vec::new();
    // While an engine writes, a copy of its files may not be one moment's.
    if let Ok(journal) = FileJournal::open(&copy, settings) {
        let batches = journal.replay(journal.first(), &mut |entry| {
            all.extend_from_slice(entry.octets);
            ControlFlow::Continue(())
        });
        batches.unwrap();
        let records = journal.read(&mut |record| {
            all.extend_from_slice(record);
            ControlFlow::Continue(())
        });
        records.unwrap();
    }
    fs::remove_dir_all(&copy).unwrap();
    let has = |what: &&str| all.windows(what.len()).any(|window| window == what.as_bytes());
    whats.iter().any(has)
}

#[test]
fn a_copy_of_a_running_engine_is_one_that_another_goes_on_from() {
    let nowhere = free_address().to_string();
    let tables = EMBEDDED.to_owned() + &carrier("north", &nowhere, "") + &route("north");
    let mut world = World::start(&tables);
    let (_session, id) = submit(&world);
    let copy = world.directory.join("copy");
    let made = world.ask(&format!("journal backup {}", copy.display()));
    assert!(made["position"].as_u64() > Some(1), "{made}");
    let again = world.chappe(&format!("journal backup {}", copy.display()));
    assert!(text(&again.stderr).contains("there is a journal already"));
    let (_session, later) = submit(&world);
    world.kill();
    fs::remove_dir_all(world.data_dir()).unwrap();
    fs::rename(&copy, world.data_dir()).unwrap();
    world.begin_again();
    assert_eq!(world.ask("status")["queued"], 1);
    assert_eq!(world.ask(&format!("trace {id}"))["messages"][0]["state"], "queued");
    assert_eq!(world.chappe(&format!("trace {later}")).status.code(), Some(1));
}
