//! What the metrics say while messages flow.

use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{World, get, until};

#[tokio::test]
async fn what_is_in_flight_on_a_bind_and_how_binds_stand_is_told_as_it_is() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    esme.burst((0..3).map(|at| Submit::new(format!("{at}"))).collect()).await;
    let in_flight = "chappe_bind_segments_in_flight{carrier=\"smsc\",bind=\"0\"}";
    let state =
        |state| format!("chappe_carrier_binds_by_state{{carrier=\"smsc\",state=\"{state}\"}}");
    world.counts(in_flight, 3.0).await;
    world.counts(&state("bound"), 1.0).await;
    smsc.take_kept();
    world.counts(in_flight, 2.0).await;
    // The one that is answered so is sent again later; until then its bind sends nothing.
    smsc.script(|_| Reply::Refuse(CommandStatus::ESME_RTHROTTLED));
    esme.accepted(Submit::new("too much")).await;
    world.counts(&state("throttled"), 1.0).await;
    assert!(world.metric(&state("bound")) < 0.5);
    drop(smsc);
    world.counts(&state("bound"), 0.0).await;
    world.counts(&state("throttled"), 0.0).await;
    world.counts(in_flight, 0.0).await;
}

#[tokio::test]
async fn each_answered_submit_is_timed_once_whether_taken_or_refused_by_its_shard() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    for at in 0..5 {
        esme.accepted(Submit::new(format!("{at}"))).await;
    }
    world.counts("chappe_submit_response_seconds_count", 5.0).await;
    let seconds = world.metric("chappe_submit_response_seconds_sum");
    assert!(seconds > 0.0 && seconds < 15.0, "{seconds}");
}

#[tokio::test]
async fn the_page_tells_the_version_the_up_time_and_what_the_process_uses() {
    let world = World::start("").await;
    let (_, page) = get(world.engine.metrics.unwrap(), "/metrics").await;
    let version = env!("CARGO_PKG_VERSION");
    assert!(page.contains(&format!("chappe_build_info{{version=\"{version}\"}} 1\n")), "{page}");
    assert!(world.metric("process_resident_memory_bytes") > 1e6);
    assert!(world.metric("process_open_fds") > 3.0);
    let first = world.metric("chappe_uptime_seconds");
    until("time passes", || world.metric("chappe_uptime_seconds") > first).await;
}
