//! The commands.

pub mod lines;
pub mod pdu;
