//! A good bind beside the hostile ones: its traffic goes on and all its responses are right.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::peer::{OK, Peer, header, submit};
use super::server;
use chappe::wire::CommandId;

/// Requests it sends at once.
const WINDOW: u32 = 20;
/// The longest it may ever wait for the answers to those.
const NOTICED: Duration = Duration::from_secs(5);

/// Starts a server and runs `attack` on it while a good bind works beside.
pub async fn attacked<F: Future<Output = ()>>(attack: impl FnOnce(SocketAddr) -> F) {
    let server = server::start().await;
    let rounds = Arc::new(AtomicU32::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let good = tokio::spawn(work(server.address, Arc::clone(&rounds), Arc::clone(&stop)));
    attack(server.address).await;
    // It works after the attack as it did before.
    let before = rounds.load(Ordering::Relaxed);
    while rounds.load(Ordering::Relaxed) < before + 3 && !good.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.store(true, Ordering::Relaxed);
    good.await.expect("the good bind noticed");
}

/// Sends windows of messages until it is told to stop, checks every answer, and unbinds.
async fn work(address: SocketAddr, rounds: Arc<AtomicU32>, stop: Arc<AtomicBool>) {
    let mut peer = Peer::bound(address).await;
    let mut sequence = 2;
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let window: Vec<u8> = (sequence..sequence + WINDOW).flat_map(submit).collect();
        peer.send(&window).await;
        for expected in sequence..sequence + WINDOW {
            let answer = peer.answer().await;
            assert_eq!(answer, Some((CommandId::SUBMIT_SM_RESP, OK, expected)));
        }
        assert!(start.elapsed() < NOTICED, "answers took {:?}", start.elapsed());
        sequence += WINDOW;
        rounds.fetch_add(1, Ordering::Relaxed);
        // It is to be disturbed, not to disturb: the attackers want some of the processor too.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    peer.send(&header(CommandId::UNBIND, sequence)).await;
    assert_eq!(peer.answer().await, Some((CommandId::UNBIND_RESP, OK, sequence)));
    peer.expect_close().await;
}
