//! What hostile peers may make the server hold.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::bystander::attacked;
use super::peer::*;
use super::server::{PASSWORD, SYSTEM_ID};

/// Peers of each sort.
const PEERS: usize = 10;
/// Times a peer that does not read sends 76 KB: 20 MB each that a server without limits would
/// answer with 11 MB.
const FLOODS: usize = 300;
/// What is not taken within this time is held up.
const TAKEN: Duration = Duration::from_millis(300);
/// What the whole process may grow by: the server's share of ten peers that do not read (its limit
/// of unwritten octets, in a buffer of twice that) and ten with a PDU of 70,000 octets begun is
/// 7 MiB; the rest is for the peers themselves and the tests beside.
const GROWTH_MAX_BYTES: usize = 20 * 1024 * 1024;

/// Octets the process holds in memory; 0 where the system does not say.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    4096_usize.saturating_mul(pages)
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_and_backlogs_cost_no_more_than_their_limits() {
    attacked(|address| async move {
        let before = resident_bytes();
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
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < GROWTH_MAX_BYTES, "{} MiB more", grown >> 20);
    })
    .await;
}

/// Binds, sends as much as is taken, and reads nothing.
async fn be_deaf(address: SocketAddr) -> Peer {
    let mut peer = Peer::narrow(address).await;
    peer.send(&bind(1, SYSTEM_ID, PASSWORD)).await;
    let flood: Vec<u8> = (2..1002).flat_map(submit).collect();
    for _ in 0..FLOODS {
        if timeout(TAKEN, peer.stream.write_all(&flood)).await.is_err() {
            break;
        }
    }
    peer
}
