//! What a shard decides, carried out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::act::Act;
use super::released::Released;
use super::tally::Tally;
use super::touched::Touched;
use crate::engine::gate::Gate;
use crate::engine::gathering::Gathering;
use crate::engine::handles::{
    AccountHandle, Answer, Asked, CarrierHandle, Handed, LinkHandle, Reply,
};
use crate::engine::operators::Operators;
use crate::engine::shard::{
    Counted, Delivery, Effects, Findings, Question, Standing, Stays, Submission, Waits,
};
use crate::engine::shared::{Shared, ToDispatcher, ToShard};
use crate::engine::world::World;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mo::reply::Reply as Said;
use crate::mt::carried::{Away, Carried};
use crate::mt::egress::Outgoing;
use crate::mt::ingress::Replacement;
use crate::mt::receipts::IdKeys;
use crate::store::spill::SpillWriter;
use crate::telemetry::EngineMetrics;
use crate::wire::{CommandStatus, SequenceNumber};

/// Receipts one session gets before the next has its turn: enough to fill a write.
const TURN: usize = 32;

/// Carries out what a shard decides.
pub struct Hands {
    pub(super) shared: Arc<Shared>,
    /// What it works by, as of this wake-up.
    pub(super) world: Arc<World>,
    /// What dispatchers get at the end of the wake-up, by carrier.
    pub(super) waiting: Vec<VecDeque<ToDispatcher>>,
    /// How many deliveries each account was given: which of its sessions has its turn.
    pub(super) turns: Vec<usize>,
    /// Links that are to be woken.
    pub(super) touched: Touched<AccountHandle>,
    pub(super) carriers: Touched<CarrierHandle>,
    /// Messages of this shard in each state, as last reported.
    pub(super) reported: [f64; 6],
    pub(super) tally: Tally,
    pub(super) released: Released,
    pub(super) operators: Operators,
    /// What waits until what was written down is durable; `None` where nothing is.
    pub(super) gate: Option<Gate<Act>>,
    /// Where it puts texts that are not to be in memory; `None` where there is no such place.
    pub(super) spill: Option<SpillWriter>,
    /// What accounts may have by now, in order.
    pub(super) due: Vec<(u32, Delivery)>,
}

impl Hands {
    /// Those of a shard of this engine.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let world = shared.world();
        Self {
            waiting: std::iter::repeat_with(VecDeque::new).take(world.carriers.len()).collect(),
            turns: vec![0; world.accounts.len()],
            touched: Touched::default(),
            carriers: Touched::default(),
            reported: [0.0; 6],
            tally: Tally::default(),
            released: Released::default(),
            operators: Operators::default(),
            gate: shared.gate(),
            spill: shared.journal.as_ref().and_then(|kept| Some(kept.spill.as_ref()?.writer())),
            due: Vec::new(),
            shared,
            world,
        }
    }
}

impl Hands {
    /// About as many octets as this comes to in the journal.
    pub(super) fn octets_of(&self, item: &ToShard) -> usize {
        /// Beside texts.
        const EACH: usize = 256;
        if self.gate.is_none() {
            return 0;
        }
        let message = |submission: &Submission<LinkHandle>| submission.message.octets() as usize;
        EACH + match item {
            ToShard::Submit(submission) => message(submission),
            ToShard::SubmitMulti { submissions, .. } => {
                submissions.iter().map(|one| EACH + message(one)).sum()
            }
            ToShard::Mo { message, .. } => message.short_message.len() + message.tlvs.len(),
            _ => 0,
        }
    }

    pub(super) fn push(&mut self, carrier: u32, item: ToDispatcher) {
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
    pub(super) fn flush(&mut self) {
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
    pub(super) fn report(&mut self, figures: [usize; 6]) {
        if let Some(spill) = &mut self.spill {
            spill.rest();
        }
        let metrics = &self.shared.metrics;
        let EngineMetrics { queued, awaiting_receipt, waiting, mo_held, talks, .. } = metrics;
        let gauges = [queued, awaiting_receipt, waiting, mo_held, talks, &metrics.texts_here];
        for ((gauge, figure), reported) in gauges.into_iter().zip(figures).zip(&mut self.reported) {
            let figure = figure as f64;
            gauge.increment(figure - *reported);
            *reported = figure;
        }
    }
}

impl Hands {
    pub(super) fn tell_accepted(
        &mut self,
        link: &LinkHandle,
        sequence: SequenceNumber,
        id: MessageId,
    ) {
        let status = CommandStatus::ESME_ROK;
        let answer = |asked: Asked| Answer { sequence, status, reply: asked.reply(id) };
        self.answer_account(link, answer, Gathering::done);
    }

    pub(super) fn tell_refused(
        &mut self,
        link: &LinkHandle,
        sequence: SequenceNumber,
        status: CommandStatus,
    ) {
        let id = MessageId::default();
        let answer = |asked: Asked| Answer { sequence, status, reply: asked.reply(id) };
        self.answer_account(link, answer, |part| part.refused(sequence, status));
    }

    pub(super) fn tell_standing(
        &mut self,
        link: &LinkHandle,
        sequence: SequenceNumber,
        standing: Standing,
    ) {
        let (status, reply) = (CommandStatus::ESME_ROK, Reply::QuerySm(standing));
        let answer = |_| Answer { sequence, status, reply };
        self.answer_account(link, answer, |part| part.stands(standing));
    }

    pub(super) fn answer_carrier(
        &mut self,
        handle: &Arc<CarrierHandle>,
        sequence: SequenceNumber,
        status: CommandStatus,
    ) {
        // The link reads no more long before its answers fill the queue.
        let _ = handle.answers.push((sequence, status));
        self.carriers.touch(handle);
    }

    /// Offers a delivery to the account's sessions.
    pub(super) fn offer(&mut self, account: u32, delivery: Delivery) -> Result<(), Waits> {
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
}

impl Effects for Hands {
    type Link = LinkHandle;

    fn accepted(&mut self, link: &LinkHandle, sequence: SequenceNumber, id: MessageId) {
        if !self.holds(|| Act::Accepted(link.clone(), sequence, id)) {
            self.tell_accepted(link, sequence, id);
        }
    }

    /// Nothing has to be durable for it.
    fn refused(&mut self, link: &LinkHandle, sequence: SequenceNumber, status: CommandStatus) {
        self.tell_refused(link, sequence, status);
    }

    fn done(&mut self, link: &LinkHandle, sequence: SequenceNumber) {
        self.accepted(link, sequence, MessageId::default());
    }

    fn stands(&mut self, link: &LinkHandle, sequence: SequenceNumber, standing: Standing) {
        if !self.holds(|| Act::Stands(link.clone(), sequence, standing)) {
            self.tell_standing(link, sequence, standing);
        }
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
        self.act(Act::Tell(carrier, ToDispatcher::Message { outgoing, first }));
    }

    fn goes_at_once(&self, carrier: u32) -> bool {
        let carrier = self.world.carriers.get(carrier as usize);
        self.gate.is_some() && carrier.is_some_and(|carrier| carrier.has_window())
    }

    fn operated(&mut self, number: u64, findings: Findings) {
        self.act(Act::Operated(number, findings));
    }

    fn put_away(&mut self, message: &Message) -> Option<Away> {
        self.spill.as_mut()?.put(message).ok()
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

    fn reply(&mut self, reply: &Said<'_>, wall: Duration) -> Result<(Message, u32), CommandStatus> {
        let (message, carrier) = self.world.reply(reply, wall)?;
        match carrier.queued.take(1) {
            0 => Err(CommandStatus::ESME_RMSGQFUL),
            _ => Ok((message, carrier.index)),
        }
    }

    fn elsewhere(
        &self,
        message: &Carried,
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
        self.act(Act::Tell(carrier, ToDispatcher::Withdraw(ticket)));
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
        self.offer(account, delivery)
    }

    fn hold_delivery(&mut self, account: u32, delivery: Delivery) -> Option<Delivery> {
        let Some(gate) = &mut self.gate else { return Some(delivery) };
        gate.hold(Act::Deliver(account, delivery));
        None
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
        if !self.holds(|| Act::Answer(Arc::clone(handle), sequence, status)) {
            self.answer_carrier(handle, sequence, status);
        }
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
            Counted::MoRequest(request) => metrics.mo_request(request),
            Counted::Reply(fate) => metrics.reply(fate),
            Counted::Turn(why) => metrics.turn(why),
            Counted::TalkDropped => metrics.talks_dropped.increment(1),
            Counted::PolicyHeld(rule) => metrics.policy_held(rule),
            Counted::PolicyRefused(rule) => metrics.policy_refused(rule),
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
