//! Octets to PDUs and back: SMPP 3.4 whole, and what 5.0 added where a peer sends it.
//!
//! ```text
//!   octets --framer--> frame --decode--> Header + Pdu<'frame>
//!                                          Pdu --encode--> octets
//! ```
//!
//! Everything about a PDU stands in one row of [`table`]: its name, number and section, who may
//! send it in which state, what answers it, its fields in order and the TLVs it may carry. The
//! types, both directions of the codec, the permission matrix, the dissector, the fuzz dictionary
//! and the generator of valid values are expanded from those rows, so they cannot disagree.
//!
//! Decoding borrows from the frame and allocates nothing. What a field may hold is decided by its
//! *kind* ([`kinds`]); a deviation from the standard is taken only where [`Rules`] names it.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

pub mod address;
pub mod assemble;
pub mod error;
mod expand;
pub mod framer;
pub mod header;
pub mod kinds;
pub mod lists;
mod pdu;
pub mod reader;
pub mod rules;
pub mod sample;
pub mod state;
pub mod status;
pub mod table;
pub mod time;
pub mod tlv;
pub mod writer;

pub use address::Address;
pub use assemble::{AssembleError, assemble};
pub use error::{DecodeError, EncodeError, Fault, Reaction};
pub use framer::{Framer, FramingError, Limits};
pub use header::{CommandId, HEADER_LEN, Header, SequenceNumber};
pub use kinds::{COctetString, SHORT_MESSAGE_MAX, UDHI};
pub use rules::{ErrorBody, Rules, TrailingOctets, Version};
pub use state::{Role, State, States};
pub use status::{CommandStatus, StatusClass};
pub use table::*;
pub use tlv::{Tlv, TlvTag, Tlvs};

#[cfg(test)]
mod tests;
