//! What an account is told of a message that we cut, by its policy.

use super::*;
use crate::message::multipart::MultipartState;

fn world(policy: MultipartState) -> World {
    let mut rules = Rules::default();
    rules.limits.multipart_state = vec![policy];
    World::with(rules)
}

/// A message of three segments, all of them taken.
fn taken(world: &mut World) -> MessageId {
    let id = world.submit(long_message(3)).unwrap();
    for key in ["1", "2", "3"] {
        let sent = world.sent().unwrap();
        world.take(&sent, key);
    }
    id
}

#[test]
fn any_segment_that_is_delivered_makes_the_message_so_and_what_follows_is_a_duplicate() {
    let mut world = world(MultipartState::Any);
    let id = taken(&mut world);
    world.receipt("2", UNDELIVERABLE);
    assert!(world.told().is_empty());
    world.receipt("3", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.receipt("1", UNDELIVERABLE);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
    world.assert_empty();
}

#[test]
fn where_no_segment_is_delivered_the_message_is_not() {
    let mut world = world(MultipartState::Any);
    let id = taken(&mut world);
    for key in ["1", "2", "3"] {
        assert!(world.told().is_empty());
        world.receipt(key, UNDELIVERABLE);
    }
    assert_eq!(world.told().len(), 1);
    assert_eq!((world.told()[0].1, world.told()[0].2), (id, UNDELIVERABLE));
    world.assert_empty();
}

#[test]
fn the_first_state_that_is_told_is_the_messages() {
    for state in [DELIVERED, UNDELIVERABLE] {
        let mut world = world(MultipartState::First);
        let id = taken(&mut world);
        world.receipt("2", state);
        assert_eq!(world.told().len(), 1);
        assert_eq!((world.told()[0].1, world.told()[0].2), (id, state));
        world.assert_empty();
    }
}

#[test]
fn a_state_that_came_before_the_last_response_decides_when_that_comes() {
    for (policy, state) in [(MultipartState::Any, DELIVERED), (MultipartState::First, DELIVERED)] {
        let mut world = world(policy);
        let id = world.submit(long_message(2)).unwrap();
        let (first, second) = (world.sent().unwrap(), world.sent().unwrap());
        world.take(&first, "1");
        world.receipt("1", state);
        assert!(world.told().is_empty(), "the second is not with the carrier yet");
        world.take(&second, "2");
        assert_eq!(world.told(), [(0, id, state, 0)]);
        world.assert_empty();
    }
}
