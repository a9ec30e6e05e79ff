//! Accounts and carriers as the other side of a socket.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const BIND: u32 = 9;
pub const SUBMIT: u32 = 4;
pub const DELIVER: u32 = 5;
pub const RESPONSE: u32 = 0x8000_0000;
pub const HANDSET: &[u8] = b"33612345678";

/// One side of a session, a PDU at a time.
pub struct Peer {
    stream: TcpStream,
    came: VecDeque<(u32, u32, u32, Vec<u8>)>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream, came: VecDeque::new() }
    }

    /// A transceiver of the account.
    pub fn account(address: SocketAddr) -> Self {
        let mut peer = Self::new(TcpStream::connect(address).unwrap());
        peer.send(BIND, 0, 1, b"acct\0secret\0\0\x34\0\0\0");
        assert_eq!(peer.next(BIND | RESPONSE).0, 0);
        peer
    }

    /// A carrier, to which the engine has bound.
    pub fn carrier(listener: &TcpListener) -> Self {
        let mut peer = Self::new(listener.accept().unwrap().0);
        let (_, sequence, _) = peer.next(BIND);
        peer.send(BIND | RESPONSE, 0, sequence, b"smsc\0");
        peer
    }

    pub fn send(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        let words = [16 + body.len() as u32, command, status, sequence];
        let header = words.iter().flat_map(|word| word.to_be_bytes());
        let pdu: Vec<u8> = header.chain(body.iter().copied()).collect();
        self.stream.write_all(&pdu).unwrap();
    }

    /// The next PDU of this command: its status, sequence number and body. Others are kept.
    pub fn next(&mut self, command: u32) -> (u32, u32, Vec<u8>) {
        loop {
            if let Some(at) = self.came.iter().position(|pdu| pdu.0 == command) {
                let (_, status, sequence, body) = self.came.remove(at).unwrap();
                return (status, sequence, body);
            }
            let mut header = [0; 16];
            self.stream.read_exact(&mut header).unwrap();
            let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
            let mut body = vec![0; word(0) as usize - 16];
            self.stream.read_exact(&mut body).unwrap();
            self.came.push_back((word(4), word(8), word(12), body));
        }
    }

    /// A submit_sm from this sender to the handset, which wants its receipt; its status.
    pub fn submit(&mut self, sender: &[u8], sequence: u32) -> u32 {
        let body = addressed(sender, HANDSET, 1, b"-20 % today");
        self.send(SUBMIT, 0, sequence, &body);
        self.next(SUBMIT | RESPONSE).0
    }
}

/// The body of a submit_sm or deliver_sm.
pub fn addressed(from: &[u8], to: &[u8], registered_delivery: u8, text: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x01".to_vec();
    body.extend(from);
    body.extend(b"\0\x01\x01");
    body.extend(to);
    body.extend(b"\0\0\0\0\0\0");
    body.extend([registered_delivery, 0, 0, 0, text.len() as u8]);
    body.extend(text);
    body
}
