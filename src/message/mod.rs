//! What travels: messages, their receipts and their states.

pub mod receipt;
pub mod state;
