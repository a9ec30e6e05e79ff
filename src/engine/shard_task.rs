//! The task of one shard: takes what its queue holds, and carries out what the shard decided.

mod act;
mod hands;
mod refusing;
mod released;
mod restore;
mod tally;
mod touched;
mod walking;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::build;
use super::gate::Gate;
use super::handles::LinkHandle;
use super::shard::Shard;
use super::shared::{Shared, ToShard};
use crate::clock::Now;
use hands::Hands;
use refusing::Takes;
use walking::Walking;

/// Items after which no further buffer is taken before others get their turn. A whole round of full
/// windows fits, so that each link is woken, and writes, once a round.
const BATCH: usize = 8192;
/// Octets that what was taken may come to in the journal, about, before it is written down.
const ROUND_OCTETS: usize = 256 << 10;
/// How often a shard looks at the time when nothing else makes it.
const TICK: Duration = Duration::from_millis(100);

/// A shard and its hands.
pub struct ShardTask {
    index: usize,
    shard: Shard<LinkHandle>,
    /// The buffer that was taken last, empty between two wake-ups.
    told: VecDeque<ToShard>,
    hands: Hands,
    /// What was taken while the journal takes nothing, and can neither be refused nor done.
    put_off: VecDeque<ToShard>,
    walking: Option<Walking>,
    tick: Pin<Box<Sleep>>,
    /// Set once it holds no MO any more.
    released: bool,
}

impl ShardTask {
    /// The task of the `index`-th shard. To be made inside the runtime that polls it.
    #[must_use]
    pub fn new(index: usize, shard: Shard<LinkHandle>, shared: Arc<Shared>) -> Self {
        Self {
            index,
            shard,
            told: VecDeque::new(),
            put_off: VecDeque::new(),
            walking: None,
            hands: Hands::new(shared),
            tick: Box::pin(tokio::time::sleep(TICK)),
            released: false,
        }
    }

    /// Works by the newest world from now on.
    fn refresh(&mut self) {
        let hands = &mut self.hands;
        if !hands.shared.refresh(&mut hands.world) {
            return;
        }
        let world = &hands.world;
        hands.waiting.resize_with(world.carriers.len(), VecDeque::new);
        hands.turns.resize(world.accounts.len(), 0);
        let (limits, rules) = (build::shard_limits(world), build::carrier_rules(world));
        self.shard.reconfigure(limits, rules, hands);
    }

    /// Takes what its queue holds; whether there is room in it that was not there before.
    fn take_batch(&mut self, cx: &Context<'_>) -> bool {
        let shared = Arc::clone(&self.hands.shared);
        let Some(queue) = shared.shards.get(self.index) else { return false };
        let now = shared.clock.now();
        self.refresh();
        let (mut taken, mut octets) = (0, 0);
        loop {
            // To its end: a queue that is empty says that its shard has nothing left to do.
            while self.hands.gate.is_none()
                && let Some(item) = self.told.pop_front()
            {
                self.take(now, item);
            }
            while self.hands.takes() != Takes::Later
                && let Some(item) = self.told.pop_front()
            {
                octets += self.hands.octets_of(&item);
                self.take_or_refuse(now, item);
                if octets >= ROUND_OCTETS {
                    octets = 0;
                    self.write_down();
                }
            }
            if !self.told.is_empty() {
                // The journal wakes it.
                return taken > 0;
            }
            if taken >= BATCH {
                cx.waker().wake_by_ref();
                return true;
            }
            if !queue.pop(&mut self.told) {
                queue.register(cx);
                // What was pushed before the waker stood there wakes nobody: look again.
                if !queue.is_empty() {
                    cx.waker().wake_by_ref();
                }
                return taken > 0;
            }
            // Whoever wrote this may have seen accounts and carriers that were not there before.
            self.refresh();
            taken += self.told.len();
        }
    }

    /// Writes down what happened, and does what may be done by now.
    fn write_down(&mut self) {
        let Self { shard, hands, .. } = self;
        let is_small = shard.ledger_octets() < ROUND_OCTETS;
        if let Some(gate) = hands.gate.as_mut().filter(|gate| !(is_small && gate.may_wait())) {
            let wall = hands.shared.clock.now().wall;
            shard.write_down(wall, |batch| gate.write(batch));
            gate.end_round();
        }
        self.release();
    }

    /// Says how much it holds.
    fn report(&mut self) {
        let shard = &self.shard;
        let figures = [
            shard.queued(),
            shard.awaiting_receipt(),
            shard.waiting(),
            shard.held_segments(),
            shard.conversations(),
            shard.octets_here(),
        ];
        self.hands.report(figures);
    }

    /// Does what may be done by now.
    fn release(&mut self) {
        let Self { shard, hands, .. } = self;
        hands.release();
        for (account, delivery) in std::mem::take(&mut hands.due) {
            shard.deliver_kept(account, delivery, hands);
        }
    }

    fn take(&mut self, now: Now, item: ToShard) {
        let (shard, hands) = (&mut self.shard, &mut self.hands);
        match item {
            ToShard::Submit(submission) => shard.admit(now, submission, hands),
            ToShard::SubmitMulti { id, submissions } => {
                shard.admit_several(now, id, submissions, hands);
            }
            ToShard::Query { link, sequence, account, id } => {
                shard.query(account, id, (&link, sequence), hands);
            }
            ToShard::Cancel { link, sequence, wanted } => {
                shard.cancel(now, *wanted, (link, sequence), hands);
            }
            ToShard::Replace { link, sequence, id, replacement } => {
                shard.replace(now, id, *replacement, (link, sequence), hands);
            }
            ToShard::Done { ticket, segment, result, late } => {
                shard.segment_done(now, ticket, segment, result, late, hands);
            }
            ToShard::Named { ticket, segment, id } => shard.named(ticket, segment, id),
            ToShard::CarrierSays { ticket, segment, says } => {
                shard.told_by_carrier(now, (ticket, segment), says, hands);
            }
            ToShard::Elsewhere(ticket) => shard.elsewhere(now, ticket, hands),
            ToShard::Receipt { link, sequence, receipt } => {
                shard.receipt(now, &LinkHandle::Carrier(link), sequence, receipt, hands);
            }
            ToShard::Mo { link, sequence, owner, message } => {
                let link = LinkHandle::Carrier(link);
                shard.mo(now, (&link, sequence), owner, *message, hands);
            }
            ToShard::Undelivered { account, deliveries, pause } => {
                shard.undelivered(now, account, deliveries, pause, hands);
            }
            ToShard::AccountBound(account) => shard.account_bound(account, hands),
            ToShard::Settled(number) => shard.settled(number),
            ToShard::AccountReady(account) => shard.account_ready(account, hands),
            ToShard::Operate(asked) => {
                let (wish, filter, operator) = *asked;
                let number = hands.operators.note(operator);
                shard.operate(now, number, (wish, filter), hands);
            }
            ToShard::StillSent { ticket, segment } => shard.still_sent(ticket, segment),
            ToShard::Walk(to) => self.walking = Some(Walking::new(to)),
            ToShard::Passed(waits) => hands.act(act::Act::Passed(waits)),
            ToShard::Converse(asked) => {
                let (wish, waits) = *asked;
                // Who was told that there is no time for it may ask again.
                if waits.is_closed() {
                    return;
                }
                let granted = shard.converse(now, wish, hands);
                hands.act(act::Act::Granted(waits, Box::new(granted)));
            }
            ToShard::Choices(told) => {
                let (choices, operator) = *told;
                let news = shard.take_choices(now, choices, hands);
                // Who has gone meanwhile wants no answer.
                let _ = operator.send(news);
            }
            ToShard::AskChoices(asked) => asked.answer(shard),
            ToShard::Trace(asked) => {
                let (id, operator) = *asked;
                // Who has gone meanwhile wants no answer.
                let _ = operator.send(shard.trace(id));
            }
        }
    }
}

impl Future for ShardTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.release();
        this.take_put_off();
        let has_taken = this.take_batch(cx);
        if has_taken && let Some(queue) = this.hands.shared.shards.get(this.index) {
            queue.wake_writers();
        }
        if !this.released && this.hands.shared.releasing.load(Ordering::Relaxed) {
            this.released = true;
            let now = this.hands.shared.clock.now();
            this.shard.release(now, &mut this.hands);
            this.hands.shared.released.fetch_add(1, Ordering::Release);
        }
        while this.tick.as_mut().poll(cx).is_ready() {
            let now = this.hands.shared.clock.now();
            if matches!(this.hands.takes(), Takes::All | Takes::Ends) {
                this.shard.handle_timeout(now, &mut this.hands);
            }
            this.report();
            this.tick.as_mut().reset(tokio::time::Instant::now() + TICK);
        }
        this.write_down();
        this.walk_on(cx);
        this.hands.flush();
        if let Some(gate) = &this.hands.gate {
            gate.register(cx);
        }
        // It ends only with the runtime.
        Poll::Pending
    }
}
