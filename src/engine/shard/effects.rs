//! What a shard is told, and what it wants done.

use std::sync::Arc;
use std::time::Duration;

use super::asked::Standing;
use super::operations::Findings;
use super::questions::Question;
use super::stays::Stays;
use crate::message::dialect::ReceiptSegments;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::multipart::MultipartState;
use crate::message::receipt::id::IdKey;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mo::keyword::Request;
use crate::mo::reassembly::{self, Why};
use crate::mo::reply::{Answering, Fate, Reply};
use crate::mt::carried::{Away, Carried};
use crate::mt::egress::Outgoing;
use crate::mt::ingress::Replacement;
use crate::mt::policy::{Brands, Policies, Rule};
use crate::mt::receipts::{Outcome, Settled, Subject};
use crate::mt::segmentation::Cutting;
use crate::wire::{CommandStatus, SequenceNumber, StatusClass};

/// What a shard wants done.
pub trait Effects {
    /// How a link is named.
    type Link: Clone;

    /// The message is the engine's: tell its account the id.
    fn accepted(&mut self, link: &Self::Link, sequence: SequenceNumber, id: MessageId);

    /// A message stands so, which its account asked.
    fn stands(&mut self, link: &Self::Link, sequence: SequenceNumber, standing: Standing);

    /// What was asked is done, and there is nothing more to say.
    fn done(&mut self, link: &Self::Link, sequence: SequenceNumber);

    /// What was asked is not done; of a submission: the message is not taken.
    fn refused(&mut self, link: &Self::Link, sequence: SequenceNumber, status: CommandStatus);

    /// A message was changed to so many segments, which count against its account's rate.
    fn charged(&mut self, account: u32, segments: u8);

    /// A message that was offered counts no more against the queues of its account and carrier, nor
    /// its octets: its carrier has all of it, it has ended, or it was refused. Once for each
    /// message.
    fn released(&mut self, account: u32, carrier: u32, octets: u32);

    /// Puts the text of a message where it is not in memory; `None` where there is no such place,
    /// or no room in it.
    fn put_away(&mut self, message: &Message) -> Option<Away> {
        let _ = message;
        None
    }

    /// What a replacement makes of a message that waits for this carrier.
    ///
    /// # Errors
    /// The status of what is at fault with it.
    fn replaced(
        &self,
        message: &Message,
        carrier: u32,
        replacement: &Replacement,
        wall: Duration,
    ) -> Result<Message, CommandStatus>;

    /// A message counts so many octets from now on instead of those; `false` when the account has
    /// no room for more.
    fn resized(&mut self, account: u32, from: u32, to: u32) -> bool;

    /// Give the message to its carrier's dispatcher: behind the others or, with `first`, among
    /// those that go before them, in their order of acceptance.
    fn dispatch(&mut self, carrier: u32, outgoing: Outgoing, first: bool);

    /// Whether this carrier's dispatcher sends what it is given at once. A message is then written
    /// down as sent before it is, so that nothing waits for it to be.
    fn goes_at_once(&self, carrier: u32) -> bool {
        let _ = carrier;
        false
    }

    /// What the engine says, as a message that counts in the queue of the carrier beside it.
    ///
    /// # Errors
    /// The status of what keeps it from being sent.
    fn reply(&mut self, reply: &Reply<'_>, wall: Duration)
    -> Result<(Message, u32), CommandStatus>;

    /// Another carrier for a message that waits for this one; it is `to` if that is given.
    ///
    /// # Errors
    /// Why there is none.
    fn elsewhere(
        &self,
        message: &Carried,
        carrier: u32,
        to: Option<u32>,
        wall: Duration,
    ) -> Result<u32, Stays>;

    /// A message counts in the queue of the other carrier from now on; `false` when that is full.
    fn change_queue(&mut self, from: u32, to: u32) -> bool;

    /// As [`Effects::elsewhere`], and changes its queue.
    ///
    /// # Errors
    /// Why it stays.
    fn move_elsewhere(
        &mut self,
        message: &Carried,
        carrier: u32,
        to: Option<u32>,
        wall: Duration,
    ) -> Result<u32, Stays> {
        let other = self.elsewhere(message, carrier, to, wall)?;
        if self.change_queue(carrier, other) { Ok(other) } else { Err(Stays::Full) }
    }

    /// This is what came of an operation of the operator's.
    fn operated(&mut self, number: u64, findings: Findings);

    /// Take the message back from the dispatcher: what no bind has had of it comes back as
    /// [`SegmentResult::NotSent`]; of the rest its answer comes as ever.
    fn withdraw(&mut self, carrier: u32, ticket: u64);

    /// Ask a carrier about a segment; `false` when it cannot be asked now.
    fn ask(&mut self, carrier: u32, question: Question) -> bool;

    /// Hand this to a session of the account; gives it back when none can take it now.
    ///
    /// # Errors
    /// The delivery, to be kept until a session can.
    fn deliver(&mut self, account: u32, delivery: Delivery) -> Result<(), Waits>;

    /// Gives back what an account is owed that has just come about, or keeps it until that is
    /// written down for good: [`Shard::deliver_kept`](super::Shard::deliver_kept) is told then.
    fn hold_delivery(&mut self, account: u32, delivery: Delivery) -> Option<Delivery> {
        let _ = account;
        Some(delivery)
    }

    /// Answer a carrier's deliver_sm.
    fn answer(&mut self, link: &Self::Link, sequence: SequenceNumber, status: CommandStatus);

    /// So many more (or fewer) deliveries wait for this account.
    fn backlog(&mut self, account: u32, change: isize);

    /// Count something.
    fn count(&mut self, what: Counted);
}

/// What is handed to an account's session.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// A receipt of ours.
    Receipt {
        /// See [`Delivery::number`].
        number: u64,
        /// The message it is about.
        subject: Arc<Subject>,
        /// What became of it.
        outcome: Outcome,
    },
    /// A message from a handset.
    Mo {
        /// See [`Delivery::number`].
        number: u64,
        /// It.
        message: Arc<MoMessage>,
    },
}

impl Delivery {
    /// What its shard is told when the account has it; 0 when it wants to hear nothing.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self {
            Self::Receipt { number, .. } | Self::Mo { number, .. } => *number,
        }
    }

    /// The handset that it is from, or about.
    #[must_use]
    pub fn handset(&self) -> &[u8] {
        match self {
            Self::Receipt { subject, .. } => subject.destination.octets(),
            Self::Mo { message, .. } => message.source.octets(),
        }
    }

    pub(super) fn set_number(&mut self, given: u64) {
        match self {
            Self::Receipt { number, .. } | Self::Mo { number, .. } => *number = given,
        }
    }
}

/// A delivery that no session took.
#[derive(Clone, Debug)]
pub enum Waits {
    /// Until a session has room, and all that comes behind it.
    ForRoom(Delivery),
    /// Until a session binds that is for its number (quirk 55); the others need not wait for it.
    ForBind(Delivery),
}

/// Things that are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// A message ended in this state.
    Ended(MessageState),
    /// A message went from the queue of a carrier that is down to another's.
    FailedOver,
    /// A message will be sent again after this status.
    Retried,
    /// A message was sent and its answer never came.
    InDoubt,
    /// A message in doubt was sent again: it may arrive twice.
    MaybeTwice,
    /// A carrier took two copies of a segment.
    Twice,
    /// It is known what became of a segment in doubt, or of a copy of it.
    DoubtSettled(Settled),
    /// A receipt came before the response it belongs to.
    ReceiptParked(u32),
    /// A receipt that belongs to nothing.
    ReceiptUnknown(u32),
    /// A receipt for what had ended already.
    ReceiptDuplicate,
    /// A receipt was matched.
    ReceiptMatched(MessageState),
    /// The last receipt of a message came this long after its acceptance.
    FinalReceipt(Duration),
    /// Receipts or MO that could not wait any longer for their account.
    DeliveryDropped,
    /// An MO for a number nobody owns.
    MoUnowned,
    /// An MO for its owner.
    Mo,
    /// An MO that asks for this.
    MoRequest(Request),
    /// What became of something that the engine says.
    Reply(Fate),
    /// A turn of a conversation, by the name of why it went as it did, or `again`: its message was
    /// brought a second time.
    Turn(&'static str),
    /// A conversation that was forgotten because there were too many.
    TalkDropped,
    /// So many segments of MO that were there already.
    MoDuplicates(u64),
    /// An MO that goes on with segments missing.
    MoIncomplete(Why),
    /// A message of marketing waits by this rule.
    PolicyHeld(Rule),
    /// One is not sent by this rule.
    PolicyRefused(Rule),
    /// An MO all segments of which are there.
    MoReassembled,
    /// A message ended because its receipt was awaited no longer.
    CorrelationDropped,
    /// It is known now how a carrier writes ids in receipts.
    IdNotation {
        /// Which carrier.
        carrier: u32,
        /// See [`crate::mt::receipts::IdKeys::NAMES`].
        notation: usize,
    },
}

/// What happened to one segment at the carrier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentResult {
    /// Accepted; the key of the carrier's id, if it gave one.
    Accepted {
        /// See [`crate::mt::receipts::response_key`].
        key: Option<u64>,
        /// That id as the carrier wrote it, to be written down.
        id: Option<IdKey>,
    },
    /// Answered with an error, which was of this class.
    Refused {
        /// The status.
        status: CommandStatus,
        /// What it says about trying again.
        class: StatusClass,
        /// When to try again, where the carrier's dialect says it.
        retry_after: Option<Duration>,
    },
    /// Sent, and the answer never came.
    InDoubt,
    /// Handed to a bind that went away before it was written, or withdrawn before any bind had it.
    NotSent,
}

/// What becomes of a message in doubt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InDoubtPolicy {
    /// Nothing until news or expiry.
    Hold,
    /// Sent again at once.
    Resend,
    /// Sent again when no news came in time.
    #[default]
    WaitThenResend,
}

/// What a shard knows of a carrier.
#[derive(Clone, Copy, Debug)]
pub struct CarrierRules {
    /// Times a segment is sent.
    pub attempts_max: u16,
    /// What becomes of a message in doubt.
    pub in_doubt: InDoubtPolicy,
    /// How long it waits for news.
    pub in_doubt_wait: Duration,
    /// Whether ACCEPTED ends a message.
    pub accepted_is_final: bool,
    /// Whether UNKNOWN does, where a carrier says it and does not say that more follows.
    pub unknown_is_final: bool,
    /// Which segments of a long message bring receipts.
    pub receipt_segments: ReceiptSegments,
    /// How long a receipt is awaited before the carrier is asked; zero is for ever.
    pub query_after: Duration,
    /// How long the others are waited for after the first of them.
    pub receipt_segments_wait: Duration,
    /// The greatest reference of its long messages, as far as their header takes it.
    pub reference_max: u16,
    /// Unanswered segments that it takes for each destination (quirk 58); 0 is no limit.
    pub unanswered_per_destination: u8,
    /// How it wants long messages, and what it means by `data_coding` 0.
    pub cutting: Cutting,
}

impl CarrierRules {
    /// How long what comes to be in doubt waits before it is sent again; `None` where it is not.
    #[must_use]
    pub fn resends_after(&self) -> Option<Duration> {
        match self.in_doubt {
            InDoubtPolicy::Hold => None,
            InDoubtPolicy::Resend => Some(Duration::ZERO),
            InDoubtPolicy::WaitThenResend => Some(self.in_doubt_wait),
        }
    }
}

/// Limits of one shard.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Messages not yet sent. At the limit: ESME_RMSGQFUL.
    pub queue_max: usize,
    /// Octets of their user data and TLVs. At the limit: ESME_RMSGQFUL.
    pub queue_octets_max: usize,
    /// Those of them that may be in memory; what comes beyond is put away.
    pub here_octets_max: usize,
    /// Messages sent that await their receipt. At the limit the oldest ends and is counted.
    pub correlations_max: usize,
    /// How long a receipt is awaited.
    pub correlation_max_age: Duration,
    /// Receipts that wait for the response they belong to. At the limit the oldest is unknown.
    pub parked_max: usize,
    /// How long they wait.
    pub parked_max_age: Duration,
    /// The newest messages of which it is known how they ended; those of them that are live are
    /// known beyond it.
    pub ended_max: usize,
    /// Receipts and MO that wait for an account, by its place in the settings. At the limit the
    /// oldest is dropped and counted.
    pub waiting_max: Vec<usize>,
    /// Whether an account wants one receipt for a message that it cut itself, by its place.
    pub one_receipt: Vec<bool>,
    /// Which state of its segments is that of a message that we cut, by account.
    pub multipart_state: Vec<MultipartState>,
    /// How long a temporary error waits before the next attempt.
    pub retry_after: Duration,
    /// MO whose segments are not all there.
    pub reassembly: reassembly::Limits,
    /// Which messages belong together for who opts out.
    pub brands: Arc<Brands>,
    /// What our numbers answer by themselves.
    pub answering: Arc<Answering>,
    /// Conversations of bots. At the limit the one whose handset has been silent the longest is
    /// forgotten and counted.
    pub conversations_max: usize,
    /// What is asked of marketing; `None` is nothing but that it was not opted out of.
    pub policies: Option<Arc<Policies>>,
}

impl Limits {
    /// What an account wants to hear of a message of several segments.
    pub(super) fn multipart_state_of(&self, account: u32) -> MultipartState {
        self.multipart_state.get(account as usize).copied().unwrap_or_default()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_max: 1_000_000,
            queue_octets_max: 268_435_456,
            here_octets_max: usize::MAX,
            correlations_max: 2_000_000,
            correlation_max_age: Duration::from_secs(216 * 3600),
            parked_max: 10_000,
            parked_max_age: Duration::from_secs(30),
            ended_max: 1_000_000,
            waiting_max: Vec::new(),
            one_receipt: Vec::new(),
            multipart_state: Vec::new(),
            retry_after: Duration::from_secs(30),
            reassembly: reassembly::Limits::default(),
            brands: Arc::default(),
            answering: Arc::default(),
            conversations_max: 100_000,
            policies: None,
        }
    }
}

/// A message to admit.
#[derive(Clone, Debug)]
pub struct Submission<L> {
    /// Who is to be answered.
    pub link: L,
    /// With which number.
    pub sequence: SequenceNumber,
    /// The message.
    pub message: Arc<Message>,
    /// Where it goes.
    pub carrier: u32,
}
