//! Valid PDUs from numbers: what tests, the simulator and the fuzzers feed a codec.
//!
//! The numbers come from the caller (a seed, or a fuzzer's octets), so the same numbers make the
//! same PDU. Every row of the table can be asked for, with any value its kinds allow.

use super::header::{HEADER_LEN, Header};
use super::kinds::{FieldKind, TIME_MAX};
use super::lists::{DestAddress, UnsuccessSme};
use super::status::CommandStatus;
use super::table::{FieldRow, PDUS, PduRow};
use super::tlv::{TLVS, TlvKind, TlvTag, put_tlv};
use super::{COctetString, SequenceNumber};

/// Where the numbers come from: each call gives one below `bound` (which is at least 1).
pub trait Numbers {
    /// The next number, below `bound`.
    fn below(&mut self, bound: usize) -> usize;
}

impl<F: FnMut(usize) -> usize> Numbers for F {
    fn below(&mut self, bound: usize) -> usize {
        self(bound)
    }
}

/// Appends a valid PDU of any row.
pub fn pdu(numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    if let Some(row) = PDUS.get(numbers.below(PDUS.len())) {
        pdu_of(row, numbers, out);
    }
}

/// Appends a valid PDU of this row.
pub fn pdu_of(row: &PduRow, numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_LEN]);
    for field in row.fields {
        append_field(field, numbers, out);
    }
    for _ in 0..numbers.below(4) {
        append_tlv(row, numbers, out);
    }
    let header = Header {
        command_length: (out.len() - start) as u32,
        command_id: row.command_id,
        command_status: CommandStatus(0),
        sequence_number: 1 + numbers.below(0x7fff_ffff) as SequenceNumber,
    };
    if let Some(head) = out.get_mut(start..start + HEADER_LEN) {
        head.copy_from_slice(&header.octets());
    }
}

fn append_field(field: &FieldRow, numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    match field.kind {
        FieldKind::Int => out.push(numbers.below(256) as u8),
        FieldKind::CString(max) => {
            append_text(max - 1, numbers, out);
            out.push(0);
        }
        FieldKind::Time => {
            if numbers.below(2) == 1 {
                for _ in 1..TIME_MAX - 1 {
                    out.push(b'0' + numbers.below(10) as u8);
                }
                out.push(*pick(b"+-R", numbers).unwrap_or(&b'R'));
            }
            out.push(0);
        }
        FieldKind::ShortMessage => {
            let len = numbers.below(255);
            out.push(len as u8);
            for _ in 0..len {
                out.push(numbers.below(256) as u8);
            }
        }
        FieldKind::DestAddresses => append_destinations(numbers, out),
        FieldKind::UnsuccessSmes => {
            let count = numbers.below(4);
            out.push(count as u8);
            for _ in 0..count {
                let mut address = Vec::new();
                append_text(20, numbers, &mut address);
                let sme = UnsuccessSme {
                    dest_addr_ton: numbers.below(7) as u8,
                    dest_addr_npi: numbers.below(19) as u8,
                    destination_addr: COctetString::new(&address),
                    error_status_code: numbers.below(256) as u32,
                };
                sme.append(out);
            }
        }
    }
}

fn append_destinations(numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    let count = 1 + numbers.below(4);
    out.push(count as u8);
    for _ in 0..count {
        let mut name = Vec::new();
        append_text(20, numbers, &mut name);
        let name = COctetString::new(&name);
        let destination = if numbers.below(2) == 1 {
            DestAddress::DistributionList { dl_name: name }
        } else {
            DestAddress::Sme {
                dest_addr_ton: numbers.below(7) as u8,
                dest_addr_npi: numbers.below(19) as u8,
                destination_addr: name,
            }
        };
        destination.append(out);
    }
}

/// Text of at most `max` octets, any octet but NUL.
fn append_text(max: usize, numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    for _ in 0..numbers.below(max + 1) {
        out.push(1 + numbers.below(255) as u8);
    }
}

/// A TLV the row may carry, or any at all.
fn append_tlv(row: &PduRow, numbers: &mut dyn Numbers, out: &mut Vec<u8>) {
    let allowed = if numbers.below(4) == 0 { row.tlvs_v50 } else { row.tlvs };
    let tag = match pick(allowed, numbers) {
        Some(tag) => *tag,
        None => TlvTag(numbers.below(0x1_0000) as u16),
    };
    let (kind, min, max) = match tag.row() {
        Some(row) => (row.kind, row.min, row.max.min(300)),
        None => (TlvKind::Octets, 0, 40),
    };
    let mut value = Vec::new();
    let len = min + numbers.below(max - min + 1);
    match kind {
        TlvKind::CString => {
            append_text(len.saturating_sub(1), numbers, &mut value);
            value.push(0);
        }
        TlvKind::Int | TlvKind::Octets => {
            for _ in 0..len {
                value.push(numbers.below(256) as u8);
            }
        }
    }
    // At most 301 octets, far below what a length can say.
    let _ = put_tlv(out, tag, &value);
}

fn pick<'a, T>(from: &'a [T], numbers: &mut dyn Numbers) -> Option<&'a T> {
    if from.is_empty() { None } else { from.get(numbers.below(from.len())) }
}

/// What a fuzzer's dictionary holds: every command_id and tag as octets, by name.
#[must_use]
pub fn dictionary() -> Vec<(&'static str, Vec<u8>)> {
    let commands = PDUS.iter().map(|row| (row.name, row.command_id.0.to_be_bytes().to_vec()));
    let tags = TLVS.iter().map(|row| (row.name, row.tag.0.to_be_bytes().to_vec()));
    commands.chain(tags).collect()
}
