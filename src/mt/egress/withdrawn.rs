//! What its shard gives up: taken out of what waits, if it is still there.

use std::time::Duration;

use super::Dispatcher;
use super::outgoing::Outgoing;

/// How long withdrawn tickets are gathered before the queue is gone through for them; for each
/// message that waits a microsecond more, so that a long queue is not gone through all the time.
const SWEEP_AFTER: Duration = Duration::from_millis(100);

impl Dispatcher {
    /// Takes out what its shard has given up, if it is still here. The queue is gone through for
    /// many at once: to search for each of a million that expire together would take hours. What
    /// [`Dispatcher::pop_unsent`] does not bring then has gone to a bind.
    pub fn remove(&mut self, ticket: u64) {
        self.withdrawn.insert(ticket);
    }

    /// Its shard gives this message again, so it is not withdrawn any more. All that was is back or
    /// on a bind: a shard gives nothing twice.
    pub fn readmit(&mut self, ticket: u64) {
        if !self.withdrawn.is_empty() {
            self.withdrawn.remove(&ticket);
        }
    }

    /// Something withdrawn that no bind has had.
    pub fn pop_unsent(&mut self) -> Option<Outgoing> {
        self.unsent.pop()
    }

    /// Goes through the queue for what was withdrawn: when much of it was, or some time ago.
    pub(super) fn sweep_if_due(&mut self, now: Duration) {
        if self.withdrawn.is_empty() {
            return;
        }
        let many = self.withdrawn.len() > 64 && self.withdrawn.len() > self.waiting() / 4;
        let sweep_after = SWEEP_AFTER + Duration::from_micros(self.waiting() as u64);
        if !many && now < *self.sweep_at.get_or_insert(now + sweep_after) {
            return;
        }
        self.drop_withdrawn_begun();
        self.end_look();
        let withdrawn = &self.withdrawn;
        let is_withdrawn = |one: &Outgoing| withdrawn.contains(&one.ticket);
        let mut found = self.queues.extract(is_withdrawn);
        found.extend(self.head.take_if(|head| is_withdrawn(head)));
        self.unsent.extend(self.lanes.extract(is_withdrawn));
        found.extend(self.numbers.extract(now, is_withdrawn));
        self.give_back(found);
        // Those that were not there have been sent already and are never met.
        self.withdrawn.clear();
        self.sweep_at = None;
    }

    /// Drops what has begun of messages that were withdrawn.
    pub(super) fn drop_withdrawn_begun(&mut self) {
        let withdrawn = &self.withdrawn;
        let found = self.binds.take_all_begun(|rest| withdrawn.contains(&rest.ticket));
        self.give_back(found);
    }

    /// Gives withdrawn messages back, and their turn in their lanes to the next.
    pub(super) fn give_back(&mut self, withdrawn: impl IntoIterator<Item = Outgoing>) {
        for one in withdrawn {
            if one.flow.is_alone()
                && let Some(next) = self.lanes.removed(one.ticket, one.segments)
            {
                self.queues.push_first(next);
            }
            self.unsent.push(one);
        }
    }
}
