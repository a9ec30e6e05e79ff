//! An ESME: an account's client, or with other words whoever binds to the engine.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use chappe::clock::Now;
use chappe::link::{Clock, Link, Owner, Pace, connect};
use chappe::message::receipt::ReceiptText;
use chappe::session::{BindKind, BindRequest, CloseReason, Event, Session, Settings};
use chappe::wire::table::{
    CancelSm, DataSm, DeliverSm, DeliverSmResp, DestAddress, DestAddresses, Pdu, QuerySm,
    ReplaceSm, SubmitMulti, SubmitSm,
};
use chappe::wire::tlv::put_tlv;
use chappe::wire::{COctetString, CommandStatus, Role, Rules, TlvTag, Tlvs};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::world::until;

/// A submit_sm with what tests change of it.
#[derive(Clone, Debug)]
pub struct Submit {
    pub source: String,
    pub destination: String,
    pub text: Vec<u8>,
    pub data_coding: u8,
    pub esm_class: u8,
    pub registered_delivery: u8,
    pub validity_period: String,
    pub schedule: String,
    pub tlvs: Vec<u8>,
}

impl Submit {
    /// A message to the usual handset that wants its receipt.
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        Self {
            source: "Shop".to_owned(),
            destination: "33612345678".to_owned(),
            text: text.as_ref().to_vec(),
            data_coding: 0,
            esm_class: 0,
            registered_delivery: 1,
            validity_period: String::new(),
            schedule: String::new(),
            tlvs: Vec::new(),
        }
    }

    pub fn to(destination: &str) -> Self {
        Self { destination: destination.to_owned(), ..Self::new("hello") }
    }
}

/// A request other than a submit_sm.
#[derive(Clone, Debug)]
pub enum Request {
    /// A data_sm that says what this submit_sm says.
    Data(Submit),
    /// A cancel_sm of this id, or for this destination.
    Cancel { id: String, destination: String },
    /// A cancel_sm of all that was submitted like this.
    CancelLike(Submit),
    /// A submit_multi of this message to these; what begins with `@` is a distribution list.
    Multi(Submit, Vec<String>),
    /// A query_sm of this id.
    Query(String),
    /// A replace_sm of this id by this text.
    Replace { id: String, text: Vec<u8> },
}

/// A response as it came: what its PDU has of these.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    /// Which PDU it was.
    pub command: &'static str,
    pub status: CommandStatus,
    pub id: String,
    /// message_state and error_code.
    pub state: (u8, u8),
    pub final_date: String,
    /// Of a submit_multi_resp: who failed, and why.
    pub failed: Vec<(String, CommandStatus)>,
}

impl Said {
    fn of(status: CommandStatus, pdu: Option<&Pdu<'_>>) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let said = Self { status, ..Self::default() };
        match pdu {
            Some(Pdu::SubmitSmResp(resp)) => {
                Self { command: "submit_sm_resp", id: text(resp.message_id.octets()), ..said }
            }
            Some(Pdu::SubmitMultiResp(resp)) => {
                let failed = resp.unsuccess_smes.iter().map(|one| {
                    let status = CommandStatus(one.error_status_code);
                    (text(one.destination_addr.octets()), status)
                });
                let id = text(resp.message_id.octets());
                Self { command: "submit_multi_resp", id, failed: failed.collect(), ..said }
            }
            Some(Pdu::DataSmResp(resp)) => {
                Self { command: "data_sm_resp", id: text(resp.message_id.octets()), ..said }
            }
            Some(Pdu::QuerySmResp(resp)) => Self {
                command: "query_sm_resp",
                id: text(resp.message_id.octets()),
                state: (resp.message_state, resp.error_code),
                final_date: text(resp.final_date.octets()),
                ..said
            },
            Some(Pdu::ReplaceSmResp(_)) => Self { command: "replace_sm_resp", ..said },
            Some(Pdu::CancelSmResp(_)) => Self { command: "cancel_sm_resp", ..said },
            _ => said,
        }
    }
}

/// A deliver_sm as it came.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub source: String,
    pub destination: String,
    pub esm_class: u8,
    pub text: Vec<u8>,
    /// receipted_message_id, without its NUL.
    pub receipted: Option<String>,
    pub state: Option<u32>,
    pub payload: Option<Vec<u8>>,
    pub tlvs: Vec<u8>,
}

impl Delivered {
    fn of(deliver: &DeliverSm<'_>) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let receipted = deliver.tlvs.octets_of(TlvTag::RECEIPTED_MESSAGE_ID);
        Self {
            source: text(deliver.source_addr.octets()),
            destination: text(deliver.destination_addr.octets()),
            esm_class: deliver.esm_class,
            text: deliver.short_message.to_vec(),
            receipted: receipted.map(|id| text(id).trim_end_matches('\0').to_owned()),
            state: deliver.tlvs.int(TlvTag::MESSAGE_STATE),
            payload: deliver.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).map(<[u8]>::to_vec),
            tlvs: deliver.tlvs.octets().to_vec(),
        }
    }

    /// Of a receipt's text: id, stat and err.
    pub fn receipt(&self) -> (String, String, u32) {
        let text = ReceiptText::parse(&self.text);
        let owned = |octets: Option<&[u8]>| {
            String::from_utf8_lossy(octets.expect("a receipt")).into_owned()
        };
        (owned(text.id), owned(text.stat), text.err_number().expect("err"))
    }
}

#[derive(Debug, Default)]
struct Seen {
    bound: bool,
    closed: Option<CloseReason>,
    responses: HashMap<u64, Said>,
    deliveries: Vec<Delivered>,
    /// Handsets and numbers of alert_notifications.
    alerts: Vec<(String, String)>,
    /// What deliveries are answered; ESME_ROK unless a test says otherwise.
    answer: CommandStatus,
    /// Whether deliveries are answered one by one, when a test says so.
    holds: bool,
    submitted: u64,
}

#[derive(Debug)]
enum Wish {
    Submit(u64, Submit),
    Ask(u64, Request),
    AnswerOne,
    Unbind,
    Cut,
}

/// A bound ESME, or one that was refused.
#[derive(Debug)]
pub struct Esme {
    seen: Arc<Mutex<Seen>>,
    wishes: UnboundedSender<Wish>,
}

impl Esme {
    /// Connects and binds as a transceiver; the bind must be granted.
    pub async fn bind(address: SocketAddr) -> Self {
        Self::bind_as(address, BindKind::Transceiver, "acct", "secret").await.expect("a bind")
    }

    /// Connects and binds; the status if it was refused.
    pub async fn bind_as(
        address: SocketAddr,
        kind: BindKind,
        system_id: &str,
        password: &str,
    ) -> Result<Self, CommandStatus> {
        Self::bind_with(address, BindRequest::new(kind, system_id, password)).await
    }

    /// Binds with this request; or with which status it was refused.
    pub async fn bind_with(
        address: SocketAddr,
        request: BindRequest<'_>,
    ) -> Result<Self, CommandStatus> {
        let clock = Clock::start();
        let rules = Rules { long_c_strings: true, ..Rules::default() };
        let settings = Settings { window_max: 100_000, rules, ..Settings::default() };
        let mut session = Session::new(Role::Esme, settings, clock.now());
        session.bind(clock.now(), &request).expect("a bind that can be written");
        let patience = Duration::from_secs(10);
        let stream = connect(&address.to_string(), None, patience).await.expect("a connection");
        let (wishes, taken) = unbounded_channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let owner =
            End { seen: Arc::clone(&seen), wishes: taken, held: VecDeque::new(), cut: false };
        tokio::spawn(Link::new(stream, session, owner, clock));
        let esme = Self { seen, wishes };
        until("the bind is answered", || esme.is_bound() || esme.closed().is_some()).await;
        match esme.closed() {
            None => Ok(esme),
            Some(CloseReason::BindRefused(status)) => Err(status),
            Some(other) => panic!("{other:?}"),
        }
    }

    pub fn is_bound(&self) -> bool {
        self.seen.lock().unwrap().bound
    }

    pub fn closed(&self) -> Option<CloseReason> {
        self.seen.lock().unwrap().closed
    }

    /// Sends a message; the number its response is found by.
    pub fn send(&self, submit: Submit) -> u64 {
        let mut seen = self.seen.lock().unwrap();
        seen.submitted += 1;
        let ticket = seen.submitted;
        self.wishes.send(Wish::Submit(ticket, submit)).expect("a link");
        ticket
    }

    pub fn response(&self, ticket: u64) -> Option<(CommandStatus, String)> {
        self.said(ticket).map(|said| (said.status, said.id))
    }

    fn said(&self, ticket: u64) -> Option<Said> {
        self.seen.lock().unwrap().responses.get(&ticket).cloned()
    }

    /// Asks something else than a submit_sm does; the response's number is found by the result.
    pub fn ask(&self, request: Request) -> u64 {
        let mut seen = self.seen.lock().unwrap();
        seen.submitted += 1;
        let ticket = seen.submitted;
        self.wishes.send(Wish::Ask(ticket, request)).expect("a link");
        ticket
    }

    /// Waits for what a request is answered.
    pub async fn answer(&self, ticket: u64) -> Said {
        until("a response", || self.said(ticket).is_some()).await;
        self.said(ticket).unwrap()
    }

    /// Asks, and waits for the answer.
    pub async fn answered(&self, request: Request) -> Said {
        self.answer(self.ask(request)).await
    }

    /// Sends a message; its status and id.
    pub async fn submit(&self, submit: Submit) -> (CommandStatus, String) {
        let ticket = self.send(submit);
        until("a response", || self.response(ticket).is_some()).await;
        self.response(ticket).unwrap()
    }

    /// Sends a message that must be accepted; its id.
    pub async fn accepted(&self, submit: Submit) -> String {
        let (status, id) = self.submit(submit).await;
        assert_eq!(status, CommandStatus::ESME_ROK);
        id
    }

    /// Sends messages without waiting in between; their responses.
    pub async fn burst(&self, submits: Vec<Submit>) -> Vec<(CommandStatus, String)> {
        let tickets: Vec<u64> = submits.into_iter().map(|submit| self.send(submit)).collect();
        until("all responses", || tickets.iter().all(|one| self.response(*one).is_some())).await;
        tickets.iter().map(|one| self.response(*one).unwrap()).collect()
    }

    pub fn deliveries(&self) -> Vec<Delivered> {
        self.seen.lock().unwrap().deliveries.clone()
    }

    pub fn alerts(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().alerts.clone()
    }

    /// Waits for so many deliveries.
    pub async fn delivered(&self, count: usize) -> Vec<Delivered> {
        let what = format!("{count} deliveries");
        until(&what, || self.seen.lock().unwrap().deliveries.len() >= count).await;
        self.deliveries()
    }

    /// What deliveries are answered from now on.
    pub fn answer_deliveries(&self, status: CommandStatus) {
        self.seen.lock().unwrap().answer = status;
    }

    /// Deliveries are answered one by one from now on, each at [`Esme::answer_one`].
    pub fn hold_deliveries(&self) {
        self.seen.lock().unwrap().holds = true;
    }

    /// Answers the oldest delivery that is held.
    pub fn answer_one(&self) {
        self.wishes.send(Wish::AnswerOne).expect("a link");
    }

    pub async fn unbind(self) {
        self.wishes.send(Wish::Unbind).expect("a link");
        until("the end", || self.closed().is_some()).await;
    }

    /// Goes away without a word.
    pub fn cut(&self) {
        self.wishes.send(Wish::Cut).expect("a link");
    }
}

struct End {
    seen: Arc<Mutex<Seen>>,
    wishes: UnboundedReceiver<Wish>,
    /// Numbers of deliveries that are not answered yet.
    held: VecDeque<u32>,
    cut: bool,
}

impl Owner for End {
    fn handle_event(&mut self, _now: Now, session: &mut Session, event: Event<'_>) {
        let mut seen = self.seen.lock().unwrap();
        match event {
            Event::Bound(_) => seen.bound = true,
            Event::Closed(reason) => seen.closed = Some(reason),
            Event::Response { request, status, pdu, .. } => {
                seen.responses.insert(request.ticket, Said::of(status, pdu.as_ref()));
            }
            Event::Request { pdu: Pdu::AlertNotification(alert), .. } => {
                let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
                let (from, to) = (alert.source_addr.octets(), alert.esme_addr.octets());
                seen.alerts.push((text(from), text(to)));
            }
            Event::Request { header, pdu: Pdu::DeliverSm(deliver) } => {
                seen.deliveries.push(Delivered::of(&deliver));
                if seen.holds {
                    self.held.push_back(header.sequence_number);
                    return;
                }
                let body = DeliverSmResp::default();
                session.respond(header.sequence_number, seen.answer, &body).unwrap();
            }
            _ => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        while let Poll::Ready(Some(wish)) = self.wishes.poll_recv(cx) {
            match wish {
                Wish::Submit(ticket, submit) => {
                    let body = SubmitSm {
                        source_addr: COctetString::from(submit.source.as_str()),
                        destination_addr: COctetString::from(submit.destination.as_str()),
                        dest_addr_ton: 1,
                        dest_addr_npi: 1,
                        esm_class: submit.esm_class,
                        data_coding: submit.data_coding,
                        registered_delivery: submit.registered_delivery,
                        validity_period: COctetString::from(submit.validity_period.as_str()),
                        schedule_delivery_time: COctetString::from(submit.schedule.as_str()),
                        short_message: &submit.text,
                        tlvs: Tlvs::take(&submit.tlvs).0,
                        ..SubmitSm::default()
                    };
                    let _ = session.submit(now, ticket, &body);
                }
                Wish::Ask(ticket, request) => ask(now, session, ticket, &request),
                Wish::AnswerOne => {
                    let answer = self.seen.lock().unwrap().answer;
                    if let Some(sequence) = self.held.pop_front() {
                        session.respond(sequence, answer, &DeliverSmResp::default()).unwrap();
                    }
                }
                Wish::Unbind => session.unbind(now),
                Wish::Cut => self.cut = true,
            }
        }
    }

    fn pace(&self) -> Pace {
        if self.cut { Pace::Cut } else { Pace::Go }
    }
}

fn ask(now: Now, session: &mut Session, ticket: u64, request: &Request) {
    match request {
        Request::Data(submit) => {
            let mut tlvs = submit.tlvs.clone();
            assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &submit.text));
            let body = DataSm {
                source_addr: COctetString::from(submit.source.as_str()),
                destination_addr: COctetString::from(submit.destination.as_str()),
                dest_addr_ton: 1,
                dest_addr_npi: 1,
                esm_class: submit.esm_class,
                data_coding: submit.data_coding,
                registered_delivery: submit.registered_delivery,
                tlvs: Tlvs::take(&tlvs).0,
                ..DataSm::default()
            };
            session.submit(now, ticket, &body).expect("a data_sm");
        }
        Request::Multi(submit, destinations) => {
            let mut octets = Vec::new();
            for destination in destinations {
                let one = match destination.strip_prefix('@') {
                    Some(name) => {
                        DestAddress::DistributionList { dl_name: COctetString::from(name) }
                    }
                    None => DestAddress::Sme {
                        dest_addr_ton: 1,
                        dest_addr_npi: 1,
                        destination_addr: COctetString::from(destination.as_str()),
                    },
                };
                one.append(&mut octets);
            }
            let count = u8::try_from(destinations.len()).expect("an octet counts them");
            let body = SubmitMulti {
                source_addr: COctetString::from(submit.source.as_str()),
                dest_addresses: DestAddresses::new(count, &octets).expect("a list"),
                esm_class: submit.esm_class,
                data_coding: submit.data_coding,
                registered_delivery: submit.registered_delivery,
                validity_period: COctetString::from(submit.validity_period.as_str()),
                schedule_delivery_time: COctetString::from(submit.schedule.as_str()),
                short_message: &submit.text,
                tlvs: Tlvs::take(&submit.tlvs).0,
                ..SubmitMulti::default()
            };
            session.submit(now, ticket, &body).expect("a submit_multi");
        }
        Request::Cancel { id, destination } => {
            let body = CancelSm {
                message_id: COctetString::from(id.as_str()),
                dest_addr_ton: 1,
                destination_addr: COctetString::from(destination.as_str()),
                ..CancelSm::default()
            };
            session.submit(now, ticket, &body).expect("a cancel_sm");
        }
        Request::CancelLike(submit) => {
            let body = CancelSm {
                source_addr: COctetString::from(submit.source.as_str()),
                dest_addr_ton: 1,
                destination_addr: COctetString::from(submit.destination.as_str()),
                ..CancelSm::default()
            };
            session.submit(now, ticket, &body).expect("a cancel_sm");
        }
        Request::Replace { id, text } => {
            let body = ReplaceSm {
                message_id: COctetString::from(id.as_str()),
                registered_delivery: 1,
                short_message: text,
                ..ReplaceSm::default()
            };
            session.submit(now, ticket, &body).expect("a replace_sm");
        }
        Request::Query(id) => {
            let message_id = COctetString::from(id.as_str());
            let body = QuerySm { message_id, ..QuerySm::default() };
            session.submit(now, ticket, &body).expect("a query_sm");
        }
    }
}
