//! All that a shard holds, written out a part at a time between its other work.

use std::task::Context;

use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::ShardTask;
use crate::engine::shard::Walk;
use crate::engine::shared::Part;
use crate::planted::{Bug, is_planted};
use crate::store::Batch;

/// A walk under way.
#[derive(Debug)]
pub struct Walking {
    at: Walk,
    to: Sender<Part>,
    /// What found no room.
    left: Option<Part>,
}

impl Walking {
    /// At its beginning.
    pub fn new(to: Sender<Part>) -> Self {
        Self { at: Walk::START, to, left: None }
    }
}

impl ShardTask {
    /// Writes out one part more, and comes back for the next when others have had their turn. What
    /// finds no room waits for the next wake-up, a tick away at the latest.
    pub(super) fn walk_on(&mut self, cx: &Context<'_>) {
        let Some(walking) = &mut self.walking else { return };
        let part = walking.left.take().unwrap_or_else(|| {
            let mut batch = Batch::new();
            walking.at = self.shard.walk(walking.at, &mut batch);
            if is_planted(Bug::CheckpointEmpty) {
                batch.clear();
            }
            Part { batch, is_last: walking.at == Walk::Done }
        });
        let is_last = part.is_last;
        match walking.to.try_send(part) {
            Err(TrySendError::Full(part)) => walking.left = Some(part),
            Ok(()) if !is_last => cx.waker().wake_by_ref(),
            // It was given up, or it is done.
            Ok(()) | Err(TrySendError::Closed(_)) => self.walking = None,
        }
    }
}
