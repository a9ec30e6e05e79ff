//! What hostile peers may make the engine hold.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::bystander::{Bystander, PROCESS};
use super::peer::*;
use super::process::Process;
use super::rogue::{Rogue, mo};
use super::server::PASSWORD;
use super::smsc::Smsc;
use super::world::{carrier, until};

/// Peers of each sort.
const PEERS: usize = 10;
/// Times a peer that does not read sends 76 KB: 20 MB each that a server without limits would
/// answer with 11 MB.
const FLOODS: usize = 300;
/// Octets a carrier sends in all when it is never held up.
const FLOODED_MAX: usize = 200 * 1024 * 1024;
/// What is not taken within this time is held up.
const TAKEN: Duration = Duration::from_millis(300);
/// What the engine may grow by: ten peers that do not read (its limit of unwritten octets, in a
/// buffer of twice that) and ten with a PDU of 70,000 octets begun are 7 MiB; the rest is for
/// messages on their way, and for what the allocator keeps.
const GROWTH_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Who does not read: its messages that wait for the carrier are a limit of their own.
const DEAF: &str = r#"
[[account]]
system_id = "deaf"
password = "secret"
binds_max = 10
queue_max_messages = 1000
dialect = "hasty"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn lengths_and_backlogs_cost_no_more_than_their_limits() {
    let _shared = PROCESS.read().await;
    let smsc = Smsc::start().await;
    let tables = format!("{}{DEAF}", carrier("smsc", smsc.address));
    let engine = Process::start("lengths", ":", &tables).await;
    let address = engine.address;
    let good = Bystander::start(address);
    let before = engine.resident_bytes();
    let mut peers = Vec::new();
    let mut deaf = Vec::new();
    for _ in 0..PEERS {
        // Announces 4 GiB, and says no more.
        let mut huge = Peer::connect(address).await;
        huge.send(&u32::MAX.to_be_bytes()).await;
        // Begins the longest PDU and does not end it.
        let mut long = Peer::bound(address).await;
        long.send(&70_000_u32.to_be_bytes()).await;
        long.send(&[0; 69_990]).await;
        peers.extend([huge, long]);
        deaf.push(tokio::spawn(be_deaf(address)));
    }
    for deaf in deaf {
        peers.push(deaf.await.unwrap());
    }
    let grown = engine.resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_MAX_BYTES, "{} MiB more", grown >> 20);
    good.end().await;
}

/// A carrier that floods and takes no answers is read no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_floods_and_does_not_read_costs_no_more_than_its_limit() {
    let _shared = PROCESS.read().await;
    let flooded = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&flooded);
    let rogue = Rogue::bound(move |mut peer| {
        let flooded = Arc::clone(&flooded);
        async move {
            let flood: Vec<u8> = (1..1001).flat_map(|number| encoded(&mo(), number)).collect();
            while flooded.load(Ordering::Relaxed) < FLOODED_MAX {
                match timeout(PATIENCE, peer.stream.write_all(&flood)).await {
                    Ok(Ok(())) => flooded.fetch_add(flood.len(), Ordering::Relaxed),
                    _ => return,
                };
            }
        }
    });
    let hasty = carrier("smsc", rogue.address).replace("\"quick\"", "\"hasty\"");
    let engine = Process::start("flood", ":", &hasty).await;
    let before = engine.resident_bytes();
    // What it holds back is known once it has closed the first of these sessions.
    until("closed", || rogue.connections() > 1).await;
    let grown = engine.resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_MAX_BYTES, "{} MiB more", grown >> 20);
    assert!(seen.load(Ordering::Relaxed) < FLOODED_MAX, "all is taken though nothing is read");
}

/// Binds, sends as much as is taken, and reads nothing.
async fn be_deaf(address: SocketAddr) -> Peer {
    let mut peer = Peer::narrow(address).await;
    peer.send(&bind(1, "deaf", PASSWORD)).await;
    let flood: Vec<u8> = (2..1002).flat_map(submit).collect();
    for _ in 0..FLOODS {
        if timeout(TAKEN, peer.stream.write_all(&flood)).await.is_err() {
            break;
        }
    }
    peer
}
