//! What can be wrong with a journal, and where.

use std::fmt;
use std::io;

use super::Position;

/// Why a journal could not be opened, read or changed.
///
/// [`Error::Damaged`] and what stands beside it name the file and the octet: what is there is not
/// what was written. [`Error::Machine`] is what the system said.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another program has the directory open.
    Locked,
    /// Octets that were durable are not what they were. Nothing behind them is trusted.
    Damaged {
        /// The file, in the journal's directory.
        file: String,
        /// The first octet of what is not whole.
        offset: u64,
        /// What was found there.
        what: String,
    },
    /// A file that belongs to the journal is not there.
    Missing {
        /// The file, in the journal's directory.
        file: String,
    },
    /// A file was written in a format that this program does not read: by a newer one, or by one
    /// that is older than any whose journals are read. Nothing was changed.
    Foreign {
        /// The file, in the journal's directory.
        file: String,
        /// The version it was written in.
        version: u32,
        /// The highest version that this program reads; it writes that one.
        known: u32,
    },
    /// There is no journal in the directory.
    Absent,
    /// What was asked for has been given up.
    Truncated {
        /// Where reading should have begun.
        asked: Position,
        /// The first position that is there.
        first: Position,
    },
    /// A checkpoint holds what is not durable yet.
    NotDurable {
        /// Where replay should begin after the checkpoint.
        asked: Position,
        /// The last position that is durable.
        durable: Position,
    },
    /// A setting is out of its bounds.
    Setting(String),
    /// A record of a checkpoint is larger than any may be.
    TooLarge {
        /// How many octets it takes.
        octets: usize,
        /// How many it may take.
        max: usize,
    },
    /// The journal has stopped for good, for this reason.
    Stopped(String),
    /// The machine refused.
    Machine {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether it is a lack of space, which may come back.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Machine { source, .. } if is_full(source))
    }

    /// Whether the storage is at fault, and not who asked.
    #[must_use]
    pub const fn is_storage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Missing { .. }
                | Self::Foreign { .. }
                | Self::Stopped(_)
                | Self::Machine { .. }
        )
    }
}

/// What the machine said while something was done.
pub(super) fn machine(doing: impl Into<String>, source: io::Error) -> Error {
    Error::Machine { doing: doing.into(), source }
}

/// Whether an error says that there is no space.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => write!(f, "another program has this journal open"),
            Self::Damaged { file, offset, what } => write!(f, "{file}, octet {offset}: {what}"),
            Self::Missing { file } => write!(f, "{file}: it is missing"),
            Self::Foreign { file, version, known } if version > known => write!(
                f,
                "{file}: it is in format {version}, and this program reads formats up to {known}: \
                 a newer one wrote it, and is needed to open it"
            ),
            Self::Foreign { file, version, .. } => write!(
                f,
                "{file}: it is in format {version}, which this program reads no more: go on with \
                 the program that wrote it until nothing waits there, or begin with an empty \
                 directory"
            ),
            Self::Absent => write!(f, "there is no journal"),
            Self::Truncated { asked, first } => {
                write!(f, "position {asked} was given up; the first one left is {first}")
            }
            Self::NotDurable { asked, durable } => write!(
                f,
                "a checkpoint for replay from {asked}, while only {durable} and before is durable"
            ),
            Self::Setting(what) => write!(f, "{what}"),
            Self::TooLarge { octets, max } => {
                write!(f, "a record of {octets} octets; at most {max} are allowed")
            }
            Self::Stopped(why) => write!(f, "the journal has stopped: {why}"),
            Self::Machine { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Machine { source, .. } => Some(source),
            _ => None,
        }
    }
}
