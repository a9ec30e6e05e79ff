//! What a link has for shards: pushed in batches, kept while a queue is full.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context;

use super::queue::Asked;
use super::shared::{Shared, ToShard};

/// The way from one link to the shards.
///
/// A push never fails: what a full queue does not take waits here, and the link reads no more
/// octets until it has gone ([`ShardOutbox::is_blocked`]), so at most one read's worth waits. The
/// shard wakes the link when it has made room.
#[derive(Debug)]
pub struct ShardOutbox {
    shared: Arc<Shared>,
    waiting: Vec<VecDeque<ToShard>>,
    /// Shards that were given something since they were woken last.
    touched: Vec<bool>,
    blocked: usize,
    asked: Vec<Asked>,
}

impl ShardOutbox {
    /// An empty one.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        let shards = shared.shards.len();
        let waiting = std::iter::repeat_with(VecDeque::new).take(shards).collect();
        let asked = std::iter::repeat_with(Asked::default).take(shards).collect();
        Self { shared, waiting, touched: vec![false; shards], blocked: 0, asked }
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

    /// Tries again what waited and wakes the shards that were given anything. If something waits
    /// still, the task of `cx` is woken when there is room for it.
    pub fn flush(&mut self, cx: &Context<'_>) {
        if self.blocked > 0 {
            self.push_waiting(cx);
        }
        for (queue, touched) in self.shared.shards.iter().zip(&mut self.touched) {
            if std::mem::take(touched) {
                queue.wake();
            }
        }
    }

    fn push_waiting(&mut self, cx: &Context<'_>) {
        let queues = self.shared.shards.iter().zip(&mut self.waiting).zip(&mut self.asked);
        for (((queue, waiting), asked), touched) in queues.zip(&mut self.touched) {
            let mut has_asked = false;
            while let Some(item) = waiting.pop_front() {
                let Err(item) = queue.push(item) else {
                    self.blocked -= 1;
                    *touched = true;
                    continue;
                };
                waiting.push_front(item);
                if has_asked {
                    break;
                }
                // There may be room by now that nobody would wake us for.
                queue.wait_for_room(cx, asked);
                has_asked = true;
            }
        }
    }

    /// Whether something waits.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.blocked > 0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;
    use crate::engine::build;
    use crate::engine::settings::Settings;
    use crate::engine::shared::SHARD_QUEUE;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_a_full_shard_does_not_take_waits_asleep_and_goes_when_there_is_room() {
        let shared = Arc::new(build::shared(Settings::default()));
        let mut outbox = ShardOutbox::new(Arc::clone(&shared));
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = Context::from_waker(&waker);
        for account in 0..SHARD_QUEUE as u32 + 2 {
            outbox.push(0, ToShard::AccountReady(account));
        }
        for _ in 0..10 {
            outbox.flush(&cx);
        }
        assert!(outbox.is_blocked());
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "it would run in circles");
        let shard = &shared.shards[0];
        for account in 0..2 {
            assert!(matches!(shard.pop(), Some(ToShard::AccountReady(first)) if first == account));
        }
        shard.wake_writers();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        outbox.flush(&cx);
        assert!(!outbox.is_blocked());
        let rest = std::iter::from_fn(|| shard.pop());
        let rest = rest.map(|item| match item {
            ToShard::AccountReady(account) => account,
            other => panic!("{other:?}"),
        });
        assert!(rest.eq(2..SHARD_QUEUE as u32 + 2), "in order");
    }
}
