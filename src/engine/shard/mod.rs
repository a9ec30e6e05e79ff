//! A shard: the owner of live messages.
//!
//! It is a plain state machine: each method is told what came and what time it is, and what is to
//! be done comes out through [`Effects`]. Messages are divided among shards by their handset's
//! number, so everything about one message, its segments, responses and receipts, happens here and
//! in order, and nothing is shared.
//!
//! ```text
//!   admit -> queued -> (response of each segment) -> awaiting receipt -> gone
//!              ^ due: scheduled, retry, in doubt, expiry
//! ```
//!
//! [`Effects::accepted`] is where durability goes: what a journal must hold before the account
//! hears of it is all known there.

mod due;
mod live;
mod receipts;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mt::egress::Outgoing;
use crate::mt::receipts::{CarrierReceipt, Outcome};
use crate::wire::{CommandStatus, SequenceNumber, StatusClass};
use due::Due;
use live::{Live, Phase, Slots};
pub use live::{SHARDS_MAX, shard_of};

/// What a shard wants done.
pub trait Effects {
    /// How a link is named.
    type Link: Clone;

    /// The message is the engine's: tell its account the id.
    fn accepted(&mut self, link: &Self::Link, sequence: SequenceNumber, id: MessageId);

    /// The message is not taken.
    fn refused(&mut self, link: &Self::Link, sequence: SequenceNumber, status: CommandStatus);

    /// Give the message to its carrier's dispatcher, behind the others or (`first`) before them.
    fn dispatch(&mut self, carrier: u32, outgoing: Outgoing, first: bool);

    /// Take the message back from the dispatcher.
    fn withdraw(&mut self, carrier: u32, ticket: u64);

    /// Hand this to a session of the account; gives it back when none can take it now.
    ///
    /// # Errors
    /// The delivery, to be kept until a session can.
    fn deliver(&mut self, account: u32, delivery: Delivery) -> Result<(), Delivery>;

    /// Answer a carrier's deliver_sm.
    fn answer(&mut self, link: &Self::Link, sequence: SequenceNumber, status: CommandStatus);

    /// So many more (or fewer) deliveries wait for this account.
    fn backlog(&mut self, account: u32, change: isize);

    /// Count something.
    fn count(&mut self, what: Counted);
}

/// What is handed to an account's session.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// A receipt of ours.
    Receipt {
        /// The message it is about.
        message: Arc<Message>,
        /// What became of it.
        outcome: Outcome,
    },
    /// A message from a handset.
    Mo(Arc<MoMessage>),
}

/// Things that are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// A message ended in this state.
    Ended(MessageState),
    /// A message will be sent again after this status.
    Retried,
    /// A message was sent and its answer never came.
    InDoubt,
    /// A message in doubt was sent again: it may arrive twice.
    MaybeTwice,
    /// A receipt came before the response it belongs to.
    ReceiptParked,
    /// A receipt that belongs to nothing.
    ReceiptUnknown,
    /// A receipt for what had ended already.
    ReceiptDuplicate,
    /// A receipt was matched.
    ReceiptMatched(MessageState),
    /// The last receipt of a message came this long after its acceptance.
    FinalReceipt(Duration),
    /// Receipts or MO that could not wait any longer for their account.
    DeliveryDropped,
    /// An MO for a number nobody owns.
    MoUnowned,
    /// An MO for its owner.
    Mo,
    /// A correlation was given up to make room.
    CorrelationDropped,
}

/// What happened to one segment at the carrier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentResult {
    /// Accepted; the key of the carrier's id, if it gave one.
    Accepted {
        /// See [`crate::mt::receipts::response_key`].
        key: Option<u64>,
    },
    /// Answered with an error, which was of this class.
    Refused {
        /// The status.
        status: CommandStatus,
        /// What it says about trying again.
        class: StatusClass,
    },
    /// Sent, and the answer never came.
    InDoubt,
    /// Handed to a bind that went away before it was written.
    NotSent,
}

/// What becomes of a message in doubt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InDoubtPolicy {
    /// Nothing until news or expiry.
    Hold,
    /// Sent again at once.
    Resend,
    /// Sent again when no news came in time.
    #[default]
    WaitThenResend,
}

/// What a shard knows of a carrier.
#[derive(Clone, Copy, Debug)]
pub struct CarrierRules {
    /// Times a segment is sent.
    pub attempts_max: u8,
    /// What becomes of a message in doubt.
    pub in_doubt: InDoubtPolicy,
    /// How long it waits for news.
    pub in_doubt_wait: Duration,
    /// Whether ACCEPTED ends a message.
    pub accepted_is_final: bool,
}

/// Limits of one shard.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Messages not yet sent. At the limit: ESME_RMSGQFUL.
    pub queue_max: usize,
    /// Messages sent that await their receipt. At the limit the oldest is given up and counted.
    pub correlations_max: usize,
    /// How long a receipt is awaited.
    pub correlation_max_age: Duration,
    /// Receipts that wait for the response they belong to. At the limit the oldest is unknown.
    pub parked_max: usize,
    /// How long they wait.
    pub parked_max_age: Duration,
    /// Receipts and MO that wait for one account. At the limit the oldest is dropped and counted.
    pub waiting_max: usize,
    /// How long a temporary error waits before the next attempt.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_max: 1_000_000,
            correlations_max: 2_000_000,
            correlation_max_age: Duration::from_secs(216 * 3600),
            parked_max: 10_000,
            parked_max_age: Duration::from_secs(30),
            waiting_max: 100_000,
            retry_after: Duration::from_secs(30),
        }
    }
}

/// Tickets that stand for an account in the calendar: those of a shard no message has.
const ACCOUNT_TICKETS: u64 = 63 << 58;

/// One shard.
#[derive(Debug)]
pub struct Shard<L> {
    index: u8,
    node: u16,
    counter: u64,
    /// Counters of all shards together: each takes every n-th, so that no two give the same id.
    counter_step: u64,
    limits: Limits,
    carriers: Vec<CarrierRules>,
    slots: Slots,
    /// Messages not yet answered by their carrier.
    queued: usize,
    due: Due,
    by_key: HashMap<u64, Found, foldhash::fast::FixedState>,
    parked: VecDeque<Parked>,
    /// Messages that await their receipt, oldest first; some are gone already.
    awaiting: VecDeque<u64>,
    waiting: HashMap<u32, VecDeque<Delivery>, foldhash::fast::FixedState>,
    reference: u16,
    links: std::marker::PhantomData<L>,
}

/// The message a carrier's id stands for; the newest first where an id was used again.
#[derive(Clone, Debug)]
enum Found {
    One(u64),
    // Rare, and boxed so that the other case stays small.
    #[allow(clippy::box_collection)]
    Several(Box<Vec<u64>>),
}

#[derive(Clone, Debug)]
struct Parked {
    receipt: CarrierReceipt,
    until: Duration,
}

/// A message to admit.
#[derive(Clone, Debug)]
pub struct Submission<L> {
    /// Who is to be answered.
    pub link: L,
    /// With which number.
    pub sequence: SequenceNumber,
    /// The message.
    pub message: Arc<Message>,
    /// Where it goes.
    pub carrier: u32,
}

impl<L: Clone> Shard<L> {
    /// A shard of a node: the `index`-th of `count`. `first` is the first counter this process may
    /// use for ids.
    #[must_use]
    pub fn new(
        (index, count): (u8, u8),
        node: u16,
        first: u64,
        limits: Limits,
        carriers: Vec<CarrierRules>,
    ) -> Self {
        Self {
            index,
            node,
            counter: first + u64::from(index),
            counter_step: u64::from(count.max(1)),
            limits,
            carriers,
            slots: Slots::default(),
            queued: 0,
            due: Due::default(),
            by_key: HashMap::default(),
            parked: VecDeque::new(),
            awaiting: VecDeque::new(),
            waiting: HashMap::default(),
            reference: 0,
            links: std::marker::PhantomData,
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
        if self.queued >= self.limits.queue_max || self.slots.len() >= live::PLACES_MAX {
            effects.refused(&link, sequence, CommandStatus::ESME_RMSGQFUL);
            return;
        }
        let id = MessageId::new(self.node, self.counter);
        self.counter += self.counter_step;
        self.reference = self.reference.wrapping_add(1);
        let scheduled = message.send_at > now.wall;
        let live = Live::new(id, message, carrier, self.reference, scheduled);
        let (send_at, expires_at) = (live.message.send_at, live.message.expires_at);
        let ticket = self.slots.insert(self.index, live);
        self.queued += 1;
        self.due.push(expires_at, ticket);
        effects.accepted(&link, sequence, id);
        if scheduled {
            self.due.push(send_at, ticket);
        } else {
            self.dispatch(ticket, false, effects);
        }
    }

    /// A segment's fate at the carrier. `ticket` is the outgoing's; `segment` counts from 0.
    pub fn segment_done<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        segment: u8,
        result: SegmentResult,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.is_answered(segment) {
            // A late answer to what was sent again: the first word stands.
            return;
        }
        match result {
            SegmentResult::Accepted { key } => {
                self.segment_accepted(now, ticket, segment, key, effects);
            }
            SegmentResult::Refused { status, class } => {
                self.segment_refused(now, ticket, status, class, effects);
            }
            SegmentResult::NotSent => self.dispatch_rest(ticket, true, effects),
            SegmentResult::InDoubt => self.segment_in_doubt(now, ticket, effects),
        }
    }

    /// A message from a handset: to the owner of its number.
    pub fn mo<E: Effects<Link = L>>(
        &mut self,
        link: &L,
        sequence: SequenceNumber,
        owner: Option<u32>,
        message: MoMessage,
        effects: &mut E,
    ) {
        effects.answer(link, sequence, CommandStatus::ESME_ROK);
        match owner {
            Some(account) => {
                effects.count(Counted::Mo);
                self.deliver(account, Delivery::Mo(Arc::new(message)), effects);
            }
            None => effects.count(Counted::MoUnowned),
        }
    }

    /// A session took a delivery and could not bring it to its end: it waits again, first of all,
    /// for another session, or for `pause` when the account refused it for now.
    pub fn undelivered<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        account: u32,
        delivery: Delivery,
        pause: Duration,
        effects: &mut E,
    ) {
        self.waiting.entry(account).or_default().push_front(delivery);
        effects.backlog(account, 1);
        if pause.is_zero() {
            self.account_ready(account, effects);
        } else {
            self.due.push(now.wall + pause, ACCOUNT_TICKETS | u64::from(account));
        }
    }

    /// A session of the account has room again, or has just bound.
    pub fn account_ready<E: Effects<Link = L>>(&mut self, account: u32, effects: &mut E) {
        let Some(waiting) = self.waiting.get_mut(&account) else { return };
        let before = waiting.len();
        while let Some(delivery) = waiting.pop_front() {
            if let Err(delivery) = effects.deliver(account, delivery) {
                waiting.push_front(delivery);
                break;
            }
        }
        effects.backlog(account, waiting.len() as isize - before as isize);
        if waiting.is_empty() {
            self.waiting.remove(&account);
        }
    }

    /// What time has brought: scheduled messages, retries, doubts, expiries.
    pub fn handle_timeout<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        while self.parked.front().is_some_and(|parked| parked.until <= now.monotonic) {
            self.parked.pop_front();
            effects.count(Counted::ReceiptUnknown);
        }
        while let Some(ticket) = self.due.pop(now.wall) {
            if ticket & ACCOUNT_TICKETS == ACCOUNT_TICKETS {
                self.account_ready(ticket as u32, effects);
            } else {
                self.message_due(now, ticket, effects);
            }
        }
        let waiting: Vec<u32> = self.waiting.keys().copied().collect();
        for account in waiting {
            self.account_ready(account, effects);
        }
        let slots = &self.slots;
        let is_live = |ticket: u64| {
            ticket & ACCOUNT_TICKETS == ACCOUNT_TICKETS || slots.get(ticket).is_some()
        };
        self.due.compact(slots.len(), is_live);
        if self.awaiting.len() > 65_536 + 4 * slots.len() {
            self.awaiting.retain(|&ticket| slots.get(ticket).is_some());
        }
    }

    /// When [`Shard::handle_timeout`] is to be called next, in wall time since 1970.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.due.next()
    }

    /// Messages accepted whose carrier has not answered.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Messages sent that await their receipt.
    #[must_use]
    pub fn awaiting_receipt(&self) -> usize {
        self.slots.len() - self.queued
    }

    /// Receipts and MO that wait for an account.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn message_due<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.message.expires_at <= now.wall && live.phase != Phase::AwaitingReceipt {
            let (carrier, in_doubt) = (live.carrier, live.phase == Phase::InDoubt);
            effects.withdraw(carrier, ticket);
            let (state, error) =
                if in_doubt { (MessageState::UNKNOWN, 12) } else { (MessageState::EXPIRED, 1) };
            self.end(now, ticket, state, error, effects);
            return;
        }
        match live.phase {
            Phase::Waiting if live.wake_at <= now.wall => {
                live.phase = Phase::Queued;
                self.dispatch_rest(ticket, false, effects);
            }
            Phase::InDoubt if live.wake_at <= now.wall && !live.wake_at.is_zero() => {
                live.phase = Phase::Queued;
                effects.count(Counted::MaybeTwice);
                self.dispatch_rest(ticket, true, effects);
            }
            Phase::AwaitingReceipt if live.wake_at <= now.wall => {
                effects.count(Counted::CorrelationDropped);
                self.forget(ticket);
            }
            _ => {}
        }
    }

    fn segment_refused<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        status: CommandStatus,
        class: StatusClass,
        effects: &mut E,
    ) {
        let retry_after = self.limits.retry_after;
        let Some(live) = self.slots.get_mut(ticket) else { return };
        let attempts_max =
            self.carriers.get(live.carrier as usize).map_or(1, |rules| rules.attempts_max);
        match class {
            // Refused for being too fast is no attempt: it goes first as soon as the pace allows.
            StatusClass::Throttle => self.dispatch_rest(ticket, true, effects),
            StatusClass::Temporary | StatusClass::Session if live.attempts + 1 < attempts_max => {
                live.attempts += 1;
                live.phase = Phase::Waiting;
                live.wake_at = now.wall + retry_after;
                let at = live.wake_at;
                self.due.push(at, ticket);
                effects.count(Counted::Retried);
            }
            StatusClass::Temporary | StatusClass::Session => {
                self.end(now, ticket, MessageState::UNDELIVERABLE, status.0, effects);
            }
            _ => self.end(now, ticket, MessageState::REJECTED, status.0, effects),
        }
    }

    fn segment_in_doubt<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        effects.count(Counted::InDoubt);
        let Some(rules) = self.carriers.get(live.carrier as usize) else { return };
        match rules.in_doubt {
            InDoubtPolicy::Resend => {
                effects.count(Counted::MaybeTwice);
                self.dispatch_rest(ticket, true, effects);
            }
            InDoubtPolicy::Hold => {
                live.phase = Phase::InDoubt;
                live.wake_at = Duration::ZERO;
            }
            InDoubtPolicy::WaitThenResend => {
                live.phase = Phase::InDoubt;
                live.wake_at = now.wall + rules.in_doubt_wait;
                let at = live.wake_at;
                self.due.push(at, ticket);
            }
        }
    }

    fn dispatch<E: Effects<Link = L>>(&mut self, ticket: u64, first: bool, effects: &mut E) {
        let Some(live) = self.slots.get(ticket) else { return };
        let outgoing = Outgoing {
            message: Arc::clone(&live.message),
            ticket,
            segment: 0,
            segments: live.segments,
            reference: live.reference,
        };
        effects.dispatch(live.carrier, outgoing, first);
    }

    /// Sends what the carrier has not answered for: the first unanswered segment. Those behind it
    /// come back by themselves, each with its own fate.
    fn dispatch_rest<E: Effects<Link = L>>(&mut self, ticket: u64, first: bool, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.phase = Phase::Queued;
        if live.segments == 1 {
            self.dispatch(ticket, first, effects);
            return;
        }
        for segment in live.unanswered() {
            let outgoing = Outgoing {
                message: Arc::clone(&live.message),
                ticket,
                segment,
                segments: 1,
                reference: live.reference,
            };
            effects.dispatch(live.carrier, outgoing, first);
        }
    }

    fn deliver<E: Effects<Link = L>>(&mut self, account: u32, delivery: Delivery, effects: &mut E) {
        let delivery = match self.waiting.get(&account) {
            // Those that wait go first.
            Some(waiting) if !waiting.is_empty() => Err(delivery),
            _ => effects.deliver(account, delivery),
        };
        let Err(delivery) = delivery else { return };
        let waiting = self.waiting.entry(account).or_default();
        waiting.push_back(delivery);
        if waiting.len() > self.limits.waiting_max {
            waiting.pop_front();
            effects.count(Counted::DeliveryDropped);
        } else {
            effects.backlog(account, 1);
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
        let outcome = Outcome { id: live.id, state, is_final: true, error, done: now.wall };
        let message = Arc::clone(&live.message);
        effects.count(Counted::Ended(state));
        self.forget(ticket);
        self.tell(message, outcome, effects);
    }

    /// Notes that a message awaits its receipt from now on; the oldest gives way at the limit.
    fn await_receipt<E: Effects<Link = L>>(&mut self, ticket: u64, effects: &mut E) {
        self.queued -= 1;
        self.awaiting.push_back(ticket);
        while self.awaiting_receipt() > self.limits.correlations_max {
            let Some(oldest) = self.awaiting.pop_front() else { return };
            if self.slots.get(oldest).is_some_and(|live| live.phase == Phase::AwaitingReceipt) {
                effects.count(Counted::CorrelationDropped);
                self.forget(oldest);
            }
        }
    }

    fn forget(&mut self, ticket: u64) {
        let Some(live) = self.slots.remove(ticket) else { return };
        if live.phase != Phase::AwaitingReceipt {
            self.queued -= 1;
        }
        for key in live.keys() {
            self.unlink(key, ticket);
        }
    }
}
