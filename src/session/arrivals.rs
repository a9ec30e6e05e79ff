//! What reaches a session: octets, the passing of time, the loss of the link.

use super::event::{BindRequest, CloseReason, Event, Odd, Unanswered};
use super::farewell::Farewell;
use super::timers::Due;
use super::{OWN_TICKET, Session};
use crate::clock::Now;
use crate::wire::framer::{Framer, Limits};
use crate::wire::table::{EnquireLinkResp, Pdu};
use crate::wire::{
    CommandId, CommandStatus, DecodeError, Header, Reaction, Role, State, TlvTag, may_send,
};

impl Session {
    /// Reads PDUs from the front of `octets` until one is for the owner; what it used is cut off.
    ///
    /// Call it until it returns `None`. What is left in `octets` then is the beginning of a PDU:
    /// keep it and hand it in again with what follows. When the session has ended nothing is read.
    #[inline]
    pub fn handle_bytes<'a>(&mut self, now: Now, octets: &mut &'a [u8]) -> Option<Event<'a>> {
        self.timers.resume(now.monotonic);
        loop {
            // What happened before comes first: the owner hears that a session is bound before it
            // gets the request that stood behind the bind in the same octets.
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.closing || (self.farewell.is_some() && !self.hears_out) {
                *octets = &[];
                return None;
            }
            let mut framer = Framer::new(octets, self.limits());
            match framer.next_frame() {
                Ok(Some(frame)) => {
                    *octets = framer.rest();
                    self.timers.heard(now.monotonic);
                    let event = match self.hears_out {
                        false => self.handle_frame(now, frame),
                        true => self.handle_last(now, frame),
                    };
                    if event.is_some() {
                        return event;
                    }
                }
                Ok(None) | Err(_) if self.hears_out => self.has_heard_out(),
                Ok(None) => return None,
                Err(error) => self.take_leave(now, Farewell::Framing(error)),
            }
        }
    }

    /// Tells the session that time has passed; call it at [`Session::poll_timeout`] or later.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.closing {
            return;
        }
        self.expire_requests(now);
        match self.timers.due(&self.settings, self.state, now.monotonic) {
            None => {}
            Some(Due::Bind) if self.bind.is_some() && self.role == Role::Esme => {
                self.end(CloseReason::BindUnanswered);
            }
            Some(Due::Bind) => self.end(CloseReason::SessionInit),
            Some(Due::Drain) if self.farewell.is_some() => self.depart(),
            Some(Due::Drain) if self.unbind_sent => self.end(CloseReason::UnbindUnanswered),
            Some(Due::Drain) => self.send_unbind(now),
            Some(Due::Enquire) => {
                self.send_enquire_link(now);
                self.timers.probed(now.monotonic);
            }
            Some(Due::Silent) => self.end(CloseReason::EnquireLink),
            Some(Due::Inactive) => self.unbind(now),
        }
    }

    /// Tells the session that its link is gone. After an unbind of ours that is its end: some peers
    /// close so fast that their answer is lost (quirk 51).
    pub fn handle_disconnect(&mut self) {
        let expected = self.unbind_sent;
        self.end(if expected { CloseReason::Unbound } else { CloseReason::Disconnected });
    }

    /// Tells the session that the peer sends no more. It may still read, so it gets the answers it
    /// is owed; then the session ends as by [`Session::handle_disconnect`].
    pub fn handle_eof(&mut self, now: Now) {
        if self.unbind_sent || self.unanswered == 0 {
            self.handle_disconnect();
        } else if !self.closing && self.farewell.is_none() {
            self.take_leave(now, Farewell::Eof);
        }
    }

    /// Tells the session that its link takes no octets any more: the peer does not read.
    pub fn handle_stall(&mut self) {
        self.end(CloseReason::Stalled);
    }

    /// Tells the session that its link is not being read from now on, on purpose: what the peer
    /// says meanwhile waits unread, so neither its silence nor a missing response is its fault. The
    /// timers that wait for it stand still until [`Session::handle_resume`] or the next octets.
    pub fn handle_pause(&mut self, now: Now) {
        self.timers.pause(now.monotonic);
    }

    /// Tells the session that its link is being read again; does nothing when it was all along.
    #[inline]
    pub fn handle_resume(&mut self, now: Now) {
        self.timers.resume(now.monotonic);
    }

    fn limits(&self) -> Limits {
        let max_pdu_bytes = if self.state.is_bound() {
            self.settings.max_pdu_bytes
        } else {
            self.settings.max_pdu_bytes_before_bind
        };
        Limits { max_pdu_bytes }
    }

    #[inline]
    fn handle_frame<'a>(&mut self, now: Now, frame: &'a [u8]) -> Option<Event<'a>> {
        match Pdu::decode(frame, &self.settings.rules) {
            Ok((header, pdu)) if header.command_id.is_response() => {
                self.handle_response(now, header, Some(pdu))
            }
            Ok((header, pdu)) => self.handle_request(now, header, pdu),
            Err(error) => self.handle_bad_pdu(now, error),
        }
    }

    #[inline]
    fn handle_request<'a>(&mut self, now: Now, header: Header, pdu: Pdu<'a>) -> Option<Event<'a>> {
        if !may_send(self.role.peer(), self.state, header.command_id) {
            return Some(self.refuse_state(header));
        }
        match pdu {
            Pdu::SubmitSm(_) | Pdu::DeliverSm(_) | Pdu::DataSm(_) | Pdu::SubmitMulti(_) => {
                self.timers.message(now.monotonic);
                self.unanswered += 1;
                Some(Event::Request { header, pdu })
            }
            Pdu::EnquireLink(_) => {
                self.answer_own(header, &EnquireLinkResp::default());
                None
            }
            Pdu::Unbind(_) => {
                self.take_leave(now, Farewell::Unbind(header.sequence_number));
                None
            }
            Pdu::BindTransmitter(_) | Pdu::BindReceiver(_) | Pdu::BindTransceiver(_) => {
                self.handle_bind(header, &pdu)
            }
            Pdu::Outbind(outbind) => {
                self.state = State::Outbound;
                Some(Event::Outbind(outbind))
            }
            // alert_notification has no response, so it is nobody's debt.
            Pdu::AlertNotification(_) => Some(Event::Request { header, pdu }),
            _ => {
                self.unanswered += 1;
                Some(Event::Request { header, pdu })
            }
        }
    }

    fn answer_own<'b, B: crate::wire::table::Body<'b>>(&mut self, header: Header, body: &B) {
        // A header alone cannot be too long.
        let _ = self.outbox.push(CommandStatus::ESME_ROK, header.sequence_number, body);
    }

    fn handle_bind<'a>(&mut self, header: Header, pdu: &Pdu<'a>) -> Option<Event<'a>> {
        let request = BindRequest::of(pdu)?;
        if self.bind.is_some() {
            return Some(self.refuse_state(header));
        }
        self.peer_version = request.fields.interface_version;
        self.bind =
            Some(super::PendingBind { kind: request.kind, sequence: header.sequence_number });
        Some(Event::BindRequested(request))
    }

    /// A request that may not be sent in this state: answered, and the session goes on.
    #[cold]
    fn refuse_state(&mut self, header: Header) -> Event<'static> {
        let command_id = header.command_id;
        let is_bind = matches!(
            command_id,
            CommandId::BIND_TRANSMITTER | CommandId::BIND_RECEIVER | CommandId::BIND_TRANSCEIVER
        );
        let status = if is_bind && self.state.is_bound() {
            CommandStatus::ESME_RALYBND
        } else {
            CommandStatus::ESME_RINVBNDSTS
        };
        match crate::wire::table::row(command_id).and_then(|row| row.response) {
            Some(response) => self.push_status(response, status, header.sequence_number),
            None => self.push_status(CommandId::GENERIC_NACK, status, header.sequence_number),
        }
        Event::Odd(Odd::NotPermitted(command_id))
    }

    #[inline]
    pub(super) fn handle_response<'a>(
        &mut self,
        now: Now,
        header: Header,
        pdu: Option<Pdu<'a>>,
    ) -> Option<Event<'a>> {
        let command_id = header.command_id;
        let answered = self.in_flight.answer(header.sequence_number, |request| {
            command_id == request.response() || command_id == CommandId::GENERIC_NACK
        });
        let Some(mut answered) = answered else {
            return Some(Event::Odd(Odd::Stray { command_id, sequence: header.sequence_number }));
        };
        answered.entry.sent_at = self.timers.excused(answered.entry.sent_at);
        if answered.entry.ticket == OWN_TICKET {
            if !answered.late {
                self.own_in_flight -= 1;
            }
            self.handle_own_response(now, header, answered.entry.command_id, pdu);
            return None;
        }
        if self.draining {
            self.unbind_when_idle(now);
        }
        Some(Event::Response {
            request: answered.entry,
            late: answered.late,
            status: header.command_status,
            pdu,
        })
    }

    /// The answer to a request that the session made by itself.
    fn handle_own_response(
        &mut self,
        now: Now,
        header: Header,
        request: CommandId,
        pdu: Option<Pdu<'_>>,
    ) {
        match request {
            CommandId::UNBIND => self.end(CloseReason::Unbound),
            CommandId::ENQUIRE_LINK => {}
            _ => self.handle_bind_response(now, header, pdu),
        }
    }

    fn handle_bind_response(&mut self, now: Now, header: Header, pdu: Option<Pdu<'_>>) {
        let Some(bind) = self.bind.take() else { return };
        if !header.command_status.is_ok() || header.command_id == CommandId::GENERIC_NACK {
            self.end(CloseReason::BindRefused(header.command_status));
            return;
        }
        // A peer that does not say is taken for 3.3 (SMPP 3.4 §5.3.2.25).
        self.peer_version = pdu
            .and_then(|pdu| pdu.tlvs().int(TlvTag::SC_INTERFACE_VERSION))
            .and_then(|version| u8::try_from(version).ok())
            .unwrap_or(0x33);
        self.enter_bound(now, bind.kind);
    }

    #[cold]
    fn handle_bad_pdu(&mut self, now: Now, error: DecodeError) -> Option<Event<'static>> {
        let header = error.header;
        match error.reaction() {
            Reaction::Respond(response, status) => {
                let permitted = may_send(self.role.peer(), self.state, header.command_id);
                let status = if permitted { status } else { CommandStatus::ESME_RINVBNDSTS };
                self.push_status(response, status, header.sequence_number);
            }
            // A nack is taken for the answer to the request of its number, and this number is one
            // of ours: nacking an unknown response would fail an innocent request of the peer.
            Reaction::GenericNack(_) if header.command_id.is_response() => {}
            Reaction::GenericNack(status) => {
                self.push_status(CommandId::GENERIC_NACK, status, header.sequence_number);
            }
            Reaction::Ignore if header.command_id.is_response() => {
                // Its number and status are whole, so its request is answered all the same. It may
                // end the session, after which nothing more is said.
                self.events.push_back(Event::Odd(Odd::BadPdu(error)));
                return self.handle_response(now, header, None);
            }
            Reaction::Ignore => {}
        }
        Some(Event::Odd(Odd::BadPdu(error)))
    }

    fn expire_requests(&mut self, now: Now) {
        let reading = self.timers.reading(now.monotonic);
        let Some(limit) = reading.checked_sub(self.settings.response_timeout) else { return };
        if self.in_flight.oldest().is_none_or(|sent| sent > limit) {
            return;
        }
        let (events, own_in_flight) = (&mut self.events, &mut self.own_in_flight);
        let timers = &self.timers;
        let mut is_of_owner = false;
        self.in_flight.expire(limit, |mut request| {
            request.sent_at = timers.excused(request.sent_at);
            if request.ticket == OWN_TICKET {
                *own_in_flight -= 1;
            } else {
                is_of_owner = true;
                events.push_back(Event::Unanswered { request, why: Unanswered::TimedOut });
            }
        });
        if is_of_owner && self.timers.unanswered(&self.settings, self.state) && !self.draining {
            self.send_enquire_link(now);
            self.timers.probed(now.monotonic);
        }
        if self.draining {
            self.unbind_when_idle(now);
        }
    }
}
