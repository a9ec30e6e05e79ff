//! Submissions to responses and receipts: the least an SMSC can do.
//!
//! It accepts every bind and every submit_sm. Without receipts it looks at nothing but headers;
//! with them it reads the submission, for its addresses, and sends a deliver_sm behind the
//! response in the same write.

use std::io::{Error, ErrorKind, Result};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use super::frames::{self, Inbox, Outbox};
use super::serve::{self, Limits};
use super::{
    BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, Counts, DELIVER_SM, ENQUIRE_LINK,
    GENERIC_NACK, RESPONSE, SUBMIT_SM, SUBMIT_SM_RESP, UNBIND,
};
use crate::args::Args;
use crate::hand::{self, Header, Message};
use crate::inputs;

/// ESME_RINVCMDID, SMPP 3.4 §5.1.3.
const INVALID_COMMAND_ID: u32 = 0x0000_0003;

/// Where the id stands in the receipt's text, behind `id:`.
const ID_IN_TEXT: std::ops::Range<usize> = 3..19;

/// Where it stands in the receipt's TLVs, behind the tag and length of the first.
const ID_IN_TLVS: std::ops::Range<usize> = 4..20;

/// Answers until its limits: `--listen A [--receipts] [--for SECONDS] [--once]`.
///
/// # Errors
///
/// A wrong argument, or an address that cannot be listened on.
pub fn main(mut args: Args) -> std::result::Result<(), String> {
    let listen = args.loopback("--listen")?;
    let receipts = args.flag("--receipts");
    let limits = Limits::from_args(&mut args)?;
    args.finish()?;
    let listener = TcpListener::bind(listen).map_err(|error| format!("{listen}: {error}"))?;
    serve(listener, receipts, limits).map(drop).map_err(|error| format!("sink: {error}"))
}

/// Answers every connection of `listener`.
///
/// # Errors
///
/// The listener fails.
pub fn serve(listener: TcpListener, receipts: bool, limits: Limits) -> Result<Counts> {
    let connections = AtomicU64::new(1);
    serve::serve("sink", listener, limits, move |link| {
        // Ids of different connections differ in their upper half.
        let id = connections.fetch_add(1, Ordering::Relaxed) << 32;
        answer(link, receipts.then(Receipts::new), id)
    })
}

/// Answers one connection until it unbinds or ends.
fn answer(mut link: TcpStream, mut receipts: Option<Receipts>, mut id: u64) -> Result<Counts> {
    link.set_nodelay(true)?;
    let mut counts = Counts::default();
    let mut inbox = Inbox::new();
    let mut outbox = Outbox::new(link.try_clone()?);
    let mut unbound = false;
    while !unbound && inbox.receive(&mut link)? {
        counts.reads += 1;
        inbox.frames(|frame| {
            let (command_id, command_status, sequence_number) = frames::header(frame);
            counts.see(command_id, command_status);
            let respond =
                |status, body| frames::frame(command_id | RESPONSE, status, sequence_number, body);
            match command_id {
                SUBMIT_SM => {
                    id += 1;
                    let id = hexadecimal(id);
                    let response = outbox.put(&inputs::SUBMIT_SM_RESP)?;
                    frames::set_sequence_number(response, sequence_number);
                    response[16..32].copy_from_slice(&id);
                    counts.accepted += 1;
                    if let Some(receipts) = &mut receipts {
                        counts.receipts += receipts.put(frame, &id, &mut outbox)?;
                    }
                    Ok(())
                }
                BIND_RECEIVER | BIND_TRANSMITTER | BIND_TRANSCEIVER => {
                    outbox.put(&respond(0, b"sink\0")).map(drop)
                }
                ENQUIRE_LINK => outbox.put(&respond(0, b"")).map(drop),
                UNBIND => {
                    unbound = true;
                    outbox.put(&respond(0, b"")).map(drop)
                }
                response if response & RESPONSE != 0 => Ok(()),
                _ => {
                    let nack =
                        frames::frame(GENERIC_NACK, INVALID_COMMAND_ID, sequence_number, b"");
                    outbox.put(&nack).map(drop)
                }
            }
        })?;
        outbox.send()?;
    }
    Ok(counts)
}

/// The receipts of one connection.
struct Receipts {
    sequence_number: u32,
    text: [u8; inputs::RECEIPT_TEXT.len()],
    tlvs: [u8; 26],
}

impl Receipts {
    fn new() -> Self {
        let mut text = [0; inputs::RECEIPT_TEXT.len()];
        text.copy_from_slice(inputs::RECEIPT_TEXT.as_bytes());
        let tlvs = *inputs::RECEIPT.last_chunk().expect("the receipt ends with its TLVs");
        Self { sequence_number: 0, text, tlvs }
    }

    /// Puts the receipt of `submission`, if it asked for one, and returns how many that was.
    fn put(&mut self, submission: &[u8], id: &[u8; 16], outbox: &mut Outbox) -> Result<u64> {
        let submission = hand::read_message(submission)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "a submit_sm that ends early"))?;
        if submission.registered_delivery & 1 == 0 {
            return Ok(0);
        }
        self.sequence_number = self.sequence_number % 0x7FFF_FFFF + 1;
        self.text[ID_IN_TEXT].copy_from_slice(id);
        self.tlvs[ID_IN_TLVS].copy_from_slice(id);
        let receipt = Message {
            header: Header {
                command_length: 0,
                command_id: DELIVER_SM,
                command_status: 0,
                sequence_number: self.sequence_number,
            },
            source_addr_ton: submission.dest_addr_ton,
            source_addr_npi: submission.dest_addr_npi,
            source_addr: submission.destination_addr,
            dest_addr_ton: submission.source_addr_ton,
            dest_addr_npi: submission.source_addr_npi,
            destination_addr: submission.source_addr,
            esm_class: 4,
            registered_delivery: 0,
            short_message: &self.text,
            tlvs: &self.tlvs,
            ..submission
        };
        let octets = hand::write_message(&receipt, outbox.room()?)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "addresses that are too long"))?;
        outbox.keep(octets);
        Ok(1)
    }
}

/// Sixteen hexadecimal digits.
fn hexadecimal(id: u64) -> [u8; 16] {
    std::array::from_fn(|digit| {
        let value = (id >> (60 - 4 * digit)) as u8 & 0xF;
        if value < 10 { b'0' + value } else { b'a' + value - 10 }
    })
}

// The response is the one of `inputs.rs` with its number and id replaced.
const _: () = assert!(inputs::SUBMIT_SM_RESP.len() == 33 && inputs::SUBMIT_SM_RESP[7] == 0x04);
const _: () = assert!(SUBMIT_SM_RESP == 0x8000_0004);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sixteen_digits_and_stands_where_the_receipt_wants_it() {
        assert_eq!(&hexadecimal(0x0040_0000_0000_1E2F), inputs::MESSAGE_ID.as_bytes());
        let receipts = Receipts::new();
        assert_eq!(&receipts.text[ID_IN_TEXT], inputs::MESSAGE_ID.as_bytes());
        assert_eq!(&receipts.tlvs[ID_IN_TLVS], inputs::MESSAGE_ID.as_bytes());
    }
}
