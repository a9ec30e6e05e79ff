//! What an operator asks of the messages of a shard: to list them, to end them, to send them by
//! another carrier.
//!
//! Only what no carrier can have is ended or moved, held meanwhile like a message that its account
//! takes back. Messages are looked at in turns, one in each tick, so that a million of them hold
//! nobody up.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::live::{Live, Place};
use super::recall::Held;
use super::stays::Stays;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::class::TrafficClass;
use crate::message::state::MessageState;

/// Places looked at in one turn: about a millisecond. There is a turn when something is asked, and
/// then one in each tick of the shard.
const TURN: usize = 16_384;
/// Operations under way. At the limit a further one is answered as too many.
const OPERATIONS_MAX: usize = 8;
/// The error beside DELETED of a message that the operator ended.
pub const ENDED_BY_OPERATOR: u32 = 3;

/// Which messages an operator means: all that each of these covers.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of this account.
    pub account: Option<u32>,
    /// Of this carrier.
    pub carrier: Option<u32>,
    /// Of this class.
    pub class: Option<TrafficClass>,
    /// To numbers that begin so.
    pub destination: Box<[u8]>,
}

impl Filter {
    fn covers(&self, live: &Live) -> bool {
        let message = &live.message;
        self.account.is_none_or(|account| account == message.account)
            && self.carrier.is_none_or(|carrier| carrier == live.carrier)
            && self.class.is_none_or(|class| class == message.class)
            && message.destination.octets().starts_with(&self.destination)
    }
}

/// What is to be done with them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// They are listed.
    List,
    /// Nothing: what this would be done to is counted.
    Would(Deed),
    /// This.
    Do(Deed),
}

/// What can be done with messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    /// They end DELETED.
    Purge,
    /// Another carrier of their route sends them, this one if it is named.
    Reroute(Option<u32>),
}

/// Messages of one carrier, account and class that wait.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Waiting {
    /// Messages.
    pub messages: u64,
    /// Their segments.
    pub segments: u64,
    /// When the oldest was accepted, in wall time since 1970.
    pub oldest: Duration,
    /// Messages whose moment has not come.
    pub scheduled: u64,
    /// Messages that a rule holds until its moment.
    pub held: u64,
    /// When the first of them goes on, in wall time since 1970; zero where there is none.
    pub held_until: Duration,
    /// Messages that wait for their next attempt.
    pub retrying: u64,
    /// Messages in doubt.
    pub in_doubt: u64,
}

/// What came of an operation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// There are too many operations under way; nothing was done.
    pub refused: bool,
    /// What is listed: by carrier, account and class.
    pub waiting: HashMap<(u32, u32, TrafficClass), Waiting, foldhash::fast::FixedState>,
    /// Messages that it was done to.
    pub done: u64,
    /// Messages that were meant and stay what they are, and why.
    pub left: BTreeMap<Stays, u64>,
}

/// One operation.
#[derive(Debug)]
struct Operation {
    wish: Wish,
    filter: Filter,
    /// The next place to look at; `None` when all were.
    place: Option<usize>,
    /// Messages from this counter on came after it was asked.
    before: u64,
    /// Messages that are held for it.
    open: usize,
    findings: Findings,
}

/// Operations under way.
#[derive(Debug, Default)]
pub(super) struct Operations {
    /// By number.
    all: HashMap<u64, Operation, foldhash::fast::FixedState>,
    /// Those that have places to look at, in the order they came.
    looking: VecDeque<u64>,
    /// Held messages of which nothing is out any more.
    back: Vec<u64>,
}

impl<L: Clone> Shard<L> {
    /// Begins an operation. Its findings come under this number when its last message is settled.
    pub fn operate<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        number: u64,
        (wish, filter): (Wish, Filter),
        effects: &mut E,
    ) {
        if self.operations.all.len() >= OPERATIONS_MAX {
            effects.operated(number, Findings { refused: true, ..Findings::default() });
            return;
        }
        let (place, before, findings) = (Some(0), self.counter, Findings::default());
        let operation = Operation { wish, filter, place, before, open: 0, findings };
        self.operations.all.insert(number, operation);
        self.operations.looking.push_back(number);
        if self.operations.looking.len() == 1 {
            self.operate_turn(now, effects);
        }
    }

    /// Goes on with what is under way, for one turn.
    pub(super) fn operate_turn<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        for ticket in std::mem::take(&mut self.operations.back) {
            self.operate_on_held(now, ticket, effects);
        }
        let Some(&number) = self.operations.looking.front() else { return };
        let Some(mut operation) = self.operations.all.remove(&number) else { return };
        let from = operation.place.unwrap_or_default();
        let turn = match operation.wish {
            // A route is looked up for each.
            Wish::Would(Deed::Reroute(_)) => TURN / 2,
            _ => TURN,
        };
        let end = (from + turn).min(self.slots.places());
        for place in from..end {
            let Some((ticket, live)) = self.slots.at(place) else { continue };
            let is_meant = !live.awaits_receipt
                && live.id.counter() < operation.before
                && operation.filter.covers(live);
            if is_meant {
                self.operate_on(now, ticket, (number, &mut operation), effects);
            }
        }
        operation.place = (end < self.slots.places()).then_some(end);
        if operation.place.is_none() {
            self.operations.looking.pop_front();
        }
        self.operations.all.insert(number, operation);
        self.operations.end_if_done(number, effects);
    }

    fn operate_on<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        (number, operation): (u64, &mut Operation),
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let findings = &mut operation.findings;
        let result = match operation.wish {
            Wish::List => {
                let class = live.message.class;
                let key = (live.carrier, live.message.account, class);
                findings.waiting.entry(key).or_default().add(live, now);
                return;
            }
            Wish::Would(deed) => self.may_do(live, deed).and_then(|()| match deed {
                Deed::Purge => Ok(()),
                Deed::Reroute(to) => {
                    effects.elsewhere(&live.message, live.carrier, to, now.wall).map(drop)
                }
            }),
            Wish::Do(deed) => match self.may_do(live, deed) {
                Ok(()) if live.any(Place::Out) => {
                    self.withdraw(ticket, Held::Operation(number), effects);
                    operation.open += 1;
                    return;
                }
                Ok(()) => self.carry_out(now, ticket, deed, effects),
                Err(stays) => Err(stays),
            },
        };
        findings.note(result);
    }

    /// Whether a message may be ended or moved, as far as its shard knows.
    fn may_do(&self, live: &Live, deed: Deed) -> Result<(), Stays> {
        // Whose turn it is at a carrier of so much a destination is kept by its carrier.
        let moves = matches!(deed, Deed::Reroute(_));
        let rules = self.carriers.get(live.carrier as usize);
        match () {
            () if live.is_with_carrier() => Err(Stays::Sent),
            () if live.expired => Err(Stays::Expired),
            () if live.held => Err(Stays::Held),
            () if moves && rules.is_none_or(|rules| rules.unanswered_per_destination > 0) => {
                Err(Stays::PerDestination)
            }
            () => Ok(()),
        }
    }

    /// A held message of which nothing is out any more, noted by [`Shard::note_back`]. One that has
    /// ended meanwhile is not held any more.
    fn operate_on_held<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(number) = self.recalls.release_operated(ticket) else { return };
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.held = false;
        let is_with_carrier = live.is_with_carrier();
        let wish = self.operations.all.get(&number).map(|operation| operation.wish);
        let result = match wish {
            Some(Wish::Do(deed)) if !is_with_carrier => self.carry_out(now, ticket, deed, effects),
            _ => {
                self.go_on(now, ticket, effects);
                Err(Stays::Sent)
            }
        };
        self.operations.settle(number, result, effects);
    }

    /// Notes that nothing of a message is out any more that is held for an operation; whether it is
    /// one.
    pub(super) fn note_back(&mut self, ticket: u64) -> bool {
        let is_one = self.recalls.is_operated(ticket);
        if is_one {
            self.operations.back.push(ticket);
        }
        is_one
    }

    /// Ends or moves a message nothing of which is out.
    fn carry_out<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        deed: Deed,
        effects: &mut E,
    ) -> Result<(), Stays> {
        match deed {
            Deed::Purge => {
                self.end(now, ticket, MessageState::DELETED, ENDED_BY_OPERATOR, effects);
                Ok(())
            }
            Deed::Reroute(to) => {
                let moved = self.move_to(now, ticket, to, effects);
                self.go_on(now, ticket, effects);
                moved
            }
        }
    }

    fn move_to<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        to: Option<u32>,
        effects: &mut E,
    ) -> Result<(), Stays> {
        let Some(live) = self.slots.get(ticket) else { return Err(Stays::Sent) };
        let message = live.message.clone();
        let carrier = effects.move_elsewhere(&message, live.carrier, to, now.wall)?;
        let lane = self.lane_of(ticket);
        self.give_to(ticket, carrier);
        if self.lane_of(ticket) != lane {
            // It has a turn in that of the other, once it goes there.
            self.leave_lane(lane, ticket, effects);
        }
        Ok(())
    }
}

#[cfg(test)]
impl Operations {
    /// How many are under way.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

impl Operations {
    /// A message that was held for an operation is settled.
    pub fn settle<E: Effects>(&mut self, number: u64, result: Result<(), Stays>, effects: &mut E) {
        if let Some(operation) = self.all.get_mut(&number) {
            operation.open -= 1;
            operation.findings.note(result);
        }
        self.end_if_done(number, effects);
    }

    fn end_if_done<E: Effects>(&mut self, number: u64, effects: &mut E) {
        let is_done = |one: &Operation| one.place.is_none() && one.open == 0;
        if self.all.get(&number).is_some_and(is_done)
            && let Some(operation) = self.all.remove(&number)
        {
            effects.operated(number, operation.findings);
        }
    }
}

impl Findings {
    fn note(&mut self, result: Result<(), Stays>) {
        match result {
            Ok(()) => self.done += 1,
            Err(stays) => *self.left.entry(stays).or_default() += 1,
        }
    }

    /// How many stay what they are.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.values().sum()
    }

    /// Adds what another shard found.
    pub fn add(&mut self, other: &Self) {
        self.refused |= other.refused;
        self.done += other.done;
        for (stays, messages) in &other.left {
            *self.left.entry(*stays).or_default() += messages;
        }
        for (key, found) in &other.waiting {
            let waiting = self.waiting.entry(*key).or_default();
            waiting.oldest = match waiting.messages {
                0 => found.oldest,
                _ => waiting.oldest.min(found.oldest),
            };
            waiting.messages += found.messages;
            waiting.segments += found.segments;
            waiting.scheduled += found.scheduled;
            waiting.note_held(found.held, found.held_until);
            waiting.retrying += found.retrying;
            waiting.in_doubt += found.in_doubt;
        }
    }
}

impl Waiting {
    fn add(&mut self, live: &Live, now: Now) {
        let accepted_at = live.message.accepted_at;
        self.oldest = if self.messages == 0 { accepted_at } else { self.oldest.min(accepted_at) };
        self.messages += 1;
        self.segments += u64::from(live.segments);
        let waits = live.wake_at > now.wall;
        if live.any(Place::InDoubt) {
            self.in_doubt += 1;
        } else if waits && live.held_by.is_some() {
            self.note_held(1, live.wake_at);
        } else if waits && live.all().iter().any(|one| one.attempts > 0) {
            self.retrying += 1;
        } else if waits {
            self.scheduled += 1;
        }
    }

    fn note_held(&mut self, messages: u64, until: Duration) {
        if messages > 0 {
            let is_first = self.held == 0;
            self.held_until = if is_first { until } else { self.held_until.min(until) };
            self.held += messages;
        }
    }
}
