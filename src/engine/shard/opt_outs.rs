//! Handsets that want no more marketing: heard before any owner, and the end of what waits for
//! them.
//!
//! ```text
//!   MO: stop -> written down, and of the handset's marketing in scope:
//!       nothing of it out -> REJECTED 010
//!       with its dispatcher -> held, withdrawn -> all came back unsent -> REJECTED 010
//!                                              -> taken: it is finished, not cut
//!   submitted later: refused
//! ```
//!
//! What waits for a retry, its moment or its turn is looked at again before it goes, so that
//! nothing depends on where it was when the handset wrote. One in doubt is not sent a second time.

use std::collections::HashMap;
use std::time::Duration;

use super::live::{Live, Place};
use super::recall::Held;
use super::talks::text_of;
use super::{Counted, Effects, Shard};
use crate::clock::{self, Now};
use crate::message::class::TrafficClass;
use crate::message::envelope::Message;
use crate::mo::keyword::{Certainty, Keywords, Request, Situation};
use crate::mo::reassembly::Mark;
use crate::mo::{MoMessage, Owner, Recipient};
use crate::mt::policy::ledger::Source;
use crate::mt::policy::{Choice, Chosen, Handset, Rule, Scope, StopBy};
use crate::text::DefaultAlphabet;

/// Digits of a number of the United States or Canada, with its country code.
const AMERICAN_DIGITS: usize = 11;

/// Tickets of marketing that no carrier has all of, by handset: as many as there are such messages.
#[derive(Debug, Default)]
pub(super) struct Marketing {
    by_handset: HashMap<Handset, Vec<u64>, foldhash::fast::FixedState>,
}

impl<L: Clone> Shard<L> {
    /// Looks for what a message from a handset asks of the engine itself; whether that is all there
    /// is to do with it.
    pub(super) fn hears<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        message: &MoMessage,
        owner: Option<&Owner>,
        effects: &mut E,
    ) -> bool {
        let number = message.destination.octets();
        let sender = self.limits.brands.of(number);
        let stop = sender.map_or(StopBy::Engine, |sender| sender.stop);
        let passes = sender.is_some_and(|sender| sender.pass_stop);
        let Some(handset) = Handset::of(message.source.octets()) else { return false };
        let source = message.source.octets();
        let digits = source.strip_prefix(b"+").unwrap_or(source);
        let zero = DefaultAlphabet::Gsm7;
        let bot = match owner.and_then(|owner| owner.of(Some(message), zero)) {
            Some(Recipient::Bot(bot)) => Some(bot.bot()),
            _ => None,
        };
        // A bot has nobody behind it who would hear it.
        if stop != StopBy::Engine && bot.is_none() {
            return false;
        }
        let situation = Situation {
            united_states: digits.len() == AMERICAN_DIGITS && digits.starts_with(b"1"),
            // Of a bot it is known; another owner may have asked something, and ANNULER be the
            // answer.
            question: bot.is_none() || self.has_open_question(message),
        };
        // What its carrier calls data_coding 0 has been translated.
        let heard = Keywords::shipped().hear_mo(message, zero, situation);
        let Some(heard) = heard else {
            self.note_writer(now, handset, number);
            return false;
        };
        effects.count(Counted::MoRequest(heard.request));
        let scope = self.limits.brands.scope_of(number);
        // What may mean something else, and a segment of something longer, is its owner's too.
        let is_all = heard.certainty == Certainty::Certain && Mark::of(message).is_none();
        match heard.request {
            Request::Help => {
                self.note_writer(now, handset, number);
                let knows =
                    bot.is_some_and(|bot| bot.knows(&text_of(std::slice::from_ref(message))));
                return is_all && !knows && self.answer_request(now, message, &heard, effects);
            }
            Request::Start => {
                self.note_writer(now, handset, number);
                let is_news = self.choose(now, (handset, scope), Choice::In);
                let is_said = is_news && self.answer_request(now, message, &heard, effects);
                // One answer is enough.
                return is_said && bot.is_some();
            }
            Request::Stop => {}
        }
        self.forget_writer(handset, number);
        let is_news = self.choose(now, (handset, scope), Choice::Out);
        self.end_marketing_of(now, handset, scope, effects);
        // Once: who writes it again knows. One that the carrier brings again is none either.
        if is_news && heard.certainty == Certainty::Certain {
            self.answer_request(now, message, &heard, effects);
        }
        // Nothing of ours follows it, also where its bot had asked something.
        if is_all {
            self.end_talk(message);
        }
        is_all && !passes
    }

    /// Takes a choice; whether it is news.
    fn choose(&mut self, now: Now, (handset, scope): (Handset, Scope), choice: Choice) -> bool {
        let at_s = clock::seconds(now.wall);
        let chosen = Chosen { handset, scope, choice, at_s, source: Source::Keyword };
        // Who never opted out has nothing to opt in to again.
        let is_known = self.choices.of(handset, scope).is_some();
        let is_news = (is_known || choice == Choice::Out) && self.choices.choose(chosen);
        // Also when it is the same again: what is older than this counts no more.
        if let Some(ledger) = self.ledger.as_mut().filter(|_| is_news || is_known) {
            ledger.chosen(&chosen);
        }
        is_news
    }

    /// Whether the handset of a message has opted out of it.
    pub(super) fn is_opted_out<B: ?Sized>(&self, message: &Message<B>, wall: Duration) -> bool {
        if message.class != TrafficClass::Marketing || self.choices.is_empty() {
            return false;
        }
        let Some(handset) = Handset::of(message.destination.octets()) else { return false };
        let scopes = self.limits.brands.scopes(message.account, message.source.octets());
        self.choices.among(handset, &scopes, wall) == Some(Choice::Out)
    }

    /// Whether nothing more of a message is sent because its handset has opted out: no carrier took
    /// a segment of it, nor has one that may be taken.
    pub(super) fn is_withheld(&self, ticket: u64) -> bool {
        if self.choices.is_empty() {
            return false;
        }
        let has_left = |live: &Live| live.any(Place::Accepted) || live.any(Place::Out);
        self.slots.get(ticket).is_some_and(|live| {
            // A choice does not end with time.
            !has_left(live) && self.is_opted_out(&live.message, Duration::ZERO)
        })
    }

    /// Ends a message that is withheld; whether it was.
    pub(super) fn end_opted_out<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) -> bool {
        if !self.is_withheld(ticket) {
            return false;
        }
        effects.count(Counted::PolicyRefused(Rule::OptedOut));
        self.end_refused(now, ticket, effects);
        true
    }

    /// A message that is withheld ends at the shard's next turn.
    pub(super) fn end_soon(&mut self, ticket: u64) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.wake_at = Duration::from_secs(1);
        self.due.push(live.wake_at, ticket);
    }

    /// Ends what waits for a handset of what it opted out of.
    pub(super) fn end_marketing_of<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        handset: Handset,
        scope: Scope,
        effects: &mut E,
    ) {
        let Some(tickets) = self.marketing.by_handset.get(&handset).cloned() else { return };
        for ticket in tickets {
            let Some(live) = self.slots.get(ticket) else { continue };
            let scopes =
                self.limits.brands.scopes(live.message.account, live.message.source.octets());
            if !scopes.contains(&scope) || live.goes_on() {
                continue;
            }
            if !live.any(Place::Out) {
                self.end_opted_out(now, ticket, effects);
                continue;
            }
            self.withdraw(ticket, Held::Judged, effects);
        }
    }

    /// A message is live: it may be marketing.
    pub(super) fn note_marketing(&mut self, ticket: u64) {
        let Some(live) = self.slots.get(ticket) else { return };
        if let Some(handset) = marketing_to(&live.message) {
            self.marketing.by_handset.entry(handset).or_default().push(ticket);
        }
    }

    /// It is not any more, or a carrier has all of it.
    pub(super) fn forget_marketing(&mut self, ticket: u64) {
        let Some(live) = self.slots.get(ticket) else { return };
        let Some(handset) = marketing_to(&live.message) else { return };
        if let Some(tickets) = self.marketing.by_handset.get_mut(&handset) {
            tickets.retain(|other| *other != ticket);
            if tickets.is_empty() {
                self.marketing.by_handset.remove(&handset);
            }
        }
    }
}

impl Marketing {
    /// All of them, in no order.
    pub fn tickets(&self) -> impl Iterator<Item = u64> {
        self.by_handset.values().flatten().copied()
    }

    /// Whether no message is known.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.by_handset.is_empty()
    }
}

/// The handset of a message that is marketing.
fn marketing_to<B: ?Sized>(message: &Message<B>) -> Option<Handset> {
    let is_marketing = message.class == TrafficClass::Marketing;
    is_marketing.then(|| Handset::of(message.destination.octets())).flatten()
}
