//! A carrier's dispatcher: which segment goes next, when, and on which bind.
//!
//! It holds what waits for the carrier and knows each bind's free window. Segments of one message
//! go in sequence on one bind. It moves nothing itself: [`Dispatcher::next`] says what to send
//! where, until it has nothing, no bind has room, or the pace says when to ask again.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::throttle::Rate;
use crate::message::envelope::Message;

/// Segments handed to one bind before another gets its turn: enough to fill a write, few enough
/// that binds stay even.
const TURN: u32 = 32;

/// One message on its way to a carrier.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The message.
    pub message: Arc<Message>,
    /// Its place in the order of acceptance, among those of its lane.
    pub order: u64,
    /// What its shard knows it by.
    pub ticket: u64,
    /// The segment to send next, from 0.
    pub segment: u8,
    /// Segments from there on to send; the others were answered before.
    pub segments: u8,
    /// What ties its segments together.
    pub reference: u16,
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Send one segment on this bind.
    Send {
        /// The bind.
        bind: u32,
        /// The message and segment.
        outgoing: Outgoing,
    },
    /// Ask again at this moment (monotonic): the pace is kept, or a bind is paused.
    At(Duration),
    /// Nothing waits, or no bind has room: ask again when that changes.
    Idle,
}

#[derive(Clone, Debug, Default)]
struct Bind {
    up: bool,
    /// How many segments it may still take.
    credit: u32,
    paused_until: Duration,
}

/// A message that has begun.
#[derive(Clone, Copy, Debug)]
struct Pinned {
    bind: usize,
    /// Whether it stands among those that came back.
    again: bool,
}

/// The dispatcher of one carrier.
#[derive(Debug)]
pub struct Dispatcher {
    rate: Rate,
    /// What came back, in the order of acceptance: it goes before what waits.
    again: VecDeque<Outgoing>,
    waiting: VecDeque<Outgoing>,
    /// Tickets given up by their shards that may still stand among the others.
    withdrawn: HashSet<u64, foldhash::fast::FixedState>,
    binds: Vec<Bind>,
    /// The bind whose turn it is, and how much of the turn is left.
    turn: usize,
    left: u32,
    /// The message some segments of which were sent, and the bind that gets the others.
    pinned: Option<Pinned>,
}

impl Dispatcher {
    /// A dispatcher of so many segments a second (0: no limit) over so many binds, all down.
    #[must_use]
    pub fn new(segments_per_second: u32, binds: usize) -> Self {
        Self {
            rate: Rate::per_second(segments_per_second),
            again: VecDeque::new(),
            waiting: VecDeque::new(),
            withdrawn: HashSet::default(),
            binds: vec![Bind::default(); binds],
            turn: 0,
            left: TURN,
            pinned: None,
        }
    }

    /// Takes a message behind those that wait.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.waiting.push_back(outgoing);
    }

    /// Puts a message back before those that wait: it was throttled, or its bind went away before
    /// it was sent. Whatever the order they come back in, they go in the order of acceptance.
    pub fn push_first(&mut self, outgoing: Outgoing) {
        let place = (outgoing.order, outgoing.segment);
        let mut at = self.again.partition_point(|other| (other.order, other.segment) < place);
        // What has begun stays in front until its last segment is sent.
        if at == 0 && self.pinned.is_some_and(|pinned| pinned.again) {
            at = 1;
        }
        if let Some(before) = at.checked_sub(1).and_then(|before| self.again.get_mut(before))
            && before.ticket == outgoing.ticket
            && before.segment.checked_add(before.segments) == Some(outgoing.segment)
        {
            // Neighbours go together, on one bind.
            before.segments += outgoing.segments;
            return;
        }
        self.again.insert(at, outgoing);
    }

    /// Takes out what its shard has given up. It is passed over when its turn comes: to search for
    /// each of a million that expire together would take hours.
    pub fn remove(&mut self, ticket: u64) {
        self.withdrawn.insert(ticket);
        // Tickets of what had been sent already are never met; they must not pile up.
        if self.withdrawn.len() > 64 && self.withdrawn.len() > self.waiting() {
            let withdrawn = std::mem::take(&mut self.withdrawn);
            self.again.retain(|outgoing| !withdrawn.contains(&outgoing.ticket));
            self.waiting.retain(|outgoing| !withdrawn.contains(&outgoing.ticket));
            self.pinned = None;
        }
    }

    /// A bind stands and may take so many segments.
    pub fn bind_up(&mut self, bind: u32, credit: u32) {
        if let Some(bind) = self.binds.get_mut(bind as usize) {
            *bind = Bind { up: true, credit, paused_until: Duration::ZERO };
        }
    }

    /// A bind is gone.
    pub fn bind_down(&mut self, bind: u32) {
        if let Some(bind) = self.binds.get_mut(bind as usize) {
            bind.up = false;
            bind.credit = 0;
        }
        if self.pinned.is_some_and(|pinned| pinned.bind == bind as usize) {
            self.pinned = None;
        }
    }

    /// A bind has had so many answers.
    pub fn credit(&mut self, bind: u32, answers: u32) {
        if let Some(bind) = self.binds.get_mut(bind as usize)
            && bind.up
        {
            bind.credit += answers;
        }
    }

    /// A bind gets nothing until then.
    pub fn pause(&mut self, bind: u32, until: Duration) {
        if let Some(bind) = self.binds.get_mut(bind as usize) {
            bind.paused_until = bind.paused_until.max(until);
        }
    }

    /// How many messages wait, those given up but not passed over yet among them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.again.len() + self.waiting.len()
    }

    /// Whether any bind stands.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.binds.iter().any(|bind| bind.up)
    }

    /// What to do now.
    pub fn next(&mut self, now: Duration) -> Next {
        self.pass_over_withdrawn();
        let again = match self.pinned {
            Some(pinned) => pinned.again,
            None => !self.again.is_empty(),
        };
        let queue = if again { &self.again } else { &self.waiting };
        let Some(first) = queue.front() else { return Next::Idle };
        let segments = u32::from(first.segments);
        let Some(bind) = self.choose(now, segments) else { return self.when_free(now) };
        if let Err(wait) = self.rate.take(now, 1) {
            return Next::At(now + wait);
        }
        let queue = if again { &mut self.again } else { &mut self.waiting };
        let Some(first) = queue.front_mut() else { return Next::Idle };
        let outgoing = first.clone();
        if first.segments > 1 {
            first.segment += 1;
            first.segments -= 1;
            self.pinned = Some(Pinned { bind, again });
        } else {
            queue.pop_front();
            self.pinned = None;
        }
        if let Some(chosen) = self.binds.get_mut(bind) {
            chosen.credit -= 1;
        }
        Next::Send { bind: bind as u32, outgoing }
    }

    fn pass_over_withdrawn(&mut self) {
        if self.withdrawn.is_empty() {
            return;
        }
        for (queue, is_again) in [(&mut self.again, true), (&mut self.waiting, false)] {
            while queue.front().is_some_and(|first| self.withdrawn.contains(&first.ticket)) {
                queue.pop_front();
                if self.pinned.is_some_and(|pinned| pinned.again == is_again) {
                    self.pinned = None;
                }
            }
        }
        if self.again.is_empty() && self.waiting.is_empty() {
            self.withdrawn.clear();
        }
    }

    /// The bind whose turn it is, if it has room; else the next that has.
    fn choose(&mut self, now: Duration, segments: u32) -> Option<usize> {
        let free = |bind: &Bind| bind.up && bind.credit > 0 && bind.paused_until <= now;
        if let Some(Pinned { bind, .. }) = self.pinned {
            return self.binds.get(bind).is_some_and(free).then_some(bind);
        }
        if let Some(bind) = self.binds.get(self.turn)
            && free(bind)
            && self.left > 0
        {
            self.left = self.left.saturating_sub(1);
            return Some(self.turn);
        }
        let count = self.binds.len();
        // A whole message's room is looked for first, so that its segments need not wait.
        let roomy = |bind: &Bind| free(bind) && bind.credit >= segments;
        let order = || (1..=count).map(|step| (self.turn + step) % count);
        let next = order()
            .find(|&at| self.binds.get(at).is_some_and(roomy))
            .or_else(|| order().find(|&at| self.binds.get(at).is_some_and(free)))?;
        self.turn = next;
        self.left = TURN - 1;
        Some(next)
    }

    /// When a paused bind is free again, if that is what is waited for.
    fn when_free(&self, now: Duration) -> Next {
        let paused = self.binds.iter().filter(|bind| bind.up && bind.credit > 0);
        match paused.map(|bind| bind.paused_until).min() {
            Some(until) if until > now => Next::At(until),
            _ => Next::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::envelope::{ServiceType, UserData};
    use crate::wire::Address;

    fn outgoing(ticket: u64, segments: u8) -> Outgoing {
        let message = Message {
            account: 0,
            source: Address::new(5, 0, b"Shop"),
            destination: Address::new(1, 1, b"33612345678"),
            service_type: ServiceType::default(),
            esm_class: 0,
            protocol_id: 0,
            priority_flag: 0,
            registered_delivery: 0,
            replace_if_present_flag: 0,
            data_coding: 0,
            sm_default_msg_id: 0,
            user_data: UserData::new(b""),
            tlvs: Box::default(),
            cuts: Box::default(),
            accepted_at: Duration::ZERO,
            send_at: Duration::ZERO,
            expires_at: Duration::MAX,
        };
        let message = Arc::new(message);
        Outgoing { message, order: ticket, ticket, segment: 0, segments, reference: 0 }
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
        dispatcher.bind_up(0, 3);
        dispatcher.bind_up(1, 4);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO).len(), 7);
        dispatcher.credit(1, 2);
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
            dispatcher.bind_up(bind, 7);
        }
        let mut sent = drain(&mut dispatcher, Duration::ZERO);
        for round in 0..200 {
            dispatcher.credit(round % 3, 2);
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
        dispatcher.bind_up(0, 1);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
        dispatcher.bind_down(0);
        dispatcher.bind_up(1, 10);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 1, 1), (1, 1, 2)]);
    }

    #[test]
    fn the_carriers_rate_holds_over_all_its_binds() {
        let mut dispatcher = Dispatcher::new(1000, 4);
        for bind in 0..4 {
            dispatcher.bind_up(bind, 1_000_000);
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
        dispatcher.bind_up(0, 10);
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
        dispatcher.bind_up(0, 1);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
        dispatcher.push_first(outgoing(9, 1));
        dispatcher.credit(0, 9);
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
        dispatcher.bind_up(0, 100);
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
            dispatcher.bind_up(bind, 2);
        }
        let mut sent = drain(&mut dispatcher, Duration::ZERO);
        for _ in 0..10 {
            (0..4).for_each(|bind| dispatcher.credit(bind, 1));
            sent.extend(drain(&mut dispatcher, Duration::ZERO));
        }
        assert!(sent.iter().map(|sent| sent.2).eq(0..5), "{sent:?}");
        assert!(sent[..4].iter().all(|one| one.0 == sent[0].0), "{sent:?}");
    }

    #[test]
    fn what_was_withdrawn_is_never_sent_and_is_not_remembered_for_ever() {
        let mut dispatcher = Dispatcher::new(0, 1);
        for ticket in 0..1000 {
            dispatcher.push(outgoing(ticket, 2));
        }
        for ticket in (0..1000).filter(|ticket| ticket % 3 == 0) {
            dispatcher.remove(ticket);
        }
        dispatcher.bind_up(0, u32::MAX);
        let sent = drain(&mut dispatcher, Duration::ZERO);
        assert_eq!(sent.len(), 2 * 666);
        assert!(sent.iter().all(|one| one.1 % 3 != 0));
        for ticket in 2000..3000 {
            dispatcher.remove(ticket);
            assert!(dispatcher.withdrawn.len() <= 65);
        }
        assert_eq!(dispatcher.waiting(), 0);
    }

    #[test]
    fn a_message_withdrawn_halfway_leaves_its_bind_to_the_next() {
        let mut dispatcher = Dispatcher::new(0, 2);
        dispatcher.push(outgoing(1, 3));
        dispatcher.push(outgoing(2, 1));
        dispatcher.bind_up(0, 1);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(0, 1, 0)]);
        dispatcher.remove(1);
        dispatcher.bind_up(1, 1);
        assert_eq!(drain(&mut dispatcher, Duration::ZERO), [(1, 2, 0)]);
    }
}
