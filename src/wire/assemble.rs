//! Values by field name to the octets of a PDU: the table's other way of writing, for who knows
//! the command only while running.
//!
//! The typed bodies ([`super::Body`]) are for programs; this is for tools that are given names.

use std::fmt;

use super::error::EncodeError;
use super::header::{HEADER_LEN, Header, SequenceNumber};
use super::kinds::{FieldKind, TIME_MAX};
use super::pdu::{FieldRow, PduRow, Value};
use super::status::CommandStatus;
use super::tlv::Tlvs;
use super::writer::{c_string_len, short_message_len};

/// Why values do not make a PDU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AssembleError {
    /// A value is longer than its field may be.
    TooLong(EncodeError),
    /// A value is of another kind than its field.
    WrongKind {
        /// The field, by its name in the specification.
        field: &'static str,
        /// What it holds.
        kind: FieldKind,
    },
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(error) => error.fmt(f),
            Self::WrongKind { field, kind } => write!(f, "{field}: not a value of {kind:?}"),
        }
    }
}

impl std::error::Error for AssembleError {}

/// Appends the PDU of this row whose fields have the values `value_of` gives; `None` stands for
/// the empty value (0, no character, no octet, no entry).
///
/// # Errors
/// When a value is too long or of another kind than its field; nothing is appended then.
pub fn assemble<'v>(
    row: &PduRow,
    status: CommandStatus,
    sequence: SequenceNumber,
    value_of: &mut dyn FnMut(&FieldRow) -> Option<Value<'v>>,
    tlvs: Tlvs<'_>,
    out: &mut Vec<u8>,
) -> Result<(), AssembleError> {
    let mut body = Vec::new();
    for field in row.fields {
        match value_of(field) {
            Some(value) => append_value(field, value, &mut body)?,
            // The empty value of every kind is one zero octet: a number, a terminator or a count.
            None => body.push(0),
        }
    }
    body.extend_from_slice(tlvs.octets());
    let header = Header {
        command_length: u32::try_from(HEADER_LEN + body.len()).unwrap_or(u32::MAX),
        command_id: row.command_id,
        command_status: status,
        sequence_number: sequence,
    };
    out.extend_from_slice(&header.octets());
    out.append(&mut body);
    Ok(())
}

fn append_value(
    field: &FieldRow,
    value: Value<'_>,
    out: &mut Vec<u8>,
) -> Result<(), AssembleError> {
    match (field.kind, value) {
        (FieldKind::Int, Value::Int(octet)) => out.push(octet),
        (FieldKind::CString(_) | FieldKind::Time, Value::CString(string)) => {
            let max = if let FieldKind::CString(max) = field.kind { max } else { TIME_MAX };
            c_string_len(string, max, field.name).map_err(AssembleError::TooLong)?;
            out.extend_from_slice(string.octets());
            out.push(0);
        }
        (FieldKind::ShortMessage, Value::Octets(octets)) => {
            short_message_len(octets, field.name).map_err(AssembleError::TooLong)?;
            out.push(octets.len() as u8); // At most 255, just checked.
            out.extend_from_slice(octets);
        }
        (FieldKind::DestAddresses, Value::DestAddresses(list)) => {
            out.push(list.count());
            out.extend_from_slice(list.octets());
        }
        (FieldKind::UnsuccessSmes, Value::UnsuccessSmes(list)) => {
            out.push(list.count());
            out.extend_from_slice(list.octets());
        }
        (kind, _) => return Err(AssembleError::WrongKind { field: field.name, kind }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{PDUS, Pdu, Rules, TlvTag, sample, tlv::put_tlv};

    #[test]
    fn what_is_shown_of_a_pdu_assembles_to_its_octets() {
        for row in PDUS {
            let mut seed = 7_usize;
            let mut below = |bound: usize| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) % bound
            };
            for _ in 0..50 {
                let mut frame = Vec::new();
                sample::pdu_of(row, &mut below, &mut frame);
                let (header, pdu) = Pdu::decode(&frame, &Rules::STRICT).unwrap();
                let mut shown = Vec::new();
                pdu.visit(&mut |name, value| shown.push((name, value)));
                let mut value_of = |field: &FieldRow| {
                    shown.iter().find(|(name, _)| *name == field.name).map(|(_, value)| *value)
                };
                let mut again = Vec::new();
                let (status, sequence) = (header.command_status, header.sequence_number);
                assemble(row, status, sequence, &mut value_of, pdu.tlvs(), &mut again).unwrap();
                assert_eq!(again, frame, "{}", row.name);
            }
        }
    }

    #[test]
    fn fields_that_are_not_given_are_empty() {
        for row in PDUS {
            let mut out = Vec::new();
            let none = &mut |_: &FieldRow| None;
            assemble(row, CommandStatus::ESME_ROK, 1, none, Tlvs::NONE, &mut out).unwrap();
            assert_eq!(out.len(), HEADER_LEN + row.fields.len());
            let (_, pdu) = Pdu::decode(&out, &Rules::STRICT).unwrap();
            pdu.visit(&mut |name, value| match value {
                Value::Int(octet) => assert_eq!(octet, 0, "{name}"),
                Value::CString(string) => assert!(string.is_empty(), "{name}"),
                Value::Octets(octets) => assert!(octets.is_empty(), "{name}"),
                Value::DestAddresses(list) => assert_eq!(list.count(), 0, "{name}"),
                Value::UnsuccessSmes(list) => assert_eq!(list.count(), 0, "{name}"),
            });
        }
    }

    #[test]
    fn a_value_that_does_not_fit_its_field_is_named_and_nothing_is_appended() {
        let row = crate::wire::table::row(crate::wire::CommandId::QUERY_SM).unwrap();
        let long = [b'7'; 65];
        let attempt = |value: Value<'_>| {
            let mut out = Vec::new();
            let mut only_id = |field: &FieldRow| (field.name == "message_id").then_some(value);
            let result =
                assemble(row, CommandStatus::ESME_ROK, 1, &mut only_id, Tlvs::NONE, &mut out);
            assert!(out.is_empty());
            result.unwrap_err()
        };
        let too_long = EncodeError { field: "message_id", octets: 66, max: 65 };
        assert_eq!(
            attempt(Value::CString(crate::wire::COctetString::new(&long))),
            AssembleError::TooLong(too_long)
        );
        let kind = FieldKind::CString(65);
        assert_eq!(attempt(Value::Int(7)), AssembleError::WrongKind { field: "message_id", kind });
    }

    #[test]
    fn tlvs_follow_in_the_order_given() {
        let row = crate::wire::table::row(crate::wire::CommandId::DATA_SM_RESP).unwrap();
        let mut octets = Vec::new();
        assert!(put_tlv(&mut octets, TlvTag::NETWORK_ERROR_CODE, &[3, 0, 31]));
        assert!(put_tlv(&mut octets, TlvTag::DELIVERY_FAILURE_REASON, &[1]));
        let (tlvs, _) = Tlvs::take(&octets);
        let mut out = Vec::new();
        assemble(row, CommandStatus(0xfe), 1, &mut |_| None, tlvs, &mut out).unwrap();
        assert!(out.ends_with(&octets));
    }
}
