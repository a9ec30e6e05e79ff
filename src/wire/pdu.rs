//! What all PDUs have in common: a row, a body that is read and written, a value per field.

use super::error::{DecodeError, EncodeError, Fault};
use super::header::{CommandId, HEADER_LEN, Header, SequenceNumber};
use super::kinds::{COctetString, FieldKind};
use super::lists::{DestAddresses, UnsuccessSmes};
use super::reader::{Flaw, Reader};
use super::rules::{ErrorBody, Rules, Version};
use super::state::{Role, State, States};
use super::status::CommandStatus;
use super::table;
use super::tlv::{TlvTag, Tlvs};
use super::writer::Writer;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct PduRow {
    /// The specification's name.
    pub name: &'static str,
    /// Its number.
    pub command_id: CommandId,
    /// The first edition that has it.
    pub since: Version,
    /// States in which an ESME may send it, 3.4 and 5.0 together: what a session permits.
    pub esme: States,
    /// Those of 3.4 alone.
    pub esme_v34: States,
    /// States in which an SMSC may send it, 3.4 and 5.0 together.
    pub smsc: States,
    /// Those of 3.4 alone.
    pub smsc_v34: States,
    /// What answers it.
    pub response: Option<CommandId>,
    /// Its mandatory fields in order.
    pub fields: &'static [FieldRow],
    /// TLVs 3.4 allows in it.
    pub tlvs: &'static [TlvTag],
    /// TLVs 5.0 added to it.
    pub tlvs_v50: &'static [TlvTag],
}

/// A mandatory field.
#[derive(Clone, Copy, Debug)]
pub struct FieldRow {
    /// The specification's name.
    pub name: &'static str,
    /// What it is.
    pub kind: FieldKind,
}

/// A field's value, for who shows or compares PDUs without knowing each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Int(u8),
    /// A string.
    CString(COctetString<'a>),
    /// Octets.
    Octets(&'a [u8]),
    /// Destinations.
    DestAddresses(DestAddresses<'a>),
    /// Failed destinations.
    UnsuccessSmes(UnsuccessSmes<'a>),
}

/// Whether `role` may send this command in `state` (SMPP 3.4 §2.3, with 5.0's additions: most
/// peers send enquire_link before the bind completes, and replace_sm on a transceiver).
#[inline]
#[must_use]
pub fn may_send(role: Role, state: State, command_id: CommandId) -> bool {
    table::row(command_id).is_some_and(|row| match role {
        Role::Esme => row.esme.has(state),
        Role::Smsc => row.smsc.has(state),
    })
}

/// A PDU's body: what the macro makes of a row.
pub trait Body<'a>: Copy + Default {
    /// Which command it is.
    const COMMAND_ID: CommandId;

    /// Reads the fields and TLVs.
    ///
    /// # Errors
    /// At the first field that breaks its rule.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw>;

    /// A body with these TLVs and no field set.
    fn of_tlvs(tlvs: Tlvs<'a>) -> Self;

    /// What follows the mandatory fields.
    fn tlvs(&self) -> Tlvs<'a>;

    /// Whether the PDU goes without its body, as some error responses do, unless TLVs say why.
    #[inline]
    fn is_bodyless(&self, status: CommandStatus) -> bool {
        !status.is_ok() && is_left_out(Self::COMMAND_ID) && self.tlvs().is_empty()
    }

    /// Octets of the body.
    ///
    /// # Errors
    /// When a field is longer than it may be.
    fn body_len(&self) -> Result<usize, EncodeError>;

    /// The same where the peer takes strings longer than the table allows, up to
    /// [`super::writer::LONG_C_STRING_MAX`] (quirk 53).
    ///
    /// # Errors
    /// When a field is longer than even that, or not a string.
    fn long_body_len(&self) -> Result<usize, EncodeError>;

    /// Writes the body into a slice of that many octets.
    fn write(&self, out: &mut Writer<'_>);

    /// Decodes a whole frame that is known to hold this command.
    ///
    /// # Errors
    /// Names the field, its offset and what was wrong.
    #[inline]
    fn decode(frame: &'a [u8], rules: &Rules) -> Result<(Header, Self), DecodeError> {
        let header = checked_header(frame)?;
        if header.command_id != Self::COMMAND_ID {
            return Err(unknown_command(header));
        }
        Ok((header, Self::decode_body(&header, frame, rules)?))
    }

    /// Decodes the body of a frame whose header was read already.
    ///
    /// # Errors
    /// Names the field, its offset and what was wrong.
    #[inline]
    fn decode_body(header: &Header, frame: &'a [u8], rules: &Rules) -> Result<Self, DecodeError> {
        if is_odd::<Self>(header, frame) {
            return odd_body(header, frame, rules);
        }
        read_body(header, frame, rules)
    }

    /// Appends the PDU to `out`; see [`Body::is_bodyless`] for an error response.
    ///
    /// # Errors
    /// When a field is too long; nothing is appended then.
    #[inline]
    fn encode(
        &self,
        status: CommandStatus,
        sequence: SequenceNumber,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let body_len = if self.is_bodyless(status) { 0 } else { self.body_len()? };
        let start = out.len();
        out.resize(start + HEADER_LEN + body_len, 0);
        let room = out.get_mut(start..).unwrap_or_default();
        self.encode_into(room, body_len, status, sequence);
        Ok(())
    }

    /// Writes the PDU to the front of `room` and says how many octets it took; `None` when there
    /// is not room enough.
    ///
    /// # Errors
    /// When a field is too long; nothing is written then.
    #[inline]
    fn encode_to(
        &self,
        room: &mut [u8],
        status: CommandStatus,
        sequence: SequenceNumber,
    ) -> Result<Option<usize>, EncodeError> {
        let body_len = if self.is_bodyless(status) { 0 } else { self.body_len()? };
        let len = HEADER_LEN + body_len;
        let Some(room) = room.get_mut(..len) else { return Ok(None) };
        self.encode_into(room, body_len, status, sequence);
        Ok(Some(len))
    }

    /// Appends the PDU to `out` though its strings may be longer than the table allows: for a peer
    /// that takes them, and only when [`Body::encode`] would not.
    ///
    /// # Errors
    /// When a field is too long even so; nothing is appended then.
    #[cold]
    fn encode_long(
        &self,
        status: CommandStatus,
        sequence: SequenceNumber,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let body_len = if self.is_bodyless(status) { 0 } else { self.long_body_len()? };
        let start = out.len();
        out.resize(start + HEADER_LEN + body_len, 0);
        let room = out.get_mut(start..).unwrap_or_default();
        self.encode_into(room, body_len, status, sequence);
        Ok(())
    }

    /// Writes header and body into a slice of exactly their length.
    #[inline(always)]
    fn encode_into(
        &self,
        room: &mut [u8],
        body_len: usize,
        status: CommandStatus,
        sequence: SequenceNumber,
    ) {
        let header = Header {
            command_length: (HEADER_LEN + body_len) as u32,
            command_id: Self::COMMAND_ID,
            command_status: status,
            sequence_number: sequence,
        };
        let mut writer = Writer::new(room);
        writer.octets(&header.octets());
        if body_len > 0 {
            self.write(&mut writer);
        }
        debug_assert!(writer.is_full());
    }
}

/// Decodes the body of one command as any PDU.
///
/// A function of its own for each command, with a way of its own through it for the ordinary body:
/// the result is then written once, to where the caller wants it. Collected from the arms of a
/// `match` it would be copied twice, and the copies cost more than the reading.
#[inline(never)]
pub(super) fn decode_as<'a, B: Body<'a> + Into<table::Pdu<'a>>>(
    header: Header,
    frame: &'a [u8],
    rules: &Rules,
) -> Result<(Header, table::Pdu<'a>), DecodeError> {
    if is_odd::<B>(&header, frame) {
        return Ok((header, odd_body::<B>(&header, frame, rules)?.into()));
    }
    Ok((header, read_body::<B>(&header, frame, rules)?.into()))
}

/// Whether the standard leaves the body of this response out where its status is an error: that of
/// a bind and of a submit_sm (SMPP 3.4 §4.1, §4.4.2), and of nothing else. smpp.twisted3 ends its
/// session over a query_sm_resp without one.
#[inline]
const fn is_left_out(command: CommandId) -> bool {
    matches!(
        command,
        CommandId::BIND_RECEIVER_RESP
            | CommandId::BIND_TRANSCEIVER_RESP
            | CommandId::BIND_TRANSMITTER_RESP
            | CommandId::SUBMIT_SM_RESP
    )
}

/// Whether a response is not what the standard makes of one that succeeded: fields, then TLVs.
#[inline(always)]
fn is_odd<'a, B: Body<'a>>(header: &Header, frame: &[u8]) -> bool {
    B::COMMAND_ID.is_response() && (frame.len() <= HEADER_LEN || !header.command_status.is_ok())
}

#[inline(always)]
fn read_body<'a, B: Body<'a>>(
    header: &Header,
    frame: &'a [u8],
    rules: &Rules,
) -> Result<B, DecodeError> {
    let body = frame.get(HEADER_LEN..).unwrap_or_default();
    match B::read(&mut Reader::new(body, rules)) {
        Ok(body) => Ok(body),
        Err(flaw) => Err(located(header, frame, flaw)),
    }
}

/// The body of a response that has none or that reports an error.
#[inline(never)]
fn odd_body<'a, B: Body<'a>>(
    header: &Header,
    frame: &'a [u8],
    rules: &Rules,
) -> Result<B, DecodeError> {
    let body = frame.get(HEADER_LEN..).unwrap_or_default();
    if !body.is_empty() {
        return error_body(header, frame, body, rules);
    }
    let may_lack = !header.command_status.is_ok() && is_left_out(B::COMMAND_ID);
    if rules.require_body && !may_lack {
        return read_body(header, frame, rules);
    }
    // 3.4 leaves the body out of some error responses, and peers leave it out of others too (quirk
    // 30); the fields then have their empty values.
    Ok(B::default())
}

/// The header of a frame that is as long as it says.
#[inline]
pub(super) fn checked_header(frame: &[u8]) -> Result<Header, DecodeError> {
    let Some(header) = Header::read(frame) else {
        return Err(wrong_length(Header::default(), frame.len()));
    };
    if header.command_length as usize != frame.len() {
        return Err(wrong_length(header, frame.len()));
    }
    Ok(header)
}

#[cold]
fn wrong_length(header: Header, len: usize) -> DecodeError {
    let offset = len.min(header.command_length as usize);
    DecodeError { header, field: "command_length", offset, fault: Fault::WrongLength }
}

#[cold]
pub(super) fn unknown_command(header: Header) -> DecodeError {
    DecodeError { header, field: "command_id", offset: 4, fault: Fault::UnknownCommand }
}

#[cold]
fn located(header: &Header, frame: &[u8], flaw: Flaw) -> DecodeError {
    let offset = frame.len().saturating_sub(flaw.left);
    DecodeError { header: *header, field: flaw.field, offset, fault: flaw.fault }
}

/// The body of an error response: the ordinary one, as much of it as there is, or TLVs where it
/// should stand.
fn error_body<'a, B: Body<'a>>(
    header: &Header,
    frame: &'a [u8],
    body: &'a [u8],
    rules: &Rules,
) -> Result<B, DecodeError> {
    let tlvs_alone = || {
        let (tlvs, taken) = Tlvs::take(body);
        (taken == body.len()).then(|| B::of_tlvs(tlvs))
    };
    let ordinary = |rules: &Rules| B::read(&mut Reader::new(body, rules));
    // Peers that send an empty message_id whatever the answer leave out what would follow it.
    let beginning = |flaw: Flaw| {
        B::read(&mut Reader::cut_short(body, rules)).map_err(|_| located(header, frame, flaw))
    };
    match rules.error_body {
        ErrorBody::MessageId => ordinary(rules).or_else(beginning),
        ErrorBody::Tlvs => match tlvs_alone() {
            Some(body) => Ok(body),
            None => ordinary(rules).or_else(beginning),
        },
        ErrorBody::Absent => match ordinary(rules) {
            Ok(body) if tells_why(&body, rules.version) => Ok(body),
            Ok(body) if !is_left_out(B::COMMAND_ID) && body.tlvs().is_empty() => Ok(body),
            Ok(_) => {
                let fault = Fault::UnexpectedBody;
                Err(DecodeError { header: *header, field: "body", offset: HEADER_LEN, fault })
            }
            Err(flaw) => Err(located(header, frame, flaw)),
        },
        ErrorBody::Auto => {
            // A C-octet string and whole TLVs is the ordinary body; a reading that leaves octets
            // over gives way to TLVs alone when those use every octet.
            let strict = Rules { trailing_octets: super::TrailingOctets::Refuse, ..*rules };
            if let Ok(body) = ordinary(&strict) {
                return Ok(body);
            }
            if let Some(body) = tlvs_alone() {
                return Ok(body);
            }
            ordinary(rules).or_else(beginning)
        }
    }
}

/// Whether a body ends in TLVs, and each of them is one that the edition gives the command to say
/// why it failed (SMPP 3.4 §4.7.2). The version in a bind's response says nothing of the kind.
fn tells_why<'a, B: Body<'a>>(body: &B, version: Version) -> bool {
    let Some(row) = table::row(B::COMMAND_ID) else { return false };
    let added = if version >= Version::V50 { row.tlvs_v50 } else { &[] };
    let tells = |tag: TlvTag| {
        tag != TlvTag::SC_INTERFACE_VERSION && (row.tlvs.contains(&tag) || added.contains(&tag))
    };
    let tlvs = body.tlvs();
    !tlvs.is_empty() && tlvs.iter().all(|tlv| tells(tlv.tag))
}

#[cfg(test)]
mod tests {
    use super::table::{PDUS, row};
    use super::*;

    #[test]
    fn every_command_finds_its_own_row() {
        for pdu in PDUS {
            assert_eq!(row(pdu.command_id).map(|found| found.name), Some(pdu.name));
        }
        assert!(row(CommandId(0)).is_none() && row(CommandId(0x8000_0115)).is_none());
    }
}
