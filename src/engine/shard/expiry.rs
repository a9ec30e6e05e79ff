//! Messages whose validity has ended.

use super::live::Place;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::state::MessageState;

/// Its validity ended in our queue.
const EXPIRED: u32 = 1;
/// It ended while a rule held the message.
const EXPIRED_HELD: u32 = 11;

impl<L: Clone> Shard<L> {
    /// The validity of a message has ended. What is out is settled first: the carrier may have
    /// it, or take it now. What its dispatcher still holds comes back unsent.
    pub(super) fn expire<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        // First, as it may let others of its lane go, and this one among them.
        self.hear_parked(now, ticket, true, effects);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.awaits_receipt {
            return;
        }
        if !live.expired && live.any(Place::Out) {
            effects.withdraw(live.carrier, ticket);
        }
        live.expired = true;
        self.settle_expired(now, ticket, effects);
    }

    /// Ends a message whose validity has ended, once nothing of it is out.
    pub(super) fn settle_expired<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        if !live.expired || live.awaits_receipt || live.any(Place::Out) {
            return;
        }
        let (state, error) = match live.any(Place::InDoubt) {
            true => (MessageState::UNKNOWN, 12),
            false if live.held_by.is_some() => (MessageState::EXPIRED, EXPIRED_HELD),
            false => (MessageState::EXPIRED, EXPIRED),
        };
        self.end(now, ticket, state, error, effects);
    }
}
