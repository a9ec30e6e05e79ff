//! What the metrics say while messages flow.

use chappe::link::connect;
use chappe::wire::CommandStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::esme::{Esme, Submit};
use crate::reload::certify;
use crate::smsc::{Reply, Smsc};
use crate::world::{PATIENCE, World, get, until};

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

#[tokio::test]
async fn a_handshake_that_fails_is_counted_by_why_it_did() {
    let world = World::start("").await;
    let tls = "[smpp.tls]\ncert_file = \"cert.pem\"\nkey_file = \"key.pem\"\n";
    let failed = |reason| format!("chappe_account_handshakes_failed_total{{reason=\"{reason}\"}}");
    let distrusts = certify(world.directory());
    let trusts = certify(world.directory());
    world.reload(tls).await.unwrap();
    let address = world.smpp().to_string();
    // A bind where TLS is wanted, a probe, and a client that knows another certificate.
    let mut plain = TcpStream::connect(world.smpp()).await.unwrap();
    plain.write_all(&[0, 0, 0, 16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]).await.unwrap();
    let _ = plain.read_to_end(&mut Vec::new()).await;
    drop(TcpStream::connect(world.smpp()).await.unwrap());
    assert!(connect(&address, Some(&distrusts), PATIENCE).await.is_err());
    for reason in ["no_tls", "closed", "refused"] {
        world.counts(&failed(reason), 1.0).await;
    }
    // One without a certificate where we ask for it.
    world.reload(&format!("{tls}client_ca_file = \"cert.pem\"\n")).await.unwrap();
    let stands = connect(&address, Some(&trusts), PATIENCE).await;
    world.counts(&failed("no_certificate"), 1.0).await;
    drop(stands);
    let text = world.engine.metrics_text();
    let reasons = text.lines().filter(|line| line.contains("account_handshakes_failed_total{"));
    assert_eq!(reasons.count(), 4, "{text}");
}
