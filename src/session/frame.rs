//! Requests that are encoded already: a template with octets changed in place, many times over.

use super::{Session, SubmitError};
use crate::clock::Now;
use crate::wire::{EncodeError, HEADER_LEN, Header, SequenceNumber, may_send};

/// Where a header's `sequence_number` stands (SMPP 3.4 §3.2).
const SEQUENCE_AT: usize = 12;

impl Session {
    /// Sends the request that `frame` holds, as [`Session::submit`] does, but with a sequence
    /// number of this session in place of the frame's. Before it goes, `fill` may change octets of
    /// its body where they stand (never their number), so that one encoded request serves as the
    /// template of many.
    ///
    /// What `fill` writes is not looked at again: a NUL in the wrong place is the caller's.
    ///
    /// # Errors
    /// When the window is full, the request is not permitted now, or `frame` is not one whole PDU.
    #[inline]
    pub fn submit_frame(
        &mut self,
        now: Now,
        ticket: u64,
        frame: &[u8],
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<SequenceNumber, SubmitError> {
        if !self.state.is_bound() || self.draining {
            return Err(SubmitError::NotPermitted);
        }
        if self.messages_in_flight() >= self.settings.window_max {
            return Err(SubmitError::WindowFull);
        }
        let header = match Header::read(frame) {
            Some(header) if header.command_length as usize == frame.len() => header,
            _ => return Err(not_one_pdu(frame)),
        };
        if header.command_id.is_response() || !may_send(self.role, self.state, header.command_id) {
            return Err(SubmitError::NotPermitted);
        }
        self.timers.message(now.monotonic);
        let sequence = self.in_flight.insert(ticket, header.command_id, now.monotonic);
        let written = self.outbox.push_octets(frame);
        if let Some((head, body)) = written.split_at_mut_checked(HEADER_LEN) {
            if let Some(number) = head.get_mut(SEQUENCE_AT..) {
                number.copy_from_slice(&sequence.to_be_bytes());
            }
            fill(body);
        }
        Ok(sequence)
    }
}

#[cold]
fn not_one_pdu(frame: &[u8]) -> SubmitError {
    let max = Header::read(frame).map_or(HEADER_LEN, |header| header.command_length as usize);
    SubmitError::Encode(EncodeError { field: "command_length", octets: frame.len(), max })
}

#[cfg(test)]
mod tests {
    use crate::clock::Now;
    use crate::session::{BindKind, BindRequest, Event, Session, Settings, SubmitError};
    use crate::wire::table::{Body, EnquireLinkResp, Pdu, SubmitSm, SubmitSmResp};
    use crate::wire::{COctetString, CommandStatus, Role, Rules};

    /// An ESME that is bound, with a window of two, and nothing to write.
    fn bound() -> Session {
        let now = Now::default();
        let settings = Settings { window_max: 2, ..Settings::default() };
        let mut esme = Session::new(Role::Esme, settings, now);
        let mut smsc = Session::new(Role::Smsc, settings, now);
        esme.bind(now, &BindRequest::new(BindKind::Transceiver, "me", "secret")).unwrap();
        let asked = esme.poll_transmit().to_vec();
        esme.transmitted(asked.len());
        assert!(matches!(smsc.handle_bytes(now, &mut &asked[..]), Some(Event::BindRequested(_))));
        smsc.accept_bind(now, "them");
        let answer = smsc.poll_transmit().to_vec();
        assert!(matches!(esme.handle_bytes(now, &mut &answer[..]), Some(Event::Bound(_))));
        esme
    }

    fn template() -> Vec<u8> {
        let mut frame = Vec::new();
        let submit =
            SubmitSm { destination_addr: COctetString::from("0000"), ..SubmitSm::default() };
        submit.encode(CommandStatus::ESME_ROK, 0, &mut frame).unwrap();
        frame
    }

    #[test]
    fn a_template_goes_out_with_a_number_of_the_session_and_what_was_filled_in() {
        let (now, mut esme, frame) = (Now::default(), bound(), template());
        let at = frame.windows(4).position(|octets| octets == b"0000").unwrap() - 16;
        let fill = |octets: &mut [u8]| octets[at..at + 4].copy_from_slice(b"4711");
        let sequence = esme.submit_frame(now, 7, &frame, fill).unwrap();
        let (header, pdu) = Pdu::decode(esme.poll_transmit(), &Rules::STRICT).unwrap();
        assert_eq!(header.sequence_number, sequence);
        let Pdu::SubmitSm(submit) = pdu else { panic!("{pdu:?}") };
        assert_eq!(submit.destination_addr.octets(), b"4711");

        let mut answer = Vec::new();
        let body = SubmitSmResp { message_id: COctetString::from("1"), ..SubmitSmResp::default() };
        body.encode(CommandStatus::ESME_ROK, sequence, &mut answer).unwrap();
        match esme.handle_bytes(now, &mut &answer[..]) {
            Some(Event::Response { request, .. }) => assert_eq!(request.ticket, 7),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_template_counts_against_the_window() {
        let (now, mut esme, frame) = (Now::default(), bound(), template());
        for ticket in 0..2 {
            esme.submit_frame(now, ticket, &frame, |_| {}).unwrap();
        }
        let before = esme.poll_transmit().len();
        assert_eq!(esme.submit_frame(now, 2, &frame, |_| {}), Err(SubmitError::WindowFull));
        assert_eq!((esme.poll_transmit().len(), esme.in_flight()), (before, 2));
    }

    #[test]
    fn octets_that_are_no_request_are_not_sent() {
        let (now, mut esme, frame) = (Now::default(), bound(), template());
        for wrong in [&frame[..frame.len() - 1], &frame[..10], &[], &[&frame[..], &[0]].concat()] {
            let refused = esme.submit_frame(now, 1, wrong, |_| panic!("nothing to fill"));
            assert!(matches!(refused, Err(SubmitError::Encode(_))), "{refused:?}");
        }
        let mut response = Vec::new();
        EnquireLinkResp::default().encode(CommandStatus::ESME_ROK, 1, &mut response).unwrap();
        assert_eq!(esme.submit_frame(now, 1, &response, |_| {}), Err(SubmitError::NotPermitted));
        assert_eq!((esme.poll_transmit().len(), esme.in_flight()), (0, 0));
    }
}
