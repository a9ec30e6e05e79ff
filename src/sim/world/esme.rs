//! Customers: they submit, take receipts and messages from handsets, vanish and come back.

use std::net::SocketAddr;
use std::time::Duration;

use super::core::{Core, Event};
use super::counts::What;
use super::ledger::{Answer, Delivered, Message};
use super::net::{Conn, Handle, Side, SimStream};
use super::plan::{MESSAGES, Plan, millis};
use crate::link::Octets;
use crate::message::receipt::{ReceiptText, is_receipt, resolve};
use crate::session::{self, BindKind, BindRequest, Event as Said, Session, SubmitError};
use crate::sim::serial::Serial;
use crate::wire::table::{DeliverSm, DeliverSmResp, Pdu, SubmitSm};
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, CommandStatus, Header, Role, SequenceNumber, TlvTag, Tlvs};

/// How long an ESME waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(4);
/// From silence to an enquiry.
const ENQUIRY: Duration = Duration::from_secs(3);
/// Octets of a segment beside an eight-bit reference.
const SEGMENT: usize = 153;

/// A customer.
pub struct Esme {
    pub conn: Option<usize>,
    pub is_bound: bool,
    pub away_until: Duration,
    /// When it acts next.
    pub acts_at: Option<Duration>,
    /// Messages it wants accepted.
    pub quota: u64,
    pub accepted: u64,
    /// Messages without an answer.
    pub waiting: u64,
}

impl Esme {
    pub fn new(plan: &Plan, at: usize) -> Self {
        let accounts = plan.accounts.len() as u64;
        let quota = MESSAGES.div_ceil(accounts) + at as u64;
        Self {
            conn: None,
            is_bound: false,
            away_until: Duration::ZERO,
            acts_at: None,
            quota,
            accepted: 0,
            waiting: 0,
        }
    }

    /// Whether it has more to submit.
    pub const fn is_wanting(&self) -> bool {
        self.accepted < self.quota
    }
}

/// The name an account binds with.
pub fn system_id(at: usize) -> String {
    format!("account-{at}")
}

impl Core {
    /// Has an ESME act then, unless it does before.
    pub fn wake_esme(&mut self, at: usize, when: Duration) {
        let when = when.max(self.now);
        let esme = &mut self.esmes[at];
        if esme.acts_at.is_some_and(|acts| acts <= when && acts >= self.now) {
            return;
        }
        esme.acts_at = Some(when);
        self.schedule(when, Event::Esme(at));
    }

    /// An ESME does what it does.
    pub fn esme_acts(&mut self, at: usize) {
        if self.esmes[at].acts_at != Some(self.now) {
            return;
        }
        self.esmes[at].acts_at = None;
        let away_until = self.esmes[at].away_until;
        if away_until > self.now {
            return self.wake_esme(at, away_until);
        }
        match self.esmes[at].conn {
            None => self.wants_to_connect(at),
            Some(conn) if self.esmes[at].is_bound => {
                self.submits(at, conn);
                if self.esmes[at].is_wanting() {
                    self.wake_esme(at, self.now + self.plan.accounts[at].pace);
                }
            }
            Some(_) => {}
        }
    }

    fn wants_to_connect(&mut self, at: usize) {
        let again = self.now + millis(150 + self.dice.below(600));
        let refuses = self.plan.net.refuses;
        let is_refused = !self.is_healed && self.dice.hits(refuses);
        if is_refused {
            self.counts.add(What::ConnectRefused);
        }
        // One that has just ended may not be known to have yet. What is refused where it is handed
        // over would want to close itself, which nobody lets it while this goes on.
        let listens = self.life.listening.as_ref().is_some_and(|listening| !listening.is_closed());
        if !listens || is_refused {
            return self.wake_esme(at, again);
        }
        self.connect_account(at);
    }

    /// Connects an ESME: the engine gets its end.
    fn connect_account(&mut self, at: usize) {
        let (Some(listening), Some(core)) = (self.life.listening.clone(), self.me.upgrade()) else {
            return;
        };
        let core = Handle(core);
        let settings = session::Settings {
            window_max: self.plan.accounts[at].window,
            response_timeout: TIMEOUT,
            enquire_link: ENQUIRY,
            drain: Duration::from_secs(2),
            ..session::Settings::default()
        };
        let mut session = Session::new(Role::Esme, settings, self.moment());
        let name = system_id(at);
        let request = BindRequest::new(BindKind::Transceiver, &name, "secret");
        if session.bind(self.moment(), &request).is_err() {
            self.failures.push(format!("account {at} cannot bind"));
        }
        let conn = self.new_conn(Side::Account(at), session);
        self.esmes[at].conn = Some(conn);
        let life = self.life.number;
        let stream: Box<dyn Octets> = Box::new(SimStream { core, conn, life });
        let peer = SocketAddr::from(([192, 0, 2, 1], 1024 + conn as u16));
        if listening.send((stream, peer)).is_err() {
            self.note(|| "nobody listens".to_owned());
        }
        self.goes_on(conn);
    }

    fn submits(&mut self, at: usize, conn_at: usize) {
        let Some(mut conn) = self.conns[conn_at].take() else { return };
        for _ in 0..self.plan.accounts[at].burst {
            let esme = &self.esmes[at];
            // What waits may be accepted, and what is lost is not.
            if esme.accepted + esme.waiting >= esme.quota || !self.submits_one(at, &mut conn) {
                break;
            }
        }
        self.conns[conn_at] = Some(conn);
        self.goes_on(conn_at);
    }

    /// Submits one message; whether there was room for it.
    fn submits_one(&mut self, at: usize, conn: &mut Conn) -> bool {
        let plan = self.plan.accounts[at].clone();
        let number = self.ledger.messages[at].len() as u64;
        if conn.session.window_free() == 0 {
            return false;
        }
        let lane = match plan.lanes {
            0 => number,
            lanes => self.dice.below(lanes),
        };
        let segments = if self.dice.hits(plan.long) { 2 + self.dice.below(3) as u8 } else { 1 };
        let is_asked = !self.dice.hits(plan.unasked);
        let serial = Serial::new(at as u32, number);
        let mut text = Vec::new();
        for segment in 0..segments {
            // Each segment begins with it, so that each can be told.
            text.resize(usize::from(segment) * SEGMENT, b'.');
            text.extend_from_slice(&serial.octets());
        }
        let (destination, source) = (format!("4670{at:03}{lane:04}"), format!("1000{at}"));
        let validity = plan.validity_s.map(|seconds| {
            format!("000000{:02}{:02}{:02}000R", seconds / 3_600, seconds / 60 % 60, seconds % 60)
        });
        let mut payload = Vec::new();
        if segments > 1 {
            // A few hundred octets, far below what a length can say.
            let _ = put_tlv(&mut payload, TlvTag::MESSAGE_PAYLOAD, &text);
        }
        let submit = SubmitSm {
            source_addr_ton: 1,
            source_addr_npi: 1,
            source_addr: COctetString::from(source.as_str()),
            dest_addr_ton: 1,
            dest_addr_npi: 1,
            destination_addr: COctetString::from(destination.as_str()),
            validity_period: COctetString::from(validity.as_deref().unwrap_or("")),
            registered_delivery: u8::from(is_asked),
            short_message: if segments > 1 { &[] } else { &text },
            tlvs: Tlvs::take(&payload).0,
            ..SubmitSm::default()
        };
        match conn.session.submit(self.moment(), number, &submit) {
            Ok(_) => {}
            Err(SubmitError::WindowFull | SubmitError::NotPermitted) => return false,
            Err(error) => {
                self.failures.push(format!("account {at} cannot write a message: {error:?}"));
                return false;
            }
        }
        self.ledger.messages[at].push(Message {
            lane,
            segments,
            is_asked,
            submitted_at: self.now,
            answer: Answer::Waiting,
            id: None,
            copies: Vec::new(),
            refusals: 0,
            receipts: Vec::new(),
        });
        self.esmes[at].waiting += 1;
        self.counts.add(What::Submitted);
        self.note(|| format!("account {at} submits {number} lane {lane} segments {segments}"));
        true
    }

    /// Something happened in an ESME's session.
    pub fn esme_hears(&mut self, at: usize, conn_at: usize, conn: &mut Conn, said: &Said<'_>) {
        match said {
            Said::Bound(_) => {
                self.esmes[at].is_bound = true;
                self.note(|| format!("account {at} bound"));
                self.wake_esme(at, self.now);
            }
            Said::Response { request, status, pdu, late } => {
                let number = request.ticket;
                let id = match pdu {
                    Some(Pdu::SubmitSmResp(response)) => response.message_id.octets(),
                    _ => &[],
                };
                self.note(|| format!("account {at} {number}: {status}"));
                self.esmes[at].waiting -= u64::from(!late);
                self.esmes[at].accepted += u64::from(status.is_ok());
                self.answered((at, number), *status, id);
            }
            Said::Unanswered { request, .. } => {
                self.counts.add(What::Unanswered);
                self.esmes[at].waiting -= 1;
                if let Some(message) = self.ledger.message(at, request.ticket) {
                    message.answer = Answer::Lost;
                }
                self.wake_esme(at, self.now);
            }
            Said::Request { header, pdu: Pdu::DeliverSm(deliver) } => {
                self.delivered(at, conn_at, conn, header, deliver);
            }
            Said::Closed(reason) => {
                self.note(|| format!("account {at} closed: {}", reason.name()));
                self.esmes[at].is_bound = false;
                self.esmes[at].conn = None;
                let after = self.now + millis(50 + self.dice.below(800));
                self.wake_esme(at, after.max(self.esmes[at].away_until));
            }
            _ => {}
        }
    }

    fn delivered(
        &mut self,
        at: usize,
        conn_at: usize,
        conn: &mut Conn,
        header: &Header,
        deliver: &DeliverSm<'_>,
    ) {
        let sequence = header.sequence_number;
        if is_receipt(deliver.esm_class, deliver.short_message) {
            self.receipt(at, (conn_at, sequence), deliver, conn.written_at);
        } else {
            let key = [deliver.source_addr.octets(), deliver.short_message].concat();
            *self.ledger.mo.entry((at, key)).or_insert(0) += 1;
            self.counts.add(What::Mo);
            self.ledger.note_delivery((conn_at, sequence), Delivered::Mo);
        }
        let plan = &self.plan.accounts[at];
        let (deaf, refuses, late) = (plan.deaf, plan.refuses, plan.late);
        if self.is_healed {
            return answer(&mut conn.session, sequence, CommandStatus::ESME_ROK);
        }
        if self.dice.hits(deaf) {
            self.counts.add(What::DeliveryUnanswered);
        } else if self.dice.hits(late) {
            self.counts.add(What::DeliveryLate);
            let at = self.now + millis(200 + self.dice.below(4_000));
            self.schedule(at, Event::Answer(conn_at, sequence));
        } else if self.dice.hits(refuses) {
            self.counts.add(What::DeliveryRefused);
            answer(&mut conn.session, sequence, CommandStatus::ESME_RX_T_APPN);
        } else {
            answer(&mut conn.session, sequence, CommandStatus::ESME_ROK);
        }
    }

    fn receipt(
        &mut self,
        at: usize,
        request: super::ledger::Request,
        deliver: &DeliverSm<'_>,
        written_at: Duration,
    ) {
        let text = ReceiptText::parse(deliver.short_message);
        let tlv_id = deliver.tlvs.octets_of(TlvTag::RECEIPTED_MESSAGE_ID);
        let tlv_state = deliver.tlvs.int(TlvTag::MESSAGE_STATE);
        let tlv_state = tlv_state.and_then(|state| u8::try_from(state).ok());
        let resolved = resolve(Some(&text), tlv_id, tlv_state, None);
        let id = resolved.id.unwrap_or_default();
        let number = match text.text.and_then(Serial::read) {
            Some(serial) if serial.run() as usize == at => serial.number(),
            _ => {
                return self
                    .failures
                    .push(format!("account {at} got a receipt that is not its own"));
            }
        };
        let state = resolved.state.map_or("none", |state| state.stat());
        self.note(|| format!("account {at} receipt {number} {state}"));
        self.receipted(request, (at, number), (id, resolved.state), written_at);
    }

    /// A delivery is answered late.
    pub fn answer_late(&mut self, conn_at: usize, sequence: SequenceNumber) {
        let Some(conn) = &mut self.conns[conn_at] else { return };
        if !conn.is_closed {
            answer(&mut conn.session, sequence, CommandStatus::ESME_ROK);
            self.goes_on(conn_at);
        }
    }
}

fn answer(session: &mut Session, sequence: SequenceNumber, status: CommandStatus) {
    // An empty message_id always fits.
    let _ = session.respond(sequence, status, &DeliverSmResp::default());
}
