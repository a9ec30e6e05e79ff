//! What is no SMPP at all: garbage and other protocols on the port.

use super::bystander::attacked;
use super::peer::*;

/// A TLS client's greeting, cut after its first extension.
const TLS_HELLO: &[u8] =
    b"\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03\x8a\x1c\x7e\x33\x90\x02\x51\
    \x6e\x11\x72\x08\xbb\x45\xaa\xf0\x19\x3d\x5c\x77\x61\x9e\x0b\xd4\x28\x83\xc6\x2f\x14\xa5\x59\
    \xe7\x00\x00\x04\x13\x01\x13\x02\x01\x00\x00\x0f\x00\x2b\x00\x03\x02\x03\x04";

const PROTOCOLS: [(&str, &[u8]); 14] = [
    ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("HTTP with a body", b"POST /sms HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP proxy", b"CONNECT example.com:443 HTTP/1.1\r\n\r\n"),
    ("TLS", TLS_HELLO),
    ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
    ("AMQP", b"AMQP\x00\x00\x09\x01"),
    ("RDP", b"\x03\x00\x00\x2f\x2a\xe0\x00\x00\x00\x00\x00Cookie: mstshash=Administr\r\n"),
    ("SMTP", b"EHLO example.com\r\n"),
    ("PROXY", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    ("PROXY 2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"),
    ("Redis", b"*1\r\n$4\r\nPING\r\n"),
    ("SIP", b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"),
    ("slipped SMPP", b"\x80\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01"),
];

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_closed_and_gets_no_smpp() {
    attacked(|address| async move {
        for (name, greeting) in PROTOCOLS {
            let mut peer = Peer::connect(address).await;
            peer.send(greeting).await;
            assert_eq!(peer.pdu().await, None, "{name}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_before_a_bind_is_closed_and_gets_no_smpp() {
    attacked(|address| async move {
        let mut numbers = Seeded(1);
        for _ in 0..300 {
            let len = 4 + numbers.below(4096);
            let mut garbage = numbers.octets(len);
            // Never the length of a PDU.
            garbage[0] |= 1;
            let mut peer = Peer::connect(address).await;
            peer.try_send(&garbage).await;
            assert_eq!(peer.pdu().await, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_after_a_bind_is_nacked_and_closed() {
    attacked(|address| async move {
        use chappe::wire::{CommandId, CommandStatus};
        let mut numbers = Seeded(2);
        for _ in 0..100 {
            let mut peer = Peer::bound(address).await;
            let mut garbage = numbers.octets(1000);
            garbage[0] |= 1;
            peer.try_send(&garbage).await;
            let nack = (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0);
            assert_eq!(peer.answer().await, Some(nack));
            peer.expect_close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_come_and_go_leave_nothing() {
    attacked(|address| async move {
        for round in 0..500 {
            let peer = Peer::connect(address).await;
            if round % 2 == 0 {
                // The close resets instead of ending.
                peer.stream.set_zero_linger().unwrap();
            }
        }
    })
    .await;
}
