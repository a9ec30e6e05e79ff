//! What a link has for shards: pushed in batches, kept while a queue is full.

use std::collections::VecDeque;
use std::sync::Arc;

use super::shared::{Shared, ToShard};

/// The way from one link to the shards.
///
/// A push never fails: what a full queue does not take waits here, and the link reads no more
/// octets until it has gone ([`ShardOutbox::is_blocked`]), so at most one read's worth waits.
#[derive(Debug)]
pub struct ShardOutbox {
    shared: Arc<Shared>,
    waiting: Vec<VecDeque<ToShard>>,
    /// Shards that were given something since they were woken last.
    touched: Vec<bool>,
    blocked: usize,
}

impl ShardOutbox {
    /// An empty one.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        let shards = shared.shards.len();
        let waiting = std::iter::repeat_with(VecDeque::new).take(shards).collect();
        Self { shared, waiting, touched: vec![false; shards], blocked: 0 }
    }

    /// Gives this to a shard.
    pub fn push(&mut self, shard: usize, item: ToShard) {
        let (Some(queue), Some(waiting), Some(touched)) = (
            self.shared.shards.get(shard),
            self.waiting.get_mut(shard),
            self.touched.get_mut(shard),
        ) else {
            return;
        };
        *touched = true;
        let item = if waiting.is_empty() { queue.push(item) } else { Err(item) };
        if let Err(item) = item {
            waiting.push_back(item);
            self.blocked += 1;
        }
    }

    /// Tries again what waited and wakes the shards that were given anything. Returns whether
    /// something still waits: the link is then to be polled again soon.
    pub fn flush(&mut self) -> bool {
        for (shard, queue) in self.shared.shards.iter().enumerate() {
            if let Some(waiting) = self.waiting.get_mut(shard) {
                while let Some(item) = waiting.pop_front() {
                    if let Err(item) = queue.push(item) {
                        waiting.push_front(item);
                        break;
                    }
                    self.blocked -= 1;
                }
            }
            if let Some(touched) = self.touched.get_mut(shard)
                && std::mem::take(touched)
            {
                queue.wake();
            }
        }
        self.is_blocked()
    }

    /// Whether something waits.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.blocked > 0
    }
}
