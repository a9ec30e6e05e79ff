//! What an earlier process left, taken over.

use std::time::Duration;

use super::live::Place;
use super::records::image::{WasAwaiting, WasLive, unsent_or_in_doubt};
use super::register::{End, Known};
use super::{Delivery, Effects, Shard, Share};
use crate::clock::Now;
use crate::message::message_id::MessageId;
use crate::mo::reassembly::{Memory, identity};
use crate::mo::{MoMessage, Owner};
use crate::mt::policy::Chosen;
use crate::mt::receipts::CarrierReceipt;
use crate::planted::{Bug, is_planted};

/// How a message ended: its id, the one that its account knows it by, and the end.
pub type Ending = (MessageId, MessageId, End);

impl<L: Clone> Shard<L> {
    /// Takes over a message that was live. They are to come in the order of their ids, so that each
    /// lane goes on in its own. What may have been sent is in doubt.
    pub fn restore_live<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        mut was: WasLive,
        effects: &mut E,
    ) {
        unsent_or_in_doubt(&mut was);
        let WasLive { mut live, shared, copies, named, .. } = was;
        let rules = self.carriers.get(live.carrier as usize).copied();
        // What has expired comes up at once, and ends.
        let may_go = !live.awaits_receipt && !live.expired;
        let doubtful = rules.filter(|_| may_go && live.any(Place::InDoubt));
        if let Some(wait) = doubtful.and_then(|rules| rules.resends_after()) {
            live.wake_at = live.wake_at.max(now.wall + wait);
        }
        if live.message.strict_order {
            self.turns.get_or_insert_default();
        }
        let id = live.id;
        let (expires_at, wake_at, awaits) =
            (live.message.expires_at, live.wake_at, live.awaits_receipt);
        if live.segments > 1 {
            self.references.note(live.message.destination.octets(), live.reference);
        }
        let is_doubtful = live.all().iter().any(|one| one.may_have_another_id());
        let keys: Vec<u64> = live.progress.keys().collect();
        if !awaits {
            self.queued.enter(Share::of(&live.message));
        }
        let ticket = self.slots.restore(self.index, live);
        self.earlier.enter(id, shared, Known::Live(ticket));
        self.due.push(expires_at, ticket);
        for key in keys {
            self.link_key(key, ticket);
        }
        if is_doubtful || !copies.is_empty() {
            self.note_doubt(ticket);
        }
        for (segment, key) in copies {
            self.doubts.add_copy(ticket, segment, key);
            self.link_key(key, ticket);
        }
        if !wake_at.is_zero() {
            self.due.push(wake_at, ticket);
        }
        self.restore_named(now, ticket, named);
        if !awaits {
            self.note_marketing(ticket);
        }
        if awaits {
            self.awaiting_live.push_back(ticket);
            return;
        }
        self.restore_turn(ticket);
        if may_go && wake_at <= now.wall {
            if let Some(live) = self.slots.get_mut(ticket) {
                live.wake_at = Duration::ZERO;
            }
            if self.is_to_be_judged(ticket) {
                // When all is there that judging asks for.
                return self.end_soon(ticket);
            }
            self.resend_doubtful(now, ticket, effects);
            self.dispatch_back(ticket, effects);
        }
    }

    /// Takes over a message that awaited its receipt. They are to come in the order in which they
    /// began to.
    pub fn restore_awaiting(&mut self, was: WasAwaiting) {
        let WasAwaiting { wait, shared, since_s, give_up_at } = was;
        let id = wait.id;
        let place = self.awaiting.insert(Duration::from_secs(u64::from(since_s)), wait);
        self.earlier.enter(id, shared, Known::Awaited(place));
        if !give_up_at.is_zero() {
            self.give_up_at(place, give_up_at);
        }
    }

    /// Takes over how a message ended, which its account may ask for.
    pub fn restore_ended(&mut self, (id, shown, end): Ending) {
        self.earlier.enter(id, shown, Known::Ended(end));
    }

    /// Takes over what the receipts of messages that ended are known by: they may come again.
    pub fn restore_heard(&mut self, prints: impl IntoIterator<Item = u64>) {
        prints.into_iter().for_each(|print| self.ended.restore(print));
    }

    /// Takes over that a message from a handset was put together then, before any segment of such.
    pub fn restore_whole(&mut self, now: Now, wall: Duration, memory: Memory) {
        let age = now.wall.saturating_sub(wall);
        if let Some(left) = self.limits.reassembly.age_max.checked_sub(age) {
            self.reassembly.remember(now.monotonic + left, memory);
        }
    }

    /// Takes over what a handset has chosen; before its messages.
    pub fn restore_chosen(&mut self, chosen: Chosen) {
        self.choices.choose(chosen);
    }

    /// Takes over what an account is owed. It is to come in the order of the numbers.
    pub fn restore_owed<E: Effects<Link = L>>(
        &mut self,
        account: u32,
        delivery: Delivery,
        effects: &mut E,
    ) {
        if is_planted(Bug::OwedForgotten) {
            return;
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.restore_owed(account, &delivery);
        }
        self.waiting.entry(account).or_default().push_back(delivery);
        effects.backlog(account, 1);
        self.bound_waiting(account, effects);
    }

    /// Takes over a receipt that was parked under this number.
    pub fn restore_parked(&mut self, now: Now, number: u64, receipt: CarrierReceipt) {
        if let Some(ledger) = &mut self.ledger {
            ledger.unparked(number);
        }
        self.parked.push(receipt, now.monotonic, self.limits.parked_max_age);
    }

    /// Takes over a segment of an MO to a number of this owner.
    pub fn restore_held<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        owner: Option<Owner>,
        message: MoMessage,
        effects: &mut E,
    ) {
        if let Some(ledger) = &mut self.ledger {
            // It may not be held any more.
            ledger.released(identity(&message));
        }
        self.take_mo(now, owner, message, effects);
    }
}
