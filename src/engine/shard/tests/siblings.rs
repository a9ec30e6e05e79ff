//! Segments that an account cut itself, before a carrier that sends one receipt for all of them.

use super::*;

/// A world whose carriers send a receipt for one segment alone.
fn world(receipt_segments: ReceiptSegments) -> World {
    let carrier = CarrierRules { receipt_segments, ..Rules::default().carrier };
    World::with(Rules { carrier, ..Rules::default() })
}

/// One of three segments, marked by a header, with these wishes for receipts.
fn segment(sequence: u8, registered_delivery: u8) -> Message {
    let user_data = UserData::new(&[5, 0, 3, 7, 3, sequence, b'x']);
    Message { esm_class: 0x40, user_data, registered_delivery, ..message() }
}

/// Submits segments with these wishes, which the carrier takes as `a1` and so on; with what it was
/// asked for.
fn taken(world: &mut World, name: &str, segments: &[(u8, u8)]) -> Vec<(MessageId, bool)> {
    let mut taken = Vec::new();
    for (sequence, wish) in segments {
        let id = world.submit(segment(*sequence, *wish)).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, &format!("{name}{sequence}"));
        taken.push((id, sent.message.asks_for_all));
    }
    taken
}

/// Nothing is left of messages all of whose segments have come.
fn assert_gone(world: &World) {
    world.assert_empty();
    assert!(world.shard.siblings.is_empty(), "a message all of whose segments are gone");
}

#[test]
fn q15_the_receipt_of_one_segment_ends_those_that_the_account_cut_too() {
    for (named, receipt) in [(ReceiptSegments::Last, "a3"), (ReceiptSegments::First, "a1")] {
        for (state, error) in [(DELIVERED, 0), (UNDELIVERABLE, 99)] {
            let mut world = world(named);
            let segments = taken(&mut world, "a", &[(1, 1), (2, 1), (3, 1)]);
            assert!(segments.iter().all(|(_, asks)| !asks), "each asks for itself");
            world.receipt(receipt, state);
            let mut told = world.told();
            told.sort_by_key(|told| told.1);
            let expected: Vec<_> = segments.iter().map(|(id, _)| (0, *id, state, error)).collect();
            assert_eq!(told, expected, "{named}");
            world.receipt("a2", DELIVERED);
            assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
            assert_gone(&world);
        }
    }
}

#[test]
fn q15_a_carrier_is_asked_for_the_receipt_that_tells_of_the_segment_whose_is_wanted() {
    let mut world = world(ReceiptSegments::Last);
    // As Adobe does it: a receipt of the first alone, which is sent last of all.
    taken(&mut world, "a", &[(1, 1), (2, 0), (3, 0)]);
    let segments = taken(&mut world, "b", &[(2, 0), (3, 0), (1, 1)]);
    assert_eq!(segments.iter().map(|(_, asks)| *asks).collect::<Vec<_>>(), [false, true, false]);
    world.receipt("b3", DELIVERED);
    assert_eq!(world.told(), [(0, segments[2].0, DELIVERED, 0)], "it alone asked");
    world.receipt("a3", UNDELIVERABLE);
    assert_eq!(world.told().len(), 2);
    assert_gone(&world);
}

#[test]
fn q15_an_account_that_wants_no_receipts_makes_a_carrier_send_none() {
    let mut world = world(ReceiptSegments::Last);
    let segments = taken(&mut world, "a", &[(1, 0), (2, 0), (3, 0)]);
    assert!(segments.iter().all(|(_, asks)| !asks));
    assert_gone(&world);
    let other = Message { account: 1, ..segment(1, 1) };
    world.submit(other).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "c1");
    let segments = taken(&mut world, "b", &[(1, 0), (2, 0), (3, 0)]);
    assert!(segments.iter().all(|(_, asks)| !asks), "what another wants is no matter");
}

#[test]
fn q15_a_segment_that_is_taken_after_the_receipt_ends_as_it_says() {
    let mut world = world(ReceiptSegments::First);
    let first = world.submit(segment(1, 1)).unwrap();
    let second = world.submit(segment(2, 1)).unwrap();
    let (sent_first, sent_second) = (world.sent().unwrap(), world.sent().unwrap());
    world.take(&sent_first, "1");
    world.receipt("1", DELIVERED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0)]);
    world.take(&sent_second, "2");
    let third = taken(&mut world, "x", &[(3, 1)])[0].0;
    assert_eq!(world.told()[1..], [(0, second, DELIVERED, 0), (0, third, DELIVERED, 0)]);
    assert_gone(&world);
}

#[test]
fn q15_without_the_receipt_that_speaks_for_all_the_others_end_soon_after_the_first_news() {
    let mut world = world(ReceiptSegments::Last);
    let segments = taken(&mut world, "a", &[(1, 1), (2, 1), (3, 1)]);
    world.receipt("a1", UNDELIVERABLE);
    world.seconds(299);
    assert_eq!(world.told(), [(0, segments[0].0, UNDELIVERABLE, 99)]);
    // Its own receipt stands before what is said of another.
    world.receipt("a2", DELIVERED);
    world.seconds(2);
    assert_eq!(
        world.told()[1..],
        [(0, segments[1].0, DELIVERED, 0), (0, segments[2].0, UNDELIVERABLE, 99),]
    );
    assert_eq!(world.counts(Counted::CorrelationDropped), 0);
    assert_gone(&world);
}

#[test]
fn q15_where_the_segment_that_speaks_for_all_is_rejected_the_others_are_not_awaited_for_days() {
    let mut world = world(ReceiptSegments::Last);
    let segments = taken(&mut world, "a", &[(1, 1), (2, 1)]);
    let last = world.submit(segment(3, 1)).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    let (told, error) = (world.told(), CommandStatus::ESME_RINVDSTADR.0);
    assert_eq!(told, [(0, last, MessageState::REJECTED, error)]);
    world.seconds(301);
    let mut told: Vec<_> = world.told()[1..].iter().map(|told| (told.1, told.2)).collect();
    told.sort_by_key(|(id, _)| *id);
    let rejected = |at: usize| (segments[at].0, MessageState::REJECTED);
    assert_eq!(told, [rejected(0), rejected(1)]);
    assert_gone(&world);
}

#[test]
fn q15_a_reference_that_is_used_again_is_another_message() {
    let mut world = world(ReceiptSegments::Last);
    let old = taken(&mut world, "a", &[(1, 1), (2, 1)]);
    let new = taken(&mut world, "b", &[(1, 1), (2, 1), (3, 1)]);
    world.receipt("b3", DELIVERED);
    let mut told: Vec<_> = world.told().iter().map(|told| told.1).collect();
    told.sort_unstable();
    assert_eq!(told, new.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    world.receipt("a2", DELIVERED);
    world.seconds(301);
    let told = world.told();
    assert_eq!((told.len(), told[4].1), (old.len() + new.len(), old[0].0));
    assert_gone(&world);
}

#[test]
fn q15_where_each_segment_brings_a_receipt_each_ends_by_its_own() {
    let mut world = world(ReceiptSegments::Each);
    let segments = taken(&mut world, "a", &[(1, 1), (2, 1), (3, 1)]);
    world.receipt("a3", DELIVERED);
    assert_eq!(world.told(), [(0, segments[2].0, DELIVERED, 0)]);
}
