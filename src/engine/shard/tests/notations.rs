//! Ids that a carrier writes one way in its responses and another way in its receipts.

use super::*;
use crate::message::receipt::id::IdNotation;

/// The same message's id in a response and in its receipt, as carriers were seen to write them
/// (quirks 1 to 7).
const PAIRS: &[(&str, &str)] = &[
    ("5", "5"),
    ("c0ffee", "C0FFEE"),
    ("000000c0ffee", "c0ffee"),
    ("E999F21", "0e999f21"),
    ("812FC7470000001B", "9308878062554710043"),
    ("0x1f", "31"),
    ("4831666765594842386172", "4831666765594842386172"),
    ("0913121205", "913121205"),
    ("SAR-2347-1eedf843-2-1", "sar-2347-1eedf843-2-1"),
    ("106c570146a7c1cdbac", "4847273840982347275180"),
    ("9308878062554710043", "812FC7470000001B"),
    ("4847273840982347275180", "0106C570146A7C1CDBAC"),
];

#[test]
fn ids_agree_across_notations_without_a_setting() {
    for (response, receipt) in PAIRS {
        let mut world = World::new();
        let id = world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, response);
        world.receipt(receipt, DELIVERED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)], "{response} {receipt}");
    }
}

#[test]
fn ids_that_machine_integers_cannot_tell_apart_are_told_apart() {
    let mut world = World::new();
    let mut sent_as = |response: &str| {
        let id = world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, response);
        id
    };
    // Above 2^63 a saturating integer makes one of both (quirk 3).
    let one = sent_as("812FC7470000001B");
    let other = sent_as("822FC73B00000039");
    world.receipt("9380935605053030457", UNDELIVERABLE);
    world.receipt("9308878062554710043", DELIVERED);
    assert_eq!(world.told(), [(0, other, UNDELIVERABLE, 99), (0, one, DELIVERED, 0)]);
}

/// Messages to one handset, taken under ids from `first` on and not yet heard of.
fn taken(world: &mut World, ids: impl Iterator<Item = String>) -> Vec<MessageId> {
    ids.map(|id| {
        let ours = world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, &id);
        ours
    })
    .collect()
}

#[test]
fn a_notation_that_was_learnt_keeps_chance_out() {
    let mut world = World::new();
    taken(&mut world, (10..18).map(|id| id.to_string()));
    for id in 10..18 {
        world.receipt(&id.to_string(), DELIVERED);
    }
    assert_eq!(world.counts(Counted::IdNotation { carrier: 0, notation: 0 }), 1);
    // 32 in hexadecimal is 20: what was never heard of must not end a message it does not name.
    let twenty = taken(&mut world, ["20".to_owned()].into_iter());
    world.receipt("32", UNDELIVERABLE);
    assert_eq!(world.told().len(), 8, "parked, not taken for 20");
    world.receipt("20", DELIVERED);
    assert_eq!(world.told().last(), Some(&(0, twenty[0], DELIVERED, 0)));
}

#[test]
fn a_carrier_that_changes_its_notation_is_followed() {
    let mut world = World::new();
    taken(&mut world, (16..24).map(|id| format!("{id:x}")));
    for id in 16..24 {
        world.receipt(&format!("{id:x}"), DELIVERED);
    }
    // From now on its receipts are in decimal.
    taken(&mut world, (100..140).map(|id| format!("{id:x}")));
    for id in 100..140 {
        world.receipt(&id.to_string(), DELIVERED);
        world.seconds(31);
    }
    assert_eq!(world.told().len(), 48);
    assert_eq!(world.counts(Counted::IdNotation { carrier: 0, notation: 1 }), 1);
    let parked = world.counts(Counted::ReceiptParked(0));
    assert!(parked < 20, "{parked} of 40 had to wait");
    world.assert_empty();
}

#[test]
fn a_notation_that_was_set_is_all_that_is_tried() {
    let mut world = World::new();
    world.notations = Notations { response: IdNotation::Hex, receipt: IdNotation::Decimal };
    let ids = taken(&mut world, ["1f".to_owned(), "31".to_owned()].into_iter());
    world.receipt("31", DELIVERED);
    assert_eq!(world.told(), [(0, ids[0], DELIVERED, 0)]);
}
