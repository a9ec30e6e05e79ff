//! Hostile carriers: the account's other carrier is not affected, and what was accepted for the
//! hostile one ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::bystander::{Bystander, PROCESS};
use super::esme::{Esme, Submit};
use super::peer::*;
use super::rogue::{HANDSET, Rogue, grant, mo, serve, taken};
use super::smsc::Smsc;
use super::world::{ROUTE, World, carrier, until};
use chappe::session::BindKind;
use chappe::wire::tlv::put_tlv;
use chappe::wire::{
    CommandId, CommandStatus, DeliverSm, PDUS, Role, State, TlvTag, Tlvs, may_send, sample,
};

/// Messages accepted for the hostile carrier; three times its window.
const MESSAGES: usize = 30;
/// What a carrier that serves makes of them.
const DELIVERED: &[&str] = &["DELIVRD"];
/// What becomes of them at the end of their validity: never sent, or sent and never answered.
const EXPIRED: &[&str] = &["EXPIRED", "UNKNOWN"];

const SETTINGS: &str = r#"
[[account]]
system_id = "caller"
password = "secret"
[[route]]
name = "rogue"
prefix = ["33"]
to = [{ carrier = "rogue" }]
[dialect.rogue]
reconnect_min_ms = 100
reconnect_max_ms = 100
reconnect_refused_ms = 100
enquire_link_ms = 2000
response_timeout_ms = 2000
"#;

/// Has an engine with this carrier and a good one accept messages for both. Those of the good one
/// are delivered at once; those of the other end in one of these ways, each told once.
async fn besieged(rogue: &Rogue, ends: &[&str]) -> World {
    let _shared = PROCESS.read().await;
    let smsc = Smsc::start().await;
    let hostile = carrier("rogue", rogue.address).replace("\"quick\"", "\"rogue\"");
    let good = carrier("smsc", smsc.address);
    let world = World::start(&format!("{good}{hostile}window_max = 10\n{ROUTE}{SETTINGS}")).await;
    until("the good carrier is bound", || smsc.bound() > 0).await;
    until("the other has its connection", || rogue.connections() > 0).await;
    let bystander = Bystander::start(world.smpp());
    let bind = Esme::bind_as(world.smpp(), BindKind::Transceiver, "caller", "secret");
    let esme = bind.await.unwrap();
    let start = Instant::now();
    // Three seconds are what a message has.
    let short = "000000000003000R".to_owned();
    let doomed = Submit { validity_period: short, ..Submit::to(HANDSET) };
    let for_rogue = accepted(&esme, vec![doomed; MESSAGES]).await;
    let for_good = accepted(&esme, vec![Submit::to("447700900124"); MESSAGES]).await;
    let told = || -> HashMap<String, String> {
        let receipts = esme.deliveries();
        receipts.iter().map(|one| (one.receipt().0, one.receipt().1)).collect()
    };
    let delivered = |told: &HashMap<String, String>| {
        for_good.iter().all(|id| told.get(id).is_some_and(|stat| stat == "DELIVRD"))
    };
    until("the good carrier's are delivered", || delivered(&told())).await;
    assert!(start.elapsed() < Duration::from_secs(5), "noticed: {:?}", start.elapsed());
    until("every message ends", || esme.deliveries().len() >= 2 * MESSAGES).await;
    let told = told();
    assert_eq!(told.len(), 2 * MESSAGES, "each once");
    let wrong: Vec<_> = for_rogue
        .iter()
        .map(|id| &told[id])
        .filter(|stat| !ends.contains(&stat.as_str()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    bystander.end().await;
    world
}

async fn accepted(esme: &Esme, submits: Vec<Submit>) -> HashSet<String> {
    let count = submits.len();
    let responses = esme.burst(submits).await;
    assert!(responses.iter().all(|(status, _)| status.is_ok()), "{responses:?}");
    let ids: HashSet<String> = responses.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), count);
    ids
}

/// A wait of 100 ms, with its jitter, lies between two connections.
fn assert_no_spin(rogue: &Rogue, since: Instant) {
    let most = 2 + since.elapsed().as_millis() / 50;
    assert!(u128::from(rogue.connections()) <= most, "{} connections", rogue.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_from_a_carrier_costs_its_session_and_no_message() {
    let start = Instant::now();
    let number = Arc::new(AtomicUsize::new(0));
    let rogue = Rogue::start(move |mut peer| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        async move {
            // In place of the bind's response, and behind it.
            if number.is_multiple_of(2) && grant(&mut peer).await.is_none() {
                return;
            }
            let mut garbage = Seeded(number as u64).octets(4096);
            garbage[0] |= 1;
            peer.try_send(&garbage).await;
            while peer.pdu().await.is_some() {}
        }
    });
    let world = besieged(&rogue, EXPIRED).await;
    assert_no_spin(&rogue, start);
    let line = "chappe_carrier_sessions_closed_total{carrier=\"rogue\",reason=\"framing\"}";
    assert!(world.metric(line) > 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_no_pdu_has_costs_a_carrier_its_session() {
    const LENGTHS: [u32; 7] = [0, 15, 70_001, 1 << 24, i32::MAX as u32, 1 << 31, u32::MAX];
    let (number, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&closed);
    let rogue = Rogue::bound(move |mut peer| {
        let (number, closed) = (number.fetch_add(1, Ordering::Relaxed), Arc::clone(&closed));
        async move {
            let mut octets = header(CommandId::DELIVER_SM, 7);
            octets[..4].copy_from_slice(&LENGTHS[number % LENGTHS.len()].to_be_bytes());
            peer.try_send(&octets).await;
            let mut nacked = false;
            while let Some((command, status, _)) = peer.pdu().await {
                nacked |=
                    command == CommandId::GENERIC_NACK && status == CommandStatus::ESME_RINVCMDLEN;
            }
            assert!(nacked, "{}", LENGTHS[number % LENGTHS.len()]);
            closed.fetch_add(1, Ordering::Relaxed);
        }
    });
    besieged(&rogue, EXPIRED).await;
    let closed = seen.load(Ordering::Relaxed);
    assert!(closed >= LENGTHS.len(), "{closed} sessions were nacked and closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_to_what_was_never_asked_complete_nothing() {
    let rogue = Rogue::bound(|mut peer| async move {
        while let Some((command, _, sequence)) = peer.pdu().await {
            if command != CommandId::SUBMIT_SM {
                peer.oblige(command, sequence).await;
                continue;
            }
            // Numbers that are not out, and responses of other commands to one that is.
            let far = sequence + 1_000_000;
            let mut octets = Vec::new();
            for number in [0, far, 0x8000_0000 | sequence, u32::MAX] {
                octets.extend(pdu(CommandId::SUBMIT_SM_RESP, OK, number, b"id\0"));
                octets.extend(header(CommandId::GENERIC_NACK, number));
            }
            for row in PDUS.iter().filter(|row| row.command_id.is_response()) {
                let completes = [CommandId::SUBMIT_SM_RESP, CommandId::GENERIC_NACK];
                if !completes.contains(&row.command_id) {
                    octets.extend(pdu(row.command_id, OK, sequence, b"id\0"));
                    octets.extend(pdu(row.command_id, CommandStatus(8), sequence, b""));
                }
            }
            octets.extend(header(CommandId(0x8000_7777), sequence));
            peer.try_send(&octets).await;
        }
    });
    let world = besieged(&rogue, EXPIRED).await;
    assert!(world.metric("chappe_pdu_odd_total{reason=\"stray_response\"}") >= MESSAGES as f64);
    assert_eq!(world.metric("chappe_segments_accepted_total{carrier=\"rogue\"}"), 0.0);
}

/// The second response to a message says something else each time.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_several_responses_counts() {
    let rogue = Rogue::bound(|mut peer| async move {
        while let Some((command, _, sequence)) = peer.pdu().await {
            if command != CommandId::SUBMIT_SM {
                peer.oblige(command, sequence).await;
                continue;
            }
            let (response, receipt) = taken(sequence);
            let mut octets = response;
            octets.extend(pdu(CommandId::SUBMIT_SM_RESP, OK, sequence, b"other\0"));
            octets.extend(pdu(CommandId::SUBMIT_SM_RESP, CommandStatus(8), sequence, b""));
            octets.extend(header(CommandId::GENERIC_NACK, sequence));
            octets.extend(receipt);
            peer.try_send(&octets).await;
        }
    });
    let world = besieged(&rogue, DELIVERED).await;
    let sent = world.metric("chappe_segments_sent_total{carrier=\"rogue\"}");
    assert_eq!(sent, MESSAGES as f64, "none went twice");
}

/// Refusals with statuses nobody knows and bodies nobody can read.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_cannot_be_read_are_refusals() {
    let rogue = Rogue::bound(|mut peer| async move {
        let mut tlvs = Vec::new();
        while tlvs.len() < 60_000 {
            assert!(put_tlv(&mut tlvs, TlvTag(0x1400), b"x"));
        }
        let bodies: [&[u8]; 4] = [b"", b"no end", &[0xff; 300], &[b"\0", &tlvs[..]].concat()];
        let statuses = [1, 8, 0xff, 0x400, 0xffff_ffff];
        let mut count = 0;
        while let Some((command, _, sequence)) = peer.pdu().await {
            if command != CommandId::SUBMIT_SM {
                peer.oblige(command, sequence).await;
                continue;
            }
            count += 1;
            let status = CommandStatus(statuses[count % statuses.len()]);
            let body = bodies[count % bodies.len()];
            peer.try_send(&pdu(CommandId::SUBMIT_SM_RESP, status, sequence, body)).await;
        }
    });
    besieged(&rogue, &["EXPIRED", "REJECTD", "UNDELIV"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_never_reads_is_closed_and_its_messages_are_in_doubt() {
    let rogue = Rogue::bound(|peer| async move {
        let _peer = peer;
        std::future::pending::<()>().await;
    });
    let world = besieged(&rogue, EXPIRED).await;
    let line = "chappe_carrier_sessions_closed_total{carrier=\"rogue\",reason=\"enquire_link\"}";
    until("its silence ends the session", || world.metric(line) > 0.0).await;
    assert!(world.metric("chappe_segments_in_doubt_total{carrier=\"rogue\"}") >= 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_goes_as_soon_as_it_is_bound_is_not_besieged_in_return() {
    let start = Instant::now();
    let number = Arc::new(AtomicUsize::new(0));
    let rogue = Rogue::bound(move |mut peer| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        async move {
            match number % 3 {
                0 => peer.try_send(&header(CommandId::UNBIND, 1)).await,
                1 => peer.stream.set_zero_linger().unwrap(),
                _ => {}
            }
        }
    });
    besieged(&rogue, EXPIRED).await;
    assert_no_spin(&rogue, start);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deliver_sm_of_a_flood_is_answered_and_messages_go_on() {
    let flooded = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&flooded);
    let rogue = Rogue::bound(move |mut peer| {
        let flooded = Arc::clone(&flooded);
        async move {
            for round in 0..40 {
                let numbers = 1 + round * 1000..1 + (round + 1) * 1000;
                let octets: Vec<u8> =
                    numbers.clone().flat_map(|number| encoded(&mo(), number)).collect();
                peer.try_send(&octets).await;
                let answers = serve(&mut peer, 1000).await;
                let expected = numbers.map(|number| (CommandId::DELIVER_SM_RESP, OK, number));
                assert!(answers.into_iter().eq(expected), "round {round}");
                flooded.fetch_add(1000, Ordering::Relaxed);
            }
            serve(&mut peer, usize::MAX).await;
        }
    });
    let world = besieged(&rogue, DELIVERED).await;
    until("the flood is answered", || done.load(Ordering::Relaxed) == 40_000).await;
    assert_eq!(world.metric("chappe_mo_unowned_total"), 40_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tlvs_without_end_and_receipts_of_nothing_are_answered() {
    let answered = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&answered);
    let rogue = Rogue::bound(move |mut peer| {
        let answered = Arc::clone(&answered);
        async move {
            for (number, tlvs) in (1..).zip(&tlv_floods()) {
                let (tlvs, _) = Tlvs::take(tlvs);
                for esm_class in [0, 4] {
                    let deliver = DeliverSm { esm_class, tlvs, ..mo() };
                    peer.try_send(&encoded(&deliver, number)).await;
                    // Whatever is thought of it, it is answered and the session stays.
                    assert_eq!(serve(&mut peer, 1).await[0].2, number);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }
            serve(&mut peer, usize::MAX).await;
        }
    });
    let _world = besieged(&rogue, DELIVERED).await;
    until("all are answered", || done.load(Ordering::Relaxed) == 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn octets_of_a_carrier_one_at_a_time_are_as_good_as_any() {
    let rogue = Rogue::start(|mut peer| async move {
        while let Some((command, _, sequence)) = peer.pdu().await {
            let (one, other) = match command {
                CommandId::SUBMIT_SM => taken(sequence),
                CommandId::BIND_TRANSCEIVER => {
                    (pdu(command.response(), OK, sequence, b"rogue\0"), Vec::new())
                }
                CommandId::ENQUIRE_LINK => (header(command.response(), sequence), Vec::new()),
                _ => continue,
            };
            for octet in [one, other].concat() {
                peer.try_send(&[octet]).await;
            }
        }
    });
    besieged(&rogue, DELIVERED).await;
}

/// As many TLVs as a PDU holds: empty ones, all the same one, all different, all with a value.
fn tlv_floods() -> Vec<Vec<u8>> {
    let floods: [&dyn Fn(u16) -> (u16, usize); 4] =
        [&|_| (0x1400, 0), &|_| (0x0427, 1), &|count| (count, 0), &|count| (count, 40)];
    let flood = |each: &&dyn Fn(u16) -> (u16, usize)| {
        let mut tlvs = Vec::new();
        for (tag, len) in (0..u16::MAX).map(each) {
            if tlvs.len() + 4 + len > 69_000 {
                break;
            }
            assert!(put_tlv(&mut tlvs, TlvTag(tag), &vec![2; len]));
        }
        tlvs
    };
    floods.iter().map(flood).collect()
}

/// Every request an SMSC may not send, and valid ones of every sort with octets changed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_carrier_may_not_ask_is_refused_and_messages_go_on() {
    let answered = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&answered);
    let rogue = Rogue::bound(move |mut peer| {
        let answered = Arc::clone(&answered);
        async move {
            let mut numbers = Seeded(5);
            for sequence in 1..400_u32 {
                let row = &PDUS[numbers.below(PDUS.len())];
                let is_end = row.command_id == CommandId::UNBIND;
                // Nothing answers these when they cannot be read.
                let silent = [CommandId::ALERT_NOTIFICATION, CommandId::OUTBIND];
                if row.command_id.is_response() || is_end || silent.contains(&row.command_id) {
                    continue;
                }
                let mut octets = Vec::new();
                sample::pdu_of(row, &mut |bound: usize| numbers.below(bound), &mut octets);
                octets[12..16].copy_from_slice(&sequence.to_be_bytes());
                for _ in 0..numbers.below(4) {
                    let at = numbers.below(octets.len());
                    if at >= 16 {
                        octets[at] = numbers.next() as u8;
                    }
                }
                peer.try_send(&octets).await;
                let status = answer_to(&mut peer, sequence).await;
                let permitted = may_send(Role::Smsc, State::BoundTrx, row.command_id);
                assert!(permitted || !status.is_ok(), "{} was taken", row.name);
                answered.fetch_add(1, Ordering::Relaxed);
            }
            serve(&mut peer, usize::MAX).await;
        }
    });
    let _world = besieged(&rogue, DELIVERED).await;
    until("all are answered", || done.load(Ordering::Relaxed) > 150).await;
}

/// Serves until the request of this number has its answer.
async fn answer_to(peer: &mut Peer, number: u32) -> CommandStatus {
    loop {
        let (command, status, sequence) = peer.pdu().await.expect("the session stays");
        if command.is_response() && sequence == number {
            return status;
        }
        match command {
            CommandId::SUBMIT_SM => {
                let (response, receipt) = taken(sequence);
                peer.try_send(&[response, receipt].concat()).await;
            }
            _ => peer.oblige(command, sequence).await,
        }
    }
}
