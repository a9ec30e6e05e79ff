//! What our side said when it was recorded, said again by a session of ours.

use super::matching::Sent;
use super::{Deed, Exchange};
use crate::mt::ingress::as_submit;
use crate::session::{BindRequest, SubmitError};
use crate::wire::table::Pdu;
use crate::wire::{CommandId, Header};

impl Exchange {
    /// Octets of ours.
    pub(super) fn spoke(&mut self, line: u32, header: Option<Header>, octets: &[u8]) {
        self.summary.pdus[1] += 1;
        let Ok((header, pdu)) = Pdu::decode(octets, &self.dialect.rules()) else {
            self.summary.odd.push(line);
            let is_answer = header.is_some_and(|header| header.command_id.is_response());
            if let Some(header) = header.filter(|_| is_answer) {
                self.compare(line, header);
            }
            return self.did(Deed::Ignored("our PDU cannot be read"));
        };
        if header.command_id.is_response() {
            return self.compare(line, header);
        }
        let sent = match pdu.command_id() {
            CommandId::UNBIND => {
                self.unbind = Some(header.sequence_number);
                if let Some(session) = &mut self.session {
                    session.unbind(self.now);
                }
                Ok(())
            }
            _ => self.request(line, &pdu),
        };
        if let Err(why) = sent {
            self.did(Deed::NotSent(why));
        }
    }

    fn request(&mut self, line: u32, pdu: &Pdu<'_>) -> Result<(), SubmitError> {
        let now = self.now;
        let sent = match pdu {
            Pdu::SubmitSm(submit) => Sent::message(line, submit),
            Pdu::DataSm(data) => Sent::message(line, &as_submit(data, None)),
            _ => Sent::new(line, b""),
        };
        let Some(session) = &mut self.session else { return Err(SubmitError::NotPermitted) };
        let ticket = self.matching.next_ticket();
        let number = match pdu {
            Pdu::BindReceiver(_) | Pdu::BindTransceiver(_) | Pdu::BindTransmitter(_) => {
                let request = BindRequest::of(pdu).ok_or(SubmitError::NotPermitted)?;
                return session.bind(now, &request);
            }
            Pdu::Outbind(outbind) => return session.outbind(now, outbind),
            Pdu::AlertNotification(alert) => return session.notify(alert),
            Pdu::CancelSm(body) => session.submit(now, ticket, body),
            Pdu::DataSm(body) => session.submit(now, ticket, body),
            Pdu::DeliverSm(body) => session.submit(now, ticket, body),
            Pdu::EnquireLink(body) => session.submit(now, ticket, body),
            Pdu::QuerySm(body) => session.submit(now, ticket, body),
            Pdu::ReplaceSm(body) => session.submit(now, ticket, body),
            Pdu::SubmitMulti(body) => session.submit(now, ticket, body),
            Pdu::SubmitSm(body) => session.submit(now, ticket, body),
            _ => Err(SubmitError::NotPermitted),
        };
        number?;
        self.matching.sent(sent);
        Ok(())
    }

    /// Our answer of the recording beside the one that was given here.
    fn compare(&mut self, line: u32, header: Header) {
        let key = (header.sequence_number, header.command_id);
        let recorded = header.command_status;
        let nacked = (header.sequence_number, CommandId::GENERIC_NACK);
        let ours = self.given.remove(&key).or_else(|| self.given.remove(&nacked));
        if ours.is_some_and(|ours| ours != recorded) {
            self.summary.otherwise.push(line);
        }
        self.did(Deed::Answer { recorded, ours });
        let is_bind = matches!(
            header.command_id.request(),
            CommandId::BIND_RECEIVER | CommandId::BIND_TRANSCEIVER | CommandId::BIND_TRANSMITTER
        );
        if is_bind
            && !recorded.is_ok()
            && let Some(session) = &mut self.session
        {
            // Who it was that bound, the recording knew better.
            session.close();
        }
    }
}
