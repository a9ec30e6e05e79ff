//! A session against another one, against time and against whatever octets may come.

mod binds;
mod damage;
mod ending;
mod machine;
mod matrix;
mod pair;
mod quirks;
mod refusals;
mod requests;
mod timers;

use std::time::Duration;

use super::*;
use crate::wire::framer::{Framer, FramingError, Limits, LooksLike};
use crate::wire::table::*;
use crate::wire::{COctetString, HEADER_LEN, Header, TlvTag};
use pair::{Alter, End, OnBind, OnRequest, Pair, Seen, both};

const OK: CommandStatus = CommandStatus::ESME_ROK;
const TRX: BindKind = BindKind::Transceiver;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The moment so many seconds after the beginning.
fn at(count: u64) -> Now {
    Now::default().plus(seconds(count))
}

fn submit() -> SubmitSm<'static> {
    SubmitSm {
        source_addr: COctetString::from("12345"),
        dest_addr_ton: 1,
        destination_addr: COctetString::from("447700900123"),
        registered_delivery: 1,
        short_message: b"Hello",
        ..SubmitSm::default()
    }
}

fn deliver() -> DeliverSm<'static> {
    DeliverSm {
        source_addr: COctetString::from("447700900123"),
        destination_addr: COctetString::from("12345"),
        esm_class: 4,
        short_message: b"id:id-7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:Hello",
        ..DeliverSm::default()
    }
}

/// A PDU of these parts, with a true length.
fn octets(
    command: CommandId,
    status: CommandStatus,
    sequence: SequenceNumber,
    body: &[u8],
) -> Vec<u8> {
    let header = Header {
        command_length: (HEADER_LEN + body.len()) as u32,
        command_id: command,
        command_status: status,
        sequence_number: sequence,
    };
    [&header.octets(), body].concat()
}

/// A PDU as a peer would send it.
fn encoded<'b, B: Body<'b>>(body: &B, sequence: SequenceNumber) -> Vec<u8> {
    let mut out = Vec::new();
    body.encode(OK, sequence, &mut out).unwrap();
    out
}

/// A request of this row with every field empty.
fn empty_pdu(row: &PduRow, sequence: SequenceNumber) -> Vec<u8> {
    let mut out = Vec::new();
    crate::wire::sample::pdu_of(row, &mut |_bound: usize| 0, &mut out);
    out[12..16].copy_from_slice(&sequence.to_be_bytes());
    out
}

/// Cuts a stream of whole PDUs.
fn frames(stream: &[u8]) -> Vec<&[u8]> {
    let mut framer = Framer::new(stream, Limits::default());
    let mut frames = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        frames.push(frame);
    }
    assert_eq!(framer.rest(), b"", "only whole PDUs are sent");
    frames
}

fn headers(stream: &[u8]) -> Vec<(CommandId, CommandStatus, SequenceNumber)> {
    let header = |frame: &[u8]| {
        let header = Header::read(frame).unwrap();
        (header.command_id, header.command_status, header.sequence_number)
    };
    frames(stream).into_iter().map(header).collect()
}

/// One end that is bound, with nothing seen or sent; its peer is whoever feeds it octets.
fn bound_end(role: Role, kind: BindKind, settings: Settings) -> End {
    let mut end = End::new(role, settings, at(0));
    let bind = BindRequest::new(kind, "esme", "secret");
    match role {
        Role::Esme => {
            end.session.bind(at(0), &bind).unwrap();
            let (_, _, sequence) = end.sent_headers()[0];
            end.feed(at(0), &octets(kind.command_id().response(), OK, sequence, b"smsc\0"));
        }
        Role::Smsc => {
            let mut request = encoded(&bind.fields, 1);
            request[4..8].copy_from_slice(&kind.command_id().0.to_be_bytes());
            end.feed(at(0), &request);
            end.sent();
        }
    }
    assert_eq!(end.session.state(), kind.state());
    end.take();
    end
}
