//! Messages that go one at a time: where a carrier takes one unanswered message for each
//! destination, and on routes in strict order.

use super::*;

/// A world whose carriers want that.
fn one_each() -> World {
    few_each(1)
}

/// A world whose carriers take so many segments for each destination.
fn few_each(unanswered_per_destination: u8) -> World {
    let carrier = CarrierRules { unanswered_per_destination, ..Rules::default().carrier };
    World::with(Rules { carrier, ..Rules::default() })
}

/// A world of these carriers.
fn one_each_with(carriers: Vec<CarrierRules>) -> World {
    let mut world = World::new();
    world.reconfigure(carriers);
    world
}

/// The texts of what the dispatcher holds, which it then has sent.
fn out(world: &mut World) -> Vec<Outgoing> {
    std::iter::from_fn(|| world.sent()).collect()
}

fn named(text: &str) -> Message {
    Message { user_data: UserData::new(text.as_bytes()), ..message() }
}

fn text(of: &Outgoing) -> &[u8] {
    let Carried::Here(message) = &of.message else { panic!("it is in memory") };
    message.user_data.octets()
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
fn all_segments_of_a_message_go_one_by_one_before_the_next_to_that_handset() {
    let mut world = one_each();
    world.submit(long_message(3)).unwrap();
    world.submit(message()).unwrap();
    for at in 0..3 {
        let sent = out(&mut world);
        assert_eq!((sent.len(), sent[0].segment), (1, at));
        assert!(out(&mut world).is_empty());
        world.take(&sent[0], &format!("{at}"));
    }
    let next = out(&mut world);
    assert_eq!((next.len(), text(&next[0])), (1, &b"hello"[..]));
}

#[test]
fn q58_so_many_segments_to_a_handset_are_out_at_a_time_and_no_more() {
    let mut world = few_each(3);
    world.submit(named("a")).unwrap();
    world.submit(long_message(4)).unwrap();
    world.submit(named("b")).unwrap();
    world.submit(named("c")).unwrap();
    let sent = out(&mut world);
    let is = |one: &Outgoing| (text(one).to_vec(), one.segment);
    let all: Vec<_> = sent.iter().map(is).collect();
    assert_eq!(all, [(b"a".to_vec(), 0), (b"xxxx".to_vec(), 0), (b"xxxx".to_vec(), 1)]);
    // A throttled one keeps its place, whatever waits.
    world.refuse(&sent[1], CommandStatus::ESME_RTHROTTLED);
    let again = out(&mut world);
    assert_eq!((again.len(), is(&again[0])), (1, (b"xxxx".to_vec(), 0)));
    world.take(&sent[0], "a");
    let third = out(&mut world);
    assert_eq!((third.len(), is(&third[0])), (1, (b"xxxx".to_vec(), 2)));
    world.take(&again[0], "0");
    let fourth = out(&mut world);
    assert_eq!((fourth.len(), is(&fourth[0])), (1, (b"xxxx".to_vec(), 3)));
    world.take(&sent[2], "1");
    world.take(&third[0], "2");
    let rest: Vec<_> = out(&mut world).iter().map(is).collect();
    assert_eq!(rest, [(b"b".to_vec(), 0), (b"c".to_vec(), 0)], "one is unanswered");
}

#[test]
fn q58_a_segment_that_was_in_doubt_goes_again_when_there_is_room_for_it() {
    let rules = Rules::default().carrier;
    let in_doubt = InDoubtPolicy::Hold;
    let carrier = CarrierRules { unanswered_per_destination: 1, in_doubt, ..rules };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    world.submit(long_message(2)).unwrap();
    let first = out(&mut world);
    world.done(&first[0], SegmentResult::InDoubt);
    let second = out(&mut world);
    assert_eq!((second.len(), second[0].segment), (1, 1));
    let status = CommandStatus::ESME_RTHROTTLED;
    let class = status.class();
    world.done_late(&first[0], SegmentResult::Refused { status, class, retry_after: None });
    assert!(out(&mut world).is_empty(), "the other one is unanswered");
    world.take(&second[0], "1");
    let again = out(&mut world);
    assert_eq!((again.len(), again[0].segment), (1, 0));
}

#[test]
fn q58_a_message_that_fails_over_before_all_of_it_is_out_goes_whole() {
    let few = CarrierRules { unanswered_per_destination: 2, ..Rules::default().carrier };
    let mut world = one_each_with(vec![few, Rules::default().carrier]);
    world.notes.elsewhere = Some(1);
    world.submit(long_message(4)).unwrap();
    let first = world.notes.out.pop_front().unwrap().0;
    assert_eq!((first.segment, first.segments), (0, 2));
    world.shard.elsewhere(world.now, first.ticket, &mut world.notes);
    assert_eq!(world.notes.dispatched.last(), Some(&1));
    let moved = out(&mut world);
    assert_eq!(moved.iter().map(|one| one.segment).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn q58_strict_order_holds_where_a_carrier_takes_a_few() {
    let mut world = few_each(3);
    for one in ["a", "b"] {
        world.submit(strict(one)).unwrap();
    }
    world.submit(named("c")).unwrap();
    for one in ["a", "b", "c"] {
        let sent = out(&mut world);
        assert_eq!((sent.len(), text(&sent[0])), (1, one.as_bytes()));
        world.take(&sent[0], one);
    }
}

#[test]
fn q58_a_carrier_that_takes_more_gets_it_at_once() {
    let mut world = few_each(1);
    world.submit(long_message(3)).unwrap();
    world.submit(named("a")).unwrap();
    assert_eq!(out(&mut world).len(), 1);
    let more = CarrierRules { unanswered_per_destination: 3, ..Rules::default().carrier };
    world.reconfigure(vec![more; 2]);
    let sent = out(&mut world);
    assert_eq!(sent.iter().map(|one| one.segment).collect::<Vec<_>>(), [1, 2]);
    world.reconfigure(vec![Rules::default().carrier; 2]);
    assert_eq!(out(&mut world).len(), 1, "and all of it without a limit");
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
    let wanted = CarrierRules { unanswered_per_destination: 1, ..Rules::default().carrier };
    world.reconfigure(vec![CarrierRules { unanswered_per_destination: 0, ..wanted }, wanted]);
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

#[test]
fn a_message_that_fails_over_gives_its_turn_to_the_next() {
    let one_each = CarrierRules { unanswered_per_destination: 1, ..Rules::default().carrier };
    let mut world = one_each_with(vec![one_each, Rules::default().carrier]);
    world.notes.elsewhere = Some(1);
    for one in ["a", "b"] {
        world.submit(named(one)).unwrap();
    }
    for one in ["a", "b"] {
        let outgoing = out(&mut world).pop().unwrap();
        assert_eq!(text(&outgoing), one.as_bytes());
        world.shard.elsewhere(world.now, outgoing.ticket, &mut world.notes);
        let moved = world.notes.out.iter().position(|(moved, _)| text(moved) == one.as_bytes());
        let (moved, _) = world.notes.out.remove(moved.unwrap()).unwrap();
        assert_eq!(world.notes.dispatched.last(), Some(&1), "to the other carrier");
        let key = response_key(1, world.notations, one.as_bytes());
        world.done(&moved, SegmentResult::Accepted { key, id: None });
    }
    assert_eq!(world.shard.queued(), 0);
}

#[test]
fn a_segment_that_is_answered_late_leaves_the_others_of_its_message_their_turn() {
    let mut world = one_each();
    world.submit(long_message(2)).unwrap();
    world.submit(named("next")).unwrap();
    let first = out(&mut world);
    for segment in &first {
        world.done(segment, SegmentResult::InDoubt);
    }
    let next = out(&mut world);
    assert_eq!((next.len(), text(&next[0])), (1, &b"next"[..]));
    world.seconds(70);
    assert!(out(&mut world).is_empty(), "both segments wait for their turn again");
    let result = world.taken("1");
    world.done_late(&first[0], result);
    world.take(&next[0], "2");
    let last = out(&mut world);
    assert_eq!(last.len(), 1, "the second segment was forgotten");
    assert_eq!(last[0].segment, 1);
}

fn strict(text: &str) -> Message {
    Message { strict_order: true, ..named(text) }
}

#[test]
fn in_strict_order_a_message_goes_when_the_one_before_it_is_taken_or_has_ended() {
    let mut world = World::new();
    for one in ["a", "b", "c"] {
        world.submit(strict(one)).unwrap();
    }
    let other = Message { source: Address::new(5, 0, b"Other"), ..strict("other sender") };
    world.submit(other).unwrap();
    world.submit(named("pipelined")).unwrap();
    let sent = out(&mut world);
    let texts: Vec<&[u8]> = sent.iter().map(text).collect();
    assert_eq!(texts, [&b"a"[..], b"other sender", b"pipelined"]);

    // What is tried again later holds up the others, for they came after it.
    world.refuse(&sent[0], CommandStatus::ESME_RSYSERR);
    assert!(out(&mut world).is_empty());
    world.seconds(31);
    let again = out(&mut world);
    assert_eq!((again.len(), text(&again[0])), (1, &b"a"[..]));
    // So does what is in doubt.
    world.done(&again[0], SegmentResult::InDoubt);
    assert!(out(&mut world).is_empty());
    world.seconds(61);
    let again = out(&mut world);
    assert_eq!((again.len(), text(&again[0])), (1, &b"a"[..]));
    world.take(&again[0], "1");
    let second = out(&mut world);
    assert_eq!((second.len(), text(&second[0])), (1, &b"b"[..]));
    world.refuse(&second[0], CommandStatus::ESME_RINVDSTADR);
    let third = out(&mut world);
    assert_eq!((third.len(), text(&third[0])), (1, &b"c"[..]), "the one before it has ended");
}

#[test]
fn strict_order_is_kept_from_one_carrier_to_another() {
    let mut world = World::new();
    world.notes.elsewhere = Some(1);
    for one in ["a", "b"] {
        world.submit(strict(one)).unwrap();
    }
    world.submit_to(1, strict("c")).unwrap();
    let outgoing = out(&mut world).pop().unwrap();
    world.shard.elsewhere(world.now, outgoing.ticket, &mut world.notes);
    for one in ["a", "b", "c"] {
        let sent = out(&mut world);
        assert_eq!((sent.len(), text(&sent[0])), (1, one.as_bytes()));
        let carrier = if one == "b" { 0 } else { 1 };
        let key = response_key(carrier, world.notations, one.as_bytes());
        world.done(&sent[0], SegmentResult::Accepted { key, id: None });
    }
}

#[test]
fn strict_order_outlives_a_reload() {
    let mut world = World::new();
    for one in ["a", "b"] {
        world.submit(strict(one)).unwrap();
    }
    let first = out(&mut world);
    world.reconfigure(vec![Rules::default().carrier; 2]);
    assert!(out(&mut world).is_empty());
    world.take(&first[0], "1");
    assert_eq!(out(&mut world).len(), 1);
}

/// The lane of a strict message is another one at a carrier that takes one for each destination.
#[test]
fn a_message_that_is_moved_to_another_lane_leaves_the_one_it_had() {
    let rules = Rules::default().carrier;
    let other = CarrierRules { unanswered_per_destination: 1, ..rules };
    let mut world = one_each_with(vec![rules, other]);
    world.notes.elsewhere = Some(1);
    world.submit(strict("a")).unwrap();
    world.submit(strict("b")).unwrap();
    let sent = out(&mut world);
    assert_eq!(sent.iter().map(text).collect::<Vec<_>>(), [b"a"]);
    world.refuse(&sent[0], CommandStatus::ESME_RDELIVERYFAILURE);
    world.reroute(1);
    let sent = out(&mut world);
    let b = sent.iter().find(|one| text(one) == b"b").expect("its lane is free");
    world.take(b, "1");
    world.seconds(60);
    for one in out(&mut world) {
        world.take(&one, "2");
    }
    assert_eq!(world.shard.queued(), 0);
}

#[test]
fn a_strict_message_that_is_put_off_gives_up_its_turn() {
    let mut world = World::new();
    let id = world.submit(strict("a")).unwrap();
    world.submit(strict("b")).unwrap();
    let sent = out(&mut world);
    world.refuse(&sent[0], CommandStatus::ESME_RDELIVERYFAILURE);
    world.replace(id, super::replaces::replacement(0, b"later", ["000000010000000R", ""]));
    let sent = out(&mut world);
    assert_eq!(sent.iter().map(text).collect::<Vec<_>>(), [b"b"]);
    world.take(&sent[0], "1");
    world.seconds(3700);
    let sent = out(&mut world);
    assert_eq!(sent.iter().map(text).collect::<Vec<_>>(), [b"later"]);
}
