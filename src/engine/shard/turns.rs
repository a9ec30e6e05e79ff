//! Lanes in which messages take turns: a carrier may take so many unanswered segments for each
//! destination (quirk 58), and a route may keep its messages in strict order.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::live::{Live, Place};
use super::{Effects, Shard};

/// Whose turn it is in each lane. A lane is there while a message has its turn in it, and those
/// that wait are live messages, so their limit is this one's.
#[derive(Debug, Default)]
pub struct Turns {
    lanes: HashMap<u64, Lane, foldhash::fast::FixedState>,
}

/// One lane.
#[derive(Debug, Default)]
pub struct Lane {
    /// The messages that have their turn, by their tickets, in the order they got it.
    pub out: Vec<u64>,
    /// Those that wait, the oldest first.
    pub waiting: VecDeque<u64>,
}

impl Turns {
    fn has_turn(&self, lane: u64, ticket: u64) -> bool {
        self.lanes.get(&lane).is_some_and(|lane| lane.out.contains(&ticket))
    }

    /// A message has its turn from now on.
    pub fn take_turn(&mut self, lane: u64, ticket: u64) {
        self.lanes.entry(lane).or_default().out.push(ticket);
    }

    /// A message has neither its turn nor a place among those that wait any more.
    fn remove(&mut self, lane: u64, ticket: u64) {
        let Entry::Occupied(mut entry) = self.lanes.entry(lane) else { return };
        let lane = entry.get_mut();
        lane.out.retain(|one| *one != ticket);
        // Messages expire in the order they came, so it stands at the front.
        if let Some(at) = lane.waiting.iter().position(|one| *one == ticket) {
            lane.waiting.remove(at);
        }
        if lane.out.is_empty() && lane.waiting.is_empty() {
            entry.remove();
        }
    }

    /// A message that waits gives up its place for a new one.
    pub fn requeue(&mut self, lane: u64, ticket: u64) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.waiting.retain(|&one| one != ticket);
        }
    }

    /// All lanes, in no order.
    pub fn into_lanes(self) -> impl Iterator<Item = Lane> {
        self.lanes.into_values()
    }

    /// Whether nobody is out and nobody waits.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}

/// Whether a message keeps its turn: while some of it is out and, in strict order, until its
/// carrier has all of it; or while it has more to send.
fn keeps_its_turn(live: &Live) -> bool {
    let is_strict = live.message.strict_order && !live.all_accepted();
    live.any(Place::Out) || is_strict || may_go(live)
}

/// Whether some of a message could go now.
pub(super) fn may_go(live: &Live) -> bool {
    live.any(Place::Back) && live.wake_at.is_zero() && !live.held && !live.expired
}

impl<L: Clone> Shard<L> {
    /// How many segments of a message may go now. Where none may, it waits for its turn.
    pub(super) fn turn(&mut self, ticket: u64) -> u32 {
        let Some(lane) = self.lane_of(ticket) else { return u32::MAX };
        // What has nothing to send takes nobody's turn.
        let has_some = |live: &Live| live.any(Place::Back) || live.any(Place::Out);
        if !self.slots.get(ticket).is_some_and(has_some) {
            return 0;
        }
        let room = u32::try_from(self.room(lane, ticket)).unwrap_or(0);
        let Some(turns) = &mut self.turns else { return u32::MAX };
        if turns.has_turn(lane, ticket) {
            return room;
        }
        let queue = turns.lanes.entry(lane).or_default();
        if !queue.waiting.is_empty() || room == 0 {
            queue.waiting.push_back(ticket);
            return 0;
        }
        queue.out.push(ticket);
        room
    }

    /// A message of an earlier process has the turn of its lane, as the oldest there is, though it
    /// may have nothing to send now.
    pub(super) fn restore_turn(&mut self, ticket: u64) {
        let is_strict = self.slots.get(ticket).is_some_and(|live| live.message.strict_order);
        let lane = self.lane_of(ticket).filter(|_| is_strict);
        if let (Some(lane), Some(turns)) = (lane, &mut self.turns) {
            let lane = turns.lanes.entry(lane).or_default();
            if lane.out.is_empty() {
                lane.out.push(ticket);
            }
        }
    }

    /// Whether a segment that counts as out may go again: where its message has its turn, unless
    /// others have gone while it was in doubt.
    pub(super) fn may_go_again(&mut self, ticket: u64) -> bool {
        let has_turn = |lane| self.turns.as_ref().is_some_and(|one| one.has_turn(lane, ticket));
        match self.lane_of(ticket).filter(|lane| has_turn(*lane)) {
            Some(lane) => self.room(lane, ticket) >= 0,
            None => self.turn(ticket) > 0,
        }
    }

    /// How many segments of this message its lane has room for; fewer than none where more are out
    /// than may be.
    fn room(&self, lane: u64, ticket: u64) -> i64 {
        let Some(live) = self.slots.get(ticket) else { return 0 };
        let rules = self.carriers.get(live.carrier as usize);
        let mut left = match rules.map_or(0, |rules| rules.unanswered_per_destination) {
            0 => i64::from(u32::MAX),
            most => i64::from(most),
        };
        let out = self.turns.as_ref().and_then(|turns| turns.lanes.get(&lane));
        for other in out.into_iter().flat_map(|lane| &lane.out) {
            let Some(other_live) = self.slots.get(*other) else { continue };
            // One in strict order goes alone.
            if *other != ticket && (live.message.strict_order || other_live.message.strict_order) {
                return 0;
            }
            let unanswered = other_live.all().iter().filter(|one| one.place == Place::Out).count();
            left -= unanswered as i64;
        }
        left
    }

    /// Lets go what may go of a lane after something happened to one of its messages.
    pub(super) fn free_lane<E: Effects<Link = L>>(
        &mut self,
        lane: Option<u64>,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(lane) = lane else { return };
        // Of what has its next attempt later another has the turn meanwhile.
        if !self.slots.get(ticket).is_some_and(keeps_its_turn) {
            self.forget_turn(lane, ticket);
        }
        while let Some(next) = self.next_in(lane) {
            self.dispatch_back(next, effects);
            if !self.slots.get(next).is_some_and(keeps_its_turn) {
                self.forget_turn(lane, next);
            }
        }
    }

    /// A message gives up its turn, or its place, in this lane.
    pub(super) fn leave_lane<E: Effects<Link = L>>(
        &mut self,
        lane: Option<u64>,
        ticket: u64,
        effects: &mut E,
    ) {
        if let Some(lane) = lane {
            self.forget_turn(lane, ticket);
            self.free_lane(Some(lane), ticket, effects);
        }
    }

    fn forget_turn(&mut self, lane: u64, ticket: u64) {
        if let Some(turns) = &mut self.turns {
            turns.remove(lane, ticket);
        }
    }

    /// The message of a lane that goes next: one that has begun before one that has not.
    fn next_in(&mut self, lane: u64) -> Option<u64> {
        let own = self.turns.as_ref()?.lanes.get(&lane)?;
        let goes = |ticket: &u64| self.slots.get(*ticket).is_some_and(may_go);
        let begun = own.out.iter().copied().find(goes);
        let next = begun.or_else(|| own.waiting.front().copied())?;
        if self.slots.get(next).is_some() && self.room(lane, next) <= 0 {
            return None;
        }
        if begun.is_none() {
            let own = self.turns.as_mut()?.lanes.get_mut(&lane)?;
            own.waiting.pop_front();
            own.out.push(next);
        }
        Some(next)
    }
}
