//! Who waits for room at an account's sessions, so that they tell it once they have some.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether deliveries wait in a shard because no session of their account had room.
///
/// A shard sets it when it found none; a session that took something takes it, and then tells the
/// shards. Each changes it with one step that sees the last: a session that makes room before the
/// flag is up has done so before the shard's second try.
#[derive(Debug, Default)]
pub struct Starving(AtomicBool);

impl Starving {
    /// Offers an item to the sessions, twice where the first time could be in vain: one may make
    /// room before it can see that it is wanted.
    ///
    /// # Errors
    /// Gives it back when none has room: some session will take the flag.
    pub fn offer<T>(&self, item: T, mut offer: impl FnMut(T) -> Result<(), T>) -> Result<(), T> {
        offer(item).or_else(|back| match self.0.swap(true, Ordering::AcqRel) {
            true => Err(back),
            false => offer(back),
        })
    }

    /// Takes the flag, after room was made; whether shards are to be told.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}
