//! The task of one carrier's dispatcher: takes what shards and links tell it, and hands segments to
//! the links.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::time::Sleep;

use super::handles::CarrierHandle;
use super::outbox::ShardOutbox;
use super::shard::{SegmentResult, shard_of};
use super::shared::{Carrier, Shared, ToDispatcher, ToShard};
use crate::clock::Now;
use crate::mt::egress::{Dispatcher, Next, Outgoing};

/// Items taken, and segments handed out, before others get their turn.
const BATCH: usize = 1024;

/// A dispatcher and its hands.
pub struct DispatchTask {
    shared: Arc<Shared>,
    carrier: Arc<Carrier>,
    dispatcher: Dispatcher,
    outbox: ShardOutbox,
    /// The sessions that stand, as last seen in [`Carrier::links`].
    links: Vec<Option<Arc<CarrierHandle>>>,
    links_seen: u32,
    touched: Vec<bool>,
    sleep: Pin<Box<Sleep>>,
}

impl DispatchTask {
    /// The task of this carrier's dispatcher. To be made inside the runtime that polls it.
    #[must_use]
    pub fn new(shared: Arc<Shared>, carrier: Arc<Carrier>, binds: usize) -> Self {
        Self {
            dispatcher: Dispatcher::new(carrier.settings.segments_per_second, binds),
            links: vec![None; binds],
            links_seen: 0,
            touched: vec![false; binds],
            sleep: Box::pin(tokio::time::sleep(std::time::Duration::ZERO)),
            outbox: ShardOutbox::new(Arc::clone(&shared)),
            shared,
            carrier,
        }
    }

    /// Takes what was told; whether there may be more.
    fn take_batch(&mut self, cx: &Context<'_>) -> bool {
        for _ in 0..BATCH {
            let Some(item) = self.carrier.dispatcher.pop() else {
                self.carrier.dispatcher.register(cx);
                return !self.carrier.dispatcher.is_empty();
            };
            match item {
                ToDispatcher::Message { outgoing, first: false } => self.dispatcher.push(outgoing),
                ToDispatcher::Message { outgoing, first: true } => {
                    self.dispatcher.push_first(outgoing);
                }
                ToDispatcher::Withdraw(ticket) => self.dispatcher.remove(ticket),
            }
        }
        true
    }

    /// Sees which binds stand.
    fn take_links(&mut self) {
        let changed = self.carrier.links_changed.load(Ordering::Acquire);
        if changed == self.links_seen {
            return;
        }
        self.links_seen = changed;
        let window = self.carrier.settings.window_max;
        for (bind, (place, link)) in self.carrier.links.iter().zip(&mut self.links).enumerate() {
            let now = place.load_full();
            let same = match (&now, &*link) {
                (Some(now), Some(before)) => Arc::ptr_eq(now, before),
                (None, None) => true,
                _ => false,
            };
            if same {
                continue;
            }
            if link.is_some() {
                self.dispatcher.bind_down(bind as u32);
            }
            if now.is_some() {
                self.dispatcher.bind_up(bind as u32, window);
            }
            *link = now;
        }
    }

    fn take_credit(&mut self) {
        for (bind, link) in self.links.iter().enumerate() {
            let Some(link) = link else { continue };
            let answered = link.take_answered();
            if answered > 0 {
                self.dispatcher.credit(bind as u32, answered);
                self.dispatcher.pause(bind as u32, link.paused_until());
            }
        }
    }

    /// Hands out segments; whether there may be more to hand out at once.
    fn hand_out(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        for _ in 0..BATCH {
            match self.dispatcher.next(now.monotonic) {
                Next::Send { bind, outgoing } => {
                    let bind = bind as usize;
                    let pushed = match self.links.get(bind) {
                        Some(Some(link)) => link.push_submit(outgoing),
                        _ => Err(outgoing),
                    };
                    if let Err(back) = pushed {
                        // The session has just ended, as `take_links` will see.
                        self.dispatcher.push_first(back);
                        self.dispatcher.bind_down(bind as u32);
                        continue;
                    }
                    if let Some(touched) = self.touched.get_mut(bind) {
                        *touched = true;
                    }
                }
                Next::At(at) => {
                    self.sleep.as_mut().reset(self.shared.clock.instant(at));
                    return self.sleep.as_mut().poll(cx).is_ready();
                }
                Next::Idle => return false,
            }
        }
        true
    }

    /// Tells shards what they withdrew before any bind had it.
    fn give_back_unsent(&mut self, cx: &Context<'_>) {
        while let Some(Outgoing { ticket, segment, segments, .. }) = self.dispatcher.pop_unsent() {
            let shard = usize::from(shard_of(ticket));
            for segment in segment..segment.saturating_add(segments) {
                let result = SegmentResult::NotSent;
                self.outbox.push(shard, ToShard::Done { ticket, segment, result, late: false });
            }
        }
        self.outbox.flush(cx);
    }

    fn wake_links(&mut self) {
        for (link, touched) in self.links.iter().zip(&mut self.touched) {
            if std::mem::take(touched)
                && let Some(link) = link
            {
                link.wake();
            }
        }
    }
}

impl Future for DispatchTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let now = this.shared.clock.now();
        let more_told = this.take_batch(cx);
        this.take_links();
        this.take_credit();
        let more_to_send = this.hand_out(now, cx);
        this.give_back_unsent(cx);
        this.wake_links();
        this.carrier.metrics.waiting.set(this.dispatcher.waiting() as f64);
        if more_told || more_to_send {
            cx.waker().wake_by_ref();
        }
        // It ends only with the runtime.
        Poll::Pending
    }
}
