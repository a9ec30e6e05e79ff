//! Messages that leave the queue of a carrier that is down.

use super::*;

/// The dispatcher of a carrier without a bind hands back the message that waits.
fn hand_back(world: &mut World) {
    let (outgoing, _) = world.notes.out.pop_front().expect("a message");
    assert_eq!((outgoing.segment, outgoing.segments), (0, outgoing.message.segments()));
    world.shard.elsewhere(world.now, outgoing.ticket, &mut world.notes);
}

#[test]
fn a_message_that_was_not_sent_goes_to_the_other_carrier_with_the_plan_it_has() {
    let mut world = World::new();
    world.notes.elsewhere = Some(1);
    let id = world.submit(long_message(3)).unwrap();
    hand_back(&mut world);
    assert_eq!(world.notes.dispatched, [0, 1]);
    for segment in ["a", "b", "c"] {
        let sent = world.sent().unwrap();
        let key = response_key(1, world.notations, segment.as_bytes());
        world.done(&sent, SegmentResult::Accepted { key, id: None });
    }
    assert_eq!((world.shard.queued(), world.counts(Counted::FailedOver)), (0, 1));
    world.seconds(217 * 3600);
    assert!(world.told().iter().all(|told| told.1 == id));
    world.assert_empty();
}

#[test]
fn without_another_carrier_it_waits_where_it_was() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    hand_back(&mut world);
    assert_eq!(world.notes.dispatched, [0, 0]);
    let sent = world.sent().unwrap();
    world.take(&sent, "1");
    world.receipt("1", DELIVERED);
    world.assert_empty();
}

#[test]
fn what_may_be_with_the_first_carrier_stays_there() {
    let carrier = CarrierRules { in_doubt: InDoubtPolicy::Resend, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    world.notes.elsewhere = Some(1);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    hand_back(&mut world);
    assert_eq!(world.notes.dispatched, [0, 0, 0]);
    assert_eq!(world.counts(Counted::FailedOver), 0);
}

#[test]
fn what_expired_on_its_way_back_ends_so() {
    let mut world = World::new();
    world.notes.elsewhere = Some(1);
    let id = world.submit(message()).unwrap();
    let (outgoing, _) = world.notes.out.pop_front().unwrap();
    world.pass(VALID + Duration::from_secs(1));
    world.shard.elsewhere(world.now, outgoing.ticket, &mut world.notes);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    world.assert_empty();
}

/// Receipts of the carrier that has it now may speak of it, and none of the one it left.
#[test]
fn a_message_once_in_doubt_is_in_doubt_at_the_carrier_it_has_now() {
    let mut world = World::new();
    world.notes.elsewhere = Some(1);
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    let refused = SegmentResult::Refused {
        status: CommandStatus::ESME_RDELIVERYFAILURE,
        class: CommandStatus::ESME_RDELIVERYFAILURE.class(),
        retry_after: None,
    };
    world.done_late(&sent, refused);
    world.seconds(120);
    hand_back(&mut world);
    assert_eq!(world.counts(Counted::FailedOver), 1);
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    let receipt = CarrierReceipt { carrier: 1, ..world.carrier_receipt("77", HANDSET, DELIVERED) };
    world.hear(receipt);
    world.seconds(59);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}
