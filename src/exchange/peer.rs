//! What the peer said: the session's events, and what the engine makes of them.

use std::time::Duration;

use super::advice::Hint;
use super::matching::Sent;
use super::quirks;
use super::{Deed, Exchange, Peer, Response};
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mo::reassembly::{Mark, Reassembled, Why, join};
use crate::mo::{MoMessage, as_deliver};
use crate::mt::ingress::{Admission, as_submit, of_multi, status_of_all, validity_of};
use crate::mt::receipts::{id_field, read, write_id};
use crate::mt::segmentation::Cutting;
use crate::session::{BindKind, BindRequest, Entry, Event, Odd, Session, Unanswered};
use crate::text::{Alphabet, DecodeError, DefaultAlphabet, Shifts, Udh, decode};
use crate::wire::lists::DESTINATIONS_MAX;
use crate::wire::table::{
    DataSmResp, DeliverSm, DeliverSmResp, DestAddress, Pdu, SubmitMulti, SubmitMultiResp, SubmitSm,
    SubmitSmResp, UnsuccessSmes,
};
use crate::wire::{Address, CommandId, CommandStatus, HEADER_LEN, Header, Role, State, UDHI};

/// The longest validity of a message of an account.
const VALIDITY_MAX: Duration = Duration::from_secs(48 * 3600);

/// Text, as it is understood.
#[derive(Clone, Debug)]
pub struct Text {
    /// From whom.
    pub source: Address,
    /// To whom.
    pub destination: Address,
    /// What announces the alphabet, as we would write it.
    pub data_coding: u8,
    /// The alphabet.
    pub alphabet: Alphabet,
    /// The characters, or why there are none.
    pub text: Result<String, DecodeError>,
}

/// A message of an account that is taken.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Our id of it, as the account is told.
    pub id: String,
    /// What it says.
    pub text: Text,
    /// Segments, sent to a carrier without deviations.
    pub segments: u8,
}

impl Exchange {
    /// Octets of the peer.
    pub(super) fn heard(&mut self, line: u32, header: Option<Header>, octets: &[u8]) {
        self.summary.pdus[0] += 1;
        let rules = self.dialect.rules();
        for quirk in quirks::met(&self.dialect, &rules, octets) {
            self.met(quirk);
        }
        let mut octets = octets.to_vec();
        let answers = header.filter(|header| header.command_id.is_response());
        if let Some(header) = answers
            && let Some(place) = octets.get_mut(12..HEADER_LEN)
        {
            // No request has the number 0, so what answers nothing answers nothing here too.
            let number = self.numbers.get(&header.sequence_number).copied().unwrap_or(0);
            place.copy_from_slice(&number.to_be_bytes());
        }
        let mut rest = &octets[..];
        loop {
            let Some(session) = &mut self.session else { return };
            let Some(event) = session.handle_bytes(self.now, &mut rest) else { break };
            self.event(line, event);
        }
        let is_unread = |deed: &Deed| matches!(deed, Deed::Odd(Odd::BadPdu(_)));
        if self.step.deeds.iter().any(is_unread) {
            self.advisor.unread(line, &rules, &octets);
        }
        if !rest.is_empty() {
            self.did(Deed::Ignored("not a whole PDU"));
            self.summary.odd.push(line);
        } else if self.step.deeds.is_empty() && self.session.as_ref().is_some_and(is_over) {
            self.did(Deed::Ignored("the session is over"));
        }
    }

    pub(super) fn event(&mut self, line: u32, event: Event<'_>) {
        match event {
            Event::BindRequested(_) => {
                if let Some(session) = &mut self.session {
                    session.accept_bind(self.now, "chappe");
                }
            }
            Event::Outbind(_) => self.did(Deed::Ignored("an invitation to bind")),
            Event::Bound(state) => self.did(Deed::Bound(state)),
            Event::Request { header, pdu } => match self.peer {
                Peer::Account => self.asked_by_account(header, &pdu),
                Peer::Carrier => self.asked_by_carrier(line, header, &pdu),
            },
            Event::Response { request, late, status, pdu } => {
                self.response(line, (request, late), status, pdu);
            }
            Event::Unanswered { request, why } => {
                self.summary.unanswered += 1;
                let to = self.matching.line_of(request.ticket);
                self.did(Deed::Unanswered(to, why));
                if why == Unanswered::SessionEnded {
                    self.matching.forget(request.ticket);
                }
            }
            Event::Odd(odd) => {
                self.summary.odd.push(line);
                self.did(Deed::Odd(odd));
            }
            Event::Closed(reason) => {
                self.summary.closed.push(reason);
                self.did(Deed::Closed(reason));
            }
        }
    }

    fn response(
        &mut self,
        line: u32,
        (request, late): (Entry, bool),
        status: CommandStatus,
        pdu: Option<Pdu<'_>>,
    ) {
        self.summary.answered += 1;
        self.summary.refused += u64::from(!status.is_ok());
        let id = match &pdu {
            Some(Pdu::SubmitSmResp(resp)) if status.is_ok() => resp.message_id.octets(),
            Some(Pdu::DataSmResp(resp)) if status.is_ok() => resp.message_id.octets(),
            _ => b"",
        };
        let to = self.matching.line_of(request.ticket);
        let receipts = match id {
            [] => Vec::new(),
            id => self.matching.answered(line, request.ticket, id),
        };
        self.summary.matched += receipts.len() as u64;
        let age = request.age(self.now.monotonic);
        self.did(Deed::Response(Response {
            to,
            late,
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            status,
            class: status.class(),
            rule: self.dialect.status(status.0),
            id: (!id.is_empty()).then(|| (id.into(), self.matching.key_of(id))),
            receipts,
        }));
    }

    /// As the engine's link to a carrier does.
    fn asked_by_carrier(&mut self, line: u32, header: Header, pdu: &Pdu<'_>) {
        let sequence = header.sequence_number;
        match pdu {
            Pdu::DeliverSm(deliver) => match self.dialect.times_fault(deliver) {
                Some(status) => {
                    self.advisor.note(&self.dialect, Hint::Times(line));
                    self.refuse(header, status);
                }
                None => {
                    self.delivered(line, deliver);
                    self.respond(|session| {
                        let body = DeliverSmResp::default();
                        session.respond(sequence, CommandStatus::ESME_ROK, &body).is_ok()
                    });
                }
            },
            Pdu::DataSm(data) => {
                self.delivered(line, &as_deliver(data));
                self.respond(|session| {
                    let body = DataSmResp::default();
                    session.respond(sequence, CommandStatus::ESME_ROK, &body).is_ok()
                });
            }
            Pdu::AlertNotification(_) => self.did(Deed::Ignored("nobody waits for this handset")),
            _ => self.refuse(header, CommandStatus::ESME_RINVCMDID),
        }
    }

    /// As the engine's link to an account does, for one that may use every sender, has room, and
    /// whose messages all go to a carrier without deviations.
    fn asked_by_account(&mut self, header: Header, pdu: &Pdu<'_>) {
        let sequence = header.sequence_number;
        let submitted = match pdu {
            Pdu::SubmitSm(submit) => self.submitted(submit),
            Pdu::DataSm(data) => {
                let validity = validity_of(data);
                self.submitted(&as_submit(data, validity.as_ref()))
            }
            Pdu::QuerySm(_) => Err(CommandStatus::ESME_RQUERYFAIL),
            Pdu::CancelSm(_) => Err(CommandStatus::ESME_RCANCELFAIL),
            Pdu::ReplaceSm(_) => Err(CommandStatus::ESME_RREPLACEFAIL),
            Pdu::SubmitMulti(multi) => return self.asked_for_many(header, multi),
            Pdu::AlertNotification(_) => return self.did(Deed::Ignored("nothing for us")),
            _ => Err(CommandStatus::ESME_RINVCMDID),
        };
        let taken = match submitted {
            Ok(taken) => taken,
            Err(status) => return self.refuse(header, status),
        };
        self.summary.submitted += 1;
        let id = taken.id.clone();
        self.did(Deed::Submitted(taken));
        let message_id = id_field(id.as_bytes());
        let is_data = header.command_id == CommandId::DATA_SM;
        self.respond(|session| match is_data {
            true => {
                let body = DataSmResp { message_id, ..DataSmResp::default() };
                session.respond(sequence, CommandStatus::ESME_ROK, &body).is_ok()
            }
            false => {
                let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                session.respond(sequence, CommandStatus::ESME_ROK, &body).is_ok()
            }
        });
    }

    /// A submit_multi is a message for each destination, and one answer that says who failed.
    fn asked_for_many(&mut self, header: Header, multi: &SubmitMulti<'_>) {
        if !(1..=DESTINATIONS_MAX).contains(&multi.dest_addresses.count()) {
            return self.refuse(header, CommandStatus::ESME_RINVNUMDESTS);
        }
        let (mut id, mut failed, mut refusals) = (None, Vec::new(), Vec::new());
        for destination in multi.dest_addresses.iter() {
            let taken = match destination {
                DestAddress::Sme { dest_addr_ton, dest_addr_npi, destination_addr } => {
                    let to = SubmitSm {
                        dest_addr_ton,
                        dest_addr_npi,
                        destination_addr,
                        ..of_multi(multi)
                    };
                    self.submitted(&to)
                }
                DestAddress::DistributionList { .. } => Err(CommandStatus::ESME_RINVDLNAME),
            };
            match taken {
                Ok(taken) => {
                    self.summary.submitted += 1;
                    id.get_or_insert_with(|| taken.id.clone());
                    self.did(Deed::Submitted(taken));
                }
                Err(status) => {
                    destination.failed(status).append(&mut failed);
                    refusals.push(status);
                    self.did(Deed::Refused(status));
                }
            }
        }
        let count = u8::try_from(refusals.len()).unwrap_or(u8::MAX);
        let status = match &id {
            Some(_) => CommandStatus::ESME_ROK,
            None => status_of_all(refusals),
        };
        let id = id.unwrap_or_default();
        let unsuccess_smes = UnsuccessSmes::new(count, &failed).unwrap_or_default();
        let message_id = id_field(id.as_bytes());
        self.respond(|session| {
            let body = SubmitMultiResp { message_id, unsuccess_smes, ..SubmitMultiResp::default() };
            session.respond(header.sequence_number, status, &body).is_ok()
        });
    }

    fn submitted(&mut self, submit: &SubmitSm<'_>) -> Result<Submitted, CommandStatus> {
        let submit = match &self.form {
            None => *submit,
            Some(form) => self.translator.read_submit(form, submit),
        };
        let admission = Admission {
            validity_max: VALIDITY_MAX,
            address_octets_max: usize::from(self.dialect.address_octets_max),
            ..Admission::default()
        };
        let envelope = admission.address(&submit)?;
        let message = admission.message(envelope, &submit, Cutting::default(), self.now.wall)?;
        let decimal = self.dialect.message_id_format == crate::message::dialect::IdFormat::Decimal;
        self.ids += 1;
        let mut room = [0; 21];
        let id = write_id(MessageId::new(0, self.ids), decimal, &mut room);
        Ok(Submitted {
            id: String::from_utf8_lossy(id).into_owned(),
            text: self.text_of_mt(&message),
            segments: message.segments(),
        })
    }

    fn text_of_mt(&self, message: &Message) -> Text {
        let user_data = message.user_data.octets();
        let (octets, shifts) = match Udh::split(user_data) {
            Ok((udh, text)) if message.esm_class & UDHI != 0 => (text, udh.shifts()),
            _ => (user_data, Shifts::NONE),
        };
        let alphabet = Alphabet::of(message.data_coding, DefaultAlphabet::Gsm7);
        Text {
            source: message.source.clone(),
            destination: message.destination.clone(),
            data_coding: message.data_coding,
            alphabet,
            text: decode(octets, alphabet, shifts),
        }
    }

    /// A deliver_sm of a carrier: a receipt or a message.
    fn delivered(&mut self, line: u32, deliver: &DeliverSm<'_>) {
        if let Some(receipt) = read(self.matching.reading(), deliver) {
            self.summary.receipts += 1;
            let read = self.matching.receipt(line, receipt);
            self.summary.matched += u64::from(read.found.is_some());
            return self.did(Deed::Receipt(read));
        }
        if let Some(receipt) = read(&super::matching::lenient(self.matching.reading()), deliver) {
            let key = quirks::key_of_unmarked(deliver.esm_class);
            self.advisor.note(&self.dialect, Hint::Unmarked(line, key, receipt));
        }
        self.summary.messages += 1;
        let message = match &self.form {
            None => MoMessage::of(0, deliver),
            Some(form) => MoMessage::of(0, &self.translator.read_deliver(form, deliver)),
        };
        let mark = Mark::of(&message);
        let text = self.text_of_mo(&message);
        if text.text.is_err() {
            let (octets, _) = message.text();
            self.advisor.note(&self.dialect, Hint::Text(line, deliver.data_coding, octets.into()));
        }
        self.did(Deed::Message(text, mark));
        if let Some(mark) = mark {
            // The line rides in a field that no reassembly looks at.
            let segment = MoMessage { service_type: Box::new(line.to_be_bytes()), ..message };
            self.reassembly.arrive(self.now.monotonic, (), mark, segment);
            self.put_together();
        }
    }

    pub(super) fn put_together(&mut self) {
        let _ = self.reassembly.take_duplicates();
        while let Some(Reassembled { segments, why, .. }) = self.reassembly.poll() {
            let lines = segments.iter().filter_map(|one| one.service_type.first_chunk().copied());
            let lines = lines.map(u32::from_be_bytes).collect();
            let whole = (why == Why::Whole).then(|| join(&segments)).flatten();
            self.summary.reassembled += u64::from(why == Why::Whole);
            let text = whole.map(|whole| self.text_of_mo(&whole));
            self.did(Deed::Whole(lines, text, why));
        }
    }

    fn text_of_mo(&self, message: &MoMessage) -> Text {
        let (octets, shifts) = message.text();
        let alphabet = Alphabet::of(message.data_coding, DefaultAlphabet::Gsm7);
        Text {
            source: message.source.clone(),
            destination: message.destination.clone(),
            data_coding: message.data_coding,
            alphabet,
            text: decode(octets, alphabet, shifts),
        }
    }

    fn refuse(&mut self, header: Header, status: CommandStatus) {
        self.did(Deed::Refused(status));
        self.respond(|session| {
            session.respond_status(header.command_id, header.sequence_number, status);
            true
        });
    }

    fn respond(&mut self, answer: impl FnOnce(&mut Session) -> bool) {
        let answered = self.session.as_mut().is_some_and(answer);
        if !answered {
            self.did(Deed::Ignored("our answer does not fit its fields"));
        }
    }

    /// A session that stands, for a recording that begins in the middle of one.
    pub(super) fn assume_bound(&mut self) {
        let Some(session) = &mut self.session else { return };
        let request = BindRequest::new(BindKind::Transceiver, "", "");
        match session.role() {
            Role::Esme => {
                let _ = session.bind(self.now, &request);
                let number = Header::read(session.poll_transmit()).map_or(1, |h| h.sequence_number);
                let answer = Header {
                    command_length: HEADER_LEN as u32,
                    command_id: CommandId::BIND_TRANSCEIVER.response(),
                    command_status: CommandStatus::ESME_ROK,
                    sequence_number: number,
                };
                let _ = session.handle_bytes(self.now, &mut &answer.octets()[..]);
            }
            Role::Smsc => {
                let mut other = Session::new(Role::Esme, super::Settings::default(), self.now);
                let _ = other.bind(self.now, &request);
                let octets = other.poll_transmit().to_vec();
                let _ = session.handle_bytes(self.now, &mut &octets[..]);
                session.accept_bind(self.now, "chappe");
            }
        }
        session.transmitted(session.poll_transmit().len());
        while session.poll_event().is_some() {}
        let state = session.state();
        self.did(Deed::Assumed(state));
    }
}

fn is_over(session: &Session) -> bool {
    matches!(session.state(), State::Closed | State::Unbound)
}

impl Sent {
    /// A message to a handset that went out on this line.
    pub(super) fn message(line: u32, submit: &SubmitSm<'_>) -> Self {
        let bare = crate::message::translation::bare;
        let number = bare(submit.dest_addr_ton, submit.destination_addr.octets());
        Self::new(line, number)
    }
}
