//! Responses and receipts of live messages.

use std::sync::Arc;
use std::time::Duration;

use super::live::Phase;
use super::{Counted, Delivery, Effects, Found, Parked, Shard};
use crate::clock::Now;
use crate::message::envelope::Message;
use crate::message::state::MessageState;
use crate::mt::receipts::{CarrierReceipt, Outcome, is_wanted, same_number};
use crate::wire::{CommandStatus, SequenceNumber};

/// Bits of `registered_delivery` that ask an SMSC for anything (SMPP 3.4 §5.2.17).
const RECEIPT_BITS: u8 = 0x13;

impl<L: Clone> Shard<L> {
    /// The carrier took a segment.
    pub(super) fn segment_accepted<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        key: Option<u64>,
        effects: &mut E,
    ) {
        let max_age = self.limits.correlation_max_age;
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.answer(segment, key);
        let awaits_receipt = live.message.registered_delivery & RECEIPT_BITS != 0 && key.is_some();
        if let Some(key) = key
            && awaits_receipt
        {
            self.link_key(key, ticket);
        }
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.all_answered() {
            if awaits_receipt {
                live.phase = Phase::AwaitingReceipt;
                live.wake_at = now.wall + max_age;
                let at = live.wake_at;
                self.due.push(at, ticket);
                self.await_receipt(ticket, effects);
            } else {
                self.forget(ticket);
                return;
            }
        }
        if let Some(key) = key
            && !self.parked.is_empty()
        {
            self.unpark(now, key, effects);
        }
    }

    /// A receipt of the carrier: matched, kept for the response it came before, or unknown. It is
    /// answered in every case: a carrier that gets no answer sends it again for ever (quirk 16).
    pub fn receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        link: &L,
        sequence: SequenceNumber,
        receipt: CarrierReceipt,
        effects: &mut E,
    ) {
        effects.answer(link, sequence, CommandStatus::ESME_ROK);
        let Some(receipt) = self.match_receipt(now, receipt, effects) else { return };
        if receipt.keys.as_slice().is_empty() || self.limits.parked_max == 0 {
            effects.count(Counted::ReceiptUnknown);
            return;
        }
        if self.parked.len() >= self.limits.parked_max {
            self.parked.pop_front();
            effects.count(Counted::ReceiptUnknown);
        }
        effects.count(Counted::ReceiptParked);
        let until = now.monotonic + self.limits.parked_max_age;
        self.parked.push_back(Parked { receipt, until });
    }

    /// Gives the receipt back when nothing matches.
    fn match_receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        receipt: CarrierReceipt,
        effects: &mut E,
    ) -> Option<CarrierReceipt> {
        let found = receipt.keys.as_slice().iter().find_map(|&key| {
            self.candidates(key)
                .iter()
                .copied()
                .find(|&ticket| self.agrees(ticket, &receipt))
                .map(|ticket| (key, ticket))
        });
        let Some((key, ticket)) = found else { return Some(receipt) };
        effects.count(Counted::ReceiptMatched(receipt.state));
        self.apply(now, key, ticket, &receipt, effects);
        None
    }

    fn agrees(&self, ticket: u64, receipt: &CarrierReceipt) -> bool {
        self.slots.get(ticket).is_some_and(|live| {
            same_number(live.message.destination.octets(), receipt.destination.octets())
        })
    }

    /// Notes what a receipt says of the segment with this key, and tells the account.
    fn apply<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        key: u64,
        ticket: u64,
        receipt: &CarrierReceipt,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let accepted_is_final = self
            .carriers
            .get(live.carrier as usize)
            .is_some_and(|carrier| carrier.accepted_is_final);
        let is_final = is_final(receipt.state, accepted_is_final);
        let done = receipt.done.filter(|done| *done > Duration::ZERO).unwrap_or(now.wall);
        let message = Arc::clone(&live.message);
        let outcome =
            Outcome { id: live.id, state: receipt.state, is_final, error: receipt.error, done };
        if !is_final {
            self.tell(message, outcome, effects);
            return;
        }
        if !live.end_segment(key) {
            effects.count(Counted::ReceiptDuplicate);
            return;
        }
        live.worst = Some(worse(live.worst, (receipt.state, receipt.error)));
        if live.ended < live.segments || live.phase != Phase::AwaitingReceipt {
            return;
        }
        let (state, error) = live.worst.unwrap_or((receipt.state, receipt.error));
        effects.count(Counted::FinalReceipt(now.wall.saturating_sub(message.accepted_at)));
        effects.count(Counted::Ended(state));
        self.forget(ticket);
        self.tell(message, Outcome { state, error, ..outcome }, effects);
    }

    /// Sends the account its receipt, if it asked for one of this state.
    pub(super) fn tell<E: Effects<Link = L>>(
        &mut self,
        message: Arc<Message>,
        outcome: Outcome,
        effects: &mut E,
    ) {
        if is_wanted(message.registered_delivery, outcome.state, outcome.is_final) {
            let account = message.account;
            self.deliver(account, Delivery::Receipt { message, outcome }, effects);
        }
    }

    /// The response has come: receipts that were waiting for it are matched now.
    fn unpark<E: Effects<Link = L>>(&mut self, now: Now, key: u64, effects: &mut E) {
        let mut at = 0;
        while let Some(parked) = self.parked.get(at) {
            if !parked.receipt.keys.as_slice().contains(&key) {
                at += 1;
                continue;
            }
            let Some(parked) = self.parked.remove(at) else { return };
            if let Some(receipt) = self.match_receipt(now, parked.receipt, effects) {
                self.parked.insert(at, Parked { receipt, until: parked.until });
                at += 1;
            }
        }
    }

    fn candidates(&self, key: u64) -> &[u64] {
        match self.by_key.get(&key) {
            None => &[],
            Some(Found::One(ticket)) => std::slice::from_ref(ticket),
            Some(Found::Several(tickets)) => tickets,
        }
    }

    /// Enters a carrier's id; where it was used before, the newest is found first.
    fn link_key(&mut self, key: u64, ticket: u64) {
        let found = match self.by_key.remove(&key) {
            None => Found::One(ticket),
            Some(Found::One(old)) => Found::Several(vec![ticket, old]),
            Some(Found::Several(mut tickets)) => {
                tickets.insert(0, ticket);
                Found::Several(tickets)
            }
        };
        self.by_key.insert(key, found);
    }

    pub(super) fn unlink(&mut self, key: u64, ticket: u64) {
        match self.by_key.get_mut(&key) {
            Some(Found::One(one)) if *one == ticket => {
                self.by_key.remove(&key);
            }
            Some(Found::Several(tickets)) => {
                tickets.retain(|&one| one != ticket);
                if let [only] = tickets.as_slice() {
                    let only = *only;
                    self.by_key.insert(key, Found::One(only));
                }
            }
            _ => {}
        }
    }
}

fn is_final(state: MessageState, accepted_is_final: bool) -> bool {
    use crate::message::state::AcceptedMeans::{Final, Intermediate};
    state.is_final(if accepted_is_final { Final } else { Intermediate })
}

/// Of two final states the one that says less was delivered.
fn worse(before: Option<(MessageState, u32)>, now: (MessageState, u32)) -> (MessageState, u32) {
    match before {
        Some(before) if before.0 != MessageState::DELIVERED => before,
        _ => now,
    }
}
