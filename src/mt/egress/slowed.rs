//! Sender numbers that the carrier throttles by themselves: each has a pace of its own here, learnt
//! as that of a bind is, and the others go on as fast as ever.
//!
//! A number is known from the first of its segments that comes back throttled until none has for
//! two minutes. Nothing is kept of one that was never throttled, so what it had sent before is not
//! known: it goes on for a tenth of a second, in which it is measured, and is lowered from there.
//! What is sent counts as taken until it comes back, for whose answer it was is not told here.
//!
//! Not every such answer is about its number. Where the carrier is too busy as a whole it refuses
//! whatever comes, numbers that had not been refused among them, and they become many within a
//! second; then the binds slow as well, so that numbers that send one message each cannot be
//! refused for ever. A number that stays throttled, or that is taken from for the day, is known and
//! counts for none of that.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::due::Due;
use super::learnt::LearntPace;
use super::numbers::{Numbers, Turn};
use super::outgoing::Outgoing;
use crate::wire::Address;

/// Numbers that are known at a time, of some 700 octets each. Beyond it a number that is throttled
/// is not slowed by itself, and counts among those for which the binds are.
const NUMBERS_MAX: usize = 4096;
/// How long a number is known after the last refusal. If it has sent all the while, its pace has
/// long been more than anybody takes.
const KNOWN_FOR: Duration = Duration::from_secs(120);
/// What a number may send at once after a pause, by its pace: others fill the windows meanwhile,
/// and room comes in bursts.
const BURST: Duration = Duration::from_millis(100);
/// How far apart looks for numbers to forget are at least, where there is no room for more.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many numbers that were not known, throttled within this time, and again and again for so
/// long, are no fault of theirs. When many begin to send at once they are new for a moment only.
const MANY: usize = 8;
const MANY_WITHIN: Duration = Duration::from_secs(1);
const MANY_FOR: Duration = Duration::from_secs(2);

/// The numbers that a carrier has slowed, and what waits for them.
#[derive(Debug, Default)]
pub struct Slowed {
    places: HashMap<Address, usize, foldhash::fast::FixedState>,
    /// What waits for them.
    pub held: Numbers<Learnt>,
    /// Places of numbers that were forgotten.
    free: Vec<usize>,
    /// When the last numbers that were not known were throttled, the oldest first: [`MANY`] at
    /// most.
    new: VecDeque<Duration>,
    /// Since when they have been many.
    many_since: Option<Duration>,
    /// When it was last looked for numbers to forget.
    looked_at: Option<Duration>,
}

/// One of them.
#[derive(Debug)]
pub struct Learnt {
    pace: LearntPace,
    /// When the next is due.
    due: Due,
    /// When it was throttled last.
    throttled_at: Duration,
}

impl Learnt {
    fn new(now: Duration) -> Self {
        Self { pace: LearntPace::of_number(now), due: Due::at(now), throttled_at: now }
    }

    fn throttled(&mut self, now: Duration) {
        self.throttled_at = now;
        // When it was sent is not told here; what was on its way when the pace was lowered cannot
        // lower it below what was taken meanwhile.
        let quiet_until = self.pace.throttled(now, 1, now);
        self.due.put_off(quiet_until);
    }
}

impl Turn for Learnt {
    fn reserve(&mut self, now: Duration, segments: u8) -> Duration {
        let at = self.due.moment(now);
        if let Some(interval) = self.pace.interval() {
            self.due.take(now, interval * u32::from(segments), BURST);
        }
        at
    }

    fn go(&mut self, now: Duration, segments: u8) {
        self.pace.answered(now, u32::from(segments));
        self.pace.count(now, segments);
    }
}

/// A number that the carrier has slowed, for who asks.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowedNumber {
    /// It.
    pub number: Address,
    /// Segments a second that it may send.
    pub pace: f64,
    /// Messages that wait for it.
    pub waiting: usize,
}

impl Slowed {
    /// A segment of this number was throttled.
    pub fn throttled(&mut self, now: Duration, number: &Address) {
        if let Some(&place) = self.places.get(number) {
            if let Some(learnt) = self.held.turn_mut(place) {
                learnt.throttled(now);
            }
            return;
        }
        self.note_new(now);
        if self.places.len() >= NUMBERS_MAX
            && self.looked_at.is_none_or(|at| at + LOOK_EVERY <= now)
        {
            self.forget(now);
        }
        if self.places.len() >= NUMBERS_MAX {
            return;
        }
        let mut learnt = Learnt::new(now);
        learnt.throttled(now);
        let place = match self.free.pop() {
            None => self.held.add(learnt),
            Some(place) => {
                if let Some(before) = self.held.turn_mut(place) {
                    *before = learnt;
                }
                place
            }
        };
        self.places.insert(number.clone(), place);
    }

    fn note_new(&mut self, now: Duration) {
        if !self.are_many(now) {
            self.many_since = None;
        }
        if self.new.len() >= MANY {
            self.new.pop_front();
        }
        self.new.push_back(now);
        if self.are_many(now) {
            self.many_since.get_or_insert(now);
        }
    }

    fn are_many(&self, now: Duration) -> bool {
        let first = self.new.front().filter(|_| self.new.len() >= MANY);
        first.is_some_and(|first| now <= *first + MANY_WITHIN)
    }

    /// Whether the carrier throttles whatever comes.
    pub fn are_all(&self, now: Duration) -> bool {
        self.are_many(now) && self.many_since.is_some_and(|since| since + MANY_FOR <= now)
    }

    /// No number is slowed any more; what waits goes on in its order.
    pub fn end(&mut self, now: Duration) {
        self.new.clear();
        self.many_since = None;
        for place in self.places.values() {
            if let Some(learnt) = self.held.turn_mut(*place) {
                *learnt = Learnt { throttled_at: Duration::ZERO, ..Learnt::new(now) };
            }
            self.held.reserve_anew(now, *place);
        }
    }

    /// Forgets numbers that were not throttled lately, and for which nothing waits.
    pub fn forget(&mut self, now: Duration) {
        self.looked_at = Some(now);
        let Self { places, held, free, .. } = self;
        places.retain(|_, place| {
            let learnt = held.turn(*place);
            let late = learnt.is_none_or(|learnt| learnt.throttled_at + KNOWN_FOR <= now);
            let forgets = late && held.len_of(*place) == 0;
            free.extend(forgets.then_some(*place));
            !forgets
        });
    }

    /// A message whose turn it is goes on, or is set aside until its number may send it.
    pub fn pass(&mut self, now: Duration, outgoing: Outgoing, again: bool) -> Option<Outgoing> {
        if self.places.is_empty() {
            return Some(outgoing);
        }
        match self.places.get(&outgoing.message.source) {
            None => Some(outgoing),
            Some(&place) => self.held.pass(now, place, outgoing, again),
        }
    }

    /// Whether no number is known.
    pub fn are_none(&self) -> bool {
        self.places.is_empty()
    }

    /// How many are known.
    #[cfg(test)]
    pub fn known(&self) -> usize {
        self.places.len()
    }

    /// Those that have a pace, in no order.
    pub fn iter(&self) -> impl Iterator<Item = SlowedNumber> {
        self.places.iter().filter_map(|(number, place)| {
            let pace = self.held.turn(*place)?.pace.per_second()?;
            Some(SlowedNumber { number: number.clone(), pace, waiting: self.held.len_of(*place) })
        })
    }
}
