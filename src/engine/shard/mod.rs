//! A shard: the owner of live messages.
//!
//! It is a plain state machine: each method is told what came and what time it is, and what is to
//! be done comes out through [`Effects`]. Messages are divided among shards by their handset's
//! number, so everything about one message, its segments, responses and receipts, happens here and
//! in order, and nothing is shared.
//!
//! ```text
//!   admit -> each segment: back -> out -> accepted      all accepted -> awaiting receipt -> gone
//!                           ^      |
//!                           +------+ refused for now, not sent, in doubt; due: scheduled, retry
//! ```
//!
//! [`Effects::accepted`] is where durability goes: what a journal must hold before the account
//! hears of it is all known there.

mod asked;
mod awaited;
mod awaiting;
mod consents;
mod deliveries;
mod doubts;
mod due;
mod earlier;
mod effects;
mod ended;
mod entering;
mod expiry;
mod ledger;
mod live;
mod mo;
mod multi;
mod opt_outs;
mod operations;
mod parked;
mod policy;
mod questions;
mod queued;
mod recall;
mod receipts;
mod reconfigure;
pub(in crate::engine) mod records;
mod register;
mod replace;
mod restore;
mod segments;
mod siblings;
mod spent;
mod stays;
mod talks;
#[cfg(test)]
mod tests;
mod trace;
mod turns;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Now;
use crate::message::state::MessageState;
use crate::mo::Owner;
use crate::mo::reassembly::Reassembly;
use crate::mt::policy::{Choices, Verdict};
use crate::mt::receipts::{Lean, Outcome, tail};
use crate::mt::references::References;
use crate::planted::{Bug, is_planted};
use crate::wire::CommandStatus;
pub use asked::Standing;
use awaiting::Awaiting;
use deliveries::{Apart, PutBy};
use doubts::Doubts;
use due::Due;
use earlier::Earlier;
pub use effects::{
    CarrierRules, Counted, Delivery, Effects, InDoubtPolicy, Limits, SegmentResult, Submission,
    Waits,
};
use ended::Ended;
use ledger::Ledger;
pub use ledger::Walk;
pub use live::HeldBy;
use live::{Live, Place, Slots};
pub use live::{SHARDS_MAX, shard_of};
use multi::Multis;
use operations::Operations;
pub use operations::{Deed, Filter, Findings, Wish};
use opt_outs::Marketing;
use parked::Parked;
use policy::Policing;
use questions::Questions;
pub use questions::{CarrierSays, Question};
use queued::{Queued, Share};
pub use recall::Cancellation;
use recall::Recalls;
pub use register::End;
use register::Register;
pub(in crate::engine) use restore::Ending;
use siblings::{Ended as SegmentEnded, Siblings};
use spent::SpentReceipts;
pub use stays::Stays;
pub(in crate::engine) use talks::Talk;
use talks::Talks;
pub use talks::{Granted, TalkKey, TalkLine, TalkTold, TalkWish};
pub use trace::{LiveTrace, SegmentPlace, SegmentTrace, Trace};
use turns::Turns;

/// Tickets that stand for an account in the calendar: those of a shard no message has.
const ACCOUNT_TICKETS: u64 = 63 << 58;
/// In one of these: it stands for a conversation.
const TALK: u64 = 1 << 57;
const TALK_TICKETS: u64 = ACCOUNT_TICKETS | TALK;
/// Those that stand for a message that awaits its receipt and is live no more.
const AWAITED_TICKETS: u64 = 62 << 58;
/// Moments that are kept in one turn, so that others need not wait for a million messages that are
/// to be sent at nine.
const DUE_TURN: usize = 32_768;
/// The shard of a ticket.
const TICKET_SHARD: u64 = 63 << 58;

/// One shard.
#[derive(Debug)]
pub struct Shard<L> {
    index: u8,
    node: u16,
    /// The counter of its first id.
    first: u64,
    counter: u64,
    /// Counters of all shards, and that of submit_multi's ids: each takes every n-th, so that no
    /// two give the same id.
    counter_step: u64,
    limits: Limits,
    carriers: Vec<CarrierRules>,
    /// How each carrier writes ids, as far as it has been learnt.
    leans: Vec<Lean>,
    slots: Slots,
    register: Register,
    /// Messages of earlier processes.
    earlier: Earlier,
    /// What is to be written down; `None` where nothing is.
    ledger: Option<Box<Ledger>>,
    multis: Multis,
    siblings: Siblings,
    recalls: Recalls<L>,
    operations: Operations,
    /// Messages not yet answered by their carrier.
    queued: Queued,
    due: Due,
    /// Live messages that their carrier has something of, by what receipts of it are found by.
    by_key: HashMap<u64, Found, foldhash::fast::FixedState>,
    parked: Parked,
    doubts: Doubts,
    /// Receipts that settled doubts.
    spent: SpentReceipts,
    questions: Questions,
    ended: Ended,
    awaiting: Awaiting,
    /// Live messages that await their receipt, oldest first; some are gone already.
    awaiting_live: VecDeque<u64>,
    waiting: HashMap<u32, VecDeque<Delivery>, foldhash::fast::FixedState>,
    put_by: PutBy,
    apart: Apart,
    references: References,
    /// Whose turn it is, where messages go one at a time; `None` as long as none had to.
    turns: Option<Turns>,
    reassembly: Reassembly<Owner>,
    /// What handsets have chosen.
    choices: Choices,
    /// Marketing that no carrier has all of, by handset: what an opt-out ends.
    marketing: Marketing,
    /// What the engine says by itself.
    talks: Talks,
    /// By what it is judged.
    policing: Policing,
    /// Set while the engine stops: nothing is held for its other segments any more.
    releasing: bool,
}

/// From one id that a shard gives to its next, where there are so many shards: each has its own,
/// and those of submit_multi, which several shards have a part of, are between.
#[must_use]
pub fn id_step(shards: usize) -> u64 {
    shards.max(1) as u64 + 1
}

/// The message a carrier's id stands for; the newest first where an id was used again.
#[derive(Clone, Debug)]
enum Found {
    One(u64),
    Several(Vec<u64>),
}

impl<L: Clone> Shard<L> {
    /// A shard of a node: the `index`-th of `count`. `first` is the first counter this process may
    /// use for ids; `seed`, another one in each process, says where references begin.
    #[must_use]
    pub fn new(
        (index, count): (u8, u8),
        node: u16,
        (first, seed): (u64, u64),
        limits: Limits,
        carriers: Vec<CarrierRules>,
    ) -> Self {
        Self {
            index,
            node,
            first: first + u64::from(index),
            counter: first + u64::from(index),
            counter_step: id_step(usize::from(count)),
            reassembly: Reassembly::new(limits.reassembly),
            register: Register::new(limits.ended_max),
            earlier: Earlier::default(),
            ledger: None,
            multis: Multis::default(),
            siblings: Siblings::default(),
            choices: Choices::default(),
            marketing: Marketing::default(),
            talks: Talks::default(),
            policing: Policing::of(limits.policies.as_deref()),
            releasing: false,
            limits,
            leans: vec![Lean::default(); carriers.len()],
            turns: carriers
                .iter()
                .any(|one| one.unanswered_per_destination > 0)
                .then(Turns::default),
            carriers,
            slots: Slots::default(),
            queued: Queued::default(),
            due: Due::default(),
            by_key: HashMap::default(),
            parked: Parked::default(),
            doubts: Doubts::default(),
            spent: SpentReceipts::default(),
            questions: Questions::default(),
            ended: Ended::default(),
            awaiting: Awaiting::default(),
            awaiting_live: VecDeque::new(),
            waiting: HashMap::default(),
            put_by: PutBy::default(),
            apart: Apart::default(),
            references: References::new(seed),
            recalls: Recalls::default(),
            operations: Operations::default(),
        }
    }

    /// Takes a message, or refuses it when the queue is full.
    pub fn admit<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        submission: Submission<L>,
        effects: &mut E,
    ) {
        let Submission { link, sequence, message, carrier } = submission;
        let octets = message.octets();
        let verdict = self.verdict(&*message, false, (message.send_at, now.wall));
        if let Verdict::Refuse(rule) = verdict {
            effects.count(Counted::PolicyRefused(rule));
            effects.released(message.account, carrier, octets);
            effects.refused(&link, sequence, rule.status());
            return;
        }
        let place = match self.is_full(octets) {
            true => Err(CommandStatus::ESME_RMSGQFUL),
            false => self.queued.place(&self.limits, &message, None, effects),
        };
        let away = match place {
            Ok(away) => away,
            Err(status) => {
                effects.released(message.account, carrier, octets);
                effects.refused(&link, sequence, status);
                return;
            }
        };
        let id = self.next_id();
        let message = self.join_siblings(id, message, carrier);
        let ticket = self.enter(id, message, away, carrier);
        effects.accepted(&link, sequence, id);
        match verdict {
            Verdict::Hold(until, rule) => self.hold_until(ticket, until, rule, effects),
            _ => self.go(now, ticket, effects),
        }
    }

    /// What time has brought: scheduled messages, retries, doubts, expiries.
    pub fn handle_timeout<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        while let Some(receipt) = self.parked.pop_due(now.monotonic) {
            self.give_up_receipt(now, receipt, effects);
        }
        self.policy_turn(now, effects);
        self.search_turn(now, effects);
        self.operate_turn(now, effects);
        self.questions.refill();
        self.reassembly.handle_timeout(now.monotonic);
        self.mo_out(now, effects);
        for _ in 0..DUE_TURN {
            let Some(ticket) = self.due.pop(now.wall) else { break };
            match ticket & TICKET_SHARD {
                ACCOUNT_TICKETS if ticket & TALK != 0 => self.talk_due(now, ticket as u32, effects),
                ACCOUNT_TICKETS => self.account_due(now, ticket as u32, effects),
                AWAITED_TICKETS => self.awaited_due(now, ticket, effects),
                _ => {
                    self.ask_when_due(now, ticket, effects);
                    self.message_due(now, ticket, effects);
                }
            }
        }
        self.give_up_oldest(now, effects);
        let (slots, awaiting, questions) = (&self.slots, &self.awaiting, &self.questions);
        self.due.compact(slots.len() + awaiting.len_of_more(), |ticket, moment| {
            match ticket & TICKET_SHARD {
                ACCOUNT_TICKETS if ticket & TALK != 0 => {
                    self.talks.at(ticket as u32).is_some_and(|talk| moment.is(talk.due()))
                }
                ACCOUNT_TICKETS => true,
                AWAITED_TICKETS => awaited::place_of(awaiting, ticket)
                    .and_then(|place| awaiting.more(place))
                    .is_some_and(|more| moment.is(more.give_up_at)),
                _ => slots.get(ticket).is_some_and(|live| {
                    let own = [live.message.expires_at, live.wake_at];
                    own.into_iter().chain(questions.next_at(ticket)).any(|at| moment.is(at))
                }),
            }
        });
        if self.awaiting_live.len() > 65_536 + 4 * slots.len() {
            self.awaiting_live.retain(|&ticket| slots.get(ticket).is_some());
        }
    }

    /// When [`Shard::handle_timeout`] is to be called next, in wall time since 1970.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.due.next().into_iter().chain(self.policy_timeout()).min()
    }

    /// How many shards there are.
    fn count(&self) -> u8 {
        // Sixty-two at most, see `id_step`.
        (self.counter_step - 1) as u8
    }

    /// Messages sent that await their receipt.
    #[must_use]
    pub fn awaiting_receipt(&self) -> usize {
        self.slots.len() - self.queued.messages() + self.awaiting.len()
    }

    /// Receipts and MO that wait for an account.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let in_turn = self.waiting.values().map(VecDeque::len).sum::<usize>();
        in_turn + self.put_by.len() + self.apart.len()
    }

    fn message_due<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if !live.awaits_receipt && live.message.expires_at <= now.wall {
            self.expire(now, ticket, effects);
            return;
        }
        // What is held looks at the time itself when it goes on.
        if live.held || live.wake_at.is_zero() || live.wake_at > now.wall {
            return;
        }
        if !live.awaits_receipt && self.is_kept_back(now, ticket, effects) {
            return;
        }
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.wake_at = Duration::ZERO;
        if live.awaits_receipt {
            self.give_up_awaiting(now, ticket, effects);
        } else {
            self.resend_doubtful(now, ticket, effects);
            self.dispatch_back(ticket, effects);
        }
    }

    /// The end of a message that its account hears of.
    fn end<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        state: MessageState,
        error: u32,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        if live.any(Place::Out) {
            effects.withdraw(live.carrier, ticket);
        }
        let cause = error.into();
        let outcome = Outcome { id: live.id, state, is_final: true, cause, done: now.wall };
        let (subject, carrier) = (live.message.subject(), live.carrier);
        let heirs = self.heirs(carrier, SegmentEnded { outcome: &outcome, by_receipt: false });
        self.close(ticket, &outcome, effects);
        let is_told = state != MessageState::EXPIRED || !is_planted(Bug::ExpiryUntold);
        if is_told {
            self.tell(subject, outcome, effects);
        }
        heirs.into_iter().for_each(|heir| self.inherit(now, heir, effects));
    }

    /// A message ends so: what is heard of it from now on is heard twice.
    fn close<E: Effects<Link = L>>(&mut self, ticket: u64, outcome: &Outcome, effects: &mut E) {
        let Outcome { state, cause, done, .. } = outcome;
        let ended = (*state, cause.octet(), *done);
        effects.count(Counted::Ended(*state));
        let Some(live) = self.forget(ticket, ended, effects) else { return };
        let number = tail(live.message.destination.octets());
        for key in live.progress.keys() {
            self.ended.remember(key, number);
        }
    }

    /// The carrier took all of a message, and that is the last that is heard of it.
    fn part<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        self.forget(ticket, (MessageState::ACCEPTED, 0, now.wall), effects);
    }

    /// A message is live no more; how it ended may be asked for a while.
    fn forget<E: Effects<Link = L>>(
        &mut self,
        ticket: u64,
        (state, error, done): (MessageState, u8, Duration),
        effects: &mut E,
    ) -> Option<Live> {
        let lane = self.lane_of(ticket);
        self.forget_marketing(ticket);
        let live = self.slots.remove(ticket)?;
        self.questions.forget(ticket);
        if live.held {
            self.held_has_ended(ticket, effects);
        }
        self.register_end(live.id, live.message.account, (state, error, done));
        if !live.awaits_receipt {
            self.queued.leave(Share::of(&live.message));
            effects.released(live.message.account, live.carrier, live.octets);
            self.free_lane(lane, ticket, effects);
        }
        for key in live.progress.keys() {
            self.unlink(key, ticket);
        }
        if live.doubtful {
            self.forget_copies(ticket, &live);
        }
        Some(live)
    }
}
