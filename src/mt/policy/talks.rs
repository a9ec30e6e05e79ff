//! Which handsets have written to which of our numbers lately: what goes back is an answer.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::choices::{Handset, Scope};
use crate::clock;

/// Most that are remembered, about 100 octets each. Beyond it the oldest is forgotten: what is sent
/// to it counts as what it is again.
pub const TALKS_MAX: usize = 1_000_000;

/// When handsets wrote to numbers.
#[derive(Debug, Default)]
pub struct Talks {
    last: HashMap<(Handset, Scope), u32, foldhash::fast::FixedState>,
    /// As they came; those that wrote again since stand here more than once.
    order: VecDeque<((Handset, Scope), u32)>,
}

impl Talks {
    /// A handset has written to a sender of ours; what is older than `max` is forgotten.
    pub fn note(&mut self, of: (Handset, Scope), wall: Duration, max: Duration) {
        let now_s = clock::seconds(wall);
        self.last.insert(of, now_s);
        self.order.push_back((of, now_s));
        while let Some((of, at_s)) = self.order.front().copied() {
            let is_old = Duration::from_secs(u64::from(now_s.saturating_sub(at_s))) > max;
            if !is_old && self.order.len() <= TALKS_MAX {
                break;
            }
            self.order.pop_front();
            if self.last.get(&of) == Some(&at_s) {
                self.last.remove(&of);
            }
        }
    }

    /// It wants nothing more: what goes to it is no answer.
    pub fn end(&mut self, of: (Handset, Scope)) {
        self.last.remove(&of);
    }

    /// Whether a handset has written to a sender within this time.
    #[must_use]
    pub fn is_open(&self, of: (Handset, Scope), wall: Duration, within: Duration) -> bool {
        let at_s = self.last.get(&of);
        at_s.is_some_and(|at_s| wall < Duration::from_secs(u64::from(*at_s)) + within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_open_for_its_time_and_forgotten_behind_it() {
        let (mut talks, day) = (Talks::default(), Duration::from_secs(86_400));
        let of = |number: u64| (Handset::from_number(number), Scope::ALL);
        let at = |hours: u64| Duration::from_secs(1_790_000_000 + hours * 3_600);
        talks.note(of(33), at(0), day);
        assert!(talks.is_open(of(33), at(23), day) && !talks.is_open(of(33), at(24), day));
        assert!(!talks.is_open(of(34), at(0), day));
        talks.note(of(33), at(20), day);
        assert!(talks.is_open(of(33), at(43), day));
        talks.end(of(33));
        assert!(!talks.is_open(of(33), at(21), day));
        talks.note(of(34), at(100), day);
        assert_eq!((talks.last.len(), talks.order.len()), (1, 1));
    }
}
