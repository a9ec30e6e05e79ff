//! Whole frames with contents that break the rules: answered, and the session stays.

use super::bystander::attacked;
use super::peer::*;
use super::server::{PASSWORD, SYSTEM_ID};
use chappe::wire::tlv::put_tlv;
use chappe::wire::{CommandId, CommandStatus, PDUS, Role, State, TlvTag, Tlvs, may_send, sample};

#[tokio::test(flavor = "multi_thread")]
async fn tlvs_without_end_are_answered() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let plain = encoded(&submit_body(), 2);
        let room = 70_000 - plain.len();
        // As many TLVs as fit: empty ones, all the same one, all different, all with a value.
        let floods: [&dyn Fn(u16) -> (u16, usize); 4] =
            [&|_| (0x1400, 0), &|_| (0x0204, 2), &|count| (count, 0), &|count| (count, 40)];
        for (sequence, flood) in (2..).zip(floods) {
            let mut tlvs = Vec::new();
            for count in 0..u16::MAX {
                let (tag, len) = flood(count);
                if tlvs.len() + 4 + len > room {
                    break;
                }
                assert!(put_tlv(&mut tlvs, TlvTag(tag), &vec![0; len]));
            }
            let (tlvs, _) = Tlvs::take(&tlvs);
            let body = chappe::wire::SubmitSm { tlvs, ..submit_body() };
            peer.send(&encoded(&body, sequence)).await;
            let (command, _, answered) = peer.answer().await.unwrap();
            assert_eq!((command, answered), (CommandId::SUBMIT_SM_RESP, sequence));
        }
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tlv_that_runs_past_the_end_is_refused_by_name() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let body = encoded(&submit_body(), 2)[16..].to_vec();
        for (sequence, length) in (2..).zip([1_u16, 2, 255, 32_768, u16::MAX]) {
            let tlv = [&[0x04, 0x24], &length.to_be_bytes()[..]].concat();
            let request = [&body[..], &tlv].concat();
            peer.send(&pdu(CommandId::SUBMIT_SM, OK, sequence, &request)).await;
            let status = CommandStatus::ESME_RINVOPTPARSTREAM;
            let refused = (CommandId::SUBMIT_SM_RESP, status, sequence);
            assert_eq!(peer.answer().await, Some(refused));
        }
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_commands_are_each_nacked_with_their_number() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let commands = [0, 0x0a, 0x10, 0x104, 0x0001_0200, 0x7fff_ffff];
        for (round, command) in (0..600).zip(commands.into_iter().cycle()) {
            let sequence = u32::MAX - round;
            peer.send(&pdu(CommandId(command), OK, sequence, &[0xff; 20])).await;
            let nack = (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDID, sequence);
            assert_eq!(peer.answer().await, Some(nack));
        }
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_nobody_asked_for_are_passed_over() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let mut octets = Vec::new();
        let responses = PDUS.iter().filter(|row| row.command_id.is_response());
        for row in responses {
            for sequence in [0, 1, 2, 3, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
                let status = CommandStatus(sequence & 0xff);
                octets.extend(pdu(row.command_id, OK, sequence, b"0123456789abcdef\0"));
                octets.extend(pdu(row.command_id, status, sequence, b""));
                octets.extend(pdu(row.command_id, status, sequence, b"no end"));
            }
        }
        // Responses to requests that no edition has are no better.
        octets.extend(header(CommandId(0x8000_7777), 1));
        peer.send(&octets).await;
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_an_esme_may_not_send_are_refused_with_their_own_response() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let bound = State::BoundTrx;
        let wrong = PDUS.iter().filter(|row| {
            !row.command_id.is_response() && !may_send(Role::Esme, bound, row.command_id)
        });
        for (sequence, row) in (2_u32..).zip(wrong) {
            let mut request = Vec::new();
            sample::pdu_of(row, &mut |_bound: usize| 0, &mut request);
            request[12..16].copy_from_slice(&sequence.to_be_bytes());
            peer.send(&request).await;
            let (command, status, answered) = peer.answer().await.unwrap();
            assert_eq!(command, row.response.unwrap_or(CommandId::GENERIC_NACK));
            assert!(!status.is_ok() && answered == sequence);
        }
        peer.expect_service().await;
    })
    .await;
}

/// Valid PDUs of every sort with octets of their bodies changed: each request is answered once,
/// by its response or a nack, and nothing else comes back.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_requests_are_answered_one_by_one() {
    attacked(|address| async move {
        let mut peer = Peer::bound(address).await;
        let mut numbers = Seeded(3);
        let ends = [CommandId::UNBIND, CommandId::UNBIND_RESP];
        for sequence in 2..1500 {
            let mut octets = Vec::new();
            sample::pdu(&mut |bound: usize| numbers.below(bound), &mut octets);
            let row = PDUS.iter().find(|row| row.command_id.0.to_be_bytes() == octets[4..8]);
            let row = row.unwrap();
            if row.command_id.is_response() || ends.contains(&row.command_id) {
                continue;
            }
            octets[12..16].copy_from_slice(&u32::to_be_bytes(sequence));
            for _ in 0..numbers.below(4) {
                let at = numbers.below(octets.len());
                if at >= 16 {
                    octets[at] = numbers.next() as u8;
                }
            }
            peer.send(&octets).await;
            // Nothing answers these, unless they may not be sent at all.
            let may_nack = [CommandId::ALERT_NOTIFICATION, CommandId::OUTBIND];
            if may_nack.contains(&row.command_id) {
                continue;
            }
            let (command, _, answered) = loop {
                let answer = peer.answer().await.unwrap();
                if answer.2 == sequence {
                    break answer;
                }
            };
            let expected = [row.command_id.response(), CommandId::GENERIC_NACK];
            assert!(expected.contains(&command), "{command} answers {}", row.name);
            assert_eq!(answered, sequence);
        }
        peer.send(&header(CommandId::ENQUIRE_LINK, 1)).await;
        while peer.answer().await.unwrap().0 != CommandId::ENQUIRE_LINK_RESP {}
        peer.expect_service().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_of_any_fields_is_answered() {
    attacked(|address| async move {
        let mut numbers = Seeded(4);
        for _ in 0..200 {
            let len = numbers.below(400);
            let mut peer = Peer::connect(address).await;
            let body = numbers.octets(len);
            peer.send(&pdu(CommandId::BIND_TRANSMITTER, OK, 5, &body)).await;
            let (command, status, sequence) = peer.answer().await.unwrap();
            assert_eq!((command, sequence), (CommandId::BIND_TRANSMITTER_RESP, 5));
            assert!(!status.is_ok());
        }
        // Names that nearly fit do not bind either.
        for (system_id, password) in [("good\u{1}", PASSWORD), (SYSTEM_ID, "secre"), ("", "")] {
            let mut peer = Peer::connect(address).await;
            peer.send(&bind(1, system_id, password)).await;
            let refused = peer.answer().await.unwrap();
            assert!(!refused.1.is_ok());
            peer.expect_close().await;
        }
    })
    .await;
}
