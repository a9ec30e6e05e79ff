//! The session with a carrier: sends segments, reads answers, receipts and MO.

mod asking;
mod renew;
mod tally;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::account_link::count_odd;
use super::alert::Alert;
use super::bind_record::{BindRecord, Phase, Wanted};
use super::handles::{CARRIER_ANSWERS_MAX, CarrierHandle};
use super::history::What;
use super::outbox::ShardOutbox;
use super::shard::{SegmentResult, shard_of};
use super::shared::{Shared, ToShard};
use super::world::{Carrier, World};
use crate::clock::Now;
use crate::link::{Owner, Pace};
use crate::message::dialect::StatusRule;
use crate::message::translation::Translator;
use crate::mo::{MoMessage, as_deliver};
use crate::mt::egress::Outgoing;
use crate::mt::receipts::{read, response_key};
use crate::mt::segmentation::Renderer;
use crate::session::{CloseReason, Entry, Event, Session, Unanswered};
use crate::wire::table::{DataSmResp, DeliverSm, DeliverSmResp, Pdu};
use crate::wire::{CommandId, CommandStatus, Header, SequenceNumber, State, StatusClass};
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
        }
        // What a shard answers from now on belongs to a session that is gone; the next one gets
        // queues of its own.
        let fresh = CarrierHandle::new(self.carrier.settings.window_max);
        let old = std::mem::replace(&mut self.handle, fresh);
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

    fn done(&mut self, ticket: u64, segment: u8, result: SegmentResult, late: bool) {
        let shard = usize::from(shard_of(ticket));
        self.outbox.push(shard, ToShard::Done { ticket, segment, result, late });
    }

    fn take(&mut self, ticket: u64) -> Option<InFlight> {
        let sent = self.in_flight.get_mut(ticket as usize)?.take()?;
        self.free.push(ticket as u32);
        Some(sent)
    }

    fn response(&mut self, now: Now, request: Entry, status: CommandStatus, pdu: Option<Pdu<'_>>) {
        self.silent = 0;
        let Some(sent) = self.take(request.ticket) else { return };
        if request.command_id == CommandId::QUERY_SM {
            self.told(sent, status, pdu);
            return;
        }
        self.answered += 1;
        self.tally.response(&self.carrier, request.age(now.monotonic));
        let result = self.result(now, (request, sent), status, pdu);
        if sent.alone {
            let class = StatusClass::Throttle;
            let comes_back =
                matches!(result, SegmentResult::Refused { class: c, .. } if c == class);
            let _ = self.handle.answered_alone.push((sent.ticket, comes_back));
        }
        self.done(sent.ticket, sent.segment, result, false);
    }

    /// A response after its time settles a doubt, if that still stands.
    fn late_response(&mut self, now: Now, of: Entry, status: CommandStatus, pdu: Option<Pdu<'_>>) {
        let Some(at) = self.late.iter().position(|(sequence, _)| *sequence == of.sequence) else {
            return;
        };
        let Some((_, sent)) = self.late.remove(at) else { return };
        let result = self.result(now, (of, sent), status, pdu);
        self.done(sent.ticket, sent.segment, result, true);
    }

    fn result(
        &mut self,
        now: Now,
        (of, sent): (Entry, InFlight),
        status: CommandStatus,
        pdu: Option<Pdu<'_>>,
    ) -> SegmentResult {
        // A refusal by generic_nack with status 0 is a refusal all the same.
        let nacked = matches!(pdu, Some(Pdu::GenericNack(_))) && status.is_ok();
        let status = if nacked { CommandStatus::ESME_RUNKNOWNERR } else { status };
        if !status.is_ok() {
            self.carrier.metrics.reject(&self.shared.registry, status);
            self.tally.refused(status);
            let (class, retry_after) = self.class_of(now, of, status);
            return SegmentResult::Refused { status, class, retry_after };
        }
        self.tally.accepted += 1;
        let key = match pdu {
            Some(Pdu::SubmitSmResp(resp)) => {
                let id = resp.message_id.octets();
                if self.carrier.settings.query_after_ms > 0 {
                    self.named(sent, id);
                }
                response_key(self.carrier.index, self.carrier.reading.notations, id)
            }
            // A body that cannot be read has no id, so there is nothing to find a receipt by.
            _ => None,
        };
        SegmentResult::Accepted { key }
    }

    /// What a status asks for, and when to try again if the dialect says it: the dialect's word
    /// first, then the table's.
    fn class_of(
        &self,
        now: Now,
        of: Entry,
        status: CommandStatus,
    ) -> (StatusClass, Option<Duration>) {
        let millis = |ms: u32| Duration::from_millis(u64::from(ms));
        match self.carrier.settings.dialect.status(status.0) {
            Some(StatusRule::Fail) => return (StatusClass::Permanent, None),
            Some(StatusRule::Retry { after_ms }) => {
                return (StatusClass::Temporary, Some(millis(after_ms)));
            }
            Some(StatusRule::PauseBind { for_ms }) => {
                self.handle.pause(now.monotonic + millis(for_ms));
            }
            None if status.class() == StatusClass::Throttle => {}
            None => return (status.class(), None),
        }
        let now = now.monotonic;
        self.handle.throttle(now, now.saturating_sub(of.age(now)));
        (StatusClass::Throttle, None)
    }

    fn request(&mut self, session: &mut Session, header: Header, pdu: &Pdu<'_>) {
        match pdu {
            Pdu::DeliverSm(deliver) => match self.carrier.settings.dialect.times_fault(deliver) {
                Some(status) => {
                    session.respond_status(header.command_id, header.sequence_number, status);
                }
                None => self.deliver_sm(header.sequence_number, deliver),
            },
            Pdu::DataSm(data) => {
                self.data_sm.push(header.sequence_number);
                self.deliver_sm(header.sequence_number, &as_deliver(data));
            }
            Pdu::AlertNotification(alert) => {
                let form = self.carrier.form.as_ref();
                let alert = Alert::new(alert, form, &mut self.translator);
                let became = alert.pass_on(&self.world);
                self.carrier.metrics.alert(&self.shared.registry, became);
            }
            _ => session.respond_status(
                header.command_id,
                header.sequence_number,
                CommandStatus::ESME_RINVCMDID,
            ),
        }
    }

    fn deliver_sm(&mut self, sequence: u32, deliver: &DeliverSm<'_>) {
        self.unanswered += 1;
        let link = Arc::clone(&self.handle);
        let shard = self.shared.shard_of(deliver.source_addr.octets());
        if let Some(receipt) = read(&self.carrier.reading, deliver) {
            self.tally.receipts += 1;
            self.outbox.push(shard, ToShard::Receipt { link, sequence, receipt });
            return;
        }
        self.tally.mo += 1;
        let carrier = self.carrier.index;
        let message = Box::new(match &self.carrier.form {
            None => MoMessage::of(carrier, deliver),
            Some(form) => MoMessage::of(carrier, &self.translator.read_deliver(form, deliver)),
        });
        let owner = self.world.owners.of(message.destination.octets()).cloned();
        self.outbox.push(shard, ToShard::Mo { link, sequence, owner, message });
    }

    fn send(&mut self, now: Now, session: &mut Session) {
        while session.window_free() > 0 {
            let Some(outgoing) = self.handle.submits.pop() else { break };
            let writing = &self.carrier.writing;
            let Outgoing { message, segment, reference, .. } = &outgoing;
            let submit = self.renderer.render(message, *segment, *reference, writing);
            let submit = match &self.carrier.form {
                None => submit,
                Some(form) => self.translator.written_submit(form, &submit),
            };
            let place = match self.free.pop() {
                Some(place) => place,
                None => {
                    self.in_flight.push(None);
                    self.in_flight.len() as u32 - 1
                }
            };
            if session.submit(now, u64::from(place), &submit).is_ok() {
                let Outgoing { ticket, segment, flow, .. } = outgoing;
                let in_flight = InFlight { ticket, segment, alone: flow.is_alone() };
                if let Some(entry) = self.in_flight.get_mut(place as usize) {
                    *entry = Some(in_flight);
                }
                self.tally.sent += 1;
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    self.retire(now, session);
                }
            } else {
                self.free.push(place);
                self.answered += 1;
                if outgoing.flow.is_alone() {
                    let _ = self.handle.answered_alone.push((outgoing.ticket, false));
                }
                // What came in one PDU goes out in one, so only a field beyond our own table can
                // be at fault: no other carrier would take it either.
                let status = CommandStatus::ESME_RINVMSGLEN;
                let class = StatusClass::Permanent;
                let result = SegmentResult::Refused { status, class, retry_after: None };
                self.done(outgoing.ticket, outgoing.segment, result, false);
            }
        }
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
    }

    /// This session makes way: it has sent all that the carrier takes on one (quirk 56), or its
    /// operator or another configuration wants no more of it. It waits for its answers and unbinds,
    /// and the connector does what comes next.
    fn retire(&mut self, now: Now, session: &mut Session) {
        session.unbind(now);
        if std::mem::take(&mut self.transmits) {
            self.carrier.set_link(self.bind, None);
        }
        // What the dispatcher hands over until it has seen this goes back when the session ends.
        while let Some(outgoing) = self.handle.submits.pop() {
            self.done(outgoing.ticket, outgoing.segment, SegmentResult::NotSent, false);
        }
    }

    fn answer(&mut self, session: &mut Session) {
        while let Some((sequence, status)) = self.handle.answers.pop() {
            self.unanswered = self.unanswered.saturating_sub(1);
            // An empty id cannot be too long.
            let _ = match self.data_sm.iter().position(|&one| one == sequence) {
                None => session.respond(sequence, status, &DeliverSmResp::default()),
                Some(at) => {
                    self.data_sm.swap_remove(at);
                    session.respond(sequence, status, &DataSmResp::default())
                }
            };
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
            Event::Unanswered { request, why } => {
                let Some(sent) = self.take(request.ticket) else { return };
                if request.command_id == CommandId::QUERY_SM {
                    let [_, _, _, unanswered] = &self.carrier.metrics.queries;
                    unanswered.increment(1);
                    return;
                }
                self.answered += 1;
                if sent.alone {
                    let _ = self.handle.answered_alone.push((sent.ticket, false));
                }
                self.carrier.metrics.in_doubt.increment(1);
                if why == Unanswered::TimedOut {
                    self.silent += 1;
                    if self.silent == self.carrier.settings.dialect.unanswered_max {
                        let carrier = &self.carrier.settings.name;
                        tracing::warn!(carrier, bind = self.bind, "it answers nothing: bound anew");
                        session.close();
                    }
                    // What a lost link took with it is no fault of its own: how it was lost is.
                    self.tally.unanswered();
                    if self.late.len() >= LATE_MAX {
                        self.late.pop_front();
                    }
                    self.late.push_back((request.sequence, sent));
                }
                self.done(sent.ticket, sent.segment, SegmentResult::InDoubt, false);
            }
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
        self.outbox.flush(cx);
    }

    fn pace(&self) -> Pace {
        // Most of the room stays free: one read can bring many deliver_sm at once.
        let full = self.unanswered > CARRIER_ANSWERS_MAX / 8;
        if full || self.outbox.is_blocked() { Pace::Wait } else { Pace::Go }
    }
}
