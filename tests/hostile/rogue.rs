//! A carrier that misbehaves: it listens, and what it does with a connection is a test's.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::peer::{Answer, OK, Peer, encoded, pdu};
use chappe::wire::{COctetString, CommandId, DeliverSm, SubmitSmResp};

/// Where the messages for it go.
pub const HANDSET: &str = "33612345678";

/// A listener; it and its connections end with this value.
pub struct Rogue {
    pub address: SocketAddr,
    connections: Arc<AtomicU32>,
    accepting: JoinHandle<()>,
}

impl Rogue {
    /// Does as `behaviour` says with every connection, from its first octet.
    pub fn start<F, Fut>(behaviour: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let socket = TcpSocket::new_v4().unwrap();
        // Connections inherit it: one that does not read takes few octets.
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                open.spawn(behaviour(Peer::on(stream)));
            }
        });
        Self { address, connections, accepting }
    }

    /// One that binds as it should, and then does as `behaviour` says.
    pub fn bound<F, Fut>(behaviour: F) -> Self
    where
        F: Fn(Peer) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::start(move |mut peer: Peer| {
            let behaviour = behaviour.clone();
            async move {
                if grant(&mut peer).await.is_some() {
                    behaviour(peer).await;
                }
            }
        })
    }

    /// Connections so far.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads the bind and grants it; `None` when the engine has gone.
pub async fn grant(peer: &mut Peer) -> Option<()> {
    let (command, _, sequence) = peer.pdu().await?;
    assert_eq!(command, CommandId::BIND_TRANSCEIVER);
    peer.try_send(&pdu(command.response(), OK, sequence, b"rogue\0")).await;
    Some(())
}

/// Serves as a good carrier does, until so many deliver_sm were answered or the engine is gone:
/// takes every submit_sm and reports it delivered. Gives back the answers.
pub async fn serve(peer: &mut Peer, answers: usize) -> Vec<Answer> {
    let mut answered = Vec::new();
    while answered.len() < answers {
        let Some((command, status, sequence)) = peer.pdu().await else { break };
        match command {
            CommandId::SUBMIT_SM => {
                let (response, receipt) = taken(sequence);
                peer.try_send(&[response, receipt].concat()).await;
            }
            CommandId::DELIVER_SM_RESP if sequence & RECEIPTS == 0 => {
                answered.push((command, status, sequence));
            }
            _ => peer.oblige(command, sequence).await,
        }
    }
    answered
}

/// In the numbers of receipts, so that their answers are told from those a test waits for.
const RECEIPTS: u32 = 0x4000_0000;

/// The response that takes a submit_sm, and the receipt of its message.
pub fn taken(sequence: u32) -> (Vec<u8>, Vec<u8>) {
    static IDS: AtomicU32 = AtomicU32::new(1_000_000);
    let number = IDS.fetch_add(1, Ordering::Relaxed);
    let id = number.to_string();
    let message_id = COctetString::from(id.as_str());
    let response = SubmitSmResp { message_id, ..SubmitSmResp::default() };
    let text = crate::smsc::receipt_text(&id, "DELIVRD");
    let receipt = DeliverSm { esm_class: 0x04, short_message: text.as_bytes(), ..mo() };
    (encoded(&response, sequence), encoded(&receipt, RECEIPTS | number))
}

/// A message from the handset of these tests, to a number nobody owns.
pub fn mo() -> DeliverSm<'static> {
    DeliverSm {
        source_addr: COctetString::from(HANDSET),
        destination_addr: COctetString::from("Shop"),
        short_message: b"Hello",
        ..DeliverSm::default()
    }
}
