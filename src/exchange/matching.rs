//! Which message a receipt is of: the engine's keys, its order of trying them and what it learns.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::Summary;
use crate::message::dialect::{Dialect, UnmarkedReceipt};
use crate::message::receipt::Cause;
use crate::message::receipt::id::IdKey;
use crate::message::state::MessageState;
use crate::mt::receipts::{
    CarrierReceipt, IdKeys, Lean, Reading, response_id, response_key, same_number,
};
use crate::wire::Address;

/// Requests of ours that are remembered; beyond it the oldest is forgotten.
pub(super) const SENT_MAX: usize = 1 << 18;
/// Receipts that wait for a response; beyond it the oldest has found no message.
const PARKED_MAX: usize = 10_000;

/// What is known of a receipt.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The id as it stands.
    pub id: Box<[u8]>,
    /// The notations it is read in, and what it is then compared as.
    pub keys: Vec<(&'static str, String)>,
    /// The handset.
    pub destination: Address,
    /// The state.
    pub state: MessageState,
    /// What it says beside that.
    pub cause: Cause,
    /// When that was, in UTC since 1970.
    pub done: Option<Duration>,
    /// The message it is of; `None` when it waits for a response.
    pub found: Option<Match>,
}

/// A receipt and the message it is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Match {
    /// The line of the receipt.
    pub receipt: u32,
    /// The line of our request.
    pub request: u32,
    /// The line of its response.
    pub response: u32,
    /// The notation in which the ids agree.
    pub notation: &'static str,
    /// Whether this match has made the notation sure.
    pub learnt: bool,
}

/// A request of ours.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) line: u32,
    /// The handset; empty for what is no message.
    pub(super) number: Box<[u8]>,
    /// The line of its response, and the id there.
    pub(super) response: Option<(u32, Box<[u8]>)>,
}

impl Sent {
    pub(super) fn new(line: u32, number: &[u8]) -> Self {
        Self { line, number: number.into(), response: None }
    }
}

#[derive(Debug)]
pub(super) struct Matching {
    reading: Reading,
    lean: Lean,
    sure: Option<&'static str>,
    /// The ticket of the first of `sent`.
    first: u64,
    pub(super) sent: VecDeque<Sent>,
    /// Tickets by key, the newest last.
    by_key: HashMap<u64, Vec<u64>>,
    parked: VecDeque<(u32, CarrierReceipt)>,
    unmatched: Vec<(u32, CarrierReceipt)>,
    /// Receipts that found their message: their id and their handset, for advice.
    pub(super) found: Vec<(Box<[u8]>, Address)>,
}

impl Matching {
    pub(super) fn new(dialect: &Dialect) -> Self {
        Self {
            reading: Reading::of(0, dialect),
            lean: Lean::default(),
            sure: None,
            first: 0,
            sent: VecDeque::new(),
            by_key: HashMap::new(),
            parked: VecDeque::new(),
            unmatched: Vec::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    pub(super) fn next_ticket(&self) -> u64 {
        self.first + self.sent.len() as u64
    }

    pub(super) fn sent(&mut self, sent: Sent) {
        if self.sent.len() >= SENT_MAX {
            self.sent.pop_front();
            self.first += 1;
        }
        self.sent.push_back(sent);
    }

    /// The line of a request; 0 for one that is forgotten.
    pub(super) fn line_of(&self, ticket: u64) -> u32 {
        self.of(ticket).map_or(0, |sent| sent.line)
    }

    /// A request that will not be answered any more.
    pub(super) fn forget(&mut self, ticket: u64) {
        let at = ticket.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(sent) = at.and_then(|at| self.sent.get_mut(at)) {
            sent.response = None;
        }
    }

    fn of(&self, ticket: u64) -> Option<&Sent> {
        self.sent.get(usize::try_from(ticket.checked_sub(self.first)?).ok()?)
    }

    /// The form in which a response's id is compared.
    pub(super) fn key_of(&self, id: &[u8]) -> Option<String> {
        response_id(self.reading.notations, id).map(shown)
    }

    /// A response with an id; the receipts that waited for it.
    pub(super) fn answered(&mut self, line: u32, ticket: u64, id: &[u8]) -> Vec<Match> {
        let at = ticket.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let Some(sent) = at.and_then(|at| self.sent.get_mut(at)) else { return Vec::new() };
        sent.response = Some((line, id.into()));
        let Some(key) = response_key(0, self.reading.notations, id) else { return Vec::new() };
        self.by_key.entry(key).or_default().push(ticket);
        let mut matches = Vec::new();
        let parked = std::mem::take(&mut self.parked);
        for (line, receipt) in parked {
            let keys: Vec<(usize, u64)> = self.lean.keys(&receipt.keys).collect();
            let found = keys.into_iter().find(|(_, one)| *one == key);
            match found.filter(|_| self.agrees(ticket, &receipt)) {
                Some((notation, _)) => matches.push(self.found(line, ticket, notation, &receipt)),
                None => self.parked.push_back((line, receipt)),
            }
        }
        matches
    }

    /// A receipt: of the newest message under the first of its keys whose handset agrees.
    pub(super) fn receipt(&mut self, line: u32, receipt: CarrierReceipt) -> Receipt {
        let keys: Vec<(usize, u64)> = self.lean.keys(&receipt.keys).collect();
        let found = self.find(&receipt, &keys);
        let found = found.map(|(n, ticket)| self.found(line, ticket, n, &receipt));
        let read = Receipt {
            id: receipt.keys.id().into(),
            keys: names(&receipt.keys),
            destination: receipt.destination.clone(),
            state: receipt.state,
            cause: receipt.cause.clone(),
            done: receipt.done,
            found,
        };
        if found.is_none() {
            if self.parked.len() >= PARKED_MAX {
                self.unmatched.extend(self.parked.pop_front());
            }
            self.parked.push_back((line, receipt));
        }
        read
    }

    fn find(&self, receipt: &CarrierReceipt, keys: &[(usize, u64)]) -> Option<(usize, u64)> {
        keys.iter().find_map(|(notation, key)| {
            let candidates = self.by_key.get(key)?.iter().rev().copied();
            let ticket = { candidates }.find(|&ticket| self.agrees(ticket, receipt))?;
            Some((*notation, ticket))
        })
    }

    /// Whether it is one of ours by its id in any notation, and by its handset.
    pub(super) fn knows(&self, receipt: &CarrierReceipt) -> bool {
        let keys: Vec<(usize, u64)> = receipt.keys.iter().collect();
        self.find(receipt, &keys).is_some()
    }

    fn agrees(&self, ticket: u64, receipt: &CarrierReceipt) -> bool {
        self.of(ticket).is_some_and(|sent| same_number(&sent.number, receipt.destination.octets()))
    }

    fn found(&mut self, line: u32, ticket: u64, at: usize, receipt: &CarrierReceipt) -> Match {
        let notation = IdKeys::NAMES.get(at).copied().unwrap_or_default();
        let teaches = !self.lean.is_certain_of(at) && receipt.keys.is_ambiguous();
        let learnt = teaches && self.lean.learn(at);
        if learnt {
            self.sure = Some(notation);
        }
        if self.found.len() < SENT_MAX {
            self.found.push((receipt.keys.id().into(), receipt.destination.clone()));
        }
        let sent = self.of(ticket);
        Match {
            receipt: line,
            request: sent.map_or(0, |sent| sent.line),
            response: sent.and_then(|sent| sent.response.as_ref()).map_or(0, |(line, _)| *line),
            notation,
            learnt,
        }
    }

    /// Nothing more comes: what has found no message by the notation that was learnt is tried in
    /// the others, as the engine does when a receipt has waited long enough.
    pub(super) fn end(&mut self, summary: &mut Summary) {
        for (line, receipt) in std::mem::take(&mut self.parked) {
            let keys: Vec<(usize, u64)> = receipt.keys.iter().collect();
            match self.find(&receipt, &keys) {
                Some((notation, ticket)) => {
                    let _ = self.found(line, ticket, notation, &receipt);
                    summary.matched += 1;
                }
                None => self.unmatched.push((line, receipt)),
            }
        }
        summary.unmatched = self.unmatched.iter().map(|(line, _)| *line).collect();
        summary.unmatched.sort_unstable();
        summary.learnt = self.sure;
    }

    /// The receipts without a message, once the exchange has ended.
    pub(super) fn unmatched(&self) -> &[(u32, CarrierReceipt)] {
        &self.unmatched
    }
}

/// The same reading, by which a receipt's text makes a receipt whatever esm_class it has.
pub(super) fn lenient(reading: &Reading) -> Reading {
    let receipt = UnmarkedReceipt::Receipt;
    Reading { unmarked: receipt, acknowledged: receipt, ..reading.clone() }
}

fn names(keys: &IdKeys) -> Vec<(&'static str, String)> {
    let named = |(at, _)| Some((*IdKeys::NAMES.get(at)?, shown(keys.id_in(at)?)));
    keys.iter().filter_map(named).collect()
}

fn shown(key: IdKey) -> String {
    key.as_bytes().iter().copied().map(char::from).collect()
}
