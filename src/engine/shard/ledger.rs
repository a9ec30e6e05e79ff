//! What a shard has to write down of what happened since it was asked last.
//!
//! What ends is written as it ends. How messages stand is written once at the end, however often
//! they changed: see [`super::records`].

use std::collections::HashMap;
use std::time::Duration;

use super::live::{Change, Live, Place};
use super::records::{self, Awaited};
use super::register::End;
use super::talks::{Key, Talk};
use super::{Delivery, SegmentResult, Shard};
use crate::message::message_id::MessageId;
use crate::message::receipt::id::IdKey;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mo::reassembly::identity;
use crate::mt::carried::Carried;
use crate::mt::policy::{Chosen, Texted};
use crate::store::Batch;

/// Octets of a batch that another one is begun behind.
const BATCH_OCTETS: usize = 512 << 10;

/// What is to be written down, and what was that may have to be again.
#[derive(Debug)]
pub struct Ledger {
    batch: Batch,
    /// What accounts are owed, by number: a session may hold it. As much as waits and is in
    /// sessions' windows, so their limits are this one's.
    owed: HashMap<u64, (u32, Delivery), foldhash::fast::FixedState>,
    next: u64,
    step: u64,
    /// A message that is about to end, for its one receipt has come.
    ends: Option<MessageId>,
}

impl Ledger {
    /// An account is owed this, under the number that it gets.
    pub fn owe(&mut self, account: u32, delivery: &mut Delivery) {
        delivery.set_number(self.next);
        self.next += self.step;
        records::owed(&mut self.batch, account, delivery);
        self.restore_owed(account, delivery);
    }

    /// The same, as an earlier process wrote it down.
    pub fn restore_owed(&mut self, account: u32, delivery: &Delivery) {
        self.owed.insert(delivery.number(), (account, delivery.clone()));
    }

    /// It has come to its end.
    pub fn settle(&mut self, number: u64) {
        if self.owed.remove(&number).is_some() {
            records::settled(&mut self.batch, number);
        }
    }

    /// A message has ended.
    pub fn ended(&mut self, id: MessageId, shown: MessageId, end: End) {
        let heard = self.ends.take() == Some(id);
        records::ended(&mut self.batch, (id, shown), end, heard);
    }

    /// A receipt said this of a segment; `ends` when its message has no other, and ends by it.
    pub fn heard(
        &mut self,
        (id, segment): (MessageId, u8),
        said: (MessageState, bool),
        ends: bool,
    ) {
        if ends {
            self.ends = Some(id);
        } else {
            records::heard(&mut self.batch, id, segment, said.0, said.1);
        }
    }

    /// A carrier that may be asked for a segment named it so.
    pub fn named(&mut self, id: MessageId, segment: u8, carrier_id: &[u8]) {
        records::named_by_carrier(&mut self.batch, id, segment, carrier_id);
    }

    /// A segment of an MO waits for the others.
    pub fn held(&mut self, message: &MoMessage) {
        records::held(&mut self.batch, identity(message), message);
    }

    /// It does so no more.
    pub fn released(&mut self, identity: u64) {
        records::released(&mut self.batch, identity);
    }

    /// A handset has chosen.
    pub fn chosen(&mut self, chosen: &Chosen) {
        records::chosen(&mut self.batch, chosen);
    }

    /// A conversation stands so.
    pub fn talk(&mut self, talk: &Talk) {
        records::talks::talk(&mut self.batch, talk);
    }

    /// There is none any more.
    pub fn talk_ended(&mut self, key: Key) {
        records::talks::talk_ended(&mut self.batch, key);
    }

    /// Messages were sent to a handset then.
    pub fn texted(&mut self, texted: &Texted) {
        records::texted(&mut self.batch, texted);
    }

    /// A receipt that an earlier process parked has another number now.
    pub fn unparked(&mut self, number: u64) {
        records::unparked(&mut self.batch, number);
    }
}

impl<L: Clone> Shard<L> {
    /// From now on it is noted what is to be written down.
    pub fn keep_ledger(&mut self) {
        let (batch, owed) = Default::default();
        self.ledger = Some(Box::new(Ledger {
            batch,
            owed,
            next: self.first,
            step: self.counter_step,
            ends: None,
        }));
        self.slots.note_touched();
        self.awaiting.note_touched();
        self.parked.note_changes(self.first, self.counter_step);
        self.earlier.set_ended_max(self.limits.ended_max);
    }

    /// A segment of this message was sent and is not answered, which is to be written down again.
    pub fn still_sent(&mut self, ticket: u64, segment: u8) {
        let is_out = |live: &&Live| {
            live.all().get(usize::from(segment)).is_some_and(|one| one.place == Place::Out)
        };
        let live = self.slots.get(ticket).filter(is_out);
        if let (Some(live), Some(ledger)) = (live, &mut self.ledger) {
            records::still_sent(&mut ledger.batch, live.id.number(), segment);
        }
    }

    /// Writes a message down at once: in the same batch as what it goes with.
    pub(super) fn note_now(&mut self, ticket: u64) {
        let Some(mut ledger) = self.ledger.take() else { return };
        if let Some(live) = self.slots.get(ticket) {
            self.note_message(&mut ledger.batch, ticket, live);
            self.slots.noted(ticket);
        }
        self.ledger = Some(ledger);
    }

    /// What a carrier answered to a segment, for those who look back.
    pub(super) fn note_answer(&mut self, ticket: u64, segment: u8, result: SegmentResult) {
        let Some(ledger) = &mut self.ledger else { return };
        let Some(live) = self.slots.get(ticket) else { return };
        match result {
            SegmentResult::Accepted { id, .. } => {
                let carrier_id = id.as_ref().map_or(&[][..], IdKey::as_bytes);
                records::taken(&mut ledger.batch, live.id, segment, carrier_id);
            }
            SegmentResult::Refused { status, .. } => {
                records::refused(&mut ledger.batch, live.id, segment, status);
            }
            SegmentResult::InDoubt | SegmentResult::NotSent => {}
        }
    }

    /// About how many octets are to be written down already.
    pub fn ledger_octets(&self) -> usize {
        self.ledger.as_ref().map_or(0, |ledger| ledger.batch.len())
    }

    /// Gives what is to be written down of what happened since this was asked last, to be taken
    /// out of the batch. What must stand in one batch does; how messages stand, each for itself,
    /// may be in several, in this order. Each says that it came about now, which is `wall`.
    pub fn write_down(&mut self, wall: Duration, mut keep: impl FnMut(&mut Batch)) {
        let Some(mut ledger) = self.ledger.take() else { return };
        let mut keep = |batch: &mut Batch| {
            records::at(batch, wall);
            keep(batch);
        };
        let mut slots = std::mem::take(&mut self.slots);
        slots.take_touched(|ticket, live, change| {
            match change {
                Change::None => {}
                Change::Standing => {
                    records::standing(&mut ledger.batch, live, self.doubts.copies_of(ticket));
                }
                Change::Message => self.note_message(&mut ledger.batch, ticket, live),
            }
            live.progress.all_mut().iter_mut().for_each(|one| one.given = one.given.written());
            if ledger.batch.len() >= BATCH_OCTETS {
                keep(&mut ledger.batch);
            }
        });
        self.slots = slots;
        for place in self.awaiting.take_touched() {
            if let Some(awaited) = awaited(&self.awaiting, place) {
                records::awaits(&mut ledger.batch, &awaited);
            }
            if ledger.batch.len() >= BATCH_OCTETS {
                keep(&mut ledger.batch);
            }
        }
        // What became of receipts that found their message stands before this.
        self.note_parked(&mut ledger.batch);
        if !ledger.batch.is_empty() {
            keep(&mut ledger.batch);
        }
        self.ledger = Some(ledger);
    }

    fn note_message(&self, batch: &mut Batch, ticket: u64, live: &Live) {
        records::message(batch, live, self.shown_id(live.id), self.doubts.copies_of(ticket));
        for (segment, name) in self.questions.names_of(ticket) {
            records::named_by_carrier(batch, live.id, *segment, name);
        }
    }

    fn note_parked(&mut self, batch: &mut Batch) {
        let changes = self.parked.take_changes();
        for place in changes.came {
            if let Some((receipt, _)) = self.parked.get(place) {
                records::parked(batch, place, receipt);
            }
        }
        for place in changes.went {
            records::unparked(batch, place);
        }
    }
}

/// What is known of the message at this place, beside what it is.
fn awaited(awaiting: &super::Awaiting, place: u32) -> Option<Awaited<'_>> {
    let record = awaiting.get(place)?;
    let (id, carrier, since_s, key) = (record.id, record.carrier(), record.since_s, record.key);
    Some(Awaited { id, carrier, since_s, key, more: awaiting.more(place) })
}

/// Where a walk over all that a shard has to say has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Walk {
    /// At this place of live messages.
    Live(usize),
    /// At this place of those that await their receipt.
    Awaiting(usize),
    /// At this place of what handsets have chosen.
    Choices(usize),
    /// At this place of conversations.
    Talks(usize),
    /// At this place of messages that ended lately.
    Ended(usize),
    /// At this place of what handsets got.
    Texted(usize),
    /// At what is owed, parked and held, which is written in one go.
    Rest,
    /// All is said.
    Done,
}

impl Walk {
    /// At the beginning.
    pub const START: Self = Self::Live(0);
}

/// Places looked at in one step of a walk; few in tests, so that much happens between two.
const STEP: usize = if cfg!(test) { 2 } else { 4096 };
/// The same of places of eight octets, most of them empty or all of them full.
const ENDED_STEP: usize = if cfg!(test) { 1 << 14 } else { 4096 };

/// Texts out of memory that are read in one step at most: a disk may take its time for each.
const READS: usize = 256;

impl<L: Clone> Shard<L> {
    /// Writes down a part of all there is, and says where to go on. A message goes from live to
    /// awaiting to owed while this walks in that order, so that none is passed over.
    pub fn walk(&self, at: Walk, batch: &mut Batch) -> Walk {
        match at {
            Walk::Live(from) => {
                let end = (from + STEP).min(self.slots.places());
                let (mut to, mut reads) = (from, 0);
                while to < end && reads < READS {
                    if let Some((ticket, live)) = self.slots.at(to) {
                        self.note_message(batch, ticket, live);
                        reads += usize::from(matches!(live.message, Carried::Away(_)));
                    }
                    to += 1;
                }
                if to < self.slots.places() { Walk::Live(to) } else { Walk::Awaiting(0) }
            }
            Walk::Awaiting(from) => {
                let to = (from + STEP).min(self.awaiting.places());
                for place in (from..to).filter_map(|place| u32::try_from(place).ok()) {
                    self.write_awaiting(place, batch);
                }
                if to < self.awaiting.places() { Walk::Awaiting(to) } else { Walk::Choices(0) }
            }
            Walk::Choices(from) => {
                let to = (from + STEP).min(self.choices.len());
                let chosen = (from..to).filter_map(|place| self.choices.at(place));
                chosen.for_each(|chosen| records::chosen(batch, &chosen));
                if to < self.choices.len() { Walk::Choices(to) } else { Walk::Talks(0) }
            }
            // One that has its turn meanwhile may stand elsewhere then: it is written down anew.
            Walk::Talks(from) => {
                let to = (from + STEP).min(self.talks.places());
                let places = (from..to).filter_map(|place| u32::try_from(place).ok());
                let talks = places.filter_map(|place| self.talks.at(place));
                talks.for_each(|talk| records::talks::talk(batch, talk));
                if to < self.talks.places() { Walk::Talks(to) } else { Walk::Texted(0) }
            }
            Walk::Texted(from) => {
                let sent = self.texted();
                let to = (from + STEP).min(sent.places());
                let texted = (from..to).filter_map(|place| sent.at(place));
                texted.for_each(|texted| records::texted(batch, texted));
                if to < sent.places() { Walk::Texted(to) } else { Walk::Ended(0) }
            }
            Walk::Ended(from) => {
                let to = (from + ENDED_STEP).min(self.ended.places());
                let prints: Vec<u64> = self.ended.prints(from..to).collect();
                if !prints.is_empty() {
                    records::heard_lately(batch, self.index, self.count(), &prints);
                }
                if to < self.ended.places() { Walk::Ended(to) } else { Walk::Rest }
            }
            Walk::Rest => {
                self.write_rest(batch);
                Walk::Done
            }
            Walk::Done => Walk::Done,
        }
    }

    fn write_awaiting(&self, place: u32, batch: &mut Batch) {
        let Some(awaited) = awaited(&self.awaiting, place) else { return };
        let Some(subject) = self.awaiting.subject(place) else { return };
        let expires_at = self.awaiting.get(place).map(|record| record.expires_at());
        let shown = self.shown_id(awaited.id);
        let of = (&subject, expires_at.unwrap_or_default(), shown);
        records::awaits_whole(batch, &awaited, of);
    }

    fn write_rest(&self, batch: &mut Batch) {
        // No later process gives an id, or a number, that this one gave.
        let next = self.ledger.as_ref().map_or(0, |ledger| ledger.next);
        records::start(batch, self.counter.max(next));
        let owed = self.ledger.iter().flat_map(|ledger| ledger.owed.values());
        for (account, delivery) in owed {
            records::owed(batch, *account, delivery);
        }
        for place in self.parked.places() {
            if let Some((receipt, _)) = self.parked.get(place) {
                records::parked(batch, place, receipt);
            }
        }
        self.reassembly.each(|segment| records::held(batch, identity(segment), segment));
    }
}
