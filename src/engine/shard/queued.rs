//! How much a shard has queued, and which texts of it are kept out of memory.

use super::live::PLACES_MAX;
use super::{Effects, Limits, Shard};
use crate::message::envelope::Message;
use crate::mt::carried::{Away, Carried};
use crate::wire::CommandStatus;

/// Messages whose carrier has not answered yet.
#[derive(Debug, Default)]
pub struct Queued {
    messages: usize,
    /// Octets of them.
    octets: usize,
    /// Those of them that are in memory.
    here: usize,
}

/// What one message takes of it.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub octets: u32,
    pub here: u32,
}

impl Share {
    /// That of this message.
    pub fn of(message: &Carried) -> Self {
        Self { octets: message.octets(), here: message.octets_here() }
    }
}

impl Queued {
    /// A message is queued.
    pub fn enter(&mut self, share: Share) {
        self.messages += 1;
        self.octets += share.octets as usize;
        self.here += share.here as usize;
    }

    /// It is so no more.
    pub fn leave(&mut self, share: Share) {
        self.messages -= 1;
        self.octets -= share.octets as usize;
        self.here -= share.here as usize;
    }

    /// How many there are.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Octets of their texts.
    #[cfg(test)]
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Whether there is no room for a message of so many octets.
    pub fn is_full(&self, limits: &Limits, octets: u32) -> bool {
        self.messages >= limits.queue_max || !self.has_room(limits, octets, None)
    }

    /// Whether there is room for so many octets, in the place of what this one takes.
    pub fn has_room(&self, limits: &Limits, octets: u32, before: Option<Share>) -> bool {
        let left = self.octets - before.map_or(0, |share| share.octets as usize);
        left + octets as usize <= limits.queue_octets_max
    }

    /// Where the text of a message goes that is queued in the place of `before`: `None` is that it
    /// stays in it.
    ///
    /// # Errors
    /// ESME_RMSGQFUL when there is no more room for it in memory, nor anywhere else.
    pub fn place<E: Effects>(
        &self,
        limits: &Limits,
        message: &Message,
        before: Option<Share>,
        effects: &mut E,
    ) -> Result<Option<Away>, CommandStatus> {
        let left = self.here - before.map_or(0, |share| share.here as usize);
        if left + message.octets() as usize <= limits.here_octets_max {
            return Ok(None);
        }
        match effects.put_away(message) {
            Some(away) => Ok(Some(away)),
            None => Err(CommandStatus::ESME_RMSGQFUL),
        }
    }
}

impl<L> Shard<L> {
    /// Whether there is no room for a message of so many octets.
    pub(super) fn is_full(&self, octets: u32) -> bool {
        self.queued.is_full(&self.limits, octets) || self.slots.len() >= PLACES_MAX
    }

    /// Messages accepted whose carrier has not answered.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued.messages
    }

    /// Octets of their texts that are in memory.
    #[must_use]
    pub fn octets_here(&self) -> usize {
        self.queued.here
    }
}
