//! How a peer's last words become the session's end: after the answers to all it asked before.
//!
//! An owner may answer later than it is asked. A peer that pipelines its requests and an unbind, or
//! whose octets are lost behind them, would otherwise not learn what became of those requests,
//! though they were accepted.

use super::Session;
use super::event::{CloseReason, Event};
use crate::clock::Now;
use crate::wire::table::{Pdu, UnbindResp};
use crate::wire::{CommandId, CommandStatus, FramingError, SequenceNumber, State};

/// What a peer said last.
#[derive(Clone, Copy, Debug)]
pub(super) enum Farewell {
    /// It sends no more, and may still read.
    Eof,
    /// What cannot be read.
    Framing(FramingError),
    /// unbind, of this number.
    Unbind(SequenceNumber),
}

impl Session {
    /// From now on nothing is read and nothing new is sent; the session ends when the peer's
    /// requests are answered, at the latest after `Settings::drain`. Behind an unbind its answers
    /// are heard, as far as they came with it: what it said it has is not to be sent to it again.
    pub(super) fn take_leave(&mut self, now: Now, farewell: Farewell) {
        self.draining = true;
        self.farewell = Some(farewell);
        self.hears_out = matches!(farewell, Farewell::Unbind(_)) && self.messages_in_flight() > 0;
        self.timers.drain_until(now.monotonic.saturating_add(self.settings.drain));
        self.depart_when_settled();
    }

    /// What stands behind an unbind: answers alone are heard.
    pub(super) fn handle_last<'a>(&mut self, now: Now, frame: &'a [u8]) -> Option<Event<'a>> {
        match Pdu::decode(frame, &self.settings.rules) {
            // Its own unbind is what is answered then.
            Ok((header, _)) if header.command_id == CommandId::UNBIND_RESP => None,
            Ok((header, pdu)) if header.command_id.is_response() => {
                self.handle_response(now, header, Some(pdu))
            }
            // Its number and status are whole.
            Err(error) if error.header.command_id.is_response() => {
                self.handle_response(now, error.header, None)
            }
            _ => None,
        }
    }

    /// Nothing more stands there.
    pub(super) fn has_heard_out(&mut self) {
        self.hears_out = false;
        self.depart_when_settled();
    }

    /// Ends once neither side has anything more to say.
    pub(super) fn depart_when_settled(&mut self) {
        if self.unanswered == 0 && !self.hears_out {
            self.depart();
        }
    }

    /// Answers the last words and ends.
    pub(super) fn depart(&mut self) {
        match self.farewell.take() {
            None => {}
            Some(Farewell::Eof) => self.end(CloseReason::Disconnected),
            Some(Farewell::Framing(error)) => {
                if self.state != State::Open {
                    // Another protocol's client gets no SMPP octets in return.
                    self.push_status(CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0);
                }
                self.end(CloseReason::Framing(error));
            }
            Some(Farewell::Unbind(sequence)) => {
                // A header alone cannot be too long.
                let unbound = UnbindResp::default();
                let _ = self.outbox.push(CommandStatus::ESME_ROK, sequence, &unbound);
                self.end(CloseReason::PeerUnbound);
            }
        }
    }
}
