//! A connection to the engine that may send anything, and says what comes back.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::server::{PASSWORD, SYSTEM_ID};
use chappe::session::{BindKind, BindRequest};
use chappe::wire::{
    Body, COctetString, CommandId, CommandStatus, Framer, HEADER_LEN, Header, Limits, SubmitSm,
};

pub const OK: CommandStatus = CommandStatus::ESME_ROK;
/// How long anything due may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A PDU's header without its length.
pub type Answer = (CommandId, CommandStatus, u32);

/// One connection.
pub struct Peer {
    pub stream: TcpStream,
    /// Deliver_sm that came.
    pub deliveries: u32,
    kept: Vec<u8>,
}

impl Peer {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.unwrap().unwrap();
        Self::on(stream)
    }

    /// The peer at one end of a connection.
    pub fn on(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, deliveries: 0, kept: Vec::new() }
    }

    /// One that takes few octets at a time.
    pub async fn narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::on(socket.connect(address).await.unwrap())
    }

    /// One that has bound; its first request is to have number 2.
    pub async fn bound(address: SocketAddr) -> Self {
        Self::bound_as(address, SYSTEM_ID).await
    }

    pub async fn bound_as(address: SocketAddr, system_id: &str) -> Self {
        let mut peer = Self::connect(address).await;
        peer.send(&bind(1, system_id, PASSWORD)).await;
        assert_eq!(peer.answer().await, Some((CommandId::BIND_TRANSCEIVER_RESP, OK, 1)));
        peer
    }

    pub async fn send(&mut self, octets: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(octets)).await.expect("not taken").unwrap();
    }

    /// Sends what the engine may refuse to take because it has closed already.
    pub async fn try_send(&mut self, octets: &[u8]) {
        let _ = timeout(PATIENCE, self.stream.write_all(octets)).await.expect("not taken");
    }

    /// The next answer; `None` when the engine has closed. What it asks is answered and passed
    /// over.
    pub async fn answer(&mut self) -> Option<Answer> {
        loop {
            let (command, status, sequence) = self.pdu().await?;
            if command.is_response() {
                return Some((command, status, sequence));
            }
            self.oblige(command, sequence).await;
        }
    }

    /// Waits for so many deliver_sm since the bind; nothing else may come but enquiries.
    pub async fn delivered(&mut self, count: u32) {
        while self.deliveries < count {
            let (command, _, sequence) = self.pdu().await.expect("closed before all came");
            assert!(!command.is_response(), "{command} {sequence} answers nothing");
            self.oblige(command, sequence).await;
        }
    }

    /// Answers a request of the engine as a good peer would.
    pub async fn oblige(&mut self, command: CommandId, sequence: u32) {
        let body: &[u8] = match command {
            CommandId::ENQUIRE_LINK => b"",
            // An empty message_id.
            CommandId::DELIVER_SM => b"\0",
            _ => return,
        };
        self.deliveries += u32::from(command == CommandId::DELIVER_SM);
        let _ = self.stream.write_all(&pdu(command.response(), OK, sequence, body)).await;
    }

    pub async fn pdu(&mut self) -> Option<Answer> {
        loop {
            let mut framer = Framer::new(&self.kept, Limits::default());
            let frame = framer.next_frame().expect("the engine keeps its framing");
            if let Some(frame) = frame {
                let header = Header::read(frame).unwrap();
                let len = frame.len();
                self.kept.drain(..len);
                return Some((header.command_id, header.command_status, header.sequence_number));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.kept));
            match read.await.expect("neither an answer nor the close") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn answers(&mut self, count: usize) -> Vec<Answer> {
        let mut answers = Vec::new();
        while answers.len() < count {
            answers.push(self.answer().await.expect("closed before all was answered"));
        }
        answers
    }

    /// Nothing more comes but the close.
    pub async fn expect_close(&mut self) {
        assert_eq!(self.answer().await, None);
    }

    /// The session stands and serves.
    pub async fn expect_service(&mut self) {
        self.send(&submit(77_777)).await;
        assert_eq!(self.answer().await, Some((CommandId::SUBMIT_SM_RESP, OK, 77_777)));
    }
}

pub fn encoded<'b, B: Body<'b>>(body: &B, sequence: u32) -> Vec<u8> {
    let mut out = Vec::new();
    body.encode(OK, sequence, &mut out).unwrap();
    out
}

pub fn bind(sequence: u32, system_id: &str, password: &str) -> Vec<u8> {
    encoded(&BindRequest::new(BindKind::Transceiver, system_id, password).fields, sequence)
}

pub fn submit_body() -> SubmitSm<'static> {
    SubmitSm {
        source_addr: COctetString::from("12345"),
        destination_addr: COctetString::from("447700900123"),
        short_message: b"Hello",
        ..SubmitSm::default()
    }
}

pub fn submit(sequence: u32) -> Vec<u8> {
    encoded(&submit_body(), sequence)
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

pub fn header(command: CommandId, sequence: u32) -> Vec<u8> {
    pdu(command, OK, sequence, b"")
}

/// Numbers that look random and are the same in every run.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound
    }

    pub fn octets(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}
