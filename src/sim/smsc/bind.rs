//! What a simulated SMSC keeps of one bind: answers and deliveries that wait, in lanes by delay.
//!
//! Each lane has one delay, so what enters it last is due last: a lane is a queue, and nothing is
//! ever sorted, however many millions wait.

use std::collections::VecDeque;
use std::time::Duration;

use super::mo::MoSegment;
use super::queue::Queue;
use super::receipt::Receipt;
use crate::wire::{CommandId, CommandStatus, SequenceNumber};

/// A bind of the simulated SMSC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BindId(pub(super) usize);

/// Which queue a request to an ESME came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lane {
    /// Receipts that go before all others: before their own answer, or left by a lost link.
    Express,
    /// Receipts after the ordinary delay.
    Receipts,
    /// Receipts that were refused for now or not answered.
    Retries,
    /// Segments from handsets.
    Mo,
}

/// An answer that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub due: Duration,
    pub sequence: SequenceNumber,
    /// What is answered.
    pub command_id: CommandId,
    pub status: CommandStatus,
    /// The message's number, when it was accepted.
    pub number: u64,
    /// How many times it is sent.
    pub copies: u8,
}

/// What one bind has waiting.
#[derive(Debug)]
pub(super) struct Bind {
    /// Which account, by its place.
    pub account: usize,
    /// Whether it takes deliver_sm.
    pub receives: bool,
    /// Messages submitted on it so far.
    pub submits: u64,
    /// Set while the owner is to be called.
    pub woken: bool,
    /// Answers after the ordinary latency.
    pub answers: VecDeque<Answer>,
    /// Answers that are late on purpose.
    pub late: VecDeque<Answer>,
    /// Answers that follow the express receipt at that position.
    pub held: VecDeque<(u64, Answer)>,
    pub receipts: [Queue<Receipt>; 3],
    pub mo: Queue<MoSegment>,
    /// Segments that were refused for now, and when they may go again.
    pub mo_retries: VecDeque<(Duration, MoSegment)>,
}

/// Bits of a ticket that are the position in its lane.
const POSITION_BITS: u32 = 56;

impl Bind {
    pub fn new(account: usize, receives: bool) -> Self {
        Self {
            account,
            receives,
            submits: 0,
            woken: false,
            answers: VecDeque::new(),
            late: VecDeque::new(),
            held: VecDeque::new(),
            receipts: Default::default(),
            mo: Queue::default(),
            mo_retries: VecDeque::new(),
        }
    }

    /// Answers that wait.
    pub fn waiting(&self) -> usize {
        self.answers.len() + self.late.len() + self.held.len()
    }

    /// When something is due next; deliveries count only while there is `room` in the window.
    pub fn due(&self, room: bool) -> Option<Duration> {
        let answers = self.answers.front().map(|answer| answer.due);
        let late = self.late.front().map(|answer| answer.due);
        let lanes = if room { self.receipts.as_slice() } else { &[] };
        let receipts = lanes.iter().filter_map(|lane| lane.next()).map(|(_, next)| next.due);
        let segments = self.mo_retries.front().map(|(due, _)| *due);
        answers.into_iter().chain(late).chain(segments).chain(receipts).min()
    }
}

impl Lane {
    /// The lanes that hold receipts, in the order they are served.
    pub const RECEIPTS: [Self; 3] = [Self::Express, Self::Receipts, Self::Retries];

    /// The handle of the request for what stands at `position`.
    #[inline]
    pub fn ticket(self, position: u64) -> u64 {
        (self as u64) << POSITION_BITS | position
    }

    /// The lane and position of a handle.
    #[inline]
    pub fn of(ticket: u64) -> (Self, u64) {
        let lane = match ticket >> POSITION_BITS {
            0 => Self::Express,
            1 => Self::Receipts,
            2 => Self::Retries,
            _ => Self::Mo,
        };
        (lane, ticket & ((1 << POSITION_BITS) - 1))
    }
}
