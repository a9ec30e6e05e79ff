//! npm smpp as a carrier that behaves as carriers do.

use std::time::Duration;

use serde_json::json;

use crate::world::{Client, HANDSET, Keys, World, hex, message, receipt_fields, text, with};

/// A carrier that is waited for a second, and whose doubts last one more.
const HASTY: Keys<'_> = Keys {
    account: "",
    carrier: "binds = 2\ndialect = \"hasty\"\nin_doubt_wait_ms = 60000\n",
    more: "[dialect.hasty]\nresponse_timeout_ms = 1000\n",
};

/// All of these tests have npm smpp at both ends.
fn start(keys: Keys<'_>) -> Option<World> {
    let mut world = World::start(Client::Npm, keys)?;
    world.bind("a", "transceiver");
    Some(world)
}

fn submit(world: &mut World, words: &str) -> String {
    let said = world.esme.ask("a", "submit_sm", message(words));
    assert_eq!(said.status, 0, "{said:?}");
    said.id
}

fn assert_nothing_more(world: &mut World) {
    // Long enough for what must not come to be on its way.
    std::thread::sleep(Duration::from_millis(300));
    world.unbind("a");
    let more = world.smsc.heard(|line| line["came"] == "submit_sm");
    assert!(more.is_empty(), "sent again: {more:?}");
    let more = world.esme.heard(|line| !line["came"].is_null());
    assert!(more.is_empty(), "told more: {more:?}");
}

#[test]
fn a_response_after_its_time_settles_the_doubt() {
    let Some(mut world) = start(HASTY) else { return };
    let id = submit(&mut world, "late");
    let asked = world.requested("submit_sm");
    std::thread::sleep(Duration::from_secs(2));
    world.respond(&asked, 0, "77");
    world.receipt("0", &asked, "77", "DELIVRD");
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

#[test]
fn a_receipt_before_its_response_waits_for_it() {
    let Some(mut world) = start(Keys { carrier: "binds = 2", ..Keys::default() }) else { return };
    let id = submit(&mut world, "early");
    let asked = world.requested("submit_sm");
    world.receipt("0", &asked, "4711", "DELIVRD");
    world.respond(&asked, 0, "4711");
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

#[test]
fn a_receipt_on_the_other_bind_finds_its_message() {
    let Some(mut world) = start(Keys { carrier: "binds = 2", ..Keys::default() }) else { return };
    world.smsc.hear("the second bind", |line| line["link"] == "1" && line["bound"].is_string());
    let id = submit(&mut world, "elsewhere");
    let asked = world.take("815");
    let other = if asked["link"] == "0" { "1" } else { "0" };
    world.receipt(other, &asked, "815", "UNDELIV");
    assert_eq!(world.told(), (id, "UNDELIV".to_owned()));
    assert_nothing_more(&mut world);
}

#[test]
fn a_transmitter_and_a_receiver_of_ours_do_the_same() {
    let Some(mut world) = start(Keys { carrier: "bind = \"pair\"", ..Keys::default() }) else {
        return;
    };
    let kinds = ["transmitter", "receiver"].map(|kind| {
        let line = world.smsc.hear(kind, |line| line["bound"] == kind);
        line["link"].as_str().expect("a link").to_owned()
    });
    let id = submit(&mut world, "apart");
    let asked = world.take("816");
    assert_eq!(asked["link"], kinds[0]);
    world.receipt(&kinds[1], &asked, "816", "DELIVRD");
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

/// Taken without an id, and a receipt that names one: the handset, the sender and the text it
/// quotes tell whose it is, once no response can name it any more.
#[test]
fn a_response_without_an_id_leaves_its_receipt_to_the_text() {
    let more = format!("[node]\nreceipt_parked_ms = 500\n{}", HASTY.more);
    let Some(mut world) = start(Keys { more: &more, ..HASTY }) else { return };
    let id = submit(&mut world, "nameless");
    let asked = world.take("");
    let fields = receipt_fields(&asked, "9", "DELIVRD", 4);
    let quoting = format!("{}{}", fields["short_message"].as_str().unwrap(), hex(b"nameless"));
    let said = world.smsc.ask("0", "deliver_sm", with(fields, "short_message", json!(quoting)));
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

#[test]
fn the_same_receipt_twice_is_told_once() {
    let Some(mut world) = start(Keys::default()) else { return };
    let id = submit(&mut world, "once");
    let asked = world.take("55");
    world.receipt("0", &asked, "55", "DELIVRD");
    world.receipt("0", &asked, "55", "DELIVRD");
    world.receipt("0", &asked, "55", "UNDELIV");
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

/// ESME_RTHROTTLED, in a response and as a generic_nack: the same message comes again, and first.
#[test]
fn a_carrier_that_throttles_gets_the_message_again() {
    let Some(mut world) = start(Keys::default()) else { return };
    let ids = ["first", "second"].map(|words| submit(&mut world, words));
    let asked = [world.requested("submit_sm"), world.requested("submit_sm")];
    world.respond(&asked[0], 0x58, "");
    world.respond_with(&asked[1], "generic_nack", 0x58, json!({}));
    let again = [world.take("1"), world.take("2")];
    assert_eq!(again.each_ref().map(text), ["first", "second"]);
    for (submit, id) in again.iter().zip(["1", "2"]) {
        world.receipt("0", submit, id, "DELIVRD");
    }
    assert_eq!([world.told().0, world.told().0], ids);
    assert_nothing_more(&mut world);
}

/// A carrier without a receipt is asked; what it answers is what the account hears.
#[test]
fn a_carrier_that_sends_no_receipt_is_asked() {
    let keys = Keys { carrier: "query_after_ms = 500", ..Keys::default() };
    let Some(mut world) = start(keys) else { return };
    let id = submit(&mut world, "asked for");
    drop(world.take("66"));
    let query = world.requested("query_sm");
    assert_eq!(query["fields"]["message_id"], "66", "{query}");
    let fields = json!({
        "message_id": "66", "final_date": "260101000000000+", "message_state": 2, "error_code": 0,
    });
    world.respond_with(&query, "query_sm_resp", 0, fields);
    assert_eq!(world.told(), (id, "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}

/// A receipt by data_sm, and one that TLVs alone tell.
#[test]
fn receipts_by_data_sm_and_by_tlvs_are_receipts() {
    let Some(mut world) = start(Keys::default()) else { return };
    let ids = ["one", "two"].map(|words| submit(&mut world, words));
    let asked = [world.take("A0"), world.take("A1")];
    let tlvs = |id: &str, submit| {
        let fields = with(receipt_fields(submit, id, "", 4), "short_message", json!(null));
        with(with(fields, "receipted_message_id", json!(id)), "message_state", json!(2))
    };
    assert_eq!(asked[0]["fields"]["destination_addr"], HANDSET);
    assert_eq!(world.smsc.ask("0", "data_sm", tlvs("A0", &asked[0])).status, 0);
    assert_eq!(world.told(), (ids[0].clone(), "DELIVRD".to_owned()));
    assert_eq!(world.smsc.ask("0", "deliver_sm", tlvs("A1", &asked[1])).status, 0);
    assert_eq!(world.told(), (ids[1].clone(), "DELIVRD".to_owned()));
    assert_nothing_more(&mut world);
}
