//! Receipts of several kinds, and a pace that is kept.

use std::collections::BTreeSet;

use serde_json::json;

use crate::with_each;
use crate::world::{Client, Keys, World, hex, message, octets, read_receipt, with};

/// Status: over the account's pace.
const RTHROTTLED: u64 = 0x58;

/// registered_delivery 0x11: the final state and every one before it (SMPP 3.4 §5.2.17).
fn intermediate_states_are_told_to_who_asked(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("a", "transceiver");
    let both = with(message("both"), "registered_delivery", json!(0x11));
    let ids = [both, message("final")].map(|fields| world.esme.ask("a", "submit_sm", fields).id);
    let submits = [world.take("1"), world.take("2")];
    for (submit, id) in submits.iter().zip(["1", "2"]) {
        world.report("0", submit, id, "ENROUTE", 0x20);
        world.receipt("0", submit, id, "DELIVRD");
    }
    let came: Vec<_> = (0..3).map(|_| world.delivered()).collect();
    let told: Vec<_> = came
        .iter()
        .map(|line| {
            let (id, stat) = read_receipt(line);
            (ids.iter().position(|one| *one == id), stat, line["fields"]["esm_class"].clone())
        })
        .collect();
    let expected = [
        (Some(0), "ENROUTE".to_owned(), json!(0x20)),
        (Some(0), "DELIVRD".to_owned(), json!(4)),
        (Some(1), "DELIVRD".to_owned(), json!(4)),
    ];
    assert_eq!(told, expected);
    world.unbind("a");
}
with_each!(intermediate_states_are_told_to_who_asked: npm Npm, smpplib Smpplib, twisted Twisted);

/// A payload that we cut brings one receipt, of the worst of its segments, whatever their order.
fn a_message_that_we_cut_brings_one_receipt(client: Client) {
    let Some(mut world) = World::start(client, Keys::default()) else { return };
    world.bind("a", "transceiver");
    let payload = with(message(""), "message_payload", json!(hex(&[b'x'; 400])));
    let ids = [payload.clone(), payload].map(|fields| world.esme.ask("a", "submit_sm", fields).id);
    let submits: Vec<_> = (0..6).map(|at| world.take(&format!("c0{at}"))).collect();
    for (at, stat) in
        [(2, "DELIVRD"), (5, "DELIVRD"), (0, "UNDELIV"), (4, "DELIVRD"), (1, "DELIVRD")]
    {
        world.receipt("0", &submits[at], &format!("C0{at}"), stat);
    }
    assert_eq!(world.told(), (ids[0].clone(), "UNDELIV".to_owned()));
    world.receipt("0", &submits[3], "C03", "DELIVRD");
    assert_eq!(world.told(), (ids[1].clone(), "DELIVRD".to_owned()));
    world.unbind("a");
    assert!(world.esme.heard(|line| !line["came"].is_null()).is_empty());
}
with_each!(a_message_that_we_cut_brings_one_receipt: npm Npm, smpplib Smpplib, twisted Twisted);

/// Of what an account cut itself it may want one receipt: that of the last segment.
fn a_message_that_it_cut_brings_one_receipt_if_it_wants_one(client: Client) {
    let keys = Keys { account: "multipart_receipts = \"one\"", ..Keys::default() };
    let Some(mut world) = World::start(client, keys) else { return };
    world.bind("a", "transceiver");
    let segment = |sequence: u8| {
        let octets = [&[5, 0, 3, 7, 3, sequence][..], &[b'y'; 100]].concat();
        with(with(message(""), "short_message", json!(hex(&octets))), "esm_class", json!(0x40))
    };
    let ids = [1, 2, 3].map(|at| world.esme.ask("a", "submit_sm", segment(at)).id);
    let submits = ["1", "2", "3"].map(|id| world.take(id));
    assert_eq!(octets(&submits[2])[..6], [5, 0, 3, 7, 3, 3]);
    for at in [2, 0, 1] {
        world.receipt("0", &submits[at], &(at + 1).to_string(), "DELIVRD");
    }
    assert_eq!(world.told(), (ids[2].clone(), "DELIVRD".to_owned()));
    world.unbind("a");
    assert!(world.esme.heard(|line| !line["came"].is_null()).is_empty());
}
with_each!(a_message_that_it_cut_brings_one_receipt_if_it_wants_one:
    npm Npm, smpplib Smpplib, twisted Twisted);

/// Those refused with ESME_RTHROTTLED come again until they are taken, and each brings its receipt.
fn what_was_throttled_comes_again_and_is_taken(client: Client) {
    const MESSAGES: usize = 40;
    let keys = Keys { account: "segments_per_second = 20", ..Keys::default() };
    let Some(mut world) = World::start(client, keys) else { return };
    world.bind("a", "transceiver");
    let (mut left, mut ids, mut throttled) = (MESSAGES, BTreeSet::new(), 0);
    while left > 0 {
        let numbers: Vec<u64> =
            (0..left).map(|_| world.esme.send("a", "submit_sm", message("again"))).collect();
        for number in numbers {
            let said = world.esme.answer(number);
            match said.status {
                0 => assert!(ids.insert(said.id)),
                status => {
                    assert_eq!(status, RTHROTTLED, "{:?}", said.line);
                    throttled += 1;
                }
            }
        }
        left = MESSAGES - ids.len();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(throttled > 0);
    for at in 0..MESSAGES {
        let submit = world.take(&at.to_string());
        world.receipt("0", &submit, &at.to_string(), "DELIVRD");
    }
    for _ in 0..MESSAGES {
        assert!(ids.remove(&world.told().0));
    }
    world.unbind("a");
}
with_each!(what_was_throttled_comes_again_and_is_taken:
    aiosmpplib Aiosmpplib, npm Npm, smpplib Smpplib, twisted Twisted);
