//! Messages that await their receipt: when they begin to, what receipts say of them, and when
//! nothing more is waited for.

use std::time::Duration;

use super::awaiting::{Awaiting, More, Wait};
use super::live::{Of, PLACES_MAX, Progress, Segment};
use super::receipts::is_final;
use super::siblings::Ended;
use super::{AWAITED_TICKETS, Counted, Effects, Shard, Share};
use crate::clock::{self, Now};
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mt::carried::Carried;
use crate::mt::receipts::{CarrierReceipt, Outcome, tail};

/// How long after its validity a message ends of which its carrier said that nothing is known. An
/// SMSC tries no longer than the validity; a receipt takes minutes, and seldom an hour.
pub(super) const UNKNOWN_MARGIN: Duration = Duration::from_secs(3600);
/// Messages given up in one turn of the shard, so that others need not wait for a million of them.
const GIVEN_UP_TURN: usize = 16_384;
/// The same for each that begins to wait: more than one give way where a reload lowered the limit.
const SURPLUS_TURN: usize = 16;

impl<L: Clone> Shard<L> {
    /// The carrier has all of a message, and its receipt is awaited from now on; the oldest gives
    /// way at the limit. What receipts may speak of under an id that nobody knows stays live, as
    /// its text may tell it from others, and so does what its carrier may be asked for; of the rest
    /// only a record is left, whose place this gives.
    pub(super) fn await_receipt<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) -> Option<u32> {
        self.forget_marketing(ticket);
        let stays = self.slots.get(ticket)?.doubtful || self.questions.knows(ticket);
        for _ in 0..SURPLUS_TURN {
            let is_full = self.awaiting_receipt() >= self.limits.correlations_max.max(1);
            if !is_full || !self.give_up_one(now, effects) {
                break;
            }
        }
        if stays {
            self.await_live(now, ticket, effects);
            None
        } else {
            self.await_record(now, ticket, effects)
        }
    }

    fn await_live<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.awaits_receipt = true;
        let wait = match self.carriers.get(live.carrier as usize) {
            // Receipts of some segments came before the last response.
            Some(rules) if live.worst.is_some() => rules.receipt_segments_wait,
            _ if live.said_unknown => {
                live.message.expires_at.saturating_sub(now.wall) + UNKNOWN_MARGIN
            }
            _ => self.limits.correlation_max_age,
        };
        live.wake_at = now.wall + wait;
        self.due.push(live.wake_at, ticket);
        self.queued.leave(Share::of(&live.message));
        // For as long as it may wait now its text would keep those beside it on the disk.
        if matches!(live.message, Carried::Away(_)) {
            let text = live.message.read().clone();
            live.message = Carried::from(text);
        }
        let carrier = live.carrier;
        effects.released(live.message.account, carrier, live.octets);
        self.awaiting_live.push_back(ticket);
        self.may_ask(now, ticket, carrier);
    }

    fn await_record<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) -> Option<u32> {
        let lane = self.lane_of(ticket);
        let live = self.slots.remove(ticket)?;
        if live.held {
            self.held_has_ended(ticket, effects);
        }
        if live.segments > 1 {
            for key in live.progress.keys() {
                self.unlink(key, ticket);
            }
        }
        let (id, carrier, account) = (live.id, live.carrier, live.message.account);
        let (octets, share) = (live.octets, Share::of(&live.message));
        let said_unknown = live.said_unknown;
        let has_heard = live.worst.is_some();
        let wait = Wait {
            id,
            carrier,
            subject: live.message.subject(),
            expires_at: live.message.expires_at,
            progress: live.progress,
            worst: live.worst,
            done_s: live.done_s,
            said_unknown,
        };
        let place = self.awaiting.insert(now.wall, wait);
        match self.number_of(id) {
            Some(number) => self.register.awaits(number, place),
            None => self.earlier.awaits(id, place),
        }
        self.queued.leave(share);
        effects.released(account, carrier, octets);
        self.free_lane(lane, ticket, effects);
        if has_heard {
            // Receipts of some segments came before the last response.
            self.give_up_after_segments(now, place);
        } else if said_unknown {
            self.give_up_unknown(now, place);
        }
        Some(place)
    }

    /// Gives up one of the messages that wait, to make room; `false` when there is none.
    fn give_up_one<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) -> bool {
        if let Some((oldest, _)) = self.awaiting.oldest() {
            self.give_up(now, oldest, effects);
            return true;
        }
        while let Some(oldest) = self.awaiting_live.pop_front() {
            if self.slots.get(oldest).is_some_and(|live| live.awaits_receipt) {
                self.give_up_awaiting(now, oldest, effects);
                return true;
            }
        }
        false
    }

    /// No more receipts are awaited: the message ends with what those that came said. Of one that
    /// nothing was heard of, or that it is UNKNOWN and no more, its account is told just that.
    pub(super) fn give_up_awaiting<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get(ticket) else { return };
        if live.worst.is_some() {
            self.complete(now, ticket, effects);
            return;
        }
        if let Some(outcome) = self.inherited(live.id, now.wall) {
            let subject = live.message.subject();
            self.close(ticket, &outcome, effects);
            self.tell(subject, outcome, effects);
            return;
        }
        let registered_delivery = live.message.registered_delivery;
        let (state, error) = unheard(registered_delivery, live.said_unknown, effects);
        self.end(now, ticket, state, error, effects);
    }

    /// Notes what a receipt says of the segment with this key, and tells the account.
    pub(super) fn apply_to_awaited<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        (key, place): (u64, u32),
        receipt: &CarrierReceipt,
        effects: &mut E,
    ) {
        let Some(record) = self.awaiting.get(place) else { return };
        let (id, accepted_at) = (record.id, record.accepted_at());
        let Some(&rules) = self.carriers.get(record.carrier() as usize) else { return };
        let is_final = is_final(receipt, &rules);
        let done = receipt.done_at(now);
        let (state, cause) = (receipt.state, receipt.cause.clone());
        let outcome = Outcome { id, state, is_final, cause, done };
        if self.ledger.is_some() {
            self.note_heard(place, key, (state, is_final));
        }
        if !is_final {
            if receipt.says_nothing() {
                self.give_up_unknown(now, place);
            }
            if let Some(subject) = self.awaiting.subject(place) {
                self.tell(subject, outcome, effects);
            }
            return;
        }
        let mut worst = (state, outcome.cause.clone());
        if self.awaiting.more(place).is_some() {
            let account = self.awaiting.account(place).unwrap_or(u32::MAX);
            let policy = self.limits.multipart_state_of(account);
            let Some(more) = self.awaiting.more_mut(place) else { return };
            if !more.progress.end_segments(Of::Key(key), state) {
                effects.count(Counted::ReceiptDuplicate);
                return;
            }
            worst = policy.with(more.worst.take(), worst);
            more.worst = Some(worst.clone());
            more.done_s = clock::seconds(done);
            let decided = policy.is_decided(more.worst.as_ref());
            if !decided && !more.progress.is_settled(rules.receipt_segments) {
                // The others may never come, and the account is to hear of its message.
                self.give_up_after_segments(now, place);
                return;
            }
        }
        effects.count(Counted::FinalReceipt(now.wall.saturating_sub(accepted_at)));
        let (state, cause) = worst;
        let outcome = Outcome { state, cause, ..outcome };
        let carrier = receipt.carrier;
        let heirs = self.heirs(carrier, Ended { outcome: &outcome, by_receipt: true });
        self.end_awaited(place, outcome, effects);
        heirs.into_iter().for_each(|heir| self.inherit(now, heir, effects));
    }

    /// What a receipt said, for those who look back.
    fn note_heard(&mut self, place: u32, key: u64, said: (MessageState, bool)) {
        let Some(id) = self.awaiting.get(place).map(|record| record.id) else { return };
        let progress = self.awaiting.more(place).map(|more| &more.progress);
        let several = progress.filter(|progress| progress.all().len() > 1);
        let segment = several.map_or(0, |progress| progress.first_of(Of::Key(key)));
        let all = progress.map_or(&[][..], Progress::all);
        if all.get(usize::from(segment)).is_some_and(Segment::has_ended) {
            return;
        }
        let ends = several.is_none() && said.1;
        if let Some(ledger) = &mut self.ledger {
            ledger.heard((id, segment), said, ends);
        }
    }

    /// Nothing is known of a message, and more may follow; but it is not waited for as long as for
    /// what nobody has said anything of.
    fn give_up_unknown(&mut self, now: Now, place: u32) {
        let Some(record) = self.awaiting.get(place) else { return };
        let until = record.expires_at().max(now.wall) + UNKNOWN_MARGIN;
        if let Some(more) = self.awaiting.more_mut(place) {
            more.said_unknown = true;
        }
        self.give_up_at(place, until);
    }

    /// Some segments have ended; the others are not waited for as long.
    fn give_up_after_segments(&mut self, now: Now, place: u32) {
        let Some(record) = self.awaiting.get(place) else { return };
        let rules = self.carriers.get(record.carrier() as usize);
        let wait = rules.map(|rules| rules.receipt_segments_wait).unwrap_or_default();
        self.give_up_at(place, now.wall + wait);
    }

    /// A message is given up at this moment, or before it where that was said already.
    pub(super) fn give_up_at(&mut self, place: u32, until: Duration) {
        let Some(id) = self.awaiting.get(place).map(|record| record.id) else { return };
        let Some(more) = self.awaiting.more_mut(place) else { return };
        if more.give_up_at.is_zero() || until < more.give_up_at {
            more.give_up_at = until;
            self.due.push(until, ticket_of(id, place));
        }
    }

    /// The moment of a message that is given up sooner than others may have come.
    pub(super) fn awaited_due<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(place) = place_of(&self.awaiting, ticket) else { return };
        let is_due = |more: &More| !more.give_up_at.is_zero() && more.give_up_at <= now.wall;
        if self.awaiting.more(place).is_some_and(is_due) {
            self.give_up(now, place, effects);
        }
    }

    /// Gives up what has waited as long as anything may.
    pub(super) fn give_up_oldest<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        for _ in 0..GIVEN_UP_TURN {
            let Some((oldest, since_s)) = self.awaiting.oldest() else { return };
            let since = Duration::from_secs(u64::from(since_s));
            if since + self.limits.correlation_max_age > now.wall {
                return;
            }
            self.give_up(now, oldest, effects);
        }
    }

    /// The same of a message that is live no more.
    fn give_up<E: Effects<Link = L>>(&mut self, now: Now, place: u32, effects: &mut E) {
        let Some(record) = self.awaiting.get(place) else { return };
        let (id, registered_delivery) = (record.id, record.registered_delivery);
        let more = self.awaiting.more(place);
        if let Some(outcome) = self.inherited(id, now.wall)
            && more.is_none_or(|more| more.worst.is_none())
        {
            self.end_awaited(place, outcome, effects);
            return;
        }
        let heard = more.and_then(|more| Some((more.worst.clone()?, more.done_s)));
        let (state, cause, done) = match heard {
            Some(((state, cause), done_s)) => {
                (state, cause, Duration::from_secs(u64::from(done_s)).min(now.wall))
            }
            None => {
                let said_unknown = more.is_some_and(|more| more.said_unknown);
                let (state, error) = unheard(registered_delivery, said_unknown, effects);
                (state, error.into(), now.wall)
            }
        };
        self.end_awaited(place, Outcome { id, state, is_final: true, cause, done }, effects);
    }

    /// The end of a message that its account hears of.
    pub(super) fn end_awaited<E: Effects<Link = L>>(
        &mut self,
        place: u32,
        outcome: Outcome,
        effects: &mut E,
    ) {
        let Some(subject) = self.awaiting.subject(place) else { return };
        let Outcome { id, state, done, .. } = outcome;
        effects.count(Counted::Ended(state));
        self.register_end(id, subject.account, (state, outcome.cause.octet(), done));
        let number = tail(subject.destination.octets());
        self.awaiting.each_key(place, |key| self.ended.remember(key, number));
        self.awaiting.remove(place);
        self.tell(subject, outcome, effects);
    }
}

/// How a message ends of which no receipt has said how. Of one whose account asked for failures
/// alone (SMPP 3.4 §5.2.17) the carrier was asked for no more, and silence is what it says when all
/// went well.
fn unheard<E: Effects>(
    registered_delivery: u8,
    said_unknown: bool,
    effects: &mut E,
) -> (MessageState, u32) {
    if said_unknown {
        return (MessageState::UNKNOWN, 12);
    }
    if registered_delivery & 0x03 == 2 {
        return (MessageState::ACCEPTED, 0);
    }
    effects.count(Counted::CorrelationDropped);
    (MessageState::UNKNOWN, 12)
}

/// What stands for a message that awaits its receipt in the calendar: part of its id, so that it is
/// not taken for another at its place, and the place.
fn ticket_of(id: MessageId, place: u32) -> u64 {
    AWAITED_TICKETS | (u64::from(print(id)) * PLACES_MAX as u64) | u64::from(place)
}

/// Where that message is, if it is still there.
pub(super) fn place_of(awaiting: &Awaiting, ticket: u64) -> Option<u32> {
    // Twenty-six bits.
    let place = (ticket % PLACES_MAX as u64) as u32;
    let id = awaiting.get(place)?.id;
    (ticket_of(id, place) == ticket).then_some(place)
}

fn print(id: MessageId) -> u32 {
    id.number() as u32
}
