//! Messages of one submit_multi: one id for all of them.

use super::recalls::any;
use super::replaces::replacement;
use super::*;

const DELETED: MessageState = MessageState::DELETED;
const OTHER: &str = "33687654321";
/// The id that the messages of the tests share: none that a shard gives.
pub(super) const SHARED: MessageId = MessageId::new(7, 1001);

impl World {
    /// Offers messages of one submit_multi on link 1, as the link does.
    pub(super) fn submit_multi(&mut self, messages: Vec<Message>) {
        let submission = |(place, message): (u32, Message)| Submission {
            link: 1,
            sequence: place,
            message: Arc::new(message),
            carrier: 0,
        };
        let octets = messages.iter().map(|message| i64::from(message.octets())).sum::<i64>();
        self.notes.offered_octets += octets;
        let submissions = (0..).zip(messages).map(submission).collect();
        self.shard.admit_several(self.now, SHARED, submissions, &mut self.notes);
    }

    fn stands(&mut self, id: MessageId) -> Option<Standing> {
        self.shard.query(0, id, (&ASKING, 1), &mut self.notes);
        self.notes.stands.pop()
    }

    fn asked(&self, request: SequenceNumber) -> Option<Result<(), CommandStatus>> {
        let own = self.notes.asked.iter().find(|(sequence, _)| *sequence == request);
        own.map(|(_, answer)| *answer)
    }
}

fn later(handset: &str) -> Message {
    Message { send_at: START + Duration::from_secs(600), ..message_to(handset) }
}

#[test]
fn receipts_of_all_its_messages_bear_the_id_that_they_share() {
    let mut world = World::new();
    world.submit_multi(vec![message(), message_to(OTHER)]);
    for (sent, id) in [(world.sent(), "a1"), (world.sent(), "a2")] {
        world.take(&sent.unwrap(), id);
    }
    world.receipt_of("a2", OTHER, UNDELIVERABLE);
    world.receipt("a1", DELIVERED);
    assert_eq!(world.told(), [(0, SHARED, UNDELIVERABLE, 99), (0, SHARED, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn together_they_stand_as_the_least_advanced_and_in_the_end_as_the_worst() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    world.submit_multi(vec![message(), message_to(OTHER)]);
    assert!(world.sent().is_some());
    for (sent, id) in [(world.sent(), "a1"), (world.sent(), "a2")] {
        world.take(&sent.unwrap(), id);
    }
    world.receipt_of("a2", OTHER, UNDELIVERABLE);
    let enroute = Standing { id: SHARED, done_s: 0, state: MessageState::ENROUTE, error: 0 };
    assert_eq!(world.stands(SHARED), Some(enroute));
    world.seconds(7);
    world.receipt("a1", DELIVERED);
    let done_s = START.as_secs() as u32 + 7;
    let worst = Standing { id: SHARED, done_s, state: UNDELIVERABLE, error: 99 };
    assert_eq!(world.stands(SHARED), Some(worst));
    assert_eq!(world.stands(MessageId::new(7, 1003)), None, "nobody gave that one");
}

#[test]
fn all_are_taken_back_or_those_to_one_destination() {
    let mut world = World::new();
    world.submit_multi(vec![later(HANDSET), later(OTHER), later(HANDSET), message()]);
    let one = Cancellation { id: Some(SHARED), ..any(0) };
    let to = Address::new(0, 0, OTHER.as_bytes());
    let request = world.cancel(Cancellation { destination: to.clone(), ..one.clone() });
    assert_eq!(world.asked(request), Some(Ok(())));
    assert_eq!(world.told(), [(0, SHARED, DELETED, 0)]);
    let again = world.cancel(Cancellation { destination: to, ..one.clone() });
    assert_eq!(world.asked(again), Some(Err(CommandStatus::ESME_RCANCELFAIL)));

    // The fourth has left, and the two that wait are taken back all the same.
    let sent = world.sent().unwrap();
    let rest = world.cancel(one.clone());
    assert_eq!(world.asked(rest), None, "one is with a bind");
    world.take(&sent, "a1");
    assert_eq!(world.asked(rest), Some(Ok(())));
    assert_eq!(world.told().len(), 3);
    world.receipt("a1", DELIVERED);
    world.assert_empty();
}

#[test]
fn all_that_have_not_left_are_changed_and_each_counts_against_the_rate() {
    let mut world = World::new();
    world.submit_multi(vec![message(), later(HANDSET), later(OTHER)]);
    let left = world.sent().unwrap();
    world.take(&left, "a1");
    let request = world.replace(SHARED, replacement(0, &[b'y'; 200], ["", ""]));
    assert_eq!(world.asked(request), Some(Ok(())));
    assert_eq!(world.notes.charged, [(0, 2), (0, 2)]);
    world.seconds(601);
    assert_eq!(std::iter::from_fn(|| world.sent()).count(), 4);

    let late = world.replace(SHARED, replacement(0, b"late", ["", ""]));
    world.seconds(1);
    assert_eq!(world.asked(late), None, "they are with a bind");
}

#[test]
fn a_destination_that_the_queue_has_no_room_for_is_refused_and_the_others_are_taken() {
    let limits = Limits { queue_max: 2, ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.submit_multi(vec![message(), message_to(OTHER), message()]);
    let places: Vec<_> = world.notes.accepted.iter().map(|(_, place, _)| *place).collect();
    assert_eq!(places, [0, 1]);
    assert_eq!(world.notes.refused, [(1, 2, CommandStatus::ESME_RMSGQFUL)]);
    assert_eq!(world.notes.released, 1);
}

#[test]
fn an_id_whose_messages_are_forgotten_is_forgotten() {
    let rules = Rules::default();
    let mut world = World::with(Rules { limits: Limits { ended_max: 4, ..rules.limits }, ..rules });
    // The first stays live, whatever comes after it.
    world.submit_multi(vec![later(HANDSET)]);
    for counter in 0..1000 {
        let id = MessageId::new(7, 100_001 + 2 * counter);
        let message = Arc::new(message());
        let submission = Submission { link: 1, sequence: 0, message, carrier: 0 };
        world.shard.admit_several(world.now, id, vec![submission], &mut world.notes);
        let sent = world.sent().unwrap();
        world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
        assert!(world.shard.multis.len() <= 2 * (4 + 1) + 1, "{}", world.shard.multis.len());
    }
    assert_eq!(world.stands(SHARED).unwrap().state, MessageState::ENROUTE);
    assert_eq!(world.stands(MessageId::new(7, 100_001)), None);
}
