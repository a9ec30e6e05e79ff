//! Transmitters and receivers apart, and many binds of one account.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::with_each;
use crate::world::{Client, HANDSET, Keys, NUMBER, World, hex, is_mo, message, read_receipt, text};

/// Status: not the session for it.
const RINVBNDSTS: u64 = 4;

/// An MO as a carrier sends it.
fn mo(octets: &[u8]) -> Value {
    json!({
        "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": HANDSET, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "destination_addr": NUMBER, "esm_class": 0,
        "short_message": hex(octets),
    })
}

fn a_transmitter_submits_and_a_receiver_hears_of_it(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("tx", "transmitter");
    // What comes before anybody receives waits.
    assert_eq!(world.smsc.ask("0", "deliver_sm", mo(b"early")).status, 0);
    let said = world.esme.ask("tx", "submit_sm", message("hello"));
    assert_eq!(said.status, 0, "{said:?}");
    let submit = world.take("1");
    world.receipt("0", &submit, "1", "DELIVRD");
    world.bind("rx", "receiver");
    let came: Vec<Value> = (0..2).map(|_| world.delivered()).collect();
    assert!(came.iter().all(|line| line["link"] == "rx"), "{came:?}");
    let (mos, receipts): (Vec<_>, Vec<_>) = came.iter().partition(|line| is_mo(line));
    assert_eq!(mos.iter().map(|line| text(line)).collect::<Vec<_>>(), ["early"]);
    assert_eq!(read_receipt(receipts[0]), (said.id, "DELIVRD".to_owned()));
    // The libraries that do not themselves refuse to send it.
    if client == Client::Npm {
        assert_eq!(world.esme.ask("rx", "submit_sm", message("no")).status, RINVBNDSTS);
    }
    world.unbind("rx");
    world.unbind("tx");
}
with_each!(a_transmitter_submits_and_a_receiver_hears_of_it:
    aiosmpplib Aiosmpplib, npm Npm, smpplib Smpplib, twisted Twisted);

/// Each response on the bind of its request; each receipt and MO once, on whichever bind.
fn several_binds_in_turn_lose_and_double_nothing(client: Client) {
    const MESSAGES: usize = 120;
    let keys = Keys { carrier: "binds = 2", ..Keys::default() };
    let Some(mut world) = World::start(client, keys) else { return };
    let links = ["a", "b", "c"];
    for link in links {
        world.bind(link, "transceiver");
    }
    let numbers: Vec<(usize, u64)> = (0..MESSAGES)
        .map(|at| (at, world.esme.send(links[at % 3], "submit_sm", message(&format!("no {at}")))))
        .collect();
    let mut ids = BTreeMap::new();
    for (at, number) in numbers {
        let said = world.esme.answer(number);
        assert_eq!((said.status, &said.line["link"]), (0, &json!(links[at % 3])), "{said:?}");
        assert!(ids.insert(said.id, at).is_none());
    }
    let submits: Vec<Value> = (0..MESSAGES).map(|at| world.take(&format!("{at:X}"))).collect();
    let used: BTreeSet<String> = submits.iter().map(|one| one["link"].to_string()).collect();
    assert_eq!(used.len(), 2, "both binds of the carrier are used");
    let asked: Vec<u64> = submits
        .iter()
        .enumerate()
        .map(|(at, submit)| {
            let fields = crate::world::receipt_fields(submit, &format!("{at:x}"), "DELIVRD", 4);
            // On either bind, whichever sent it.
            world.smsc.send(["0", "1"][at / 2 % 2], "deliver_sm", fields)
        })
        .collect();
    for at in 0..30 {
        world.smsc.send(["0", "1"][at % 2], "deliver_sm", mo(format!("MO {at}").as_bytes()));
    }
    asked.into_iter().for_each(|number| assert_eq!(world.smsc.answer(number).status, 0));
    let came: Vec<Value> = (0..MESSAGES + 30).map(|_| world.delivered()).collect();
    let mut texts = BTreeSet::new();
    for line in &came {
        match is_mo(line) {
            true => assert!(texts.insert(text(line)), "{line}"),
            false => assert!(ids.remove(&read_receipt(line).0).is_some(), "{line}"),
        }
    }
    assert_eq!((ids.len(), texts.len()), (0, 30));
    let heard: BTreeSet<String> = came.iter().map(|line| line["link"].to_string()).collect();
    assert!(heard.len() > 1, "only {heard:?} of three binds was used");
    for link in links {
        world.unbind(link);
    }
    assert!(world.esme.heard(|line| !line["came"].is_null()).is_empty());
}
with_each!(several_binds_in_turn_lose_and_double_nothing:
    aiosmpplib Aiosmpplib, npm Npm, smpplib Smpplib, twisted Twisted);
