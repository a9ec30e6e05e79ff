//! Starting, being watched, stopping.

use std::time::Duration;

use chappe::session::{BindKind, CloseReason};
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, get, until};

#[tokio::test]
async fn the_pages_for_machines_tell_the_truth() {
    let smsc = Smsc::start().await;
    let address = smsc.address;
    let world = World::before(&smsc, "").await;
    let (http, metrics) = (world.engine.http.unwrap(), world.engine.metrics.unwrap());
    assert_eq!(get(http, "/healthz").await, ("HTTP/1.1 200 OK".to_owned(), "ok\n".to_owned()));
    until("a carrier is counted", || world.metric(BINDS) > 0.0).await;
    assert_eq!(get(http, "/readyz").await.1, "ready\n");
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    esme.delivered(1).await;
    world.counts("chappe_receipts_delivered_total{account=\"acct\"}", 1.0).await;
    let (status, page) = get(metrics, "/metrics").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    for line in [
        "chappe_submits_total{account=\"acct\"} 1",
        "chappe_accepted_total{account=\"acct\"} 1",
        "chappe_segments_sent_total{carrier=\"smsc\"} 1",
        "chappe_segments_accepted_total{carrier=\"smsc\"} 1",
        "chappe_receipts_received_total{carrier=\"smsc\"} 1",
        "chappe_receipts_matched_total{state=\"DELIVERED\"} 1",
        "chappe_messages_ended_total{state=\"DELIVERED\"} 1",
        "chappe_account_binds 1",
        "chappe_sessions 1",
    ] {
        assert!(page.contains(&format!("{line}\n")), "no {line} in\n{page}");
    }
    assert!(!page.contains("33612345678") && !page.contains("hello"), "no personal data");
    drop(smsc);
    until("the carrier is gone", || world.metric(BINDS) < 1.0).await;
    let (status, page) = get(http, "/readyz").await;
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(page, "no carrier bound\n");
    assert_eq!(get(http, "/healthz").await.0, "HTTP/1.1 200 OK");
    let _again = Smsc::at(address, |_| Reply::Take).await;
    until("the carrier is back", || world.metric(BINDS) > 0.0).await;
    assert_eq!(get(http, "/readyz").await.0, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_busy_account_is_named_however_many_stand_before_it() {
    let smsc = Smsc::start().await;
    let idle = (0..250).map(|at| format!("idle{at}")).chain(["busy".to_owned()]);
    let table = |name| format!("[[account]]\nsystem_id = \"{name}\"\npassword = \"p\"\n");
    let world = World::before(&smsc, &idle.map(table).collect::<String>()).await;
    let kind = BindKind::Transceiver;
    let esme = Esme::bind_as(world.smpp(), kind, "busy", "p").await.unwrap();
    esme.accepted(Submit::new("x")).await;
    world.counts("chappe_accepted_total{account=\"busy\"}", 1.0).await;
    let (_, page) = get(world.engine.metrics.unwrap(), "/metrics").await;
    assert!(!page.contains("account=\"idle0\"") && page.contains("account=\"other\""), "{page}");
    assert!(page.contains("chappe_account_binds 1\n"), "{page}");
}

const BINDS: &str = "chappe_carrier_binds{carrier=\"smsc\"}";

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_graceful_stop_sends_what_was_accepted_and_unbinds() {
    let smsc = Smsc::start().await;
    let table = carrier("smsc", smsc.address);
    let world = World::start(&format!("{table}segments_per_second = 100\n{ROUTE}")).await;
    until("bound", || smsc.bound() > 0).await;
    let esme = Esme::bind(world.smpp()).await;
    let submits = (0..60).map(|at| Submit::to(&format!("336000000{at:02}"))).collect();
    esme.burst(submits).await;
    let left = world.engine.stop().await;
    assert_eq!((left, smsc.submits().len()), (0, 60), "the rate is kept to the end");
    until("the account is unbound", || esme.closed().is_some()).await;
    assert_eq!(esme.closed(), Some(CloseReason::PeerUnbound));
    until("the carrier is unbound", || smsc.bound() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_message_accepted_just_before_the_stop_is_sent() {
    for _ in 0..5 {
        let smsc = Smsc::start().await;
        let world = World::before(&smsc, "").await;
        let esme = Esme::bind(world.smpp()).await;
        esme.accepted(Submit::new("x")).await;
        assert_eq!(world.engine.stop().await, 0);
        assert_eq!(smsc.submits().len(), 1);
    }
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_it_is_told_and_says_what_is_left() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::before(&smsc, "[node] drain_ms = 200").await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    esme.accepted(Submit::new("x")).await;
    let begun = std::time::Instant::now();
    assert_eq!(world.engine.stop().await, 2);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_engine_that_keeps_what_it_accepts_is_started_again_at_once_in_one_process() {
    let name = format!("chappe-engine-again-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    // Nobody takes anything.
    let more = format!(
        "[store] engine = \"embedded\"\n{}{ROUTE}",
        carrier("smsc", "127.0.0.1:1".parse().unwrap())
    );
    for round in 0..4 {
        let world = World::try_start(&more, Some(directory.clone())).unwrap();
        until("what was accepted is there", || {
            world.engine.snapshots().take().queued == 40 * round
        })
        .await;
        let esme = Esme::bind(world.smpp()).await;
        esme.burst((0..40).map(|_| Submit::new("x")).collect()).await;
        // The directory goes with the last of them.
        let left = world.stop_and_keep().await;
        assert_eq!(left as u64, 40 * (round + 1));
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn a_data_directory_has_one_engine() {
    let name = format!("chappe-engine-shared-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    let world = World::try_start("", Some(directory.clone())).unwrap();
    let Err(refused) = World::try_start("", Some(directory)) else { panic!("a second engine") };
    assert!(refused.to_string().contains("another engine runs there"), "{refused}");
    Esme::bind(world.smpp()).await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_with_its_key() {
    let smsc = Smsc::start().await;
    let taken = format!("[[account]]\nsystem_id = \"b\"\npassword = \"p\"\n# {}", smsc.address);
    let text = format!("{taken}\n");
    let settings = |port: u16| {
        format!("[smpp]\nlisten = \"127.0.0.1:{port}\"\n[http]\nlisten = \"off\"\n{text}")
    };
    let directory = std::env::temp_dir().join(format!("chappe-taken-{}", std::process::id()));
    let settings = settings(smsc.address.port());
    let settings = chappe::config::parse("test.toml", &settings, &directory).unwrap();
    let Err(refused) = chappe::engine::Engine::start(settings) else { panic!("started") };
    assert!(refused.to_string().starts_with("smpp.listen = 127.0.0.1:"), "{refused}");
    std::fs::remove_dir_all(directory).unwrap();
    assert_eq!(CommandStatus::default(), CommandStatus::ESME_ROK);
}
