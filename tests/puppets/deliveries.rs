//! Messages from handsets in several segments.

use serde_json::{Value, json};

use crate::with_each;
use crate::world::{Client, HANDSET, Keys, NUMBER, World, hex, octets};

/// A segment with an eight-bit reference.
fn segment(sequence: u8, text: &[u8]) -> (Value, Vec<u8>) {
    let octets = [&[5, 0, 3, 9, 3, sequence], text].concat();
    let fields = json!({
        "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": HANDSET, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "destination_addr": NUMBER, "esm_class": 0x40,
        "short_message": hex(&octets),
    });
    (fields, octets)
}

/// Sends the segments in this order, on either bind of the carrier.
fn send_scrambled(world: &mut World) -> [Vec<u8>; 3] {
    let parts = [(1, [b'a'; 100]), (2, [b'b'; 100]), (3, [b'c'; 100])];
    let segments = parts.map(|(at, text)| segment(at, &text));
    for (link, at) in [("1", 2), ("0", 0), ("1", 1)] {
        let answer = world.smsc.ask(link, "deliver_sm", segments[at].0.clone());
        assert_eq!(answer.status, 0, "{answer:?}");
    }
    segments.map(|segment| segment.1)
}

fn start(client: Client, account: &str, more: &str) -> Option<World> {
    let keys = Keys { account, carrier: "binds = 2", more };
    let mut world = World::start(client, keys)?;
    world.smsc.hear("the second bind", |line| line["link"] == "1" && line["bound"].is_string());
    Some(world)
}

/// Its owner puts them together itself, over both of its binds.
fn segments_of_an_mo_come_as_they_are(client: Client) {
    let Some(mut world) = start(client, "", "") else { return };
    for link in ["a", "b"] {
        world.bind(link, "transceiver");
    }
    let segments = send_scrambled(&mut world);
    let mut came: Vec<Vec<u8>> = (0..3).map(|_| octets(&world.delivered())).collect();
    came.sort();
    assert_eq!(came, segments);
    for link in ["a", "b"] {
        world.unbind(link);
    }
    assert!(world.esme.heard(|line| !line["came"].is_null()).is_empty());
}
with_each!(segments_of_an_mo_come_as_they_are: npm Npm, smpplib Smpplib, twisted Twisted);

/// It wants one message_payload.
fn segments_of_an_mo_come_as_one_payload(client: Client) {
    let more = "[dialect.whole]\nmo_segments = \"payload\"\n";
    let Some(mut world) = start(client, "dialect = \"whole\"", more) else { return };
    for link in ["a", "b"] {
        world.bind(link, "transceiver");
    }
    let segments = send_scrambled(&mut world);
    let whole: Vec<u8> = segments.iter().flat_map(|one| one[6..].to_vec()).collect();
    let came = world.delivered();
    assert_eq!(octets(&came), whole, "{came}");
    assert!(came["fields"]["message_payload"].is_string(), "{came}");
    for link in ["a", "b"] {
        world.unbind(link);
    }
    assert!(world.esme.heard(|line| !line["came"].is_null()).is_empty());
}
with_each!(segments_of_an_mo_come_as_one_payload:
    aiosmpplib Aiosmpplib, npm Npm, smpplib Smpplib, twisted Twisted);

/// A data_sm of the carrier says the same as a deliver_sm; an alert goes to the number's owner.
fn a_carrier_may_deliver_by_data_sm_and_tell_of_an_alert(client: Client) {
    let Some(mut world) = start(client, "", "") else { return };
    world.bind("a", "transceiver");
    let mo = json!({
        "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": HANDSET, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "destination_addr": NUMBER, "esm_class": 0,
        "message_payload": hex(b"by data_sm"),
    });
    let answer = world.smsc.ask("0", "data_sm", mo);
    assert_eq!((answer.status, &answer.line["command"]), (0, &json!("data_sm_resp")));
    assert_eq!(octets(&world.delivered()), b"by data_sm");
    // No response is made to it.
    world.smsc.send(
        "1",
        "alert_notification",
        json!({
            "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": HANDSET, "esme_addr_ton": 1,
            "esme_addr_npi": 1, "esme_addr": NUMBER,
        }),
    );
    let alert = world.esme.hear("an alert", |line| line["came"] == "alert_notification");
    assert_eq!(alert["fields"]["source_addr"], HANDSET, "{alert}");
    world.unbind("a");
}
with_each!(a_carrier_may_deliver_by_data_sm_and_tell_of_an_alert: npm Npm, smpplib Smpplib);
