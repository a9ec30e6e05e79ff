//! Bugs that are planted where something is done right, to see whether it is noticed if it is not.
//!
//! They are there in tests, and with the feature `planted`; elsewhere [`is_planted`] is never so,
//! and what asks it costs nothing. One is planted at a time, in one thread.

#[cfg(any(test, feature = "planted"))]
use std::cell::Cell;

/// What can be done wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bug {
    /// A frame of the journal is written and not synced.
    NoSync,
    /// A sync that failed is taken for one that did not.
    FailedSyncBelieved,
    /// What waits for the journal does not.
    AnsweredBeforeSync,
    /// The directory is not synced when files get their names.
    DirectoryNotSynced,
    /// Every checksum is right.
    ChecksumIgnored,
    /// A checkpoint is not synced.
    CheckpointNotSynced,
    /// A checkpoint holds nothing of what shards hold.
    CheckpointEmpty,
    /// A checkpoint is said to hold what changed while it was written.
    CheckpointTooNew,
    /// Ids begin anew with each process.
    IdsReused,
    /// It is not written down that a segment is sent.
    SentNotWritten,
    /// A segment that was taken is sent again.
    ResentAfterResponse,
    /// Some receipts of carriers are answered and dropped.
    ReceiptDropped,
    /// What is owed to accounts is forgotten at a start.
    OwedForgotten,
    /// It is not written down that an account has what it was owed.
    SettledNotWritten,
    /// Nobody is told of a message that expired.
    ExpiryUntold,
    /// Of what goes to a carrier together, the last goes first.
    LaneOvertaken,
    /// More requests are out than the window allows.
    WindowIgnored,
    /// A carrier's pace is not kept.
    RateIgnored,
    /// Where one text was put out of memory, the next one is put too.
    ChunkUsedAgain,
}

impl Bug {
    /// All there are.
    #[cfg(any(test, feature = "planted"))]
    pub const ALL: [Self; 19] = [
        Self::NoSync,
        Self::FailedSyncBelieved,
        Self::AnsweredBeforeSync,
        Self::DirectoryNotSynced,
        Self::ChecksumIgnored,
        Self::CheckpointNotSynced,
        Self::CheckpointEmpty,
        Self::CheckpointTooNew,
        Self::IdsReused,
        Self::SentNotWritten,
        Self::ResentAfterResponse,
        Self::ReceiptDropped,
        Self::OwedForgotten,
        Self::SettledNotWritten,
        Self::ExpiryUntold,
        Self::LaneOvertaken,
        Self::WindowIgnored,
        Self::RateIgnored,
        Self::ChunkUsedAgain,
    ];
}

#[cfg(any(test, feature = "planted"))]
thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Whether this is done wrong.
#[cfg(any(test, feature = "planted"))]
pub fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether this is done wrong: it is not.
#[cfg(not(any(test, feature = "planted")))]
#[inline(always)]
pub const fn is_planted(_: Bug) -> bool {
    false
}

/// Plants a bug in this thread, in the place of another one.
#[cfg(any(test, feature = "planted"))]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
