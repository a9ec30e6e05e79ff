//! `capture`: the PDUs of one session, both ways, to a client that writes them down.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Instant;

use super::connection::write;
use super::mask::mask;
use super::request::{CaptureLimits, Problem};
use super::{Desk, binds};
use crate::engine::tap::{Heard, Tap};
use crate::wire::framer::MAX_PDU_BYTES;
use crate::wire::{HEADER_LEN, Header};

/// What is captured without limits of the client's own, and at most.
const FOR_S: (u64, u64) = (60, 3600);
const COUNT: (u64, u64) = (100_000, 10_000_000);
const MAX_BYTES: (u64, u64) = (64 << 20, 4 << 30);

/// One PDU.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Captured {
    /// When, in microseconds of wall time since 1970.
    pub at_unix_us: u64,
    /// Whether the peer sent it.
    pub incoming: bool,
    /// The peer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<std::net::SocketAddr>,
    /// Its octets, in hexadecimal digits.
    pub pdu: String,
}

/// What a capture came to: the last answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Captures {
    /// PDUs.
    pub pdus: u64,
    /// Their octets.
    pub octets: u64,
    /// Reads and writes that were lost because the client was too slow.
    pub lost: u64,
    /// Why it ended: `time`, `count`, `bytes`, `session` or `client`.
    pub ended: String,
}

/// Closes the tap when the client has gone, however it went.
struct Open(Arc<Tap>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Sends the client what the session reads and writes, until a limit, or until it says anything
/// more.
pub async fn stream(
    desk: &Desk,
    (id, limits): (&str, CaptureLimits),
    (reading, writing): (&mut BufReader<OwnedReadHalf>, &mut OwnedWriteHalf),
) -> io::Result<()> {
    let opened = tap(desk, id).and_then(|tap| {
        let busy = || Problem::new("busy", format!("{id} is being captured already"));
        tap.open().map(|listener| (Open(tap), listener)).ok_or_else(busy)
    });
    let (open, mut listener) = match opened {
        Ok(opened) => opened,
        Err(problem) => return write(writing, Err(problem)).await,
    };
    tracing::info!(id, unmasked = limits.unmasked, "captured by the operator");
    let bound = |asked: Option<u64>, (usual, most): (u64, u64)| asked.unwrap_or(usual).min(most);
    let until = Instant::now() + Duration::from_secs(bound(limits.for_s, FOR_S));
    let (count, max_bytes) = (bound(limits.count, COUNT), bound(limits.max_bytes, MAX_BYTES));
    let (mut frames, mut pdus, mut octets) = ([Frames::default(), Frames::default()], 0, 0);
    let ended = 'all: loop {
        let heard = tokio::select! {
            biased;
            () = tokio::time::sleep_until(until) => break "time",
            // It has gone, or has had enough.
            _ = reading.fill_buf() => break "client",
            heard = listener.recv() => heard,
        };
        let Some(heard) = heard else { break "session" };
        let [outgoing, incoming] = &mut frames;
        let frames = if heard.incoming { incoming } else { outgoing };
        for pdu in frames.take(&heard.octets) {
            if pdus >= count {
                break 'all "count";
            }
            octets += pdu.len() as u64;
            if octets > max_bytes {
                octets -= pdu.len() as u64;
                break 'all "bytes";
            }
            pdus += 1;
            let captured = captured(&heard, pdu, limits.unmasked);
            write(writing, super::value(&captured)).await?;
        }
        if pdus >= count {
            break "count";
        }
    };
    let (lost, ended) = (open.0.lost(), ended.to_owned());
    // Who reads the last answer may begin the next capture.
    drop(open);
    write(writing, super::value(&Captures { pdus, octets, lost, ended })).await
}

/// Where one listens in on the session that is meant.
fn tap(desk: &Desk, id: &str) -> Result<Arc<Tap>, Problem> {
    let world = desk.shared.world();
    let found = match id.rsplit_once('#') {
        Some((account, number)) => {
            binds::find_session(&world, account, number).map(|one| Arc::clone(&one.handle.tap))
        }
        None => binds::find_bind(&world, id).map(|(_, _, record)| Arc::clone(&record.tap)),
    };
    found.ok_or_else(|| {
        let message =
            format!("no session {id}: `chappe status` lists them as CARRIER/N and ACCOUNT#N");
        Problem::new("unknown", message)
    })
}

fn captured(heard: &Heard, mut pdu: Vec<u8>, unmasked: bool) -> Captured {
    mask(&mut pdu, unmasked);
    let at_unix_us = u64::try_from(heard.wall.as_micros()).unwrap_or(u64::MAX);
    let hex = pdu.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let (incoming, peer) = (heard.incoming, heard.peer);
    Captured { at_unix_us, incoming, peer, pdu: hex.map(digit).collect() }
}

/// One direction, cut into PDUs.
#[derive(Debug, Default)]
struct Frames {
    octets: Vec<u8>,
}

impl Frames {
    /// The PDUs that are whole with these octets. What can be the beginning of none is passed over:
    /// the rest of one that had begun before, or whose beginning was lost.
    fn take(&mut self, octets: &[u8]) -> Vec<Vec<u8>> {
        self.octets.extend_from_slice(octets);
        let (mut at, mut whole) = (0, Vec::new());
        while let Some(header) = self.octets.get(at..).and_then(Header::read) {
            let length = header.command_length as usize;
            let is_one = (HEADER_LEN..=MAX_PDU_BYTES).contains(&length)
                && header.command_id.name().is_some();
            if !is_one {
                at += 1;
                continue;
            }
            let Some(pdu) = self.octets.get(at..at + length) else { break };
            whole.push(pdu.to_vec());
            at += length;
        }
        self.octets.drain(..at);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enquire_link(sequence: u8) -> Vec<u8> {
        let mut pdu = vec![0; HEADER_LEN];
        (pdu[3], pdu[7], pdu[15]) = (16, 0x15, sequence);
        pdu
    }

    #[test]
    fn pdus_are_cut_wherever_reads_end_and_a_torn_beginning_is_passed_over() {
        let mut frames = Frames::default();
        let all = [b"end of a text".as_slice(), &enquire_link(1), &enquire_link(2)].concat();
        let mut found = Vec::new();
        for octet in all {
            found.extend(frames.take(&[octet]));
        }
        assert_eq!(found, [enquire_link(1), enquire_link(2)]);
        assert!(frames.octets.is_empty());
    }
}
