//! The task of one carrier's dispatcher: takes what shards and links tell it, and hands segments to
//! the links.

mod gated;
mod report;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use metrics::Gauge;
use tokio::time::Sleep;

use super::gate::Gate;
use super::handles::CarrierHandle;
use super::outbox::ShardOutbox;
use super::shard::{SegmentResult, records, shard_of};
use super::shared::{Shared, ToDispatcher, ToShard};
use super::world::{Carrier, World};
use crate::clock::Now;
use crate::mt::egress::{Dispatcher, Next, Outgoing};
use crate::mt::throttle::Rate;
use crate::planted::{Bug, is_planted};
use crate::store::Batch;

/// Items taken, and segments handed out, before others get their turn.
const BATCH: usize = 1024;

/// Messages of a carrier without a bind that are looked at in one turn, for whether they may go
/// elsewhere, the pause between two turns, and that between two looks through the whole queue: a
/// million are looked through in seconds, at a tenth of a CPU.
const LOOK: usize = 2048;
const LOOK_TURN: Duration = Duration::from_millis(5);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// By how much a window is exceeded where that is planted.
const MORE: u32 = 3;

/// A dispatcher and its hands.
pub struct DispatchTask {
    shared: Arc<Shared>,
    /// What it works by, as of this wake-up.
    world: Arc<World>,
    carrier: Arc<Carrier>,
    dispatcher: Dispatcher,
    outbox: ShardOutbox,
    /// What was taken from the queue and not looked at yet.
    told: VecDeque<ToDispatcher>,
    /// The sessions that stand, as last seen in the carrier's `links`.
    links: Vec<Option<Arc<CarrierHandle>>>,
    links_seen: u32,
    touched: Vec<bool>,
    sleep: Pin<Box<Sleep>>,
    /// Since when no bind stands.
    down_since: Option<Duration>,
    /// When the queue is next looked through for what may go elsewhere.
    look_at: Duration,
    look: Pin<Box<Sleep>>,
    /// When the ages of what waits are said next; `None` while nothing waits.
    ages_at: Option<Duration>,
    ages: Pin<Box<Sleep>>,
    /// The pace that each bind has learnt.
    paces: Vec<Gauge>,
    /// Segments that may be written once it is written down that they are; `None` where nothing is.
    gate: Option<Gate<HandOut>>,
    /// The carrier's pace once more, for what comes through the gate: a slow disk lets it go many
    /// at a time.
    pace: Rate,
    /// Until when the pace keeps what is durable; nothing is handed out meanwhile.
    paced_until: Option<Duration>,
    batch: Batch,
    /// How often it has told shards what it is about to send.
    told_sent: u64,
}

/// A segment on its way to a session.
struct HandOut {
    bind: u32,
    link: Arc<CarrierHandle>,
    outgoing: Outgoing,
}

impl DispatchTask {
    /// The task of this carrier's dispatcher. To be made inside the runtime that polls it.
    #[must_use]
    pub fn new(shared: Arc<Shared>, carrier: Arc<Carrier>) -> Self {
        let rate = match is_planted(Bug::RateIgnored) {
            true => 0,
            false => carrier.settings.segments_per_second,
        };
        let mut dispatcher = Dispatcher::new(rate, 0);
        dispatcher.set_ramp_up(ramp_up(&carrier));
        dispatcher.set_bind_rate(carrier.settings.bind_segments_per_second);
        let world = shared.world();
        let now = shared.clock.now().monotonic;
        dispatcher.set_number_rates(now, &world.number_rates);
        dispatcher.set_throttled_slows(now, carrier.settings.dialect.throttled_slows);
        Self {
            dispatcher,
            told: VecDeque::new(),
            links: Vec::new(),
            links_seen: 0,
            touched: Vec::new(),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            down_since: None,
            look_at: Duration::ZERO,
            look: Box::pin(tokio::time::sleep(Duration::ZERO)),
            ages_at: None,
            ages: Box::pin(tokio::time::sleep(Duration::ZERO)),
            paces: Vec::new(),
            gate: shared.gate(),
            pace: Rate::per_second(rate),
            paced_until: None,
            batch: Batch::new(),
            told_sent: shared.checkpoint.load(Ordering::Acquire),
            outbox: ShardOutbox::new(Arc::clone(&shared)),
            world,
            shared,
            carrier,
        }
    }

    /// Works by the newest world from now on.
    fn refresh(&mut self, now: Now) {
        if !self.shared.refresh(&mut self.world) {
            return;
        }
        self.dispatcher.set_number_rates(now.monotonic, &self.world.number_rates);
        if let Some(carrier) = self.world.carriers.get(self.carrier.index as usize) {
            let rate = carrier.settings.segments_per_second;
            if rate != self.carrier.settings.segments_per_second {
                self.dispatcher.set_rate(now.monotonic, rate);
                self.pace.set_per_second(now.monotonic, rate);
            }
            self.dispatcher.set_ramp_up(ramp_up(carrier));
            self.dispatcher.set_bind_rate(carrier.settings.bind_segments_per_second);
            let slows = carrier.settings.dialect.throttled_slows;
            self.dispatcher.set_throttled_slows(now.monotonic, slows);
            self.carrier = Arc::clone(carrier);
        }
    }

    /// Takes what was told; whether there may be more.
    fn take_batch(&mut self, now: Duration, cx: &Context<'_>) -> bool {
        for _ in 0..BATCH {
            let queue = &self.carrier.dispatcher;
            if self.told.is_empty() && !queue.pop(&mut self.told) {
                queue.register(cx);
                return !queue.is_empty();
            }
            let Some(item) = self.told.pop_front() else { continue };
            match item {
                ToDispatcher::Message { outgoing, first } => {
                    self.dispatcher.readmit(outgoing.ticket);
                    if outgoing.flow.is_alone() {
                        // Its answer came first.
                        self.take_answered_alone(now);
                    }
                    match (first, outgoing.flow.is_alone()) {
                        (true, true) => self.dispatcher.push_throttled(now, outgoing),
                        (true, false) => self.dispatcher.push_first(outgoing),
                        (false, _) => self.dispatcher.push(outgoing),
                    }
                }
                ToDispatcher::Withdraw(ticket) => self.dispatcher.remove(ticket),
                ToDispatcher::Find { tickets, answer } => {
                    // Who has gone meanwhile wants no answer.
                    let _ = answer.send(self.dispatcher.waiting_of(&tickets));
                }
            }
        }
        true
    }

    /// Sees which binds stand.
    fn take_links(&mut self, now: Duration) {
        let changed = self.carrier.links_changed.load(Ordering::Acquire);
        if changed == self.links_seen {
            return;
        }
        self.links_seen = changed;
        // What came on those that are gone as well.
        self.take_answered_alone(now);
        let places = self.carrier.links.load();
        if self.links.len() < places.len() {
            self.dispatcher.grow(places.len());
            self.links.resize(places.len(), None);
            self.touched.resize(places.len(), false);
            let pace = |bind| self.carrier.metrics.pace(&self.shared.registry, bind);
            self.paces.extend((self.paces.len()..places.len()).map(pace));
        }
        for (bind, (place, link)) in places.iter().zip(&mut self.links).enumerate() {
            let new = place.load_full();
            let same = match (&new, &*link) {
                (Some(new), Some(before)) => Arc::ptr_eq(new, before),
                (None, None) => true,
                _ => false,
            };
            if !same && link.is_some() {
                self.dispatcher.bind_down(now, bind as u32);
            }
            if let Some(new) = &new {
                if !same {
                    let more = u32::from(is_planted(Bug::WindowIgnored)) * MORE;
                    self.dispatcher.bind_up(now, bind as u32, new.window + more);
                }
                self.dispatcher.hold(bind as u32, new.is_held());
                self.dispatcher.silence(bind as u32, new.silent.load(Ordering::Relaxed));
            }
            *link = new;
        }
    }

    /// Hears of segments that went alone in their lanes, before it takes what comes back of them.
    fn take_answered_alone(&mut self, now: Duration) {
        for (bind, link) in self.links.iter().enumerate() {
            let Some(link) = link else { continue };
            while let Some((ticket, comes_back)) = link.answered_alone.pop() {
                self.dispatcher.answered_alone(now, bind as u32, ticket, comes_back);
            }
        }
    }

    fn take_credit(&mut self, now: Duration) {
        for (bind, link) in self.links.iter().enumerate() {
            let Some(link) = link else { continue };
            let answered = link.take_answered();
            if answered > 0 {
                self.dispatcher.credit(now, bind as u32, answered);
                self.dispatcher.pause(bind as u32, link.paused_until());
                if let Some((throttled, sent_at)) = link.take_throttled()
                    && self.dispatcher.throttled(now, bind as u32, throttled, sent_at)
                {
                    link.is_to_slow(now);
                }
            }
        }
    }

    /// Hands out segments; whether there may be more to hand out at once.
    fn hand_out(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        for _ in 0..BATCH {
            match self.dispatcher.next(now.monotonic) {
                Next::Send { bind, outgoing } => {
                    let Some(Some(link)) = self.links.get(bind as usize) else {
                        self.dispatcher.push_first(outgoing);
                        self.dispatcher.bind_down(now.monotonic, bind);
                        continue;
                    };
                    let is_noted = outgoing.flow.is_noted();
                    // What is written down goes behind what is not yet: it may be of its lane.
                    let passes = |gate: &&mut Gate<HandOut>| !(is_noted && gate.is_empty());
                    match self.gate.as_mut().filter(passes) {
                        None => {
                            let link = Arc::clone(link);
                            self.hand_to(now.monotonic, HandOut { bind, link, outgoing });
                        }
                        Some(gate) => {
                            if !is_noted && !is_planted(Bug::SentNotWritten) {
                                let (order, segment) = (outgoing.order, outgoing.segment);
                                records::sent(&mut self.batch, order, segment);
                            }
                            gate.hold(HandOut { bind, link: Arc::clone(link), outgoing });
                        }
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

    /// Hands a segment to its session. One that has ended meanwhile has not had it.
    fn hand_to(&mut self, now: Duration, HandOut { bind, link, outgoing }: HandOut) {
        let Err(back) = link.push_submit(outgoing) else {
            if let Some(touched) = self.touched.get_mut(bind as usize) {
                *touched = true;
            }
            return;
        };
        let own = self.links.get(bind as usize).and_then(Option::as_ref);
        if own.is_some_and(|own| Arc::ptr_eq(own, &link)) {
            // As `take_links` will see.
            if self.gate.is_none() {
                self.dispatcher.push_first(back);
                return self.dispatcher.bind_down(now, bind);
            }
            self.dispatcher.bind_down(now, bind);
        }
        // Its shard writes down that it was not sent.
        self.not_sent(&back);
    }

    /// Tells its shard that a segment was not sent after all.
    fn not_sent(&mut self, outgoing: &Outgoing) {
        let Outgoing { ticket, segment, segments, .. } = *outgoing;
        for segment in segment..segment.saturating_add(segments) {
            self.outbox.done((ticket, segment), SegmentResult::NotSent, false);
        }
    }

    /// Tells shards what it has written down and not handed out yet, when a checkpoint asks.
    fn tell_sent(&mut self) {
        let asked = self.shared.checkpoint.load(Ordering::Acquire);
        let Some(gate) = self.gate.as_ref().filter(|_| asked != self.told_sent) else { return };
        for HandOut { outgoing: Outgoing { ticket, segment, .. }, .. } in gate.held() {
            self.outbox.still_sent((*ticket, *segment));
        }
        self.told_sent = asked;
    }

    /// Hands what waits back to its shards once no bind has stood for `failover_ms`, as far as
    /// another carrier of its route is up.
    fn fail_over(&mut self, now: Now, cx: &mut Context<'_>) {
        if self.dispatcher.is_up() {
            self.down_since = None;
            return;
        }
        let failover = match self.carrier.is_removed {
            // It does not come back.
            true => Duration::ZERO,
            false => Duration::from_millis(u64::from(self.carrier.settings.failover_ms)),
        };
        let down_since = *self.down_since.get_or_insert(now.monotonic);
        self.look_at = self.look_at.max(down_since + failover);
        if self.dispatcher.waiting() == 0 {
            return;
        }
        if self.look_at <= now.monotonic {
            let wait = match self.look(cx) {
                true => LOOK_AGAIN,
                false => LOOK_TURN,
            };
            self.look_at = now.monotonic + wait;
        }
        self.look.as_mut().reset(self.shared.clock.instant(self.look_at));
        if self.look.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Looks at some of what waits; whether all of it has been seen.
    fn look(&mut self, cx: &Context<'_>) -> bool {
        let Now { monotonic: now, wall } = self.shared.clock.now();
        let (world, own) = (&self.world, self.carrier.index);
        let up = |carrier: &Arc<Carrier>| carrier.binds.load(Ordering::Relaxed) > 0;
        if self.outbox.is_blocked() || !world.carriers.iter().any(up) {
            return true;
        }
        let outbox = &mut self.outbox;
        let seen_all = self.dispatcher.part_with(now, LOOK, |outgoing| {
            let leaves = world.elsewhere(&outgoing.message, own, None, wall).is_ok();
            if leaves {
                let shard = usize::from(shard_of(outgoing.ticket));
                outbox.push(shard, ToShard::Elsewhere(outgoing.ticket));
            }
            leaves
        });
        outbox.flush(cx);
        seen_all
    }

    /// Tells shards what they withdrew before any bind had it.
    fn give_back_unsent(&mut self, cx: &Context<'_>) {
        while let Some(outgoing) = self.dispatcher.pop_unsent() {
            self.not_sent(&outgoing);
        }
        self.tell_sent();
        self.outbox.flush(cx);
        let is_done = self.gate.as_ref().is_none_or(Gate::is_empty);
        let may_end = is_done || !self.shared.is_stopping_carriers();
        if !self.outbox.is_blocked() && may_end {
            self.carrier.told_sent.store(self.told_sent, Ordering::Release);
        }
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

/// How long a bind of this carrier waits for its whole window.
fn ramp_up(carrier: &Carrier) -> Duration {
    Duration::from_millis(u64::from(carrier.settings.ramp_up_ms))
}

impl Future for DispatchTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let now = this.shared.clock.now();
        this.refresh(now);
        this.take_answered_alone(now.monotonic);
        let more_told = this.take_batch(now.monotonic, cx);
        this.take_links(now.monotonic);
        this.take_credit(now.monotonic);
        let more_to_send = !this.is_kept_back(now.monotonic) && this.hand_out(now, cx);
        this.pass_gate(now, cx);
        this.give_back_unsent(cx);
        this.fail_over(now, cx);
        this.wake_links();
        this.report(now, cx);
        if more_told || more_to_send {
            cx.waker().wake_by_ref();
        }
        if let Some(gate) = &this.gate {
            gate.register(cx);
        }
        // It ends only with the runtime.
        Poll::Pending
    }
}
