//! Messages sent whose answer never came.

use super::*;

fn world_of(in_doubt: InDoubtPolicy) -> World {
    World::with(Rules {
        carrier: CarrierRules { in_doubt, ..Rules::default().carrier },
        ..Rules::default()
    })
}

/// A message that was sent and is in doubt.
fn doubted(world: &mut World) -> (MessageId, Outgoing) {
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    (id, sent)
}

#[test]
fn what_is_held_waits_for_news_and_ends_unknown() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (id, _) = doubted(&mut world);
    world.pass(VALID - Duration::from_secs(1));
    assert!(world.sent().is_none() && world.told().is_empty());
    world.seconds(2);
    assert_eq!(world.told(), [(0, id, MessageState::UNKNOWN, 12)]);
    assert_eq!(world.counts(Counted::MaybeTwice), 0);
    world.assert_empty();
}

#[test]
fn what_may_go_twice_is_sent_again_at_once_and_counted() {
    let mut world = world_of(InDoubtPolicy::Resend);
    doubted(&mut world);
    assert!(world.notes.out.front().unwrap().1, "first");
    assert_eq!(world.counts(Counted::MaybeTwice), 1);
    assert_eq!(world.counts(Counted::InDoubt), 1);
}

#[test]
fn what_is_resent_for_ever_in_doubt_is_held_after_the_last_attempt() {
    for policy in [InDoubtPolicy::Resend, InDoubtPolicy::WaitThenResend] {
        let mut world = world_of(policy);
        let id = world.submit(message()).unwrap();
        let mut sends = 0;
        while let Some(sent) = world.sent() {
            sends += 1;
            world.done(&sent, SegmentResult::InDoubt);
            world.seconds(120);
        }
        assert_eq!((sends, world.counts(Counted::MaybeTwice)), (3, 2), "{policy:?}");
        world.pass(VALID);
        assert_eq!(world.told(), [(0, id, MessageState::UNKNOWN, 12)]);
        world.assert_empty();
    }
}

#[test]
fn without_news_it_is_sent_again_after_the_wait() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    doubted(&mut world);
    world.seconds(59);
    assert!(world.sent().is_none());
    assert_eq!(world.counts(Counted::MaybeTwice), 0);
    world.seconds(2);
    let again = world.sent().unwrap();
    assert_eq!(world.counts(Counted::MaybeTwice), 1);
    world.take(&again, "5");
    world.receipt("5", DELIVERED);
    assert_eq!(world.told().len(), 1);
    world.assert_empty();
}

#[test]
fn a_late_response_settles_the_doubt() {
    for policy in [InDoubtPolicy::Hold, InDoubtPolicy::WaitThenResend] {
        let mut world = world_of(policy);
        let (id, sent) = doubted(&mut world);
        world.seconds(30);
        let taken = world.taken("5");
        world.done_late(&sent, taken);
        world.seconds(3600);
        assert!(world.sent().is_none(), "not twice");
        world.receipt("5", DELIVERED);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
        world.assert_empty();
    }
}

#[test]
fn a_late_refusal_settles_the_doubt() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let (id, sent) = doubted(&mut world);
    let status = CommandStatus::ESME_RINVDSTADR;
    let class = status.class();
    world.done_late(&sent, SegmentResult::Refused { status, class, retry_after: None });
    assert_eq!(world.told(), [(0, id, REJECTED, status.0)]);
    world.assert_empty();
}

#[test]
fn a_late_acceptance_takes_back_the_second_copy() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let (id, sent) = doubted(&mut world);
    let taken = world.taken("5");
    world.done_late(&sent, taken);
    assert!(world.sent().is_none(), "taken back from the dispatcher");
    world.receipt("5", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
}

#[test]
fn a_late_acceptance_of_one_segment_takes_back_its_second_copy_and_no_other() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let id = world.submit(long_message(3)).unwrap();
    let all = [(); 3].map(|()| world.sent().unwrap());
    world.done(&all[0], SegmentResult::InDoubt);
    world.done(&all[1], SegmentResult::InDoubt);
    world.take(&all[2], "7");
    let taken = world.taken("5");
    world.done_late(&all[0], taken);
    world.give_back_unsent();
    let again = world.sent().expect("the other in doubt goes again");
    assert_eq!((again.segment, world.notes.out.len()), (1, 0));
    world.take(&again, "6");
    for carrier_id in ["5", "6", "7"] {
        world.receipt(carrier_id, DELIVERED);
    }
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_late_refusal_of_the_first_copy_says_nothing_of_the_second() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let (id, sent) = doubted(&mut world);
    for status in [CommandStatus::ESME_RINVDSTADR, CommandStatus::ESME_RTHROTTLED] {
        let class = status.class();
        world.done_late(&sent, SegmentResult::Refused { status, class, retry_after: None });
    }
    assert_eq!((world.told().len(), world.notes.out.len()), (0, 1));
    let again = world.sent().unwrap();
    world.take(&again, "6");
    world.receipt("6", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
}

#[test]
fn both_copies_accepted_end_the_message_once() {
    let mut world = world_of(InDoubtPolicy::Resend);
    let (id, sent) = doubted(&mut world);
    let again = world.sent().unwrap();
    world.take(&again, "6");
    let taken = world.taken("5");
    world.done_late(&sent, taken);
    world.receipt("5", DELIVERED);
    world.receipt("6", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)], "the first word stood");
}

#[test]
fn only_the_segment_in_doubt_is_sent_again() {
    let mut world = world_of(InDoubtPolicy::WaitThenResend);
    let id = world.submit(long_message(3)).unwrap();
    let sent: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
    world.take(&sent[0], "1");
    world.done(&sent[1], SegmentResult::InDoubt);
    world.take(&sent[2], "3");
    world.seconds(61);
    let again: Vec<Outgoing> = std::iter::from_fn(|| world.sent()).collect();
    assert_eq!(again.iter().map(|out| out.segment).collect::<Vec<_>>(), [1]);
    world.take(&again[0], "2");
    for carrier_id in ["1", "2", "3"] {
        world.receipt(carrier_id, DELIVERED);
    }
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_message_some_of_which_is_in_doubt_ends_unknown() {
    let mut world = world_of(InDoubtPolicy::Hold);
    let id = world.submit(long_message(2)).unwrap();
    let sent = [world.sent().unwrap(), world.sent().unwrap()];
    world.take(&sent[0], "1");
    world.done(&sent[1], SegmentResult::InDoubt);
    world.pass(VALID + Duration::from_secs(1));
    assert_eq!(world.told(), [(0, id, MessageState::UNKNOWN, 12)]);
    world.assert_empty();
}
