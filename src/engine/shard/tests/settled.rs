//! Doubts that receipts settle, and receipts of messages that have no id.

use super::*;
use crate::engine::shard::spent::SPENT_MAX;
use crate::message::receipt::ReceiptText;
use crate::mt::receipts::Evidence;

/// Longer than receipts wait for their response.
const PARKED: u64 = 31;

fn world_of(in_doubt: InDoubtPolicy) -> World {
    World::with(Rules {
        carrier: CarrierRules {
            in_doubt,
            in_doubt_wait: Duration::from_secs(60),
            ..Rules::default().carrier
        },
        ..Rules::default()
    })
}

fn saying(text: &str) -> Message {
    Message { user_data: UserData::new(text.as_bytes()), ..message() }
}

/// Offers a message, which is sent and then in doubt.
fn doubted(world: &mut World, message: Message) -> (MessageId, Outgoing) {
    let message = Message { accepted_at: world.now.wall, ..message };
    let id = world.submit(message).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    (id, sent)
}

impl World {
    /// A receipt that quotes this text.
    fn quoting(&mut self, id: &str, text: &str, state: MessageState) {
        let text = format!("id:{id} stat:DELIVRD text:{text}");
        let text = ReceiptText::parse(text.as_bytes());
        let receipt = self.carrier_receipt(id, HANDSET, state);
        self.hear(CarrierReceipt { evidence: Evidence::new(&text, b"Shop", 0), ..receipt });
    }

    fn settled(&self, by: Settled) -> usize {
        self.counts(Counted::DoubtSettled(by))
    }
}

#[test]
fn a_receipt_settles_the_only_doubt_it_fits_and_nothing_goes_twice() {
    for policy in [InDoubtPolicy::Hold, InDoubtPolicy::WaitThenResend] {
        let mut world = world_of(policy);
        let (id, _) = doubted(&mut world, saying("hello"));
        world.receipt("5", DELIVERED);
        assert_eq!(world.told(), [], "its response may come");
        world.seconds(PARKED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
        assert_eq!(world.settled(Settled::Receipt), 1);
        world.seconds(3600);
        assert!(world.sent().is_none(), "not twice");
        assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 0);
        // It comes again.
        world.receipt("5", DELIVERED);
        assert_eq!((world.told().len(), world.counts(Counted::ReceiptDuplicate)), (1, 1));
        world.assert_empty();
    }
}

#[test]
fn a_receipt_that_came_before_the_doubt_settles_it() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let id = world.submit(saying("hello")).unwrap();
    let sent = world.sent().unwrap();
    world.quoting("5", "hello", DELIVERED);
    world.seconds(20);
    assert_eq!(world.told(), []);
    world.done(&sent, SegmentResult::InDoubt);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)], "it quotes it");
    world.assert_empty();
}

#[test]
fn what_would_be_sent_again_at_once_is_not_when_a_parked_receipt_quotes_it() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let id = world.submit(saying("hello")).unwrap();
    let sent = world.sent().unwrap();
    world.quoting("5", "hello", UNDELIVERABLE);
    world.done(&sent, SegmentResult::InDoubt);
    assert!(world.sent().is_none());
    assert_eq!(world.told(), [(0, id, UNDELIVERABLE, 99)]);
    assert_eq!(world.counts(Counted::MaybeTwice), 0);
    world.assert_empty();
}

#[test]
fn a_receipt_without_a_quote_settles_before_the_second_copy_goes() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let (id, _) = doubted(&mut world, saying("hello"));
    world.seconds(50);
    world.receipt("5", DELIVERED);
    world.seconds(20);
    assert!(world.sent().is_none());
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn an_intermediate_state_settles_a_doubt_and_the_final_one_ends_it() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let (id, _) = doubted(&mut world, saying("hello"));
    world.receipt("5", MessageState::ENROUTE);
    world.seconds(600);
    assert!(world.sent().is_none() && world.told().is_empty());
    assert_eq!(world.shard.awaiting_receipt(), 1);
    world.receipt("5", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_receipt_that_fits_two_doubts_settles_neither() {
    let mut world = world_of(InDoubtPolicy::Hold);
    doubted(&mut world, saying("hello"));
    doubted(&mut world, saying("goodbye"));
    world.receipt("5", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), []);
    assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 1);
}

#[test]
fn the_quoted_text_tells_two_doubts_apart() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (_, _) = doubted(&mut world, saying("hello"));
    let (id, _) = doubted(&mut world, saying("goodbye"));
    world.quoting("5", "goodbye", DELIVERED);
    world.quoting("6", "good morning", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 1, "the text is neither's");
}

#[test]
fn of_two_doubts_of_one_text_the_older_is_settled_first() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let first = doubted(&mut world, saying("hello")).0;
    let second = doubted(&mut world, saying("hello")).0;
    world.quoting("5", "hello", DELIVERED);
    world.quoting("6", "hello", UNDELIVERABLE);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0), (0, second, UNDELIVERABLE, 99)]);
    world.assert_empty();
}

#[test]
fn another_handsets_or_another_carriers_receipt_settles_nothing() {
    let mut world = world_of(InDoubtPolicy::Hold);
    doubted(&mut world, saying("hello"));
    world.receipt_of("5", "33600000000", DELIVERED);
    let own = world.carrier_receipt("5", HANDSET, DELIVERED);
    let keys = receipt_keys(1, world.notations, b"5");
    world.hear(CarrierReceipt { carrier: 1, keys, ..own });
    world.seconds(PARKED);
    let unknown = [0, 1].map(|carrier| world.counts(Counted::ReceiptUnknown(carrier)));
    assert_eq!((world.told().len(), unknown), (0, [1, 1]));
}

#[test]
fn each_segment_of_a_long_message_is_settled_by_its_own_receipt() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let text = b"first  !second !";
    let long = Message {
        cuts: [8, 16].into_iter().collect(),
        user_data: UserData::new(text),
        ..message()
    };
    let id = world.submit(long).unwrap();
    for _ in 0..2 {
        let sent = world.sent().unwrap();
        world.done(&sent, SegmentResult::InDoubt);
    }
    world.quoting("6", "second", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), []);
    world.quoting("5", "first", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert!(world.sent().is_none());
    world.assert_empty();
}

#[test]
fn of_a_message_that_went_twice_one_receipt_is_told_and_the_other_is_a_duplicate() {
    for first_copy_first in [true, false] {
        let mut world = world_of(InDoubtPolicy::Resend);
        let text = b"first  !second !";
        let long = Message {
            cuts: [8, 16].into_iter().collect(),
            user_data: UserData::new(text),
            ..message()
        };
        let id = world.submit(long).unwrap();
        let sent = world.sent().unwrap();
        world.done(&sent, SegmentResult::InDoubt);
        let mut copies: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
        copies.sort_by_key(|one| one.segment);
        world.take(&copies[0], "7");
        world.take(&copies[1], "8");
        let mut receipts = ["5", "7"];
        if !first_copy_first {
            receipts.reverse();
        }
        for carrier_id in receipts {
            world.quoting(carrier_id, "first", DELIVERED);
            world.seconds(PARKED);
        }
        assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
        assert_eq!(world.counts(Counted::ReceiptUnknown(0)), 0);
        assert_eq!(world.told(), []);
        world.receipt("8", DELIVERED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
        assert_eq!(world.counts(Counted::Twice), 1);
        world.assert_empty();
    }
}

#[test]
fn a_second_copy_that_waits_is_taken_back_when_the_first_one_reports() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let (id, _) = doubted(&mut world, saying("hello"));
    world.quoting("5", "hello", DELIVERED);
    world.seconds(PARKED);
    assert!(world.sent().is_none(), "taken back from the dispatcher");
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_doubt_that_a_late_response_settles_is_counted_so() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (id, sent) = doubted(&mut world, saying("hello"));
    let taken = world.taken("5");
    world.done_late(&sent, taken);
    assert_eq!((world.settled(Settled::Response), world.settled(Settled::Receipt)), (1, 0));
    world.receipt("5", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_receipt_that_is_parked_when_a_doubtful_message_expires_has_the_last_word() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (id, _) = doubted(&mut world, saying("hello"));
    world.pass(VALID - Duration::from_secs(1));
    world.receipt("5", DELIVERED);
    world.seconds(3);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_message_taken_without_an_id_is_found_by_its_handset() {
    let mut world = World::new();
    let id = world.submit(saying("hello")).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "");
    world.receipt("5", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.settled(Settled::Receipt), 0, "it was no doubt");
    world.assert_empty();
}

#[test]
fn a_receipt_without_an_id_is_its_messages_where_it_quotes_it() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (id, _) = doubted(&mut world, saying("hello"));
    world.receipt("", DELIVERED);
    assert_eq!((world.told().len(), world.counts(Counted::ReceiptUnknown(0))), (0, 1));
    world.quoting("", "hello", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

/// Two messages of one text to one handset: the receipt of the second comes before its response,
/// and the first, about to be sent again, takes it for its own. It does not matter whose the copy
/// is, but there is one: the other message has none that is known of, and may not wait for ever.
#[test]
fn what_has_its_receipt_taken_by_another_of_its_text_is_in_doubt_in_its_place() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let (first, _) = doubted(&mut world, saying("hello"));
    world.seconds(50);
    let second = world.submit(saying("hello")).unwrap();
    let sent = world.sent().unwrap();
    world.quoting("5", "hello", DELIVERED);
    world.seconds(11);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0)]);
    world.take(&sent, "5");
    world.seconds(59);
    assert!(world.sent().is_none());
    world.seconds(2);
    let again = world.sent().expect("it goes again");
    world.take(&again, "6");
    world.receipt("6", DELIVERED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0), (0, second, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::MaybeTwice), 1);
    world.assert_empty();
}

/// The same where the other may still be settled: by the receipt of the first one's own copy.
#[test]
fn the_receipt_of_the_other_copy_settles_it() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (first, _) = doubted(&mut world, saying("hello"));
    let (second, sent) = doubted(&mut world, saying("hello"));
    world.quoting("5", "hello", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0)]);
    let taken = world.taken("5");
    world.done_late(&sent, taken);
    world.quoting("4", "hello", UNDELIVERABLE);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0), (0, second, UNDELIVERABLE, 99)]);
    world.assert_empty();
}

/// Two segments of one text: the second one's receipt comes before its response, which names the
/// id. The first, in doubt, is not settled by it, or the handset would never get that one.
#[test]
fn a_receipt_of_a_segment_whose_answer_is_due_settles_no_other_of_its_message() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let long = Message {
        cuts: [8, 16].into_iter().collect(),
        user_data: UserData::new(b"again   again   "),
        ..message()
    };
    let id = world.submit(long).unwrap();
    let (first, second) = (world.sent().unwrap(), world.sent().unwrap());
    world.quoting("5", "again", DELIVERED);
    world.done(&first, SegmentResult::InDoubt);
    world.take(&second, "5");
    let again = world.sent().expect("it is not known to have arrived");
    assert_eq!((again.segment, world.notes.out.len()), (0, 0), "and the other is");
    world.take(&again, "6");
    world.receipt("6", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::MaybeTwice), 1);
    world.assert_empty();
}

/// Nor does it matter which of them is settled first where nothing goes again.
#[test]
fn segments_of_one_text_that_are_held_are_settled_one_by_one() {
    for (policy, told) in [(InDoubtPolicy::Hold, 1), (InDoubtPolicy::WaitThenResend, 0)] {
        let mut world = world_of(policy);
        let long = Message {
            cuts: [8, 16].into_iter().collect(),
            user_data: UserData::new(b"again   again   "),
            ..message()
        };
        world.submit(long).unwrap();
        for _ in 0..2 {
            let sent = world.sent().unwrap();
            world.done(&sent, SegmentResult::InDoubt);
        }
        world.quoting("5", "again", DELIVERED);
        world.quoting("6", "again", DELIVERED);
        world.seconds(PARKED);
        assert_eq!(world.told().len(), told);
    }
}

/// A receipt that quoted nothing was taken to be of the only doubt; its response says whose it was.
#[test]
fn a_receipt_that_was_another_messages_is_heard_again_with_its_response() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let (first, _) = doubted(&mut world, saying("hello"));
    world.seconds(50);
    let second = world.submit(saying("goodbye")).unwrap();
    let sent = world.sent().unwrap();
    world.receipt("5", DELIVERED);
    world.seconds(11);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0)]);
    world.take(&sent, "5");
    assert_eq!(world.told(), [(0, first, DELIVERED, 0), (0, second, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn receipts_that_settled_are_kept_up_to_their_limit() {
    let mut world = world_of(InDoubtPolicy::Hold);
    for at in 0..SPENT_MAX + 50 {
        doubted(&mut world, saying("hello"));
        world.quoting(&format!("a{at:07x}"), "hello", DELIVERED);
        world.seconds(PARKED);
    }
    assert_eq!(world.told().len(), SPENT_MAX + 50);
    assert_eq!(world.shard.spent.len(), SPENT_MAX);
    world.assert_empty();
}

/// A message that went twice ended by its second copy. The receipt of the first one comes late and
/// quotes nothing: it is not that of another message to the handset which is in doubt by then, and
/// which its carrier may not have.
#[test]
fn the_receipt_of_a_copy_whose_message_has_ended_settles_no_other_doubt() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let (first, _) = doubted(&mut world, saying("hello"));
    world.seconds(61);
    let again = world.sent().unwrap();
    world.take(&again, "2");
    world.receipt("2", DELIVERED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0)]);

    let (second, _) = doubted(&mut world, saying("goodbye"));
    world.receipt("1", DELIVERED);
    world.seconds(PARKED);
    // It comes again.
    world.receipt("1", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told().len(), 1);
    let counts = [Counted::ReceiptUnknown(0), Counted::ReceiptDuplicate];
    assert_eq!(counts.map(|what| world.counts(what)), [1, 1]);
    assert!(world.sent().is_some(), "it goes again");
    // The one receipt has come: the next one fits the doubt alone.
    world.receipt("3", DELIVERED);
    world.seconds(PARKED);
    assert_eq!(world.told(), [(0, first, DELIVERED, 0), (0, second, DELIVERED, 0)]);
}
