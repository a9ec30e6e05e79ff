//! Messages that their carrier is asked for.

use super::*;
use crate::engine::shard::CarrierSays;

fn asking(query_after: Duration) -> World {
    let carrier = CarrierRules { query_after, ..Rules::default().carrier };
    World::with(Rules { carrier, ..Rules::default() })
}

impl World {
    /// The carrier takes the next segment under this id.
    fn taken_as(&mut self, id: &str) -> Outgoing {
        let sent = self.sent().unwrap();
        self.shard.named(sent.ticket, sent.segment, id.as_bytes().into());
        self.take(&sent, id);
        sent
    }

    fn hear_of(&mut self, of: &Outgoing, state: MessageState) {
        let says = CarrierSays { state, error: 0, done: None };
        let of = (of.ticket, of.segment);
        self.shard.told_by_carrier(self.now, of, says, &mut self.notes);
    }

    fn asked_for(&self) -> Vec<&[u8]> {
        self.notes.questions.iter().map(|question| &*question.id).collect()
    }
}

#[test]
fn a_message_whose_receipt_does_not_come_is_asked_for_more_and_more_seldom() {
    let mut world = asking(Duration::from_secs(60));
    world.submit(message()).unwrap();
    world.taken_as("c0ffee");
    world.seconds(59);
    assert_eq!(world.asked_for(), [b""; 0]);
    world.seconds(2);
    assert_eq!(world.asked_for(), [b"c0ffee"]);
    // After 1, 3, 7, 15, 31 and 63 minutes.
    world.seconds(3600);
    assert_eq!(world.asked_for().len(), 5);
    world.seconds(24 * 3600);
    assert_eq!(world.asked_for().len(), 11);
    // Every six hours from then on, for as long as its receipt is awaited.
    world.seconds(24 * 3600);
    assert_eq!(world.asked_for().len(), 15);
    world.pass(Limits::default().correlation_max_age);
    let asked = world.asked_for().len();
    world.pass(VALID);
    assert_eq!((world.told().len(), world.asked_for().len()), (1, asked));
    world.assert_empty();
}

#[test]
fn a_final_state_ends_the_message_as_its_receipt_would() {
    let mut world = asking(Duration::from_secs(60));
    let id = world.submit(message()).unwrap();
    let sent = world.taken_as("7");
    world.seconds(61);
    for state in [MessageState::ENROUTE, UNKNOWN, MessageState(99)] {
        world.hear_of(&sent, state);
        assert_eq!(world.told(), [], "{state}");
    }
    world.hear_of(&sent, DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    // The receipt comes after all.
    world.receipt("7", DELIVERED);
    assert_eq!((world.told().len(), world.counts(Counted::ReceiptDuplicate)), (1, 1));
    world.hear_of(&sent, UNDELIVERABLE);
    assert_eq!(world.told().len(), 1);
    world.assert_empty();
}

#[test]
fn only_segments_without_a_final_state_are_asked_for() {
    let mut world = asking(Duration::from_secs(60));
    let id = world.submit(long_message(2)).unwrap();
    world.taken_as("1");
    let second = world.taken_as("2");
    world.receipt("1", DELIVERED);
    world.seconds(61);
    assert_eq!(world.asked_for(), [b"2"]);
    world.hear_of(&second, DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_question_that_cannot_be_asked_now_is_asked_later() {
    let mut world = asking(Duration::from_secs(60));
    world.submit(message()).unwrap();
    world.taken_as("7");
    world.notes.mute = true;
    world.seconds(300);
    assert_eq!(world.asked_for(), [b""; 0]);
    world.notes.mute = false;
    world.seconds(11);
    assert_eq!(world.asked_for(), [b"7"]);
}

#[test]
fn what_is_asked_in_one_tick_is_bounded_and_the_rest_follows() {
    let mut world = asking(Duration::from_secs(60));
    for number in 0..50 {
        world.submit(message()).unwrap();
        world.taken_as(&format!("{number}"));
    }
    world.pass(Duration::from_millis(60_200));
    let first = world.asked_for().len();
    assert!((1..=40).contains(&first), "{first}");
    world.seconds(40);
    assert_eq!(world.asked_for().len(), 50);
}

#[test]
fn nothing_is_asked_of_what_wants_no_receipt_or_where_it_is_off() {
    for (query_after, registered_delivery) in [(Duration::ZERO, 1), (Duration::from_secs(60), 0)] {
        let mut world = asking(query_after);
        world.submit(Message { registered_delivery, ..message() }).unwrap();
        world.taken_as("7");
        world.pass(VALID);
        assert_eq!(world.asked_for(), [b""; 0]);
    }
}
