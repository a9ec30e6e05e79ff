//! What waits for the moment of its number: for that of a rate, or of a pace.
//!
//! A number's rate holds over all carriers, so their dispatchers share it. A message whose turn has
//! come, and whose number may not send yet, is set aside here, so that nobody waits behind it; in
//! here classes and accounts have their turns as they do before the carrier. When the number may
//! send again one message is let go, and goes before what waits for the carrier.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::fair::{CLASSES, Queues, note_oldest};
use super::look::Look;
use super::outgoing::Outgoing;
use crate::mt::throttle::Rate;

/// When a number may send.
pub trait Turn {
    /// Takes room for so many segments, and gives the moment they have.
    fn reserve(&mut self, now: Duration, segments: u8) -> Duration;

    /// So many segments go, for which room was taken.
    fn go(&mut self, now: Duration, segments: u8) {
        let _ = (now, segments);
    }
}

/// By a rate that others take of as well.
#[derive(Debug)]
pub struct Rated {
    rate: Arc<Rate>,
    /// [`Rate::interval`] when room was taken last.
    interval: u64,
}

impl Turn for Rated {
    fn reserve(&mut self, now: Duration, segments: u8) -> Duration {
        self.interval = self.rate.interval();
        self.rate.reserve(now, u32::from(segments))
    }
}

/// What waits for each number, by its place.
#[derive(Debug)]
pub struct Numbers<T> {
    numbers: Vec<Number<T>>,
    /// When each that holds anything may send, and its place.
    due: BTreeSet<(Duration, usize)>,
    /// What may go: it has had its turn, and its number's leave.
    let_go: VecDeque<Outgoing>,
    held: usize,
}

#[derive(Debug)]
struct Number<T> {
    turn: T,
    /// What goes next, and when: room for it is taken, and it stands in no queue any more.
    next: Option<(Duration, Outgoing)>,
    /// What waits behind it, while anything does.
    queues: Option<Box<Queues>>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        let (due, let_go) = (BTreeSet::new(), VecDeque::new());
        Self { numbers: Vec::new(), due, let_go, held: 0 }
    }
}

impl<T> Number<T> {
    fn new(turn: T) -> Self {
        Self { turn, next: None, queues: None }
    }

    /// How many wait for it.
    fn len(&self) -> usize {
        usize::from(self.next.is_some()) + self.queues.as_ref().map_or(0, |queues| queues.len())
    }

    /// All that waits for it.
    fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        let next = self.next.iter().map(|(_, next)| next);
        next.chain(self.queues.iter().flat_map(|queues| queues.iter()))
    }

    /// The next of what waits.
    fn pop(&mut self, now: Duration) -> Option<Outgoing> {
        let queues = self.queues.as_mut()?;
        let outgoing = queues.pop(now);
        if queues.len() == 0 {
            self.queues = None;
        }
        outgoing
    }
}

impl Numbers<Rated> {
    /// The rates of all numbers, by their places; there are never fewer.
    pub fn set_rates(&mut self, now: Duration, rates: &[Arc<Rate>]) {
        let new = rates.iter().skip(self.numbers.len()).map(Arc::clone);
        self.numbers.extend(new.map(|rate| Number::new(Rated { rate, interval: 0 })));
        let due: Vec<usize> = self.due.iter().map(|(_, place)| *place).collect();
        for place in due {
            let Some(Number { turn, .. }) = self.numbers.get(place) else { continue };
            if turn.rate.interval() != turn.interval {
                // What was reserved of the rate it had is no moment of the one it has.
                self.reserve_anew(now, place);
            }
        }
    }
}

impl<T: Turn> Numbers<T> {
    /// One number more, and its place.
    pub fn add(&mut self, turn: T) -> usize {
        self.numbers.push(Number::new(turn));
        self.numbers.len() - 1
    }

    /// When the number of a place may send.
    pub fn turn(&self, place: usize) -> Option<&T> {
        self.numbers.get(place).map(|number| &number.turn)
    }

    /// The same, to be changed.
    pub fn turn_mut(&mut self, place: usize) -> Option<&mut T> {
        self.numbers.get_mut(place).map(|number| &mut number.turn)
    }

    /// How many wait for the number of a place.
    pub fn len_of(&self, place: usize) -> usize {
        self.numbers.get(place).map_or(0, Number::len)
    }

    /// What a number holds next gets another moment.
    pub fn reserve_anew(&mut self, now: Duration, place: usize) {
        let Some(number) = self.numbers.get_mut(place) else { return };
        let Some((at, next)) = number.next.take() else { return };
        self.due.remove(&(at, place));
        let at = number.turn.reserve(now, next.segments);
        self.set_next(place, at, next);
    }

    /// Whether there is no number.
    pub fn are_none(&self) -> bool {
        self.numbers.is_empty()
    }

    /// A message of this number whose turn it is goes on, or is set aside until its number may send
    /// it. What came back `again` goes before what waits, in the order of acceptance.
    pub fn pass(
        &mut self,
        now: Duration,
        place: usize,
        mut outgoing: Outgoing,
        again: bool,
    ) -> Option<Outgoing> {
        let Some(number) = self.numbers.get_mut(place) else { return Some(outgoing) };
        let Some((_, next)) = &mut number.next else {
            let at = number.turn.reserve(now, outgoing.segments);
            if at <= now {
                number.turn.go(now, outgoing.segments);
                return Some(outgoing);
            }
            self.set_next(place, at, outgoing);
            self.held += 1;
            return None;
        };
        let queues = number.queues.get_or_insert_default();
        let before = queues.len();
        if !again {
            queues.push(outgoing);
        } else {
            if outgoing.order < next.order {
                let more = outgoing.segments.saturating_sub(next.segments);
                number.turn.reserve(now, more);
                std::mem::swap(&mut outgoing, next);
            }
            queues.push_first(outgoing);
        }
        // Segments that follow each other have become one.
        self.held = self.held + queues.len() - before;
        None
    }

    fn set_next(&mut self, place: usize, at: Duration, outgoing: Outgoing) {
        if let Some(number) = self.numbers.get_mut(place) {
            number.next = Some((at, outgoing));
            self.due.insert((at, place));
        }
    }

    /// What a number holds next is taken out, with the moment it had; what is behind it is next
    /// from now on, at the moment that `moment` gives it.
    fn take_next(
        &mut self,
        now: Duration,
        place: usize,
        moment: impl FnOnce(&mut T, Duration, u8) -> Duration,
    ) -> Option<Outgoing> {
        let number = self.numbers.get_mut(place)?;
        let (at, outgoing) = number.next.take()?;
        self.due.remove(&(at, place));
        if let Some(next) = number.pop(now) {
            let at = moment(&mut number.turn, at, next.segments);
            self.set_next(place, at, next);
        }
        self.held -= 1;
        Some(outgoing)
    }

    /// Takes out what a number holds next because it does not go from here: what is behind it has
    /// its moment, so that the other carriers do not wait for what never went.
    fn withdraw_next(&mut self, now: Duration, place: usize) -> Option<Outgoing> {
        self.take_next(now, place, |_, at, _| at)
    }

    /// What may go by now.
    pub fn pop(&mut self, now: Duration) -> Option<Outgoing> {
        while let Some(&(at, place)) = self.due.first()
            && at <= now
        {
            let reserved = |turn: &mut T, _, segments| turn.reserve(now, segments);
            let Some(outgoing) = self.take_next(now, place, reserved) else { break };
            if let Some(turn) = self.turn_mut(place) {
                turn.go(now, outgoing.segments);
            }
            self.let_go.push_back(outgoing);
        }
        self.let_go.pop_front()
    }

    /// When to look again, in time of the monotonic clock.
    pub fn next_at(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// All that are here.
    pub fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.let_go.iter().chain(self.numbers.iter().flat_map(Number::iter))
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.held + self.let_go.len()
    }

    /// How many of each class are here.
    pub fn add_by_class(&self, counts: &mut [usize; CLASSES]) {
        let mut add = |class: usize, more: usize| {
            if let Some(count) = counts.get_mut(class) {
                *count += more;
            }
        };
        for number in self.due.iter().filter_map(|(_, place)| self.numbers.get(*place)) {
            if let Some((_, next)) = &number.next {
                add(next.flow.class() as usize, 1);
            }
            let of_queues = number.queues.iter().flat_map(|queues| queues.by_class());
            of_queues.enumerate().for_each(|(class, count)| add(class, count));
        }
        self.let_go.iter().for_each(|one| add(one.flow.class() as usize, 1));
    }

    /// Since when the oldest of each class waits.
    pub fn oldest(&self) -> [Option<Duration>; CLASSES] {
        let mut oldest = [None; CLASSES];
        for number in self.due.iter().filter_map(|(_, place)| self.numbers.get(*place)) {
            number.next.iter().for_each(|(_, next)| note_oldest(&mut oldest, next));
            let Some(queues) = &number.queues else { continue };
            for (oldest, own) in oldest.iter_mut().zip(queues.oldest()) {
                *oldest = [*oldest, own].into_iter().flatten().min();
            }
        }
        self.let_go.iter().for_each(|one| note_oldest(&mut oldest, one));
        oldest
    }

    /// Takes out what `leaves` says.
    pub fn extract(&mut self, now: Duration, leaves: impl Fn(&Outgoing) -> bool) -> Vec<Outgoing> {
        let mut found: Vec<Outgoing> =
            self.let_go.iter().filter(|one| leaves(one)).cloned().collect();
        self.let_go.retain(|one| !leaves(one));
        let places: Vec<usize> = self.due.iter().map(|(_, place)| *place).collect();
        for place in places {
            let Some(number) = self.numbers.get_mut(place) else { continue };
            if let Some(queues) = &mut number.queues {
                let leaving = queues.extract(&leaves);
                self.held -= leaving.len();
                found.extend(leaving);
            }
            if number.next.as_ref().is_some_and(|(_, next)| leaves(next)) {
                found.extend(self.withdraw_next(now, place));
            }
        }
        found
    }

    /// Goes on with a look at what is here from this place on, and takes out what `leaves` says;
    /// see [`Look::part_with`]. From which place on it goes on, none when it has seen all, and how
    /// many more it may look at.
    pub fn part_with(
        &mut self,
        now: Duration,
        look: &mut Look,
        (mut place, mut limit): (usize, usize),
        mut leaves: impl FnMut(&Outgoing) -> bool,
    ) -> (Option<usize>, usize) {
        while limit > 0 {
            let Some(number) = self.numbers.get_mut(place) else {
                // One for each number at most, which have had their moment.
                self.let_go.retain(|one| !leaves(one));
                return (None, limit);
            };
            if let Some(queues) = &mut number.queues {
                let before = queues.len();
                let left = look.part_with(queues, limit, &mut leaves);
                self.held -= before - queues.len();
                if queues.len() == 0 {
                    number.queues = None;
                }
                match left {
                    Some(left) => limit = left,
                    None => return (Some(place), 0),
                }
            }
            if let Some((_, next)) = &number.next {
                limit -= 1;
                if leaves(next) {
                    self.withdraw_next(now, place);
                }
            }
            place += 1;
        }
        (Some(place), limit)
    }

    /// What was looked at in the queues of a number goes back before what waits there.
    pub fn put_back(&mut self, place: usize, at: usize, seen: VecDeque<Outgoing>) {
        let queues = self.numbers.get_mut(place).and_then(|number| number.queues.as_mut());
        if let Some(queues) = queues {
            queues.put_back(at, seen);
        }
    }
}
