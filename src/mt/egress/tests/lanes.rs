//! Lanes keep their order while the carrier throttles.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use std::collections::VecDeque;

use super::*;

/// A message of one of a few lanes.
fn of_lane(ticket: u64, lane: u64, segments: u8) -> Outgoing {
    let one = outgoing(ticket, segments);
    let number = format!("3361234567{lane}");
    let destination = Address::new(1, 1, number.as_bytes());
    let message = Message { destination, ..one.message.read().clone() }.into();
    Outgoing { message, ..one }
}

fn back_from(dispatcher: &mut Dispatcher, now: Duration, bind: u32, outgoing: Outgoing) {
    let flow = outgoing.flow.alone();
    if outgoing.flow.is_alone() {
        dispatcher.answered_alone(now, bind, outgoing.ticket, true);
    }
    dispatcher.push_throttled(now, Outgoing { flow, ..outgoing });
}

fn back(dispatcher: &mut Dispatcher, outgoing: Outgoing) {
    back_from(dispatcher, Duration::ZERO, 0, outgoing);
}

/// A dispatcher of so many binds, where throttled answers are about numbers or not.
fn slowing(by_number: bool, binds: usize) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(0, binds);
    if by_number {
        dispatcher.set_throttled_slows(Duration::ZERO, ThrottledSlows::Number);
    }
    dispatcher
}

fn send(dispatcher: &mut Dispatcher, now: Duration) -> Vec<Outgoing> {
    std::iter::from_fn(|| match dispatcher.next(now) {
        Next::Send { outgoing, .. } => Some(outgoing),
        Next::At(_) | Next::Idle => None,
    })
    .collect()
}

fn tickets(sent: &[Outgoing]) -> Vec<u64> {
    sent.iter().map(|one| one.ticket).collect()
}

#[test]
fn behind_a_throttled_message_its_lane_goes_one_by_one_and_others_go_on() {
    let now = Duration::ZERO;
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(now, 0, 3);
    for ticket in 1..7 {
        dispatcher.push(of_lane(ticket, 0, 1));
    }
    dispatcher.push(of_lane(10, 1, 1));
    let sent = send(&mut dispatcher, now);
    assert_eq!(tickets(&sent), [1, 2, 3]);
    // The second is throttled; the third was on the wire already, and is as well.
    dispatcher.credit(now, 0, 3);
    back(&mut dispatcher, sent[2].clone());
    back(&mut dispatcher, sent[1].clone());
    let sent = send(&mut dispatcher, now);
    assert_eq!(tickets(&sent), [2, 10], "nothing else of the lane, and another lane");
    assert_eq!(dispatcher.waiting(), 4);
    // Throttled again, and then taken: from there on one at a time.
    back(&mut dispatcher, sent[0].clone());
    dispatcher.credit(now, 0, 9);
    let mut went = Vec::new();
    loop {
        let sent = send(&mut dispatcher, now);
        assert!(sent.len() <= 1, "{sent:?}");
        let Some(one) = sent.first() else { break };
        went.push(one.ticket);
        assert!(one.flow.is_alone());
        dispatcher.answered_alone(now, 0, one.ticket, false);
    }
    assert_eq!(went, [2, 3, 4, 5, 6]);
    assert_eq!(dispatcher.waiting(), 0);
    assert!(dispatcher.lanes.is_empty());
    // And then they are pipelined again.
    dispatcher.push(of_lane(7, 0, 1));
    dispatcher.push(of_lane(8, 0, 1));
    assert_eq!(tickets(&send(&mut dispatcher, now)), [7, 8]);
}

#[test]
fn a_throttled_message_that_does_not_come_back_holds_its_lane_for_a_second() {
    let now = Duration::ZERO;
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(now, 0, 9);
    (1..4).for_each(|ticket| dispatcher.push(of_lane(ticket, 0, 1)));
    let Next::Send { outgoing: first, .. } = dispatcher.next(now) else { panic!() };
    back(&mut dispatcher, first);
    assert_eq!(tickets(&send(&mut dispatcher, now)), [1]);
    // Its shard ends it, say because its validity has ended.
    dispatcher.answered_alone(now, 0, 1, true);
    let Next::At(at) = dispatcher.next(now) else { panic!() };
    assert_eq!(at, Duration::from_secs(1));
    assert_eq!(tickets(&send(&mut dispatcher, at)), [2]);
    dispatcher.answered_alone(at, 0, 2, false);
    assert_eq!(tickets(&send(&mut dispatcher, at)), [3]);
}

#[test]
fn a_throttled_message_that_is_withdrawn_gives_its_turn_to_the_next() {
    let now = Duration::ZERO;
    let mut dispatcher = Dispatcher::new(0, 1);
    dispatcher.bind_up(now, 0, 9);
    (1..4).for_each(|ticket| dispatcher.push(of_lane(ticket, 0, 1)));
    let Next::Send { outgoing: first, .. } = dispatcher.next(now) else { panic!() };
    back(&mut dispatcher, first);
    dispatcher.remove(1);
    dispatcher.remove(3);
    assert_eq!(tickets(&send(&mut dispatcher, now)), [2]);
    dispatcher.answered_alone(now, 0, 2, false);
    assert!(send(&mut dispatcher, Duration::from_secs(1)).is_empty());
    assert_eq!(unsent(&mut dispatcher), [(1, 0, 1), (3, 0, 1)]);
    assert!(dispatcher.lanes.is_empty() && dispatcher.waiting() == 0);
}

#[test]
fn a_lane_goes_on_when_the_binds_of_its_throttled_message_die() {
    let now = Duration::ZERO;
    let mut dispatcher = Dispatcher::new(0, 2);
    dispatcher.bind_up(now, 0, 1);
    (1..4).for_each(|ticket| dispatcher.push(of_lane(ticket, 0, 2)));
    let Next::Send { outgoing: first, .. } = dispatcher.next(now) else { panic!() };
    // Its second segment goes on the other bind.
    dispatcher.bind_down(now, 0);
    dispatcher.bind_up(now, 1, 9);
    let Next::Send { bind: 1, outgoing: second } = dispatcher.next(now) else { panic!() };
    dispatcher.bind_up(now, 0, 1);
    back_from(&mut dispatcher, now, 0, first);
    back_from(&mut dispatcher, now, 1, second);
    assert_eq!(tickets(&send(&mut dispatcher, now)), [1, 1]);
    // Both die, and nothing comes back: it is in doubt.
    dispatcher.bind_down(now, 1);
    dispatcher.bind_down(now, 0);
    dispatcher.bind_up(now, 0, 9);
    let Next::At(at) = dispatcher.next(now) else { panic!() };
    assert_eq!(at, Duration::from_secs(1));
    assert_eq!(tickets(&send(&mut dispatcher, at)), [2, 2]);
    (0..2).for_each(|_| dispatcher.answered_alone(at, 0, 2, false));
    assert_eq!(tickets(&send(&mut dispatcher, at)), [3, 3]);
    (0..2).for_each(|_| dispatcher.answered_alone(at, 0, 3, false));
    assert!(dispatcher.lanes.is_empty() && dispatcher.waiting() == 0);
}

proptest! {
    /// However a carrier throttles: while a segment that it throttled is not taken, no message that
    /// was accepted later goes in its lane, unless it has begun. All is taken in the end.
    #[test]
    fn nothing_passes_what_was_throttled_in_its_lane(
        messages in prop::collection::vec((0..3_u64, 1..4_u8), 1..40),
        verdicts in prop::collection::vec(prop::bool::weighted(0.4), 200),
        window in 1..4_u32,
        binds in 1..3_u32,
        by_number in any::<bool>(),
    ) {
        let mut dispatcher = slowing(by_number, binds as usize);
        (0..binds).for_each(|bind| dispatcher.bind_up(Duration::ZERO, bind, window));
        let mut left = BTreeSet::new();
        for (ticket, &(lane, segments)) in messages.iter().enumerate() {
            left.extend((0..segments).map(|segment| (ticket as u64, segment)));
            dispatcher.push(of_lane(ticket as u64, lane, segments));
        }
        let mut verdicts = verdicts.into_iter();
        let mut wire = VecDeque::new();
        let mut now = Duration::ZERO;
        let mut begun = BTreeSet::new();
        // By lane, what was throttled and is not taken yet.
        let mut throttled: HashMap<u64, BTreeSet<(u64, u8)>> = HashMap::new();
        while !left.is_empty() {
            now += Duration::from_millis(1);
            while let Next::Send { bind, outgoing } = dispatcher.next(now) {
                let ticket = outgoing.ticket;
                let (lane, segments) = messages[ticket as usize];
                let first = throttled.entry(lane).or_default().first().map_or(ticket, |one| one.0);
                if begun.insert(ticket) || segments == 1 {
                    prop_assert!(ticket <= first, "{ticket} passes {first}");
                }
                wire.push_back((bind, outgoing));
            }
            let Some((bind, outgoing)) = wire.pop_front() else {
                // They all have one number.
                let next = dispatcher.next(now);
                let Next::At(at) = next else {
                    prop_assert!(false, "stuck: {left:?}");
                    break;
                };
                prop_assert!(by_number && at > now, "{at:?}: {left:?}");
                now = at;
                continue;
            };
            dispatcher.credit(now, bind, 1);
            let one = (outgoing.ticket, outgoing.segment);
            let throttled = throttled.entry(messages[one.0 as usize].0).or_default();
            if verdicts.next().unwrap_or(false) {
                throttled.insert(one);
                back_from(&mut dispatcher, now, bind, outgoing);
            } else {
                throttled.remove(&one);
                prop_assert!(left.remove(&one));
                if outgoing.flow.is_alone() {
                    dispatcher.answered_alone(now, bind, one.0, false);
                }
            }
        }
        prop_assert_eq!(dispatcher.waiting(), 0);
        prop_assert!(dispatcher.lanes.is_empty());
    }
    /// Whatever becomes of throttled messages, their binds and their answers: once binds stand
    /// and take everything, nothing waits and no lane is left.
    #[test]
    fn no_lane_is_held_up_for_good(
        steps in prop::collection::vec((0..12_u8, 0..3_u32, 1..4_u8), 1..300),
        by_number in any::<bool>(),
    ) {
        let mut dispatcher = slowing(by_number, 3);
        let mut now = Duration::ZERO;
        let mut wire: Vec<(u32, Outgoing)> = Vec::new();
        let mut travelling = Vec::new();
        for (ticket, (what, bind, segments)) in (0_u64..).zip(steps) {
            now += Duration::from_millis(40);
            let answered = match what {
                5..10 if !wire.is_empty() => Some(wire.remove(ticket as usize % wire.len())),
                _ => None,
            };
            match (what, answered) {
                (0..3, _) => dispatcher.push(of_lane(ticket, u64::from(bind % 2), segments)),
                (3, _) => dispatcher.bind_up(now, bind, u32::from(segments)),
                // What was on it is not sent, or in doubt and forgotten, by turns.
                (4, _) => {
                    dispatcher.bind_down(now, bind);
                    let lost = wire.extract_if(.., |one| one.0 == bind);
                    travelling.extend(lost.map(|(_, one)| one).filter(|one| one.ticket % 2 == 0));
                }
                // Taken, and throttled.
                (5..10, Some((bind, outgoing))) => {
                    dispatcher.credit(now, bind, 1);
                    if outgoing.flow.is_alone() {
                        dispatcher.answered_alone(now, bind, outgoing.ticket, what > 6);
                    }
                    if what > 6 {
                        travelling.push(Outgoing { flow: outgoing.flow.alone(), ..outgoing });
                    }
                }
                (10, _) => travelling.drain(..).for_each(|one| match one.flow.is_alone() {
                    true => dispatcher.push_throttled(now, one),
                    false => dispatcher.push_first(one),
                }),
                // It has ended on its way, or is withdrawn.
                (11, _) => {
                    travelling.pop();
                    dispatcher.remove(ticket.saturating_sub(u64::from(segments) * 3));
                }
                _ => {}
            }
            while let Next::Send { bind, outgoing } = dispatcher.next(now) {
                wire.push((bind, outgoing));
            }
        }
        (0..3).for_each(|bind| dispatcher.bind_up(now, bind, 10_000));
        wire.clear();
        for _ in 0..1_000 {
            now += Duration::from_millis(200);
            while let Next::Send { bind, outgoing } = dispatcher.next(now) {
                if outgoing.flow.is_alone() {
                    dispatcher.answered_alone(now, bind, outgoing.ticket, false);
                }
            }
        }
        prop_assert_eq!(dispatcher.waiting(), 0);
        prop_assert!(dispatcher.lanes.holds_nothing());
    }
}
