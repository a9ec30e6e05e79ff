//! The commands.

pub mod receipt;
pub mod text;
