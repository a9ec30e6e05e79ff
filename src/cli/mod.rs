//! The commands.

pub mod lines;
pub mod pdu;
pub mod receipt;
pub mod text;
