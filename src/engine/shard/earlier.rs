//! Messages of earlier processes, by the ids that those gave them.
//!
//! Ids of this process are a count, which its register lives on; those of others are not, so each
//! has an entry here for as long as the message lives and, bounded, a while after.

use std::collections::{HashMap, VecDeque};

use super::register::{End, Known};
use crate::message::message_id::MessageId;

type Map<V> = HashMap<MessageId, V, foldhash::fast::FixedState>;

/// What is known of them.
#[derive(Debug, Default)]
pub struct Earlier {
    known: Map<Known>,
    /// The ids that accounts know messages by which they submitted to several handsets at once.
    shared: Map<MessageId>,
    /// The same the other way round.
    of_shared: Map<Vec<MessageId>>,
    /// Those that have ended, the oldest first.
    ended: VecDeque<MessageId>,
    ended_max: usize,
}

impl Earlier {
    /// It remembers how so many messages ended.
    pub fn set_ended_max(&mut self, ended_max: usize) {
        self.ended_max = ended_max;
    }

    /// Enters a message, which its account knows by another id if `shown` is one.
    pub fn enter(&mut self, id: MessageId, shown: MessageId, known: Known) {
        if shown != id {
            self.shared.insert(id, shown);
            self.of_shared.entry(shown).or_default().push(id);
        }
        self.known.insert(id, known);
        if matches!(known, Known::Ended(_)) {
            self.note_ended(id);
        }
    }

    /// One awaits its receipt from now on, at this place.
    pub fn awaits(&mut self, id: MessageId, at: u32) {
        if let Some(known) = self.known.get_mut(&id) {
            *known = Known::Awaited(at);
        }
    }

    /// One has ended.
    pub fn end(&mut self, id: MessageId, end: End) {
        if let Some(known) = self.known.get_mut(&id) {
            *known = Known::Ended(end);
            self.note_ended(id);
        }
    }

    fn note_ended(&mut self, id: MessageId) {
        self.ended.push_back(id);
        while self.ended.len() > self.ended_max {
            let Some(oldest) = self.ended.pop_front() else { return };
            self.known.remove(&oldest);
            if let Some(shown) = self.shared.remove(&oldest)
                && let Some(ids) = self.of_shared.get_mut(&shown)
            {
                ids.retain(|id| *id != oldest);
                if ids.is_empty() {
                    self.of_shared.remove(&shown);
                }
            }
        }
    }

    /// The id that the account of a message knows it by.
    pub fn shown_id(&self, id: MessageId) -> MessageId {
        self.shared.get(&id).copied().unwrap_or(id)
    }

    /// What is known of the messages that an account means by an id.
    pub fn known(&self, id: MessageId) -> impl Iterator<Item = Known> + use<'_> {
        let one = self.known.get(&id).filter(|_| !self.shared.contains_key(&id));
        let several = self.of_shared.get(&id).into_iter().flatten();
        one.into_iter().chain(several.filter_map(|id| self.known.get(id))).copied()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::state::MessageState;

    #[test]
    fn messages_are_known_by_what_their_account_knows_them_by_and_the_ended_ones_for_a_while() {
        let id = |counter| MessageId::new(3, counter);
        let end = End { account: 1, done_s: 9, state: MessageState::DELIVERED, error: 0 };
        let mut earlier = Earlier::default();
        earlier.set_ended_max(1);
        earlier.enter(id(1), id(1), Known::Live(10));
        earlier.enter(id(2), id(9), Known::Live(20));
        earlier.enter(id(3), id(9), Known::Awaited(30));
        let known = |earlier: &Earlier, counter| earlier.known(id(counter)).collect::<Vec<_>>();
        assert_eq!(known(&earlier, 1), [Known::Live(10)]);
        assert_eq!(known(&earlier, 9), [Known::Live(20), Known::Awaited(30)]);
        assert_eq!(known(&earlier, 2), [], "its account never heard that id");
        assert_eq!((earlier.shown_id(id(1)), earlier.shown_id(id(2))), (id(1), id(9)));
        earlier.awaits(id(2), 5);
        earlier.end(id(3), end);
        assert_eq!(known(&earlier, 9), [Known::Awaited(5), Known::Ended(end)]);
        earlier.end(id(2), end);
        assert_eq!(known(&earlier, 9), [Known::Ended(end)], "the newest of the ended");
        earlier.end(id(1), end);
        assert!(known(&earlier, 9).is_empty() && earlier.of_shared.is_empty());
    }
}
