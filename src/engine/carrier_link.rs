//! The session with a carrier: sends segments, reads answers, receipts and MO.

mod asking;
mod renew;
mod requests;
mod segments;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::account_link::count_odd;
use super::bind_record::{BindRecord, Phase, Wanted};
use super::handles::{CARRIER_ANSWERS_MAX, CarrierHandle};
use super::history::What;
use super::outbox::ShardOutbox;
use super::shard::SegmentResult;
use super::shared::Shared;
use super::world::{Carrier, World};
use crate::clock::Now;
use crate::link::{Owner, Pace};
use crate::message::translation::Translator;
use crate::mt::segmentation::Renderer;
use crate::session::{CloseReason, Event, Session};
use crate::wire::{SequenceNumber, State};
use tally::Tally;

/// Segments in doubt of one session whose late response is still understood, as many as the session
/// itself remembers; beyond it the oldest stay in doubt.
const LATE_MAX: usize = 1024;

/// The owner of a session with a carrier; it outlives the session and serves the next one.
#[derive(Debug)]
pub struct CarrierLink {
    shared: Arc<Shared>,
    /// What it works by, as of this wake-up.
    world: Arc<World>,
    carrier: Arc<Carrier>,
    /// Which of the carrier's binds.
    bind: u32,
    record: Arc<BindRecord>,
    handle: Arc<CarrierHandle>,
    outbox: ShardOutbox,
    renderer: Renderer,
    translator: Translator,
    in_flight: Vec<Option<InFlight>>,
    free: Vec<u32>,
    /// Segments in doubt whose response may still come on this session, oldest first.
    late: VecDeque<(SequenceNumber, InFlight)>,
    /// Which of the unanswered are data_sm: their response is another.
    data_sm: Vec<SequenceNumber>,
    /// Answers since the dispatcher was told.
    answered: u32,
    /// Deliver_sm that wait for a shard's answer.
    unanswered: usize,
    /// Since when the session stood, on the monotonic clock; its back-off begins again from there.
    bound_at: Option<Duration>,
    /// Requests in a row that were not answered in time.
    silent: u32,
    transmits: bool,
    /// The handle of the last session until shards have been told of all it had.
    ended: Option<Arc<CarrierHandle>>,
    /// How often it has told shards what it has sent, for a checkpoint.
    told_sent: u64,
    /// Segments that this session may still send before it makes way for the next (quirk 56).
    left: u64,
    /// Held since the last session made way for another configuration, until this one stands.
    pub turn: Option<OwnedSemaphorePermit>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    ticket: u64,
    segment: u8,
    /// Nothing else of its lane goes before the dispatcher knows of its answer.
    alone: bool,
}

impl CarrierLink {
    /// The owner of the `bind`-th session of a carrier.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        carrier: Arc<Carrier>,
        (bind, record): (u32, Arc<BindRecord>),
    ) -> Self {
        Self {
            outbox: ShardOutbox::new(Arc::clone(&shared)),
            world: shared.world(),
            shared,
            bind,
            record,
            handle: CarrierHandle::new(carrier.settings.window_max),
            carrier,
            renderer: Renderer::default(),
            translator: Translator::default(),
            in_flight: Vec::new(),
            free: Vec::new(),
            late: VecDeque::new(),
            data_sm: Vec::new(),
            answered: 0,
            unanswered: 0,
            bound_at: None,
            silent: 0,
            transmits: false,
            ended: None,
            told_sent: 0,
            left: 0,
            turn: None,
            tally: Tally::default(),
        }
    }

    /// Since when the last session stood, on the monotonic clock, and forgets it.
    pub fn take_bound_at(&mut self) -> Option<Duration> {
        self.bound_at.take()
    }

    fn bound(&mut self, now: Now, session: &mut Session, state: State) {
        // Until now the response timeout was what connecting and binding may take.
        self.set_rules(session);
        self.turn = None;
        self.bound_at = Some(now.monotonic);
        self.silent = 0;
        self.transmits = state != State::BoundRx;
        self.left = match self.carrier.settings.dialect.messages_per_bind {
            0 => u64::MAX,
            most => u64::from(most),
        };
        self.carrier.metrics.binds.increment(1);
        self.record.enter(now.wall, Phase::Bound(state));
        self.record.note(now.wall, What::Bound(state), 1);
        tracing::info!(carrier = self.carrier.settings.name, bind = self.bind, %state, "bound");
        if self.transmits {
            let held = self.record.wanted() == Wanted::Paused;
            self.handle.held.store(held, Ordering::Relaxed);
            self.carrier.set_link(self.bind, Some(Arc::clone(&self.handle)));
        }
    }

    fn closed(&mut self, now: Now, reason: CloseReason) {
        self.carrier.metrics.session_closed(&self.shared.registry, reason);
        self.record.note(
            now.wall,
            match reason {
                CloseReason::BindRefused(status) => What::BindRefused(status),
                _ => What::Closed(reason),
            },
            1,
        );
        let (carrier, bind) = (&self.carrier.settings.name, self.bind);
        let seen = match reason {
            CloseReason::Framing(error) => error.looks_like.name(),
            _ => "",
        };
        match (self.bound_at, reason) {
            // The connector says it, with the status.
            (None, CloseReason::BindRefused(_)) => {}
            (None, CloseReason::Unbound | CloseReason::Local) | (Some(_), _) => {
                tracing::info!(carrier, bind, reason = reason.name(), seen, "session closed");
            }
            (None, _) => {
                tracing::warn!(carrier, bind, reason = reason.name(), seen, "no bind came about");
            }
        }
        if self.bound_at.is_some() {
            self.carrier.metrics.binds.decrement(1);
        }
        if std::mem::take(&mut self.transmits) {
            self.carrier.set_link(self.bind, None);
            self.carrier.leaves(&self.handle);
        }
        // What a shard answers from now on belongs to a session that is gone; the next one gets
        // queues of its own.
        let fresh = CarrierHandle::new(self.carrier.settings.window_max);
        let old = std::mem::replace(&mut self.handle, fresh);
        self.ended = Some(Arc::clone(&old));
        old.close();
        while let Some(outgoing) = old.submits.pop() {
            self.done(outgoing.ticket, outgoing.segment, SegmentResult::NotSent, false);
        }
        self.late.clear();
        self.data_sm.clear();
        self.unanswered = 0;
        self.answered = 0;
        self.tally.flush(now.wall, &self.carrier, &self.record);
        self.record.in_flight.store(0, Ordering::Relaxed);
    }

    /// Its session has panicked: whatever it had out is in doubt, and the next one begins anew.
    pub async fn break_off(&mut self, now: Now) {
        for sent in std::mem::take(&mut self.in_flight).into_iter().flatten() {
            self.carrier.metrics.in_doubt.increment(1);
            self.done(sent.ticket, sent.segment, SegmentResult::InDoubt, false);
        }
        self.free.clear();
        self.turn = None;
        self.closed(now, CloseReason::Local);
        std::future::poll_fn(|cx| {
            self.outbox.flush(cx);
            if self.outbox.is_blocked() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        self.let_go();
    }

    /// A checkpoint need not wait for a session that has ended: all it had is said.
    fn let_go(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended.told_sent.store(u64::MAX, Ordering::Release);
        }
    }

    /// Tells shards what it has sent and is not answered, when a checkpoint asks: after the
    /// dispatcher has, and once it has taken all that was handed to it.
    fn tell_sent(&mut self) {
        let asked = self.shared.checkpoint.load(Ordering::Acquire);
        let is_its_turn = || self.carrier.told_sent.load(Ordering::Acquire) >= asked;
        // What a session that makes way has not taken it never sends.
        let has_taken_all = !self.transmits || self.handle.submits.is_empty();
        if asked == self.told_sent || !is_its_turn() || !has_taken_all {
            return;
        }
        for InFlight { ticket, segment, .. } in self.in_flight.iter().flatten() {
            self.outbox.still_sent((*ticket, *segment));
        }
        self.told_sent = asked;
    }

    fn done(&mut self, ticket: u64, segment: u8, result: SegmentResult, late: bool) {
        self.outbox.done((ticket, segment), result, late);
    }

    /// What the operator, or another configuration, wants of this bind.
    fn obey(&mut self, now: Now, session: &mut Session) {
        let leaves = self.handle.take_leave() || self.record.is_to_unbind();
        if leaves && !session.is_draining() {
            if session.state().is_bound() {
                self.record.enter(now.wall, Phase::Draining);
                self.retire(now, session);
            } else {
                session.unbind(now);
            }
        }
        let held = self.record.wanted() == Wanted::Paused;
        if self.transmits && held != self.handle.is_held() {
            self.carrier.hold_link(&self.handle, held);
        }
        let silent = session.is_silent();
        if self.transmits && silent != self.handle.silent.load(Ordering::Relaxed) {
            self.carrier.silence_link(&self.handle, silent);
        }
    }

    /// This session makes way: it has sent all that the carrier takes on one (quirk 56), or its
    /// operator or another configuration wants no more of it. It waits for its answers and unbinds,
    /// and the connector does what comes next.
    fn retire(&mut self, now: Now, session: &mut Session) {
        session.unbind(now);
        if std::mem::take(&mut self.transmits) {
            self.carrier.set_link(self.bind, None);
            self.carrier.leaves(&self.handle);
        }
        // What the dispatcher hands over until it has seen this goes back when the session ends.
        while let Some(outgoing) = self.handle.submits.pop() {
            self.done(outgoing.ticket, outgoing.segment, SegmentResult::NotSent, false);
        }
    }
}

impl Owner for CarrierLink {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        match event {
            Event::Response { request, late: false, status, pdu } => {
                self.response(now, request, status, pdu);
            }
            Event::Response { request, late: true, status, pdu } => {
                self.late_response(now, request, status, pdu);
            }
            Event::Request { header, pdu } => self.request(session, header, &pdu),
            Event::Unanswered { request, why } => self.in_doubt(session, request, why),
            Event::Bound(state) => self.bound(now, session, state),
            Event::Odd(odd) => count_odd(&self.shared.registry, odd),
            Event::Closed(reason) => self.closed(now, reason),
            // Who asks to be called has us already: the bind is on its way.
            Event::BindRequested(_) | Event::Outbind(_) => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        self.handle.submits.register(cx);
        if self.refresh() && session.state().is_bound() {
            self.set_rules(session);
        }
        if self.shared.is_stopping_carriers() {
            session.unbind(now);
        } else {
            self.obey(now, session);
        }
        self.answer(session);
        self.send(now, session);
        self.ask(now, session);
        if self.answered > 0 {
            self.handle.answered.fetch_add(std::mem::take(&mut self.answered), Ordering::AcqRel);
            self.carrier.dispatcher.wake();
        }
        if self.carrier.form.is_some() {
            self.carrier.metrics.altered.increment(self.translator.take_altered());
        }
        self.tally.flush(now.wall, &self.carrier, &self.record);
        let in_flight = (self.in_flight.len() - self.free.len()) as u32;
        self.record.in_flight.store(in_flight, Ordering::Relaxed);
        self.tell_sent();
        self.outbox.flush(cx);
        if !self.outbox.is_blocked() {
            self.handle.told_sent.store(self.told_sent, Ordering::Release);
            self.let_go();
        }
    }

    fn pace(&self) -> Pace {
        // Most of the room stays free: one read can bring many deliver_sm at once.
        let full = self.unanswered > CARRIER_ANSWERS_MAX / 8;
        if full || self.outbox.is_blocked() { Pace::Wait } else { Pace::Go }
    }
}
