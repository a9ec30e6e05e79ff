//! File descriptors: all that may be had are used, and what happens when none is left.

use std::time::Duration;

use super::bystander::PROCESS;
use super::peer::*;
use super::process::Process;
use super::smsc::Smsc;
use super::world::{carrier, until};

const REFUSED: &str = "chappe_connections_refused_total{reason=\"accept\"}";
const NONE_LEFT: &str = "cannot accept connections";

#[tokio::test(flavor = "multi_thread")]
async fn the_soft_limit_is_raised_to_the_hard_one() {
    let _shared = PROCESS.read().await;
    let smsc = Smsc::start().await;
    let carrier = carrier("smsc", smsc.address);
    let engine = Process::start("soft", "ulimit -Sn 64 && ulimit -Hn 300", &carrier).await;
    assert_eq!(engine.descriptors(), ("300".to_owned(), "300".to_owned()));
    // 300 are too few for 16,384 sessions. Lines are written by a thread of their own.
    until("the limit is complained of", || engine.log().contains("raise the hard limit")).await;
}

/// Strangers take every descriptor there is: who is bound is served as before, the listener waits
/// without a spin, and it takes connections again as soon as it can.
#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_the_listener_neither_spins_nor_dies() {
    let _shared = PROCESS.read().await;
    let smsc = Smsc::start().await;
    let engine = Process::start("few", "ulimit -n 64", &carrier("smsc", smsc.address)).await;
    let mut bound = Peer::bound(engine.address).await;
    let mut strangers = Vec::new();
    for _ in 0..150 {
        strangers.push(Peer::connect(engine.address).await);
    }
    while !engine.log().contains(NONE_LEFT) {
        bound.expect_service().await;
    }
    let before = engine.processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = engine.processor_time() - before;
    assert!(used < Duration::from_millis(500), "{used:?} of a second for nothing");
    bound.expect_service().await;
    drop(strangers);
    let mut again = Peer::bound(engine.address).await;
    again.expect_service().await;
    assert!(engine.metric(REFUSED).await > 1.0);
    assert!(engine.log().matches(NONE_LEFT).count() <= 2, "{}", engine.log());
}
