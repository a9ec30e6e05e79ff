//! A message to the carriers that may take it: longest prefix, then most filters, then file order.
//! Routes that are closed at the time are passed over.
//!
//! ```text
//!   destination --trie--> the rules of each prefix, longest first
//!                            | the first rule whose filters match
//!                            v
//!                         action: reject, or a way --sender, destination--> carriers in order
//! ```
//!
//! A table is made once and never changed; a new configuration makes a new one. Prefixes that have
//! the same rules share them, so that a million of them cost little beyond the trie. Which carriers
//! are up is no business of this module.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::message::class::TrafficClass;
use crate::message::pattern::AddressPattern;
use prefix::Trie;
use rules::{Rule, Rules};

pub use hours::{Days, Hours, Span, SpanError};
pub use prefix::Prefix;
pub use way::{Carriers, Way};

mod hours;
mod prefix;
mod rules;
mod way;

/// Which messages a route is for: all that is given must match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Senders it is for; empty is any.
    pub senders: Vec<AddressPattern>,
    /// Which accounts; empty is any.
    pub accounts: Vec<u32>,
    /// Accounts that carry one of these tags, of which [`Table::tag`] tells; empty is any.
    pub tags: Vec<u32>,
    /// Which class; `None` is any.
    pub class: Option<TrafficClass>,
    /// When it is open; `None` is always.
    pub hours: Option<Hours>,
}

/// What a message is, as far as routes ask.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'a> {
    /// Whose it is.
    pub account: u32,
    /// Why it is sent.
    pub class: TrafficClass,
    /// Whom it is from.
    pub sender: &'a [u8],
    /// Whom it is for.
    pub destination: &'a [u8],
    /// The time of the wall clock at which it is routed.
    pub wall: Duration,
}

/// What becomes of a message.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// Refused.
    Reject,
    /// Sent by one of these carriers.
    Send(Way),
}

/// The route that a message takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found<'a> {
    /// Its place in the order of [`Table::route`].
    pub route: u32,
    /// What becomes of the message.
    pub action: &'a Action,
}

/// Routes while they are put together; [`Table::finish`] makes them ready for look-ups.
#[derive(Debug, Default)]
pub struct Table {
    filters: Vec<Filter>,
    actions: Vec<Action>,
    places: HashMap<Action, u32, foldhash::fast::FixedState>,
    entries: Vec<(Prefix, Rule)>,
    peers: HashSet<(u32, u32), foldhash::fast::FixedState>,
    tags: Vec<Vec<u32>>,
}

impl Table {
    /// Begins a route for these messages, behind those begun before. Returns its place.
    pub fn route(&mut self, filter: Filter) -> u32 {
        self.filters.push(filter);
        self.filters.len() as u32 - 1
    }

    /// Says what becomes of messages of a route to destinations that begin so. Of two words about
    /// the same, the first stands.
    pub fn entry(&mut self, route: u32, prefix: Prefix, action: &Action) {
        let action = match self.places.get(action) {
            Some(place) => *place,
            None => {
                let place = self.actions.len() as u32;
                self.actions.push(action.clone());
                self.places.insert(action.clone(), place);
                place
            }
        };
        self.entries.push((prefix, Rule { route, action }));
    }

    /// Says that a carrier and an account are the same peer: what comes from the one never goes
    /// back to it by the other.
    pub fn same_peer(&mut self, carrier: u32, account: u32) {
        self.peers.insert((carrier, account));
    }

    /// Says that an account carries a tag.
    pub fn tag(&mut self, account: u32, tag: u32) {
        let account = account as usize;
        if self.tags.len() <= account {
            self.tags.resize_with(account + 1, Vec::new);
        }
        if let Some(tags) = self.tags.get_mut(account) {
            tags.push(tag);
        }
    }

    /// The table, ready for look-ups.
    #[must_use]
    pub fn finish(mut self) -> Routes {
        let filters = self.filters;
        let count = |route: u32| filters.get(route as usize).map_or(0, Filter::count);
        // A stable sort, so that of equals the first in the file stays first.
        self.entries
            .sort_by_key(|(prefix, rule)| (*prefix, Reverse(count(rule.route)), rule.route));
        let mut prefixes = Vec::new();
        let (mut rules, mut known) = (Vec::new(), HashMap::new());
        let mut own: Vec<Rule> = Vec::new();
        for alike in self.entries.chunk_by(|one, other| one.0 == other.0) {
            own.clear();
            own.extend(alike.iter().map(|(_, rule)| rule));
            own.dedup_by_key(|rule| rule.route);
            let place = match known.get(own.as_slice()) {
                Some(place) => *place,
                None => {
                    let place = rules.len() as u32;
                    rules.push(Rules::new(&own, &filters));
                    known.insert(own.clone(), place);
                    place
                }
            };
            prefixes.extend(alike.first().map(|(prefix, _)| (*prefix, place)));
        }
        let trie = Trie::new(&prefixes);
        let tags = self.tags.into_iter().map(Vec::into_boxed_slice).collect();
        Routes { filters, actions: self.actions, rules, trie, peers: self.peers, tags }
    }
}

/// All routes. A look-up's cost grows with the length of a number, not with how many routes there
/// are.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    filters: Vec<Filter>,
    actions: Vec<Action>,
    rules: Vec<Rules>,
    trie: Trie,
    /// (carrier, account) that are the same peer.
    peers: HashSet<(u32, u32), foldhash::fast::FixedState>,
    /// The tags of each account.
    tags: Box<[Box<[u32]>]>,
}

impl Routes {
    /// The route of a message; `None` when no route matches.
    #[must_use]
    pub fn find(&self, message: Traits<'_>) -> Option<Found<'_>> {
        let tags = self.tags.get(message.account as usize).map_or(&[][..], |tags| tags);
        let rule = self
            .trie
            .values(message.destination)
            .filter_map(|place| self.rules.get(place as usize))
            .find_map(|rules| rules.find(&self.filters, message, tags))?;
        let action = self.actions.get(rule.action as usize)?;
        Some(Found { route: rule.route, action })
    }

    /// The carriers of a way in the order of a lane, those left out that would send the message
    /// back to the peer it came from.
    #[inline]
    pub fn carriers<'a>(
        &'a self,
        way: &'a Way,
        account: u32,
        sender: &[u8],
        destination: &[u8],
    ) -> impl Iterator<Item = u32> + Clone + use<'a> {
        way.carriers(sender, destination).filter(move |carrier| {
            self.peers.is_empty() || !self.peers.contains(&(*carrier, account))
        })
    }

    /// Octets the prefixes take: what grows with the table.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.trie.octets()
    }
}

impl Filter {
    /// How many there are: a route with more goes before one with fewer.
    fn count(&self) -> usize {
        usize::from(!self.senders.is_empty())
            + usize::from(!self.accounts.is_empty())
            + usize::from(!self.tags.is_empty())
            + usize::from(self.class.is_some())
            + usize::from(self.hours.is_some())
    }

    /// Whether a message of an account with these tags is one of those it is for.
    fn matches(&self, message: Traits<'_>, tags: &[u32]) -> bool {
        let Traits { account, class, sender, wall, .. } = message;
        let accounts = self.accounts.is_empty() || self.accounts.contains(&account);
        let tags = self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag));
        let senders = self.senders.is_empty() || self.senders.iter().any(|one| one.matches(sender));
        accounts
            && tags
            && senders
            && self.class.is_none_or(|own| own == class)
            && self.hours.as_ref().is_none_or(|hours| hours.include(wall))
    }
}

/// The classes of numbers that say why their messages are sent.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    by_number: HashMap<Box<[u8]>, TrafficClass, foldhash::fast::FixedState>,
}

impl Classes {
    /// A table of senders (without `+`) and their classes.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (String, TrafficClass)>) -> Self {
        let numbers = numbers.into_iter();
        let by_number =
            numbers.map(|(number, class)| (number.into_bytes().into_boxed_slice(), class));
        Self { by_number: by_number.collect() }
    }

    /// The class of what this sender sends; `None` when its number does not say.
    #[must_use]
    pub fn of(&self, sender: &[u8]) -> Option<TrafficClass> {
        if self.by_number.is_empty() {
            return None;
        }
        self.by_number.get(sender).copied()
    }
}

#[cfg(test)]
mod tests;
