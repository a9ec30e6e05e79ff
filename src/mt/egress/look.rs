//! A look through all that waits for a carrier without a bind, for what may go elsewhere.
//!
//! A million wait there, so it looks at some of them at a time: at what each number holds back, and
//! then at what waits for the carrier itself. Between two steps nothing else leaves the queues; it
//! ends before anything does.

use std::collections::VecDeque;

use super::fair::Queues;
use super::outgoing::Outgoing;

/// How far a look has come.
#[derive(Debug, Default)]
pub struct Look {
    /// Among whose queues it is.
    pub phase: Phase,
    /// Which of them it is in, and what was left in place of that one so far: it stands before the
    /// rest of it.
    pub at: usize,
    pub seen: VecDeque<Outgoing>,
}

/// Whose queues are looked through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Those of the number of this place that has a rate.
    Number(usize),
    /// Those of the number of this place that the carrier has slowed.
    Slowed(usize),
    /// The carrier's own.
    Queues,
}

impl Default for Phase {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Look {
    /// Goes on in these queues, at so many at most, and takes out what `leaves` says. How many more
    /// it may look at; `None` when it has not seen all of them.
    pub fn part_with(
        &mut self,
        queues: &mut Queues,
        mut limit: usize,
        mut leaves: impl FnMut(&Outgoing) -> bool,
    ) -> Option<usize> {
        while limit > 0 {
            match queues.part_with(self.at, limit, &mut self.seen, &mut leaves) {
                Some((left, all)) => {
                    limit = left;
                    self.at += usize::from(all);
                }
                None => {
                    self.at = 0;
                    return Some(limit);
                }
            }
        }
        None
    }
}
