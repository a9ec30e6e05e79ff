//! The JSON object of a PDU to hexadecimal digits.

use serde_json::{Value, json};

use super::members::{
    Members, Wrong, nothing_left, take_hex, take_list, take_members, take_number, take_octet,
    take_text, take_the_number, wrong,
};
use crate::cli::lines::hex;
use crate::wire::framer::MAX_PDU_BYTES;
use crate::wire::kinds::{FieldKind, TIME_MAX};
use crate::wire::tlv::put_tlv;
use crate::wire::{
    self, AssembleError, COctetString, CommandId, CommandStatus, DestAddress, DestAddresses,
    HEADER_LEN, Header, PduRow, TlvTag, Tlvs, UnsuccessSme, UnsuccessSmes, assemble,
};

/// The PDU in hexadecimal digits of an object as [`super::decode_line`] prints it.
///
/// `command` or `command_id` names it, and `command_status` may be a name (`"ESME_RTHROTTLED"`).
/// Lengths and counts (`command_length`, `sm_length`, `number_of_dests`, `no_unsuccess`) follow
/// from what they count; where one is given it has to agree. What else is missing has its default:
/// status 0, sequence number 1, empty fields, no TLV. A response with neither field nor TLV goes
/// without its body. A TLV is named by `tag` or `name`.
///
/// # Errors
/// `{"error":{"fault","field","expected"}}`: the first member that is not as `expected`. Faults
/// are `bad_json`, `missing`, `unknown_command`, `unknown_member`, `unknown_tlv`, `bad_value`,
/// `bad_hex`, `out_of_range`, `too_long` and `disagree`, and `line_too_long` where lines are read.
pub fn encode_line(line: &str) -> Result<String, Value> {
    pdu_of(line).map(|octets| hex(&octets)).map_err(told)
}

/// The object for a line above `max` octets.
pub(super) fn line_too_long(max: usize) -> Value {
    told(wrong("line_too_long", "", format!("at most {max} octets")))
}

fn told(wrong: Wrong) -> Value {
    let Wrong { fault, field, expected } = wrong;
    json!({ "error": { "fault": fault, "field": field, "expected": expected } })
}

fn pdu_of(line: &str) -> Result<Vec<u8>, Wrong> {
    let mut members: Members = match serde_json::from_str(line) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(wrong("bad_json", "", "an object")),
        Err(error) => return Err(wrong("bad_json", "", error.to_string())),
    };
    let row = take_row(&mut members)?;
    let status = take_status(&mut members)?;
    let sequence = take_number(&mut members, "sequence_number", u32::MAX)?.unwrap_or(1);
    let mut fields = take_members(&mut members, "fields")?;
    let tlvs = take_tlvs(&mut members)?;
    let length = take_number(&mut members, "command_length", u32::MAX)?;
    nothing_left(&members, "")?;
    let octets = assembled(row, status, sequence, &mut fields, &tlvs)?;
    match length {
        Some(length) if length as usize != octets.len() => {
            Err(wrong("disagree", "command_length", octets.len().to_string()))
        }
        _ => Ok(octets),
    }
}

fn assembled(
    row: &PduRow,
    status: CommandStatus,
    sequence: u32,
    fields: &mut Members,
    tlvs: &[u8],
) -> Result<Vec<u8>, Wrong> {
    if row.command_id.is_response() && fields.is_empty() && tlvs.is_empty() {
        let command_length = HEADER_LEN as u32;
        let command_id = row.command_id;
        let header = Header {
            command_length,
            command_id,
            command_status: status,
            sequence_number: sequence,
        };
        return Ok(header.octets().to_vec());
    }
    let values = take_values(row, fields)?;
    nothing_left(fields, "fields.")?;
    // TLVs that were put together here are whole.
    let (tlvs, _) = Tlvs::take(tlvs);
    let mut values = values.iter();
    let mut value_of = |_: &wire::FieldRow| values.next().and_then(|value| value.as_ref()?.shown());
    let mut octets = Vec::new();
    assemble(row, status, sequence, &mut value_of, tlvs, &mut octets).map_err(|error| {
        let (AssembleError::TooLong(wire::EncodeError { field, .. })
        | AssembleError::WrongKind { field, .. }) = error;
        wrong("too_long", field, error.to_string())
    })?;
    if octets.len() > MAX_PDU_BYTES {
        let expected = format!("at most {MAX_PDU_BYTES} octets, not {}", octets.len());
        return Err(wrong("too_long", "command_length", expected));
    }
    Ok(octets)
}

/// A field's value with the octets it borrows from.
enum Owned {
    Int(u8),
    CString(Vec<u8>),
    Octets(Vec<u8>),
    Destinations(u8, Vec<u8>),
    Failures(u8, Vec<u8>),
}

impl Owned {
    fn shown(&self) -> Option<wire::Value<'_>> {
        Some(match self {
            Self::Int(octet) => wire::Value::Int(*octet),
            Self::CString(octets) => wire::Value::CString(COctetString::new(octets)),
            Self::Octets(octets) => wire::Value::Octets(octets),
            Self::Destinations(count, octets) => {
                wire::Value::DestAddresses(DestAddresses::new(*count, octets)?)
            }
            Self::Failures(count, octets) => {
                wire::Value::UnsuccessSmes(UnsuccessSmes::new(*count, octets)?)
            }
        })
    }
}

/// The values of the row's fields in order; `None` for one that is not given.
fn take_values(row: &PduRow, fields: &mut Members) -> Result<Vec<Option<Owned>>, Wrong> {
    row.fields.iter().map(|field| take_value(field, fields)).collect()
}

fn take_value(field: &wire::FieldRow, fields: &mut Members) -> Result<Option<Owned>, Wrong> {
    let name = field.name;
    Ok(match field.kind {
        FieldKind::Int => take_octet(fields, name)?.map(Owned::Int),
        FieldKind::CString(max) => take_text(fields, name, max)?.map(Owned::CString),
        FieldKind::Time => take_text(fields, name, TIME_MAX)?.map(Owned::CString),
        FieldKind::ShortMessage => {
            let octets = take_hex(fields, name, 255)?;
            let count = octets.as_ref().map_or(0, Vec::len);
            take_the_number(fields, "sm_length", count)?;
            octets.map(Owned::Octets)
        }
        FieldKind::DestAddresses => {
            let entries = take_entries(fields, name, append_destination)?;
            let count = entries.as_ref().map_or(0, |(count, _)| usize::from(*count));
            take_the_number(fields, "number_of_dests", count)?;
            entries.map(|(count, octets)| Owned::Destinations(count, octets))
        }
        FieldKind::UnsuccessSmes => {
            let entries = take_entries(fields, name, append_failure)?;
            let count = entries.as_ref().map_or(0, |(count, _)| usize::from(*count));
            take_the_number(fields, "no_unsuccess", count)?;
            entries.map(|(count, octets)| Owned::Failures(count, octets))
        }
    })
}

/// Octets of an address or name in a list, with its NUL.
const LIST_ADDRESS_MAX: usize = 21;

fn append_destination(entry: &mut Members, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let dl_name = take_text(entry, "dl_name", LIST_ADDRESS_MAX)?;
    let flag = if dl_name.is_some() { 2 } else { 1 };
    let given = take_octet(entry, "dest_flag")?.unwrap_or(flag);
    match (given, dl_name) {
        (1, None) => {
            let dest_addr_ton = take_octet(entry, "dest_addr_ton")?.unwrap_or(0);
            let dest_addr_npi = take_octet(entry, "dest_addr_npi")?.unwrap_or(0);
            let address = take_text(entry, "destination_addr", LIST_ADDRESS_MAX)?;
            let address = address.unwrap_or_default();
            let destination_addr = COctetString::new(&address);
            DestAddress::Sme { dest_addr_ton, dest_addr_npi, destination_addr }.append(out);
        }
        (2, dl_name) => {
            let name = dl_name.unwrap_or_default();
            DestAddress::DistributionList { dl_name: COctetString::new(&name) }.append(out);
        }
        _ => return Err(wrong("disagree", "dest_flag", "1, or 2 with a dl_name")),
    }
    Ok(())
}

fn append_failure(entry: &mut Members, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let address = take_text(entry, "destination_addr", LIST_ADDRESS_MAX)?.unwrap_or_default();
    let failure = UnsuccessSme {
        dest_addr_ton: take_octet(entry, "dest_addr_ton")?.unwrap_or(0),
        dest_addr_npi: take_octet(entry, "dest_addr_npi")?.unwrap_or(0),
        destination_addr: COctetString::new(&address),
        error_status_code: take_number(entry, "error_status_code", u32::MAX)?.unwrap_or(0),
    };
    failure.append(out);
    Ok(())
}

/// A list's entries, counted and appended.
fn take_entries(
    fields: &mut Members,
    name: &str,
    append: fn(&mut Members, &mut Vec<u8>) -> Result<(), Wrong>,
) -> Result<Option<(u8, Vec<u8>)>, Wrong> {
    let Some(entries) = take_list(fields, name)? else { return Ok(None) };
    let Ok(count) = u8::try_from(entries.len()) else {
        return Err(wrong("too_long", name, "at most 255 entries"));
    };
    let mut octets = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let within =
            |wrong: Wrong| Wrong { field: format!("{name}[{at}].{}", wrong.field), ..wrong };
        let Value::Object(mut entry) = entry else {
            return Err(wrong("bad_value", format!("{name}[{at}]"), "an object"));
        };
        append(&mut entry, &mut octets).map_err(within)?;
        nothing_left(&entry, "").map_err(within)?;
    }
    Ok(Some((count, octets)))
}

fn take_row(members: &mut Members) -> Result<&'static PduRow, Wrong> {
    let name = members.remove("command");
    let id = take_number(members, "command_id", u32::MAX)?;
    let row = match (&name, id) {
        (None, None) => return Err(wrong("missing", "command", "a command or command_id")),
        (_, Some(id)) => wire::table::row(CommandId(id)),
        (Some(name), None) => wire::PDUS.iter().find(|row| name == row.name),
    };
    let Some(row) = row else {
        return Err(wrong("unknown_command", "command", "a command of SMPP 3.4 or 5.0"));
    };
    match name {
        Some(name) if name != row.name => Err(wrong("disagree", "command", row.name)),
        _ => Ok(row),
    }
}

fn take_status(members: &mut Members) -> Result<CommandStatus, Wrong> {
    if let Some(Value::String(name)) = members.get("command_status") {
        let Some(status) = CommandStatus::by_name(name) else {
            return Err(wrong("bad_value", "command_status", "a number or the name of a status"));
        };
        members.remove("command_status");
        return Ok(status);
    }
    let number = take_number(members, "command_status", u32::MAX)?;
    Ok(CommandStatus(number.unwrap_or(0)))
}

fn take_tlvs(members: &mut Members) -> Result<Vec<u8>, Wrong> {
    let mut octets = Vec::new();
    for (at, entry) in take_list(members, "tlvs")?.unwrap_or_default().into_iter().enumerate() {
        let within = |wrong: Wrong| Wrong { field: format!("tlvs[{at}].{}", wrong.field), ..wrong };
        let Value::Object(mut entry) = entry else {
            return Err(wrong("bad_value", format!("tlvs[{at}]"), "an object"));
        };
        let tag = take_tag(&mut entry).map_err(within)?;
        let value = take_hex(&mut entry, "value", 65_535).map_err(within)?.unwrap_or_default();
        // At most 65,535 octets, just checked: it is appended.
        let _ = put_tlv(&mut octets, tag, &value);
        nothing_left(&entry, "").map_err(within)?;
    }
    Ok(octets)
}

fn take_tag(entry: &mut Members) -> Result<TlvTag, Wrong> {
    let number = take_number(entry, "tag", u32::from(u16::MAX))?;
    let tag = number.map(|number| TlvTag(number as u16)); // At most u16::MAX, just checked.
    let named = match entry.remove("name") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => match TlvTag::by_name(&name) {
            Some(tag) => Some(tag),
            None => return Err(wrong("unknown_tlv", "name", "the name of a TLV, or its tag")),
        },
        Some(_) => return Err(wrong("bad_value", "name", "the name of a TLV")),
    };
    match (tag, named) {
        (None, None) => Err(wrong("missing", "tag", "a tag or a name")),
        (Some(tag), Some(named)) if tag != named => {
            Err(wrong("disagree", "name", tag.name().unwrap_or("the name of the tag")))
        }
        (Some(tag), _) | (None, Some(tag)) => Ok(tag),
    }
}
