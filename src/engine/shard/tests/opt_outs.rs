//! STOP: what is refused from then on, and what ends of what waits.

use super::*;
use crate::message::class::TrafficClass;
use crate::mo::keyword::Request;
use crate::mt::policy::{Brands, Reach, Sender, StopBy};

fn marketing() -> Message {
    Message { class: TrafficClass::Marketing, ..message() }
}

/// The number 36105 speaks for the brand of account 0, and so does what account 0 sends as Shop.
fn world(sender: Sender) -> World {
    let sender = Sender { brand: "acme".into(), ..sender };
    let brands =
        Brands::new([("36105".to_owned(), sender)], ["acme".to_owned(), "beta".to_owned()]);
    let limits = Limits { brands: Arc::new(brands), ..Rules::default().limits };
    World::with(Rules { limits, ..Rules::default() })
}

impl World {
    fn writes(&mut self, text: &str) {
        self.mo(&owned_by(0), mo(text));
    }

    fn refusals(&self) -> Vec<CommandStatus> {
        self.notes.refused.iter().map(|(_, _, status)| *status).collect()
    }

    fn got(&self) -> usize {
        let is_mo = |(_, delivery): &&(u32, Delivery)| matches!(delivery, Delivery::Mo { .. });
        self.notes.delivered.iter().filter(is_mo).count()
    }
}

#[test]
fn marketing_to_a_handset_that_wrote_stop_is_refused_and_nothing_else_is() {
    let mut world = world(Sender::default());
    world.writes("Arretez de m'envoyer des SMS");
    assert_eq!(world.submit(marketing()), None);
    assert_eq!(world.refusals(), [CommandStatus::ESME_RX_R_APPN]);
    assert!(world.submit(message()).is_some(), "transactional");
    let conversational = Message { class: TrafficClass::Conversational, ..message() };
    assert!(world.submit(conversational).is_some());
    let other = Message { destination: message_to("33687654321").destination, ..marketing() };
    assert!(world.submit(other).is_some(), "another handset");
    assert!(world.submit(Message { account: 1, ..marketing() }).is_some(), "another brand");
    assert_eq!(world.counts(Counted::MoRequest(Request::Stop)), 1);
    world.writes("START");
    assert!(world.submit(marketing()).is_some());
}

#[test]
fn the_owner_gets_a_stop_only_where_it_is_passed_on_or_may_mean_something_else() {
    let mut engine = world(Sender::default());
    engine.writes("STOP");
    assert_eq!(engine.got(), 0);
    engine.writes("pas intéressé");
    assert_eq!(engine.got(), 1, "most mean it so, not all");
    engine.writes("NON");
    assert_eq!(engine.got(), 2, "it may be an answer");
    let mut passes = world(Sender { pass_stop: true, ..Sender::default() });
    passes.writes("STOP");
    assert_eq!((passes.got(), passes.submit(marketing())), (1, None));
    for stop in [StopBy::Owner, StopBy::Carrier] {
        let mut other = world(Sender { stop, ..Sender::default() });
        other.writes("STOP");
        assert_eq!(other.got(), 1, "{stop:?}");
        assert!(other.submit(marketing()).is_some(), "{stop:?}");
    }
}

#[test]
fn what_waits_for_its_moment_or_a_retry_ends_with_its_receipt() {
    let mut world = world(Sender::default());
    let later = Message { send_at: START + Duration::from_secs(60), ..marketing() };
    let scheduled = world.submit(later).unwrap();
    let retried = world.submit(marketing()).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus::ESME_RSYSERR);
    world.writes("STOP");
    let ends = |id| (0, id, MessageState::REJECTED, 10);
    assert_eq!(world.told(), [ends(scheduled), ends(retried)]);
    world.seconds(3_600);
    assert!(world.notes.out.is_empty(), "nothing more leaves");
    world.assert_empty();
}

#[test]
fn what_its_dispatcher_has_is_taken_back_and_what_left_is_finished() {
    let mut world = world(Sender::default());
    let left = world.submit(Message { class: TrafficClass::Marketing, ..long_message(2) }).unwrap();
    let waits = world.submit(marketing()).unwrap();
    let first = world.sent().unwrap();
    world.take(&first, "1");
    world.writes("STOP");
    world.give_back_unsent();
    assert_eq!(world.told(), [(0, waits, MessageState::REJECTED, 10)]);
    let second = world.sent().unwrap();
    assert_eq!((second.order, second.segment), (first.order, 1), "finished, not cut");
    world.take(&second, "2");
    for id in ["1", "2"] {
        world.receipt(id, MessageState::DELIVERED);
    }
    assert!(world.told().iter().any(|told| told.1 == left && told.2 == MessageState::DELIVERED));
    world.assert_empty();
}

#[test]
fn one_that_was_withdrawn_and_taken_all_the_same_goes_on() {
    let mut world = world(Sender::default());
    let id = world.submit(marketing()).unwrap();
    let sent = world.sent().unwrap();
    world.writes("STOP");
    world.take(&sent, "1");
    world.receipt("1", MessageState::DELIVERED);
    assert_eq!(world.told(), [(0, id, MessageState::DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn one_in_doubt_is_not_sent_a_second_time() {
    let mut world = world(Sender::default());
    let id = world.submit(marketing()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    world.writes("STOP");
    world.seconds(120);
    assert!(world.notes.out.is_empty());
    assert_eq!(world.told(), [(0, id, MessageState::UNKNOWN, 12)]);
    world.assert_empty();
}

#[test]
fn a_stop_reaches_no_further_than_its_number_says() {
    let mut world = world(Sender { reach: Reach::Sender, ..Sender::default() });
    world.writes("STOP");
    assert!(world.submit(marketing()).is_some(), "from Shop");
    let own = Message { source: Address::new(3, 0, b"36105"), ..marketing() };
    assert_eq!(world.submit(own), None);
}
