//! What waits for a carrier, and whose turn it is.
//!
//! Levels come first: by priority_flag, and within one what is not marketing before what is. The
//! first level that waits goes, but each level below has a share of all segments that no other can
//! take while it waits, so that nobody starves however others mark their messages.
//!
//! Within a level accounts take turns of [`QUANTUM`] segments (deficit round robin). One that
//! begins to wait with no more than a turn has it before the others, so a single code does not
//! stand behind a round of bursts; what is more than a turn a round waits for the next like
//! everybody's. What goes at the same moment goes together, up to [`AT_ONCE`]: it costs nobody any
//! time, its receipts come together too, and are written to the account together. The account
//! passes later turns for it.

use std::collections::VecDeque;
use std::time::Duration;

use super::outgoing::Outgoing;
use crate::message::class::TrafficClass;

/// Levels: four values of priority_flag, marketing apart from the others.
pub(super) const LEVELS: usize = 8;

/// Sixteenths of all segments that a level is sure of while a level before it waits. The first is
/// before all others; what is sent without a priority_flag, most of all, has a quarter.
const SHARES: [i32; LEVELS] = [0, 1, 2, 1, 2, 1, 4, 1];
/// What is owed for one segment.
const SEGMENT: i32 = 16;
/// More is never owed, so that a share that was not there to take is not taken later.
const OWED_MAX: i32 = 2 * SEGMENT;
const _: () = {
    let [_, a, b, c, d, e, f, g] = SHARES;
    assert!(a + b + c + d + e + f + g == SEGMENT * 3 / 4, "the first keeps a quarter");
};

/// Segments of one account before the next has its turn.
const QUANTUM: i32 = 8;
/// Segments of one turn that may go, if they all go at one moment.
const AT_ONCE: i32 = 64;
/// Messages a queue keeps room for once it is empty.
const KEPT_CAPACITY: usize = 1024;
/// No flow.
const NONE: u32 = u32::MAX;

/// The queues of one carrier.
#[derive(Debug, Default)]
pub struct Queues {
    flows: Vec<Queue>,
    levels: [Level; LEVELS],
    /// Levels in which something waits, the first in the lowest bit.
    waiting: u8,
    len: usize,
    by_class: [usize; CLASSES],
}

/// How many classes there are.
pub(super) const CLASSES: usize = TrafficClass::ALL.len();

/// One account's messages of one level.
#[derive(Debug, Default)]
struct Queue {
    /// What came back, in the order of acceptance: it goes before what waits.
    again: VecDeque<Outgoing>,
    waiting: VecDeque<Outgoing>,
    /// Segments left of its turn; less than none where a message took more.
    left: i32,
    /// The round it last had a turn in.
    served: u32,
    /// Whether it stands in its level.
    is_in: bool,
}

#[derive(Debug)]
struct Level {
    /// The flow of each place; `NONE` where there is none yet.
    flows: Vec<u32>,
    /// Those that have begun to wait and had no turn this round: if it is not much, they go first.
    fresh: VecDeque<u32>,
    /// Those that wait for their next turn.
    round: VecDeque<u32>,
    /// Whose turn it is.
    current: u32,
    /// When that began, if it may be made longer: on the monotonic clock.
    began: Option<Duration>,
    /// Which round it is, and how many of `round` have not had their turn in it.
    rounds: u32,
    left: usize,
    /// Sixteenths of a segment that this level is owed by those before it.
    owed: i32,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            flows: Vec::new(),
            fresh: VecDeque::new(),
            round: VecDeque::new(),
            current: NONE,
            began: None,
            rounds: 1,
            left: 0,
            owed: 0,
        }
    }
}

impl Queues {
    /// Takes a message behind the others of its account and level.
    pub fn push(&mut self, outgoing: Outgoing) {
        if let Some(queue) = self.queue_for(&outgoing) {
            queue.waiting.push_back(outgoing);
        }
    }

    /// Takes a message before those that wait, in the order of acceptance; segments that follow
    /// each other become one again.
    pub fn push_first(&mut self, mut outgoing: Outgoing) {
        let mut merged = 0;
        let class = class_at(&outgoing);
        let Some(queue) = self.queue_for(&outgoing) else { return };
        let again = &mut queue.again;
        let place = (outgoing.order, outgoing.segment);
        let at = again.partition_point(|other| (other.order, other.segment) < place);
        if let Some(after) = again.get(at).filter(|after| outgoing.is_followed_by(after)) {
            outgoing.segments += after.segments;
            again.remove(at);
            merged += 1;
        }
        match at.checked_sub(1).and_then(|before| again.get_mut(before)) {
            Some(before) if before.is_followed_by(&outgoing) => {
                before.segments += outgoing.segments;
                merged += 1;
            }
            _ => again.insert(at, outgoing),
        }
        self.uncount(class, merged);
    }

    /// What goes next, at this moment of the monotonic clock.
    pub fn pop(&mut self, now: Duration) -> Option<Outgoing> {
        self.pop_noting(now).map(|(outgoing, _)| outgoing)
    }

    /// The same, and whether it came back before.
    pub fn pop_noting(&mut self, now: Duration) -> Option<(Outgoing, bool)> {
        loop {
            let level = self.next_level()?;
            if let Some(popped) = self.pop_of(level, now) {
                return Some(popped);
            }
        }
    }

    /// All that wait.
    pub fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.flows.iter().flat_map(|queue| queue.again.iter().chain(&queue.waiting))
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of each class wait.
    pub fn by_class(&self) -> [usize; CLASSES] {
        self.by_class
    }

    /// Since when the oldest of each class waits. It looks at each account's first.
    pub fn oldest(&self) -> [Option<Duration>; CLASSES] {
        let mut oldest = [None; CLASSES];
        for queue in &self.flows {
            for one in [queue.again.front(), queue.waiting.front()].into_iter().flatten() {
                note_oldest(&mut oldest, one);
            }
        }
        oldest
    }

    /// Takes out what `leaves` says.
    pub fn extract(&mut self, leaves: impl Fn(&Outgoing) -> bool) -> Vec<Outgoing> {
        let mut found = Vec::new();
        for queue in &mut self.flows {
            for queue in [&mut queue.again, &mut queue.waiting] {
                found.extend(queue.iter().filter(|one| leaves(one)).cloned());
                queue.retain(|one| !leaves(one));
            }
        }
        for one in &found {
            self.uncount(class_at(one), 1);
        }
        found
    }

    /// Looks at the queue of this place, which counts from 0, and takes out what `leaves` says: at
    /// so many at most, going on behind those in `seen`. How many more it may look at, and whether
    /// it has seen all of this one; `None` behind the last queue.
    pub fn part_with(
        &mut self,
        at: usize,
        mut limit: usize,
        seen: &mut VecDeque<Outgoing>,
        mut leaves: impl FnMut(&Outgoing) -> bool,
    ) -> Option<(usize, bool)> {
        let queue = self.flows.get_mut(at)?;
        let mut left = [0; CLASSES];
        let mut leaves = |one: &Outgoing| {
            let leaves = leaves(one);
            if leaves && let Some(left) = left.get_mut(class_at(one)) {
                *left += 1;
            }
            leaves
        };
        if seen.is_empty() {
            // These are few: what was on its way to a bind when it went.
            queue.again.retain(|one| !leaves(one));
        }
        while limit > 0
            && let Some(one) = queue.waiting.pop_front()
        {
            limit -= 1;
            if !leaves(&one) {
                seen.push_back(one);
            }
        }
        let all = queue.waiting.is_empty();
        if all {
            std::mem::swap(&mut queue.waiting, seen);
        }
        for (class, left) in left.into_iter().enumerate() {
            self.uncount(class, left);
        }
        Some((limit, all))
    }

    /// Puts what was seen of this queue back before the rest.
    pub fn put_back(&mut self, at: usize, mut seen: VecDeque<Outgoing>) {
        if let Some(queue) = self.flows.get_mut(at)
            && !seen.is_empty()
        {
            seen.append(&mut queue.waiting);
            queue.waiting = seen;
        }
    }

    /// The queue for one message more, which has its turn from now on.
    fn queue_for(&mut self, outgoing: &Outgoing) -> Option<&mut Queue> {
        let at = outgoing.flow.level();
        let place = outgoing.flow.place();
        let level = self.levels.get_mut(at)?;
        let index = match level.flows.get(place) {
            Some(&index) if index != NONE => index,
            _ => {
                if level.flows.len() <= place {
                    level.flows.resize(place + 1, NONE);
                }
                let index = self.flows.len() as u32;
                *level.flows.get_mut(place)? = index;
                self.flows.push(Queue::default());
                index
            }
        };
        self.len += 1;
        if let Some(count) = self.by_class.get_mut(class_at(outgoing)) {
            *count += 1;
        }
        let queue = self.flows.get_mut(index as usize)?;
        if !queue.is_in {
            queue.is_in = true;
            self.waiting |= 1 << at;
            if level.is_empty() {
                (level.current, level.began) = (index, None);
                queue.served = level.rounds;
                queue.left = QUANTUM;
            } else if queue.served == level.rounds && queue.left <= 0 {
                level.round.push_back(index);
            } else {
                level.fresh.push_back(index);
            }
        }
        Some(queue)
    }

    /// The level that goes next: one that is owed a segment, else the first that waits.
    fn next_level(&self) -> Option<usize> {
        let first = self.waiting.trailing_zeros() as usize;
        let mut below = self.waiting & self.waiting.wrapping_sub(1);
        while below != 0 {
            let at = below.trailing_zeros() as usize;
            if self.levels.get(at).is_some_and(|level| level.owed >= SEGMENT) {
                return Some(at);
            }
            below &= below - 1;
        }
        (self.waiting != 0).then_some(first)
    }

    /// What goes next of this level; `None` when nothing was left there after all.
    fn pop_of(&mut self, at: usize, now: Duration) -> Option<(Outgoing, bool)> {
        let level = self.levels.get_mut(at)?;
        let (outgoing, again) = loop {
            let Some(queue) = self.flows.get_mut(level.current as usize) else {
                if !level.turn(&mut self.flows, now) {
                    level.owed = level.owed.min(0);
                    self.waiting &= !(1 << at);
                    return None;
                }
                continue;
            };
            let goes_on = queue.left > QUANTUM - AT_ONCE && level.began == Some(now);
            if queue.left <= 0 && !goes_on {
                if level.fresh.is_empty() && level.round.is_empty() {
                    queue.left = QUANTUM;
                } else {
                    level.round.push_back(std::mem::replace(&mut level.current, NONE));
                    continue;
                }
            }
            let again = !queue.again.is_empty();
            let outgoing = match again {
                true => queue.again.pop_front(),
                false => queue.waiting.pop_front(),
            };
            if queue.waiting.is_empty() && queue.again.is_empty() {
                queue.is_in = false;
                level.current = NONE;
                if queue.waiting.capacity() > KEPT_CAPACITY {
                    queue.waiting = VecDeque::new();
                }
            }
            if let Some(outgoing) = outgoing {
                queue.left -= i32::from(outgoing.segments);
                break (outgoing, again);
            }
        };
        let is_empty = level.is_empty();
        if self.waiting & self.waiting.wrapping_sub(1) != 0 {
            self.owe(at, i32::from(outgoing.segments));
        }
        if is_empty {
            self.waiting &= !(1 << at);
        }
        self.uncount(class_at(&outgoing), 1);
        Some((outgoing, again))
    }

    /// So many segments of one level go: what each of those that wait behind the first is owed.
    fn owe(&mut self, at: usize, segments: i32) {
        let first = self.waiting.trailing_zeros() as usize;
        for (other, (level, share)) in self.levels.iter_mut().zip(SHARES).enumerate() {
            if self.waiting & 1 << other == 0 || other == first {
                level.owed = level.owed.min(0);
            } else {
                level.owed = (level.owed + segments * share).min(OWED_MAX);
            }
            if other == at && other != first {
                level.owed -= segments * SEGMENT;
            }
        }
    }

    fn uncount(&mut self, class: usize, messages: usize) {
        self.len -= messages;
        if let Some(count) = self.by_class.get_mut(class) {
            *count -= messages;
        }
    }
}

impl Level {
    fn is_empty(&self) -> bool {
        self.current == NONE && self.fresh.is_empty() && self.round.is_empty()
    }

    /// Gives the next its turn; `false` when nobody waits.
    fn turn(&mut self, flows: &mut [Queue], now: Duration) -> bool {
        while let Some(next) = self.fresh.pop_front() {
            let Some(queue) = flows.get_mut(next as usize) else { continue };
            if queue.waiting.len() <= QUANTUM as usize {
                self.begin(next, queue, now);
                return true;
            }
            self.round.push_back(next);
        }
        let Some(next) = self.round.pop_front() else { return false };
        if self.left == 0 {
            self.rounds = self.rounds.wrapping_add(1);
            self.left = self.round.len() + 1;
        }
        self.left -= 1;
        if let Some(queue) = flows.get_mut(next as usize) {
            self.begin(next, queue, now);
        }
        true
    }

    /// A flow has its turn, or what is left of the one it had this round.
    fn begin(&mut self, next: u32, queue: &mut Queue, now: Duration) {
        self.current = next;
        if queue.served != self.rounds || queue.left <= 0 {
            queue.served = self.rounds;
            queue.left = queue.left.min(0) + QUANTUM;
        }
        self.began = (queue.left > 0).then_some(now);
    }
}

/// Notes since when this one waits, if that is longer than the others of its class.
pub(super) fn note_oldest(oldest: &mut [Option<Duration>; CLASSES], one: &Outgoing) {
    if let Some(oldest) = oldest.get_mut(class_at(one)) {
        *oldest = Some(oldest.map_or(one.since(), |oldest| oldest.min(one.since())));
    }
}

fn class_at(outgoing: &Outgoing) -> usize {
    outgoing.flow.class() as usize
}
