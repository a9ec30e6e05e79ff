//! Segments on their way: dispatched, taken, refused, in doubt.

use std::time::Duration;

use super::doubts::number_of;
use super::live::{Given, Live, Place, Segment};
use super::{Counted, Effects, InDoubtPolicy, SegmentResult, Shard};
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::mt::egress::{Flow, Outgoing};
use crate::mt::receipts::{Settled, tail};
use crate::planted::{Bug, is_planted};
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
        self.note_answer(ticket, segment, result);
        let result = match result {
            SegmentResult::Accepted { key: Some(key), .. }
                if self.is_copy_of_another(now, (ticket, segment), key, effects) =>
            {
                SegmentResult::InDoubt
            }
            result => result,
        };
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let is_single = live.segments == 1;
        let Some(one) = live.segment_mut(segment) else { return };
        let is_first = one.attempts == 0;
        let result = match result {
            SegmentResult::Accepted { .. } if is_planted(Bug::ResentAfterResponse) && is_first => {
                one.attempts += 1;
                SegmentResult::NotSent
            }
            result => result,
        };
        let is_answer =
            matches!(result, SegmentResult::Accepted { .. } | SegmentResult::Refused { .. });
        if late && is_answer && one.unanswered > 0 {
            one.unanswered -= 1;
            effects.count(Counted::DoubtSettled(Settled::Response));
        }
        match (result, one.place) {
            // The first word stands.
            (SegmentResult::Accepted { key, .. }, Place::Accepted) => {
                self.second_copy(now, ticket, segment, key, effects);
            }
            (_, Place::Accepted) => {}
            (SegmentResult::Accepted { key, .. }, place) => {
                let again = one.twice && (is_single || (late && place == Place::Out));
                self.segment_accepted(now, ticket, segment, key, again, effects);
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

    /// The lane in which this message waits for its turn, if its carrier or its route wants that.
    pub(super) fn lane_of(&self, ticket: u64) -> Option<u64> {
        self.turns.as_ref()?;
        let live = self.slots.get(ticket)?;
        let rules = self.carriers.get(live.carrier as usize)?;
        match (rules.unanswered_per_destination > 0, live.message.strict_order) {
            (true, _) => Some(lane(live)),
            (false, true) => Some(strict_lane(live)),
            (false, false) => None,
        }
    }

    /// A message that its dispatcher hands back whole, because its carrier has no bind any more: it
    /// goes to another, if nothing of it may be with this one. The plan stays what it was.
    pub fn elsewhere<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get(ticket) else { return };
        let (segments, from) = (live.segments, live.carrier);
        // Where few may be out at a time, some of it was not given to the dispatcher yet.
        let is_here = |one: &Segment| match one.place {
            Place::Out => !one.twice,
            Place::Back => !one.twice && live.wake_at.is_zero(),
            Place::InDoubt | Place::Accepted => false,
        };
        let unsent = live.all().iter().all(is_here);
        let message = live.message.clone();
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
            let Some(live) = self.slots.get_mut(ticket) else { return };
            for segment in 0..segments {
                if let Some(one) = live.segment_mut(segment) {
                    one.go_out();
                }
            }
            effects.dispatch(carrier, outgoing(live, ticket, 0, segments), false);
        } else {
            self.change_lane(ticket, lane, effects);
        }
    }

    /// Another carrier has this message from now on.
    pub(super) fn give_to(&mut self, ticket: u64, carrier: u32) {
        let Some(live) = self.slots.get(ticket) else { return };
        let reference = self.reference(&live.message.clone().read(), carrier);
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
        match rules.resends_after() {
            None => {}
            Some(Duration::ZERO) => {
                (one.place, one.twice) = (Place::Out, true);
                effects.count(Counted::MaybeTwice);
                self.send_again(ticket, segment, false, effects);
            }
            Some(wait) => {
                live.wake_at = live.wake_at.max(now.wall + wait);
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
        let waits = !self.may_go_again(ticket);
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

    /// Sends the segments that are back, neighbours together so that they keep to one bind: all of
    /// them or, where they take turns, as many as may go now. A message that has begun goes before
    /// those that have not.
    pub(super) fn dispatch_back<E: Effects<Link = L>>(&mut self, ticket: u64, effects: &mut E) {
        if self.is_withheld(ticket) {
            return self.end_soon(ticket);
        }
        let mut left = self.turn(ticket);
        let at_once = self.goes_at_once(ticket, effects);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let begun = live.all().iter().any(|one| one.place != Place::Back || one.twice);
        let mut from = 0;
        while from < live.segments && left > 0 {
            let mut to = from;
            while left > 0
                && let Some(one) = live.segment_mut(to)
                && one.place == Place::Back
            {
                one.go_out();
                left -= 1;
                to += 1;
            }
            if to > from {
                let mut outgoing = outgoing(live, ticket, from, to - from);
                if at_once {
                    outgoing.flow = outgoing.flow.noted();
                    live.progress
                        .all_mut()
                        .iter_mut()
                        .for_each(|one| one.given = Given::NotedAsSent);
                }
                effects.dispatch(live.carrier, outgoing, begun);
            }
            from = to.max(from).saturating_add(1);
        }
    }
}

impl<L: Clone> Shard<L> {
    /// Whether a message that has just come is sent as soon as it is written down, so that both can
    /// be written at once. Should the process end before it is sent, it is in doubt all the same:
    /// where that would be the end of it, it is not worth the time.
    fn goes_at_once<E: Effects<Link = L>>(&self, ticket: u64, effects: &E) -> bool {
        let may = |live: &&Live| {
            live.segments == 1 && live.message.number.is_none() && self.slots.is_fresh(ticket)
        };
        let Some(live) = self.slots.get(ticket).filter(may) else { return false };
        let rules = self.carriers.get(live.carrier as usize);
        rules.is_some_and(|rules| rules.in_doubt != InDoubtPolicy::Hold)
            && effects.goes_at_once(live.carrier)
    }
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
        message: live.message.clone(),
        order: live.id.number(),
        ticket,
        flow: Flow::of(&live.message),
        reference: live.reference,
        segment,
        segments,
    }
}
