//! Receipts to the messages they are about.

use super::*;

/// Submits and has it taken under this id.
fn sent_as(world: &mut World, message: Message, id: &str) -> MessageId {
    let ours = world.submit(message).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, id);
    ours
}

#[test]
fn a_receipt_reaches_its_account_with_our_id() {
    let mut world = World::new();
    let id = sent_as(&mut world, Message { account: 1, ..message() }, "c0ffee");
    assert_eq!((world.shard.queued(), world.shard.awaiting_receipt()), (0, 1));
    world.receipt("C0FFEE", DELIVERED);
    assert_eq!(world.told(), [(1, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::ReceiptMatched(DELIVERED)), 1);
    assert_eq!(world.counts(Counted::Ended(DELIVERED)), 1);
    world.assert_empty();
}

#[test]
fn a_receipt_before_its_response_is_parked_and_matched() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.receipt("77", DELIVERED);
    assert_eq!((world.told(), world.counts(Counted::ReceiptParked(0))), (vec![], 1));
    world.seconds(20);
    world.take(&sent, "77");
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 0);
    world.assert_empty();
}

#[test]
fn parked_receipts_of_one_message_are_heard_in_their_order() {
    let mut world = World::new();
    let id = world.submit(Message { registered_delivery: 0x11, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    world.receipt("77", MessageState::ENROUTE);
    world.receipt("78", DELIVERED);
    world.receipt("77", DELIVERED);
    world.receipt("77", DELIVERED);
    world.take(&sent, "77");
    let told: Vec<MessageState> = world.told().iter().map(|told| told.2).collect();
    assert_eq!(told, [MessageState::ENROUTE, DELIVERED]);
    assert!(world.told().iter().all(|told| told.1 == id));
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
    assert_eq!(world.shard.parked.len(), 1, "78 waits on");
}

#[test]
fn a_parked_receipt_whose_response_never_comes_is_unknown() {
    let mut world = World::new();
    world.receipt("77", DELIVERED);
    world.seconds(29);
    assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 0);
    world.seconds(2);
    assert_eq!((world.counts(Counted::ReceiptUnknown(0)), world.shard.parked.len()), (1, 0));
    assert!(world.told().is_empty());
}

#[test]
fn parked_receipts_are_bounded_and_the_oldest_gives_way() {
    let limits = Limits { parked_max: 2, ..Rules::default().limits };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    for receipt in ["1", "2", "3"] {
        world.receipt(receipt, DELIVERED);
        assert!(world.shard.parked.len() <= 2);
    }
    assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 1);
    world.take(&sent, "3");
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
}

#[test]
fn a_receipt_without_an_id_is_unknown_at_once() {
    let mut world = World::new();
    world.receipt("", DELIVERED);
    assert_eq!((world.counts(Counted::ReceiptUnknown(0)), world.shard.parked.len()), (1, 0));
}

#[test]
fn a_receipt_finds_its_message_on_whichever_bind_it_comes() {
    let mut world = World::new();
    sent_as(&mut world, message(), "5");
    // Links are answered, nothing else: they have no part in finding the message.
    let receipt = world.carrier_receipt("5", HANDSET, DELIVERED);
    world.shard.receipt(world.now, &4, 17, receipt, &mut world.notes);
    assert_eq!(world.notes.answered, [(4, 17, CommandStatus::ESME_ROK)]);
    assert_eq!(world.told().len(), 1);
}

#[test]
fn a_duplicate_receipt_is_answered_and_counted_and_tells_nobody_anything() {
    let mut world = World::new();
    sent_as(&mut world, message(), "5");
    for _ in 0..3 {
        world.receipt("5", DELIVERED);
    }
    world.receipt("5", UNDELIVERABLE);
    assert_eq!(world.told().len(), 1, "a final state never leaves");
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 3);
    assert_eq!(world.counts(Counted::Ended(DELIVERED)), 1);
    assert_eq!((world.shard.parked.len(), world.counts(Counted::ReceiptParked(0))), (0, 0));
}

#[test]
fn a_receipt_of_another_carrier_matches_nothing() {
    let mut world = World::new();
    sent_as(&mut world, message(), "5");
    let keys = receipt_keys(1, world.notations, b"5");
    let own = world.carrier_receipt("5", HANDSET, DELIVERED);
    let receipt = CarrierReceipt { carrier: 1, keys, ..own };
    world.shard.receipt(world.now, &4, 17, receipt, &mut world.notes);
    assert!(world.told().is_empty());
}

#[test]
fn of_messages_with_one_id_the_newest_to_that_handset_is_meant() {
    let mut world = World::new();
    let same: Vec<MessageId> = (0..4).map(|_| sent_as(&mut world, message(), "5")).collect();
    let other = sent_as(&mut world, message_to("447700900123"), "5");
    for _ in 0..4 {
        world.receipt("5", DELIVERED);
    }
    world.receipt_of("5", "447700900123", UNDELIVERABLE);
    let told: Vec<MessageId> = world.told().iter().map(|told| told.1).collect();
    assert_eq!(told, [same[3], same[2], same[1], same[0], other]);
    world.assert_empty();
}

#[test]
fn a_receipt_whose_destination_does_not_agree_is_not_believed() {
    let mut world = World::new();
    sent_as(&mut world, message(), "5");
    world.receipt_of("5", "33687654321", DELIVERED);
    assert!(world.told().is_empty());
    assert_eq!(world.counts(Counted::ReceiptParked(0)), 1);
    world.receipt_of("5", "+33612345678", DELIVERED);
    assert_eq!(world.told().len(), 1, "a plus is no other number");
}

#[test]
fn intermediate_states_end_nothing_and_are_told_to_who_asked() {
    let mut world = World::new();
    let asked = Message { registered_delivery: 0x11, ..message() };
    let id = sent_as(&mut world, asked, "5");
    sent_as(&mut world, message_to("447700900123"), "6");
    for state in [MessageState::ENROUTE, MessageState::ACCEPTED, MessageState(0x63)] {
        world.receipt("5", state);
        world.receipt_of("6", "447700900123", state);
    }
    assert_eq!(world.told().len(), 3);
    assert_eq!(world.shard.awaiting_receipt(), 2);
    world.receipt("5", DELIVERED);
    assert_eq!(world.told().last(), Some(&(0, id, DELIVERED, 0)));
}

#[test]
fn accepted_ends_a_message_where_the_carrier_means_it_so() {
    let carrier = CarrierRules { accepted_is_final: true, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    let id = sent_as(&mut world, message(), "5");
    world.receipt("5", MessageState::ACCEPTED);
    assert_eq!(world.told(), [(0, id, MessageState::ACCEPTED, 99)]);
    world.assert_empty();
}

#[test]
fn unknown_is_a_carriers_last_word_and_its_account_hears_it() {
    let mut world = World::new();
    let id = sent_as(&mut world, message(), "5");
    world.receipt("5", UNKNOWN);
    assert_eq!(world.told(), [(0, id, UNKNOWN, 99)]);
    world.receipt("5", DELIVERED);
    assert_eq!((world.told().len(), world.counts(Counted::ReceiptDuplicate)), (1, 1));
    world.assert_empty();
}

/// A world whose carrier may say more after UNKNOWN, and the id of a message it has.
fn after_unknown() -> (World, MessageId) {
    let carrier = CarrierRules { unknown_is_final: false, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    let id = sent_as(&mut world, message(), "5");
    world.receipt("5", UNKNOWN);
    assert_eq!(world.told(), []);
    (world, id)
}

#[test]
fn where_more_may_follow_unknown_the_next_word_counts() {
    let (mut world, id) = after_unknown();
    world.pass(VALID);
    world.receipt("5", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn where_nothing_follows_unknown_the_message_ends_an_hour_after_its_validity() {
    let (mut world, id) = after_unknown();
    world.pass(VALID + Duration::from_secs(3500));
    assert_eq!(world.told(), []);
    world.seconds(200);
    assert_eq!(world.told(), [(0, id, UNKNOWN, 12)]);
    assert_eq!(world.counts(Counted::CorrelationDropped), 0);
    world.assert_empty();
}

#[test]
fn an_intermediate_unknown_ends_no_message_before_its_time() {
    let mut world = World::new();
    let asked = Message { registered_delivery: 0x11, ..message() };
    let id = world.submit(asked).unwrap();
    let sent = world.sent().unwrap();
    let unknown = world.carrier_receipt("5", HANDSET, UNKNOWN);
    let notification = CarrierReceipt { is_provisional: true, ..unknown };
    world.hear(notification.clone());
    // It waited for this response.
    world.take(&sent, "5");
    world.hear(notification);
    assert_eq!((world.told().len(), world.shard.awaiting_receipt()), (2, 1));
    world.pass(VALID + Duration::from_secs(3700));
    assert_eq!(world.told().last(), Some(&(0, id, UNKNOWN, 12)));
    world.assert_empty();
}

#[test]
fn accounts_hear_what_they_asked_for() {
    // SMPP 3.4 §5.2.17, and 5.0's 3: success only.
    let cases = [
        (0x00, DELIVERED, 0),
        (0x00, UNDELIVERABLE, 0),
        (0x01, DELIVERED, 1),
        (0x01, UNDELIVERABLE, 1),
        (0x02, DELIVERED, 0),
        (0x02, UNDELIVERABLE, 1),
        (0x03, DELIVERED, 1),
        (0x03, UNDELIVERABLE, 0),
        (0x10, DELIVERED, 0),
        (0x10, MessageState::ENROUTE, 1),
        (0x01, MessageState::ENROUTE, 0),
    ];
    for (registered_delivery, state, told) in cases {
        let mut world = World::new();
        sent_as(&mut world, Message { registered_delivery, ..message() }, "5");
        world.receipt("5", state);
        assert_eq!(world.told().len(), told, "{registered_delivery:#x} {state}");
    }
}

#[test]
fn a_message_that_wants_no_receipt_is_gone_when_its_carrier_has_it() {
    let mut world = World::new();
    sent_as(&mut world, Message { registered_delivery: 0, ..message() }, "5");
    world.assert_empty();
}

#[test]
fn a_message_whose_carrier_gives_neither_id_nor_receipt_ends_unknown() {
    let mut world = World::new();
    let id = sent_as(&mut world, message(), "");
    world.pass(Duration::from_secs(216 * 3600 + 1));
    assert_eq!(world.told(), [(0, id, UNKNOWN, 12)]);
    world.assert_empty();
}

#[test]
fn receipts_are_awaited_for_so_many_messages_and_so_long_and_then_they_end_unknown() {
    let limits = Limits {
        correlations_max: 2,
        correlation_max_age: Duration::from_secs(3600),
        ..Rules::default().limits
    };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let ids = ["1", "2", "3"].map(|id| {
        let ours = sent_as(&mut world, message(), id);
        assert!(world.shard.awaiting_receipt() <= 2);
        ours
    });
    assert_eq!(world.counts(Counted::CorrelationDropped), 1);
    assert_eq!(world.told(), [(0, ids[0], UNKNOWN, 12)], "the oldest gave way");
    world.receipt("1", DELIVERED);
    assert_eq!((world.told().len(), world.counts(Counted::ReceiptDuplicate)), (1, 1));
    world.receipt("2", DELIVERED);
    assert_eq!(world.told().last(), Some(&(0, ids[1], DELIVERED, 0)));
    world.seconds(3601);
    assert_eq!(world.counts(Counted::CorrelationDropped), 2);
    assert_eq!(world.told().last(), Some(&(0, ids[2], UNKNOWN, 12)));
    world.assert_empty();
}

/// What account 0 hears of a message it cut in two, with UDH or TLVs, whose segments end so.
fn heard_of_own_segments(one: bool, with_tlvs: bool, states: [MessageState; 2]) -> Vec<usize> {
    let limits = Limits { one_receipt: vec![one], ..Rules::default().limits };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let ids = [1, 2].map(|sequence: u8| {
        let sar = [0x02, 0x0c, 0, 2, 0, 7, 0x02, 0x0e, 0, 1, 2, 0x02, 0x0f, 0, 1, sequence];
        let udh = [5, 0, 3, 7, 2, sequence, b'x'];
        let segment = match with_tlvs {
            true => Message { tlvs: sar.into(), ..message() },
            false => Message { esm_class: 0x40, user_data: UserData::new(&udh), ..message() },
        };
        let id = world.submit(segment).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, &sequence.to_string());
        id
    });
    for (carrier_id, state) in ["1", "2"].into_iter().zip(states) {
        world.receipt(carrier_id, state);
    }
    world.assert_empty();
    let told = world.told();
    told.iter().filter_map(|told| ids.iter().position(|id| *id == told.1)).collect()
}

#[test]
fn an_account_may_want_one_receipt_for_a_message_it_cut_itself() {
    let (ok, bad) = (DELIVERED, UNDELIVERABLE);
    for with_tlvs in [false, true] {
        let heard = |one, states| heard_of_own_segments(one, with_tlvs, states);
        assert_eq!(heard(false, [ok, ok]), [0, 1], "each");
        assert_eq!(heard(true, [ok, ok]), [1], "the last tells of success");
        assert_eq!(heard(true, [bad, ok]), [0, 1], "one that fails is told by its own");
        assert_eq!(heard(true, [ok, bad]), [1]);
    }
}

/// SMPP 3.4 §5.2.17: a carrier that is asked for failures alone says nothing when all went well.
#[test]
fn silence_is_no_failure_where_only_failures_were_asked_for() {
    for makes_live in [false, true] {
        let mut world = World::new();
        let asked = Message { registered_delivery: 2, ..message() };
        if makes_live {
            world.submit(asked).unwrap();
            let sent = world.sent().unwrap();
            world.done(&sent, SegmentResult::InDoubt);
            let taken = world.taken("5");
            world.done_late(&sent, taken);
        } else {
            sent_as(&mut world, asked, "5");
        }
        world.pass(Duration::from_secs(216 * 3600 + 1));
        assert_eq!(world.told(), [], "{makes_live}");
        assert_eq!(world.counts(Counted::CorrelationDropped), 0);
        world.assert_empty();
        let mut world = World::new();
        let id = sent_as(&mut world, Message { registered_delivery: 2, ..message() }, "5");
        world.receipt("5", UNDELIVERABLE);
        assert_eq!(world.told(), [(0, id, UNDELIVERABLE, 99)]);
    }
}

#[test]
fn where_accepted_is_the_end_it_is_no_failure() {
    let carrier = CarrierRules { accepted_is_final: true, ..Rules::default().carrier };
    for (registered_delivery, told) in [(1, 1), (2, 0), (3, 1)] {
        let mut world = World::with(Rules { carrier, ..Rules::default() });
        sent_as(&mut world, Message { registered_delivery, ..message() }, "5");
        world.receipt("5", MessageState::ACCEPTED);
        assert_eq!(world.told().len(), told, "{registered_delivery}");
    }
}

/// A carrier that gives one id to all must not cost the others their shard.
#[test]
fn an_id_that_is_given_again_and_again_is_compared_with_few() {
    const MESSAGES: u32 = 200_000;
    let mut world = World::new();
    let mut last = None;
    for at in 0..MESSAGES {
        let handset = format!("336{at:08}");
        last = world.submit(message_to(&handset));
        let sent = world.sent().unwrap();
        world.take(&sent, "0");
    }
    // The newest few are still told apart by where they went.
    world.receipt_of("0", &format!("336{:08}", 10), DELIVERED);
    assert!(last.is_some());
    world.pass(Duration::from_secs(216 * 3600 + 60));
    assert!(world.shard.awaiting_receipt() < MESSAGES as usize);
}
