//! The contract of checkpoints: a state at a position, so that not all history is replayed.

use std::ops::ControlFlow;

use super::{Error, Position};

/// Checkpoints beside a journal.
///
/// The owner of the state writes what lives, record by record, and says from which position a
/// replay goes on. Recovery is [`Checkpoints::read`] and then a replay from what it returns. Until
/// a new checkpoint is finished the older one stays valid, whatever happens in between; of one that
/// is never finished nothing is seen again.
///
/// A state that is written while it changes holds some of what a replay from that position will
/// give once more. Either what is replayed can be applied twice, or the owner writes each part of
/// the state with the position it stands for.
///
/// A checkpoint does not truncate: history may be kept longer. Whoever wants it gone calls
/// [`Journal::truncate_before`](super::Journal::truncate_before) afterwards.
pub trait Checkpoints {
    /// Begins a checkpoint. There is one at a time.
    ///
    /// # Errors
    /// [`Error::Locked`] while another one is being written, or what the machine says.
    fn begin(&self) -> Result<Box<dyn CheckpointWriter + Send + '_>, Error>;

    /// Where replay goes on after the newest checkpoint, if there is one.
    fn newest(&self) -> Option<Position>;

    /// Gives the records of the newest checkpoint in the order they were written, until `each`
    /// breaks. Returns where replay goes on; with no checkpoint that is the journal's first
    /// position.
    ///
    /// # Errors
    /// What cannot be read.
    fn read(&self, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Position, Error>;
}

/// A checkpoint that is being written. Dropped unfinished, it is as if it had not begun.
pub trait CheckpointWriter {
    /// Adds a record. Memory does not grow with their number.
    ///
    /// # Errors
    /// What the machine says; the checkpoint cannot be finished then.
    fn write(&mut self, record: &[u8]) -> Result<(), Error>;

    /// Makes it durable, and the newest one: after it, replay goes on from `from`.
    ///
    /// # Errors
    /// [`Error::NotDurable`] when what stands before `from` is not durable, or what the machine
    /// says; the older one stays the newest.
    fn finish(self: Box<Self>, from: Position) -> Result<(), Error>;
}
