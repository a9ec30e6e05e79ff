//! What an account may ask beside submit_sm.

use serde_json::{Value, json};

use crate::with_each;
use crate::world::{Client, HANDSET, Keys, NUMBER, World, hex, message, text, with};

/// Message states (SMPP 3.4 §5.2.28).
const ENROUTE: u64 = 1;
const DELIVERED: u64 = 2;
const DELETED: u64 = 4;
/// Statuses: cancel_sm, query_sm and replace_sm failed.
const RCANCELFAIL: u64 = 0x11;
const RQUERYFAIL: u64 = 0x67;
const RREPLACEFAIL: u64 = 0x13;

fn of(message_id: &str) -> Value {
    json!({
        "message_id": message_id, "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": NUMBER,
    })
}

fn assert_state(world: &mut World, message_id: &str, state: u64) {
    let said = world.esme.ask("a", "query_sm", of(message_id));
    assert_eq!((said.status, said.id.as_str()), (0, message_id), "{said:?}");
    assert_eq!(said.line["fields"]["message_state"], state, "{said:?}");
}

fn a_data_sm_is_sent_receipted_and_asked_for(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("a", "transceiver");
    let fields = json!({
        "service_type": "", "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": NUMBER,
        "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": HANDSET, "esm_class": 0,
        "registered_delivery": 1, "data_coding": 0, "message_payload": hex(b"by data_sm"),
    });
    let said = world.esme.ask("a", "data_sm", fields);
    assert_eq!((said.status, &said.line["command"]), (0, &json!("data_sm_resp")), "{said:?}");
    let submit = world.take("0A1B");
    assert_eq!(text(&submit), "by data_sm");
    assert_state(&mut world, &said.id, ENROUTE);
    world.receipt("0", &submit, "0A1B", "DELIVRD");
    assert_eq!(world.told(), (said.id.clone(), "DELIVRD".to_owned()));
    assert_state(&mut world, &said.id, DELIVERED);
    let unknown = world.esme.ask("a", "query_sm", of("0123456789abcdef"));
    assert_eq!(unknown.status, RQUERYFAIL, "{unknown:?}");
    world.unbind("a");
}
with_each!(a_data_sm_is_sent_receipted_and_asked_for:
    npm Npm, smpplib Smpplib, twisted Twisted);

fn what_has_not_left_is_taken_back(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("a", "transceiver");
    let later = with(message("later"), "schedule_delivery_time", json!("000000010000000R"));
    let said = world.esme.ask("a", "submit_sm", later);
    assert_eq!(said.status, 0, "{said:?}");
    assert_state(&mut world, &said.id, ENROUTE);
    let cancel = |id: &str| {
        let fields = with(of(id), "service_type", json!(""));
        let fields = with(fields, "dest_addr_ton", json!(1));
        let fields = with(fields, "dest_addr_npi", json!(1));
        with(fields, "destination_addr", json!(HANDSET))
    };
    assert_eq!(world.esme.ask("a", "cancel_sm", cancel(&said.id)).status, 0);
    assert_eq!(world.told(), (said.id.clone(), "DELETED".to_owned()));
    assert_state(&mut world, &said.id, DELETED);
    assert_eq!(world.esme.ask("a", "cancel_sm", cancel(&said.id)).status, RCANCELFAIL);
    // Without an id: all for this handset.
    let later = with(message("later"), "schedule_delivery_time", json!("000000010000000R"));
    let both = [(); 2].map(|()| world.esme.ask("a", "submit_sm", later.clone()).id);
    assert_eq!(world.esme.ask("a", "cancel_sm", cancel("")).status, 0);
    let mut told = [world.told(), world.told()];
    told.sort();
    let mut expected = both.map(|id| (id, "DELETED".to_owned()));
    expected.sort();
    assert_eq!(told, expected);
    world.unbind("a");
    assert!(world.smsc.heard(|line| line["came"] == "submit_sm").is_empty());
}
with_each!(what_has_not_left_is_taken_back: npm Npm, twisted Twisted);

fn what_has_not_left_gets_another_text(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("a", "transceiver");
    // Far enough away that the replacement is there before, however busy the machine.
    let soon = with(message("before"), "schedule_delivery_time", json!("000000000010000R"));
    let said = world.esme.ask("a", "submit_sm", soon);
    assert_eq!(said.status, 0, "{said:?}");
    let replace = with(of(&said.id), "short_message", json!(hex(b"after")));
    let replace = with(replace, "registered_delivery", json!(1));
    assert_eq!(world.esme.ask("a", "replace_sm", replace.clone()).status, 0);
    let submit = world.take("1");
    assert_eq!(text(&submit), "after");
    world.receipt("0", &submit, "1", "DELIVRD");
    assert_eq!(world.told(), (said.id, "DELIVRD".to_owned()));
    assert_eq!(world.esme.ask("a", "replace_sm", replace).status, RREPLACEFAIL);
    world.unbind("a");
}
with_each!(what_has_not_left_gets_another_text: npm Npm);
