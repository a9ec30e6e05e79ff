//! What an account may send, and what it is told beyond that.

use std::time::Duration;

use chappe::session::BindKind;
use chappe::wire::tlv::put_tlv;
use chappe::wire::{CommandStatus, TlvTag};

use crate::esme::{Esme, Request, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

const OK: CommandStatus = CommandStatus::ESME_ROK;
const THROTTLED: CommandStatus = CommandStatus::ESME_RTHROTTLED;
const FULL: CommandStatus = CommandStatus::ESME_RMSGQFUL;

fn count(responses: &[(CommandStatus, String)], status: CommandStatus) -> usize {
    responses.iter().filter(|response| response.0 == status).count()
}

/// An account of this name with one key more.
fn account(system_id: &str, key: &str) -> String {
    format!("[[account]]\nsystem_id = \"{system_id}\"\npassword = \"p\"\n{key}\n")
}

async fn bind(world: &World, system_id: &str) -> Esme {
    Esme::bind_as(world.smpp(), BindKind::Transceiver, system_id, "p").await.unwrap()
}

fn hundred() -> Vec<Submit> {
    (0..100).map(|at| Submit::to(&format!("336000000{at:02}"))).collect()
}

#[tokio::test]
async fn more_than_a_window_at_once_is_throttled_and_the_session_goes_on() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, &account("narrow", "window_max = 5")).await;
    let esme = bind(&world, "narrow").await;
    let responses = esme.burst(hundred()).await;
    let (accepted, throttled) = (count(&responses, OK), count(&responses, THROTTLED));
    assert!(accepted >= 5 && throttled > 0, "{accepted} {throttled}");
    assert_eq!(accepted + throttled, 100);
    assert_eq!(esme.delivered(accepted).await.len(), accepted);
    esme.accepted(Submit::new("one at a time is no trouble")).await;
}

#[tokio::test]
async fn an_accounts_rate_counts_segments_over_all_its_sessions() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, &account("slow", "segments_per_second = 20")).await;
    let (one, other) = (bind(&world, "slow").await, bind(&world, "slow").await);
    let mut responses = one.burst(hundred()).await;
    responses.extend(other.burst(hundred()).await);
    let (accepted, throttled) = (count(&responses, OK), count(&responses, THROTTLED));
    // Ten may come at once and one more that is on time; the rest is what a slow run takes.
    assert!((11..60).contains(&accepted), "{accepted}");
    assert_eq!(accepted + throttled, 200);
}

#[tokio::test]
async fn an_accounts_queue_is_bounded_in_octets_and_has_room_again_when_some_have_left() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, &account("long", "queue_max_bytes = 65536")).await;
    let esme = bind(&world, "long").await;
    let payload = || {
        let (mut tlvs, schedule) = (Vec::new(), "000000010000000R".to_owned());
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &[b'x'; 30_000]));
        Submit { tlvs, schedule, ..Submit::new("") }
    };
    let id = esme.accepted(payload()).await;
    esme.accepted(payload()).await;
    assert_eq!(esme.submit(payload()).await.0, FULL);
    esme.accepted(Submit::new("a short one finds room")).await;
    // Another account has a queue of its own.
    Esme::bind(world.smpp()).await.accepted(payload()).await;
    let cancel = Request::Cancel { id, destination: String::new() };
    assert_eq!(esme.answered(cancel).await.status, OK);
    esme.accepted(payload()).await;
}

#[tokio::test]
async fn an_accounts_queue_is_its_own_and_has_room_again_when_messages_are_sent() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::before(&smsc, &account("small", "queue_max_messages = 5")).await;
    let esme = bind(&world, "small").await;
    let responses = esme.burst(hundred()).await;
    assert_eq!((count(&responses, OK), count(&responses, FULL)), (5, 95));
    let other = Esme::bind(world.smpp()).await;
    other.accepted(Submit::new("another account has a queue of its own")).await;
    smsc.submitted(6).await;
    smsc.take_kept();
    let (mut status, mut attempts) = (FULL, 0);
    while status == FULL && attempts < 1000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        (status, attempts) = (esme.submit(Submit::new("x")).await.0, attempts + 1);
    }
    assert_eq!(status, OK);
    assert_eq!(esme.submit(Submit::new("x")).await.0, FULL);
}

#[tokio::test]
async fn a_carriers_queue_is_full_for_all_accounts() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let carrier = crate::world::carrier("smsc", smsc.address);
    let world =
        World::start(&format!("{carrier}queue_max_messages = 7\n{}", crate::world::ROUTE)).await;
    let esme = Esme::bind(world.smpp()).await;
    let responses = esme.burst(hundred()).await;
    assert_eq!((count(&responses, OK), count(&responses, FULL)), (7, 93));
}
