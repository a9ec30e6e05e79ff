//! Carriers that take one unanswered message for each destination.

use super::*;

/// A world whose carriers want that.
fn one_each() -> World {
    let carrier = CarrierRules { one_per_destination: true, ..Rules::default().carrier };
    World::with(Rules { carrier, ..Rules::default() })
}

/// The texts of what the dispatcher holds, which it then has sent.
fn out(world: &mut World) -> Vec<Outgoing> {
    std::iter::from_fn(|| world.sent()).collect()
}

fn named(text: &str) -> Message {
    Message { user_data: UserData::new(text.as_bytes()), ..message() }
}

fn text(of: &Outgoing) -> &[u8] {
    of.message.user_data.octets()
}

#[test]
fn q58_a_message_waits_until_the_one_before_it_to_that_handset_is_answered() {
    let mut world = one_each();
    for one in ["a", "b", "c"] {
        world.submit(named(one)).unwrap();
    }
    world.submit(message_to("33700000000")).unwrap();
    world.submit_to(1, named("other")).unwrap();
    let sent = out(&mut world);
    let texts: Vec<&[u8]> = sent.iter().map(text).collect();
    assert_eq!(texts, [&b"a"[..], b"hello", b"other"], "each handset and carrier for itself");

    world.refuse(&sent[0], CommandStatus::ESME_RTHROTTLED);
    let again = out(&mut world);
    assert_eq!((again.len(), text(&again[0])), (1, &b"a"[..]), "a throttled one keeps its place");

    world.take(&again[0], "1");
    let second = out(&mut world);
    assert_eq!((second.len(), text(&second[0])), (1, &b"b"[..]));

    // What is to be tried later does not hold up the others.
    world.refuse(&second[0], CommandStatus::ESME_RSYSERR);
    let third = out(&mut world);
    assert_eq!((third.len(), text(&third[0])), (1, &b"c"[..]));
    world.seconds(40);
    assert!(out(&mut world).is_empty(), "due, and the other is unanswered");
    world.take(&third[0], "2");
    let last = out(&mut world);
    assert_eq!((last.len(), text(&last[0])), (1, &b"b"[..]));
}

#[test]
fn all_segments_of_a_message_go_before_the_next_to_that_handset() {
    let mut world = one_each();
    world.submit(long_message(3)).unwrap();
    world.submit(message()).unwrap();
    let sent = out(&mut world);
    assert_eq!(sent.len(), 3);
    for (at, segment) in sent.iter().enumerate() {
        assert!(out(&mut world).is_empty());
        world.take(segment, &format!("{at}"));
    }
    assert_eq!(out(&mut world).len(), 1);
}

#[test]
fn a_message_that_ends_without_an_answer_lets_the_next_go() {
    let mut world = one_each();
    let soon = START + Duration::from_secs(600);
    world.submit(message()).unwrap();
    world.submit(Message { expires_at: soon, ..named("expires") }).unwrap();
    world.submit(named("last")).unwrap();
    let first = out(&mut world);
    world.seconds(700);
    assert!(out(&mut world).is_empty(), "the first is unanswered all the time");
    world.done(&first[0], SegmentResult::InDoubt);
    let last = out(&mut world);
    assert_eq!((last.len(), text(&last[0])), (1, &b"last"[..]), "the expired one is passed over");
    world.refuse(&last[0], CommandStatus::ESME_RINVDSTADR);
    world.seconds(70);
    let first = out(&mut world);
    assert_eq!((first.len(), text(&first[0])), (1, &b"hello"[..]), "in doubt long enough");
    world.take(&first[0], "1");
    world.receipt("1", DELIVERED);
    world.assert_empty();
}

#[test]
fn a_message_that_expires_at_the_dispatcher_lets_the_next_go() {
    let mut world = one_each();
    let soon = START + Duration::from_secs(600);
    world.submit(Message { expires_at: soon, ..message() }).unwrap();
    world.submit(named("next")).unwrap();
    world.seconds(700);
    let next = out(&mut world);
    assert_eq!((next.len(), text(&next[0])), (1, &b"next"[..]));
    world.take(&next[0], "1");
    world.receipt("1", DELIVERED);
    world.assert_empty();
}

#[test]
fn a_carrier_that_does_not_want_it_any_more_gets_all_that_wait() {
    let mut world = one_each();
    for one in ["a", "b", "c"] {
        world.submit(named(one)).unwrap();
        world.submit_to(1, named(one)).unwrap();
    }
    let first = out(&mut world);
    assert_eq!(first.len(), 2, "one each");
    let wanted = CarrierRules { one_per_destination: true, ..Rules::default().carrier };
    world.reconfigure(vec![CarrierRules { one_per_destination: false, ..wanted }, wanted]);
    let freed = out(&mut world);
    let texts: Vec<&[u8]> = freed.iter().map(text).collect();
    assert_eq!(texts, [b"b", b"c"], "of the one that wants it still none");
    world.take(&first[1], "1");
    let next = out(&mut world);
    assert_eq!((next.len(), text(&next[0])), (1, &b"b"[..]), "after the answer as before");
    world.reconfigure(vec![wanted; 2]);
    world.submit(named("d")).unwrap();
    world.submit(named("e")).unwrap();
    let texts = out(&mut world);
    assert_eq!((texts.len(), text(&texts[0])), (1, &b"d"[..]), "wanted again");
}
