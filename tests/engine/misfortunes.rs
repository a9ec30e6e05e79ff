//! The simulated SMSC with all its misbehaviours at once, from a seed, and the simulated ESMEs'
//! audit of what the engine made of it.

use std::net::SocketAddr;
use std::time::Duration;

use chappe::sim::dice::Chance;
use chappe::sim::load::drive::{Target, drive};
use chappe::sim::load::{self, End, Receipts};
use chappe::sim::smsc::{self, ReceiptBind, ReceiptForm, serve};
use tokio::sync::oneshot;

use crate::esme::{Esme, Submit};
use crate::world::{ROUTE, World, carrier, until};

/// Messages of one run.
const MESSAGES: u64 = 3000;

/// Late and missing answers, answers and receipts that come twice, receipts before their response
/// and on another bind, links that are cut, and a throttle.
fn misbehaving(seed: u64) -> smsc::Settings {
    let chance = |share| Chance::new(share).expect("a chance");
    smsc::Settings {
        latency: Duration::from_millis(2),
        late: (chance(0.02), Duration::from_millis(900)),
        never: chance(0.02),
        twice: chance(0.02),
        receipt_first: chance(0.1),
        receipt_bind: ReceiptBind::Other,
        drop_every: Some(400),
        throttle_above: Some(1000),
        seed,
        ..smsc::Settings::default()
    }
}

fn on_a_thread<T: Send + 'static>(
    run: impl AsyncFnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (done, outcome) = oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let _ = done.send(runtime.expect("a runtime").block_on(run()));
    });
    outcome
}

/// Two binds of the account.
fn of_acct() -> load::Settings {
    load::Settings {
        system_id: "acct".to_owned(),
        end: End::Count(MESSAGES),
        receipts: Receipts::Asked,
        destinations: 200,
        binds: 2,
        settle: Duration::from_secs(10),
        ..load::Settings::default()
    }
}

/// What simulated ESMEs submit, and what they hear of it.
pub async fn audited(address: SocketAddr, settings: load::Settings) -> load::Report {
    let target = Target { address: address.to_string(), tls: None };
    let run =
        on_a_thread(async move || drive(target, settings, std::future::pending(), |_| ()).await);
    run.await.expect("an end").expect("a run")
}

/// A simulated SMSC: where it listens, what stops it when it is dropped, and what it then tells.
pub fn simulated(
    settings: smsc::Settings,
) -> (SocketAddr, oneshot::Sender<()>, oneshot::Receiver<smsc::Report>) {
    let listener = chappe::link::listen("127.0.0.1:0".parse().unwrap()).expect("an address");
    let address = listener.local_addr().unwrap();
    let listener = listener.into_std().expect("a socket");
    let (stop, stopped) = oneshot::channel::<()>();
    let told = on_a_thread(async move || {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let stopped = async { stopped.await.unwrap_or_default() };
        serve::serve(listener, None, settings, stopped, |_| ()).await
    });
    (address, stop, told)
}

async fn run_of(seed: u64, in_doubt: &str) {
    let (address, stop, smsc) = simulated(misbehaving(seed));
    let keys = format!("in_doubt = \"{in_doubt}\"\nin_doubt_wait_ms = 2000\nattempts_max = 100\n");
    let world = World::start(&format!(
        "[node] receipt_parked_ms = 100\n[dialect.quick] response_timeout_ms = 500\n{}{keys}\
         binds = 3\n{ROUTE}",
        carrier("smsc", address)
    ))
    .await;
    let binds = "chappe_carrier_binds{carrier=\"smsc\"}";
    until("bound", || world.metric(binds) > 2.0).await;

    let audit = audited(world.smpp(), of_acct()).await;
    assert!(audit.is_clean(), "seed {seed}: {audit:?}");
    assert_eq!((audit.accepted, audit.duplicates), (MESSAGES, 0), "seed {seed}");

    let doubts = world.metric("chappe_segments_in_doubt_total{carrier=\"smsc\"}") as u64;
    let twice = world.metric("chappe_maybe_twice_total") as u64;
    let settled = world.metric("chappe_in_doubt_settled_total{reason=\"receipt\"}");
    assert!(doubts > 0 && settled > 0.0, "seed {seed}: {doubts} in doubt, {settled} settled");
    drop(stop);
    let seen = smsc.await.expect("a report");
    assert!(seen.late > 0 && seen.never > 0 && seen.twice > 0 && seen.drops > 0, "{seen:?}");
    assert!(seen.throttled > 0 && seen.receipts_first > 0, "{seen:?}");
    assert_eq!(seen.missing, 0, "seed {seed}: the carrier had every message");
    assert!(seen.duplicates <= twice && twice <= doubts, "seed {seed}: {seen:?}, {twice} twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_misbehaviours_at_once_lose_nothing_and_only_doubts_go_twice() {
    for (seed, in_doubt) in [(1, "wait_then_resend"), (2, "resend"), (3, "wait_then_resend")] {
        run_of(seed, in_doubt).await;
    }
}

#[tokio::test]
async fn a_carrier_that_sends_no_receipts_is_asked_how_its_messages_stand() {
    let receipts = ReceiptForm::None;
    let (address, stop, smsc) = simulated(smsc::Settings { receipts, ..smsc::Settings::default() });
    let world =
        World::start(&format!("{}query_after_ms = 200\n{ROUTE}", carrier("smsc", address))).await;
    until("bound", || world.metric("chappe_carrier_binds{carrier=\"smsc\"}") > 0.0).await;
    let esme = Esme::bind(world.smpp()).await;
    let id = esme.accepted(Submit::new("x")).await;
    let receipt = &esme.delivered(1).await[0];
    assert_eq!(receipt.receipt(), (id, "DELIVRD".to_owned(), 0));
    world.counts("chappe_queries_total{carrier=\"smsc\",reason=\"final\"}", 1.0).await;
    world.counts("chappe_messages_awaiting_receipt", 0.0).await;
    drop(stop);
    assert_eq!(smsc.await.expect("a report").accepted, 1);
}
