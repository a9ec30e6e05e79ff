//! A good bind beside the hostile ones: its traffic goes on, all its responses are right, and every
//! message of it brings its receipt.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use tokio::task::JoinHandle;

use super::peer::{OK, Peer, encoded, header, submit_body};
use super::server::{self, BESIDE};
use chappe::wire::{CommandId, SubmitSm};

/// Requests it sends at once.
const WINDOW: u32 = 20;
/// The longest it may ever wait for the answers to those. Their receipts come too, but a carrier
/// takes messages in the order of acceptance, and so first what a flood has brought.
const NOTICED: Duration = Duration::from_secs(5);

/// Held by every test, and by one that measures the process alone.
pub static PROCESS: RwLock<()> = RwLock::const_new(());

/// Starts an engine and runs `attack` on it while a good bind works beside.
pub async fn attacked<F: Future<Output = ()>>(attack: impl FnOnce(SocketAddr) -> F) {
    let _shared = PROCESS.read().await;
    let server = server::start().await;
    let good = Bystander::start(server.address);
    attack(server.address).await;
    good.end().await;
}

/// A good bind at work.
pub struct Bystander {
    rounds: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    work: JoinHandle<()>,
}

impl Bystander {
    pub fn start(address: SocketAddr) -> Self {
        let rounds = Arc::new(AtomicU32::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let work = tokio::spawn(work(address, Arc::clone(&rounds), Arc::clone(&stop)));
        Self { rounds, stop, work }
    }

    /// Has it go on for a while, as before the attack, and end.
    pub async fn end(self) {
        let before = self.rounds.load(Ordering::Relaxed);
        while self.rounds.load(Ordering::Relaxed) < before + 3 && !self.work.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.stop.store(true, Ordering::Relaxed);
        self.work.await.expect("the good bind noticed");
    }
}

/// Sends windows of messages until it is told to stop, checks every answer, waits for every
/// receipt, and unbinds.
async fn work(address: SocketAddr, rounds: Arc<AtomicU32>, stop: Arc<AtomicBool>) {
    let mut peer = Peer::bound_as(address, BESIDE).await;
    let mut sequence = 2;
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let message = SubmitSm { registered_delivery: 1, ..submit_body() };
        let requests = sequence..sequence + WINDOW;
        let window: Vec<u8> = requests.clone().flat_map(|at| encoded(&message, at)).collect();
        peer.send(&window).await;
        // Messages of one handset are answered in order.
        for expected in requests {
            let answer = peer.answer().await;
            assert_eq!(answer, Some((CommandId::SUBMIT_SM_RESP, OK, expected)));
        }
        assert!(start.elapsed() < NOTICED, "answers took {:?}", start.elapsed());
        sequence += WINDOW;
        peer.delivered(sequence - 2).await;
        rounds.fetch_add(1, Ordering::Relaxed);
        // It is to be disturbed, not to disturb: the attackers want some of the processor too.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    peer.send(&header(CommandId::UNBIND, sequence)).await;
    assert_eq!(peer.answer().await, Some((CommandId::UNBIND_RESP, OK, sequence)));
    peer.expect_close().await;
}
