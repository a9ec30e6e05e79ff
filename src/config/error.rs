//! What is wrong with a configuration, and where: one line a fault.

use std::cell::{Cell, RefCell};
use std::fmt;

/// One fault. Prints as `FILE:LINE:COL: key: found X; expected Y`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Error {
    /// The file, as it was named.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// The full path of the key; `TOML` when the file is none.
    pub key: String,
    /// What stands there. Never a secret.
    pub found: String,
    /// What should.
    pub expected: String,
}

/// Where in a file; lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// A line, of a file that has no columns worth naming.
    Line(usize),
    /// A line and a column.
    LineColumn(usize, usize),
}

impl Place {
    /// Where a file begins: the place of what is wrong with it as a whole.
    pub const FIRST: Self = Self::LineColumn(1, 1);
}

/// Every fault of a configuration, in the order of their places; prints one a line. At least one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Errors {
    errors: Vec<Error>,
    dropped: usize,
}

/// Where faults are collected while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Faults {
    errors: RefCell<Vec<Error>>,
    dropped: Cell<usize>,
}

impl Errors {
    /// The most faults that are kept; the rest is counted. A file of noise would otherwise be
    /// answered with one as large.
    pub const MAX: usize = 1_000;

    /// The faults.
    #[must_use]
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Self { errors: vec![error], dropped: 0 }
    }
}

impl Faults {
    /// Adds one, or counts it when there are enough.
    pub(super) fn push(&self, error: Error) {
        let mut errors = self.errors.borrow_mut();
        match errors.len() < Errors::MAX {
            true => errors.push(error),
            false => self.dropped.set(self.dropped.get() + 1),
        }
    }

    /// Whether there is none.
    pub(super) fn are_none(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// All of them in the order of their places; nothing when there is none.
    pub(super) fn into_errors(self) -> Option<Errors> {
        let mut errors = self.errors.into_inner();
        errors.sort();
        (!errors.is_empty()).then_some(Errors { errors, dropped: self.dropped.get() })
    }
}

/// As it stands behind the name of its file.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, ":{line}"),
            Self::LineColumn(line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, key, found, expected } = self;
        write!(f, "{file}{place}: {key}: found {found}; expected {expected}")
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        match self.dropped {
            0 => Ok(()),
            dropped => write!(f, "\nand {dropped} more"),
        }
    }
}

impl std::error::Error for Error {}

impl std::error::Error for Errors {}
