//! Marketing is judged before it is taken, and again before it goes.
//!
//! ```text
//!   submitted --+-- refused                                   hours close, terms change
//!               +-- held ---- its moment ----+                           |
//!               +-- queued, or a retry's ----+-- judged -- sent    withdrawn, judged again
//!                                                  |
//!                                                  +-- held again | REJECTED 010
//! ```
//!
//! A message of which a carrier has a segment is finished, not cut.

use std::sync::Arc;
use std::time::Duration;

use super::live::{HeldBy, Live, Place};
use super::recall::Held;
use super::{Counted, Effects, Shard};
use crate::clock::Now;
use crate::message::class::TrafficClass;
use crate::message::envelope::Head;
use crate::message::state::MessageState;
use crate::mt::policy::{
    AtQuietHours, Choice, Consent, Facts, Handset, Opening, Openings, Policies, Reach, Rule, Scope,
    Sent, Talks, Terms, Texted, Verdict, judge, opening, places, senders::refusal, spread,
};

/// Messages that are looked at again in one turn, so that others need not wait for a million.
const AGAIN_TURN: usize = 4096;

/// What is remembered for judging.
#[derive(Debug, Default)]
pub(super) struct Policing {
    openings: Openings,
    talks: Talks,
    /// What handsets got, as far as caps ask.
    sent: Sent,
    /// Tickets that are to be judged again, the last first: marketing that no carrier has all of.
    again: Vec<u64>,
}

/// A handset, and what the caps of a message count as one.
type Purpose = (Handset, Scope);

/// What is known of one message.
struct Known<'a> {
    message: &'a Head,
    purpose: Option<Purpose>,
    sent: &'a Sent,
    choice: Option<Choice>,
    terms: Option<&'a Terms>,
    is_answer: bool,
    /// The moment it is judged for, and the present one.
    at: Duration,
    now: Duration,
    openings: &'a mut Openings,
}

impl Policing {
    /// What is remembered where these hold.
    pub fn of(policies: Option<&Policies>) -> Self {
        let mut policing = Self::default();
        policing.set_caps(policies);
        policing
    }

    fn set_caps(&mut self, policies: Option<&Policies>) {
        self.sent.set_caps(policies.into_iter().flat_map(Policies::caps));
    }
}

impl Facts for Known<'_> {
    fn class(&self) -> TrafficClass {
        match self.is_answer && self.choice != Some(Choice::Out) {
            true => TrafficClass::Conversational,
            false => self.message.class,
        }
    }

    fn choice(&self) -> Option<Choice> {
        self.choice
    }

    fn needs_consent(&self) -> bool {
        self.terms.is_some_and(|terms| terms.consent == Consent::OptIn)
    }

    fn sender_refusal(&self) -> Option<&'static str> {
        let (source, destination) =
            (self.message.source.octets(), self.message.destination.octets());
        self.terms.filter(|terms| terms.sender_rules).and_then(|_| refusal(source, destination))
    }

    fn capped_until(&self) -> Option<Duration> {
        let caps = self.terms.map_or(&[][..], |terms| &terms.caps);
        self.sent.over(caps, self.purpose?, self.at)
    }

    fn opening(&mut self) -> Opening {
        let destination = self.message.destination.octets();
        let profile = self.terms.and_then(|terms| terms.quiet_hours.profile(destination));
        let Some(profile) = profile else { return Opening::Now };
        let places = places::of(destination);
        match self.at == self.now {
            true => self.openings.of(profile, places, self.at),
            // Of another day nothing is remembered.
            false => opening(profile, places, Default::default(), self.at),
        }
    }

    fn at_quiet_hours(&self) -> AtQuietHours {
        self.terms.map_or(AtQuietHours::Hold, |terms| terms.at_quiet_hours)
    }

    fn wall(&self) -> Duration {
        self.at
    }
}

impl<L: Clone> Shard<L> {
    /// What becomes of a message that is to go at a moment, or now if that has passed; of one that
    /// waits, until when.
    pub(super) fn verdict(
        &mut self,
        message: &Head,
        is_counted: bool,
        (at, now): (Duration, Duration),
    ) -> Verdict {
        if message.class != TrafficClass::Marketing {
            return Verdict::Send;
        }
        let policies = self.limits.policies.clone();
        if policies.is_none() && self.choices.is_empty() {
            return Verdict::Send;
        }
        let (source, destination) = (message.source.octets(), message.destination.octets());
        let at = at.max(now);
        let terms = policies.as_ref().and_then(|all| all.of(message.account, source, destination));
        let handset = Handset::of(destination);
        let scopes = self.limits.brands.scopes(message.account, source);
        let choice = handset.and_then(|handset| self.choices.among(handset, &scopes, at));
        let talks = &self.policing.talks;
        let is_answer = handset.zip(terms).is_some_and(|(handset, terms)| {
            talks.is_open((handset, sender_scope(source)), at, terms.conversation)
        });
        let per = terms.map_or(Reach::Brand, |terms| terms.caps_per);
        let purpose = handset.filter(|_| !is_counted).map(|handset| (handset, per.among(&scopes)));
        let Policing { openings, sent, .. } = &mut self.policing;
        let mut known =
            Known { message, purpose, sent, choice, terms, is_answer, at, now, openings };
        match judge(&mut known) {
            Verdict::Hold(until, rule) => {
                let over = terms.map_or(Duration::ZERO, |terms| terms.spread);
                // What leaves late in its validity leaves in the first half of what is left.
                let over = over.min(message.expires_at.saturating_sub(until) / 2);
                // Messages to one handset keep their order.
                let number = handset.map_or(0, Handset::number);
                Verdict::Hold(spread(until, over, number), rule)
            }
            verdict => verdict,
        }
    }

    /// Judges a message nothing of which is out, before it goes; whether it does not: it has ended,
    /// or waits.
    pub(super) fn is_kept_back<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) -> bool {
        let may_be_judged = |live: &&Live| {
            let is_marketing = live.message.class == TrafficClass::Marketing;
            is_marketing && !live.any(Place::Accepted) && !live.any(Place::Out)
        };
        let Some(live) = self.slots.get(ticket).filter(may_be_judged) else { return false };
        let (is_counted, is_with_carrier) = (live.is_counted, live.is_with_carrier());
        let message = live.message.clone();
        match self.verdict(&message, is_counted, (Duration::ZERO, now.wall)) {
            Verdict::Send => {
                if let Some(live) = self.slots.get_mut(ticket) {
                    live.held_by = None;
                }
                self.count_in(now, ticket);
                false
            }
            Verdict::Hold(until, rule) => {
                self.hold_until(ticket, until, rule, effects);
                true
            }
            // It may have been taken while it might: its receipt says, or its end.
            Verdict::Refuse(rule) if rule != Rule::OptedOut && is_with_carrier => {
                self.hold_until(ticket, message.expires_at, rule, effects);
                true
            }
            Verdict::Refuse(rule) => {
                effects.count(Counted::PolicyRefused(rule));
                self.end_refused(now, ticket, effects);
                true
            }
        }
    }

    /// A message goes: it counts for the caps of its handset from now on, once.
    pub(super) fn count_in(&mut self, now: Now, ticket: u64) {
        let Some(policies) = &self.limits.policies else { return };
        let is_new =
            |live: &&Live| live.message.class == TrafficClass::Marketing && !live.is_counted;
        let Some(live) = self.slots.get(ticket).filter(is_new) else { return };
        let message = &live.message;
        let (source, destination) = (message.source.octets(), message.destination.octets());
        let terms = policies.of(message.account, source, destination);
        let Some(terms) = terms.filter(|terms| !terms.caps.is_empty()) else { return };
        let Some(handset) = Handset::of(destination) else { return };
        let scope = terms.caps_per.among(&self.limits.brands.scopes(message.account, source));
        let texted = self.policing.sent.note((handset, scope), now.wall);
        if let (Some(ledger), Some(texted)) = (&mut self.ledger, texted) {
            ledger.texted(texted);
        }
        if let Some(live) = self.slots.get_mut(ticket) {
            live.is_counted = true;
        }
    }

    /// Takes over when messages were sent to a handset.
    pub fn restore_texted(&mut self, texted: Texted) {
        self.policing.sent.restore(texted);
    }

    /// By what caps are counted, to be written down.
    pub(super) fn texted(&self) -> &Sent {
        &self.policing.sent
    }

    /// Whether there is more to ask of a message than whether its handset has opted out.
    pub(super) fn is_to_be_judged(&self, ticket: u64) -> bool {
        let class = self.slots.get(ticket).map(|live| live.message.class);
        self.limits.policies.is_some() && class == Some(TrafficClass::Marketing)
    }

    /// Ends a message that may not be sent any more.
    pub(super) fn end_refused<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        let (state, error) = match live.is_with_carrier() {
            // It may have been taken.
            true => (MessageState::UNKNOWN, 12),
            false => (MessageState::REJECTED, Rule::ERROR),
        };
        self.end(now, ticket, state, error, effects);
    }

    /// A message waits until then.
    pub(super) fn hold_until<E: Effects<Link = L>>(
        &mut self,
        ticket: u64,
        until: Duration,
        rule: Rule,
        effects: &mut E,
    ) {
        effects.count(Counted::PolicyHeld(rule));
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.held_by = HeldBy::of(rule);
        live.wake_at = until.max(live.wake_at);
        self.due.push(live.wake_at, ticket);
        // Nobody waits until then for its turn.
        let lane = self.lane_of(ticket);
        self.leave_lane(lane, ticket, effects);
    }

    /// A handset has written to a number of ours: what that sends it is an answer for a while.
    pub(super) fn note_writer(&mut self, now: Now, handset: Handset, number: &[u8]) {
        let Some(policies) = &self.limits.policies else { return };
        let (of, max) = ((handset, sender_scope(number)), policies.conversation_max());
        self.policing.talks.note(of, now.wall, max);
    }

    /// It wants no more of it.
    pub(super) fn forget_writer(&mut self, handset: Handset, number: &[u8]) {
        self.policing.talks.end((handset, sender_scope(number)));
    }

    /// Other terms hold, or none do.
    pub(super) fn change_policies(&mut self, policies: Option<Arc<Policies>>) {
        self.limits.policies = policies;
        self.policing.openings = Openings::default();
        self.policing.set_caps(self.limits.policies.as_deref());
        match self.limits.policies {
            Some(_) => self.judge_all_again(Duration::MAX),
            None => self.policing.again.clear(),
        }
    }

    /// When hours close next, or at once while something is to be judged again.
    pub(super) fn policy_timeout(&self) -> Option<Duration> {
        match self.policing.again.is_empty() {
            true => self.policing.openings.closes_at(),
            false => Some(Duration::ZERO),
        }
    }

    /// Judges marketing again that waits anywhere, once hours have closed.
    pub(super) fn policy_turn<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        if self.limits.policies.is_none() {
            return;
        }
        if self.policing.openings.close(now.wall) {
            self.judge_all_again(now.wall);
        }
        for _ in 0..AGAIN_TURN {
            let Some(ticket) = self.policing.again.pop() else { return };
            self.judge_again(now, ticket, effects);
        }
    }

    fn judge_all_again(&mut self, wall: Duration) {
        // What is held already is not looked at: there may be very much of it.
        let tickets = self.marketing.tickets();
        let live = tickets.filter_map(|ticket| {
            let live = self.slots.get(ticket).filter(|live| is_to_be_judged_again(live, wall))?;
            Some((live.id, ticket))
        });
        let mut all: Vec<_> = live.collect();
        // Those of a lane come back in their order.
        all.sort_unstable_by(|one, other| other.cmp(one));
        self.policing.again = all.into_iter().map(|(_, ticket)| ticket).collect();
    }

    fn judge_again<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let live = self.slots.get(ticket).filter(|live| is_to_be_judged_again(live, now.wall));
        let Some(live) = live else { return };
        let (is_out, is_counted) = (live.any(Place::Out), live.is_counted);
        if !is_out {
            self.is_kept_back(now, ticket, effects);
            return;
        }
        let message = live.message.clone();
        let times = (Duration::ZERO, now.wall);
        if self.verdict(&message, is_counted, times) == Verdict::Send {
            return;
        }
        self.withdraw(ticket, Held::Judged, effects);
    }
}

/// What waits for its moment is judged then, and what is held for something else when it goes on;
/// what a dispatcher has of a message goes without either.
fn is_to_be_judged_again(live: &Live, wall: Duration) -> bool {
    !live.goes_on() && (live.any(Place::Out) || live.wake_at <= wall)
}

/// What a conversation with a number is known by.
fn sender_scope(number: &[u8]) -> Scope {
    let number = number.strip_prefix(b"+").unwrap_or(number);
    Scope::new(Reach::Sender, number, "", "")
}
