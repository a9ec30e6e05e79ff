//! Responses and receipts of live messages.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use super::awaited::UNKNOWN_MARGIN;
use super::awaiting::ALIKE_MAX;
use super::doubts::number_of;
use super::live::Of;
use super::siblings::Ended;
use super::{CarrierRules, Counted, Delivery, Effects, Found, Shard};
use crate::clock::{self, Now};
use crate::message::envelope::ENGINE;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mt::receipts::{
    CarrierReceipt, Fit, Lean, Outcome, Subject, is_wanted, same_number, tail,
};
use crate::planted::{Bug, is_planted};
use crate::wire::{CommandStatus, SequenceNumber};

/// The message that a receipt is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// It is live.
    Live(u64),
    /// It awaits its receipts, at this place; with its id, as places are used again.
    Awaited(u32, MessageId),
}

impl<L: Clone> Shard<L> {
    /// The carrier took a segment; `again` when another copy of it may wait at the dispatcher.
    pub(super) fn segment_accepted<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        key: Option<u64>,
        again: bool,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let id = live.id;
        live.accept(segment, key);
        if again {
            // The answer may be the first copy's: the second need not go any more. What else of the
            // message comes back with it goes again.
            effects.withdraw(live.carrier, ticket);
        }
        let wants_receipt = live.wants_receipt();
        let rules = self.carriers.get(live.carrier as usize);
        let receipts = rules.map(|rules| rules.receipt_segments).unwrap_or_default();
        let policy = self.limits.multipart_state_of(live.message.account);
        let settled = policy.is_decided(live.worst.as_ref()) || live.progress.is_settled(receipts);
        let complete = live.all_accepted();
        let nameless = key.is_none() && wants_receipt;
        let key = key.filter(|_| wants_receipt);
        if nameless {
            self.note_doubt(ticket);
        }
        let mut target = Target::Live(ticket);
        if complete && settled {
            // Receipts that came before the last response have said it all.
            self.complete(now, ticket, effects);
        } else if complete && !wants_receipt {
            self.part(now, ticket, effects);
        } else if complete && let Some(place) = self.await_receipt(now, ticket, effects) {
            target = Target::Awaited(place, id);
        }
        if let Some(key) = key {
            if let Target::Live(ticket) = target
                && self.slots.get(ticket).is_some()
            {
                self.link_key(key, ticket);
            }
            if !self.parked.is_empty() {
                self.unpark(now, key, target, effects);
            }
        }
        self.inherit(now, id, effects);
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
        if is_planted(Bug::ReceiptDropped) && sequence.is_multiple_of(16) {
            return;
        }
        let lean = self.lean(&receipt);
        if let Some((key, target)) = self.find(&receipt, lean.keys(&receipt.keys)) {
            self.matched(now, key, target, &receipt, effects);
        } else if self.has_ended(&receipt, lean.keys(&receipt.keys)) {
            effects.count(Counted::ReceiptDuplicate);
        } else if receipt.keys.is_empty() {
            // No response can name it, so there is nothing to wait for.
            if !self.settle_by_receipt(now, &receipt, Fit::Quotes, effects) {
                effects.count(Counted::ReceiptUnknown(receipt.carrier));
            }
        } else if self.limits.parked_max == 0 {
            self.give_up_receipt(now, receipt, effects);
        } else {
            effects.count(Counted::ReceiptParked(receipt.carrier));
            self.park(now, receipt, effects);
        }
    }

    /// Keeps a receipt for the response it belongs to; the oldest gives way.
    pub(super) fn park<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        receipt: CarrierReceipt,
        effects: &mut E,
    ) {
        while self.parked.len() >= self.limits.parked_max.max(1) {
            let Some(oldest) = self.parked.pop() else { break };
            self.give_up_receipt(now, oldest, effects);
        }
        self.parked.push(receipt, now.monotonic, self.limits.parked_max_age);
    }

    /// No response has come that a receipt could belong to. Two chances are left: that its carrier
    /// writes ids otherwise than it has done so far, and that the response never came.
    pub(super) fn give_up_receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        receipt: CarrierReceipt,
        effects: &mut E,
    ) {
        if let Some((key, target)) = self.find(&receipt, receipt.keys.iter()) {
            self.matched(now, key, target, &receipt, effects);
        } else if !self.settle_by_receipt(now, &receipt, Fit::May, effects) {
            effects.count(Counted::ReceiptUnknown(receipt.carrier));
            let handset = receipt.destination.octets();
            if self.doubts.bury_orphan(number_of(receipt.carrier, handset)) {
                // It has had its receipt: the same one again is not another's.
                for (_, key) in receipt.keys.iter() {
                    self.ended.remember(key, tail(handset));
                }
            }
        }
    }

    pub(super) fn lean(&self, receipt: &CarrierReceipt) -> Lean {
        self.leans.get(receipt.carrier as usize).copied().unwrap_or_default()
    }

    /// The newest message under the first of these keys that has one whose destination agrees.
    fn find(
        &self,
        receipt: &CarrierReceipt,
        mut keys: impl Iterator<Item = (usize, u64)>,
    ) -> Option<((usize, u64), Target)> {
        keys.find_map(|key| Some((key, self.newest(key.1, receipt)?)))
    }

    fn newest(&self, key: u64, receipt: &CarrierReceipt) -> Option<Target> {
        let awaited = self.awaiting.find(key, &receipt.destination);
        let mut live = self.candidates(key).iter().filter_map(|&ticket| {
            let live = self.slots.get(ticket)?;
            same_number(live.message.destination.octets(), receipt.destination.octets())
                .then_some((ticket, live.id))
        });
        match (live.next(), awaited) {
            (Some((ticket, id)), awaited) if awaited.is_none_or(|(_, other)| other < id) => {
                Some(Target::Live(ticket))
            }
            (_, awaited) => awaited.map(|(place, id)| Target::Awaited(place, id)),
        }
    }

    /// Whether a receipt came from where this message went.
    fn agrees(&self, target: Target, receipt: &CarrierReceipt) -> bool {
        match target {
            Target::Live(ticket) => self.slots.get(ticket).is_some_and(|live| {
                same_number(live.message.destination.octets(), receipt.destination.octets())
            }),
            Target::Awaited(place, id) => self.awaiting.is_at(place, id, &receipt.destination),
        }
    }

    fn is_there(&self, target: Target) -> bool {
        match target {
            Target::Live(ticket) => self.slots.get(ticket).is_some(),
            Target::Awaited(place, id) => {
                self.awaiting.get(place).is_some_and(|record| record.id == id)
            }
        }
    }

    fn has_ended(
        &mut self,
        receipt: &CarrierReceipt,
        mut keys: impl Iterator<Item = (usize, u64)>,
    ) -> bool {
        let number = tail(receipt.destination.octets());
        keys.any(|(_, key)| self.ended.knows(key, number))
    }

    fn matched<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        (notation, key): (usize, u64),
        target: Target,
        receipt: &CarrierReceipt,
        effects: &mut E,
    ) {
        effects.count(Counted::ReceiptMatched(receipt.state));
        if let Some(lean) = self.leans.get_mut(receipt.carrier as usize)
            && !lean.is_certain_of(notation)
            && receipt.keys.is_ambiguous()
            && lean.learn(notation)
        {
            effects.count(Counted::IdNotation { carrier: receipt.carrier, notation });
        }
        match target {
            Target::Live(ticket) => {
                let of = self.doubts.copy(ticket, key).map_or(Of::Key(key), Of::Segment);
                self.apply(now, of, ticket, receipt, effects);
            }
            Target::Awaited(place, _) => self.apply_to_awaited(now, (key, place), receipt, effects),
        }
    }

    /// Notes what a receipt says of a segment, and tells the account.
    pub(super) fn apply<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        of: Of,
        ticket: u64,
        receipt: &CarrierReceipt,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let Some(rules) = self.carriers.get(live.carrier as usize) else { return };
        let is_final = is_final(receipt, rules);
        let done = receipt.done_at(now);
        let message = live.message.clone();
        let (state, cause) = (receipt.state, receipt.cause.clone());
        let outcome = Outcome { id: live.id, state, is_final, cause, done };
        let segment = live.progress.first_of(of);
        let ends = is_final && live.segments == 1 && live.awaits_receipt;
        if let Some(ledger) = self.ledger.as_mut().filter(|_| !live.has_ended(segment)) {
            ledger.heard((live.id, segment), (state, is_final), ends);
        }
        if !is_final {
            if receipt.says_nothing() {
                self.note_unknown(now, ticket);
            }
            self.tell(message.subject(), outcome, effects);
            return;
        }
        if !live.progress.end_segments(of, state) {
            effects.count(Counted::ReceiptDuplicate);
            return;
        }
        let policy = self.limits.multipart_state_of(message.account);
        let (state, cause) = policy.with(live.worst.take(), (state, outcome.cause.clone()));
        live.worst = Some((state, cause.clone()));
        live.done_s = clock::seconds(done);
        if !live.awaits_receipt {
            return;
        }
        let decided = policy.is_decided(live.worst.as_ref());
        if !decided && !live.progress.is_settled(rules.receipt_segments) {
            // The others may never come, and the account is to hear of its message.
            let until = now.wall + rules.receipt_segments_wait;
            if until < live.wake_at {
                live.wake_at = until;
                self.due.push(until, ticket);
            }
            return;
        }
        effects.count(Counted::FinalReceipt(now.wall.saturating_sub(message.accepted_at)));
        let outcome = Outcome { state, cause, ..outcome };
        self.end_by_receipt(now, ticket, outcome, effects);
    }

    /// The end of a live message of which receipts have said it.
    fn end_by_receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        outcome: Outcome,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let (message, carrier) = (live.message.clone(), live.carrier);
        let heirs = self.heirs(carrier, Ended { outcome: &outcome, by_receipt: true });
        self.close(ticket, &outcome, effects);
        self.tell(message.subject(), outcome, effects);
        heirs.into_iter().for_each(|heir| self.inherit(now, heir, effects));
    }

    /// Whether nothing follows what a carrier says so.
    pub(super) fn says_final(&self, receipt: &CarrierReceipt) -> bool {
        let rules = self.carriers.get(receipt.carrier as usize);
        rules.is_some_and(|rules| is_final(receipt, rules))
    }

    /// Nothing is known of a message, and more may follow; but it is not waited for as long as for
    /// what nobody has said anything of.
    fn note_unknown(&mut self, now: Now, ticket: u64) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.said_unknown = true;
        let until = live.message.expires_at.max(now.wall) + UNKNOWN_MARGIN;
        if live.awaits_receipt && until < live.wake_at {
            live.wake_at = until;
            self.due.push(until, ticket);
        }
    }

    /// The end of a message whose every segment was taken, and about which nothing more is heard.
    pub(super) fn complete<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let Some((state, cause)) = live.worst.clone() else {
            self.part(now, ticket, effects);
            return;
        };
        let done = Duration::from_secs(u64::from(live.done_s)).min(now.wall);
        let outcome = Outcome { id: live.id, state, is_final: true, cause, done };
        self.end_by_receipt(now, ticket, outcome, effects);
    }

    /// Sends the account its receipt, if it asked for one of this state.
    pub(super) fn tell<E: Effects<Link = L>>(
        &mut self,
        subject: Subject,
        mut outcome: Outcome,
        effects: &mut E,
    ) {
        // Nobody asked for what the engine says by itself.
        if subject.account == ENGINE {
            let of = (&subject.source, &subject.destination);
            return self.reply_ended(of, (outcome.id, outcome.state));
        }
        let one = self.limits.one_receipt.get(subject.account as usize) == Some(&true);
        if one && subject.is_told_by_the_last(&outcome) {
            return;
        }
        outcome.id = self.shown_id(outcome.id);
        if is_wanted(subject.registered_delivery, outcome.state, outcome.is_final) {
            let (account, subject) = (subject.account, Arc::new(subject));
            self.deliver(account, Delivery::Receipt { number: 0, subject, outcome }, effects);
        }
    }

    /// The response has come: receipts that were waiting for it are matched now.
    pub(super) fn unpark<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        key: u64,
        target: Target,
        effects: &mut E,
    ) {
        let mut parked = std::mem::take(&mut self.parked);
        let fits = |receipt: &CarrierReceipt| {
            let mut keys = self.lean(receipt).keys(&receipt.keys);
            keys.any(|(_, one)| one == key) && self.agrees(target, receipt)
        };
        let found = parked.take(key, fits);
        self.parked = parked;
        for receipt in found {
            let key = receipt.keys.iter().find(|(_, one)| *one == key);
            if let Some(key) = key.filter(|_| self.is_there(target)) {
                self.matched(now, key, target, &receipt, effects);
            } else {
                effects.count(Counted::ReceiptDuplicate);
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

    /// Enters a carrier's id; where it was used before, the newest is found first, and of more than
    /// [`ALIKE_MAX`] the oldest not at all.
    pub(super) fn link_key(&mut self, key: u64, ticket: u64) {
        match self.by_key.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(Found::One(ticket));
            }
            Entry::Occupied(mut found) => match found.get_mut() {
                Found::One(old) if *old == ticket => {}
                Found::One(old) => {
                    let both = vec![ticket, *old];
                    found.insert(Found::Several(both));
                }
                Found::Several(tickets) => {
                    tickets.retain(|&one| one != ticket);
                    tickets.insert(0, ticket);
                    tickets.truncate(ALIKE_MAX);
                }
            },
        }
    }

    pub(super) fn unlink(&mut self, key: u64, ticket: u64) {
        let Entry::Occupied(mut found) = self.by_key.entry(key) else { return };
        match found.get_mut() {
            Found::One(one) if *one == ticket => {
                found.remove();
            }
            Found::One(_) => {}
            Found::Several(tickets) => {
                tickets.retain(|&one| one != ticket);
                if let [only] = tickets.as_slice() {
                    let only = *only;
                    found.insert(Found::One(only));
                }
            }
        }
    }
}

pub(super) fn is_final(receipt: &CarrierReceipt, rules: &CarrierRules) -> bool {
    use crate::message::state::AcceptedMeans::{Final, Intermediate};
    if receipt.state == MessageState::UNKNOWN {
        return rules.unknown_is_final && !receipt.is_provisional;
    }
    receipt.state.is_final(if rules.accepted_is_final { Final } else { Intermediate })
}
