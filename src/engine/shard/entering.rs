//! A message that was taken, whoever's it is, on its way.

use std::sync::Arc;

use super::live::Live;
use super::{Effects, Shard, Share};
use crate::clock::Now;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mt::carried::{Away, Carried};
use crate::mt::segmentation::own_reference;

impl<L: Clone> Shard<L> {
    /// An id that nothing has.
    pub(super) fn next_id(&mut self) -> MessageId {
        let id = MessageId::new(self.node, self.counter);
        self.counter += self.counter_step;
        id
    }

    /// Enters a message that was taken, its text where `away` says; its ticket.
    pub(super) fn enter(
        &mut self,
        id: MessageId,
        message: Arc<Message>,
        away: Option<Away>,
        carrier: u32,
    ) -> u64 {
        if message.strict_order {
            self.turns.get_or_insert_default();
        }
        let reference = self.reference(&message, carrier);
        let expires_at = message.expires_at;
        let message = Carried::new(message, away);
        self.queued.enter(Share::of(&message));
        let live = Live::new(id, message, carrier, reference);
        let ticket = self.slots.insert(self.index, live);
        self.register.enter(ticket);
        self.note_marketing(ticket);
        self.due.push(expires_at, ticket);
        ticket
    }

    /// A message that was entered goes, now or when it may.
    pub(super) fn go<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let send_at = live.message.send_at;
        if send_at > now.wall {
            live.wake_at = send_at;
            self.due.push(send_at, ticket);
        } else {
            self.count_in(now, ticket);
            self.dispatch_back(ticket, effects);
        }
    }

    /// What ties the segments of this message together, if we cut it; what an account that cut it
    /// has them tied by is noted, so that none of ours to that handset is the same.
    pub(super) fn reference(&mut self, message: &Message, carrier: u32) -> u16 {
        let destination = message.destination.octets();
        if message.segments() > 1 {
            let rules = self.carriers.get(carrier as usize);
            let max = rules.map_or(u16::MAX, |rules| rules.reference_max);
            return self.references.take(destination, max);
        }
        if let Some(own) = own_reference(message) {
            self.references.note(destination, own);
        }
        0
    }
}
