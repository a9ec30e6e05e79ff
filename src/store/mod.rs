//! The journal: records handed over by many become one order that a crash does not change.
//!
//! ```text
//!   shard: Batch --submit--> position            durable() >= position --> shard: answers
//!            \                                      ^
//!             v                                     | wakes
//!           intake (bounded, no locks) --gather--> one frame --write, fdatasync--> segment file
//! ```
//!
//! **Batches and frames.** Each owner fills its own [`Batch`] with records and hands over the whole
//! of it; what must agree stands in one batch, for a batch is never divided. The one writer takes
//! what all have handed over while its last fdatasync ran, and makes one frame of it: group commit
//! by itself, without a timer. The emptied buffers go back, so that nothing is allocated a record.
//!
//! **Positions.** `submit` gives each batch the next number, 1, 2, 3 .., and that is its place in
//! the journal for good. An owner keeps a queue of (position, answers) and lets the answers go when
//! [`Progress::durable`] has come to the position; it leaves a waker and is woken once a frame.
//!
//! **The contract** stands on [`Journal`]. [`MemoryJournal`] keeps it with a list of batches, whose
//! machine can be made to fail, fill up and crash. [`FileJournal`] keeps it with the files of one
//! directory: sealed frames in segments that are written in place and used again, two threads, no
//! lock on the way in. What it asks of a disk is [`Disk`], so that it runs over a simulated one
//! that loses, tears, fails and fills up (`sim::disk`) as over the machine's. One suite of tests
//! (`conformance`) runs over each of them, and every other journal has to pass it.
//!
//! Beside the journal, and no part of it, stand texts that are not to be in memory: [`spill`].
//!
//! Absent on purpose: what a record means (its owner's), any index over records (derived by
//! replay), and compression (a text message is small, and encrypted it does not compress).

/// A journal with checkpoints: all that an engine keeps.
pub trait Store: Journal + Checkpoints {}

impl<S: Journal + Checkpoints> Store for S {}

mod batch;
mod checkpoints;
#[cfg(test)]
pub(crate) mod conformance;
mod disk;
mod error;
mod files;
pub mod history;
mod journal;
mod memory;
mod progress;
pub mod spill;
mod watchers;

pub use batch::{Batch, Records};
pub use checkpoints::{CheckpointWriter, Checkpoints};
pub use disk::{Disk, DiskFile, Lock};
pub use error::Error;
#[cfg(test)]
pub(crate) use files::tests::readable;
pub use files::{
    CheckpointHolds, Damage, Directory, Erased, FileJournal, Holds, Repaired, Report, Settings,
    Stepped, Written, check, repair,
};
pub use journal::{Entry, Journal, Position, Refused};
pub use memory::{MemoryJournal, MemoryStore};
pub use progress::{Progress, Relay, State, Watcher};
pub use watchers::WATCHERS_MAX;
