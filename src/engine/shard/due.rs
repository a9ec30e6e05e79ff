//! When messages are to be looked at again: tickets by moment, in steps of 100 ms.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

/// Width of a step in milliseconds: what a deadline may be late.
const STEP_MS: u64 = 100;
/// Entries below which nothing is compacted.
const COMPACT_MIN: usize = 65_536;

/// A calendar of tickets; those of one moment come up in the order they were entered in. An entry
/// is not taken out when its message ends, or has another moment: it finds nothing when it comes
/// up, and the whole is compacted when such entries outnumber the others.
#[derive(Debug, Default)]
pub struct Due {
    steps: BTreeMap<u64, VecDeque<u64>>,
    entries: usize,
    /// How many were left when it was compacted last.
    kept: usize,
}

/// When an entry comes up.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl Moment {
    /// Whether it was entered for this moment, in wall time since 1970.
    pub fn is(self, at: Duration) -> bool {
        step(at) + 1 == self.0
    }
}

impl Due {
    /// Notes that `ticket` is to be looked at, at `at` (wall time since 1970) or just after.
    pub fn push(&mut self, at: Duration, ticket: u64) {
        self.steps.entry(step(at) + 1).or_default().push_back(ticket);
        self.entries += 1;
    }

    /// A ticket whose moment has come.
    pub fn pop(&mut self, now: Duration) -> Option<u64> {
        loop {
            let mut first = self.steps.first_entry()?;
            if *first.key() > step(now) {
                return None;
            }
            match first.get_mut().pop_front() {
                Some(ticket) => {
                    self.entries -= 1;
                    return Some(ticket);
                }
                None => {
                    first.remove();
                }
            }
        }
    }

    /// The next moment something comes up.
    pub fn next(&self) -> Option<Duration> {
        let (&step, _) = self.steps.first_key_value()?;
        Some(Duration::from_millis(step.saturating_mul(STEP_MS)))
    }

    /// Throws out entries that find nothing, when they seem to be most of them, and there are twice
    /// as many as were left the last time: it looks at each.
    pub fn compact(&mut self, live: usize, is_live: impl Fn(u64, Moment) -> bool) {
        let few = COMPACT_MIN.max(live.saturating_mul(4)).max(self.kept.saturating_mul(2));
        if self.entries < few {
            return;
        }
        self.steps.retain(|&step, tickets| {
            // One that was entered again for the same moment is needed once.
            let mut seen = HashSet::with_capacity(tickets.len());
            tickets.retain(|&ticket| seen.insert(ticket) && is_live(ticket, Moment(step)));
            tickets.shrink_to_fit();
            !tickets.is_empty()
        });
        self.entries = self.steps.values().map(VecDeque::len).sum();
        self.kept = self.entries;
    }
}

fn step(at: Duration) -> u64 {
    // Seconds and the rest of one apart: this is asked twice a message, and all of it in
    // milliseconds takes 128 bits.
    let steps = at.as_secs().saturating_mul(1000 / STEP_MS);
    steps.saturating_add(u64::from(at.subsec_millis()) / STEP_MS).min(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_come_up_at_their_moment_and_never_before() {
        let mut due = Due::default();
        for ticket in 0..1000_u64 {
            due.push(Duration::from_millis(ticket * 37 % 5000), ticket);
        }
        let mut seen = 0;
        for ms in 0..5200 {
            while let Some(ticket) = due.pop(Duration::from_millis(ms)) {
                let at = ticket * 37 % 5000;
                assert!(ms >= at && ms <= at + 200, "{ticket} at {ms}, due {at}");
                seen += 1;
            }
        }
        assert_eq!((seen, due.next()), (1000, None));
    }

    #[test]
    fn entries_of_other_moments_and_the_same_one_again_do_not_pile_up() {
        let mut due = Due::default();
        let at = |turn: u64| Duration::from_secs(86_400) + Duration::from_millis(turn * 50);
        for turn in 0..1_000_000_u64 {
            due.push(at(turn), 7);
            due.push(at(0), 7);
            if turn % 50 == 0 {
                due.compact(1, |_, moment| moment.is(at(turn)) || moment.is(at(0)));
            }
        }
        assert!(due.entries < 2 * COMPACT_MIN, "{}", due.entries);
        let last = at(999_999) + Duration::from_secs(1);
        assert_eq!(due.pop(last), Some(7));
    }

    #[test]
    fn entries_of_messages_that_are_gone_do_not_pile_up() {
        let mut due = Due::default();
        for ticket in 0..10_000_000 {
            due.push(Duration::from_secs(172_800 + ticket / 100_000), ticket);
            if ticket % 50_000 == 0 {
                due.compact(100, |other, _| other + 100 > ticket);
            }
        }
        assert!(due.entries < 200_000, "{}", due.entries);
    }
}
