//! A dispatcher in virtual time.

mod fairness;
mod lanes;
mod numbers;
mod pace;
mod slowed;

use std::sync::Arc;

use super::*;
use crate::message::envelope::Message;
use crate::wire::Address;

fn outgoing(ticket: u64, segments: u8) -> Outgoing {
    let message = Message {
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, b"33612345678"),
        ..Message::default()
    };
    let flow = Flow::of(&message);
    let message = message.into();
    Outgoing { message, order: ticket, ticket, flow, reference: 0, segment: 0, segments }
}

/// What is sent until nothing more can be: (bind, ticket, segment).
fn drain(dispatcher: &mut Dispatcher, now: Duration) -> Vec<(u32, u64, u8)> {
    std::iter::from_fn(|| match dispatcher.next(now) {
        Next::Send { bind, outgoing } => Some((bind, outgoing.ticket, outgoing.segment)),
        Next::At(_) | Next::Idle => None,
    })
    .collect()
}

#[test]
fn nothing_is_sent_beyond_a_binds_window() {
    let mut dispatcher = Dispatcher::new(0, 2);
    for ticket in 0..10 {
        dispatcher.push(outgoing(ticket, 1));
    }
    assert!(drain(&mut dispatcher, Duration::ZERO).is_empty());
    dispatcher.bind_up(Duration::ZERO, 0, 3);
    dispatcher.bind_up(Duration::ZERO, 1, 4);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO).len(), 7);
    dispatcher.credit(Duration::ZERO, 1, 2);
    let sent = drain(&mut dispatcher, Duration::ZERO);
    assert_eq!(sent, [(1, 7, 0), (1, 8, 0)]);
    assert_eq!(dispatcher.waiting(), 1);
}

#[test]
fn segments_of_a_message_go_in_sequence_on_one_bind() {
    let mut dispatcher = Dispatcher::new(0, 3);
    for ticket in 0..30 {
        dispatcher.push(outgoing(ticket, 5));
    }
    for bind in 0..3 {
        dispatcher.bind_up(Duration::ZERO, bind, 7);
    }
    let mut sent = drain(&mut dispatcher, Duration::ZERO);
    for round in 0..200 {
        dispatcher.credit(Duration::ZERO, round % 3, 2);
        sent.extend(drain(&mut dispatcher, Duration::ZERO));
    }
    assert_eq!(sent.len(), 150);
    for ticket in 0..30 {
        let own: Vec<_> = sent.iter().filter(|sent| sent.1 == ticket).collect();
        assert!(own.iter().all(|sent| sent.0 == own[0].0), "{own:?}");
        assert!(own.iter().map(|sent| sent.2).eq(0..5), "{own:?}");
    }
}

#[test]
fn the_rest_of_a_message_goes_elsewhere_when_its_bind_dies() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
    dispatcher.bind_down(Duration::ZERO, 0);
    dispatcher.bind_up(Duration::ZERO, 1, 10);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 1, 1), (1, 1, 2)]);
}

#[test]
fn who_asks_is_told_which_segments_no_bind_has_had() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(Duration::ZERO, 0, 2);
    dispatcher.push(outgoing(1, 1));
    dispatcher.push(outgoing(2, 3));
    dispatcher.push(outgoing(3, 2));
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0), (0, 2, 0)]);
    let waiting = |dispatcher: &Dispatcher| {
        let mut waiting = dispatcher.waiting_of(&[1, 2, 3, 9]);
        waiting.sort_unstable();
        waiting
    };
    assert_eq!(waiting(&dispatcher), [(2, 1), (2, 2), (3, 0), (3, 1)]);
    assert_eq!(dispatcher.waiting_of(&[1]), []);
    // The first was throttled: what is of its lane waits behind it.
    let one = outgoing(1, 1);
    dispatcher.push_first(Outgoing { flow: one.flow.alone(), ..one });
    dispatcher.credit(Duration::ZERO, 0, 3);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 2, 1), (0, 2, 2), (0, 1, 0)]);
    dispatcher.credit(Duration::ZERO, 0, 3);
    assert!(drain(&mut dispatcher, Duration::ZERO).is_empty(), "it is not answered");
    assert_eq!(waiting(&dispatcher), [(3, 0), (3, 1)]);
}

#[test]
fn the_carriers_rate_holds_over_all_its_binds() {
    let mut dispatcher = Dispatcher::new(1000, 4);
    for bind in 0..4 {
        dispatcher.bind_up(Duration::ZERO, bind, 1_000_000);
    }
    for ticket in 0..100_000 {
        dispatcher.push(outgoing(ticket, 1));
    }
    let sent: usize =
        (0..10_000).map(|ms| drain(&mut dispatcher, Duration::from_millis(ms)).len()).sum();
    assert!((10_000..=10_101).contains(&sent), "{sent}");
}

#[test]
fn a_paused_bind_says_when_to_ask_again() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(Duration::ZERO, 0, 10);
    dispatcher.push(outgoing(1, 1));
    dispatcher.pause(0, Duration::from_secs(3));
    assert!(matches!(dispatcher.next(Duration::ZERO), Next::At(at) if at.as_secs() == 3));
    assert_eq!(drain(&mut dispatcher, Duration::from_secs(3)).len(), 1);
}

#[test]
fn what_is_put_back_goes_first_but_not_into_a_message_that_has_begun() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.push(outgoing(1, 2));
    dispatcher.push(outgoing(2, 1));
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
    dispatcher.push_first(outgoing(9, 1));
    dispatcher.credit(Duration::ZERO, 0, 9);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 1), (0, 9, 0), (0, 2, 0)]);
}

#[test]
fn what_comes_back_goes_in_the_order_of_acceptance_whatever_the_order_it_comes_in() {
    let mut dispatcher = Dispatcher::new(0, 1);
    for ticket in 10..20 {
        dispatcher.push(outgoing(ticket, 1));
    }
    for ticket in [3, 1, 4, 0, 2] {
        dispatcher.push_first(outgoing(ticket, 1));
    }
    dispatcher.bind_up(Duration::ZERO, 0, 100);
    let sent = drain(&mut dispatcher, Duration::ZERO);
    let tickets: Vec<u64> = sent.iter().map(|sent| sent.1).collect();
    assert_eq!(tickets, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
}

#[test]
fn segments_that_come_back_one_by_one_go_together_on_one_bind() {
    let mut dispatcher = Dispatcher::new(0, 4);
    for segment in [0, 1, 2, 4, 3] {
        dispatcher.push_first(Outgoing { segment, ..outgoing(7, 1) });
    }
    for bind in 0..4 {
        dispatcher.bind_up(Duration::ZERO, bind, 2);
    }
    let mut sent = drain(&mut dispatcher, Duration::ZERO);
    for _ in 0..10 {
        (0..4).for_each(|bind| dispatcher.credit(Duration::ZERO, bind, 1));
        sent.extend(drain(&mut dispatcher, Duration::ZERO));
    }
    assert!(sent.iter().map(|sent| sent.2).eq(0..5), "{sent:?}");
    assert!(sent[..4].iter().all(|one| one.0 == sent[0].0), "{sent:?}");
}

#[test]
fn a_silent_bind_gets_nothing_until_it_speaks_and_others_go_on() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.bind_up(Duration::ZERO, 0, 2);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0), (0, 1, 1)]);
    dispatcher.silence(0, true);
    dispatcher.credit(Duration::ZERO, 0, 2);
    dispatcher.push(outgoing(2, 1));
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [], "both were not answered");
    dispatcher.bind_up(Duration::ZERO, 1, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 2, 0)]);
    dispatcher.push(outgoing(3, 1));
    dispatcher.silence(0, false);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 2), (0, 3, 0)]);
    // A session that is new has said that it is there.
    dispatcher.silence(0, true);
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    dispatcher.push(outgoing(4, 1));
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 4, 0)]);
}

/// Tickets and segments that a dispatcher says it gave back.
fn unsent(dispatcher: &mut Dispatcher) -> Vec<(u64, u8, u8)> {
    let unsent = std::iter::from_fn(|| dispatcher.pop_unsent());
    let mut unsent: Vec<_> = unsent.map(|one| (one.ticket, one.segment, one.segments)).collect();
    unsent.sort_unstable();
    unsent
}

#[test]
fn what_was_withdrawn_is_never_sent_and_given_back() {
    let mut dispatcher = Dispatcher::new(0, 1);
    for ticket in 0..1000 {
        dispatcher.push(outgoing(ticket, 2));
    }
    let thirds = || (0..1000_u64).filter(|ticket| ticket % 3 == 0);
    thirds().for_each(|ticket| dispatcher.remove(ticket));
    dispatcher.bind_up(Duration::ZERO, 0, u32::MAX);
    let sent = drain(&mut dispatcher, Duration::ZERO);
    assert_eq!(sent.len(), 2 * 666);
    assert!(sent.iter().all(|one| one.1 % 3 != 0));
    assert!(unsent(&mut dispatcher).into_iter().eq(thirds().map(|ticket| (ticket, 0, 2))));
    assert_eq!(dispatcher.waiting(), 0);
}

#[test]
fn what_was_withdrawn_is_given_back_though_nothing_can_be_sent() {
    let mut dispatcher = Dispatcher::new(0, 1);
    for ticket in 0..1000 {
        dispatcher.push(outgoing(ticket, 1));
    }
    dispatcher.remove(700);
    let Next::At(at) = dispatcher.next(Duration::from_secs(9)) else { panic!() };
    assert!(at <= Duration::from_millis(9200), "{at:?}");
    assert!(matches!(dispatcher.next(at), Next::Idle));
    assert_eq!(unsent(&mut dispatcher), [(700, 0, 1)]);
    assert_eq!(dispatcher.waiting(), 999);
}

#[test]
fn a_withdrawn_ticket_that_was_sent_already_is_not_given_back_nor_remembered() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.push(outgoing(1, 3));
    dispatcher.bind_up(Duration::ZERO, 0, 2);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0), (0, 1, 1)]);
    for ticket in 1..1000 {
        dispatcher.remove(ticket);
        let _ = dispatcher.next(Duration::ZERO);
        assert!(dispatcher.withdrawn.len() <= 65);
    }
    let _ = dispatcher.next(Duration::from_secs(1));
    assert!(dispatcher.withdrawn.is_empty());
    assert_eq!(unsent(&mut dispatcher), [(1, 2, 1)], "the segment that no bind had");
    assert!(matches!(dispatcher.next(Duration::from_secs(1)), Next::Idle));
}

#[test]
fn a_message_withdrawn_halfway_leaves_its_bind_to_the_next() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.push(outgoing(2, 1));
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
    dispatcher.remove(1);
    dispatcher.bind_up(Duration::ZERO, 1, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 2, 0)]);
}

#[test]
fn a_message_whose_bind_is_stuck_holds_up_nobody_else() {
    let mut dispatcher = Dispatcher::new(0, 3);
    dispatcher.push(outgoing(1, 3));
    dispatcher.push(outgoing(2, 2));
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
    // Nor does a second one that gets stuck on another bind.
    dispatcher.bind_up(Duration::ZERO, 1, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 2, 0)]);
    dispatcher.push(outgoing(3, 1));
    dispatcher.push(outgoing(4, 1));
    dispatcher.bind_up(Duration::ZERO, 2, 9);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(2, 3, 0), (2, 4, 0)]);
    assert_eq!(dispatcher.waiting(), 2);
    // Each goes on where it began, before anything else there.
    dispatcher.push(outgoing(5, 1));
    dispatcher.credit(Duration::ZERO, 1, 5);
    dispatcher.credit(Duration::ZERO, 0, 1);
    let sent = drain(&mut dispatcher, Duration::ZERO);
    assert_eq!(sent.iter().filter(|sent| sent.0 == 0).collect::<Vec<_>>(), [&(0, 1, 1)]);
    assert!(sent.contains(&(1, 2, 1)) && sent.iter().any(|sent| sent.1 == 5), "{sent:?}");
}

#[test]
fn the_rest_of_a_stuck_message_goes_first_when_its_bind_dies() {
    let mut dispatcher = Dispatcher::new(0, 2);
    for ticket in 1..4 {
        dispatcher.push(outgoing(ticket, 3));
    }
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
    dispatcher.bind_up(Duration::ZERO, 1, 1);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 2, 0)]);
    dispatcher.bind_down(Duration::ZERO, 0);
    dispatcher.credit(Duration::ZERO, 1, 9);
    let sent: Vec<_> = drain(&mut dispatcher, Duration::ZERO);
    let order = [(1, 2, 1), (1, 2, 2), (1, 1, 1), (1, 1, 2), (1, 3, 0), (1, 3, 1), (1, 3, 2)];
    assert_eq!(sent, order);
}

#[test]
fn a_segment_that_could_not_be_handed_over_is_sent_once() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.bind_up(Duration::ZERO, 0, 9);
    let Next::Send { outgoing, .. } = dispatcher.next(Duration::ZERO) else { panic!() };
    // Its bind has just ended.
    dispatcher.push_first(outgoing);
    dispatcher.bind_down(Duration::ZERO, 0);
    dispatcher.bind_up(Duration::ZERO, 1, 9);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 1, 0), (1, 1, 1), (1, 1, 2)]);
}

#[test]
fn a_message_on_a_paused_bind_says_when_to_ask_again_though_others_wait_for_room() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 2));
    dispatcher.bind_up(Duration::ZERO, 0, 2);
    assert!(matches!(dispatcher.next(Duration::ZERO), Next::Send { bind: 0, .. }));
    dispatcher.pause(0, Duration::from_secs(3));
    dispatcher.bind_up(Duration::ZERO, 1, 0);
    assert!(matches!(dispatcher.next(Duration::ZERO), Next::At(at) if at.as_secs() == 3));
    assert_eq!(drain(&mut dispatcher, Duration::from_secs(3)), [(0, 1, 1)]);
}

#[test]
fn a_throttled_segment_goes_again_on_the_bind_that_has_the_others() {
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.bind_up(Duration::ZERO, 0, 1);
    let Next::Send { outgoing, .. } = dispatcher.next(Duration::ZERO) else { panic!() };
    dispatcher.bind_up(Duration::ZERO, 1, 9);
    dispatcher.push_first(outgoing);
    dispatcher.credit(Duration::ZERO, 0, 9);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0), (0, 1, 1), (0, 1, 2)]);
}

#[test]
fn whole_messages_leave_a_carrier_that_is_down_and_the_others_keep_their_order() {
    let mut dispatcher = Dispatcher::new(0, 1);
    for ticket in 10..40 {
        dispatcher.push(outgoing(ticket, 1));
    }
    dispatcher.push_first(outgoing(3, 1));
    dispatcher.push_first(outgoing(4, 1));
    // Of this one a segment was sent.
    dispatcher.push_first(Outgoing { segment: 1, segments: 1, ..outgoing(5, 2) });
    dispatcher.remove(12);
    let mut left = Vec::new();
    let mut look = |dispatcher: &mut Dispatcher| {
        dispatcher.part_with(Duration::ZERO, 7, |one| {
            assert!(one.ticket != 12 && one.ticket != 5, "given up, or begun");
            let leaves = one.ticket.is_multiple_of(2);
            left.extend(leaves.then_some(one.ticket));
            leaves
        })
    };
    assert!(!look(&mut dispatcher) && !look(&mut dispatcher));
    dispatcher.push(outgoing(40, 1));
    dispatcher.push(outgoing(41, 1));
    while !look(&mut dispatcher) {}
    let expected = [4, 10].into_iter().chain((14..=40).step_by(2));
    assert_eq!(left, expected.collect::<Vec<u64>>());
    dispatcher.bind_up(Duration::ZERO, 0, 100);
    let sent: Vec<u64> =
        drain(&mut dispatcher, Duration::ZERO).into_iter().map(|one| one.1).collect();
    assert_eq!(sent, [3, 5].into_iter().chain((11..=41).step_by(2)).collect::<Vec<u64>>());
}

#[test]
fn a_bind_that_comes_back_in_the_middle_of_a_look_finds_all_in_order() {
    let mut dispatcher = Dispatcher::new(0, 1);
    for ticket in 0..20 {
        dispatcher.push(outgoing(ticket, 1));
    }
    assert!(!dispatcher.part_with(Duration::ZERO, 8, |one| one.ticket == 3));
    assert_eq!(dispatcher.waiting(), 19);
    dispatcher.bind_up(Duration::ZERO, 0, 100);
    let sent: Vec<u64> =
        drain(&mut dispatcher, Duration::ZERO).into_iter().map(|one| one.1).collect();
    assert_eq!(sent, (0..20).filter(|ticket| *ticket != 3).collect::<Vec<u64>>());
}

#[test]
fn what_its_shard_gives_again_after_it_withdrew_it_is_sent() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.push(outgoing(1, 1));
    dispatcher.push(outgoing(2, 1));
    dispatcher.remove(1);
    let Next::At(sweep) = dispatcher.next(Duration::ZERO) else { panic!() };
    assert!(matches!(dispatcher.next(sweep), Next::Idle));
    assert_eq!(dispatcher.pop_unsent().map(|one| one.ticket), Some(1));
    dispatcher.readmit(1);
    dispatcher.push(outgoing(1, 1));
    dispatcher.bind_up(Duration::ZERO, 0, 10);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 2, 0), (0, 1, 0)]);
    assert!(dispatcher.pop_unsent().is_none());
}

#[test]
fn a_held_bind_finishes_the_message_that_has_begun_and_gets_no_other() {
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(Duration::ZERO, 0, 2);
    dispatcher.push(outgoing(1, 3));
    dispatcher.push(outgoing(2, 1));
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0), (0, 1, 1)]);
    dispatcher.hold(0, true);
    assert!(!dispatcher.is_up());
    dispatcher.credit(Duration::ZERO, 0, 2);
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 2)]);
    dispatcher.hold(0, false);
    assert!(dispatcher.is_up());
    assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 2, 0)]);
}
