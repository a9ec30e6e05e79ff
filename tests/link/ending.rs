//! How links end: refusals heard, silence noticed, nothing left hanging.

use std::time::Duration;

use super::desk::*;
use chappe::session::{CloseReason, Settings, Unanswered};
use chappe::wire::{CommandId, CommandStatus, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

const REFUSED: CommandStatus = CommandStatus::ESME_RINVPASWD;

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_refused_bind_arrives_before_the_close() {
    let (mut peer, ours) = tokio::io::duplex(1024);
    let desk = Desk::default().refusing(REFUSED);
    let link = run(ours, Role::Smsc, Settings::default(), &desk);
    peer.write_all(&bind(7)).await.unwrap();
    let mut octets = Vec::new();
    peer.read_to_end(&mut octets).await.unwrap();
    assert_eq!(headers(&octets), [(CommandId::BIND_TRANSCEIVER_RESP, REFUSED, 7)]);
    drop(peer);
    assert_eq!(link.await.unwrap(), CloseReason::BindRefused(REFUSED));
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_refused_bind_waits_for_room() {
    let (mut peer, ours) = tokio::io::duplex(1024);
    let (desk, valve) = (Desk::default().refusing(REFUSED), Valve::default());
    valve.turn(Flow::Shut);
    let _link = run(Valved(ours, valve.clone()), Role::Smsc, Settings::default(), &desk);
    peer.write_all(&bind(7)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    valve.turn(Flow::Open);
    let mut octets = Vec::new();
    peer.read_to_end(&mut octets).await.unwrap();
    assert_eq!(headers(&octets), [(CommandId::BIND_TRANSCEIVER_RESP, REFUSED, 7)]);
}

/// A socket closed with octets unread is reset, and the reset takes the refusal from the peer.
#[tokio::test]
async fn a_refusal_outlives_octets_the_peer_sent_behind_its_bind() {
    for _ in 0..50 {
        let listener = chappe::link::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let desk = Desk::default().refusing(REFUSED);
        let link = run(accepted, Role::Smsc, Settings::default(), &desk);
        let eager: Vec<u8> = (2..500).flat_map(|number| encoded(&submit(), number)).collect();
        peer.write_all(&bind(1)).await.unwrap();
        peer.write_all(&eager).await.unwrap();
        let mut octets = Vec::new();
        peer.read_to_end(&mut octets).await.unwrap();
        assert_eq!(headers(&octets), [(CommandId::BIND_TRANSCEIVER_RESP, REFUSED, 1)]);
        drop(peer);
        link.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_keeps_a_dead_link_open_is_let_go_after_a_moment() {
    let (mut peer, ours) = tokio::io::duplex(1024);
    let desk = Desk::default().refusing(REFUSED);
    let link = run(ours, Role::Smsc, Settings::default(), &desk);
    peer.write_all(&bind(1)).await.unwrap();
    let start = Instant::now();
    assert_eq!(link.await.unwrap(), CloseReason::BindRefused(REFUSED));
    assert!((1..5).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(read_pdus(&mut peer, 1).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_link_without_a_bind_is_closed() {
    let (_peer, ours) = tokio::io::duplex(1024);
    let start = Instant::now();
    let link = run(ours, Role::Smsc, Settings::default(), &Desk::default());
    assert_eq!(link.await.unwrap(), CloseReason::SessionInit);
    assert!((10..13).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_vanished_is_noticed_by_enquiring() {
    let (mut peer, _desk, link) = bound_smsc(1024, Settings::default()).await;
    let start = Instant::now();
    assert_eq!(link.await.unwrap(), CloseReason::EnquireLink);
    assert!((60..63).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(read_pdus(&mut peer, 1).await, [(CommandId::ENQUIRE_LINK, OK, 1)]);
}

#[tokio::test(start_paused = true)]
async fn two_idle_links_keep_each_other_alive_for_a_day() {
    let (one, other) = tokio::io::duplex(1024);
    let (client, server) = (Desk::default(), Desk::default());
    let smsc = run(one, Role::Smsc, Settings::default(), &server);
    let esme = run(other, Role::Esme, Settings::default(), &client);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert!(!smsc.is_finished() && !esme.is_finished());
    client.submit(1);
    until(|| client.responses() == 1).await;
    client.unbind();
    assert_eq!(esme.await.unwrap(), CloseReason::Unbound);
    assert_eq!(smsc.await.unwrap(), CloseReason::PeerUnbound);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_when_the_link_breaks_is_handed_back() {
    let (mut peer, ours) = tokio::io::duplex(1 << 16);
    let desk = Desk::default();
    let link = run(ours, Role::Esme, Settings::default(), &desk);
    read_pdus(&mut peer, 1).await;
    peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
    desk.submit(3);
    read_pdus(&mut peer, 3).await;
    // One is answered, and the link breaks within the next answer.
    peer.write_all(&header(CommandId::SUBMIT_SM_RESP, 3)).await.unwrap();
    peer.write_all(&header(CommandId::SUBMIT_SM_RESP, 2)[..15]).await.unwrap();
    drop(peer);
    assert_eq!(link.await.unwrap(), CloseReason::Disconnected);
    let lost = |ticket| Seen::Unanswered(ticket, Unanswered::SessionEnded);
    assert_eq!(
        desk.take()[1..],
        [Seen::Response(1, OK), lost(0), lost(2), Seen::Closed(CloseReason::Disconnected)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_nobody_answers_is_handed_back_on_time() {
    let (mut peer, ours) = tokio::io::duplex(1 << 16);
    let desk = Desk::default();
    let _link = run(ours, Role::Esme, Settings::default(), &desk);
    read_pdus(&mut peer, 1).await;
    peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
    desk.submit(1);
    let start = Instant::now();
    read_pdus(&mut peer, 2).await;
    peer.write_all(&header(CommandId::ENQUIRE_LINK_RESP, 3)).await.unwrap();
    until(|| desk.take().contains(&Seen::Unanswered(0, Unanswered::TimedOut))).await;
    assert!((30..32).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}
