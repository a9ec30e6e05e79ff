//! Numbers with a rate of their own: what waits for the moment of its number.
//!
//! A number's rate holds over all carriers, so their dispatchers share it. A message whose turn has
//! come, and whose number may not send yet, is set aside here, so that nobody waits behind it; in
//! here classes and accounts have their turns as they do before the carrier. When the number may
//! send again one message is let go, and goes before what waits for the carrier.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::fair::{CLASSES, Queues, note_oldest};
use super::look::{Look, Phase};
use super::outgoing::Outgoing;
use crate::mt::throttle::Rate;

/// What waits for each number, by its place.
#[derive(Debug, Default)]
pub struct Numbers {
    numbers: Vec<Number>,
    /// When each that holds anything may send, and its place.
    due: BTreeSet<(Duration, usize)>,
    /// What may go: it has had its turn, and its number's leave.
    let_go: VecDeque<Outgoing>,
    held: usize,
}

#[derive(Debug)]
struct Number {
    rate: Arc<Rate>,
    /// [`Rate::interval`] when room was taken last.
    interval: u64,
    /// What goes next, and when: room for it is taken, and it stands in no queue any more.
    next: Option<(Duration, Outgoing)>,
    /// What waits behind it, while anything does.
    queues: Option<Box<Queues>>,
}

impl Number {
    /// Takes room for a message, and gives the moment it has.
    fn reserve(&mut self, now: Duration, outgoing: &Outgoing) -> Duration {
        self.interval = self.rate.interval();
        self.rate.reserve(now, u32::from(outgoing.segments))
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

impl Numbers {
    /// The rates of all numbers, by their places; there are never fewer.
    pub fn set_rates(&mut self, now: Duration, rates: &[Arc<Rate>]) {
        let new = rates.iter().skip(self.numbers.len()).map(Arc::clone);
        let number = |rate| Number { rate, interval: 0, next: None, queues: None };
        self.numbers.extend(new.map(number));
        let due: Vec<(Duration, usize)> = self.due.iter().copied().collect();
        for (at, place) in due {
            let Some(number) = self.numbers.get_mut(place) else { continue };
            if number.rate.interval() != number.interval
                && let Some((_, next)) = number.next.take()
            {
                // What was reserved of the rate it had is no moment of the one it has.
                self.due.remove(&(at, place));
                let at = number.reserve(now, &next);
                self.set_next(place, at, next);
            }
        }
    }

    /// Whether no number has a rate.
    pub fn are_none(&self) -> bool {
        self.numbers.is_empty()
    }

    /// A message whose turn it is goes on, or is set aside until its number may send it.
    pub fn pass(&mut self, now: Duration, outgoing: Outgoing) -> Option<Outgoing> {
        let Some(place) = outgoing.message.number.map(|place| place as usize) else {
            return Some(outgoing);
        };
        let Some(number) = self.numbers.get_mut(place) else { return Some(outgoing) };
        if number.next.is_some() {
            number.queues.get_or_insert_default().push(outgoing);
        } else {
            let at = number.reserve(now, &outgoing);
            if at <= now {
                return Some(outgoing);
            }
            self.set_next(place, at, outgoing);
        }
        self.held += 1;
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
        moment: impl FnOnce(&mut Number, Duration, &Outgoing) -> Duration,
    ) -> Option<Outgoing> {
        let number = self.numbers.get_mut(place)?;
        let (at, outgoing) = number.next.take()?;
        self.due.remove(&(at, place));
        if let Some(next) = number.pop(now) {
            let at = moment(number, at, &next);
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
            let reserved = |number: &mut Number, _, next: &Outgoing| number.reserve(now, next);
            let outgoing = self.take_next(now, place, reserved);
            self.let_go.extend(outgoing);
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

    /// Goes on with a look at what is here, and takes out what `leaves` says; see
    /// [`Look::part_with`]. How many more it may look at.
    pub fn part_with(
        &mut self,
        now: Duration,
        look: &mut Look,
        mut limit: usize,
        mut leaves: impl FnMut(&Outgoing) -> bool,
    ) -> usize {
        while limit > 0
            && let Phase::Number(place) = look.phase
        {
            let Some(number) = self.numbers.get_mut(place) else {
                look.phase = Phase::Queues;
                // One for each number at most, which have had their moment.
                self.let_go.retain(|one| !leaves(one));
                return limit;
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
                    None => return 0,
                }
            }
            look.phase = Phase::Number(place + 1);
            if let Some((_, next)) = &number.next {
                limit -= 1;
                if leaves(next) {
                    self.withdraw_next(now, place);
                }
            }
        }
        limit
    }

    /// What was looked at in the queues of a number goes back before what waits there.
    pub fn put_back(&mut self, place: usize, at: usize, seen: VecDeque<Outgoing>) {
        let queues = self.numbers.get_mut(place).and_then(|number| number.queues.as_mut());
        if let Some(queues) = queues {
            queues.put_back(at, seen);
        }
    }
}
