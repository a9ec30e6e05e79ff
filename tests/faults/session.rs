//! A session on a socket, read and written by who holds it: nothing is sent that it does not send,
//! and nothing is read before it looks.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use chappe::wire::{
    Body, COctetString, CommandId, CommandStatus, DeliverSm, Framer, HEADER_LEN, Header, Limits,
    Pdu, Rules, SubmitSm, TlvTag,
};

pub const OK: CommandStatus = CommandStatus::ESME_ROK;
/// How long anything due may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One session.
pub struct Session {
    stream: TcpStream,
    kept: Vec<u8>,
    sequence: u32,
    is_closed: bool,
}

/// What came.
pub enum Heard {
    Frame(Header, Vec<u8>),
    Closed,
    Nothing,
}

impl Session {
    pub fn on(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, kept: Vec::new(), sequence: 0, is_closed: false }
    }

    /// One that has not bound.
    pub fn connect(to: SocketAddr) -> Self {
        Self::on(TcpStream::connect(to).unwrap())
    }

    /// One that binds to the engine as its account.
    pub fn bind(to: SocketAddr) -> Self {
        let mut session = Self::connect(to);
        let sequence = session.ask(CommandId::BIND_TRANSCEIVER, b"acct\0secret\0\0\x34\0\0\0");
        let (header, _) = session.frame().expect("the answer to a bind");
        assert_eq!((header.command_status, header.sequence_number), (OK, sequence));
        session
    }

    /// This one once it has bound; nothing if it ended before.
    pub fn accepted(mut self) -> Option<Self> {
        let (header, _) = self.frame()?;
        assert_eq!(header.command_id, CommandId::BIND_TRANSCEIVER);
        self.answer(&header, OK, b"smsc\0");
        Some(self)
    }

    /// Sends a request; its number.
    pub fn ask(&mut self, command: CommandId, body: &[u8]) -> u32 {
        self.sequence += 1;
        self.send(&pdu(command, OK, self.sequence, body));
        self.sequence
    }

    /// Sends a request of this body; its number.
    pub fn ask_of<'b, B: Body<'b>>(&mut self, body: &B) -> u32 {
        let (sequence, octets) = self.numbered(body);
        self.send(&octets);
        sequence
    }

    /// A request of this body that has the next number, to be sent.
    pub fn numbered<'b, B: Body<'b>>(&mut self, body: &B) -> (u32, Vec<u8>) {
        self.sequence += 1;
        let mut octets = Vec::new();
        body.encode(OK, self.sequence, &mut octets).unwrap();
        (self.sequence, octets)
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Header, status: CommandStatus, body: &[u8]) {
        let command = request.command_id.response();
        self.send(&pdu(command, status, request.sequence_number, body));
    }

    /// Sends octets; a peer that is gone does not take them.
    pub fn send(&mut self, octets: &[u8]) {
        self.is_closed |= self.stream.write_all(octets).is_err();
    }

    /// The next frame that is no enquire_link, which is answered; nothing once the peer has closed.
    pub fn frame(&mut self) -> Option<(Header, Vec<u8>)> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.listen(Duration::from_millis(100)) {
                Heard::Frame(header, octets) => return Some((header, octets)),
                Heard::Closed => return None,
                Heard::Nothing => assert!(Instant::now() < end, "neither a frame nor the end"),
            }
        }
    }

    /// What comes within this time.
    pub fn listen(&mut self, wait: Duration) -> Heard {
        let end = Instant::now() + wait;
        loop {
            match self.kept_frame() {
                Some((header, _)) if header.command_id == CommandId::ENQUIRE_LINK => {
                    self.answer(&header, OK, b"");
                }
                Some((header, frame)) => return Heard::Frame(header, frame),
                None if self.is_closed => return Heard::Closed,
                None => {
                    let left = end.saturating_duration_since(Instant::now());
                    if !self.read(left.max(Duration::from_millis(1))) && left.is_zero() {
                        return Heard::Nothing;
                    }
                }
            }
        }
    }

    fn kept_frame(&mut self) -> Option<(Header, Vec<u8>)> {
        let mut framer = Framer::new(&self.kept, Limits::default());
        let frame = framer.next_frame().expect("the engine keeps its framing")?.to_vec();
        self.kept.drain(..frame.len());
        Some((Header::read(&frame).unwrap(), frame))
    }

    /// Whether something was read.
    fn read(&mut self, wait: Duration) -> bool {
        self.stream.set_read_timeout(Some(wait)).unwrap();
        let mut octets = [0; 65536];
        match self.stream.read(&mut octets) {
            Ok(0) => self.is_closed = true,
            Ok(count) => self.kept.extend_from_slice(&octets[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(_) => self.is_closed = true,
        }
        true
    }

    /// Reads so many octets off the socket, and no more.
    pub fn read_raw(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        self.stream.read_exact(&mut octets).unwrap();
        octets
    }

    /// Waits until something came, and reads so many octets of it.
    pub fn read_of_what_comes(&mut self, count: usize) -> Vec<u8> {
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(self.stream.peek(&mut [0]).unwrap(), 1);
        self.read_raw(count)
    }

    /// Octets that came and are no whole frame, once the peer has closed.
    pub fn rest(&self) -> usize {
        self.kept.len()
    }
}

/// A PDU of these parts, with a true length.
pub fn pdu(command: CommandId, status: CommandStatus, sequence: u32, body: &[u8]) -> Vec<u8> {
    let header = Header {
        command_length: (HEADER_LEN + body.len()) as u32,
        command_id: command,
        command_status: status,
        sequence_number: sequence,
    };
    [&header.octets(), body].concat()
}

/// A message that wants a receipt, whose text is its token.
pub fn submission(token: &str) -> SubmitSm<'_> {
    SubmitSm {
        source_addr: COctetString::from("12345"),
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: COctetString::from("447700900123"),
        registered_delivery: 1,
        short_message: token.as_bytes(),
        ..SubmitSm::default()
    }
}

/// The text of a submit_sm or deliver_sm, to the first blank of a submit_sm.
pub fn text_of(frame: &[u8]) -> String {
    let text = match Pdu::decode(frame, &Rules::default()).unwrap().1 {
        Pdu::SubmitSm(SubmitSm { short_message, tlvs, .. }) => {
            let text = tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap_or(short_message);
            text.split(|octet| *octet == b' ').next().unwrap_or_default()
        }
        Pdu::DeliverSm(DeliverSm { short_message, .. }) => short_message,
        other => panic!("{other:?}"),
    };
    String::from_utf8(text.to_vec()).unwrap()
}

/// The C-octet string that a body begins with.
pub fn id_of(frame: &[u8]) -> String {
    let body = frame.get(HEADER_LEN..).unwrap_or_default();
    let id = body.split(|octet| *octet == 0).next().unwrap_or_default();
    String::from_utf8(id.to_vec()).unwrap()
}
