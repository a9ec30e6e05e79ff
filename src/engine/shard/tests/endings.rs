//! What becomes of messages that are refused, tried again, given up or expire, and of messages of
//! several segments.

use super::*;

const FULL: CommandStatus = CommandStatus::ESME_RMSGQFUL;
const THROTTLED: CommandStatus = CommandStatus::ESME_RTHROTTLED;
const SYSTEM_ERROR: CommandStatus = CommandStatus::ESME_RSYSERR;
const BAD_ADDRESS: CommandStatus = CommandStatus::ESME_RINVDSTADR;

#[test]
fn what_the_carrier_rejects_ends_rejected_with_its_status() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, BAD_ADDRESS);
    assert_eq!(world.told(), [(0, id, REJECTED, BAD_ADDRESS.0)]);
    world.seconds(3600);
    assert!(world.sent().is_none());
    world.assert_empty();
}

#[test]
fn a_temporary_error_is_tried_again_and_given_up_after_the_last_attempt() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    for attempt in 1..=3 {
        let sent = world.sent().unwrap();
        world.refuse(&sent, SYSTEM_ERROR);
        world.seconds(29);
        assert!(world.sent().is_none(), "too early after attempt {attempt}");
        world.seconds(2);
    }
    assert_eq!(world.told(), [(0, id, UNDELIVERABLE, SYSTEM_ERROR.0)]);
    assert_eq!(world.counts(Counted::Retried), 2);
    world.seconds(3600);
    assert!(world.sent().is_none());
    world.assert_empty();
}

#[test]
fn a_dialect_says_when_to_try_again() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let retry_after = Some(Duration::from_secs(2));
    let class = SYSTEM_ERROR.class();
    world.done(&sent, SegmentResult::Refused { status: SYSTEM_ERROR, class, retry_after });
    world.seconds(3);
    assert!(world.sent().is_some());
}

#[test]
fn a_throttled_message_goes_first_and_it_is_no_attempt() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    for status in [THROTTLED, FULL].into_iter().cycle().take(100) {
        let sent = world.sent().unwrap();
        world.refuse(&sent, status);
        assert!(world.notes.out.front().unwrap().1, "first");
    }
    assert!(world.told().is_empty());
    let sent = world.sent().unwrap();
    world.take(&sent, "5");
    assert_eq!(world.shard.awaiting_receipt(), 1);
}

#[test]
fn what_was_never_written_goes_again_first_and_it_is_no_attempt() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    for _ in 0..10 {
        let sent = world.sent().unwrap();
        world.done(&sent, SegmentResult::NotSent);
        assert!(world.notes.out.front().unwrap().1);
    }
    assert_eq!(world.notes.out.len(), 1);
}

#[test]
fn a_message_expires_in_the_queue() {
    let mut world = World::new();
    let expires_at = START + Duration::from_secs(60);
    let id = world.submit(Message { expires_at, ..message() }).unwrap();
    world.seconds(59);
    assert!(world.told().is_empty());
    world.seconds(2);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    assert!(world.sent().is_none(), "taken back from the dispatcher");
    world.assert_empty();
}

#[test]
fn a_message_expires_while_it_waits_for_its_next_attempt() {
    let mut world = World::new();
    let expires_at = START + Duration::from_secs(10);
    let id = world.submit(Message { expires_at, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, SYSTEM_ERROR);
    world.seconds(60);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    assert!(world.notes.withdrawn.is_empty(), "the dispatcher does not hold it");
    world.assert_empty();
}

/// A message that is sent, and whose validity ends before its answer comes.
fn sent_and_expired(segments: u16) -> (World, MessageId, Vec<Outgoing>) {
    let mut world = World::new();
    let expires_at = START + Duration::from_secs(10);
    let text = if segments > 1 { long_message(segments) } else { message() };
    let id = world.submit(Message { expires_at, ..text }).unwrap();
    let sent = std::iter::from_fn(|| world.sent()).collect();
    world.seconds(20);
    assert!(world.told().is_empty(), "its answer is out");
    (world, id, sent)
}

#[test]
fn a_message_taken_after_its_validity_is_told_by_its_receipt() {
    let (mut world, id, sent) = sent_and_expired(1);
    world.take(&sent[0], "5");
    world.seconds(600);
    assert_eq!((world.told().len(), world.shard.awaiting_receipt()), (0, 1));
    world.receipt("5", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_message_that_comes_back_after_its_validity_is_expired_and_not_sent_again() {
    for how in ["throttled", "refused for now", "not sent"] {
        let (mut world, id, sent) = sent_and_expired(1);
        match how {
            "throttled" => world.refuse(&sent[0], THROTTLED),
            "refused for now" => world.refuse(&sent[0], SYSTEM_ERROR),
            _ => world.done(&sent[0], SegmentResult::NotSent),
        }
        assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)], "{how}");
        world.seconds(600);
        assert!(world.sent().is_none(), "{how}");
        world.assert_empty();
    }
}

#[test]
fn a_message_whose_answer_never_comes_is_unknown_though_its_validity_ended_first() {
    for in_doubt in [InDoubtPolicy::Hold, InDoubtPolicy::Resend, InDoubtPolicy::WaitThenResend] {
        let carrier = CarrierRules { in_doubt, ..Rules::default().carrier };
        let mut world = World::with(Rules { carrier, ..Rules::default() });
        let expires_at = START + Duration::from_secs(10);
        let id = world.submit(Message { expires_at, ..message() }).unwrap();
        let sent = world.sent().unwrap();
        world.seconds(20);
        world.done(&sent, SegmentResult::InDoubt);
        assert_eq!(world.told(), [(0, id, MessageState::UNKNOWN, 12)]);
        world.seconds(600);
        assert!(world.sent().is_none());
        world.assert_empty();
    }
}

#[test]
fn a_message_rejected_after_its_validity_is_told_so() {
    let (mut world, id, sent) = sent_and_expired(1);
    world.refuse(&sent[0], BAD_ADDRESS);
    assert_eq!(world.told(), [(0, id, REJECTED, BAD_ADDRESS.0)]);
    world.assert_empty();
}

#[test]
fn expiry_waits_for_the_last_segment_that_is_out() {
    let (mut world, id, sent) = sent_and_expired(3);
    world.take(&sent[0], "1");
    world.refuse(&sent[1], THROTTLED);
    assert!(world.told().is_empty());
    world.take(&sent[2], "3");
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    world.assert_empty();
}

#[test]
fn segments_no_bind_has_had_come_back_when_a_message_expires() {
    let mut world = World::new();
    let expires_at = START + Duration::from_secs(10);
    let id = world.submit(Message { expires_at, ..long_message(3) }).unwrap();
    let sent = world.sent().unwrap();
    world.seconds(20);
    assert!(world.told().is_empty() && world.sent().is_none());
    world.take(&sent, "1");
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    world.assert_empty();
}

#[test]
fn a_message_the_carrier_has_does_not_expire_with_us() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "5");
    world.pass(VALID + Duration::from_secs(60));
    assert!(world.told().is_empty());
    world.receipt("5", MessageState::EXPIRED);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 99)]);
}

#[test]
fn a_message_of_several_segments_brings_one_receipt_when_the_last_is_final() {
    let mut world = World::new();
    let id = world.submit(long_message(3)).unwrap();
    for carrier_id in ["1", "2", "3"] {
        let sent = world.sent().unwrap();
        world.take(&sent, carrier_id);
    }
    for carrier_id in ["3", "1", "1"] {
        world.receipt(carrier_id, DELIVERED);
        assert!(world.told().is_empty());
    }
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
    world.receipt("2", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::Ended(DELIVERED)), 1);
    world.assert_empty();
}

#[test]
fn the_worst_state_of_the_segments_is_the_messages() {
    let accepted = MessageState::ACCEPTED;
    let cases = [
        ([DELIVERED, UNDELIVERABLE, DELIVERED], UNDELIVERABLE),
        ([MessageState::EXPIRED, DELIVERED, UNDELIVERABLE], MessageState::EXPIRED),
        ([accepted, DELIVERED, DELIVERED], accepted),
        ([accepted, REJECTED, DELIVERED], REJECTED),
    ];
    let carrier = CarrierRules { accepted_is_final: true, ..Rules::default().carrier };
    for (states, worst) in cases {
        let mut world = World::with(Rules { carrier, ..Rules::default() });
        let id = world.submit(long_message(3)).unwrap();
        for carrier_id in ["1", "2", "3"] {
            let sent = world.sent().unwrap();
            world.take(&sent, carrier_id);
        }
        for (carrier_id, state) in ["1", "2", "3"].iter().zip(states) {
            world.receipt(carrier_id, state);
        }
        assert_eq!(world.told(), [(0, id, worst, 99)], "{states:?}");
    }
}

#[test]
fn a_receipt_for_a_segment_that_came_before_the_last_response_counts() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let sent = [world.sent().unwrap(), world.sent().unwrap()];
    world.take(&sent[0], "1");
    world.receipt("1", DELIVERED);
    world.receipt("2", DELIVERED);
    assert!(world.told().is_empty());
    world.take(&sent[1], "2");
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn one_id_for_all_segments_is_settled_by_one_receipt() {
    let mut world = World::new();
    let id = world.submit(long_message(3)).unwrap();
    for _ in 0..3 {
        let sent = world.sent().unwrap();
        world.take(&sent, "9");
    }
    world.receipt("9", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.receipt("9", DELIVERED);
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
    world.assert_empty();
}

/// A message of three segments, taken as 1, 2 and 3 by a carrier with receipts for some of them.
fn partly_receipted(receipt_segments: ReceiptSegments) -> (World, MessageId) {
    let carrier = CarrierRules { receipt_segments, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    let id = world.submit(long_message(3)).unwrap();
    for carrier_id in ["1", "2", "3"] {
        let sent = world.sent().unwrap();
        world.take(&sent, carrier_id);
    }
    (world, id)
}

#[test]
fn receipts_of_some_segments_end_a_message_when_the_others_do_not_come() {
    let (ok, bad) = (DELIVERED, UNDELIVERABLE);
    let cases: [(&[(&str, MessageState)], _); 4] = [
        (&[("1", ok)], (ok, 0)),
        (&[("3", ok)], (ok, 0)),
        (&[("2", bad), ("1", ok)], (bad, 99)),
        (&[("1", ok), ("3", MessageState::EXPIRED)], (MessageState::EXPIRED, 99)),
    ];
    for (receipts, (state, error)) in cases {
        let (mut world, id) = partly_receipted(ReceiptSegments::Each);
        for (carrier_id, state) in receipts {
            world.receipt(carrier_id, *state);
            world.seconds(100);
        }
        assert!(world.told().is_empty());
        // The wait begins with the first of them.
        world.seconds(301 - 100 * receipts.len() as u64);
        assert_eq!(world.told(), [(0, id, state, error)]);
        assert_eq!(world.counts(Counted::CorrelationDropped), 0);
        world.receipt("2", ok);
        assert_eq!((world.told().len(), world.counts(Counted::ReceiptDuplicate)), (1, 1));
        world.assert_empty();
    }
}

#[test]
fn the_done_date_of_receipts_that_were_waited_for_is_theirs() {
    let (mut world, _) = partly_receipted(ReceiptSegments::Each);
    world.receipt("1", DELIVERED);
    world.seconds(400);
    let Some((_, Delivery::Receipt { outcome, .. })) = world.notes.delivered.last() else {
        panic!("{:?}", world.notes.delivered)
    };
    assert_eq!(outcome.done, START);
}

#[test]
fn a_receipt_before_the_last_response_begins_the_wait_too() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let sent = [world.sent().unwrap(), world.sent().unwrap()];
    world.take(&sent[0], "1");
    world.receipt("1", DELIVERED);
    world.take(&sent[1], "2");
    world.seconds(299);
    assert!(world.told().is_empty());
    world.seconds(2);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
}

#[test]
fn where_one_segment_brings_the_receipt_it_ends_the_message() {
    for (receipts, its) in [(ReceiptSegments::First, "1"), (ReceiptSegments::Last, "3")] {
        let (mut world, id) = partly_receipted(receipts);
        world.receipt("2", UNDELIVERABLE);
        assert!(world.told().is_empty());
        world.receipt(its, DELIVERED);
        assert_eq!(world.told(), [(0, id, UNDELIVERABLE, 99)], "one that says more is heard");
        world.assert_empty();
        let (mut world, id) = partly_receipted(receipts);
        world.receipt(its, DELIVERED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
        world.receipt("2", DELIVERED);
        assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
        world.assert_empty();
    }
}

#[test]
fn a_message_about_which_some_was_heard_is_told_when_its_place_is_needed() {
    let limits = Limits { correlations_max: 1, waiting_max: vec![9], ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let id = world.submit(long_message(2)).unwrap();
    for carrier_id in ["1", "2"] {
        let sent = world.sent().unwrap();
        world.take(&sent, carrier_id);
    }
    world.receipt("2", UNDELIVERABLE);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "9");
    assert_eq!(world.told(), [(0, id, UNDELIVERABLE, 99)]);
    assert_eq!(world.counts(Counted::CorrelationDropped), 0);
}

#[test]
fn a_segment_without_an_id_is_not_waited_for() {
    for without in 0..2 {
        let mut world = World::new();
        let id = world.submit(long_message(2)).unwrap();
        let sent = [world.sent().unwrap(), world.sent().unwrap()];
        world.take(&sent[without], "");
        world.take(&sent[1 - without], "1");
        world.receipt("1", DELIVERED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
        world.assert_empty();
    }
}

#[test]
fn each_throttled_segment_goes_again_once() {
    let mut world = World::new();
    world.submit(long_message(3)).unwrap();
    let sent: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
    for one in &sent {
        world.refuse(one, THROTTLED);
    }
    let again: Vec<u8> = std::iter::from_fn(|| world.sent()).map(|sent| sent.segment).collect();
    assert_eq!(again, [0, 1, 2]);
}

#[test]
fn segments_refused_for_now_go_again_together_each_with_its_own_attempts() {
    let mut world = World::new();
    world.submit(long_message(3)).unwrap();
    let sent: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
    for one in &sent {
        world.refuse(one, SYSTEM_ERROR);
    }
    assert!(world.told().is_empty(), "three segments, one attempt");
    world.seconds(31);
    let (run, first) = world.notes.out.front().cloned().unwrap();
    assert_eq!((run.segment, run.segments, first), (0, 3, false));
    let sent: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
    world.take(&sent[0], "1");
    world.refuse(&sent[1], SYSTEM_ERROR);
    world.take(&sent[2], "3");
    world.seconds(31);
    let (run, first) = world.notes.out.front().cloned().unwrap();
    assert_eq!((run.segment, run.segments), (1, 1));
    assert!(first, "a message that has begun is finished first");
}

#[test]
fn a_segment_that_is_rejected_takes_the_others_back() {
    let mut world = World::new();
    let id = world.submit(long_message(3)).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, BAD_ADDRESS);
    assert_eq!(world.told(), [(0, id, REJECTED, BAD_ADDRESS.0)]);
    assert!(world.sent().is_none(), "what no handset could put together is not sent");
    world.assert_empty();
}

#[test]
fn a_ticket_of_an_ended_message_answers_nothing() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    let old = world.sent().unwrap();
    world.take(&old, "1");
    world.receipt("1", DELIVERED);
    // The place is another message's now.
    let id = world.submit(message()).unwrap();
    let new = world.sent().unwrap();
    assert_ne!(old.ticket, new.ticket);
    let told = world.told();
    world.take(&old, "2");
    world.refuse(&old, BAD_ADDRESS);
    world.done(&old, SegmentResult::InDoubt);
    world.done(&old, SegmentResult::NotSent);
    assert_eq!((world.told(), world.shard.queued()), (told, 1));
    world.take(&new, "3");
    world.receipt("3", DELIVERED);
    assert_eq!(world.told().last(), Some(&(0, id, DELIVERED, 0)));
}

#[test]
fn memory_of_ended_messages_is_used_again() {
    let mut world = World::new();
    for round in 0..10_000 {
        world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.take(&sent, &round.to_string());
        world.receipt(&round.to_string(), DELIVERED);
        world.notes.counted.clear();
        world.notes.delivered.clear();
    }
    assert_eq!(world.shard.slots.places(), 1);
    world.assert_empty();
}
