//! Lanes in which one message goes at a time: whose turn it is. A carrier may take one unanswered
//! message for each destination (quirk 58), and a route may keep its messages in strict order.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

/// Which message of each lane is out, and which wait for its answer. A lane is there while a
/// message is out in it, and those that wait are live messages, so their limit is this one's.
#[derive(Debug, Default)]
pub struct OneEach {
    lanes: HashMap<u64, Lane, foldhash::fast::FixedState>,
}

/// One lane.
#[derive(Debug)]
pub struct Lane {
    /// The message that is out, by its ticket.
    pub out: u64,
    /// Those that wait, the oldest first.
    pub waiting: VecDeque<u64>,
}

impl OneEach {
    /// Whether this message may go out in its lane; if not, it waits there.
    pub fn enter(&mut self, lane: u64, ticket: u64) -> bool {
        match self.lanes.entry(lane) {
            Entry::Vacant(free) => {
                free.insert(Lane { out: ticket, waiting: VecDeque::new() });
                true
            }
            Entry::Occupied(mut lane) => {
                let lane = lane.get_mut();
                if lane.out != ticket {
                    lane.waiting.push_back(ticket);
                }
                lane.out == ticket
            }
        }
    }

    /// This message does not need its turn any more: the one that may go now, if it was its turn
    /// and another waits. One that has yet to have its turn keeps its place with `waits`.
    pub fn leave(&mut self, lane: u64, ticket: u64, waits: bool) -> Option<u64> {
        let Entry::Occupied(mut entry) = self.lanes.entry(lane) else { return None };
        let lane = entry.get_mut();
        if lane.out != ticket {
            // Messages expire in the order they came, so it stands at the front.
            if !waits && let Some(at) = lane.waiting.iter().position(|&one| one == ticket) {
                lane.waiting.remove(at);
            }
            return None;
        }
        match lane.waiting.pop_front() {
            Some(next) => {
                lane.out = next;
                Some(next)
            }
            None => {
                entry.remove();
                None
            }
        }
    }

    /// A message that waits gives up its place for a new one.
    pub fn requeue(&mut self, lane: u64, ticket: u64) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.waiting.retain(|&one| one != ticket);
        }
    }

    /// All lanes, in no order.
    pub fn into_lanes(self) -> impl Iterator<Item = Lane> {
        self.lanes.into_values()
    }

    /// Whether nobody is out and nobody waits.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}
