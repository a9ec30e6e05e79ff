//! Segments to a carrier, and what it answers to each.

use std::time::Duration;

use super::{CarrierLink, InFlight, LATE_MAX};
use crate::clock::Now;
use crate::engine::shard::SegmentResult;
use crate::message::dialect::{StatusRule, ThrottledSlows};
use crate::message::receipt::id::IdNotation;
use crate::mt::egress::Outgoing;
use crate::mt::receipts::response_key;
use crate::session::{Entry, Session, Unanswered};
use crate::wire::table::Pdu;
use crate::wire::{CommandId, CommandStatus, StatusClass};

impl CarrierLink {
    /// Sends what the dispatcher has handed over, while the window has room.
    pub(super) fn send(&mut self, now: Now, session: &mut Session) {
        if session.is_silent() {
            return self.send_back();
        }
        while session.window_free() > 0 {
            let Some(outgoing) = self.handle.submits.pop() else { break };
            let place = self.place();
            let Outgoing { message, ticket, segment, reference, flow, .. } = &outgoing;
            // Before anything is made of it: whose it was is known whatever comes of that.
            if let Some(entry) = self.in_flight.get_mut(place as usize) {
                let (ticket, segment) = (*ticket, *segment);
                *entry = Some(InFlight { ticket, segment, alone: flow.is_alone() });
            }
            let writing = &self.carrier.writing;
            let message = message.read();
            let submit = self.renderer.render(&message, *segment, *reference, writing);
            let submit = match &self.carrier.form {
                None => submit,
                Some(form) => self.translator.written_submit(form, &submit),
            };
            if session.submit(now, u64::from(place), &submit).is_ok() {
                self.tally.sent += 1;
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    self.retire(now, session);
                }
            } else {
                self.in_flight[place as usize] = None;
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

    /// What was handed over before the dispatcher knew that the peer is silent goes on another
    /// bind, or waits. Were it sent, more than one window would be in doubt if nobody is there.
    fn send_back(&mut self) {
        while let Some(outgoing) = self.handle.submits.pop() {
            self.answered += 1;
            if outgoing.flow.is_alone() {
                let _ = self.handle.answered_alone.push((outgoing.ticket, true));
            }
            self.done(outgoing.ticket, outgoing.segment, SegmentResult::NotSent, false);
        }
    }

    /// A place for what is about to be sent.
    pub(super) fn place(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.in_flight.push(None);
            self.in_flight.len() as u32 - 1
        })
    }

    fn take(&mut self, ticket: u64) -> Option<InFlight> {
        let sent = self.in_flight.get_mut(ticket as usize)?.take()?;
        self.free.push(ticket as u32);
        Some(sent)
    }

    pub(super) fn response(
        &mut self,
        now: Now,
        request: Entry,
        status: CommandStatus,
        pdu: Option<Pdu<'_>>,
    ) {
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
    pub(super) fn late_response(
        &mut self,
        now: Now,
        of: Entry,
        status: CommandStatus,
        pdu: Option<Pdu<'_>>,
    ) {
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
        match pdu {
            Some(Pdu::SubmitSmResp(resp)) => {
                let id = resp.message_id.octets();
                if self.carrier.settings.query_after_ms > 0 {
                    self.named(sent, id);
                }
                SegmentResult::Accepted {
                    key: response_key(self.carrier.index, self.carrier.reading.notations, id),
                    id: IdNotation::Text.key(id),
                }
            }
            // A body that cannot be read has no id, so there is nothing to find a receipt by.
            _ => SegmentResult::Accepted { key: None, id: None },
        }
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
        let dialect = &self.carrier.settings.dialect;
        let mut is_of_bind = dialect.throttled_slows == ThrottledSlows::Bind;
        match dialect.status(status.0) {
            Some(StatusRule::Fail) => return (StatusClass::Permanent, None),
            Some(StatusRule::Retry { after_ms }) => {
                return (StatusClass::Temporary, Some(millis(after_ms)));
            }
            Some(StatusRule::PauseBind { for_ms }) => {
                self.handle.pause(now.monotonic + millis(for_ms));
                is_of_bind = true;
            }
            None if status.class() == StatusClass::Throttle => {}
            None => return (status.class(), None),
        }
        let now = now.monotonic;
        self.handle.throttle(now.saturating_sub(of.age(now)));
        if is_of_bind {
            self.handle.is_to_slow(now);
        }
        (StatusClass::Throttle, None)
    }

    /// Nobody knows whether it arrived.
    pub(super) fn in_doubt(&mut self, session: &mut Session, request: Entry, why: Unanswered) {
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
}
