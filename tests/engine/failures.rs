//! Carriers that die, do not answer, or answer late; peers that talk nonsense.

use std::collections::HashSet;

use chappe::wire::CommandStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::binds::bind_frame;
use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{PATIENCE, ROUTE, World, carrier, until};

fn submits(count: usize) -> Vec<Submit> {
    (0..count).map(|at| Submit::to(&format!("336000000{at:02}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_carrier_that_dies_with_messages_in_flight_costs_none_of_them() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::start(&format!(
        "{}in_doubt = \"resend\"\nwindow_max = 20\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    let responses = esme.burst(submits(60)).await;
    let ids: HashSet<String> = responses.into_iter().map(|response| response.1).collect();
    assert_eq!(ids.len(), 60);
    smsc.submitted(20).await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    smsc.cut();
    let told: HashSet<String> =
        esme.delivered(60).await.iter().map(|one| one.receipt().0).collect();
    assert_eq!(told, ids);
    assert_eq!(world.metric("chappe_segments_in_doubt_total{carrier=\"smsc\"}"), 20.0);
    assert_eq!(world.metric("chappe_maybe_twice_total"), 20.0);
    assert_eq!(smsc.submits().len(), 80, "only what was in doubt went twice");
}

#[tokio::test]
async fn messages_wait_for_a_carrier_that_is_down() {
    let smsc = Smsc::start().await;
    let address = smsc.address;
    let world = World::before(&smsc, "").await;
    drop(smsc);
    let esme = Esme::bind(world.smpp()).await;
    world.counts("chappe_carrier_binds{carrier=\"smsc\"}", 0.0).await;
    let responses = esme.burst(submits(50)).await;
    assert!(responses.iter().all(|response| response.0.is_ok()));
    let again = Smsc::at(address, |_| Reply::Report("DELIVRD")).await;
    assert_eq!(esme.delivered(50).await.len(), 50);
    assert_eq!(again.submits().len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_carrier_that_flaps_under_load_loses_nothing() {
    let smsc = Smsc::start().await;
    let world = World::start(&format!(
        "{}binds = 2\nin_doubt = \"resend\"\nattempts_max = 100\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("bound", || smsc.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    let mut ids = HashSet::new();
    for round in 0..8 {
        let tickets: Vec<u64> = submits(80).into_iter().map(|one| esme.send(one)).collect();
        // The cut comes while they are on their way.
        smsc.submitted(round * 80 + 20).await;
        smsc.cut();
        until("responses", || tickets.iter().all(|one| esme.response(*one).is_some())).await;
        ids.extend(tickets.iter().map(|one| esme.response(*one).unwrap().1));
        until("bound again", || smsc.bound() == 2).await;
    }
    assert_eq!(ids.len(), 640);
    // A response that was on its way when the link died left its message in doubt, and the receipt
    // of that copy belongs to nothing we know of: the second copy brings the one that does.
    until("every message is told of", || {
        let told: HashSet<String> = esme.deliveries().iter().map(|one| one.receipt().0).collect();
        told == ids
    })
    .await;
    assert_eq!(esme.deliveries().len(), 640, "each once");
}

#[tokio::test]
async fn a_late_response_settles_a_doubt() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::start(&format!(
        "[dialect.quick] response_timeout_ms = 100\n{}in_doubt = \"hold\"\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    world.counts("chappe_segments_in_doubt_total{carrier=\"smsc\"}", 1.0).await;
    smsc.take_kept();
    world.counts("chappe_messages_awaiting_receipt", 1.0).await;
    let text = crate::smsc::receipt_text("abc00001", "DELIVRD");
    smsc.deliver("33612345678", "Shop", 0x04, text.as_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt().0, id);
    assert_eq!(smsc.submits().len(), 1);
}

#[tokio::test]
async fn a_receipt_settles_a_doubt_and_the_message_goes_once() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::start(&format!(
        "[node] receipt_parked_ms = 100\n[dialect.quick] response_timeout_ms = 300\n{}\
         in_doubt_wait_ms = 2000\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    until("bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("Your code is 4711")).await;
    smsc.submitted(1).await;
    // Neither the sender nor the text of the first is this message's.
    let text = |id, text| format!("id:{id} stat:DELIVRD err:000 text:{text}");
    smsc.deliver("33612345678", "Bank", 0x04, text("beef1", "Your code is 4711").as_bytes());
    smsc.deliver("33612345678", "Shop", 0x04, text("beef2", "Your code is 4712").as_bytes());
    smsc.deliver("+33612345678", "Shop", 0x04, text("beef3", "Your code is 4711").as_bytes());
    assert_eq!(esme.delivered(1).await[0].receipt(), (id, "DELIVRD".to_owned(), 0));
    world.counts("chappe_receipts_unknown_total{carrier=\"smsc\"}", 2.0).await;
    world.counts("chappe_messages_awaiting_receipt", 0.0).await;
    assert_eq!(world.metric("chappe_in_doubt_settled_total{reason=\"receipt\"}"), 1.0);
    assert_eq!(world.metric("chappe_maybe_twice_total"), 0.0);
    assert_eq!(smsc.submits().len(), 1);
}

#[tokio::test]
async fn what_expires_in_our_queue_is_told_so() {
    let world =
        World::start(&format!("{}{ROUTE}", carrier("smsc", "127.0.0.1:1".parse().unwrap()))).await;
    let esme = Esme::bind(world.smpp()).await;
    let short = Submit { validity_period: "000000000001000R".to_owned(), ..Submit::new("x") };
    let id = esme.accepted(short).await;
    let receipt = &esme.delivered(1).await[0];
    assert_eq!(receipt.receipt(), (id, "EXPIRED".to_owned(), 1));
}

#[tokio::test]
async fn what_is_out_when_its_validity_ends_is_told_by_the_carriers_word() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let carrier = carrier("smsc", smsc.address);
    let world = World::start(&format!("{carrier}window_max = 1\n{ROUTE}")).await;
    until("bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    let short = || Submit { validity_period: "000000000001000R".to_owned(), ..Submit::new("x") };
    let out = esme.accepted(short()).await;
    smsc.submitted(1).await;
    // Behind it, one that no bind has had: when that is told, the time of both is over.
    let waits = esme.accepted(short()).await;
    assert_eq!(esme.delivered(1).await[0].receipt(), (waits, "EXPIRED".to_owned(), 1));
    smsc.take_kept();
    world.counts("chappe_messages_awaiting_receipt", 1.0).await;
    let text = crate::smsc::receipt_text("abc00001", "DELIVRD");
    smsc.deliver("33612345678", "Shop", 0x04, text.as_bytes());
    let told = esme.delivered(2).await;
    let (id, stat, _) = told[1].receipt();
    assert_eq!((id, stat.as_str()), (out, "DELIVRD"));
    assert_eq!(smsc.submits().len(), 1, "what has expired is not sent");
}

#[tokio::test]
async fn a_malformed_pdu_costs_its_own_session_only() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let nonsense: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 64],
        &[0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1],
        &[0x03, 0, 0, 0x2f, 0x2a, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for octets in nonsense {
        for bound in [false, true] {
            let mut stream = TcpStream::connect(world.smpp()).await.unwrap();
            if bound {
                stream.write_all(&bind_frame()).await.unwrap();
            }
            stream.write_all(octets).await.unwrap();
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer);
            let _ = tokio::time::timeout(PATIENCE, read).await.expect("closed");
        }
    }
    // A whole PDU with a bad body is answered, and its session stays.
    let mut stream = TcpStream::connect(world.smpp()).await.unwrap();
    stream.write_all(&bind_frame()).await.unwrap();
    stream.write_all(&[0, 0, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, b'x', b'y']).await.unwrap();
    stream.write_all(&[0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 3]).await.unwrap();
    let mut answers = Vec::new();
    while !answers.ends_with(&[0, 0, 0, 16, 0x80, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 3]) {
        let mut octets = [0; 256];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut octets)).await;
        let count = read.expect("an answer").unwrap();
        assert!(count > 0, "the session stays");
        answers.extend_from_slice(&octets[..count]);
    }
    esme.accepted(Submit::new("x")).await;
    esme.delivered(1).await;
    assert!(esme.closed().is_none());
}

#[tokio::test]
async fn commands_that_are_not_offered_are_answered_and_the_session_goes_on() {
    let world = World::start("").await;
    let mut stream = TcpStream::connect(world.smpp()).await.unwrap();
    stream.write_all(&bind_frame()).await.unwrap();
    // query_broadcast_sm: of 5.0, which no session of ours speaks.
    let query = [&[0, 0, 0, 20, 0, 0, 1, 0x12, 0, 0, 0, 0, 0, 0, 0, 2][..], &[0; 4]].concat();
    stream.write_all(&query).await.unwrap();
    let status = CommandStatus::ESME_RINVCMDID.0.to_be_bytes();
    let expected = [&[0, 0, 0, 16, 0x80, 0, 0, 0][..], &status, &[0, 0, 0, 2]].concat();
    let mut answers = Vec::new();
    while !answers.ends_with(&expected) {
        let mut octets = [0; 256];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut octets)).await;
        let count = read.expect("an answer").unwrap();
        assert!(count > 0, "the session stays");
        answers.extend_from_slice(&octets[..count]);
    }
}

/// Its link answers enquire_link all the while.
#[tokio::test]
async fn a_bind_that_answers_nothing_is_made_anew() {
    let smsc = Smsc::start().await;
    smsc.script(|submit| match submit.session {
        0 => Reply::Keep,
        _ => Reply::Report("DELIVRD"),
    });
    let world = World::start(&format!(
        "[dialect.quick] response_timeout_ms = 100\n[dialect.quick] unanswered_max = 3\n{}\
         in_doubt = \"resend\"\n{ROUTE}",
        carrier("smsc", smsc.address)
    ))
    .await;
    let esme = Esme::bind(world.smpp()).await;
    for destination in ["33600000001", "33600000002", "33600000003"] {
        esme.accepted(Submit::to(destination)).await;
    }
    assert_eq!(esme.delivered(3).await.len(), 3);
    assert_eq!(smsc.binds().len(), 2);
}
