//! The commands of `chappe`, one module each.

use std::process::ExitCode;

pub mod check;
pub mod lines;
pub mod pdu;
pub mod receipt;
pub mod text;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// As asked.
    Success = 0,
    /// Not as asked.
    Failure = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// What was accepted can no longer be kept safe.
    Storage = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
