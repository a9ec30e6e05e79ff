//! What accounts ask of messages they submitted.

use std::time::Duration;

use super::register::{End, Known};
use super::{Effects, Shard};
use crate::clock;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::wire::{CommandStatus, SequenceNumber};

/// How a message stands, as a query_sm_resp says it (SMPP 3.4 §4.8.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Our id of it.
    pub id: MessageId,
    /// When it ended, in seconds of wall time since 1970; 0 while it has not.
    pub done_s: u32,
    /// Its state: ENROUTE until it has ended.
    pub state: MessageState,
    /// The error beside it, 0 for none; 255 for one that an octet does not hold.
    pub error: u8,
}

impl Standing {
    /// How the messages of one submit_multi stand together: as the least advanced does, and when
    /// all have ended as the worst, at the moment of the last.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let rank = |one: &Self| match one.state {
            _ if one.done_s == 0 => 0,
            MessageState::ACCEPTED => 2,
            MessageState::DELIVERED => 3,
            _ => 1,
        };
        let (first, second) =
            if rank(&other) < rank(&self) { (other, self) } else { (self, other) };
        let done_s = if first.done_s == 0 { 0 } else { first.done_s.max(second.done_s) };
        Self { done_s, ..first }
    }
}

impl<L: Clone> Shard<L> {
    /// How a message ended, for those who ask.
    pub(super) fn register_end(
        &mut self,
        id: MessageId,
        account: u32,
        (state, error, done): (MessageState, u8, Duration),
    ) {
        if !self.siblings.is_empty() {
            self.siblings.ended(id);
        }
        let done_s = clock::seconds(done);
        let end = End { account, done_s, state, error };
        if self.ledger.is_some() {
            let shown = self.shown_id(id);
            if let Some(ledger) = &mut self.ledger {
                ledger.ended(id, shown, end);
            }
        }
        match self.number_of(id) {
            Some(number) => self.register.end(number, end),
            None => self.earlier.end(id, end),
        }
    }

    /// How a message stands, or those that share this id, as one. One that is not this account's
    /// is one that nobody knows.
    pub fn query<E: Effects<Link = L>>(
        &self,
        account: u32,
        id: MessageId,
        (link, sequence): (&L, SequenceNumber),
        effects: &mut E,
    ) {
        match self.standing(account, id) {
            Some(standing) => effects.stands(link, sequence, standing),
            None => effects.refused(link, sequence, CommandStatus::ESME_RQUERYFAIL),
        }
    }

    fn standing(&self, account: u32, id: MessageId) -> Option<Standing> {
        let enroute = Standing { id, done_s: 0, state: MessageState::ENROUTE, error: 0 };
        let of_one = |known| {
            let (of, standing) = match known {
                Known::Live(ticket) => (self.slots.get(ticket)?.message.account, enroute),
                Known::Awaited(place) => (self.awaiting.account(place)?, enroute),
                Known::Ended(end) => {
                    let (done_s, state, error) = (end.done_s, end.state, end.error);
                    (end.account, Standing { id, done_s, state, error })
                }
            };
            (of == account).then_some(standing)
        };
        self.known(id).filter_map(of_one).reduce(Standing::with)
    }

    /// The number of a message of this shard; `None` of another's.
    pub(super) fn number_of(&self, id: MessageId) -> Option<u64> {
        let beyond_first = id.counter().checked_sub(self.first)?;
        let own = id.node() == self.node && beyond_first % self.counter_step == 0;
        own.then_some(beyond_first / self.counter_step)
    }
}
