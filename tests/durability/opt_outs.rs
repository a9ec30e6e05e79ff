//! Handsets that wrote STOP, over real sockets.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::engine::{Engine, Keys, until};

const BIND: u32 = 9;
const SUBMIT: u32 = 4;
const DELIVER: u32 = 5;
const RESPONSE: u32 = 0x8000_0000;
/// ESME_RX_R_APPN.
const REFUSED: u32 = 0x66;
const HANDSET: &[u8] = b"33612345678";

/// One side of a session, a PDU at a time.
struct Peer {
    stream: TcpStream,
    came: VecDeque<(u32, u32, u32, Vec<u8>)>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream, came: VecDeque::new() }
    }

    /// A transceiver of the account.
    fn account(address: SocketAddr) -> Self {
        let mut peer = Self::new(TcpStream::connect(address).unwrap());
        peer.send(BIND, 0, 1, b"acct\0secret\0\0\x34\0\0\0");
        assert_eq!(peer.next(BIND | RESPONSE).0, 0);
        peer
    }

    /// A carrier, to which the engine has bound.
    fn carrier(listener: &TcpListener) -> Self {
        let mut peer = Self::new(listener.accept().unwrap().0);
        let (_, sequence, _) = peer.next(BIND);
        peer.send(BIND | RESPONSE, 0, sequence, b"smsc\0");
        peer
    }

    fn send(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        let words = [16 + body.len() as u32, command, status, sequence];
        let header = words.iter().flat_map(|word| word.to_be_bytes());
        let pdu: Vec<u8> = header.chain(body.iter().copied()).collect();
        self.stream.write_all(&pdu).unwrap();
    }

    /// The next PDU of this command: its status, sequence number and body. Others are kept.
    fn next(&mut self, command: u32) -> (u32, u32, Vec<u8>) {
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
    fn submit(&mut self, sender: &[u8], sequence: u32) -> u32 {
        let body = addressed(sender, HANDSET, 1, b"-20 % today");
        self.send(SUBMIT, 0, sequence, &body);
        self.next(SUBMIT | RESPONSE).0
    }
}

/// The body of a submit_sm or deliver_sm.
fn addressed(from: &[u8], to: &[u8], registered_delivery: u8, text: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x01".to_vec();
    body.extend(from);
    body.extend(b"\0\x01\x01");
    body.extend(to);
    body.extend(b"\0\0\0\0\0\0");
    body.extend([registered_delivery, 0, 0, 0, text.len() as u8]);
    body.extend(text);
    body
}

/// A number whose messages are marketing.
const NUMBER: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                      class = \"marketing\"\nowner = { account = \"acct\" }\n";

#[test]
fn a_stop_that_was_answered_outlives_a_kill_and_ends_what_waited() {
    let mut engine = Engine::at_rest(Keys { more: NUMBER, ..Keys::default() });
    engine.start();
    let listener = TcpListener::bind(engine.smsc).unwrap();
    let mut carrier = Peer::carrier(&listener);
    let mut account = Peer::account(engine.smpp);
    assert_eq!(account.submit(b"36105", 2), 0);
    let (_, sequence, _) = carrier.next(SUBMIT);
    carrier.send(SUBMIT | RESPONSE, 0, sequence, b"1\0");
    // The carrier is busy with this one: it waits for its retry.
    assert_eq!(account.submit(b"36105", 3), 0);
    let (_, sequence, _) = carrier.next(SUBMIT);
    carrier.send(SUBMIT | RESPONSE, 8, sequence, b"");
    carrier.send(DELIVER, 0, 1, &addressed(HANDSET, b"36105", 0, b"Stop pub svp"));
    assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
    engine.kill();
    engine.start();
    let mut carrier = Peer::carrier(&listener);
    let mut account = Peer::account(engine.smpp);
    let (_, sequence, receipt) = account.next(DELIVER);
    account.send(DELIVER | RESPONSE, 0, sequence, b"\0");
    let receipt = String::from_utf8_lossy(&receipt).into_owned();
    assert!(receipt.contains("stat:REJECTD err:010"), "{receipt}");
    assert_eq!(account.submit(b"36105", 2), REFUSED);
    // What is no marketing goes, and nothing before it.
    assert_eq!(account.submit(b"36106", 3), 0);
    let (_, sequence, body) = carrier.next(SUBMIT);
    assert!(body.windows(5).any(|octets| octets == b"36106"), "{body:?}");
    carrier.send(SUBMIT | RESPONSE, 0, sequence, b"2\0");
    // Who changes their mind gets it again, and that outlives a kill as well.
    carrier.send(DELIVER, 0, 2, &addressed(HANDSET, b"36105", 0, b"START"));
    assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
    engine.kill();
    engine.start();
    let _carrier = Peer::carrier(&listener);
    let mut account = Peer::account(engine.smpp);
    until("it is taken again", || account.submit(b"36105", 2) == 0);
}
