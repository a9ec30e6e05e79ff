//! MO: held where somebody needs the whole, then to the owner of their number.

use std::sync::Arc;

use super::{Counted, Delivery, Effects, Shard};
use crate::clock::Now;
use crate::mo::reassembly::{Mark, Reassembled, Why, identity, join};
use crate::mo::{MoMessage, Owner, Recipient};
use crate::text::DefaultAlphabet;
use crate::wire::{CommandStatus, SequenceNumber};

impl<L: Clone> Shard<L> {
    /// A message from a handset, or a segment of one, to a number of this owner.
    pub fn mo<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        (link, sequence): (&L, SequenceNumber),
        owner: Option<Owner>,
        message: MoMessage,
        effects: &mut E,
    ) {
        effects.answer(link, sequence, CommandStatus::ESME_ROK);
        self.take_mo(now, owner, message, effects);
    }

    pub(super) fn take_mo<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        owner: Option<Owner>,
        message: MoMessage,
        effects: &mut E,
    ) {
        if self.hears(now, &message, owner.as_ref(), effects) {
            return;
        }
        let Some(owner) = owner else {
            effects.count(Counted::MoUnowned);
            return;
        };
        // The rule, and what it costs nothing for: an owner of all who takes segments.
        if !owner.needs_whole() {
            self.mo_each(owner.default.and_then(|owner| owner.account()), [message], effects);
            return;
        }
        match Mark::of(&message) {
            Some(mark) if !self.releasing => {
                if let Some(ledger) = &mut self.ledger {
                    ledger.held(&message);
                }
                self.reassembly.arrive(now.monotonic, owner, mark, message);
                self.mo_out(now, effects);
            }
            _ => self.mo_to_owner(now, &owner, vec![message], false, effects),
        }
    }

    /// Nothing is held from now on: what there is goes on as it is.
    pub fn release<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        self.releasing = true;
        self.reassembly.release();
        self.mo_out(now, effects);
    }

    /// Segments that wait for others of their message.
    #[must_use]
    pub fn held_segments(&self) -> usize {
        self.reassembly.segments()
    }

    /// Hands on what the reassembly has done with.
    pub(super) fn mo_out<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        let duplicates = self.reassembly.take_duplicates();
        if duplicates > 0 {
            effects.count(Counted::MoDuplicates(duplicates));
        }
        let dropped = self.reassembly.take_dropped();
        if let Some(ledger) = &mut self.ledger {
            dropped.into_iter().for_each(|identity| ledger.released(identity));
        }
        while let Some(Reassembled { of, segments, why }) = self.reassembly.poll() {
            if let Some(ledger) = &mut self.ledger {
                segments.iter().for_each(|segment| ledger.released(identity(segment)));
            }
            effects.count(match why {
                Why::Whole => Counted::MoReassembled,
                why => Counted::MoIncomplete(why),
            });
            self.mo_to_owner(now, &of, segments, why == Why::Whole, effects);
        }
    }

    /// To whoever owns it by its first segment: a bot, or an account, as one message if that is
    /// wanted and all of it is here, else each segment as it came.
    fn mo_to_owner<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        owner: &Owner,
        segments: Vec<MoMessage>,
        is_whole: bool,
        effects: &mut E,
    ) {
        let is_first = |one: &&MoMessage| Mark::of(one).is_none_or(|mark| mark.sequence == 1);
        let first = segments.first().filter(is_first);
        // What its carrier calls data_coding 0 has been translated.
        let recipient = owner.of(first, DefaultAlphabet::Gsm7);
        if let Some(Recipient::Bot(bot)) = recipient {
            self.mo_to_bot(now, bot, &segments, effects);
            return;
        }
        let wants_one = recipient.is_some_and(Recipient::wants_whole);
        let account = recipient.and_then(Recipient::account);
        let whole = if is_whole && wants_one { join(&segments) } else { None };
        match whole {
            Some(whole) => self.mo_each(account, [whole], effects),
            None => self.mo_each(account, segments, effects),
        }
    }

    fn mo_each<E: Effects<Link = L>>(
        &mut self,
        account: Option<u32>,
        messages: impl IntoIterator<Item = MoMessage>,
        effects: &mut E,
    ) {
        for message in messages {
            match account {
                Some(account) => {
                    effects.count(Counted::Mo);
                    let message = Arc::new(message);
                    self.deliver(account, Delivery::Mo { number: 0, message }, effects);
                }
                None => effects.count(Counted::MoUnowned),
            }
        }
    }
}
