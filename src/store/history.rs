//! What is kept of a journal beyond need, and how it is looked for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Entry;

/// What an owner's batches say of themselves, to whoever looks back.
pub trait Digest: fmt::Debug + Send + Sync {
    /// When a batch came about, in milliseconds of wall time since 1970, where it says so. Gives
    /// each key under which it is to be found: numbers whose upper bits are spread like a hash's.
    fn digest(&self, batch: &[u8], key: &mut dyn FnMut(u64)) -> Option<u64>;
}

/// How much of what is needed no more is kept, and by what it is found.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// How long, by the wall clock; a segment of the journal goes as a whole, once the last of it
    /// is so old. Zero keeps nothing, and makes no indexes.
    pub age_max: Duration,
    /// Octets of the segments that are kept, and of the indexes beside them.
    pub octets_max: u64,
    /// What the batches say of themselves.
    pub digest: Arc<dyn Digest>,
}

/// What is looked for: batches with one of these keys.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// As [`Digest::digest`] gives them.
    pub keys: &'a [u64],
    /// Of which time, in milliseconds of wall time since 1970; others may be among what is found.
    pub from_ms: u64,
    /// See above.
    pub to_ms: u64,
    /// Octets that are read at most.
    pub octets_max: u64,
}

/// What is seen by whoever looks.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A batch that may have one of the keys.
    Batch(Entry<'a>),
    /// The end of a segment, whose batches came in order; older ones follow.
    EndOfSegment,
}

/// What came of a look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Looked {
    /// Octets that were read.
    pub octets: u64,
    /// Whether older ones were left out, since so many had been read.
    pub is_cut: bool,
    /// Segments that are damaged: what stands in them was not seen.
    pub unreadable: u32,
}

/// What is kept beyond need.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// Its octets, those of indexes among them.
    pub octets: u64,
    /// When the oldest of it came about, in milliseconds of wall time since 1970, as far as that is
    /// known yet; 0 when there is none.
    pub oldest_ms: u64,
}
