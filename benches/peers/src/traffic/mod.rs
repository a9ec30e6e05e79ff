//! Frames between sockets with nothing behind them: what a machine can move before any engine.
//!
//! ```text
//! blast --submit_sm--> relay --renumbered--> sink
//!       <--response---       <-------------
//!       <--receipt----       <-------------
//! ```
//!
//! All three read as much as the socket holds, treat every whole frame of it, and write once.
//! Connections are threads with blocking sockets: at full load a wake-up carries a whole window, so
//! its cost is spread over a hundred messages. None of this is fit for anything but measuring: no
//! password is checked, nothing is kept, and a peer that breaks the framing is cut off.

pub mod blast;
mod frames;
mod process;
pub mod relay;
mod serve;
pub mod sink;

/// Largest window and, times two frames a message, what a blocking peer may have to swallow while
/// it writes. Loopback buffers hold it, so that two peers never wait for each other to read.
const WINDOW_MAX: usize = 1_000;

/// Connections a process serves at once.
const CONNECTIONS_MAX: usize = 64;

/// What passed through a connection, or all connections of a round.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// submit_sm, sent or received.
    pub submits: u64,
    /// submit_sm_resp with ESME_ROK.
    pub accepted: u64,
    /// submit_sm_resp with another status.
    pub refused: u64,
    /// deliver_sm.
    pub receipts: u64,
    /// deliver_sm_resp.
    pub acknowledged: u64,
    /// Reads from sockets.
    pub reads: u64,
}

impl Counts {
    /// Counts a frame that came in, by its command_id and command_status.
    fn see(&mut self, command_id: u32, command_status: u32) {
        match command_id {
            SUBMIT_SM => self.submits += 1,
            SUBMIT_SM_RESP if command_status == 0 => self.accepted += 1,
            SUBMIT_SM_RESP => self.refused += 1,
            DELIVER_SM => self.receipts += 1,
            DELIVER_SM_RESP => self.acknowledged += 1,
            _ => {}
        }
    }

    fn add(&mut self, other: &Self) {
        self.submits += other.submits;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.receipts += other.receipts;
        self.acknowledged += other.acknowledged;
        self.reads += other.reads;
    }

    /// The counts as members of a JSON object.
    fn json(&self) -> String {
        let Self { submits, accepted, refused, receipts, acknowledged, reads } = self;
        format!(
            "\"submits\":{submits},\"accepted\":{accepted},\"refused\":{refused},\
             \"receipts\":{receipts},\"acknowledged\":{acknowledged},\"reads\":{reads}"
        )
    }
}

/// Bit 31 of a command_id: a response.
const RESPONSE: u32 = 0x8000_0000;
const BIND_RECEIVER: u32 = 0x0000_0001;
const BIND_TRANSMITTER: u32 = 0x0000_0002;
const SUBMIT_SM: u32 = 0x0000_0004;
const SUBMIT_SM_RESP: u32 = SUBMIT_SM | RESPONSE;
const DELIVER_SM: u32 = 0x0000_0005;
const DELIVER_SM_RESP: u32 = DELIVER_SM | RESPONSE;
const UNBIND: u32 = 0x0000_0006;
const BIND_TRANSCEIVER: u32 = 0x0000_0009;
const ENQUIRE_LINK: u32 = 0x0000_0015;
const GENERIC_NACK: u32 = RESPONSE;

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use super::*;
    use crate::traffic::serve::Limits;

    const LIMITS: Limits = Limits { seconds: 30, once: true };

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        (listener, address)
    }

    /// Blast through a relay into a sink, all in this process; the three counts.
    fn chain(binds: usize, window: usize, count: u64, receipts: bool) -> [Counts; 3] {
        let (sink_listener, sink_address) = listener();
        let (relay_listener, relay_address) = listener();
        let sink = thread::spawn(move || sink::serve(sink_listener, receipts, LIMITS));
        let relay = thread::spawn(move || relay::serve(relay_listener, sink_address, LIMITS));
        let plan = blast::Plan {
            connect: relay_address,
            system_id: "peers".into(),
            password: "peers".into(),
            binds,
            window,
            count,
            receipts,
            seconds: 30,
        };
        let blast = blast::run(&plan).expect("a full run").counts;
        let relay = relay.join().expect("no panic").expect("one round");
        [blast, relay, sink.join().expect("no panic").expect("one round")]
    }

    #[test]
    fn every_message_is_answered_through_the_relay() {
        let [blast, relay, sink] = chain(3, 7, 1_000, false);
        assert_eq!((blast.submits, blast.accepted, blast.receipts), (1_000, 1_000, 0));
        assert_eq!((relay.submits, relay.accepted, relay.refused), (1_000, 1_000, 0));
        assert_eq!((sink.submits, sink.accepted, sink.receipts), (1_000, 1_000, 0));
    }

    #[test]
    fn every_receipt_comes_back_and_is_acknowledged() {
        let [blast, relay, sink] = chain(2, 100, 5_000, true);
        assert_eq!((blast.accepted, blast.receipts), (5_000, 5_000));
        assert_eq!((relay.receipts, relay.acknowledged), (5_000, 5_000));
        assert_eq!((sink.receipts, sink.acknowledged), (5_000, 5_000));
    }
}
