//! The contract of a journal.

use std::fmt;
use std::ops::ControlFlow;

use super::{Batch, Error, Progress};

/// The place of a batch in a journal: the first has 1, each next one more. [`Position::NONE`]
/// stands before all.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position(u64);

impl Position {
    /// Before the first batch.
    pub const NONE: Self = Self(0);
    /// The first batch.
    pub const FIRST: Self = Self(1);

    /// The position with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The one that many behind it.
    #[must_use]
    pub const fn plus(self, more: u64) -> Self {
        Self(self.0 + more)
    }

    /// The one before it; before the first there is none.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A batch that is read back.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its position.
    pub position: Position,
    /// Its octets; [`Records`](super::Records) divides them.
    pub octets: &'a [u8],
}

/// Why a journal does not take a batch. The batch stays as it is with whoever offered it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refused {
    /// As many batches or octets wait for the writer as may. Try again when
    /// [`Progress::durable`] has moved.
    Busy,
    /// It has stopped as it was asked to.
    Closed,
    /// It holds no record.
    Empty,
    /// It has stopped for good, because the storage cannot be trusted.
    Failed,
    /// There is no space. It goes on by itself when some comes back.
    Full,
    /// Another writer has taken its place.
    Fenced,
    /// It is larger than any batch may be.
    TooLarge {
        /// How many octets it takes.
        octets: usize,
        /// How many it may take.
        max: usize,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => write!(f, "too much waits to be written"),
            Self::Closed => write!(f, "the journal is closed"),
            Self::Empty => write!(f, "a batch without a record"),
            Self::Failed => write!(f, "the storage failed"),
            Self::Full => write!(f, "there is no space"),
            Self::Fenced => write!(f, "another writer has taken over"),
            Self::TooLarge { octets, max } => {
                write!(f, "a batch of {octets} octets; at most {max} are allowed")
            }
        }
    }
}

impl std::error::Error for Refused {}

/// A journal: batches in one order, each durable for good once it is said to be.
///
/// # The contract
///
/// 1. **Order.** `submit` gives positions 1, 2, 3 .. without a gap, over all who call it and over
///    restarts. Who submits twice from one thread gets the lower position first.
/// 2. **Durable.** Once `progress().durable()` has come to a position, that batch and all before it
///    are in every later replay, octet by octet, until they are truncated: through kill -9, a power
///    cut, and a restart. It never goes back.
/// 3. **All or nothing.** A batch that is not durable is after a crash there whole or not at all;
///    if it is not there, none behind it is.
/// 4. **Once told, kept.** What a replay after a restart gives is durable, whether its submitter
///    was told or not: a second restart gives the same. Positions behind it are given anew.
/// 5. **Nothing else.** A replay gives what was submitted and nothing else. What is damaged is an
///    error with its place and never left out in silence.
/// 6. **One writer.** Of two that open the same journal to write, one is refused, or its batches
///    never become durable from the moment the other is open ([`Refused::Fenced`]). A position is
///    never durable with two contents.
/// 7. **A failure is for good.** After the first write or sync that fails, nothing more becomes
///    durable and all is refused with [`Refused::Failed`]: what the machine kept of it is not
///    known, and a second attempt that succeeds proves nothing. A lack of space is no failure: it
///    refuses with [`Refused::Full`] and goes on when there is space again.
/// 8. **Bounded.** What waits is bounded in batches and octets ([`Refused::Busy`]); so is a batch.
///
/// `submit` and what it returns may be used on the hot path: it does not wait, and takes no lock.
/// The others may wait for the storage.
pub trait Journal: Send + Sync {
    /// Takes the contents of a batch, leaves an empty one, and says their position.
    ///
    /// # Errors
    /// Why it does not take them. They stay in the batch.
    fn submit(&self, batch: &mut Batch) -> Result<Position, Refused>;

    /// How far it has come; to be read and watched.
    fn progress(&self) -> &Progress;

    /// The oldest position that a replay can begin with.
    fn first(&self) -> Position;

    /// Gives all durable batches from this position on, in order, until `each` breaks. Returns
    /// the position after the last one given, where the next replay can go on.
    ///
    /// # Errors
    /// [`Error::Truncated`] when `from` is no longer there; else what cannot be read, after all
    /// before it has been given.
    fn replay(
        &self,
        from: Position,
        each: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<Position, Error>;

    /// Gives up what stands before this position, in units of the implementation's choice: what
    /// is not before it stays. Text given up cannot be read again.
    ///
    /// # Errors
    /// [`Error::NotDurable`] for what is not durable yet, or what the machine says.
    fn truncate_before(&self, position: Position) -> Result<(), Error>;

    /// Writes what was submitted, and stops.
    ///
    /// # Errors
    /// What kept it from writing.
    fn close(&self) -> Result<(), Error>;
}
