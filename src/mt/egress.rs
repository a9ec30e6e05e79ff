//! A carrier's dispatcher: which segment goes next, when, and on which bind.
//!
//! It holds what waits for the carrier and knows each bind's free window. Classes and accounts have
//! their shares, see `egress/fair.rs`. Segments of one message go in sequence on one bind, and
//! nothing comes between them there; a bind that is stuck with a message half sent holds up that
//! message alone. It moves nothing itself: [`Dispatcher::next`] says what to send where, until it
//! has nothing, no bind has room, or the pace says when to ask again.

mod binds;
mod due;
mod fair;
mod held;
mod lanes;
mod learnt;
mod look;
mod numbers;
mod outgoing;
mod ramp;
mod slowed;
mod withdrawn;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::throttle::Rate;
use crate::message::class::TrafficClass;
use crate::message::dialect::ThrottledSlows;
use binds::Binds;
use fair::Queues;
use held::Held;
use lanes::Lanes;
use look::{Look, Phase};
pub use outgoing::{Flow, Outgoing};
pub use slowed::SlowedNumber;

/// Messages set aside for their numbers in one look for what goes next.
const ASIDE_MAX: usize = 1024;

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

/// The dispatcher of one carrier.
#[derive(Debug)]
pub struct Dispatcher {
    rate: Rate,
    queues: Queues,
    /// What goes next, once a bind and the pace let it.
    head: Option<Outgoing>,
    binds: Binds,
    /// Lanes in which a message was throttled.
    lanes: Lanes,
    /// What waits for the moment of its number.
    numbers: Held,
    /// What a throttled answer slows.
    throttled_slows: ThrottledSlows,
    /// Whether the last look for what goes next ended before it had seen all.
    looks_again: bool,
    /// Tickets given up by their shards that may still stand among the others.
    withdrawn: HashSet<u64, foldhash::fast::FixedState>,
    /// When the queue is gone through for them.
    sweep_at: Option<Duration>,
    /// How far the look for what may go elsewhere has come.
    look: Look,
    /// What was withdrawn and found, for [`Dispatcher::pop_unsent`].
    unsent: Vec<Outgoing>,
}

impl Dispatcher {
    /// A dispatcher of so many segments a second (0: no limit) over so many binds, all down.
    #[must_use]
    pub fn new(segments_per_second: u32, binds: usize) -> Self {
        Self {
            rate: Rate::per_second(segments_per_second),
            queues: Queues::default(),
            head: None,
            binds: Binds::new(binds),
            lanes: Lanes::default(),
            numbers: Held::default(),
            throttled_slows: ThrottledSlows::Bind,
            looks_again: false,
            withdrawn: HashSet::default(),
            sweep_at: None,
            look: Look::default(),
            unsent: Vec::new(),
        }
    }

    /// So many segments a second from now on.
    pub fn set_rate(&self, now: Duration, segments_per_second: u32) {
        self.rate.set_per_second(now, segments_per_second);
    }

    /// The rates of all numbers, by their places, shared by all dispatchers.
    pub fn set_number_rates(&mut self, now: Duration, rates: &[Arc<Rate>]) {
        self.numbers.set_rates(now, rates);
    }

    /// So many segments a second on each bind from now on; 0 is no limit.
    pub fn set_bind_rate(&mut self, segments_per_second: u32) {
        self.binds.set_rate(segments_per_second);
    }

    /// Binds that come up from now on have their whole window after this time; zero is at once.
    pub fn set_ramp_up(&mut self, ramp_up: Duration) {
        self.binds.set_ramp_up(ramp_up);
    }

    /// What a throttled answer slows from now on.
    pub fn set_throttled_slows(&mut self, now: Duration, slows: ThrottledSlows) {
        self.throttled_slows = slows;
        if slows == ThrottledSlows::Bind && !self.numbers.slowed.are_none() {
            self.numbers.slowed.end(now);
        }
    }

    /// As many binds as this, if there were fewer; the new ones are down.
    pub fn grow(&mut self, binds: usize) {
        self.binds.grow(binds);
    }

    /// Takes a message behind those of its account and class that wait.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.queues.push(outgoing);
    }

    /// Puts a message back before those of its account and class that wait: it was throttled, or
    /// its bind went away before it was sent. Whatever the order they come back in, they go in the
    /// order of acceptance, and neighbours together on one bind. Of the lane of one that goes
    /// [alone](Flow::alone) nothing else goes before its answer.
    pub fn push_first(&mut self, outgoing: Outgoing) {
        let (added, alone) = (outgoing.segments, outgoing.flow.is_alone());
        let mut outgoing = match self.binds.rejoin(outgoing) {
            Ok(rest) => return self.lanes.rejoined(rest, added, alone),
            Err(outgoing) => outgoing,
        };
        if alone || !self.lanes.is_empty() {
            let Some(one) = self.lanes.back(outgoing) else { return };
            outgoing = one;
        }
        self.queue_first(outgoing);
    }

    /// Puts a throttled message back, as [`Dispatcher::push_first`] does, and slows its number
    /// where it is that which such answers are about.
    pub fn push_throttled(&mut self, now: Duration, outgoing: Outgoing) {
        let Outgoing { ticket, flow, .. } = outgoing;
        let mut rests = Vec::new();
        if self.throttled_slows == ThrottledSlows::Number {
            self.numbers.slowed.throttled(now, &outgoing.message.source);
            // What follows it on a bind would go at once, and take it along.
            rests = self.binds.take_all_begun(|rest| rest.ticket == ticket);
        }
        self.push_first(outgoing);
        for rest in rests {
            match rest.flow.is_alone() {
                // Its lane counts on it already.
                true => self.queue_first(rest),
                false => self.push_first(Outgoing { flow, ..rest }),
            }
        }
    }

    fn queue_first(&mut self, outgoing: Outgoing) {
        if let Some(head) = self.head.take() {
            self.queues.push_first(head);
        }
        self.queues.push_first(outgoing);
    }

    /// Takes out whole messages that no bind has had and that `leaves` says go elsewhere, for a
    /// carrier without a bind. It looks at so many at most, goes on there at the next call, and
    /// says whether it has seen all.
    pub fn part_with(
        &mut self,
        now: Duration,
        limit: usize,
        mut leaves: impl FnMut(&Outgoing) -> bool,
    ) -> bool {
        if let Some(head) = self.head.take() {
            self.queues.push_first(head);
        }
        self.lanes.end().into_iter().for_each(|one| self.queues.push_first(one));
        let withdrawn = &self.withdrawn;
        let mut leaves = |one: &Outgoing| {
            let whole = one.segment == 0 && one.segments == one.message.segments();
            whole && !withdrawn.contains(&one.ticket) && leaves(one)
        };
        let limit = self.numbers.part_with(now, &mut self.look, limit, &mut leaves);
        if self.look.phase != Phase::Queues
            || self.look.part_with(&mut self.queues, limit, &mut leaves).is_none()
        {
            return false;
        }
        self.look = Look::default();
        true
    }

    /// Puts what was looked at back before what waits.
    fn end_look(&mut self) {
        let Look { phase, at, seen } = std::mem::take(&mut self.look);
        match phase {
            Phase::Queues => self.queues.put_back(at, seen),
            phase => self.numbers.put_back(phase, at, seen),
        }
    }

    /// A bind stands and may take so many segments.
    pub fn bind_up(&mut self, now: Duration, bind: u32, credit: u32) {
        self.bind_down(now, bind);
        self.end_look();
        self.binds.up(now, bind as usize, credit);
    }

    /// A bind is gone. The rest of a message that had begun on it goes on another, before what
    /// waits.
    pub fn bind_down(&mut self, now: Duration, bind: u32) {
        self.lanes.bind_down(now, bind);
        match self.binds.down(bind as usize) {
            // Its lane counts on it already.
            Some(rest) if rest.flow.is_alone() => self.queue_first(rest),
            Some(rest) => self.push_first(rest),
            None => {}
        }
    }

    /// A bind has had so many answers.
    pub fn credit(&mut self, now: Duration, bind: u32, answers: u32) {
        self.binds.credit(now, bind as usize, answers);
    }

    /// So many of the answers that a bind had said to slow down, the last to a segment that was
    /// sent at `sent_at`: its pace is lowered, unless that was before it last was, and it is still
    /// for a moment in which what was refused comes back. Where such answers are about numbers that
    /// is so only while the carrier throttles whatever comes. Whether the bind is told to slow
    /// down.
    pub fn throttled(&mut self, now: Duration, bind: u32, answers: u32, sent_at: Duration) -> bool {
        let slows = match self.throttled_slows {
            ThrottledSlows::Bind => true,
            ThrottledSlows::Number => self.numbers.slowed.are_all(now),
        };
        match slows {
            true => self.binds.throttled(now, bind as usize, answers, sent_at),
            false => self.binds.refused(bind as usize, answers),
        }
        slows
    }

    /// Numbers that the carrier has slowed, in no order; those that it no longer slows are
    /// forgotten.
    pub fn slowed_numbers(&mut self, now: Duration) -> impl Iterator<Item = SlowedNumber> {
        self.numbers.slowed.forget(now);
        self.numbers.slowed.iter()
    }

    /// A segment that went [alone](Flow::alone) was answered; `comes_back` when it was throttled.
    /// To be called before what comes back does.
    pub fn answered_alone(&mut self, now: Duration, bind: u32, ticket: u64, comes_back: bool) {
        if let Some(next) = self.lanes.answered(now, (bind, ticket), comes_back) {
            self.queues.push_first(next);
        }
    }

    /// The pace that each bind has learnt from such answers, in segments a second.
    pub fn paces(&self) -> impl Iterator<Item = Option<f64>> {
        self.binds.paces()
    }

    /// Whether any bind or number goes at a pace that was learnt.
    #[must_use]
    pub fn is_paced(&self) -> bool {
        !self.numbers.slowed.are_none() || self.paces().any(|pace| pace.is_some())
    }

    /// A bind gets nothing until then.
    pub fn pause(&mut self, bind: u32, until: Duration) {
        self.binds.pause(bind as usize, until);
    }

    /// A bind gets no message until this is taken back; the rest of one that has begun on it goes.
    pub fn hold(&mut self, bind: u32, held: bool) {
        self.binds.hold(bind as usize, held);
        if self.is_up() {
            self.end_look();
        }
    }

    /// A bind gets nothing, not even the rest of a message, until this is taken back: its peer left
    /// something unanswered and has not spoken since.
    pub fn silence(&mut self, bind: u32, silent: bool) {
        self.binds.silence(bind as usize, silent);
    }

    /// How many messages wait, those given up but not passed over yet among them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let queued = self.queues.len() + self.lanes.waiting() + self.numbers.len();
        queued + usize::from(self.head.is_some()) + self.binds.begun()
    }

    /// Of these, how many wait for the rate of their number.
    #[must_use]
    pub fn waiting_for_numbers(&self) -> usize {
        self.numbers.len()
    }

    /// How many whole messages of each class wait, in the order of [`TrafficClass::ALL`].
    #[must_use]
    pub fn waiting_by_class(&self) -> [usize; TrafficClass::ALL.len()] {
        let mut counts = self.queues.by_class();
        self.numbers.add_by_class(&mut counts);
        counts
    }

    /// Since when, in wall time since 1970, the oldest of each class waits.
    #[must_use]
    pub fn oldest_by_class(&self) -> [Option<Duration>; TrafficClass::ALL.len()] {
        let (mut oldest, of_numbers) = (self.queues.oldest(), self.numbers.oldest());
        for (oldest, of_numbers) in oldest.iter_mut().zip(of_numbers) {
            *oldest = [*oldest, of_numbers].into_iter().flatten().min();
        }
        oldest
    }

    /// Which segments of these messages, sorted, no bind has had: by their tickets. It looks at all
    /// that waits, so it is for who asks where a message is.
    #[must_use]
    pub fn waiting_of(&self, tickets: &[u64]) -> Vec<(u64, u8)> {
        let own = self.head.iter().chain(&self.unsent).chain(&self.look.seen);
        let all = own.chain(self.queues.iter()).chain(self.lanes.iter());
        let all = all.chain(self.numbers.iter()).chain(self.binds.rests());
        let meant = all.filter(|one| tickets.binary_search(&one.ticket).is_ok());
        let segments = meant.flat_map(|one| {
            let segments = one.segment..one.segment.saturating_add(one.segments);
            segments.map(|segment| (one.ticket, segment))
        });
        segments.collect()
    }

    /// Whether any bind stands that takes messages.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.binds.any_up()
    }

    /// What to do now.
    pub fn next(&mut self, now: Duration) -> Next {
        self.sweep_if_due(now);
        let next = self.next_segment(now);
        match (next, self.sweep_at) {
            (Next::Idle, Some(sweep)) => Next::At(sweep),
            (Next::At(at), Some(sweep)) => Next::At(at.min(sweep)),
            (next, _) => next,
        }
    }

    fn next_segment(&mut self, now: Duration) -> Next {
        self.binds.release(now);
        self.looks_again = false;
        if let Some(at) = self.lanes.look_at()
            && at <= now
        {
            self.lanes.expired(now).into_iter().for_each(|one| self.queues.push_first(one));
        }
        if !self.withdrawn.is_empty() {
            self.drop_withdrawn_begun();
        }
        if let Some(bind) = self.binds.for_begun() {
            return self.send(now, bind, |this| this.binds.take_begun(bind, |_| true));
        }
        if self.binds.any_free()
            && self.fill_head(now)
            && let Some(head) = &self.head
            && let Some(bind) = self.binds.choose(head.segments)
        {
            return self.send(now, bind, |this| this.head.take());
        }
        let release = self.binds.next_release(self.waiting() > self.binds.begun());
        let release = release.filter(|until| *until > now);
        if self.looks_again {
            return Next::At(now);
        }
        // Without a bind that is free a number's moment brings nothing.
        let moment = self.numbers.next_at().filter(|_| self.binds.any_free());
        match release.into_iter().chain(self.lanes.look_at()).chain(moment).min() {
            Some(at) => Next::At(at),
            None => Next::Idle,
        }
    }

    /// Sends a segment of this on a bind, if the pace lets it.
    fn send(
        &mut self,
        now: Duration,
        bind: usize,
        take: impl FnOnce(&mut Self) -> Option<Outgoing>,
    ) -> Next {
        if let Err(wait) = self.rate.take(now, 1) {
            return Next::At(now + wait);
        }
        match take(self) {
            Some(outgoing) => {
                let outgoing = self.binds.take(now, bind, outgoing);
                let bind = bind as u32;
                if outgoing.flow.is_alone() {
                    self.lanes.sent(outgoing.ticket, bind);
                }
                Next::Send { bind, outgoing }
            }
            None => Next::Idle,
        }
    }

    /// Sees to it that something stands at the head that was not withdrawn; whether there is.
    fn fill_head(&mut self, now: Duration) -> bool {
        let mut aside = 0;
        loop {
            if self.head.is_none() {
                self.head = self.numbers.pop(now);
            }
            if self.head.is_some() {
                self.head = self.head.take().and_then(|head| self.enter(head));
                if self.head.is_some() {
                    return true;
                }
                continue;
            }
            let Some((next, again)) = self.queues.pop_noting(now) else { return false };
            // Before it takes a moment of its number, for it may have to wait in its lane.
            let Some(next) = self.enter(next) else { continue };
            self.head = self.numbers.pass(now, next, again);
            if self.head.is_some() {
                return true;
            }
            // It was set aside. Others get their turn in between.
            aside += 1;
            if aside >= ASIDE_MAX && self.queues.len() > 0 {
                self.looks_again = true;
                return false;
            }
        }
    }

    /// Gives on what goes next, unless it was withdrawn or waits for its turn in its lane.
    fn enter(&mut self, next: Outgoing) -> Option<Outgoing> {
        if !self.withdrawn.is_empty() && self.withdrawn.contains(&next.ticket) {
            self.give_back([next]);
            return None;
        }
        if self.lanes.is_empty() { Some(next) } else { self.lanes.enter(next) }
    }
}

#[cfg(test)]
mod tests;
