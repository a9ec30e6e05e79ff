//! Lanes in which a message was throttled: one message at a time, until nothing waits there.
//!
//! Without this, what stands behind a throttled message overtakes it: the carrier refuses the
//! third, takes the fourth, and gets the third again. What is on the wire already cannot be helped.
//! But nothing more of the lane goes before the throttled message has been answered otherwise, and
//! from then on the next only when the one before it has been.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use super::outgoing::Outgoing;
use crate::message::envelope::Message;

/// How long a throttled message is waited for on its way back. It takes milliseconds; its shard may
/// have ended it instead.
const AWAY: Duration = Duration::from_secs(1);
/// How far apart looks for those that did not come back are at least.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The lanes that go message by message. Those that wait in them are queued messages, so their
/// limit is this one's.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<u64, Lane, foldhash::fast::FixedState>,
    /// The lane of each message whose turn it is.
    of: HashMap<u64, u64, foldhash::fast::FixedState>,
    waiting: usize,
    /// When to look for messages that did not come back.
    look_at: Option<Duration>,
}

#[derive(Debug)]
struct Lane {
    /// The message whose turn it is, and its place in the order of acceptance.
    ticket: u64,
    order: u64,
    /// Messages that had begun on a bind when one of their segments came back: they go as well.
    others: Vec<u64>,
    /// Segments of all these that the dispatcher has.
    here: u32,
    /// The bind of each that is on one; no more than those messages have segments.
    out: Vec<u32>,
    /// Until when it is waited for, while it is neither here nor out.
    away_until: Option<Duration>,
    /// Those behind it, in the order of acceptance.
    waiting: VecDeque<Outgoing>,
}

impl Lanes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Those that wait for their turn.
    pub fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.lanes.values().flat_map(|lane| &lane.waiting)
    }

    /// How many messages wait for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether nothing of lanes that are gone is left.
    #[cfg(test)]
    pub fn holds_nothing(&self) -> bool {
        self.lanes.is_empty() && self.of.is_empty() && self.waiting == 0
    }

    /// A message came back; gives what is to be queued, it or an earlier one of its lane.
    pub fn back(&mut self, mut outgoing: Outgoing) -> Option<Outgoing> {
        if let Some(&at) = self.of.get(&outgoing.ticket) {
            let lane = self.lanes.get_mut(&at)?;
            lane.away_until = None;
            let none_left = lane.out.is_empty() && lane.here == 0;
            let earlier = lane.waiting.front().is_some_and(|one| one.order < outgoing.order);
            // What has begun is finished first, and an earlier one goes before it.
            let others = lane.ticket == outgoing.ticket && !lane.others.is_empty();
            if others || (none_left && earlier) {
                self.wait(at, outgoing);
                return self.free(at);
            }
            lane.here += u32::from(outgoing.segments);
            outgoing.flow = outgoing.flow.alone();
            return Some(outgoing);
        }
        if !outgoing.flow.is_alone() {
            return Some(outgoing);
        }
        let at = lane_of(&outgoing.message);
        if self.lanes.contains_key(&at) {
            self.wait(at, outgoing);
            return None;
        }
        self.begin(at, &outgoing, u32::from(outgoing.segments));
        Some(outgoing)
    }

    /// So many segments came back to the rest of their message on a bind, which goes alone from now
    /// on if it was throttled: what has begun is finished, though another of its lane may be out.
    pub fn rejoined(&mut self, rest: &mut Outgoing, added: u8, throttled: bool) {
        if let Some(lane) = self.of.get(&rest.ticket).and_then(|at| self.lanes.get_mut(at)) {
            let newly = if rest.flow.is_alone() { added } else { rest.segments };
            lane.here += u32::from(newly);
            lane.away_until = None;
            rest.flow = rest.flow.alone();
            return;
        }
        if !throttled {
            rest.flow = rest.flow.not_alone();
            return;
        }
        rest.flow = rest.flow.alone();
        let (at, here) = (lane_of(&rest.message), u32::from(rest.segments));
        match self.lanes.get_mut(&at) {
            None => self.begin(at, rest, here),
            Some(lane) => {
                lane.here += here;
                lane.others.push(rest.ticket);
                self.of.insert(rest.ticket, at);
            }
        }
    }

    /// A lane goes message by message from this one on.
    fn begin(&mut self, at: u64, outgoing: &Outgoing, here: u32) {
        let (ticket, order) = (outgoing.ticket, outgoing.order);
        let (others, waiting) = (Vec::new(), VecDeque::new());
        let (out, away_until) = (Vec::new(), None);
        let lane = Lane { ticket, order, others, here, out, away_until, waiting };
        self.lanes.insert(at, lane);
        self.of.insert(ticket, at);
    }

    /// A message would go next; gives it on unless it waits for its turn.
    pub fn enter(&mut self, mut outgoing: Outgoing) -> Option<Outgoing> {
        let at = lane_of(&outgoing.message);
        let Some(lane) = self.lanes.get_mut(&at) else {
            outgoing.flow = outgoing.flow.not_alone();
            return Some(outgoing);
        };
        if lane.ticket != outgoing.ticket && !lane.others.contains(&outgoing.ticket) {
            self.wait(at, outgoing);
            return None;
        }
        if !outgoing.flow.is_alone() {
            lane.here += u32::from(outgoing.segments);
            outgoing.flow = outgoing.flow.alone();
        }
        let segments = u32::from(outgoing.segments);
        let whole = lane.out.is_empty() && lane.here <= segments;
        let earlier = lane.waiting.front().is_some_and(|one| one.order < outgoing.order);
        let passes = !lane.others.is_empty() || (whole && earlier);
        if lane.ticket == outgoing.ticket && passes {
            // What has begun is finished first, and an earlier one goes before it.
            lane.here = lane.here.saturating_sub(segments);
            self.wait(at, outgoing);
            return self.free(at);
        }
        Some(outgoing)
    }

    /// A segment of a message whose turn it is went to a bind.
    pub fn sent(&mut self, ticket: u64, bind: u32) {
        if let Some(lane) = self.of.get(&ticket).and_then(|at| self.lanes.get_mut(at)) {
            lane.here = lane.here.saturating_sub(1);
            lane.out.push(bind);
        }
    }

    /// A segment of such a message was answered; `comes_back` when it was throttled. Gives the next
    /// of its lane if that may go.
    pub fn answered(
        &mut self,
        now: Duration,
        (bind, ticket): (u32, u64),
        comes_back: bool,
    ) -> Option<Outgoing> {
        let at = *self.of.get(&ticket)?;
        let lane = self.lanes.get_mut(&at)?;
        // One that is not there was given up with its bind.
        lane.out.swap_remove(lane.out.iter().position(|&one| one == bind)?);
        if comes_back {
            let until = now + AWAY;
            lane.away_until = Some(until);
            self.look_at.get_or_insert(until);
        }
        self.free(at)
    }

    /// Segments of such a message were taken out of the queue.
    pub fn removed(&mut self, ticket: u64, segments: u8) -> Option<Outgoing> {
        let at = *self.of.get(&ticket)?;
        let lane = self.lanes.get_mut(&at)?;
        lane.here = lane.here.saturating_sub(u32::from(segments));
        self.free(at)
    }

    /// A bind is gone: what was out on it comes back or is in doubt.
    pub fn bind_down(&mut self, now: Duration, bind: u32) {
        for lane in self.lanes.values_mut().filter(|lane| lane.out.contains(&bind)) {
            lane.out.retain(|&one| one != bind);
            lane.away_until = Some(now + AWAY);
            self.look_at.get_or_insert(now + AWAY);
        }
    }

    /// When to ask for those that did not come back.
    pub fn look_at(&self) -> Option<Duration> {
        self.look_at
    }

    /// What may go because the one before it did not come back.
    pub fn expired(&mut self, now: Duration) -> Vec<Outgoing> {
        if self.look_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        let mut late = Vec::new();
        for (at, lane) in &mut self.lanes {
            if lane.away_until.is_some_and(|until| until <= now) {
                lane.away_until = None;
                late.push(*at);
            }
        }
        // Each look goes through all lanes, so they are few.
        let next = self.lanes.values().filter_map(|lane| lane.away_until).min();
        self.look_at = next.map(|at| at.max(now + LOOK_EVERY));
        late.into_iter().filter_map(|at| self.free(at)).collect()
    }

    /// Takes out of those that wait what `leaves` says.
    pub fn extract(&mut self, leaves: impl Fn(&Outgoing) -> bool) -> Vec<Outgoing> {
        let mut found = Vec::new();
        for lane in self.lanes.values_mut() {
            found.extend(lane.waiting.iter().filter(|one| leaves(one)).cloned());
            lane.waiting.retain(|one| !leaves(one));
        }
        self.waiting -= found.len();
        found
    }

    /// Lets all go that wait, in no order: their carrier has no bind any more.
    pub fn end(&mut self) -> Vec<Outgoing> {
        self.of.clear();
        self.look_at = None;
        self.waiting = 0;
        self.lanes.drain().flat_map(|(_, lane)| lane.waiting).collect()
    }

    fn wait(&mut self, at: u64, outgoing: Outgoing) {
        let Some(lane) = self.lanes.get_mut(&at) else { return };
        let place = (outgoing.order, outgoing.segment);
        let at = lane.waiting.partition_point(|other| (other.order, other.segment) < place);
        lane.waiting.insert(at, outgoing);
        self.waiting += 1;
    }

    /// The next of a lane, when nothing of the one before it is left.
    fn free(&mut self, at: u64) -> Option<Outgoing> {
        let lane = self.lanes.get_mut(&at)?;
        if lane.here > 0 || !lane.out.is_empty() || lane.away_until.is_some() {
            return None;
        }
        for ticket in lane.others.drain(..).chain([lane.ticket]) {
            self.of.remove(&ticket);
        }
        let Some(mut next) = lane.waiting.pop_front() else {
            self.lanes.remove(&at);
            return None;
        };
        self.waiting -= 1;
        (lane.ticket, lane.order, lane.here) = (next.ticket, next.order, u32::from(next.segments));
        next.flow = next.flow.alone();
        self.of.insert(next.ticket, at);
        Some(next)
    }
}

/// What stands for the lane of a message: its sender and destination.
fn lane_of<B: ?Sized>(message: &Message<B>) -> u64 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    hasher.write(message.source.octets());
    hasher.write_u8(0);
    hasher.write(message.destination.octets());
    hasher.finish()
}
