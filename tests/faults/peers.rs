//! An account's client and an SMSC that live through all that happens to the engine, and write down
//! what they saw. Each does one thing at a time, when it is told to.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use chappe::wire::{COctetString, CommandId, DeliverSm, Header, TlvTag, Tlvs, tlv::put_tlv};

use super::session::{Heard, OK, PATIENCE, Session, id_of, submission, text_of};

const ESM_CLASS_RECEIPT: u8 = 4;
/// How long each side is listened to before it is the other's turn.
const TURN: Duration = Duration::from_millis(5);

/// What the account's client knows: its log, by the text of each message.
#[derive(Default)]
pub struct Esme {
    pub session: Option<Session>,
    /// Numbers of requests that await their answer.
    asked: BTreeMap<u32, String>,
    /// Ids that it was given, each once for each time the message was submitted.
    pub accepted: BTreeMap<String, Vec<String>>,
    /// The ids that its receipts named, in the order they came.
    pub receipts: BTreeMap<String, Vec<String>>,
    /// Messages that were submitted and have no answer.
    pub unanswered: Vec<String>,
}

impl Esme {
    pub fn bind(&mut self, to: SocketAddr) {
        self.session = Some(Session::bind(to));
    }

    fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("it is bound")
    }

    pub fn submit(&mut self, token: &str) {
        let sequence = self.session().ask_of(&submission(token));
        self.awaits(sequence, token);
    }

    fn awaits(&mut self, sequence: u32, token: &str) {
        self.asked.insert(sequence, token.to_owned());
        if !self.unanswered.iter().any(|one| one == token) {
            self.unanswered.push(token.to_owned());
        }
    }

    /// The same with a text of 60,000 octets that begins with its token.
    pub fn submit_long(&mut self, token: &str) {
        let text = format!("{token} {}", "x".repeat(60_000));
        let mut payload = Vec::new();
        assert!(put_tlv(&mut payload, TlvTag::MESSAGE_PAYLOAD, text.as_bytes()));
        let mut body = submission("");
        body.tlvs = Tlvs::take(&payload).0;
        let sequence = self.session().ask_of(&body);
        self.awaits(sequence, token);
    }

    /// The same in two writes, so many octets in the first; between them something is waited for.
    pub fn submit_in_two(&mut self, token: &str, first: usize, between: impl FnOnce()) {
        let session = self.session.as_mut().expect("it is bound");
        let (sequence, octets) = session.numbered(&submission(token));
        session.send(&octets[..first]);
        between();
        session.send(&octets[first..]);
        self.awaits(sequence, token);
    }

    /// Answers a receipt.
    pub fn answer(&mut self, request: &Header) {
        self.session().answer(request, OK, b"\0");
    }

    /// Waits for the next answer or receipt; nothing once the engine has closed.
    pub fn hear(&mut self) -> Option<(Header, Vec<u8>)> {
        let heard = self.session().frame();
        match &heard {
            Some((header, frame)) => self.note(header, frame),
            None => self.lost(),
        }
        heard
    }

    fn lost(&mut self) {
        self.session = None;
        self.asked.clear();
    }

    /// Writes an answer or a receipt down.
    fn note(&mut self, header: &Header, frame: &[u8]) {
        if header.command_id == CommandId::DELIVER_SM {
            let text = text_of(frame);
            let (id, token) = (between(&text, "id:"), between(&text, "text:"));
            self.receipts.entry(token).or_default().push(id);
        } else if let Some(token) = self.asked.remove(&header.sequence_number)
            && header.command_status == OK
        {
            self.unanswered.retain(|one| *one != token);
            self.accepted.entry(token).or_default().push(id_of(frame));
        }
    }

    /// Does as a good client does, for a moment.
    pub fn serve(&mut self) {
        let Some(session) = &mut self.session else { return };
        match session.listen(TURN) {
            Heard::Frame(header, frame) => {
                self.note(&header, &frame);
                if header.command_id == CommandId::DELIVER_SM {
                    self.session().answer(&header, OK, b"\0");
                }
            }
            Heard::Closed => self.lost(),
            Heard::Nothing => {}
        }
    }
}

/// The word behind this one.
fn between(text: &str, name: &str) -> String {
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    rest.split(' ').next().unwrap_or_default().to_owned()
}

/// A message that the SMSC has.
#[derive(Clone)]
pub struct Taken {
    pub header: Header,
    pub token: String,
}

/// What the SMSC knows: its log.
pub struct Smsc {
    listener: TcpListener,
    pub session: Option<Session>,
    /// Each copy that came whole, in order.
    pub copies: Vec<String>,
    /// Receipts that have no answer: the id and the text.
    owed: Vec<(String, String)>,
    /// Requests that bear them in this session.
    sent: BTreeMap<u32, String>,
    ids: u32,
}

impl Smsc {
    pub fn new(listener: TcpListener) -> Self {
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            session: None,
            copies: Vec::new(),
            owed: Vec::new(),
            sent: BTreeMap::new(),
            ids: 0,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Takes the engine's bind.
    pub fn accept(&mut self) {
        let end = Instant::now() + PATIENCE;
        while !self.try_accept() {
            assert!(Instant::now() < end, "the engine does not bind");
            std::thread::sleep(TURN);
        }
    }

    /// A bind of the engine's that has no answer.
    pub fn connection(&mut self) -> Session {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(mut session) = self.try_connection() {
                session.frame().expect("a bind");
                return session;
            }
            assert!(Instant::now() < end, "the engine does not connect");
            std::thread::sleep(TURN);
        }
    }

    fn try_connection(&self) -> Option<Session> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        Some(Session::on(stream))
    }

    fn try_accept(&mut self) -> bool {
        self.sent.clear();
        // One that the engine had made before it ended is closed.
        self.session = self.try_connection().and_then(Session::accepted);
        self.session.is_some()
    }

    /// Listens at the same address with buffers of the usual size.
    pub fn widen(self) -> Self {
        let address = self.address();
        let Self { listener, copies, .. } = self;
        drop(listener);
        Self { copies, ..Self::new(TcpListener::bind(address).unwrap()) }
    }

    /// Reads all that came, and answers none of it, until the engine has closed.
    pub fn drain(&mut self) {
        while let Some((header, frame)) = self.session().frame() {
            self.note(header, &frame);
        }
    }

    /// Whether all its receipts are answered.
    pub fn owes_nothing(&self) -> bool {
        self.owed.is_empty()
    }

    pub fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("the engine is bound")
    }

    /// The next message.
    pub fn take(&mut self) -> Taken {
        let (header, frame) = self.session().frame().expect("a message");
        assert_eq!(header.command_id, CommandId::SUBMIT_SM);
        self.note(header, &frame)
    }

    /// Writes a message down.
    pub fn note(&mut self, header: Header, frame: &[u8]) -> Taken {
        let token = text_of(frame);
        self.copies.push(token.clone());
        Taken { header, token }
    }

    /// Answers that it has taken it; the id that it gave it. It owes a receipt.
    pub fn answer(&mut self, taken: &Taken) -> String {
        self.ids += 1;
        let id = format!("op{:04}", self.ids);
        self.session().answer(&taken.header, OK, format!("{id}\0").as_bytes());
        self.owed.push((id.clone(), taken.token.clone()));
        id
    }

    /// Sends the receipts that it owes and has not sent in this session.
    pub fn send_receipts(&mut self) {
        for (id, token) in self.owed.clone() {
            if self.sent.values().any(|one| *one == id) {
                continue;
            }
            let text = format!(
                "id:{id} sub:001 dlvrd:001 submit date:2611200000 done date:2611200000 \
                 stat:DELIVRD err:000 text:{token}"
            );
            let sequence = self.session().ask_of(&DeliverSm {
                source_addr: COctetString::from("447700900123"),
                destination_addr: COctetString::from("12345"),
                esm_class: ESM_CLASS_RECEIPT,
                short_message: text.as_bytes(),
                ..DeliverSm::default()
            });
            self.sent.insert(sequence, id);
        }
    }

    /// Waits until all receipts are answered.
    pub fn receipts_are_answered(&mut self) {
        let end = Instant::now() + PATIENCE;
        while !self.owed.is_empty() {
            assert!(Instant::now() < end && self.session.is_some(), "receipts are not answered");
            self.serve();
        }
    }

    /// Does as a good SMSC does, for a moment.
    pub fn serve(&mut self) {
        let Some(session) = &mut self.session else {
            self.try_accept();
            return;
        };
        match session.listen(TURN) {
            Heard::Frame(header, frame) if header.command_id == CommandId::SUBMIT_SM => {
                let taken = self.note(header, &frame);
                self.answer(&taken);
            }
            Heard::Frame(header, _) => {
                if let Some(id) = self.sent.remove(&header.sequence_number) {
                    assert_eq!(header.command_status, OK, "a receipt is refused");
                    self.owed.retain(|(owed, _)| *owed != id);
                }
            }
            Heard::Closed => self.session = None,
            Heard::Nothing => self.send_receipts(),
        }
    }
}

/// Listens where few octets are taken that nobody reads.
pub fn narrow_listener() -> TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(16).unwrap().into_std().unwrap()
}

/// Lets both do as good peers do until this is so.
pub fn until(what: &str, esme: &mut Esme, smsc: &mut Smsc, is: impl Fn(&Esme, &Smsc) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is(esme, smsc) {
        assert!(Instant::now() < end, "it never happens: {what}");
        smsc.serve();
        esme.serve();
    }
}
