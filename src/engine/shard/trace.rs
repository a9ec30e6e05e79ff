//! What is known of one message, for an operator who asks.

use std::time::Duration;

use super::Shard;
use super::awaiting::Awaiting;
use super::live::{HeldBy, Live, Place, Progress, Segment};
use super::register::{End, Known};
use crate::message::class::TrafficClass;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::wire::Address;

/// A message that is live, or how it ended.
#[derive(Clone, Debug)]
pub enum Trace {
    /// It is live.
    Live(Box<LiveTrace>),
    /// It has ended: whose it was, and how.
    Ended(End),
}

/// A live message.
#[derive(Clone, Debug)]
pub struct LiveTrace {
    /// What its dispatcher knows it by; `None` where its carrier has all of it.
    pub ticket: Option<u64>,
    /// Whose it is.
    pub account: u32,
    /// Its class; `None` where its carrier has all of it, and no more is kept than its receipts
    /// need.
    pub class: Option<TrafficClass>,
    /// Its sender.
    pub source: Address,
    /// The handset.
    pub destination: Address,
    /// When it was accepted, in wall time since 1970.
    pub accepted_at: Duration,
    /// When its validity ends, in wall time since 1970.
    pub expires_at: Duration,
    /// Its carrier.
    pub carrier: u32,
    /// Its segments.
    pub segments: Vec<SegmentTrace>,
    /// Every segment was accepted, and its receipt is to come.
    pub awaits_receipt: bool,
    /// Its validity has ended, and what is out is waited for.
    pub expired: bool,
    /// It is held: taken back, changed, or asked for by an operator.
    pub held: bool,
    /// The rule by which it waits until `wake_at`.
    pub held_by: Option<HeldBy>,
    /// When it goes on, or is given up: wall time since 1970; zero is never.
    pub wake_at: Duration,
}

/// Where a segment is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SegmentTrace {
    /// Where.
    pub place: SegmentPlace,
    /// Times it was sent to no avail, throttled answers aside.
    pub attempts: u16,
    /// It went again after a doubt: two copies may be on their way.
    pub twice: bool,
    /// Its final state, once a receipt told it.
    pub state: Option<MessageState>,
}

/// Where a segment is, to an operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentPlace {
    /// In its shard: not sent yet, or refused for now.
    Waits,
    /// With its dispatcher, or sent and unanswered.
    Out,
    /// Sent, and never answered.
    InDoubt,
    /// With its carrier.
    Accepted,
}

impl<L: Clone> Shard<L> {
    /// What is known of the message of this id, or of each that shares it.
    #[must_use]
    pub fn trace(&self, id: MessageId) -> Vec<Trace> {
        let live = |live| Trace::Live(Box::new(live));
        let of_one = |known| match known {
            Known::Ended(end) => Some(Trace::Ended(end)),
            Known::Live(ticket) => {
                let found = self.slots.get(ticket);
                found.map(|found| LiveTrace::of(ticket, found)).map(live)
            }
            Known::Awaited(place) => LiveTrace::awaited(&self.awaiting, place).map(live),
        };
        self.known(id).filter_map(of_one).collect()
    }
}

impl LiveTrace {
    fn of(ticket: u64, live: &Live) -> Self {
        let message = &live.message;
        Self {
            ticket: Some(ticket),
            account: message.account,
            class: Some(message.class),
            source: message.source.clone(),
            destination: message.destination.clone(),
            accepted_at: message.accepted_at,
            expires_at: message.expires_at,
            carrier: live.carrier,
            segments: live.all().iter().map(SegmentTrace::of).collect(),
            awaits_receipt: live.awaits_receipt,
            expired: live.expired,
            held: live.held,
            held_by: live.held_by,
            wake_at: live.wake_at,
        }
    }

    /// One that its carrier has, and of which no more is kept than its receipts need.
    fn awaited(awaiting: &Awaiting, place: u32) -> Option<Self> {
        let (record, subject) = (awaiting.get(place)?, awaiting.subject(place)?);
        let more = awaiting.more(place);
        let taken = Progress::taken(record.key);
        let progress = more.map_or(&taken, |more| &more.progress);
        Some(Self {
            ticket: None,
            account: subject.account,
            class: None,
            source: subject.source,
            destination: subject.destination,
            accepted_at: subject.accepted_at,
            expires_at: record.expires_at(),
            carrier: record.carrier(),
            segments: progress.all().iter().map(SegmentTrace::of).collect(),
            awaits_receipt: true,
            expired: false,
            held: false,
            held_by: None,
            wake_at: more.map_or(Duration::ZERO, |more| more.give_up_at),
        })
    }
}

impl From<Place> for SegmentPlace {
    fn from(place: Place) -> Self {
        match place {
            Place::Back => Self::Waits,
            Place::Out => Self::Out,
            Place::InDoubt => Self::InDoubt,
            Place::Accepted => Self::Accepted,
        }
    }
}

impl SegmentTrace {
    fn of(one: &Segment) -> Self {
        Self { place: one.place.into(), attempts: one.attempts, twice: one.twice, state: one.state }
    }
}
