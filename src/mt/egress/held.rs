//! What waits for its number: for the rate that we keep it to, and then for the pace that the
//! carrier has taught.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::fair::CLASSES;
use super::look::{Look, Phase};
use super::numbers::{Numbers, Rated};
use super::outgoing::Outgoing;
use super::slowed::Slowed;
use crate::mt::throttle::Rate;

/// Both.
#[derive(Debug, Default)]
pub struct Held {
    rated: Numbers<Rated>,
    /// Those that the carrier has slowed.
    pub slowed: Slowed,
}

impl Held {
    /// The rates of all numbers, by their places; there are never fewer.
    pub fn set_rates(&mut self, now: Duration, rates: &[Arc<Rate>]) {
        self.rated.set_rates(now, rates);
    }

    /// A message whose turn it is goes on, or is set aside until its number may send it. What came
    /// back `again` goes before the others.
    pub fn pass(&mut self, now: Duration, outgoing: Outgoing, again: bool) -> Option<Outgoing> {
        // Where there are none, nothing looks into the message.
        let outgoing = match self.rated.are_none() {
            true => outgoing,
            false => self.pass_rated(now, outgoing, again)?,
        };
        self.slowed.pass(now, outgoing, again)
    }

    fn pass_rated(&mut self, now: Duration, outgoing: Outgoing, again: bool) -> Option<Outgoing> {
        match outgoing.message.number {
            Some(place) => self.rated.pass(now, place as usize, outgoing, again),
            None => Some(outgoing),
        }
    }

    /// What may go by now.
    pub fn pop(&mut self, now: Duration) -> Option<Outgoing> {
        let slowed = self.slowed.held.pop(now);
        slowed.or_else(|| {
            while let Some(outgoing) = self.rated.pop(now) {
                let again = outgoing.flow.is_alone();
                if let Some(outgoing) = self.slowed.pass(now, outgoing, again) {
                    return Some(outgoing);
                }
            }
            None
        })
    }

    /// When to look again, in time of the monotonic clock.
    pub fn next_at(&self) -> Option<Duration> {
        self.rated.next_at().into_iter().chain(self.slowed.held.next_at()).min()
    }

    /// All that are here.
    pub fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.rated.iter().chain(self.slowed.held.iter())
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.rated.len() + self.slowed.held.len()
    }

    /// How many of each class are here.
    pub fn add_by_class(&self, counts: &mut [usize; CLASSES]) {
        self.rated.add_by_class(counts);
        self.slowed.held.add_by_class(counts);
    }

    /// Since when the oldest of each class waits.
    pub fn oldest(&self) -> [Option<Duration>; CLASSES] {
        let mut oldest = self.rated.oldest();
        for (oldest, slowed) in oldest.iter_mut().zip(self.slowed.held.oldest()) {
            *oldest = [*oldest, slowed].into_iter().flatten().min();
        }
        oldest
    }

    /// Takes out what `leaves` says.
    pub fn extract(&mut self, now: Duration, leaves: impl Fn(&Outgoing) -> bool) -> Vec<Outgoing> {
        let mut found = self.rated.extract(now, &leaves);
        found.extend(self.slowed.held.extract(now, leaves));
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
        if let Phase::Number(place) = look.phase {
            let (next, left) = self.rated.part_with(now, look, (place, limit), &mut leaves);
            look.phase = next.map_or(Phase::Slowed(0), Phase::Number);
            limit = left;
        }
        if let Phase::Slowed(place) = look.phase {
            let slowed = &mut self.slowed.held;
            let (next, left) = slowed.part_with(now, look, (place, limit), &mut leaves);
            look.phase = next.map_or(Phase::Queues, Phase::Slowed);
            limit = left;
        }
        limit
    }

    /// What was looked at in this phase goes back before what waits there.
    pub fn put_back(&mut self, phase: Phase, at: usize, seen: VecDeque<Outgoing>) {
        match phase {
            Phase::Number(place) => self.rated.put_back(place, at, seen),
            Phase::Slowed(place) => self.slowed.held.put_back(place, at, seen),
            Phase::Queues => {}
        }
    }
}
