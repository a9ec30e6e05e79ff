//! What was wrong with a PDU, where, and what goes back on the wire because of it.

use std::fmt;

use super::header::{CommandId, Header};
use super::status::CommandStatus;

/// What kind of rule the octets broke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The PDU ends before the field does.
    Truncated,
    /// No NUL within the octets the field may have, and no rule that allows more.
    TooLong,
    /// No NUL before the end of the PDU.
    Unterminated,
    /// A dest_flag that is neither an SME address nor a distribution list.
    BadDestFlag,
    /// A TLV whose length runs past the end of the PDU, or too few octets for a TLV header.
    BadTlv,
    /// A command_id of no edition this peer may use.
    UnknownCommand,
    /// `command_length` and the octets handed in differ.
    WrongLength,
    /// An error response with a body, where the rules allow none.
    UnexpectedBody,
}

impl Fault {
    /// A short name, as the line tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::TooLong => "too_long",
            Self::Unterminated => "unterminated",
            Self::BadDestFlag => "bad_dest_flag",
            Self::BadTlv => "bad_tlv",
            Self::UnknownCommand => "unknown_command",
            Self::WrongLength => "wrong_length",
            Self::UnexpectedBody => "unexpected_body",
        }
    }
}

/// A frame that could not be decoded, with what could still be read of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// The header, which is whole in every frame.
    pub header: Header,
    /// The field that was being read, by its name in the specification.
    pub field: &'static str,
    /// Where that field began, in octets from the start of the PDU.
    pub offset: usize,
    /// What was wrong with it.
    pub fault: Fault,
}

/// What a session does about a bad frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reaction {
    /// Answer the request with its own response and this status; the session goes on.
    Respond(CommandId, CommandStatus),
    /// Answer with generic_nack and this status; the session goes on (SMPP 3.4 §4.3).
    GenericNack(CommandStatus),
    /// A bad response is not answered: its request counts as answered with an unknown result.
    Ignore,
}

impl DecodeError {
    /// The command_status this error stands for.
    #[must_use]
    pub fn status(&self) -> CommandStatus {
        match self.fault {
            Fault::UnknownCommand => CommandStatus::ESME_RINVCMDID,
            Fault::WrongLength | Fault::UnexpectedBody => CommandStatus::ESME_RINVCMDLEN,
            Fault::BadTlv => CommandStatus::ESME_RINVOPTPARSTREAM,
            Fault::BadDestFlag => CommandStatus::ESME_RINVDESTFLAG,
            // A list that ends before its count is reached: which of the two is wrong, nobody
            // knows, and the count is what the standard has a status for.
            Fault::Truncated
                if self.header.command_id == CommandId::SUBMIT_MULTI
                    && matches!(self.field, "dest_addr_ton" | "dest_addr_npi") =>
            {
                CommandStatus::ESME_RINVNUMDESTS
            }
            Fault::Truncated | Fault::TooLong | Fault::Unterminated => field_status(self.field),
        }
    }

    /// What a session does about it.
    #[must_use]
    pub fn reaction(&self) -> Reaction {
        let command = self.header.command_id;
        if self.fault == Fault::UnknownCommand {
            return Reaction::GenericNack(CommandStatus::ESME_RINVCMDID);
        }
        if command.is_response() {
            return Reaction::Ignore;
        }
        match super::table::row(command).and_then(|row| row.response) {
            Some(response) => Reaction::Respond(response, self.status()),
            None => Reaction::Ignore,
        }
    }
}

/// The status that names a field, where the standard has one (SMPP 3.4 §5.1.3).
fn field_status(field: &str) -> CommandStatus {
    match field {
        "service_type" => CommandStatus::ESME_RINVSERTYP,
        "source_addr" => CommandStatus::ESME_RINVSRCADR,
        "destination_addr" | "esme_addr" => CommandStatus::ESME_RINVDSTADR,
        "dl_name" => CommandStatus::ESME_RINVDLNAME,
        "message_id" => CommandStatus::ESME_RINVMSGID,
        "schedule_delivery_time" => CommandStatus::ESME_RINVSCHED,
        "validity_period" => CommandStatus::ESME_RINVEXPIRY,
        "short_message" => CommandStatus::ESME_RINVMSGLEN,
        "system_id" => CommandStatus::ESME_RINVSYSID,
        "password" => CommandStatus::ESME_RINVPASWD,
        "system_type" => CommandStatus::ESME_RINVSYSTYP,
        "number_of_dests" | "dest_flag" => CommandStatus::ESME_RINVNUMDESTS,
        _ => CommandStatus::ESME_RINVCMDLEN,
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} at octet {}: {}",
            self.header.command_id,
            self.field,
            self.offset,
            self.fault.name()
        )
    }
}

impl std::error::Error for DecodeError {}

/// A value that cannot be put on the wire: the caller's mistake, named by field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EncodeError {
    /// The field that is too long, by its name in the specification.
    pub field: &'static str,
    /// Octets it would take, its NUL or count included.
    pub octets: usize,
    /// Octets it may take.
    pub max: usize,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} octets, at most {}", self.field, self.octets, self.max)
    }
}

impl std::error::Error for EncodeError {}
