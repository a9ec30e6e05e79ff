//! The task of one shard: takes what its queue holds, and carries out what the shard decided.

mod released;
mod tally;
mod touched;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::build;
use super::gathering::Gathering;
use super::handles::{AccountHandle, Answer, Asked, CarrierHandle, Handed, LinkHandle, Reply};
use super::operators::Operators;
use super::shard::{Counted, Delivery, Effects, Findings, Question, Shard, Standing, Stays, Waits};
use super::shared::{Shared, ToDispatcher, ToShard};
use super::world::World;
use crate::clock::Now;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mt::egress::Outgoing;
use crate::mt::ingress::Replacement;
use crate::mt::receipts::IdKeys;
use crate::wire::{CommandStatus, SequenceNumber};
use released::Released;
use tally::Tally;
use touched::Touched;

/// Items after which no further buffer is taken before others get their turn. A whole round of full
/// windows fits, so that each link is woken, and writes, once a round.
const BATCH: usize = 8192;
/// Receipts one session gets before the next has its turn: enough to fill a write.
const TURN: usize = 32;
/// How often a shard looks at the time when nothing else makes it.
const TICK: Duration = Duration::from_millis(100);

/// A shard and its hands.
pub struct ShardTask {
    index: usize,
    shard: Shard<LinkHandle>,
    /// The buffer that was taken last, empty between two wake-ups.
    told: VecDeque<ToShard>,
    hands: Hands,
    tick: Pin<Box<Sleep>>,
    /// Set once it holds no MO any more.
    released: bool,
}

/// Carries out what a shard decides.
struct Hands {
    shared: Arc<Shared>,
    /// What it works by, as of this wake-up.
    world: Arc<World>,
    /// What dispatchers get at the end of the wake-up, by carrier.
    waiting: Vec<VecDeque<ToDispatcher>>,
    /// How many deliveries each account was given: which of its sessions has its turn.
    turns: Vec<usize>,
    /// Links that are to be woken.
    touched: Touched<AccountHandle>,
    carriers: Touched<CarrierHandle>,
    /// Messages of this shard in each state, as last reported.
    reported: [f64; 4],
    tally: Tally,
    released: Released,
    operators: Operators,
}

impl ShardTask {
    /// The task of the `index`-th shard. To be made inside the runtime that polls it.
    #[must_use]
    pub fn new(index: usize, shard: Shard<LinkHandle>, shared: Arc<Shared>) -> Self {
        let world = shared.world();
        Self {
            index,
            shard,
            told: VecDeque::new(),
            hands: Hands {
                waiting: std::iter::repeat_with(VecDeque::new).take(world.carriers.len()).collect(),
                turns: vec![0; world.accounts.len()],
                touched: Touched::default(),
                carriers: Touched::default(),
                reported: [0.0; 4],
                tally: Tally::default(),
                released: Released::default(),
                operators: Operators::default(),
                shared,
                world,
            },
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

    fn take_batch(&mut self, cx: &Context<'_>) {
        let shared = Arc::clone(&self.hands.shared);
        let Some(queue) = shared.shards.get(self.index) else { return };
        let now = shared.clock.now();
        self.refresh();
        let mut taken = 0;
        while taken < BATCH {
            if !queue.pop(&mut self.told) {
                queue.register(cx);
                // What was pushed before the waker stood there wakes nobody: look again.
                if !queue.is_empty() {
                    cx.waker().wake_by_ref();
                }
                return;
            }
            // Whoever wrote this may have seen accounts and carriers that were not there before.
            self.refresh();
            taken += self.told.len();
            // To its end: a queue that is empty says that its shard has nothing left to do.
            while let Some(item) = self.told.pop_front() {
                self.take(now, item);
            }
        }
        cx.waker().wake_by_ref();
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
            ToShard::AccountReady(account) => shard.account_ready(account, hands),
            ToShard::Operate(asked) => {
                let (wish, filter, operator) = *asked;
                let number = hands.operators.note(operator);
                shard.operate(now, number, (wish, filter), hands);
            }
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
        this.take_batch(cx);
        if let Some(queue) = this.hands.shared.shards.get(this.index) {
            queue.wake_writers();
        }
        if !this.released && this.hands.shared.releasing.load(Ordering::Relaxed) {
            this.released = true;
            this.shard.release(&mut this.hands);
            this.hands.shared.released.fetch_add(1, Ordering::Release);
        }
        while this.tick.as_mut().poll(cx).is_ready() {
            let now = this.hands.shared.clock.now();
            this.shard.handle_timeout(now, &mut this.hands);
            let shard = &this.shard;
            let figures =
                [shard.queued(), shard.awaiting_receipt(), shard.waiting(), shard.held_segments()];
            this.hands.report(figures);
            this.tick.as_mut().reset(tokio::time::Instant::now() + TICK);
        }
        this.hands.flush();
        // It ends only with the runtime.
        Poll::Pending
    }
}

impl Hands {
    fn push(&mut self, carrier: u32, item: ToDispatcher) {
        let at = carrier as usize;
        let (Some(carrier), Some(waiting)) =
            (self.world.carriers.get(at), self.waiting.get_mut(at))
        else {
            return;
        };
        if waiting.capacity() == 0 {
            *waiting = carrier.dispatcher.buffer();
        }
        waiting.push_back(item);
    }

    /// Wakes everybody who was given something, once.
    fn flush(&mut self) {
        self.tally.flush(&self.shared.metrics);
        self.released.flush(&self.world);
        for (carrier, waiting) in self.world.carriers.iter().zip(&mut self.waiting) {
            if waiting.is_empty() {
                continue;
            }
            if let Err(back) = carrier.dispatcher.push(std::mem::take(waiting)) {
                // A full dispatcher is asked again at the next wake-up, a tick away at the latest.
                *waiting = back;
            }
            carrier.dispatcher.wake();
        }
        self.touched.drain().for_each(|handle| handle.wake());
        self.carriers.drain().for_each(|handle| handle.wake());
    }

    /// Tells an account what became of what it asked, if this shard alone has something to say, or
    /// was the last that had.
    fn answer_account(
        &mut self,
        link: &LinkHandle,
        answer: impl FnOnce(Asked) -> Answer,
        part: impl FnOnce(&Arc<Gathering>) -> Option<Answer>,
    ) {
        let (handle, answer) = match link {
            LinkHandle::Account(handle, asked) => (handle, Some(answer(*asked))),
            LinkHandle::Gathered(gathering) => (&gathering.handle, part(gathering)),
            LinkHandle::Carrier(_) => return,
        };
        let Some(answer) = answer else { return };
        // As many answers as the window fit, and no more requests are taken than that.
        let _ = handle.answers.push(answer);
        self.touched.touch(handle);
    }

    /// Adds this shard's part to the gauges that all shards share.
    fn report(&mut self, figures: [usize; 4]) {
        let metrics = &self.shared.metrics;
        let gauges =
            [&metrics.queued, &metrics.awaiting_receipt, &metrics.waiting, &metrics.mo_held];
        for ((gauge, figure), reported) in gauges.into_iter().zip(figures).zip(&mut self.reported) {
            let figure = figure as f64;
            gauge.increment(figure - *reported);
            *reported = figure;
        }
    }
}

impl Effects for Hands {
    type Link = LinkHandle;

    fn accepted(&mut self, link: &LinkHandle, sequence: SequenceNumber, id: MessageId) {
        let status = CommandStatus::ESME_ROK;
        let answer = |asked: Asked| Answer { sequence, status, reply: asked.reply(id) };
        self.answer_account(link, answer, Gathering::done);
    }

    fn refused(&mut self, link: &LinkHandle, sequence: SequenceNumber, status: CommandStatus) {
        let id = MessageId::default();
        let answer = |asked: Asked| Answer { sequence, status, reply: asked.reply(id) };
        self.answer_account(link, answer, |part| part.refused(sequence, status));
    }

    fn done(&mut self, link: &LinkHandle, sequence: SequenceNumber) {
        self.accepted(link, sequence, MessageId::default());
    }

    fn stands(&mut self, link: &LinkHandle, sequence: SequenceNumber, standing: Standing) {
        let (status, reply) = (CommandStatus::ESME_ROK, Reply::QuerySm(standing));
        let answer = |_| Answer { sequence, status, reply };
        self.answer_account(link, answer, |part| part.stands(standing));
    }

    fn charged(&mut self, account: u32, segments: u8) {
        let now = self.shared.clock.now().monotonic;
        if let Some(account) = self.world.accounts.get(account as usize) {
            account.rate.owe(now, u32::from(segments));
        }
    }

    fn released(&mut self, account: u32, carrier: u32, octets: u32) {
        self.released.add(account, carrier, octets);
    }

    fn resized(&mut self, account: u32, from: u32, to: u32) -> bool {
        let Some(account) = self.world.accounts.get(account as usize) else { return false };
        if from > to {
            account.queued_octets.give(from - to);
            return true;
        }
        let taken = account.queued_octets.take(to - from);
        let fits = taken == to - from;
        if !fits {
            account.queued_octets.give(taken);
        }
        fits
    }

    fn dispatch(&mut self, carrier: u32, outgoing: Outgoing, first: bool) {
        self.push(carrier, ToDispatcher::Message { outgoing, first });
    }

    fn operated(&mut self, number: u64, findings: Findings) {
        self.operators.tell(number, findings);
    }

    fn replaced(
        &self,
        message: &Message,
        carrier: u32,
        replacement: &Replacement,
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        self.world.replaced(message, carrier, replacement, wall)
    }

    fn elsewhere(
        &self,
        message: &Message,
        carrier: u32,
        to: Option<u32>,
        wall: Duration,
    ) -> Result<u32, Stays> {
        self.world.elsewhere(message, carrier, to, wall).map(|other| other.index)
    }

    fn change_queue(&mut self, from: u32, to: u32) -> bool {
        let carriers = &self.world.carriers;
        let Some(to) = carriers.get(to as usize).filter(|to| to.queued.take(1) > 0) else {
            return false;
        };
        debug_assert_ne!(to.index, from);
        carriers.get(from as usize).iter().for_each(|from| from.queued.give(1));
        true
    }

    fn withdraw(&mut self, carrier: u32, ticket: u64) {
        self.push(carrier, ToDispatcher::Withdraw(ticket));
    }

    fn ask(&mut self, carrier: u32, question: Question) -> bool {
        let Some(carrier) = self.world.carriers.get(carrier as usize) else { return false };
        // Binds take turns by what was asked of each.
        let places = carrier.links.load();
        let links = places.iter().filter_map(|place| place.load_full());
        let Some(link) = links.min_by_key(|link| link.questions.len()) else { return false };
        if link.questions.push(question).is_err() {
            return false;
        }
        self.carriers.touch(&link);
        true
    }

    fn deliver(&mut self, account: u32, delivery: Delivery) -> Result<(), Waits> {
        let at = account as usize;
        let (Some(account), Some(turn)) = (self.world.accounts.get(at), self.turns.get_mut(at))
        else {
            return Ok(());
        };
        let receivers = account.receivers.load();
        if !receivers.is_empty() && !receivers.iter().any(|handle| handle.takes(&delivery)) {
            return Err(Waits::ForBind(delivery));
        }
        *turn = turn.wrapping_add(1);
        let turn = *turn / TURN;
        let touched = &mut self.touched;
        let offered = account.starving.offer(Handed { delivery, refusals: 0 }, |mut handed| {
            for step in 0..receivers.len() {
                let Some(handle) = receivers.get((turn + step) % receivers.len()) else { break };
                if !handle.takes(&handed.delivery) {
                    continue;
                }
                match handle.push_delivery(handed) {
                    Ok(()) => {
                        touched.touch(handle);
                        return Ok(());
                    }
                    Err(back) => handed = back,
                }
            }
            Err(handed)
        });
        offered.map_err(|handed| Waits::ForRoom(handed.delivery))
    }

    fn backlog(&mut self, account: u32, change: isize) {
        if let Some(account) = self.world.accounts.get(account as usize) {
            account.backlog.fetch_add(change, Ordering::Relaxed);
            if change != 0 {
                for handle in account.receivers.load().iter() {
                    self.touched.touch(handle);
                }
            }
        }
    }

    fn answer(&mut self, link: &LinkHandle, sequence: SequenceNumber, status: CommandStatus) {
        let LinkHandle::Carrier(handle) = link else { return };
        // The link reads no more long before its answers fill the queue.
        let _ = handle.answers.push((sequence, status));
        self.carriers.touch(handle);
    }

    fn count(&mut self, what: Counted) {
        let metrics = &self.shared.metrics;
        match what {
            Counted::Ended(state) => self.tally.ended(state),
            Counted::FinalReceipt(took) => self.tally.final_receipt(metrics, took),
            Counted::FailedOver => metrics.failed_over.increment(1),
            Counted::Retried => metrics.retried.increment(1),
            // Counted where it happened, by carrier and by account.
            Counted::InDoubt | Counted::Mo => {}
            Counted::MaybeTwice => metrics.maybe_twice.increment(1),
            Counted::Twice => metrics.twice.increment(1),
            Counted::DoubtSettled(by) => metrics.in_doubt_settled(by),
            Counted::ReceiptParked(carrier) => {
                self.world
                    .carriers
                    .get(carrier as usize)
                    .iter()
                    .for_each(|own| own.metrics.parked.increment(1));
            }
            Counted::ReceiptUnknown(carrier) => {
                self.world
                    .carriers
                    .get(carrier as usize)
                    .iter()
                    .for_each(|own| own.metrics.unknown.increment(1));
            }
            Counted::ReceiptDuplicate => metrics.duplicate.increment(1),
            Counted::ReceiptMatched(state) => self.tally.matched(state),
            Counted::DeliveryDropped => metrics.deliveries_dropped.increment(1),
            Counted::MoUnowned => metrics.mo_unowned.increment(1),
            Counted::MoDuplicates(segments) => metrics.mo_duplicates.increment(segments),
            Counted::MoIncomplete(why) => metrics.mo_incomplete(why),
            Counted::MoReassembled => metrics.mo_reassembled.increment(1),
            Counted::CorrelationDropped => metrics.correlations_dropped.increment(1),
            Counted::IdNotation { carrier, notation } => {
                if let Some(carrier) = self.world.carriers.get(carrier as usize) {
                    let notation = IdKeys::NAMES.get(notation);
                    let carrier = &carrier.settings.name;
                    tracing::info!(carrier, notation, "notation of ids in receipts learnt");
                }
            }
        }
    }
}
