//! Who may bind, and how often.

use std::time::Duration;

use chappe::session::BindKind;
use chappe::wire::CommandStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::esme::{Esme, Submit};
use crate::smsc::Smsc;
use crate::world::{PATIENCE, World, until};

const TRX: BindKind = BindKind::Transceiver;

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let world = World::start("").await;
    let attempts = [("acct", "wrong"), ("acct", ""), ("nobody", "secret"), ("", "")];
    for (system_id, password) in attempts {
        let refused = Esme::bind_as(world.smpp(), TRX, system_id, password).await.unwrap_err();
        assert_eq!(refused, CommandStatus::ESME_RINVPASWD, "{system_id}");
    }
    assert_eq!(world.metric("chappe_binds_refused_total{reason=\"credentials\"}"), 4.0);
    Esme::bind(world.smpp()).await;
}

#[tokio::test]
async fn an_account_binds_only_from_its_networks() {
    let world = World::start(
        "[[account]]\nsystem_id = \"away\"\npassword = \"p\"\nallow_from = \"192.0.2.0/24\"\n\
         [[account]]\nsystem_id = \"here\"\npassword = \"p\"\nallow_from = \"127.0.0.0/8\"\n",
    )
    .await;
    // From elsewhere the right password and a wrong one get the same answer: nobody learns there
    // which it is. The operator does.
    for (reason, password) in [("address", "p"), ("credentials", "wrong")] {
        let refused = Esme::bind_as(world.smpp(), TRX, "away", password).await.unwrap_err();
        assert_eq!(refused, CommandStatus::ESME_RINVPASWD, "{password}");
        let line = format!("chappe_binds_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(world.metric(&line), 1.0);
    }
    assert!(Esme::bind_as(world.smpp(), TRX, "here", "p").await.is_ok());
}

#[tokio::test]
async fn an_account_binds_so_often_and_again_when_a_session_has_ended() {
    let world =
        World::start("[[account]]\nsystem_id = \"two\"\npassword = \"p\"\nbinds_max = 2\n").await;
    let bind = || Esme::bind_as(world.smpp(), TRX, "two", "p");
    let (first, second) = (bind().await.unwrap(), bind().await.unwrap());
    assert_eq!(bind().await.unwrap_err(), CommandStatus::ESME_RALYBND);
    first.unbind().await;
    world.counts("chappe_account_binds", 1.0).await;
    let third = bind().await.unwrap();
    // A session that went without a word counts no more either.
    second.cut();
    world.counts("chappe_account_binds", 1.0).await;
    bind().await.unwrap();
    assert!(third.is_bound());
}

#[tokio::test]
async fn a_long_password_binds_an_account_and_is_written_to_a_carrier() {
    let smsc = Smsc::start().await;
    let long = "correct-horse-battery-staple";
    let carrier = crate::world::carrier("long-standing-name-of-a-hub", smsc.address);
    let carrier = carrier.replace("\"engine\"", "\"a-name-of-more-than-15\"");
    let world = World::start(&format!(
        "{carrier}password = \"{long}\"\n\
         [[account]]\nsystem_id = \"long\"\npassword = \"{long}\"\n"
    ))
    .await;
    until("the carrier is bound", || smsc.bound() > 0).await;
    let bind = &smsc.binds()[0];
    assert_eq!((bind.system_id.as_str(), bind.password.as_str()), ("a-name-of-more-than-15", long));
    assert!(Esme::bind_as(world.smpp(), TRX, "long", long).await.is_ok());
    let cut = Esme::bind_as(world.smpp(), TRX, "long", &long[..8]).await;
    assert_eq!(cut.unwrap_err(), CommandStatus::ESME_RINVPASWD);
}

#[tokio::test]
async fn another_protocol_is_counted_by_kind() {
    let world = World::start("").await;
    let greetings = [
        ("http", &b"GET / HTTP/1.1\r\n\r\n"[..]),
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("amqp", b"AMQP\x00\x00\x09\x01"),
        ("tpkt", b"\x03\x00\x00\x2f\x2a\xe0"),
        ("ssh", b"SSH-2.0-scan\r\n"),
        ("misaligned", b"\x80\x00\x00\x09\x00\x00\x00\x00"),
    ];
    for (kind, greeting) in greetings {
        let mut stream = TcpStream::connect(world.smpp()).await.unwrap();
        stream.write_all(greeting).await.unwrap();
        let line = format!("chappe_account_framing_lost_total{{reason=\"{kind}\"}}");
        world.counts(&line, 1.0).await;
    }
    let line = "chappe_account_sessions_closed_total{reason=\"framing\"}";
    assert_eq!(world.metric(line), 6.0);
}

#[tokio::test]
async fn each_kind_of_bind_does_what_it_is_for() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let bind = |kind| Esme::bind_as(world.smpp(), kind, "acct", "secret");
    let receiver = bind(BindKind::Receiver).await.unwrap();
    let transmitter = bind(BindKind::Transmitter).await.unwrap();
    let id = transmitter.accepted(Submit::new("x")).await;
    assert_eq!(receiver.delivered(1).await[0].receipt().0, id);
    assert!(transmitter.deliveries().is_empty());
}

#[tokio::test]
async fn the_oldest_of_too_many_strangers_is_shown_out() {
    let world = World::start("[smpp] unbound_sessions_max = 2").await;
    let esme = Esme::bind(world.smpp()).await;
    let mut strangers = Vec::new();
    for _ in 0..3 {
        strangers.push(TcpStream::connect(world.smpp()).await.unwrap());
    }
    let mut octet = [0];
    let oldest = tokio::time::timeout(PATIENCE, strangers[0].read(&mut octet)).await;
    assert_eq!(oldest.expect("closed").unwrap_or(0), 0);
    let newest = tokio::time::timeout(Duration::from_millis(50), strangers[2].read(&mut octet));
    assert!(newest.await.is_err(), "the others stay");
    assert!(esme.closed().is_none(), "who has bound is no stranger");
}

#[tokio::test]
async fn an_accounts_dialect_sets_the_timers_of_its_sessions() {
    let world = World::start(
        "[[account]]\nsystem_id = \"fast\"\npassword = \"p\"\ndialect = \"fast\"\n\
         [dialect.fast]\nenquire_link_ms = 50\nresponse_timeout_ms = 100\n",
    )
    .await;
    let mut stream = TcpStream::connect(world.smpp()).await.unwrap();
    let frame = String::from_utf8(bind_frame()).unwrap().replace("acct\0secret\0", "fast\0p\0");
    let mut frame = frame.into_bytes();
    frame[3] = frame.len() as u8;
    stream.write_all(&frame).await.unwrap();
    // Its bind is answered; then it is asked whether it is there, and closed as it does not say.
    let mut octets = Vec::new();
    let read = stream.read_to_end(&mut octets);
    tokio::time::timeout(PATIENCE, read).await.expect("closed").unwrap();
    let enquire_link = [0, 0, 0, 0x15];
    assert!(octets.windows(4).any(|window| window == enquire_link));
    let line = "chappe_account_sessions_closed_total{reason=\"enquire_link\"}";
    until("closed for its silence", || world.metric(line) > 0.0).await;
}

/// A bind_transceiver of the usual account.
pub fn bind_frame() -> Vec<u8> {
    let body = b"acct\0secret\0\0\x34\0\0\0";
    let mut frame = vec![0, 0, 0, 16 + body.len() as u8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1];
    frame.extend_from_slice(body);
    frame
}
