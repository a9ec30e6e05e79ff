//! An SMSC: a carrier that does what its test tells it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Instant;

use chappe::clock::Now;
use chappe::link::{Clock, Link, Owner, Pace, Stream, listen};
use chappe::session::{BindRequest, Event, Session, Settings};
use chappe::wire::table::{AlertNotification, DataSm, DeliverSm, Pdu, SubmitSm, SubmitSmResp};
use chappe::wire::tlv::put_tlv;
use chappe::wire::{COctetString, CommandStatus, Role, Rules, State, TlvTag, Tlvs};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::world::until;

/// A submit_sm as it came.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// Which session, from 0 in the order they connected.
    pub session: usize,
    pub at: Instant,
    pub source: String,
    pub destination: String,
    pub service_type: String,
    pub esm_class: u8,
    pub data_coding: u8,
    pub priority_flag: u8,
    pub registered_delivery: u8,
    pub text: Vec<u8>,
    pub tlvs: Vec<u8>,
}

impl Submitted {
    fn of(session: usize, submit: &SubmitSm<'_>) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Self {
            session,
            at: Instant::now(),
            source: text(submit.source_addr.octets()),
            destination: text(submit.destination_addr.octets()),
            service_type: text(submit.service_type.octets()),
            esm_class: submit.esm_class,
            data_coding: submit.data_coding,
            priority_flag: submit.priority_flag,
            registered_delivery: submit.registered_delivery,
            text: submit.short_message.to_vec(),
            tlvs: submit.tlvs.octets().to_vec(),
        }
    }

    pub fn payload(&self) -> Option<Vec<u8>> {
        Tlvs::take(&self.tlvs).0.octets_of(TlvTag::MESSAGE_PAYLOAD).map(<[u8]>::to_vec)
    }
}

/// A bind as it came.
#[derive(Clone, Debug)]
pub struct Bind {
    pub state: State,
    pub system_id: String,
    pub password: String,
    pub system_type: String,
    pub address_range: String,
    pub ton: u8,
    pub npi: u8,
    pub version: u8,
}

impl Bind {
    fn of(request: &BindRequest<'_>) -> Self {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let fields = &request.fields;
        Self {
            state: request.kind.state(),
            system_id: text(fields.system_id.octets()),
            password: text(fields.password.octets()),
            system_type: text(fields.system_type.octets()),
            address_range: text(fields.address_range.octets()),
            ton: fields.addr_ton,
            npi: fields.addr_npi,
            version: fields.interface_version,
        }
    }
}

/// What becomes of a submit_sm.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Taken, and reported with this stat at once.
    Report(&'static str),
    /// Taken.
    Take,
    /// Answered with an error.
    Refuse(CommandStatus),
    /// Not answered, until the test says so.
    Keep,
}

type Script = Box<dyn FnMut(&Submitted) -> Reply + Send>;

/// What all sessions of an SMSC share.
struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    submits: Vec<Submitted>,
    binds: Vec<Bind>,
    sessions: Vec<(State, UnboundedSender<Wish>)>,
    connections: usize,
    ids: u64,
    /// Statuses of the responses to what was delivered.
    answers: Vec<CommandStatus>,
    /// Whether binds are answered.
    deaf: bool,
}

#[derive(Debug)]
enum Wish {
    Deliver {
        from: String,
        to: String,
        esm_class: u8,
        text: Vec<u8>,
        schedule: String,
        tlvs: Vec<u8>,
    },
    DataSm {
        from: String,
        to: String,
        esm_class: u8,
        text: Vec<u8>,
    },
    /// A handset can be reached again.
    Alert {
        from: String,
        to: String,
    },
    /// The oldest submit_sm that was kept is taken, under a new id.
    TakeKept,
    Cut,
}

/// A listening SMSC; it ends with this value.
pub struct Smsc {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Smsc {
    /// One that takes everything and reports it delivered.
    pub async fn start() -> Self {
        Self::with(|_| Reply::Report("DELIVRD")).await
    }

    pub async fn with(script: impl FnMut(&Submitted) -> Reply + Send + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), script).await
    }

    /// One at an address that was another's before.
    pub async fn at(
        address: SocketAddr,
        script: impl FnMut(&Submitted) -> Reply + Send + 'static,
    ) -> Self {
        let listener = listen(address).expect("an address");
        let address = listener.local_addr().unwrap();
        let script: Script = Box::new(script);
        let shared = Arc::new(Shared { script: Mutex::new(script), seen: Mutex::default() });
        let clock = Clock::start();
        let own = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            let mut links = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let rules = Rules { long_c_strings: true, ..Rules::default() };
                let settings = Settings { window_max: 1000, rules, ..Settings::default() };
                let session = Session::new(Role::Smsc, settings, clock.now());
                let number = {
                    let mut seen = own.seen.lock().unwrap();
                    seen.connections += 1;
                    seen.connections - 1
                };
                let owner = End::new(Arc::clone(&own), number);
                links.spawn(Link::new(Stream::plain(stream), session, owner, clock));
            }
        });
        Self { address, shared, accepting }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().unwrap()
    }

    /// What becomes of submit_sm from now on.
    pub fn script(&self, script: impl FnMut(&Submitted) -> Reply + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Answers no bind from now on.
    pub fn turn_deaf(&self) {
        self.seen().deaf = true;
    }

    pub fn bound(&self) -> usize {
        self.seen().sessions.iter().filter(|(_, wishes)| !wishes.is_closed()).count()
    }

    pub fn binds(&self) -> Vec<Bind> {
        self.seen().binds.clone()
    }

    pub fn connections(&self) -> usize {
        self.seen().connections
    }

    pub fn submits(&self) -> Vec<Submitted> {
        self.seen().submits.clone()
    }

    /// Waits for so many submit_sm.
    pub async fn submitted(&self, count: usize) -> Vec<Submitted> {
        until(&format!("{count} submits"), || self.seen().submits.len() >= count).await;
        self.submits()
    }

    /// Waits for the answers to so many deliver_sm.
    pub async fn answered(&self, count: usize) -> Vec<CommandStatus> {
        until(&format!("{count} answers"), || self.seen().answers.len() >= count).await;
        self.seen().answers.clone()
    }

    /// Sends a deliver_sm on the newest session that receives.
    pub fn deliver(&self, from: &str, to: &str, esm_class: u8, text: &[u8]) {
        self.deliver_at(from, to, esm_class, text, "");
    }

    /// The same with a schedule_delivery_time.
    pub fn deliver_at(&self, from: &str, to: &str, esm_class: u8, text: &[u8], schedule: &str) {
        let (from, to, schedule) = (from.to_owned(), to.to_owned(), schedule.to_owned());
        let (text, tlvs) = (text.to_vec(), Vec::new());
        self.wish(Wish::Deliver { from, to, esm_class, text, schedule, tlvs });
    }

    /// Sends a receipt with these TLVs on the newest session that receives.
    pub fn report(&self, from: &str, to: &str, text: &str, tlvs: &[(u16, &[u8])]) {
        let (from, to, schedule) = (from.to_owned(), to.to_owned(), String::new());
        let mut octets = Vec::new();
        tlvs.iter().for_each(|(tag, value)| assert!(put_tlv(&mut octets, TlvTag(*tag), value)));
        let (text, tlvs) = (text.as_bytes().to_vec(), octets);
        self.wish(Wish::Deliver { from, to, esm_class: 0x04, text, schedule, tlvs });
    }

    /// Sends a deliver_sm on the session that bound as the `at`-th.
    pub fn deliver_on(&self, at: usize, from: &str, to: &str, esm_class: u8, text: &[u8]) {
        let (from, to, schedule) = (from.to_owned(), to.to_owned(), String::new());
        let (text, tlvs) = (text.to_vec(), Vec::new());
        let wish = Wish::Deliver { from, to, esm_class, text, schedule, tlvs };
        self.seen().sessions[at].1.send(wish).expect("a link");
    }

    /// Sends a data_sm on the newest session that receives.
    pub fn data_sm(&self, from: &str, to: &str, esm_class: u8, text: &[u8]) {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.wish(Wish::DataSm { from, to, esm_class, text: text.to_vec() });
    }

    /// Sends an alert_notification on the newest session that receives.
    pub fn alert(&self, from: &str, to: &str) {
        self.wish(Wish::Alert { from: from.to_owned(), to: to.to_owned() });
    }

    /// Takes the oldest submit_sm that was kept.
    pub fn take_kept(&self) {
        self.wish(Wish::TakeKept);
    }

    /// Cuts every session as a crash would.
    pub fn cut(&self) {
        for (_, wishes) in &self.seen().sessions {
            let _ = wishes.send(Wish::Cut);
        }
    }

    fn wish(&self, wish: Wish) {
        let seen = self.seen();
        let receives = |(state, wishes): &&(State, UnboundedSender<Wish>)| {
            *state != State::BoundTx && !wishes.is_closed()
        };
        let (_, wishes) = seen.sessions.iter().rev().find(receives).expect("a receiver");
        wishes.send(wish).expect("a link");
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct End {
    shared: Arc<Shared>,
    number: usize,
    wishes: Option<UnboundedReceiver<Wish>>,
    kept: VecDeque<u32>,
    /// Receipts to send: from, to and text.
    reports: VecDeque<(String, String, String)>,
    cut: bool,
}

impl End {
    fn new(shared: Arc<Shared>, number: usize) -> Self {
        let (kept, reports) = (VecDeque::new(), VecDeque::new());
        Self { shared, number, wishes: None, kept, reports, cut: false }
    }

    fn take(&mut self, session: &mut Session, sequence: u32) -> String {
        let id = {
            let mut seen = self.shared.seen.lock().unwrap();
            seen.ids += 1;
            format!("{:x}", 0xabc0_0000 + seen.ids)
        };
        let message_id = COctetString::from(id.as_str());
        let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
        session.respond(sequence, CommandStatus::ESME_ROK, &body).unwrap();
        id
    }

    fn submit(&mut self, session: &mut Session, sequence: u32, submit: &SubmitSm<'_>) {
        let submitted = Submitted::of(self.number, submit);
        let reply = (self.shared.script.lock().unwrap())(&submitted);
        match reply {
            Reply::Keep => self.kept.push_back(sequence),
            Reply::Refuse(status) => {
                session.respond(sequence, status, &SubmitSmResp::default()).unwrap();
            }
            Reply::Take => {
                self.take(session, sequence);
            }
            Reply::Report(stat) => {
                let id = self.take(session, sequence);
                if submitted.registered_delivery != 0 {
                    let text = receipt_text(&id, stat);
                    let (handset, sender) = (&submitted.destination, &submitted.source);
                    self.reports.push_back((handset.clone(), sender.clone(), text));
                }
            }
        }
        self.shared.seen.lock().unwrap().submits.push(submitted);
    }
}

/// A receipt's text as carriers write it.
pub fn receipt_text(id: &str, stat: &str) -> String {
    let err = if stat == "DELIVRD" { "000" } else { "042" };
    format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611201846 done date:2611201847 stat:{stat} \
         err:{err} text:hello"
    )
}

impl Owner for End {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        match event {
            Event::BindRequested(request) => {
                let mut seen = self.shared.seen.lock().unwrap();
                if seen.deaf {
                    return;
                }
                let (wishes, taken) = unbounded_channel();
                self.wishes = Some(taken);
                seen.binds.push(Bind::of(&request));
                seen.sessions.push((request.kind.state(), wishes));
                session.accept_bind(now, "smsc");
            }
            Event::Request { header, pdu: Pdu::SubmitSm(submit) } => {
                self.submit(session, header.sequence_number, &submit);
            }
            Event::Response { status, .. } => {
                self.shared.seen.lock().unwrap().answers.push(status);
            }
            Event::Closed(_) => self.wishes = None,
            _ => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        while let Some((from, to, text)) = self.reports.pop_front() {
            let body = DeliverSm {
                source_addr: COctetString::from(from.as_str()),
                destination_addr: COctetString::from(to.as_str()),
                esm_class: 0x04,
                short_message: text.as_bytes(),
                ..DeliverSm::default()
            };
            let _ = session.submit(now, 0, &body);
        }
        loop {
            let Some(wishes) = &mut self.wishes else { return };
            let Poll::Ready(Some(wish)) = wishes.poll_recv(cx) else { return };
            match wish {
                Wish::Cut => self.cut = true,
                Wish::Alert { from, to } => {
                    let alert = AlertNotification {
                        source_addr: COctetString::from(from.as_str()),
                        source_addr_ton: 1,
                        esme_addr: COctetString::from(to.as_str()),
                        ..AlertNotification::default()
                    };
                    session.notify(&alert).expect("an alert_notification");
                }
                Wish::TakeKept => {
                    let sequence = self.kept.pop_front().expect("one that was kept");
                    self.take(session, sequence);
                }
                Wish::Deliver { from, to, esm_class, text, schedule, tlvs } => {
                    let body = DeliverSm {
                        source_addr: COctetString::from(from.as_str()),
                        destination_addr: COctetString::from(to.as_str()),
                        esm_class,
                        schedule_delivery_time: COctetString::from(schedule.as_str()),
                        short_message: &text,
                        tlvs: Tlvs::take(&tlvs).0,
                        ..DeliverSm::default()
                    };
                    session.submit(now, 0, &body).expect("a deliver_sm");
                }
                Wish::DataSm { from, to, esm_class, text } => {
                    let mut tlvs = Vec::new();
                    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &text));
                    let body = DataSm {
                        source_addr: COctetString::from(from.as_str()),
                        destination_addr: COctetString::from(to.as_str()),
                        esm_class,
                        tlvs: Tlvs::take(&tlvs).0,
                        ..DataSm::default()
                    };
                    session.submit(now, 0, &body).expect("a data_sm");
                }
            }
        }
    }

    fn pace(&self) -> Pace {
        if self.cut { Pace::Cut } else { Pace::Go }
    }
}
