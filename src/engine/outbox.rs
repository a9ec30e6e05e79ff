//! What a link has for shards: gathered, handed over once a wake-up, kept while a
//! queue is full.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context;

use super::batches::Asked;
use super::shard::{SegmentResult, shard_of};
use super::shared::{Shared, ToShard};

/// The way from one link to the shards.
///
/// A push never fails: what a full queue does not take waits here, and the link reads no more
/// octets until it has gone ([`ShardOutbox::is_blocked`]), so at most one read's worth waits. The
/// shard wakes the link when it has made room.
#[derive(Debug)]
pub struct ShardOutbox {
    shared: Arc<Shared>,
    /// What each shard gets at the next flush. Without it there is no buffer, so that an idle
    /// link costs nothing.
    waiting: Vec<VecDeque<ToShard>>,
    asked: Vec<Asked>,
    blocked: bool,
}

impl ShardOutbox {
    /// An empty one.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        let shards = shared.shards.len();
        let waiting = std::iter::repeat_with(VecDeque::new).take(shards).collect();
        let asked = std::iter::repeat_with(Asked::default).take(shards).collect();
        Self { shared, waiting, asked, blocked: false }
    }

    /// Gives this to a shard, at the next [`ShardOutbox::flush`].
    pub fn push(&mut self, shard: usize, item: ToShard) {
        let (Some(queue), Some(waiting)) =
            (self.shared.shards.get(shard), self.waiting.get_mut(shard))
        else {
            return;
        };
        if waiting.capacity() == 0 {
            *waiting = queue.buffer();
        }
        waiting.push_back(item);
    }

    /// This came of a segment, by its message's ticket.
    pub fn done(&mut self, (ticket, segment): (u64, u8), result: SegmentResult, late: bool) {
        let shard = usize::from(shard_of(ticket));
        self.push(shard, ToShard::Done { ticket, segment, result, late });
    }

    /// A segment is sent and not answered, see [`super::checkpointer`].
    pub fn still_sent(&mut self, (ticket, segment): (u64, u8)) {
        let shard = usize::from(shard_of(ticket));
        self.push(shard, ToShard::StillSent { ticket, segment });
    }

    /// Hands over what was pushed and wakes the shards that got anything. What a full queue gives
    /// back waits, and the task of `cx` is woken when there is room for it.
    pub fn flush(&mut self, cx: &Context<'_>) {
        self.blocked = false;
        let queues = self.shared.shards.iter().zip(&mut self.waiting).zip(&mut self.asked);
        for ((queue, waiting), asked) in queues {
            if waiting.is_empty() {
                continue;
            }
            let pushed = queue.push(std::mem::take(waiting)).or_else(|back| {
                queue.wait_for_room(cx, asked);
                // There may be room by now that nobody would wake us for.
                queue.push(back)
            });
            match pushed {
                Ok(()) => queue.wake(),
                Err(back) => {
                    *waiting = back;
                    self.blocked = true;
                }
            }
        }
    }

    /// Whether the last flush left anything behind.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.blocked
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
        let shared = Arc::new(build::shared(Settings::default()).unwrap());
        let mut outbox = ShardOutbox::new(Arc::clone(&shared));
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = Context::from_waker(&waker);
        // A queue takes a buffer as long as there is any room: this one fills it.
        for account in 0..SHARD_QUEUE as u32 {
            outbox.push(0, ToShard::AccountReady(account));
        }
        outbox.flush(&cx);
        assert!(!outbox.is_blocked());
        for account in [SHARD_QUEUE as u32, SHARD_QUEUE as u32 + 1] {
            outbox.push(0, ToShard::AccountReady(account));
            for _ in 0..10 {
                outbox.flush(&cx);
            }
            assert!(outbox.is_blocked());
        }
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "it would run in circles");
        let shard = &shared.shards[0];
        let mut taken = VecDeque::new();
        assert!(shard.pop(&mut taken));
        let mut all: Vec<ToShard> = taken.drain(..).collect();
        shard.wake_writers();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        outbox.flush(&cx);
        assert!(!outbox.is_blocked());
        assert!(shard.pop(&mut taken) && shard.is_empty());
        all.extend(taken);
        let accounts = all.into_iter().map(|item| match item {
            ToShard::AccountReady(account) => account,
            other => panic!("{other:?}"),
        });
        assert!(accounts.eq(0..SHARD_QUEUE as u32 + 2), "in order");
    }
}
