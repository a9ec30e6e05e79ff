//! Segments on their way: dispatched, taken, refused, in doubt.

use std::sync::Arc;
use std::time::Duration;

use super::doubts::number_of;
use super::live::Place;
use super::{Counted, Effects, InDoubtPolicy, SegmentResult, Shard};
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::mt::egress::{Flow, Outgoing};
use crate::mt::receipts::{Settled, tail};
use crate::wire::{CommandStatus, StatusClass};

impl<L: Clone> Shard<L> {
    /// A segment's fate at the carrier. `ticket` is the outgoing's; `segment` counts from 0; `late`
    /// says that it had been called in doubt before.
    pub fn segment_done<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        result: SegmentResult,
        late: bool,
        effects: &mut E,
    ) {
        let lane = self.lane_of(ticket);
        let result = match result {
            SegmentResult::Accepted { key: Some(key) }
                if self.is_copy_of_another(now, ticket, segment, key) =>
            {
                SegmentResult::InDoubt
            }
            result => result,
        };
        let Some(one) = self.slots.get_mut(ticket).and_then(|live| live.segment_mut(segment))
        else {
            return;
        };
        let is_answer =
            matches!(result, SegmentResult::Accepted { .. } | SegmentResult::Refused { .. });
        if late && is_answer && one.unanswered > 0 {
            one.unanswered -= 1;
            effects.count(Counted::DoubtSettled(Settled::Response));
        }
        match (result, one.place) {
            // The first word stands.
            (SegmentResult::Accepted { key }, Place::Accepted) => {
                self.second_copy(now, ticket, segment, key, effects);
            }
            (_, Place::Accepted) => {}
            (SegmentResult::Accepted { key }, _) => {
                let twice = one.twice;
                self.segment_accepted(now, ticket, segment, key, twice, effects);
            }
            // What was sent again meanwhile has an answer of its own to come.
            (_, Place::Out) if late => {}
            (SegmentResult::Refused { status, class, retry_after }, _) => {
                let retry_after = retry_after.unwrap_or(self.limits.retry_after);
                self.segment_refused(now, ticket, segment, (status, class, retry_after), effects);
            }
            // Only what is out can come back unsent or be lost.
            (SegmentResult::NotSent, Place::Out) => {
                self.send_again(ticket, segment, false, effects)
            }
            (SegmentResult::InDoubt, Place::Out) => {
                self.segment_in_doubt(now, ticket, segment, effects);
            }
            (SegmentResult::NotSent | SegmentResult::InDoubt, _) => {}
        }
        self.settle_expired(now, ticket, effects);
        self.settle_held(now, ticket, effects);
        self.free_lane(lane, ticket, effects);
    }

    /// The lane in which this message goes alone, if its carrier or its route wants that.
    pub(super) fn lane_of(&self, ticket: u64) -> Option<u64> {
        self.one_each.as_ref()?;
        let live = self.slots.get(ticket)?;
        let rules = self.carriers.get(live.carrier as usize)?;
        match (rules.one_per_destination, live.message.strict_order) {
            (true, _) => Some(lane(live)),
            (false, true) => Some(strict_lane(live)),
            (false, false) => None,
        }
    }

    /// Whether another message to its destination is out, so that this one waits for its turn.
    fn waits_in_lane(&mut self, ticket: u64) -> bool {
        let Some(lane) = self.lane_of(ticket) else { return false };
        // What has nothing to send takes nobody's turn.
        if self.slots.get(ticket).is_none_or(|live| !live.any(Place::Back) && !live.any(Place::Out))
        {
            return true;
        }
        self.one_each.as_mut().is_some_and(|lanes| !lanes.enter(lane, ticket))
    }

    /// Lets the next message of a lane out when this one needs its turn no more.
    pub(super) fn free_lane<E: Effects<Link = L>>(
        &mut self,
        lane: Option<u64>,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(lane) = lane else { return };
        let mut ticket = ticket;
        loop {
            let live = self.slots.get(ticket);
            if live.is_some_and(has_its_turn) {
                return;
            }
            // Of what has its next attempt later another has the turn meanwhile.
            let waits = live.is_some_and(|live| live.any(Place::Back) && live.wake_at.is_zero());
            let next = self.one_each.as_mut().and_then(|lanes| lanes.leave(lane, ticket, waits));
            let Some(next) = next else { return };
            self.dispatch_back(next, effects);
            ticket = next;
        }
    }

    /// A message that its dispatcher hands back whole, because its carrier has no bind any more: it
    /// goes to another, if nothing of it may be with this one. The plan stays what it was.
    pub fn elsewhere<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get(ticket) else { return };
        let (segments, from) = (live.segments, live.carrier);
        let unsent = live.all().iter().all(|one| one.place == Place::Out && !one.twice);
        let message = Arc::clone(&live.message);
        let carrier = match unsent && !live.expired && !live.held {
            true => effects.move_elsewhere(&message, from, None, now.wall).ok(),
            false => None,
        };
        let Some(carrier) = carrier else {
            for segment in 0..segments {
                self.segment_done(now, ticket, segment, SegmentResult::NotSent, false, effects);
            }
            return;
        };
        let lane = self.lane_of(ticket);
        self.give_to(ticket, carrier);
        effects.count(Counted::FailedOver);
        // Behind what waits there: nobody's code is to wait for the queue of another carrier.
        if self.lane_of(ticket) == lane {
            let Some(live) = self.slots.get(ticket) else { return };
            effects.dispatch(carrier, outgoing(live, ticket, 0, segments), false);
        } else {
            self.change_lane(ticket, lane, effects);
        }
    }

    /// Another carrier has this message from now on.
    pub(super) fn give_to(&mut self, ticket: u64, carrier: u32) {
        let Some(live) = self.slots.get(ticket) else { return };
        let reference = self.reference(&Arc::clone(&live.message), carrier);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let before = std::mem::replace(&mut live.carrier, carrier);
        live.reference = reference;
        if live.doubtful {
            let handset = live.message.destination.octets();
            let numbers = (number_of(before, handset), number_of(carrier, handset));
            self.doubts.change(numbers, ticket);
        }
    }

    /// A message nothing of which was sent leaves this lane to the others, for the one it has now.
    fn change_lane<E: Effects<Link = L>>(
        &mut self,
        ticket: u64,
        before: Option<u64>,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        for segment in 0..live.segments {
            if let Some(one) = live.segment_mut(segment) {
                one.place = Place::Back;
            }
        }
        self.leave_lane(before, ticket, effects);
        self.dispatch_back(ticket, effects);
    }

    /// A message gives up its turn, or its place, in this lane.
    pub(super) fn leave_lane<E: Effects<Link = L>>(
        &mut self,
        lane: Option<u64>,
        ticket: u64,
        effects: &mut E,
    ) {
        let lanes = self.one_each.as_mut();
        let next = lane.zip(lanes).and_then(|(lane, lanes)| lanes.leave(lane, ticket, false));
        if let Some(next) = next {
            self.dispatch_back(next, effects);
            self.free_lane(lane, next, effects);
        }
    }

    fn segment_refused<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        (status, class, retry_after): (CommandStatus, StatusClass, Duration),
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let rules = self.carriers.get(live.carrier as usize);
        let attempts_max = rules.map_or(1, |rules| rules.attempts_max);
        let Some(one) = live.segment_mut(segment) else { return };
        match class {
            // Refused for being too fast is no attempt: it goes first as soon as the pace allows.
            StatusClass::Throttle => {
                one.place = Place::Out;
                self.send_again(ticket, segment, true, effects);
            }
            StatusClass::Temporary | StatusClass::Session => {
                one.attempts += 1;
                one.place = Place::Back;
                if one.attempts >= attempts_max {
                    self.end(now, ticket, MessageState::UNDELIVERABLE, status.0, effects);
                    return;
                }
                // Segments that come back together go again together.
                live.wake_at = live.wake_at.max(now.wall + retry_after);
                let at = live.wake_at;
                self.due.push(at, ticket);
                effects.count(Counted::Retried);
            }
            StatusClass::Permanent | StatusClass::Protocol | StatusClass::Ok => {
                one.place = Place::Back;
                self.end(now, ticket, MessageState::REJECTED, status.0, effects);
            }
        }
    }

    fn segment_in_doubt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        effects.count(Counted::InDoubt);
        let expired = live.expired;
        let Some(rules) = self.carriers.get(live.carrier as usize) else { return };
        let Some(one) = live.segment_mut(segment) else { return };
        one.attempts += 1;
        one.unanswered = one.unanswered.saturating_add(1);
        one.place = Place::InDoubt;
        let (rules, attempts) = (*rules, one.attempts);
        self.note_doubt(ticket);
        // It may well have arrived, so it is not given up but held, once it was sent so often.
        if attempts >= rules.attempts_max || expired {
            return;
        }
        // The receipt may have come before its response was late.
        self.hear_parked(now, ticket, false, effects);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let Some(one) = live.segment_mut(segment) else { return };
        if one.place != Place::InDoubt {
            return;
        }
        match rules.in_doubt {
            InDoubtPolicy::Hold => {}
            InDoubtPolicy::Resend => {
                (one.place, one.twice) = (Place::Out, true);
                effects.count(Counted::MaybeTwice);
                self.send_again(ticket, segment, false, effects);
            }
            InDoubtPolicy::WaitThenResend => {
                live.wake_at = live.wake_at.max(now.wall + rules.in_doubt_wait);
                let at = live.wake_at;
                self.due.push(at, ticket);
            }
        }
    }

    /// The wait for news is over: what is in doubt, and may be sent again, counts as back.
    pub(super) fn resend_doubtful<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        self.hear_parked(now, ticket, false, effects);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let Some(rules) = self.carriers.get(live.carrier as usize) else { return };
        if rules.in_doubt == InDoubtPolicy::Hold {
            return;
        }
        for segment in 0..live.segments {
            if let Some(one) = live.segment_mut(segment)
                && one.place == Place::InDoubt
                && one.attempts < rules.attempts_max
            {
                (one.place, one.twice) = (Place::Back, true);
                effects.count(Counted::MaybeTwice);
            }
        }
    }

    /// Sends one segment again, before what has not been sent yet; it is back for good if its
    /// message has expired, and for a while if it is held or another message has its lane.
    /// `alone` when it was throttled: nothing else of its lane goes before it is answered.
    fn send_again<E: Effects<Link = L>>(
        &mut self,
        ticket: u64,
        segment: u8,
        alone: bool,
        effects: &mut E,
    ) {
        let waits = self.waits_in_lane(ticket);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.expired || live.held || waits {
            if let Some(one) = live.segment_mut(segment) {
                one.place = Place::Back;
            }
            return;
        }
        if let Some(one) = live.segment_mut(segment) {
            one.go_out();
        }
        let mut outgoing = outgoing(live, ticket, segment, 1);
        if alone {
            outgoing.flow = outgoing.flow.alone();
        }
        effects.dispatch(live.carrier, outgoing, true);
    }

    /// Sends every segment that is back, neighbours together so that they keep to one bind. A
    /// message that has begun goes before those that have not.
    /// It waits where its carrier takes one message at a time for its destination.
    pub(super) fn dispatch_back<E: Effects<Link = L>>(&mut self, ticket: u64, effects: &mut E) {
        if self.waits_in_lane(ticket) {
            return;
        }
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let begun = live.all().iter().any(|one| one.place != Place::Back || one.twice);
        let mut from = 0;
        while from < live.segments {
            let mut to = from;
            while let Some(one) = live.segment_mut(to)
                && one.place == Place::Back
            {
                one.go_out();
                to += 1;
            }
            if to > from {
                effects.dispatch(live.carrier, outgoing(live, ticket, from, to - from), begun);
            }
            from = to.max(from).saturating_add(1);
        }
    }
}

/// Whether the others of its lane wait for this message, if it is its turn: while some of it is
/// out and, in strict order, until its carrier has all of it.
fn has_its_turn(live: &super::Live) -> bool {
    live.any(Place::Out) || (live.message.strict_order && !live.all_accepted())
}

/// What stands for the sender and the destination of a message, at whichever carrier.
fn strict_lane(live: &super::Live) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(u64::MAX).build_hasher();
    hasher.write(live.message.source.octets());
    hasher.write_u8(0);
    hasher.write(tail(live.message.destination.octets()));
    hasher.finish()
}

/// What stands for this message's destination at its carrier, however accounts write the number.
fn lane(live: &super::Live) -> u64 {
    number_of(live.carrier, live.message.destination.octets())
}

fn outgoing(live: &super::Live, ticket: u64, segment: u8, segments: u8) -> Outgoing {
    Outgoing {
        message: Arc::clone(&live.message),
        order: live.id.number(),
        ticket,
        flow: Flow::of(&live.message),
        reference: live.reference,
        segment,
        segments,
    }
}
