//! The sixteen octets in front of every PDU.

use std::fmt;

use super::kinds::u32_at;
use super::status::CommandStatus;
use super::table;

/// Octets of a PDU header (SMPP 3.4 §3.2).
pub const HEADER_LEN: usize = 16;

/// The bit that marks a response (SMPP 3.4 §5.1.2.1).
const RESPONSE_BIT: u32 = 0x8000_0000;

/// A `command_id` as it stood on the wire, known or not (SMPP 3.4 §5.1.2.1).
///
/// The known ones are the associated constants that [`table`] makes, one a row.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CommandId(pub u32);

impl CommandId {
    /// Whether the response bit is set.
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE_BIT != 0
    }

    /// The command that answers this request by number; itself when it is a response already.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE_BIT)
    }

    /// The command that this response answers by number; itself when it is a request.
    #[must_use]
    pub const fn request(self) -> Self {
        Self(self.0 & !RESPONSE_BIT)
    }

    /// The name in the specification, or `None` for a number that is in no edition.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        table::row(self).map(|row| row.name)
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "command {:#010x}", self.0),
        }
    }
}

/// A `sequence_number`: whatever the peer put there (SMPP 3.4 §5.1.4).
///
/// The standard allows 1 to 0x7fff_ffff. Peers use 0 and the upper half too, so any value is
/// accepted and echoed; only the numbers this side gives out stay within the standard.
pub type SequenceNumber = u32;

/// A decoded header.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Header {
    /// Octets of the whole PDU, this header included.
    pub command_length: u32,
    /// Which PDU it is.
    pub command_id: CommandId,
    /// The result a response carries; 0 in a request.
    pub command_status: CommandStatus,
    /// What pairs a response with its request.
    pub sequence_number: SequenceNumber,
}

impl Header {
    /// Reads the header in front of `octets`; `None` when fewer than sixteen are there.
    #[inline]
    #[must_use]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER_LEN] = octets.first_chunk()?;
        Some(Self {
            command_length: u32_at(head, 0),
            command_id: CommandId(u32_at(head, 4)),
            command_status: CommandStatus(u32_at(head, 8)),
            sequence_number: u32_at(head, 12),
        })
    }

    /// The octets of this header.
    #[inline]
    #[must_use]
    pub fn octets(self) -> [u8; HEADER_LEN] {
        let whole = (u128::from(self.command_length) << 96)
            | (u128::from(self.command_id.0) << 64)
            | (u128::from(self.command_status.0) << 32)
            | u128::from(self.sequence_number);
        whole.to_be_bytes()
    }
}
