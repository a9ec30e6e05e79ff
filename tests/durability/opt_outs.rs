//! Handsets that wrote STOP, over real sockets.

use std::net::TcpListener;

use super::engine::{Engine, Keys, until};
use super::peer::{DELIVER, HANDSET, Peer, RESPONSE, SUBMIT, addressed};

/// ESME_RX_R_APPN.
const REFUSED: u32 = 0x66;

/// A number whose messages are marketing.
const NUMBER: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                      class = \"marketing\"\nowner = { account = \"acct\" }\n\
                      stop_text = \"\"\nstart_text = \"\"\n";

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
