//! What a session's link shares with the rest of the engine: the queues it reads and its waker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::alert::Alert;
use super::gathering::{Gathering, MultiReply};
use super::mailbox::Mailbox;
use super::queue::Queue;
use super::shard::{Delivery, Question, Standing};
use super::tap::Tap;
use crate::message::address_range::AddressRange;
use crate::message::message_id::MessageId;
use crate::mt::egress::Outgoing;
use crate::wire::{CommandId, CommandStatus, SequenceNumber};

/// Deliver_sm of one carrier session that are not answered yet. A link reads no more above an
/// eighth of it: one read of 64 KiB can bring another two thousand, of 33 octets each.
pub const CARRIER_ANSWERS_MAX: usize = 4096;
/// How long after such an answer a bind counts as throttled: the slowest asks once a second.
const THROTTLED_FOR: Duration = Duration::from_secs(2);

/// Alerts that one session of an account has not taken yet: a link takes all there are at each
/// wake-up.
const ALERTS_MAX: usize = 8;

/// query_sm that wait for a place in the window of one carrier session.
const QUESTIONS_MAX: usize = 64;

/// The answer to a request of an account.
#[derive(Debug)]
pub struct Answer {
    /// Of which request.
    pub sequence: SequenceNumber,
    /// The result.
    pub status: CommandStatus,
    /// What else it says.
    pub reply: Reply,
}

/// What the answer to an account says beside its status, by the command that it answers.
#[derive(Debug)]
pub enum Reply {
    /// To a data_sm: our id, when it was taken.
    DataSm(MessageId),
    /// To a query_sm: how the message stands, when it is known.
    QuerySm(Standing),
    /// To a submit_multi: the id of what was taken, and what was not.
    SubmitMulti(Box<MultiReply>),
    /// To a submit_sm: our id, when it was taken.
    SubmitSm(MessageId),
    /// To another command, or one that was refused: nothing.
    Status(CommandId),
}

/// What an account asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// To take messages back, by a cancel_sm.
    Cancel,
    /// To take a message, by a data_sm.
    Data,
    /// To be told how a message stands, by a query_sm.
    Query,
    /// To change a message, by a replace_sm.
    Replace,
    /// To take a message, by a submit_sm.
    Submit,
}

impl Asked {
    /// The reply that says nothing but this id, where it has room for one.
    #[must_use]
    pub const fn reply(self, id: MessageId) -> Reply {
        match self {
            Self::Cancel => Reply::Status(CommandId::CANCEL_SM),
            Self::Data => Reply::DataSm(id),
            Self::Query => Reply::Status(CommandId::QUERY_SM),
            Self::Replace => Reply::Status(CommandId::REPLACE_SM),
            Self::Submit => Reply::SubmitSm(id),
        }
    }
}

/// A delivery in the hands of a session.
#[derive(Clone, Debug)]
pub struct Handed {
    /// It.
    pub delivery: Delivery,
    /// Sessions of the account that refused it for now, one after the other.
    pub refusals: u16,
}

/// A session of an account.
#[derive(Debug)]
pub struct AccountHandle {
    /// Answers to its requests. As many as its window fit, so pushing never fails.
    pub answers: Queue<Answer>,
    /// Receipts and MO for it.
    pub deliveries: Mailbox<Handed>,
    /// Handsets that can be reached again. At the limit an alert goes to another session or,
    /// counted, to none.
    pub alerts: ArrayQueue<Arc<Alert>>,
    /// Set when the operator wants it unbound.
    pub unbind: AtomicBool,
    /// The numbers of ours whose MO it takes; `None` is all.
    pub range: Option<AddressRange>,
    /// Where one may listen in on it.
    pub tap: Arc<Tap>,
}

impl AccountHandle {
    /// A handle for a session of this window, which is bound for these numbers.
    #[must_use]
    pub fn new(window_max: usize, range: Option<AddressRange>, tap: &Arc<Tap>) -> Arc<Self> {
        Arc::new(Self {
            range,
            answers: Queue::new(window_max + 1),
            deliveries: Mailbox::new(window_max.clamp(16, 1024)),
            alerts: ArrayQueue::new(ALERTS_MAX),
            unbind: AtomicBool::new(false),
            tap: Arc::clone(tap),
        })
    }

    /// Whether it is bound for what this is for: a receipt goes to any session (quirk 13).
    #[must_use]
    pub fn takes(&self, delivery: &Delivery) -> bool {
        match delivery {
            Delivery::Receipt { .. } => true,
            Delivery::Mo { message: mo, .. } => self.is_for(mo.destination.octets()),
        }
    }

    /// Whether it is bound for this number of ours.
    #[must_use]
    pub fn is_for(&self, number: &[u8]) -> bool {
        self.range.as_ref().is_none_or(|range| range.has(number))
    }

    /// Hands over a delivery.
    ///
    /// # Errors
    /// Gives one back, this or one that came before it, when there is no room or the session has
    /// ended: whatever the moment it ends at, its end or a pusher finds each delivery.
    pub fn push_delivery(&self, delivery: Handed) -> Result<(), Handed> {
        self.deliveries.push(delivery)
    }

    /// Says that the session has ended. What is left is then there to be taken.
    pub fn close(&self) {
        self.deliveries.close();
    }

    /// Wakes the link.
    pub fn wake(&self) {
        self.answers.wake();
    }
}

/// A session with a carrier.
#[derive(Debug)]
pub struct CarrierHandle {
    /// Segments it may have in flight.
    pub window: u32,
    /// Segments to send: never more than its window, by the dispatcher's count.
    pub submits: Mailbox<Outgoing>,
    /// What it is to ask, while its window has room; a full queue is asked again later.
    pub questions: ArrayQueue<Question>,
    /// Answers to its deliver_sm.
    pub answers: ArrayQueue<(SequenceNumber, CommandStatus)>,
    /// Segments answered since the dispatcher looked.
    pub answered: AtomicU32,
    /// Of these, those that said to slow down.
    pub throttled: AtomicU32,
    /// When the last segment that was answered so had been sent, in nanoseconds of the monotonic
    /// clock.
    pub throttled_sent_at: AtomicU64,
    /// When the last of them came, likewise.
    pub throttled_at: AtomicU64,
    /// Segments that went alone in their lanes and were answered: their tickets, and whether they
    /// come back because they were throttled. As many as the window fit, so pushing never fails.
    pub answered_alone: ArrayQueue<(u64, bool)>,
    /// Nothing is to be sent before this moment, in nanoseconds of the monotonic clock.
    pub paused_until: AtomicU64,
    /// Set while the operator wants no message on it.
    pub held: AtomicBool,
    /// Set while its peer is silent, see
    /// [`Session::is_silent`](crate::session::Session::is_silent).
    pub silent: AtomicBool,
    /// Set when the session is to wait for its answers and unbind.
    leaving: AtomicBool,
    /// How often it has told shards what it has sent, see [`super::checkpointer`]; the most there
    /// is once it has ended and told of all it had.
    pub told_sent: AtomicU64,
}

impl CarrierHandle {
    /// A handle for a session of this window.
    #[must_use]
    pub fn new(window: u32) -> Arc<Self> {
        Arc::new(Self {
            window,
            submits: Mailbox::new(window as usize),
            questions: ArrayQueue::new(QUESTIONS_MAX),
            answers: ArrayQueue::new(CARRIER_ANSWERS_MAX),
            answered: AtomicU32::new(0),
            throttled: AtomicU32::new(0),
            throttled_sent_at: AtomicU64::new(0),
            throttled_at: AtomicU64::new(0),
            // A window whose answers wait to be heard of, and one that was sent for their credit.
            answered_alone: ArrayQueue::new(2 * window as usize + 1),
            paused_until: AtomicU64::new(0),
            held: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            told_sent: AtomicU64::new(0),
        })
    }

    /// Hands over a segment; the dispatcher's credit is the queue's length, so there is room.
    ///
    /// # Errors
    /// Gives one back, this or one that came before it, when the session has ended.
    pub fn push_submit(&self, outgoing: Outgoing) -> Result<(), Outgoing> {
        self.submits.push(outgoing)
    }

    /// Says that the session has ended. What is left is then there to be taken.
    pub fn close(&self) {
        self.submits.close();
    }

    /// Asks the session to wait for its answers and unbind, at its next wake-up.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to, and forgets it.
    #[must_use]
    pub fn take_leave(&self) -> bool {
        self.leaving.load(Ordering::Relaxed) && self.leaving.swap(false, Ordering::Relaxed)
    }

    /// The carrier said to slow down, in answer to a segment that was sent at `sent_at`
    /// (monotonic). To be called before that answer is counted.
    pub fn throttle(&self, sent_at: Duration) {
        self.throttled_sent_at.fetch_max(nanos(sent_at), Ordering::Relaxed);
        self.throttled.fetch_add(1, Ordering::Release);
    }

    /// It was this bind that is to slow down (monotonic).
    pub fn is_to_slow(&self, now: Duration) {
        self.throttled_at.fetch_max(nanos(now), Ordering::Relaxed);
    }

    /// Takes how many answers said so, and when the last segment of them had been sent.
    pub fn take_throttled(&self) -> Option<(u32, Duration)> {
        if self.throttled.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let throttled = self.throttled.swap(0, Ordering::Acquire);
        Some((throttled, Duration::from_nanos(self.throttled_sent_at.load(Ordering::Relaxed))))
    }

    /// Nothing is to be sent before this moment (monotonic).
    pub fn pause(&self, until: Duration) {
        self.paused_until.fetch_max(nanos(until), Ordering::Relaxed);
    }

    /// Whether the carrier wants it slower: it said so a moment ago, or it is paused.
    #[must_use]
    pub fn is_throttled(&self, now: Duration) -> bool {
        let said = Duration::from_nanos(self.throttled_at.load(Ordering::Relaxed));
        let lately = !said.is_zero() && said + THROTTLED_FOR > now;
        lately || self.paused_until() > now
    }

    /// The moment before which nothing is to be sent.
    #[must_use]
    pub fn paused_until(&self) -> Duration {
        Duration::from_nanos(self.paused_until.load(Ordering::Relaxed))
    }

    /// Whether the operator wants no message on it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Wakes the link.
    pub fn wake(&self) {
        self.submits.wake();
    }

    /// Takes the count of answers.
    #[must_use]
    pub fn take_answered(&self) -> u32 {
        if self.answered.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.answered.swap(0, Ordering::AcqRel)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Any session a shard answers.
#[derive(Clone, Debug)]
pub enum LinkHandle {
    /// Of an account, and what it asked.
    Account(Arc<AccountHandle>, Asked),
    /// With a carrier.
    Carrier(Arc<CarrierHandle>),
    /// Of an account that several shards answer together.
    Gathered(Arc<Gathering>),
}
