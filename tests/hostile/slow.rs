//! Peers that say too little, too slowly, or do not listen.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use super::bystander::attacked;
use super::peer::*;
use super::server::{PASSWORD, SESSION_INIT, SILENCE, SYSTEM_ID};
use chappe::wire::CommandId;

/// Timers and closing together; generous, since the machine may be busy.
const SLACK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_does_not_bind_is_closed_in_time() {
    attacked(|address| async move {
        let start = Instant::now();
        let half_a_bind = &bind(1, SYSTEM_ID, PASSWORD)[..20];
        let beginnings: [&[u8]; 4] = [b"", b"\0", b"\0\0\0\x2f", half_a_bind];
        let mut peers = Vec::new();
        for beginning in beginnings {
            let mut peer = Peer::connect(address).await;
            peer.send(beginning).await;
            peers.push(peer);
        }
        for mut peer in peers {
            assert_eq!(peer.pdu().await, None);
        }
        let took = start.elapsed();
        assert!(took >= SESSION_INIT && took < SESSION_INIT + SLACK, "closed after {took:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_that_trickles_past_its_time_is_closed() {
    attacked(|address| async move {
        let mut peer = Peer::connect(address).await;
        let start = Instant::now();
        for octet in bind(1, SYSTEM_ID, PASSWORD) {
            if start.elapsed() > SESSION_INIT + SLACK / 2 {
                break;
            }
            peer.try_send(&[octet]).await;
            tokio::time::sleep(SESSION_INIT / 20).await;
        }
        peer.expect_close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn octets_one_at_a_time_are_as_good_as_any() {
    attacked(|address| async move {
        let mut peer = Peer::connect(address).await;
        let mut octets = bind(1, SYSTEM_ID, PASSWORD);
        octets.extend((2..12).flat_map(submit));
        for octet in octets {
            peer.send(&[octet]).await;
        }
        let answers = peer.answers(11).await;
        assert!(
            (1..12).zip(answers).all(|(sequence, (_, status, answered))| {
                status.is_ok() && sequence == answered
            })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_peer_that_falls_silent_is_asked_and_then_closed() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let start = Instant::now();
        let asked = peer.pdu().await.map(|(command, ..)| command);
        assert_eq!(asked, Some(CommandId::ENQUIRE_LINK));
        assert_eq!(peer.pdu().await, None);
        let took = start.elapsed();
        assert!(took >= SILENCE && took < SILENCE * 2 + SLACK, "closed after {took:?}");
    })
    .await;
}

/// A PDU that never ends is silence: the peer is closed though octets keep coming.
#[tokio::test(flavor = "multi_thread")]
async fn a_pdu_that_never_ends_is_silence() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        peer.send(&70_000_u32.to_be_bytes()).await;
        let start = Instant::now();
        while start.elapsed() < SILENCE * 2 + SLACK {
            if peer.stream.write_all(&[0]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still open after {:?}", start.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_closes_its_side_gets_the_answers_to_what_it_sent() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        peer.send(&(2..52).flat_map(submit).collect::<Vec<u8>>()).await;
        peer.stream.shutdown().await.unwrap();
        assert_eq!(peer.answers(50).await.len(), 50);
        peer.expect_close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_unbinds_behind_its_requests_gets_the_answers_first() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let unbind = header(CommandId::UNBIND, 52);
        peer.send(&(2..52).flat_map(submit).chain(unbind).collect::<Vec<u8>>()).await;
        for sequence in 2..52 {
            assert_eq!(peer.answer().await, Some((CommandId::SUBMIT_SM_RESP, OK, sequence)));
        }
        assert_eq!(peer.answer().await, Some((CommandId::UNBIND_RESP, OK, 52)));
        peer.expect_close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_never_read_are_closed() {
    attacked(|address| async move {
        let flood: Vec<u8> = (2..1002).flat_map(submit).collect();
        let mut attackers = Vec::new();
        for _ in 0..4 {
            let flood = flood.clone();
            attackers.push(tokio::spawn(async move {
                let mut peer = Peer::narrow(address).await;
                peer.send(&bind(1, SYSTEM_ID, PASSWORD)).await;
                let start = Instant::now();
                // Either the socket takes no more, or the server has closed it.
                while start.elapsed() < 3 * SLACK {
                    let write = peer.stream.write_all(&flood);
                    match tokio::time::timeout(SILENCE * 2 + SLACK, write).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return,
                        Err(_) => panic!("neither taken nor closed"),
                    }
                }
                panic!("all is taken though nothing is read");
            }));
        }
        for attacker in attackers {
            attacker.await.unwrap();
        }
    })
    .await;
}
