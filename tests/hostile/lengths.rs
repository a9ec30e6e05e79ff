//! Every sort of `command_length`, from 0 to 4 GiB.

use super::bystander::attacked;
use super::peer::*;
use chappe::wire::{CommandId, CommandStatus};

const NACK: Answer = (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0);
const HUGE: [u32; 6] = [70_001, 1 << 20, 1 << 24, i32::MAX as u32, 1 << 31, u32::MAX];

fn announced(length: u32) -> Vec<u8> {
    let mut octets = header(CommandId::SUBMIT_SM, 2);
    octets[..4].copy_from_slice(&length.to_be_bytes());
    octets
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_no_bind_has_is_closed_before_the_bind() {
    attacked(|address| async move {
        for length in (0..16).chain([513, 1000, 65_536]).chain(HUGE) {
            let mut peer = Peer::connect(address).await;
            peer.send(&announced(length)).await;
            assert_eq!(peer.pdu().await, None, "length {length}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_no_pdu_has_is_nacked_and_closed_when_bound() {
    attacked(|address| async move {
        for length in (0..16).chain(HUGE) {
            let mut peer = Peer::bound(address).await;
            peer.send(&announced(length)).await;
            assert_eq!(peer.answer().await, Some(NACK), "length {length}");
            peer.expect_close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_lost_length_is_answered() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let mut octets: Vec<u8> = (2..102).flat_map(submit).collect();
        octets.extend(announced(u32::MAX));
        peer.send(&octets).await;
        let answers = peer.answers(101).await;
        assert!((2..102).zip(&answers).all(|(sequence, answer)| answer.2 == sequence));
        assert_eq!(answers[100], NACK);
        peer.expect_close().await;
    })
    .await;
}

/// The limits themselves are taken, with whatever stands in the body.
#[tokio::test(flavor = "multi_thread")]
async fn the_longest_pdus_are_read_and_answered() {
    attacked(|address| async move {
        let mut peer = Peer::connect(address).await;
        peer.send(&pdu(CommandId::BIND_TRANSCEIVER, OK, 9, &[b'x'; 496])).await;
        // Its name is too long and has no end, which is let pass, and nobody's.
        let refused = (CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_RINVPASWD, 9);
        assert_eq!(peer.answer().await, Some(refused));
        let mut peer = Peer::bound(address).await;
        peer.send(&pdu(CommandId::SUBMIT_SM, OK, 2, &[b'x'; 70_000 - 16])).await;
        // So does its service_type, to the end of all.
        let refused = (CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVCMDLEN, 2);
        assert_eq!(peer.answer().await, Some(refused));
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_of_64_kib_are_answered_one_after_the_other() {
    attacked(|address| async move {
        let mut tlvs = Vec::new();
        let payload = chappe::wire::TlvTag::MESSAGE_PAYLOAD;
        assert!(chappe::wire::tlv::put_tlv(&mut tlvs, payload, &[b'x'; 65_535]));
        let (tlvs, _) = chappe::wire::Tlvs::take(&tlvs);
        let long = chappe::wire::SubmitSm { short_message: b"", tlvs, ..submit_body() };
        let mut peer = Peer::bound(address).await;
        for sequence in 2..102 {
            peer.send(&encoded(&long, sequence)).await;
        }
        // Whatever is thought of so long a message, each is answered and the session stays.
        let answers = peer.answers(100).await;
        assert!((2..102).zip(&answers).all(|(sequence, answer)| answer.2 == sequence));
        peer.expect_service().await;
    })
    .await;
}
