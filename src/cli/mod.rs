//! The commands.

pub mod receipt;
