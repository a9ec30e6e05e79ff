//! What an operator lists, ends and moves.

use std::collections::BTreeMap;

use super::multi::SHARED;
use super::*;
use crate::engine::shard::operations::ENDED_BY_OPERATOR;
use crate::engine::shard::{Deed, Filter, SegmentPlace, Stays, Trace, Wish};
use crate::message::class::TrafficClass;

const DELETED: MessageState = MessageState::DELETED;

/// All messages.
fn any() -> Filter {
    Filter { account: None, carrier: None, class: None, destination: Box::default() }
}

impl World {
    /// Asks for something; the number of the operation.
    fn operate(&mut self, wish: Wish, filter: Filter) -> u64 {
        self.sequence += 1;
        let number = u64::from(self.sequence);
        self.shard.operate(self.now, number, (wish, filter), &mut self.notes);
        number
    }

    /// Moves all that waits to this carrier, and lets that come to its end.
    pub(super) fn reroute(&mut self, to: u32) {
        self.operate(Wish::Do(Deed::Reroute(Some(to))), any());
        self.ticks();
    }

    /// How many messages it was done to, and how many stayed; `None` while it is under way.
    fn came_of(&self, number: u64) -> Option<(u64, u64)> {
        let mut own = self.notes.operated.iter().filter(|(other, _)| *other == number);
        let found = own.next().map(|(_, findings)| (findings.done, findings.left()));
        assert!(own.next().is_none(), "one answer");
        found
    }

    /// How many stayed for which reason.
    fn left(&self, number: u64) -> BTreeMap<Stays, u64> {
        let own = self.notes.operated.iter().find(|(other, _)| *other == number);
        own.unwrap().1.left.clone()
    }

    /// Two ticks: what is withdrawn comes back in one, and is dealt with in the next.
    fn ticks(&mut self) {
        self.pass(Duration::from_millis(100));
        self.pass(Duration::from_millis(100));
    }
}

#[test]
fn what_waits_is_listed_by_carrier_account_and_class() {
    let mut world = World::new();
    let send_at = START + Duration::from_secs(600);
    world.submit(long_message(3)).unwrap();
    world.submit(Message { send_at, ..message() }).unwrap();
    let marketing = Message { account: 1, class: TrafficClass::Marketing, ..message() };
    world.submit_to(1, marketing).unwrap();
    let first = world.sent().unwrap();
    world.refuse(&first, CommandStatus::ESME_RDELIVERYFAILURE);
    let number = world.operate(Wish::List, any());
    let (_, findings) = world.notes.operated.first().unwrap();
    assert_eq!(world.notes.operated[0].0, number);
    let own = findings.waiting[&(0, 0, TrafficClass::Transactional)];
    assert_eq!((own.messages, own.segments, own.oldest), (2, 4, START));
    assert_eq!((own.scheduled, own.retrying, own.in_doubt), (1, 1, 0));
    let other = findings.waiting[&(1, 1, TrafficClass::Marketing)];
    assert_eq!((other.messages, other.segments), (1, 1));
    assert_eq!(findings.waiting.len(), 2);
}

#[test]
fn a_purge_ends_what_no_carrier_can_have_and_its_accounts_hear_of_it() {
    let mut world = World::new();
    let with_carrier = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let queued = world.submit(message()).unwrap();
    let send_at = START + Duration::from_secs(600);
    let scheduled = world.submit(Message { send_at, ..message() }).unwrap();
    let count = world.operate(Wish::Would(Deed::Purge), any());
    assert_eq!(world.came_of(count), Some((3, 0)), "nothing is known to be with a carrier");
    let number = world.operate(Wish::Do(Deed::Purge), any());
    assert_eq!(world.told(), [(0, scheduled, DELETED, ENDED_BY_OPERATOR)]);
    world.ticks();
    assert_eq!(world.came_of(number), None, "a bind has one of them");
    assert_eq!(world.told().last(), Some(&(0, queued, DELETED, ENDED_BY_OPERATOR)));
    world.take(&sent, "a1");
    world.ticks();
    assert_eq!(world.came_of(number), Some((2, 1)));
    world.receipt("a1", DELIVERED);
    assert_eq!(world.told().last(), Some(&(0, with_carrier, DELIVERED, 0)));
    assert!(world.sent().is_none());
    world.assert_empty();
}

#[test]
fn only_what_is_meant_is_purged() {
    let mut world = World::new();
    let meant = world.submit_to(1, message_to("33612345678")).unwrap();
    let others = [
        (0, message_to("33612345678")),
        (1, message_to("4479123456")),
        (1, Message { account: 1, class: TrafficClass::Marketing, ..message_to("33612345678") }),
    ];
    for (carrier, other) in others {
        world.submit_to(carrier, other).unwrap();
    }
    let filter = Filter {
        account: Some(0),
        carrier: Some(1),
        class: Some(TrafficClass::Transactional),
        destination: b"336".as_slice().into(),
    };
    let number = world.operate(Wish::Do(Deed::Purge), filter);
    world.ticks();
    assert_eq!(world.came_of(number), Some((1, 0)));
    assert_eq!(world.told(), [(0, meant, DELETED, ENDED_BY_OPERATOR)]);
    assert_eq!(world.shard.queued(), 3);
}

#[test]
fn what_is_moved_goes_by_the_other_carrier_at_its_moment_and_what_was_sent_stays() {
    let mut world = World::new();
    world.notes.elsewhere = Some(1);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "a1");
    world.submit(long_message(2)).unwrap();
    let send_at = START + Duration::from_secs(600);
    world.submit(Message { send_at, ..message() }).unwrap();
    let to_itself = world.operate(Wish::Do(Deed::Reroute(Some(7))), any());
    world.ticks();
    assert_eq!(world.came_of(to_itself), Some((0, 2)), "no such carrier takes them");
    assert_eq!(world.left(to_itself), [(Stays::NoOther, 2)].into());
    let would = world.operate(Wish::Would(Deed::Reroute(Some(1))), any());
    assert_eq!(world.came_of(would), Some((2, 0)));
    let would = world.operate(Wish::Would(Deed::Reroute(Some(7))), any());
    assert_eq!(world.left(would), [(Stays::NoOther, 2)].into());
    let filter = Filter { carrier: Some(0), ..any() };
    let number = world.operate(Wish::Do(Deed::Reroute(Some(1))), filter);
    world.notes.dispatched.clear();
    world.ticks();
    assert_eq!(world.came_of(number), Some((2, 0)), "what awaits its receipt waits no more");
    assert_eq!(world.notes.dispatched, [1]);
    world.seconds(601);
    assert_eq!(world.notes.dispatched, [1, 1]);
}

#[test]
fn what_was_refused_for_now_meanwhile_is_ended() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let number = world.operate(Wish::Do(Deed::Purge), any());
    world.refuse(&sent, CommandStatus::ESME_RTHROTTLED);
    world.ticks();
    assert_eq!(world.came_of(number), Some((1, 0)));
    assert_eq!(world.told(), [(0, id, DELETED, ENDED_BY_OPERATOR)]);
    world.assert_empty();
}

#[test]
fn what_ends_while_it_is_held_is_no_longer_waited_for() {
    let mut world = World::new();
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let number = world.operate(Wish::Do(Deed::Purge), any());
    world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    assert_eq!(world.came_of(number), Some((0, 1)), "its carrier rejected it");
    world.assert_empty();
}

#[test]
fn too_many_operations_at_a_time_are_refused_and_nothing_is_done() {
    let mut world = World::new();
    let mut on_binds = Vec::new();
    for last in 0..9 {
        world.submit(message_to(&format!("3361234567{last}"))).unwrap();
        on_binds.push(world.sent().unwrap());
    }
    let purge = |world: &mut World, last: usize| {
        let destination = format!("3361234567{last}").into_bytes().into();
        world.operate(Wish::Do(Deed::Purge), Filter { destination, ..any() })
    };
    let open: Vec<u64> = (0..8).map(|last| purge(&mut world, last)).collect();
    world.ticks();
    assert!(open.iter().all(|number| world.came_of(*number).is_none()), "binds have them");
    let refused = purge(&mut world, 8);
    assert!(world.notes.operated.iter().any(|(number, found)| *number == refused && found.refused));
    for (sent, number) in on_binds.iter().zip(&open) {
        world.take(sent, "a1");
        world.ticks();
        assert_eq!(world.came_of(*number), Some((0, 1)));
    }
    assert_eq!(world.shard.operations.len(), 0);
}

#[test]
fn a_trace_says_where_each_segment_is_and_how_a_message_ended() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let first = world.sent().unwrap();
    world.take(&first, "a1");
    let [Trace::Live(live)] = &world.shard.trace(id)[..] else { panic!("it is live") };
    let places: Vec<SegmentPlace> = live.segments.iter().map(|one| one.place).collect();
    assert_eq!(places, [SegmentPlace::Accepted, SegmentPlace::Out]);
    assert_eq!((live.carrier, live.awaits_receipt), (0, false));
    let second = world.sent().unwrap();
    world.take(&second, "a2");
    world.receipt("a1", DELIVERED);
    let [Trace::Live(live)] = &world.shard.trace(id)[..] else { panic!("it is live") };
    assert!(
        live.awaits_receipt
            && live.segments[0].state == Some(DELIVERED)
            && live.segments[1].state.is_none()
    );
    world.receipt("a2", UNDELIVERABLE);
    let [Trace::Ended(end)] = &world.shard.trace(id)[..] else { panic!("it has ended") };
    assert_eq!((end.state, end.error), (UNDELIVERABLE, 99));
    assert!(world.shard.trace(MessageId::new(7, 999_999)).is_empty());
}

#[test]
fn a_trace_of_a_shared_id_tells_of_each_message_and_a_purge_ends_each_under_it() {
    let mut world = World::new();
    world.submit_multi(vec![message(), message_to("33687654321")]);
    let first = world.sent().unwrap();
    world.take(&first, "a1");
    let [Trace::Live(one), Trace::Live(other)] = &world.shard.trace(SHARED)[..] else {
        panic!("both are live")
    };
    assert_eq!((one.awaits_receipt, other.awaits_receipt), (true, false));
    let number = world.operate(Wish::Do(Deed::Purge), any());
    world.ticks();
    assert_eq!(world.came_of(number), Some((1, 0)));
    assert_eq!(world.told(), [(0, SHARED, DELETED, ENDED_BY_OPERATOR)]);
    let [Trace::Live(_), Trace::Ended(end)] = &world.shard.trace(SHARED)[..] else {
        panic!("one has ended")
    };
    assert_eq!((end.state, end.error), (DELETED, 3));
}
