//! Many PDUs a system call, and PDUs in pieces of any size.

use std::task::Poll;

use super::desk::*;
use chappe::session::Settings;
use chappe::wire::{CommandId, DeliverSm, Role, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn submits(count: u32) -> Vec<u8> {
    (2..2 + count).flat_map(|sequence| encoded(&submit(), sequence)).collect()
}

#[tokio::test(start_paused = true)]
async fn many_pdus_cost_one_read_and_one_write() {
    let (mut peer, ours) = tokio::io::duplex(1 << 20);
    let (desk, calls) = (Desk::default(), Calls::default());
    let _link = run(Counted(ours, calls.clone()), Role::Smsc, Settings::default(), &desk);
    peer.write_all(&bind(1)).await.unwrap();
    read_pdus(&mut peer, 1).await;
    assert_eq!(calls.take(), (1, 1));
    peer.write_all(&submits(1000)).await.unwrap();
    let answers = read_pdus(&mut peer, 1000).await;
    assert_eq!(calls.take(), (1, 1));
    assert!(
        (2..1002)
            .zip(answers)
            .all(|(sent, (_, status, answered))| { status.is_ok() && sent == answered })
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_owner_submits_at_once_is_written_at_once() {
    let (mut peer, ours) = tokio::io::duplex(1 << 20);
    let (desk, calls) = (Desk::default(), Calls::default());
    let settings = Settings { window_max: 500, ..Settings::default() };
    let _link = run(Counted(ours, calls.clone()), Role::Esme, settings, &desk);
    read_pdus(&mut peer, 1).await;
    peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
    until(|| !desk.take().is_empty()).await;
    calls.take();
    desk.submit(500);
    let requests = read_pdus(&mut peer, 500).await;
    assert_eq!(calls.take(), (0, 1));
    let answers: Vec<u8> = requests
        .iter()
        .flat_map(|(command, _, sequence)| header(command.response(), *sequence))
        .collect();
    peer.write_all(&answers).await.unwrap();
    until(|| desk.responses() == 500).await;
    assert_eq!(calls.take(), (1, 0));
}

/// Whether the stream takes all of it at once or little by little.
#[tokio::test(start_paused = true)]
async fn an_owner_that_holds_back_is_asked_again_once_all_is_written() {
    for room in [100, 1 << 20] {
        let (mut peer, ours) = tokio::io::duplex(room);
        let desk = Desk::default();
        let settings = Settings { window_max: 500, ..Settings::default() };
        let _link = run(ours, Role::Esme, settings, &desk);
        read_pdus(&mut peer, 1).await;
        peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
        until(|| !desk.take().is_empty()).await;
        desk.hold_back_at(1000);
        desk.submit(500);
        assert_eq!(read_pdus(&mut peer, 500).await.len(), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn pdus_may_come_in_pieces_of_any_size() {
    let stream = submits(20);
    for size in [1, 2, 3, 15, 16, 17, 38, 39, 40, 77] {
        let (mut peer, desk, _link) = bound_smsc(1 << 20, Settings::default()).await;
        for piece in stream.chunks(size) {
            peer.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(read_pdus(&mut peer, 20).await.len(), 20, "pieces of {size}");
        assert_eq!(desk.requests(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_pdu_may_come_one_octet_at_a_time() {
    let (mut peer, desk, _link) = bound_smsc(1 << 20, Settings::default()).await;
    let mut tlvs = Vec::new();
    assert!(chappe::wire::tlv::put_tlv(
        &mut tlvs,
        chappe::wire::TlvTag::MESSAGE_PAYLOAD,
        &[7; 65_535]
    ));
    let (tlvs, _) = chappe::wire::Tlvs::take(&tlvs);
    let long = encoded(&chappe::wire::SubmitSm { tlvs, ..submit() }, 2);
    let behind = encoded(&submit(), 3);
    for octet in long.iter().chain(&behind) {
        peer.write_all(&[*octet]).await.unwrap();
        tokio::task::yield_now().await;
    }
    read_pdus(&mut peer, 2).await;
    let request = |sequence| Seen::Request(CommandId::SUBMIT_SM, sequence);
    assert_eq!(desk.take(), [request(2), request(3)]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_with_a_bind_response_is_read() {
    let (mut peer, ours) = tokio::io::duplex(1 << 20);
    let desk = Desk::default();
    let _link = run(ours, Role::Esme, Settings::default(), &desk);
    read_pdus(&mut peer, 1).await;
    let mut octets = header(CommandId::BIND_TRANSCEIVER_RESP, 1);
    for sequence in 1..=30 {
        octets.extend(encoded(&DeliverSm::default(), sequence));
    }
    peer.write_all(&octets).await.unwrap();
    assert_eq!(read_pdus(&mut peer, 30).await.len(), 30);
    assert_eq!(desk.take()[0], Seen::Bound(State::BoundTrx));
}

#[tokio::test(start_paused = true)]
async fn a_flood_leaves_others_their_turn() {
    const REQUESTS: usize = 150_000;
    let (mut peer, ours) = tokio::io::duplex(1 << 24);
    let desk = Desk::default();
    let _link = run(ours, Role::Smsc, Settings::default(), &desk);
    peer.write_all(&[bind(1), submits(REQUESTS as u32)].concat()).await.unwrap();
    let mut turns = 0;
    let watched = desk.clone();
    let other = tokio::spawn(std::future::poll_fn(move |cx| {
        if watched.requests() == REQUESTS {
            return Poll::Ready(turns);
        }
        turns += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    let turns = other.await.unwrap();
    // Nearly six MB, at most half of one a turn.
    assert!(turns >= 8, "{turns} turns");
    assert_eq!(read_pdus(&mut peer, 1 + REQUESTS).await.len(), 1 + REQUESTS);
}

/// More than one read brings, both ways at once, on sockets.
#[tokio::test]
async fn two_links_exchange_a_hundred_thousand_messages_over_a_socket() {
    let listener = chappe::link::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let settings = Settings { window_max: 1000, ..Settings::default() };
    let (client, server) = (Desk::default(), Desk::default());
    let timeout = std::time::Duration::from_secs(5);
    let connected = chappe::link::connect(&address, None, timeout).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let accepted = chappe::link::Stream::plain(accepted);
    let links = [
        run(accepted, Role::Smsc, settings, &server),
        run(connected, Role::Esme, settings, &client),
    ];
    client.submit(100_000);
    while client.responses() < 100_000 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert_eq!(server.requests(), 100_000);
    client.unbind();
    for link in links {
        assert!(link.await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn octets_after_the_end_of_a_session_are_not_read() {
    let (mut peer, desk, link) = bound_smsc(1 << 20, Settings::default()).await;
    let unbind = header(CommandId::UNBIND, 2);
    peer.write_all(&[unbind, submits(5)].concat()).await.unwrap();
    let mut rest = Vec::new();
    peer.shutdown().await.unwrap();
    peer.read_to_end(&mut rest).await.unwrap();
    assert_eq!(headers(&rest), [(CommandId::UNBIND_RESP, OK, 2)]);
    assert_eq!(desk.requests(), 0);
    assert_eq!(link.await.unwrap(), chappe::session::CloseReason::PeerUnbound);
}
