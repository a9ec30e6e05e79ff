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
use super::register::Known;
use super::replace::Change;
use super::{Effects, Shard};
use crate::clock::Now;
use crate::message::envelope::ServiceType;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::wire::{Address, CommandStatus, SequenceNumber};

/// Places looked at in one turn for the messages of a request without an id: about a millisecond.
/// There is a turn at the request, and then one in each tick of the shard.
const SEARCH_TURN: usize = 16_384;
/// Such requests that may wait for their next turn. At the limit: ESME_RTHROTTLED.
const SEARCHES_MAX: usize = 64;

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

/// Requests that are not answered yet.
#[derive(Debug)]
pub(super) struct Recalls<L> {
    /// By number, in the order they came.
    requests: HashMap<u64, Request<L>, foldhash::fast::FixedState>,
    next: u64,
    /// Why each held message is, by its ticket.
    held: HashMap<u64, Held<L>, foldhash::fast::FixedState>,
    searches: VecDeque<Search>,
}

/// Why a message is held.
#[derive(Debug)]
pub(super) enum Held<L> {
    /// It is to be changed.
    Change(Box<Change<L>>),
    /// It is to be taken back, for this request.
    Recall(u64),
}

#[derive(Debug)]
struct Request<L> {
    link: L,
    sequence: SequenceNumber,
    /// Messages that are not settled, and one for the request while it searches.
    open: usize,
    taken_back: usize,
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
    /// Takes messages back. ESME_RCANCELFAIL when there is none that can be, whoever's it is.
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
        let request = self.recalls.next;
        self.recalls.next += 1;
        let open = Request { link, sequence, open: 1, taken_back: 0 };
        self.recalls.requests.insert(request, open);
        let Some(id) = wanted.id else {
            let search = Search { request, wanted, place: 0, before: self.counter };
            self.recalls.searches.push_back(search);
            if self.recalls.searches.len() == 1 {
                self.search(now, effects);
            }
            return;
        };
        let known = self.number_of(id).and_then(|number| self.register.find(number));
        let ticket = match known {
            Some(Known::Live(ticket)) => Some(ticket),
            Some(Known::Awaited(_) | Known::Ended(_)) | None => None,
        };
        let is_wanted =
            |ticket: &u64| self.slots.get(*ticket).is_some_and(|live| wanted.covers(live));
        match ticket.filter(is_wanted) {
            Some(ticket) => self.take_back(now, ticket, request, effects),
            None => self.recalls.settle(request, false, effects),
        }
    }

    /// Goes on with the oldest request without an id, for one turn.
    pub(super) fn search<E: Effects<Link = L>>(&mut self, now: Now, effects: &mut E) {
        let Some(mut search) = self.recalls.searches.pop_front() else { return };
        let end = (search.place + SEARCH_TURN).min(self.slots.places());
        for place in search.place..end {
            let wanted = self.slots.at(place).filter(|(_, live)| {
                live.id.counter() < search.before && search.wanted.covers(live)
            });
            let Some((ticket, live)) = wanted else { continue };
            if !live.is_with_carrier()
                && let Some(request) = self.recalls.requests.get_mut(&search.request)
            {
                request.open += 1;
                self.take_back(now, ticket, search.request, effects);
            }
        }
        search.place = end;
        if end < self.slots.places() {
            self.recalls.searches.push_front(search);
        } else {
            self.recalls.settle(search.request, false, effects);
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
            self.recalls.settle(request, false, effects);
        } else if live.any(Place::Out) {
            live.held = true;
            effects.withdraw(live.carrier, ticket);
            self.recalls.hold(ticket, Held::Recall(request));
        } else {
            self.end(now, ticket, MessageState::DELETED, 0, effects);
            self.recalls.settle(request, true, effects);
        }
    }

    /// Settles a held message once nothing of it is out: it is taken back, or goes on.
    pub(super) fn settle_held<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        ticket: u64,
        effects: &mut E,
    ) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if !live.held || live.any(Place::Out) {
            return;
        }
        live.held = false;
        let is_with_carrier = live.is_with_carrier();
        match self.recalls.held.remove(&ticket) {
            Some(Held::Recall(request)) if is_with_carrier => {
                self.recalls.settle(request, false, effects);
                self.go_on(now, ticket, effects);
            }
            Some(Held::Recall(request)) => {
                self.end(now, ticket, MessageState::DELETED, 0, effects);
                self.recalls.settle(request, true, effects);
            }
            Some(Held::Change(change)) if is_with_carrier => {
                Self::refuse_change(&change, effects);
                self.go_on(now, ticket, effects);
            }
            Some(Held::Change(change)) => self.change(now, ticket, *change, effects),
            None => {}
        }
    }

    /// Sends what was held, unless it waits for its moment.
    pub(super) fn go_on<E: Effects<Link = L>>(&mut self, now: Now, ticket: u64, effects: &mut E) {
        let Some(live) = self.slots.get_mut(ticket) else { return };
        if live.awaits_receipt || live.expired || live.wake_at > now.wall {
            return;
        }
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
            Some(Held::Recall(request)) => self.recalls.settle(request, false, effects),
            Some(Held::Change(change)) => Self::refuse_change(&change, effects),
            None => {}
        }
    }
}

impl<L> Recalls<L> {
    /// Notes why a message is held.
    pub fn hold(&mut self, ticket: u64, why: Held<L>) {
        self.held.insert(ticket, why);
    }

    /// Something that a request waited for is settled; the last of it brings the answer.
    fn settle<E: Effects<Link = L>>(&mut self, request: u64, taken_back: bool, effects: &mut E) {
        let Some(open) = self.requests.get_mut(&request) else { return };
        open.open -= 1;
        open.taken_back += usize::from(taken_back);
        if open.open > 0 {
            return;
        }
        let Some(done) = self.requests.remove(&request) else { return };
        if done.taken_back > 0 {
            effects.done(&done.link, done.sequence);
        } else {
            effects.refused(&done.link, done.sequence, CommandStatus::ESME_RCANCELFAIL);
        }
    }
}
