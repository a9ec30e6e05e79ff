//! Hexadecimal digits to the JSON object of a PDU.

use serde_json::{Map, Value, json};

use crate::cli::lines::{hex, octets_of};
use crate::message::dialect::{TlvDefinition, TlvKind};
use crate::wire::framer::MAX_PDU_BYTES;
use crate::wire::{
    self, COctetString, CommandStatus, DestAddress, DestAddresses, Framer, HEADER_LEN, Header,
    Limits, Pdu, Rules, Tlv, Tlvs, UnsuccessSmes,
};

/// The object for one line of hexadecimal digits (blanks and upper case are taken).
///
/// ```text
/// {"command":"submit_sm","command_id":4,"command_status":0,"sequence_number":1,
///  "fields":{...},"tlvs":[{"tag":1060,"name":"message_payload","value":"hex"}]}
/// ```
///
/// A line that is no PDU gives what could be read of the header and an `error` with the `fault`,
/// the `field` and its `offset` in octets, and the `status` it would be answered with. Besides the
/// faults of [`wire::Fault`] there are
///
/// - `bad_hex`: no digit at this character of the line, or half an octet at its end;
/// - `need_more`: fewer octets than `command_length` says;
/// - `extra_octets`: more of them;
/// - `bad_length`: a `command_length` below 16 or above 70,000, at which a stream is lost.
///
/// A response without a body has empty `fields`.
#[must_use]
pub fn decode_line(line: &str, rules: &Rules) -> Value {
    decode_line_with(line, rules, &[])
}

/// The same with a vendor's TLVs: each has the name that its definition gives it, and `"read"`, its
/// value as a text or a number, where it is what the definition says.
#[must_use]
pub fn decode_line_with(line: &str, rules: &Rules, vendor: &[TlvDefinition]) -> Value {
    match octets_of(line) {
        Ok(octets) => decode_octets(&octets, rules, vendor),
        Err(offset) => json!({ "error": error("bad_hex", None, offset, None) }),
    }
}

/// The same for the octets themselves.
pub(super) fn decode_octets(frame: &[u8], rules: &Rules, vendor: &[TlvDefinition]) -> Value {
    let header = Header::read(frame);
    let mut framer = Framer::new(frame, Limits { max_pdu_bytes: MAX_PDU_BYTES });
    let off_length = |header, fault, offset| {
        let status = Some(CommandStatus::ESME_RINVCMDLEN);
        with_error(header, error(fault, Some("command_length"), offset, status))
    };
    match framer.next_frame() {
        // What stands behind a length that cannot be one is no header.
        Err(_) => off_length(None, "bad_length", 0),
        Ok(None) => off_length(header, "need_more", frame.len()),
        Ok(Some(whole)) if whole.len() < frame.len() => {
            off_length(header, "extra_octets", whole.len())
        }
        Ok(Some(whole)) => decode_frame(whole, rules, vendor),
    }
}

fn decode_frame(frame: &[u8], rules: &Rules, vendor: &[TlvDefinition]) -> Value {
    match Pdu::decode(frame, rules) {
        Ok((header, pdu)) => {
            let mut object = header_of(&header);
            let bodyless = frame.len() == HEADER_LEN;
            let fields = if bodyless { Map::new() } else { fields_of(&pdu) };
            object.insert("fields".to_owned(), fields.into());
            object.insert("tlvs".to_owned(), tlvs_of(pdu.tlvs(), vendor));
            object.into()
        }
        Err(fault) => {
            let (name, field, status) = (fault.fault.name(), fault.field, fault.status());
            let command = rules.version >= since(fault.header);
            let mut object = header_of(&fault.header);
            if !command {
                object.insert("command".to_owned(), "unknown".into());
            }
            object.insert("error".to_owned(), error(name, Some(field), fault.offset, Some(status)));
            object.into()
        }
    }
}

/// The edition that knows the command; the first for one that none knows.
fn since(header: Header) -> wire::Version {
    wire::table::row(header.command_id).map_or(wire::Version::V34, |row| row.since)
}

fn header_of(header: &Header) -> Map<String, Value> {
    let mut object = Map::new();
    let name = header.command_id.name().unwrap_or("unknown");
    object.insert("command".to_owned(), name.into());
    object.insert("command_id".to_owned(), header.command_id.0.into());
    object.insert("command_status".to_owned(), header.command_status.0.into());
    object.insert("sequence_number".to_owned(), header.sequence_number.into());
    object
}

fn with_error(header: Option<Header>, error: Value) -> Value {
    let mut object = header.as_ref().map(header_of).unwrap_or_default();
    object.insert("error".to_owned(), error);
    object.into()
}

/// The object for a line above `max` octets.
pub(super) fn line_too_long(max: usize) -> Value {
    json!({ "error": error("line_too_long", None, max, None) })
}

fn error(fault: &str, field: Option<&str>, offset: usize, status: Option<CommandStatus>) -> Value {
    let status = status.and_then(CommandStatus::name);
    json!({ "fault": fault, "field": field, "offset": offset, "status": status })
}

fn fields_of(pdu: &Pdu<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    pdu.visit(&mut |name, value| {
        let value = match value {
            wire::Value::Int(octet) => octet.into(),
            wire::Value::CString(string) => latin_1(string),
            wire::Value::Octets(octets) => hex(octets).into(),
            wire::Value::DestAddresses(list) => destinations(&list),
            wire::Value::UnsuccessSmes(list) => failures(&list),
        };
        fields.insert(name.to_owned(), value);
    });
    fields
}

/// A C-octet string's octets as the characters of the same number.
fn latin_1(string: COctetString<'_>) -> Value {
    string.octets().iter().copied().map(char::from).collect::<String>().into()
}

fn destinations(list: &DestAddresses<'_>) -> Value {
    let one = |destination| match destination {
        DestAddress::Sme { dest_addr_ton, dest_addr_npi, destination_addr } => json!({
            "dest_flag": 1,
            "dest_addr_ton": dest_addr_ton,
            "dest_addr_npi": dest_addr_npi,
            "destination_addr": latin_1(destination_addr),
        }),
        DestAddress::DistributionList { dl_name } => {
            json!({ "dest_flag": 2, "dl_name": latin_1(dl_name) })
        }
    };
    list.iter().map(one).collect()
}

fn failures(list: &UnsuccessSmes<'_>) -> Value {
    list.iter()
        .map(|sme| {
            json!({
                "dest_addr_ton": sme.dest_addr_ton,
                "dest_addr_npi": sme.dest_addr_npi,
                "destination_addr": latin_1(sme.destination_addr),
                "error_status_code": sme.error_status_code,
            })
        })
        .collect()
}

fn tlvs_of(tlvs: Tlvs<'_>, vendor: &[TlvDefinition]) -> Value {
    let one = |tlv: Tlv<'_>| {
        let (tag, value) = (tlv.tag.0, hex(tlv.value));
        match vendor.iter().find(|definition| definition.tag == tag) {
            None => json!({ "tag": tag, "name": tlv.tag.name(), "value": value }),
            Some(definition) => {
                let read = read_as(definition.kind, tlv.value);
                json!({ "tag": tag, "name": definition.name, "value": value, "read": read })
            }
        }
    };
    tlvs.iter().map(one).collect()
}

/// A value as its type says; null when it is another's.
fn read_as(kind: TlvKind, octets: &[u8]) -> Value {
    let text = |octets: &[u8]| match octets.iter().all(|octet| matches!(octet, 0x20..=0x7E)) {
        true => String::from_utf8_lossy(octets).into(),
        false => Value::Null,
    };
    match (kind, octets) {
        (TlvKind::CString, [string @ .., 0]) => text(string),
        (TlvKind::Octets, octets) => text(octets),
        (TlvKind::U8, &[octet]) => octet.into(),
        (TlvKind::U16, &[high, low]) => u16::from_be_bytes([high, low]).into(),
        (TlvKind::U32, &[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]).into(),
        _ => Value::Null,
    }
}
