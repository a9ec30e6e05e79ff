//! Messages that their accounts take back: only what no carrier can have.
//!
//! ```text
//!   asked -> nothing of it out -----------------------------------------------> taken back
//!         -> held, withdrawn from its dispatcher -> all of it came back unsent -^
//!                                                -> taken, or in doubt -> refused, and it goes on
//! ```
//!
//! A held message has a segment out, and nothing more of it goes out until that is known. Each
//! request has one answer, when the last of its messages is settled.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::live::{Live, Place};
use super::replace::Change;
use super::stays::Stays;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::envelope::ServiceType;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::wire::{Address, CommandStatus, SequenceNumber};

/// Places looked at in one turn for the messages of requests without an id: about a millisecond.
/// There is a turn in each tick of the shard; a request begins at once while some of it is left.
const SEARCH_TURN: usize = 16_384;
/// What a request costs of a turn beside the places it looks at.
const SEARCH_COST: usize = 64;
/// Such requests that may wait for their next turn. At the limit: ESME_RTHROTTLED.
const SEARCHES_MAX: usize = 64;
/// What a message that cannot be taken back comes to.
const CANCEL_FAILED: Result<(), CommandStatus> = Err(CommandStatus::ESME_RCANCELFAIL);
/// What a message that cannot be changed comes to.
pub(super) const REPLACE_FAILED: Result<(), CommandStatus> = Err(CommandStatus::ESME_RREPLACEFAIL);

/// Which messages an account takes back (SMPP 3.4 §4.9.1).
#[derive(Clone, Debug)]
pub struct Cancellation {
    /// Who asks; only its own are meant.
    pub account: u32,
    /// The one; `None` for all that the rest says.
    pub id: Option<MessageId>,
    /// Of this service; empty is any.
    pub service_type: ServiceType,
    /// From this sender; empty is any.
    pub source: Address,
    /// To this handset; empty is any.
    pub destination: Address,
}

impl Cancellation {
    fn covers(&self, live: &Live) -> bool {
        let message = &live.message;
        let same = |wanted: &Address, own: &Address| {
            wanted.octets().is_empty() || wanted.octets() == own.octets()
        };
        let service = self.service_type.is_empty() || self.service_type == message.service_type;
        message.account == self.account
            && service
            && same(&self.source, &message.source)
            && same(&self.destination, &message.destination)
    }
}

/// Requests that are not answered yet, to take messages back or to change them.
#[derive(Debug)]
pub(super) struct Recalls<L> {
    /// By number, in the order they came.
    requests: HashMap<u64, Request<L>, foldhash::fast::FixedState>,
    next: u64,
    /// Why each held message is, by its ticket.
    held: HashMap<u64, Held, foldhash::fast::FixedState>,
    searches: VecDeque<Search>,
    /// Places that may be looked at for them in this turn.
    search_left: usize,
}

/// Why a message is held.
#[derive(Debug)]
pub(super) enum Held {
    /// It is to be changed.
    Change(Box<Change>),
    /// It is meant by this operation of the operator's.
    Operation(u64),
    /// It is to be judged again: its handset has opted out, or hours have closed.
    Judged,
    /// It is to be taken back, for this request.
    Recall(u64),
}

#[derive(Debug)]
struct Request<L> {
    link: L,
    sequence: SequenceNumber,
    /// Messages that are not settled, and one for the request while it looks for more.
    open: usize,
    /// How many of them it was done to.
    done: usize,
    /// The answer when it was done to none.
    refusal: CommandStatus,
}

/// A look for messages without an id.
#[derive(Debug)]
struct Search {
    request: u64,
    wanted: Cancellation,
    /// The next place to look at.
    place: usize,
    /// Messages from this counter on came after the request.
    before: u64,
}

impl<L> Default for Recalls<L> {
    fn default() -> Self {
        Self {
            requests: HashMap::default(),
            next: 0,
            held: HashMap::default(),
            searches: VecDeque::new(),
            search_left: SEARCH_TURN,
        }
    }
}

#[cfg(test)]
impl<L> Recalls<L> {
    /// Whether every request has been answered.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.held.is_empty() && self.searches.is_empty()
    }
}

impl<L: Clone> Shard<L> {
    /// Takes messages back: one, all that share an id, or all that the rest says. ESME_RCANCELFAIL
    /// when there is none that can be, whoever's it is.
    pub fn cancel<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        wanted: Cancellation,
        (link, sequence): (L, SequenceNumber),
        effects: &mut E,
    ) {
        if wanted.id.is_none() && self.recalls.searches.len() >= SEARCHES_MAX {
            effects.refused(&link, sequence, CommandStatus::ESME_RTHROTTLED);
            return;
        }
        let request = self.recalls.open(link, sequence, CommandStatus::ESME_RCANCELFAIL);
        let Some(id) = wanted.id else {
            let search = Search { request, wanted, place: 0, before: self.counter };
            self.recalls.searches.push_back(search);
            if self.recalls.searches.len() == 1 {
                self.search(now, effects);
            }
            return;
        };
        let covers = |ticket: &u64| self.slots.get(*ticket).is_some_and(|live| wanted.covers(live));
        let tickets: Vec<u64> = self.tickets_of(id).filter(covers).collect();
        for ticket in tickets {
            self.recalls.expect(request);
            self.take_back(now, ticket, request, effects);
        }
        self.recalls.close(request, effects);
    }

    /// A new turn of requests without an id.
    pub(super) fn search_turn<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        self.recalls.search_left = SEARCH_TURN;
        self.search(now, effects);
    }

    /// Goes on with requests without an id, the oldest first, as far as this turn goes.
    fn search<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        while self.recalls.search_left > 0
            && let Some(mut search) = self.recalls.searches.pop_front()
        {
            let end = (search.place + self.recalls.search_left).min(self.slots.places());
            for place in search.place..end {
                let wanted = self.slots.at(place).filter(|(_, live)| {
                    live.id.counter() < search.before && search.wanted.covers(live)
                });
                let Some((ticket, live)) = wanted else { continue };
                if !live.is_with_carrier() {
                    self.recalls.expect(search.request);
                    self.take_back(now, ticket, search.request, effects);
                }
            }
            // Each costs something, however few there are.
            let looked_at = end.saturating_sub(search.place) + SEARCH_COST;
            self.recalls.search_left = self.recalls.search_left.saturating_sub(looked_at);
            search.place = end;
            if end < self.slots.places() {
                self.recalls.searches.push_front(search);
            } else {
                self.recalls.close(search.request, effects);
            }
        }
    }

    fn take_back<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        request: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.is_with_carrier() || live.expired || live.held {
            self.recalls.settle(request, CANCEL_FAILED, effects);
        } else if live.any(Place::Out) {
            self.withdraw(ticket, Held::Recall(request), effects);
        } else {
            self.end(now, ticket, MessageState::DELETED, 0, effects);
            self.recalls.settle(request, Ok(()), effects);
        }
    }

    /// Holds a message for this, and takes back what its dispatcher has of it.
    pub(super) fn withdraw<E: Effects<Link = L>>(
        &mut self,
        ticket: u64,
        held: Held,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.held = true;
        effects.withdraw(live.carrier, ticket);
        self.recalls.hold(ticket, held);
    }

    /// Settles a held message once nothing of it is out: it is taken back, or goes on.
    pub(super) fn settle_held<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if !live.held || live.any(Place::Out) || self.note_back(ticket) {
            return;
        }
        let Some(live) = self.slots.get_mut(ticket) else { return };
        live.held = false;
        let is_with_carrier = live.is_with_carrier();
        match self.recalls.held.remove(&ticket) {
            Some(Held::Recall(request)) if is_with_carrier => {
                self.recalls.settle(request, CANCEL_FAILED, effects);
                self.go_on(now, ticket, effects);
            }
            Some(Held::Recall(request)) => {
                self.end(now, ticket, MessageState::DELETED, 0, effects);
                self.recalls.settle(request, Ok(()), effects);
            }
            Some(Held::Change(change)) if is_with_carrier => {
                self.recalls.settle(change.request, REPLACE_FAILED, effects);
                self.go_on(now, ticket, effects);
            }
            Some(Held::Change(change)) => self.change(now, ticket, *change, effects),
            Some(Held::Judged) => self.go_on(now, ticket, effects),
            // It goes on at the shard's next turn, see `note_back`.
            Some(Held::Operation(_)) | None => {}
        }
    }

    /// Sends what was held, unless it waits for its moment.
    pub(super) fn go_on<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.awaits_receipt || live.expired || live.wake_at > now.wall {
            return;
        }
        if self.is_kept_back(now, ticket, effects) {
            return;
        }
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.wake_at > Duration::ZERO {
            // The moment came while it was held.
            live.wake_at = Duration::ZERO;
            self.resend_doubtful(now, ticket, effects);
        }
        self.dispatch_back(ticket, effects);
    }

    /// A held message has ended otherwise.
    pub(super) fn held_has_ended<E: Effects<Link = L>>(&mut self, ticket: u64, effects: &mut E) {
        match self.recalls.held.remove(&ticket) {
            Some(Held::Recall(request)) => self.recalls.settle(request, CANCEL_FAILED, effects),
            Some(Held::Change(change)) => {
                self.recalls.settle(change.request, REPLACE_FAILED, effects);
            }
            Some(Held::Operation(number)) => {
                self.operations.settle(number, Err(Stays::Sent), effects);
            }
            Some(Held::Judged) | None => {}
        }
    }
}

impl<L> Recalls<L> {
    /// A new request, which is looking for its messages; this status when it finds none.
    pub fn open(&mut self, link: L, sequence: SequenceNumber, refusal: CommandStatus) -> u64 {
        let request = self.next;
        self.next += 1;
        let open = Request { link, sequence, open: 1, done: 0, refusal };
        self.requests.insert(request, open);
        request
    }

    /// A request has found a message more, which is to be settled.
    pub fn expect(&mut self, request: u64) {
        if let Some(request) = self.requests.get_mut(&request) {
            request.open += 1;
        }
    }

    /// Notes why a message is held.
    pub fn hold(&mut self, ticket: u64, why: Held) {
        self.held.insert(ticket, why);
    }

    /// Whether this message is held for an operation.
    pub fn is_operated(&self, ticket: u64) -> bool {
        matches!(self.held.get(&ticket), Some(Held::Operation(_)))
    }

    /// The operation that this message is held for; it is held no more.
    pub fn release_operated(&mut self, ticket: u64) -> Option<u64> {
        let Some(&Held::Operation(number)) = self.held.get(&ticket) else { return None };
        self.held.remove(&ticket);
        Some(number)
    }

    /// A message of a request is settled; the last of them brings the answer.
    pub fn settle<E: Effects<Link = L>>(
        &mut self,
        request: u64,
        result: Result<(), CommandStatus>,
        effects: &mut E,
    ) {
        if let Some(open) = self.requests.get_mut(&request) {
            match result {
                Ok(()) => open.done += 1,
                Err(status) => open.refusal = status,
            }
        }
        self.close(request, effects);
    }

    /// A request has found all its messages, or one of them is settled.
    pub fn close<E: Effects<Link = L>>(&mut self, request: u64, effects: &mut E) {
        let Some(open) = self.requests.get_mut(&request) else { return };
        open.open -= 1;
        if open.open > 0 {
            return;
        }
        let Some(closed) = self.requests.remove(&request) else { return };
        match closed.done {
            0 => effects.refused(&closed.link, closed.sequence, closed.refusal),
            _ => effects.done(&closed.link, closed.sequence),
        }
    }
}
