//! Messages that their accounts change: only what no carrier can have. One of which something is
//! out is held until that came back, as if it were taken back.

use std::sync::Arc;
use std::time::Duration;

use super::live::Place;
use super::recall::Held;
use super::{Effects, Shard, Share};
use crate::clock::Now;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mt::carried::{Away, Carried};
use crate::mt::ingress::Replacement;
use crate::wire::{CommandStatus, SequenceNumber};

/// A change that a request wants of one message.
#[derive(Debug)]
pub(super) struct Change {
    pub request: u64,
    replacement: Replacement,
}

impl<L: Clone> Shard<L> {
    /// Changes a message, or all that share this id. When none can be: ESME_RREPLACEFAIL, whoever's
    /// it is, or the status of the field where what one would become is at fault.
    pub fn replace<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        id: MessageId,
        replacement: Replacement,
        (link, sequence): (L, SequenceNumber),
        effects: &mut E,
    ) {
        let request = self.recalls.open(link, sequence, CommandStatus::ESME_RREPLACEFAIL);
        let tickets: Vec<u64> = self.tickets_of(id).collect();
        for ticket in tickets {
            self.recalls.expect(request);
            let change = Change { request, replacement: replacement.clone() };
            self.replace_one(now, ticket, change, effects);
        }
        self.recalls.close(request, effects);
    }

    fn replace_one<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        change: Change,
        effects: &mut E,
    ) {
        if let Err(status) = self.can_change(now, ticket, &change.replacement, effects) {
            return self.recalls.settle(change.request, Err(status), effects);
        }
        let Some(live) = self.slots.get(ticket) else { return };
        if live.any(Place::Out) {
            return self.withdraw(ticket, Held::Change(Box::new(change)), effects);
        }
        // It may wait for its turn, which it gives up for a new one.
        if let (Some(lane), Some(lanes)) = (self.lane_of(ticket), &mut self.turns) {
            lanes.requeue(lane, ticket);
        }
        self.change(now, ticket, change, effects);
    }

    /// Whether a message may be changed so, as far as is known now.
    fn can_change<E: Effects<Link = L>>(
        &self,
        now: Now,
        ticket: u64,
        replacement: &Replacement,
        effects: &E,
    ) -> Result<(), CommandStatus> {
        let live = self.slots.get(ticket).filter(|live| replacement.covers(&live.message));
        let live = live.filter(|live| !live.is_with_carrier() && !live.expired && !live.held);
        let live = live.ok_or(CommandStatus::ESME_RREPLACEFAIL)?;
        effects.replaced(&live.message.read(), live.carrier, replacement, now.wall).map(|_| ())
    }

    /// Changes a message nothing of which is out.
    pub(super) fn change<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        Change { request, replacement }: Change,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let carrier = live.carrier;
        let before = Share::of(&live.message);
        let replaced = effects.replaced(&live.message.read(), carrier, &replacement, now.wall);
        let placed = replaced.and_then(|message| self.replaced(before, message, effects));
        let (message, away) = match placed {
            Ok(placed) => placed,
            Err(status) => {
                self.recalls.settle(request, Err(status), effects);
                self.go_on(now, ticket, effects);
                return;
            }
        };
        let (account, segments) = (message.account, message.segments());
        let reference = self.reference(&message, carrier);
        let message = Carried::new(Arc::new(message), away);
        self.queued.leave(before);
        self.queued.enter(Share::of(&message));
        let Some(live) = self.slots.get_mut(ticket) else { return };
        // A carrier that asked for a pause gets it, whatever the text.
        let was_refused = live.all().iter().any(|one| one.attempts > 0);
        let retry_at = if was_refused { live.wake_at } else { Duration::ZERO };
        let (send_at, expires_at) = (message.send_at.max(retry_at), message.expires_at);
        live.renew(message, reference);
        self.slots.renewed(ticket);
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let waits = send_at > now.wall;
        live.wake_at = if waits { send_at } else { Duration::ZERO };
        self.due.push(expires_at, ticket);
        effects.charged(account, segments);
        self.recalls.settle(request, Ok(()), effects);
        if waits {
            self.due.push(send_at, ticket);
            // Nobody waits until then for its turn.
            let lane = self.lane_of(ticket);
            self.leave_lane(lane, ticket, effects);
        } else if !self.is_kept_back(now, ticket, effects) {
            self.dispatch_back(ticket, effects);
        }
    }

    /// What a message becomes, and where its text goes, where there is room for it.
    fn replaced<E: Effects<Link = L>>(
        &self,
        before: Share,
        message: Message,
        effects: &mut E,
    ) -> Result<(Message, Option<Away>), CommandStatus> {
        let octets = message.octets();
        if !self.queued.has_room(&self.limits, octets, Some(before)) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let away = self.queued.place(&self.limits, &message, Some(before), effects)?;
        match effects.resized(message.account, before.octets, octets) {
            true => Ok((message, away)),
            false => Err(CommandStatus::ESME_RMSGQFUL),
        }
    }
}
