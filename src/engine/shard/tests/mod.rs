//! A shard in virtual time, with effects that only note what was wanted.

mod admission;
mod asked;
mod desks;
mod doubt;
mod elsewhere;
mod endings;
mod lanes;
mod matching;
mod mo;
mod multi;
mod multipart;
mod notations;
mod operations;
mod opt_outs;
mod ownership;
mod policy;
mod questions;
mod recalls;
mod replaces;
mod replies;
mod restarts;
mod sequences;
mod settled;
mod siblings;
mod spilled;
mod statuses;
mod talks;
mod waiting;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::operations::Findings;
use super::stays::Stays;
use super::turns::Turns;
use super::{
    Cancellation, CarrierRules, Counted, Delivery, Effects, InDoubtPolicy, Limits, Question,
    SegmentResult, Shard, Standing, Submission, Waits,
};
use crate::clock::Now;
use crate::message::class::TrafficClass;
use crate::message::dialect::{MoSegments, ReceiptSegments};
use crate::message::envelope::{ENGINE, Message, ServiceType, UserData};
use crate::message::message_id::MessageId;
use crate::message::receipt::id::IdNotation;
use crate::message::state::MessageState;
use crate::mo::reply::Reply;
use crate::mo::{MoMessage, Owner, Recipient};
use crate::mt::carried::{Away, Carried};
use crate::mt::egress::Outgoing;
use crate::mt::ingress::Replacement;
use crate::mt::receipts::{
    CarrierReceipt, Evidence, Notations, Settled, receipt_keys, response_key,
};
use crate::mt::segmentation::Cutting;
use crate::wire::{Address, CommandStatus, SequenceNumber};
use mo::owned_by;

/// When the world begins, in wall time.
const START: Duration = Duration::from_secs(1_790_000_000);
/// A handset.
const HANDSET: &str = "33612345678";
/// The link on which accounts ask something of their messages.
const ASKING: u8 = 2;
/// How long messages are valid.
const VALID: Duration = Duration::from_secs(48 * 3600);

/// Notes what a shard wanted.
#[derive(Default)]
struct Notes {
    accepted: Vec<(u8, SequenceNumber, MessageId)>,
    refused: Vec<(u8, SequenceNumber, CommandStatus)>,
    /// What the dispatcher holds, with whether it was to go first.
    out: VecDeque<(Outgoing, bool)>,
    /// The carriers it was given for, one behind the other.
    dispatched: Vec<u32>,
    withdrawn: Vec<u64>,
    /// What the dispatcher had of it and gives back.
    unsent: Vec<Outgoing>,
    /// What carriers were asked, and whether they can be.
    questions: Vec<Question>,
    mute: bool,
    delivered: Vec<(u32, Delivery)>,
    answered: Vec<(u8, SequenceNumber, CommandStatus)>,
    stands: Vec<Standing>,
    /// What was asked on [`ASKING`], by its number, and whether it was done.
    asked: Vec<(SequenceNumber, Result<(), CommandStatus>)>,
    counted: Vec<Counted>,
    /// What came of operations, by their number.
    operated: Vec<(u64, Findings)>,
    /// The carrier that takes messages of one that is down.
    elsewhere: Option<u32>,
    /// What the engine said.
    said: Vec<String>,
    /// Whether no carrier takes what the engine says.
    no_way: bool,
    /// Numbers of ours that no session is bound for.
    unbound: Vec<&'static str>,
    /// How many deliveries each account takes; one that is not here takes all.
    room: HashMap<u32, usize>,
    charged: Vec<(u32, u8)>,
    backlog: isize,
    released: usize,
    /// Whether carriers send what they are given at once.
    at_once: bool,
    /// Octets given back, less those that changed messages took.
    released_octets: i64,
    /// Whether changed messages find no room for their octets.
    is_full: bool,
    offered_octets: i64,
    spill: Option<Arc<spilled::Elsewhere>>,
}

impl Effects for Notes {
    type Link = u8;

    fn accepted(&mut self, link: &u8, sequence: SequenceNumber, id: MessageId) {
        self.accepted.push((*link, sequence, id));
    }

    fn refused(&mut self, link: &u8, sequence: SequenceNumber, status: CommandStatus) {
        match *link {
            ASKING => self.asked.push((sequence, Err(status))),
            link => self.refused.push((link, sequence, status)),
        }
    }

    fn done(&mut self, link: &u8, sequence: SequenceNumber) {
        assert_eq!(*link, ASKING);
        self.asked.push((sequence, Ok(())));
    }

    fn stands(&mut self, _link: &u8, _sequence: SequenceNumber, standing: Standing) {
        self.stands.push(standing);
    }

    fn charged(&mut self, account: u32, segments: u8) {
        self.charged.push((account, segments));
    }

    fn released(&mut self, _account: u32, _carrier: u32, octets: u32) {
        self.released += 1;
        self.released_octets += i64::from(octets);
    }

    fn resized(&mut self, _account: u32, from: u32, to: u32) -> bool {
        if self.is_full {
            return false;
        }
        self.released_octets += i64::from(from) - i64::from(to);
        true
    }

    fn dispatch(&mut self, carrier: u32, outgoing: Outgoing, first: bool) {
        self.dispatched.push(carrier);
        self.out.push_back((outgoing, first));
    }

    fn put_away(&mut self, message: &Message) -> Option<Away> {
        self.spill.as_ref().map(|spill| spill.put(message))
    }

    fn replaced(
        &self,
        message: &Message,
        _carrier: u32,
        replacement: &Replacement,
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        replacement.of(message, None, (Cutting::default(), None), wall)
    }

    fn reply(
        &mut self,
        reply: &Reply<'_>,
        wall: Duration,
    ) -> Result<(Message, u32), CommandStatus> {
        self.say(reply, wall)
    }

    fn elsewhere(
        &self,
        _message: &Carried,
        carrier: u32,
        to: Option<u32>,
        _wall: Duration,
    ) -> Result<u32, Stays> {
        let wanted = |other: &u32| *other != carrier && to.is_none_or(|to| to == *other);
        self.elsewhere.filter(wanted).ok_or(Stays::NoOther)
    }

    fn change_queue(&mut self, _from: u32, _to: u32) -> bool {
        true
    }

    fn goes_at_once(&self, _carrier: u32) -> bool {
        self.at_once
    }

    fn operated(&mut self, number: u64, findings: Findings) {
        self.operated.push((number, findings));
    }

    fn withdraw(&mut self, _carrier: u32, ticket: u64) {
        self.withdrawn.push(ticket);
        let own = self.out.iter().filter(|(outgoing, _)| outgoing.ticket == ticket);
        self.unsent.extend(own.map(|(outgoing, _)| outgoing.clone()));
        self.out.retain(|(outgoing, _)| outgoing.ticket != ticket);
    }

    fn ask(&mut self, _carrier: u32, question: Question) -> bool {
        if !self.mute {
            self.questions.push(question);
        }
        !self.mute
    }

    fn deliver(&mut self, account: u32, delivery: Delivery) -> Result<(), Waits> {
        if let Delivery::Mo { message: mo, .. } = &delivery
            && self.unbound.iter().any(|number| number.as_bytes() == mo.destination.octets())
        {
            return Err(Waits::ForBind(delivery));
        }
        match self.room.get_mut(&account) {
            Some(0) => Err(Waits::ForRoom(delivery)),
            room => {
                if let Some(room) = room {
                    *room -= 1;
                }
                self.delivered.push((account, delivery));
                Ok(())
            }
        }
    }

    fn answer(&mut self, link: &u8, sequence: SequenceNumber, status: CommandStatus) {
        self.answered.push((*link, sequence, status));
    }

    fn backlog(&mut self, _account: u32, change: isize) {
        self.backlog += change;
    }

    fn count(&mut self, what: Counted) {
        self.counted.push(what);
    }
}

/// A shard, its clock, and what it wanted.
struct World {
    shard: Shard<u8>,
    now: Now,
    notes: Notes,
    notations: Notations,
    sequence: SequenceNumber,
}

/// What a world begins with.
struct Rules {
    limits: Limits,
    carrier: CarrierRules,
}

impl Default for Rules {
    fn default() -> Self {
        let limits = Limits { waiting_max: vec![100, 100], ..Limits::default() };
        let carrier = CarrierRules {
            attempts_max: 3,
            in_doubt: InDoubtPolicy::WaitThenResend,
            in_doubt_wait: Duration::from_secs(60),
            accepted_is_final: false,
            unanswered_per_destination: 0,
            unknown_is_final: true,
            receipt_segments: ReceiptSegments::Each,
            query_after: Duration::ZERO,
            receipt_segments_wait: Duration::from_secs(300),
            reference_max: 255,
            cutting: Cutting::default(),
        };
        Self { limits, carrier }
    }
}

impl World {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    /// Two carriers of the same rules, and accounts 0 and 1.
    fn with(Rules { limits, carrier }: Rules) -> Self {
        Self {
            shard: Shard::new((0, 1), 7, (1000, 0), limits, vec![carrier, carrier]),
            now: Now { monotonic: Duration::ZERO, wall: START },
            notes: Notes::default(),
            notations: Notations::default(),
            sequence: 0,
        }
    }

    /// Other rules of the carriers from now on.
    fn reconfigure(&mut self, carriers: Vec<CarrierRules>) {
        self.shard.reconfigure(Rules::default().limits, carriers, &mut self.notes);
    }

    /// Offers a message on link 1; its id if it was taken.
    fn submit(&mut self, message: Message) -> Option<MessageId> {
        self.submit_to(0, message)
    }

    fn submit_to(&mut self, carrier: u32, message: Message) -> Option<MessageId> {
        let before = self.notes.accepted.len();
        self.sequence += 1;
        let message = Arc::new(message);
        self.notes.offered_octets += i64::from(message.octets());
        let submission = Submission { link: 1, sequence: self.sequence, message, carrier };
        self.shard.admit(self.now, submission, &mut self.notes);
        self.notes.accepted.get(before).map(|(_, _, id)| *id)
    }

    /// Takes the next segment from the dispatcher, as a link would; several at once are cut up.
    fn sent(&mut self) -> Option<Outgoing> {
        let (outgoing, first) = self.notes.out.pop_front()?;
        if outgoing.segments > 1 {
            let (segment, segments) = (outgoing.segment + 1, outgoing.segments - 1);
            let rest = Outgoing { segment, segments, ..outgoing.clone() };
            self.notes.out.push_front((rest, first));
        }
        Some(Outgoing { segments: 1, ..outgoing })
    }

    fn done(&mut self, of: &Outgoing, result: SegmentResult) {
        self.shard.segment_done(self.now, of.ticket, of.segment, result, false, &mut self.notes);
    }

    fn done_late(&mut self, of: &Outgoing, result: SegmentResult) {
        self.shard.segment_done(self.now, of.ticket, of.segment, result, true, &mut self.notes);
    }

    /// The carrier takes a segment under this id.
    fn take(&mut self, of: &Outgoing, id: &str) {
        let result = self.taken(id);
        self.done(of, result);
    }

    fn taken(&self, id: &str) -> SegmentResult {
        SegmentResult::Accepted {
            key: response_key(0, self.notations, id.as_bytes()),
            id: IdNotation::Text.key(id.as_bytes()),
        }
    }

    fn refuse(&mut self, of: &Outgoing, status: CommandStatus) {
        self.done(of, SegmentResult::Refused { status, class: status.class(), retry_after: None });
    }

    /// A receipt from the handset on link 9.
    fn receipt(&mut self, id: &str, state: MessageState) {
        self.receipt_of(id, HANDSET, state);
    }

    fn receipt_of(&mut self, id: &str, handset: &str, state: MessageState) {
        let receipt = self.carrier_receipt(id, handset, state);
        self.hear(receipt);
    }

    fn carrier_receipt(&self, id: &str, handset: &str, state: MessageState) -> CarrierReceipt {
        CarrierReceipt {
            carrier: 0,
            keys: receipt_keys(0, self.notations, id.as_bytes()),
            destination: Address::new(1, 1, handset.as_bytes()),
            state,
            cause: (u32::from(state != MessageState::DELIVERED) * 99).into(),
            done: None,
            is_provisional: false,
            evidence: Evidence::default(),
        }
    }

    /// A receipt on link 9.
    fn hear(&mut self, receipt: CarrierReceipt) {
        self.sequence += 1;
        self.shard.receipt(self.now, &9, self.sequence, receipt, &mut self.notes);
        let answer = (9, self.sequence, CommandStatus::ESME_ROK);
        assert_eq!(self.notes.answered.last(), Some(&answer), "each receipt is answered");
    }

    /// Time passes in steps of a tick.
    fn pass(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        while self.now.monotonic < end {
            let left = end - self.now.monotonic;
            let next = self.shard.poll_timeout().map_or(left, |at| {
                at.saturating_sub(self.now.wall).max(Duration::from_millis(100))
            });
            self.now = self.now.plus(next.min(left));
            self.shard.handle_timeout(self.now, &mut self.notes);
            self.give_back_unsent();
        }
    }

    /// The dispatcher gives back what was withdrawn.
    fn give_back_unsent(&mut self) {
        for outgoing in std::mem::take(&mut self.notes.unsent) {
            for segment in outgoing.segment..outgoing.segment + outgoing.segments {
                self.done(&Outgoing { segment, ..outgoing.clone() }, SegmentResult::NotSent);
            }
        }
    }

    fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// What accounts were told so far: whom, of which message, which state and error.
    fn told(&self) -> Vec<(u32, MessageId, MessageState, u32)> {
        let receipts =
            self.notes.delivered.iter().filter_map(|(account, delivery)| match delivery {
                Delivery::Receipt { outcome, .. } => {
                    let error = outcome.cause.error().number();
                    Some((*account, outcome.id, outcome.state, error.unwrap_or(u32::MAX)))
                }
                Delivery::Mo { .. } => None,
            });
        receipts.collect()
    }

    fn counts(&self, what: Counted) -> usize {
        self.notes.counted.iter().filter(|counted| **counted == what).count()
    }

    /// Nothing is left of any message.
    fn assert_empty(&self) {
        let shard = &self.shard;
        assert_eq!((shard.queued(), shard.awaiting_receipt()), (0, 0));
        assert!(shard.by_key.is_empty(), "correlations of messages that are gone");
        assert!(shard.doubts.is_empty(), "doubts about messages that are gone");
        assert!(shard.awaiting.is_empty(), "records of messages that are gone");
        assert!(shard.questions.is_empty(), "questions about messages that are gone");
        assert!(shard.recalls.is_empty(), "requests without an answer");
        assert!(shard.siblings.have_ended(), "segments that are gone");
        assert!(shard.marketing.is_empty(), "marketing that is gone");
        assert_eq!(shard.operations.len(), 0, "operations without an answer");
        assert!(shard.turns.as_ref().is_none_or(Turns::is_empty), "lanes of nobody");
        let notes = &self.notes;
        let offered = notes.accepted.len() + notes.refused.len() + notes.said.len();
        assert_eq!(self.notes.released, offered, "places in queues");
        let (given_back, taken) = (self.notes.released_octets, self.notes.offered_octets);
        let queued = (shard.queued.octets(), shard.octets_here());
        assert_eq!((queued, given_back), ((0, 0), taken), "octets in queues");
    }
}

/// A message of one segment from account 0 to the handset, which wants its receipt.
fn message() -> Message {
    Message {
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, HANDSET.as_bytes()),
        registered_delivery: 1,
        user_data: UserData::new(b"hello"),
        accepted_at: START,
        expires_at: START + VALID,
        ..Message::default()
    }
}

fn message_to(handset: &str) -> Message {
    Message { destination: Address::new(1, 1, handset.as_bytes()), ..message() }
}

/// A message of so many segments of one octet.
fn long_message(segments: u16) -> Message {
    let text = vec![b'x'; usize::from(segments)];
    Message { user_data: UserData::new(&text), cuts: (1..=segments).collect(), ..message() }
}

fn mo(text: &str) -> MoMessage {
    MoMessage {
        carrier: 0,
        source: Address::new(1, 1, HANDSET.as_bytes()),
        destination: Address::new(3, 0, b"36105"),
        service_type: Box::default(),
        esm_class: 0,
        protocol_id: 0,
        priority_flag: 0,
        data_coding: 0,
        short_message: text.as_bytes().into(),
        tlvs: Box::default(),
    }
}

const DELIVERED: MessageState = MessageState::DELIVERED;
const UNKNOWN: MessageState = MessageState::UNKNOWN;
const UNDELIVERABLE: MessageState = MessageState::UNDELIVERABLE;
const REJECTED: MessageState = MessageState::REJECTED;
