//! What the engine itself answers, over real sockets and kills.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::Duration;

use super::engine::{Engine, Keys};
use super::peer::{DELIVER, HANDSET, Peer, RESPONSE, SUBMIT, addressed};

const NUMBER: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\nbrand = \"Acme\"\n\
                      owner = { account = \"acct\" }\n";
/// A sender that nobody answers for: what goes from it shows that nothing went before it.
const OTHER: &[u8] = b"36106";

fn holds(body: &[u8], octets: &[u8]) -> bool {
    body.windows(octets.len()).any(|window| window == octets)
}

/// Confirmations that come before a message of the account, which goes behind them.
fn confirmations(engine: &Engine, carrier: &mut Peer, sequence: u32) -> usize {
    let mut account = Peer::account(engine.smpp);
    let mut count = 0;
    // What was in doubt waits a second, and the message behind it does not.
    sleep(Duration::from_millis(1_500));
    assert_eq!(account.submit(OTHER, sequence), 0);
    loop {
        let (_, sequence, body) = carrier.next(SUBMIT);
        carrier.send(SUBMIT | RESPONSE, 0, sequence, format!("id{sequence}\0").as_bytes());
        if holds(&body, OTHER) {
            return count;
        }
        assert!(holds(&body, b"36105\0") && holds(&body, b"Acme"), "{body:?}");
        count += 1;
    }
}

fn stop() -> Vec<u8> {
    addressed(HANDSET, b"36105", 0, b"STOP")
}

#[test]
fn a_stop_is_confirmed_once_whenever_the_engine_is_killed() {
    for delay_ms in [0, 1, 2, 5, 20] {
        let mut engine = Engine::at_rest(Keys { more: NUMBER, ..Keys::default() });
        engine.start();
        let listener = TcpListener::bind(engine.smsc).unwrap();
        let mut carrier = Peer::carrier(&listener);
        carrier.send(DELIVER, 0, 1, &stop());
        sleep(Duration::from_millis(delay_ms));
        engine.kill();
        engine.start();
        // What it did not see answered, the carrier brings again.
        let mut carrier = Peer::carrier(&listener);
        carrier.send(DELIVER, 0, 1, &stop());
        assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
        assert_eq!(confirmations(&engine, &mut carrier, 2), 1, "killed after {delay_ms} ms");
    }
}

#[test]
fn a_confirmation_that_arrived_is_not_said_again_by_a_later_process() {
    let mut engine = Engine::at_rest(Keys { more: NUMBER, ..Keys::default() });
    engine.start();
    let listener = TcpListener::bind(engine.smsc).unwrap();
    let mut carrier = Peer::carrier(&listener);
    carrier.send(DELIVER, 0, 1, &stop());
    assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
    let (_, sequence, body) = carrier.next(SUBMIT);
    assert!(holds(&body, b"Acme"), "{body:?}");
    carrier.send(SUBMIT | RESPONSE, 0, sequence, b"77\0");
    let receipt = b"id:77 sub:001 dlvrd:001 submit date:2611262200 done date:2611262200 \
                    stat:DELIVRD err:000 text:";
    let mut deliver = addressed(HANDSET, b"36105", 0, receipt);
    // esm_class: a receipt.
    deliver[3 + HANDSET.len() + 3 + 5 + 1] = 4;
    carrier.send(DELIVER, 0, 2, &deliver);
    assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
    engine.kill();
    engine.start();
    let mut carrier = Peer::carrier(&listener);
    carrier.send(DELIVER, 0, 1, &stop());
    assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
    assert_eq!(confirmations(&engine, &mut carrier, 2), 0);
}

const BOT: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                   owner = { bot = \"accueil\" }\n";

/// Takes what is said next, however often it had been sent before: whether it holds this.
fn hears(carrier: &mut Peer, words: &[u8]) -> bool {
    let (_, sequence, body) = carrier.next(SUBMIT);
    carrier.send(SUBMIT | RESPONSE, 0, sequence, format!("id{sequence}\0").as_bytes());
    holds(&body, words)
}

#[test]
fn a_conversation_goes_on_where_it_was_after_each_kill() {
    let mut engine = Engine::at_rest(Keys { more: BOT, ..Keys::default() });
    engine.start();
    let listener = TcpListener::bind(engine.smsc).unwrap();
    let mut carrier = Peer::carrier(&listener);
    let turns: [(&[u8], &[u8]); 4] = [
        (b"RDV", b"Quel jour"),
        (b"demain", b"1 Matin"),
        (b"2", b"Confirmer"),
        (b"oui", b"C'est not"),
    ];
    for (text, reply) in turns {
        let message = addressed(HANDSET, b"36105", 0, text);
        carrier.send(DELIVER, 0, 1, &message);
        assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
        engine.kill();
        engine.start();
        carrier = Peer::carrier(&listener);
        // Its answer may have been lost: the carrier brings it again, and no answer is said twice
        // by two turns.
        carrier.send(DELIVER, 0, 1, &message);
        assert_eq!(carrier.next(DELIVER | RESPONSE).0, 0);
        assert!(hears(&mut carrier, reply), "{}", String::from_utf8_lossy(text));
    }
    // Nothing more was said: this comes next.
    let mut account = Peer::account(engine.smpp);
    sleep(Duration::from_millis(1_500));
    assert_eq!(account.submit(OTHER, 2), 0);
    assert!(hears(&mut carrier, OTHER));
}
