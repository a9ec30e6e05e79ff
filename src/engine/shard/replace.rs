//! Messages that their accounts change: only what no carrier can have. One of which something is
//! out is held until that came back, as if it were taken back.

use std::sync::Arc;
use std::time::Duration;

use super::live::Place;
use super::recall::Held;
use super::register::Known;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::message_id::MessageId;
use crate::mt::ingress::Replacement;
use crate::wire::{CommandStatus, SequenceNumber};

/// A change that waits for what is out.
#[derive(Debug)]
pub(super) struct Change<L> {
    link: L,
    sequence: SequenceNumber,
    replacement: Replacement,
}

impl<L: Clone> Shard<L> {
    /// Changes a message. ESME_RREPLACEFAIL when it cannot be, whoever's it is; the status of the
    /// field where what it would become is at fault.
    pub fn replace<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        id: MessageId,
        replacement: Replacement,
        (link, sequence): (L, SequenceNumber),
        effects: &mut E,
    ) {
        let change = Change { link, sequence, replacement };
        let ticket = match self.can_change(now, id, &change.replacement) {
            Ok(ticket) => ticket,
            Err(status) => return effects.refused(&change.link, sequence, status),
        };
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.any(Place::Out) {
            live.held = true;
            effects.withdraw(live.carrier, ticket);
            self.recalls.hold(ticket, Held::Change(Box::new(change)));
            return;
        }
        // It may wait for its turn, which it gives up for a new one.
        let lane = self.lane_of(ticket);
        self.free_lane(lane, ticket, effects);
        self.change(now, ticket, change, effects);
    }

    /// The ticket of a message that may be changed so, as far as is known now.
    fn can_change(
        &self,
        now: Now,
        id: MessageId,
        replacement: &Replacement,
    ) -> Result<u64, CommandStatus> {
        let known = self.number_of(id).and_then(|number| self.register.find(number));
        let Some(Known::Live(ticket)) = known else { return Err(CommandStatus::ESME_RREPLACEFAIL) };
        let live = self.slots.get(ticket).filter(|live| replacement.covers(&live.message));
        let live = live.filter(|live| !live.is_with_carrier() && !live.expired && !live.held);
        let live = live.ok_or(CommandStatus::ESME_RREPLACEFAIL)?;
        let rules = self.carriers.get(live.carrier as usize);
        let cutting = rules.map(|rules| rules.cutting).unwrap_or_default();
        replacement.of(&live.message, cutting, now.wall).map(|_| ticket)
    }

    /// Changes a message nothing of which is out.
    pub(super) fn change<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        Change { link, sequence, replacement }: Change<L>,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let carrier = live.carrier;
        let rules = self.carriers.get(carrier as usize);
        let cutting = rules.map(|rules| rules.cutting).unwrap_or_default();
        let message = match replacement.of(&live.message, cutting, now.wall) {
            Ok(message) => Arc::new(message),
            Err(status) => {
                effects.refused(&link, sequence, status);
                self.go_on(now, ticket, effects);
                return;
            }
        };
        let reference = self.reference(&message, carrier);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        // A carrier that asked for a pause gets it, whatever the text.
        let was_refused = live.all().iter().any(|one| one.attempts > 0);
        let retry_at = if was_refused { live.wake_at } else { Duration::ZERO };
        let (send_at, expires_at) = (message.send_at.max(retry_at), message.expires_at);
        live.renew(message, reference);
        let waits = send_at > now.wall;
        live.wake_at = if waits { send_at } else { Duration::ZERO };
        self.due.push(expires_at, ticket);
        effects.done(&link, sequence);
        if waits {
            self.due.push(send_at, ticket);
        } else {
            self.dispatch_back(ticket, effects);
        }
    }

    /// A message that was to be changed has left, or has ended.
    pub(super) fn refuse_change<E: Effects<Link = L>>(change: &Change<L>, effects: &mut E) {
        effects.refused(&change.link, change.sequence, CommandStatus::ESME_RREPLACEFAIL);
    }
}
