//! A carrier's dispatcher: which segment goes next, when, and on which bind.
//!
//! It holds what waits for the carrier and knows each bind's free window. Segments of one message
//! go in sequence on one bind, and nothing comes between them there; a bind that is stuck with a
//! message half sent holds up that message alone. It moves nothing itself: [`Dispatcher::next`]
//! says what to send where, until it has nothing, no bind has room, or the pace says when to ask
//! again.

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
    /// Segments from there on to send; the others were answered before. One when it is on a bind.
    pub segments: u8,
    /// What ties its segments together.
    pub reference: u16,
}

impl Outgoing {
    /// Whether the other begins with the segment behind the last of this one.
    fn is_followed_by(&self, other: &Self) -> bool {
        self.ticket == other.ticket
            && self.segment.checked_add(self.segments) == Some(other.segment)
    }
}

/// How long withdrawn tickets are gathered before the queue is gone through for them; for each
/// message that waits a microsecond more, so that a long queue is not gone through all the time.
const SWEEP_AFTER: Duration = Duration::from_millis(100);

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
    /// Its operator wants no message on it; what has begun is finished.
    held: bool,
    /// The rest of a message some segments of which were sent on it: it gets nothing else before.
    begun: Option<Outgoing>,
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
    /// When the queue is gone through for them.
    sweep_at: Option<Duration>,
    /// What a look through the queue has left in place so far: it stands before what waits.
    looked_at: VecDeque<Outgoing>,
    /// What was found so, for [`Dispatcher::pop_unsent`].
    unsent: Vec<Outgoing>,
    binds: Vec<Bind>,
    /// The bind whose turn it is, and how much of the turn is left.
    turn: usize,
    left: u32,
    /// How many binds hold the rest of a message.
    begun: usize,
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
            sweep_at: None,
            looked_at: VecDeque::new(),
            unsent: Vec::new(),
            binds: vec![Bind::default(); binds],
            turn: 0,
            left: TURN,
            begun: 0,
        }
    }

    /// So many segments a second from now on.
    pub fn set_rate(&self, now: Duration, segments_per_second: u32) {
        self.rate.set_per_second(now, segments_per_second);
    }

    /// As many binds as this, if there were fewer; the new ones are down.
    pub fn grow(&mut self, binds: usize) {
        if self.binds.len() < binds {
            self.binds.resize_with(binds, Bind::default);
        }
    }

    /// Takes a message behind those that wait.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.waiting.push_back(outgoing);
    }

    /// Puts a message back before those that wait: it was throttled, or its bind went away before
    /// it was sent. Whatever the order they come back in, they go in the order of acceptance, and
    /// neighbours together on one bind.
    pub fn push_first(&mut self, mut outgoing: Outgoing) {
        if self.begun > 0
            && let Some(rest) = self
                .binds
                .iter_mut()
                .find_map(|bind| bind.begun.as_mut().filter(|rest| outgoing.is_followed_by(rest)))
        {
            rest.segment = outgoing.segment;
            rest.segments += outgoing.segments;
            return;
        }
        let place = (outgoing.order, outgoing.segment);
        let at = self.again.partition_point(|other| (other.order, other.segment) < place);
        if let Some(after) = self.again.get(at).filter(|after| outgoing.is_followed_by(after)) {
            outgoing.segments += after.segments;
            self.again.remove(at);
        }
        if let Some(before) = at.checked_sub(1).and_then(|before| self.again.get_mut(before))
            && before.is_followed_by(&outgoing)
        {
            before.segments += outgoing.segments;
            return;
        }
        self.again.insert(at, outgoing);
    }

    /// Takes out what its shard has given up, if it is still here. The queue is gone through for
    /// many at once: to search for each of a million that expire together would take hours. What
    /// [`Dispatcher::pop_unsent`] does not bring then has gone to a bind.
    pub fn remove(&mut self, ticket: u64) {
        self.withdrawn.insert(ticket);
    }

    /// Its shard gives this message again, so it is not withdrawn any more. All that was is back or
    /// on a bind: a shard gives nothing twice.
    pub fn readmit(&mut self, ticket: u64) {
        if !self.withdrawn.is_empty() {
            self.withdrawn.remove(&ticket);
        }
    }

    /// Takes out whole messages that no bind has had and that `leaves` says go elsewhere, for a
    /// carrier without a bind. It looks at so many at most, goes on there at the next call, and
    /// says whether it has seen all.
    pub fn part_with(&mut self, limit: usize, mut leaves: impl FnMut(&Outgoing) -> bool) -> bool {
        let mut leaves = |one: &Outgoing| {
            let whole = one.segment == 0 && one.segments == one.message.segments();
            whole && !self.withdrawn.contains(&one.ticket) && leaves(one)
        };
        if self.looked_at.is_empty() {
            // These are few: what was on its way to a bind when it went.
            self.again.retain(|one| !leaves(one));
        }
        for _ in 0..limit {
            let Some(one) = self.waiting.pop_front() else { break };
            if !leaves(&one) {
                self.looked_at.push_back(one);
            }
        }
        let seen_all = self.waiting.is_empty();
        if seen_all {
            self.end_look();
        }
        seen_all
    }

    /// Puts what was looked at back before what waits.
    fn end_look(&mut self) {
        if !self.looked_at.is_empty() {
            self.looked_at.append(&mut self.waiting);
            std::mem::swap(&mut self.looked_at, &mut self.waiting);
        }
    }

    /// Something withdrawn that no bind has had.
    pub fn pop_unsent(&mut self) -> Option<Outgoing> {
        self.unsent.pop()
    }

    /// A bind stands and may take so many segments.
    pub fn bind_up(&mut self, bind: u32, credit: u32) {
        self.bind_down(bind);
        self.end_look();
        if let Some(bind) = self.binds.get_mut(bind as usize) {
            *bind = Bind { up: true, credit, ..Bind::default() };
        }
    }

    /// A bind is gone. The rest of a message that had begun on it goes on another, before what
    /// waits.
    pub fn bind_down(&mut self, bind: u32) {
        let Some(bind) = self.binds.get_mut(bind as usize) else { return };
        bind.up = false;
        bind.credit = 0;
        if let Some(rest) = bind.begun.take() {
            self.begun -= 1;
            self.push_first(rest);
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

    /// A bind gets no message until this is taken back; the rest of one that has begun on it goes.
    pub fn hold(&mut self, bind: u32, held: bool) {
        let Some(bind) = self.binds.get_mut(bind as usize) else { return };
        if bind.held && !held {
            bind.held = false;
            self.end_look();
        } else {
            bind.held = held;
        }
    }

    /// How many messages wait, those given up but not passed over yet among them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.again.len() + self.looked_at.len() + self.waiting.len() + self.begun
    }

    /// Whether any bind stands that takes messages.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.binds.iter().any(|bind| bind.up && !bind.held)
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
        self.pass_over_withdrawn();
        let Some(bind) = self.choose(now) else { return self.when_free(now) };
        if let Err(wait) = self.rate.take(now, 1) {
            return Next::At(now + wait);
        }
        match self.take_for(bind) {
            Some(outgoing) => Next::Send { bind: bind as u32, outgoing },
            None => Next::Idle,
        }
    }

    /// The next segment for this bind, whose message then has begun if it has more.
    fn take_for(&mut self, bind: usize) -> Option<Outgoing> {
        let bind = self.binds.get_mut(bind)?;
        let rest = bind.begun.take();
        self.begun -= usize::from(rest.is_some());
        let queued = || self.again.pop_front().or_else(|| self.waiting.pop_front());
        let mut outgoing = rest.or_else(queued)?;
        bind.credit -= 1;
        if outgoing.segments > 1 {
            let (segment, segments) = (outgoing.segment + 1, outgoing.segments - 1);
            bind.begun = Some(Outgoing { segment, segments, ..outgoing.clone() });
            self.begun += 1;
            outgoing.segments = 1;
        }
        Some(outgoing)
    }

    /// Goes through the queue for what was withdrawn: when much of it was, or some time ago.
    fn sweep_if_due(&mut self, now: Duration) {
        if self.withdrawn.is_empty() {
            return;
        }
        let many = self.withdrawn.len() > 64 && self.withdrawn.len() > self.waiting() / 4;
        let sweep_after = SWEEP_AFTER + Duration::from_micros(self.waiting() as u64);
        if !many && now < *self.sweep_at.get_or_insert(now + sweep_after) {
            return;
        }
        self.drop_begun();
        self.end_look();
        for queue in [&mut self.again, &mut self.waiting] {
            let found = queue.iter().filter(|one| self.withdrawn.contains(&one.ticket));
            self.unsent.extend(found.cloned());
            queue.retain(|one| !self.withdrawn.contains(&one.ticket));
        }
        // Those that were not there have been sent already and are never met.
        self.withdrawn.clear();
        self.sweep_at = None;
    }

    /// What was withdrawn is not sent, whether it has been swept out or not.
    fn pass_over_withdrawn(&mut self) {
        if self.withdrawn.is_empty() {
            return;
        }
        self.drop_begun();
        for queue in [&mut self.again, &mut self.waiting] {
            while queue.front().is_some_and(|one| self.withdrawn.contains(&one.ticket)) {
                self.unsent.extend(queue.pop_front());
            }
        }
    }

    /// Drops what has begun of messages that were withdrawn.
    fn drop_begun(&mut self) {
        if self.begun == 0 {
            return;
        }
        for bind in &mut self.binds {
            if let Some(rest) = bind.begun.take_if(|rest| self.withdrawn.contains(&rest.ticket)) {
                self.begun -= 1;
                self.unsent.push(rest);
            }
        }
    }

    /// A bind with room for what has begun on it; else the one whose turn it is, if it has room;
    /// else the next that has.
    fn choose(&mut self, now: Duration) -> Option<usize> {
        let ready = |bind: &Bind| bind.up && bind.credit > 0 && bind.paused_until <= now;
        let free = |bind: &Bind| ready(bind) && !bind.held;
        if self.begun > 0
            && let Some(bind) =
                self.binds.iter().position(|bind| bind.begun.is_some() && ready(bind))
        {
            return Some(bind);
        }
        // From here on nothing has begun on a bind that is free.
        let segments = u32::from(self.again.front().or(self.waiting.front())?.segments);
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
        let waits = self.waiting() > self.begun;
        let paused = self
            .binds
            .iter()
            .filter(|bind| bind.up && bind.credit > 0)
            .filter(|bind| (waits && !bind.held) || bind.begun.is_some());
        match paused.map(|bind| bind.paused_until).min() {
            Some(until) if until > now => Next::At(until),
            _ => Next::Idle,
        }
    }
}

#[cfg(test)]
mod tests;
