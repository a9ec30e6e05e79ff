//! Too much of what is good in small numbers.

use super::bystander::attacked;
use super::peer::*;
use super::server::{PASSWORD, SYSTEM_ID};
use chappe::wire::{CommandId, CommandStatus};

const BIND_RESP: CommandId = CommandId::BIND_TRANSCEIVER_RESP;

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_password_of_a_flood_is_answered_and_closed() {
    attacked(|address| async move {
        let mut attackers = Vec::new();
        for number in 0..300 {
            attackers.push(tokio::spawn(async move {
                let mut peer = Peer::connect(address).await;
                peer.send(&bind(number, SYSTEM_ID, "guess")).await;
                let refused = (BIND_RESP, CommandStatus::ESME_RINVPASWD, number);
                assert_eq!(peer.answer().await, Some(refused));
                peer.expect_close().await;
            }));
        }
        for attacker in attackers {
            attacker.await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_guesses_on_one_link_are_one() {
    attacked(|address| async move {
        let mut peer = Peer::connect(address).await;
        let guesses: Vec<u8> = (1..1001).flat_map(|n| bind(n, SYSTEM_ID, "guess")).collect();
        peer.try_send(&guesses).await;
        let refused = (BIND_RESP, CommandStatus::ESME_RINVPASWD, 1);
        assert_eq!(peer.answer().await, Some(refused));
        peer.expect_close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_again_and_again_is_told_so_each_time() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let binds: Vec<u8> = (2..1002).flat_map(|n| bind(n, SYSTEM_ID, PASSWORD)).collect();
        peer.send(&binds).await;
        for (sequence, answer) in (2..).zip(peer.answers(1000).await) {
            assert_eq!(answer, (BIND_RESP, CommandStatus::ESME_RALYBND, sequence));
        }
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_bind_are_each_refused() {
    attacked(|address| async move {
        let mut peer = Peer::connect(address).await;
        peer.send(&(1..2001).flat_map(submit).collect::<Vec<u8>>()).await;
        for (sequence, answer) in (1..).zip(peer.answers(2000).await) {
            let status = CommandStatus::ESME_RINVBNDSTS;
            assert_eq!(answer, (CommandId::SUBMIT_SM_RESP, status, sequence));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_enquiry_of_a_flood_is_answered() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let enquiry = |sequence| header(CommandId::ENQUIRE_LINK, sequence);
        for round in 0..10 {
            let numbers = round * 10_000..(round + 1) * 10_000;
            peer.send(&numbers.clone().flat_map(enquiry).collect::<Vec<u8>>()).await;
            for sequence in numbers {
                let answer = (CommandId::ENQUIRE_LINK_RESP, OK, sequence);
                assert_eq!(peer.answer().await, Some(answer));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_links_that_submit_at_once_are_all_served() {
    attacked(|address| async move {
        let mut attackers = Vec::new();
        for _ in 0..200 {
            attackers.push(tokio::spawn(async move {
                let mut peer = Peer::bound(address).await;
                peer.send(&(2..22).flat_map(submit).collect::<Vec<u8>>()).await;
                for (sequence, answer) in (2..).zip(peer.answers(20).await) {
                    assert_eq!(answer, (CommandId::SUBMIT_SM_RESP, OK, sequence));
                }
            }));
        }
        for attacker in attackers {
            attacker.await.unwrap();
        }
    })
    .await;
}
