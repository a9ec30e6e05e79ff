//! A message to the carriers that may take it: longest prefix, then most filters, then file order.

use std::collections::HashMap;

use crate::message::class::TrafficClass;
use crate::message::pattern::AddressPattern;

/// Digits of a prefix that are looked up; a longer one is cut in the settings.
pub const PREFIX_MAX: usize = 20;

/// One route as the table takes it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Start of the destination; empty is any.
    pub prefix: String,
    /// Senders it is for; empty is any.
    pub senders: Vec<AddressPattern>,
    /// Which accounts; empty is any.
    pub accounts: Vec<u32>,
    /// Which class; `None` is any.
    pub class: Option<TrafficClass>,
    /// Where it goes.
    pub action: Action,
}

/// What becomes of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Refused.
    Reject,
    /// Sent by the first of these carriers that is up.
    Send(Vec<u32>),
}

impl Default for Action {
    fn default() -> Self {
        Self::Send(Vec::new())
    }
}

/// All routes, looked up by destination. The cost grows with the length of a number, not with the
/// number of routes.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    rows: Vec<Row>,
    /// Prefix as a number with a leading 1 for its length, to rows in order of preference.
    by_prefix: HashMap<u128, Vec<u32>, foldhash::fast::FixedState>,
    /// Prefix lengths there are, longest first.
    lengths: Vec<usize>,
}

impl Routes {
    /// A table of these rows, which stand in file order.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        let mut routes = Self { rows, ..Self::default() };
        for (at, row) in routes.rows.iter().enumerate() {
            let Some(key) = prefix_key(row.prefix.as_bytes()) else { continue };
            routes.by_prefix.entry(key).or_default().push(at as u32);
            if !routes.lengths.contains(&row.prefix.len()) {
                routes.lengths.push(row.prefix.len());
            }
        }
        routes.lengths.sort_unstable_by(|one, other| other.cmp(one));
        let rows = &routes.rows;
        for candidates in routes.by_prefix.values_mut() {
            // A stable sort keeps file order between equals.
            candidates.sort_by_key(|&at| {
                std::cmp::Reverse(rows.get(at as usize).map_or(0, Row::filters))
            });
        }
        routes
    }

    /// What becomes of a message of this account, class, sender and destination; `None` when no
    /// route matches.
    #[must_use]
    pub fn find(
        &self,
        account: u32,
        class: TrafficClass,
        sender: &[u8],
        destination: &[u8],
    ) -> Option<&Action> {
        for &length in &self.lengths {
            let Some(prefix) = destination.get(..length) else { continue };
            let Some(key) = prefix_key(prefix) else { continue };
            let Some(candidates) = self.by_prefix.get(&key) else { continue };
            let mut rows = candidates.iter().filter_map(|&at| self.rows.get(at as usize));
            if let Some(row) = rows.find(|row| row.matches(account, class, sender)) {
                return Some(&row.action);
            }
        }
        None
    }
}

impl Row {
    fn filters(&self) -> usize {
        usize::from(!self.senders.is_empty())
            + usize::from(!self.accounts.is_empty())
            + usize::from(self.class.is_some())
    }

    fn matches(&self, account: u32, class: TrafficClass, sender: &[u8]) -> bool {
        let accounts = self.accounts.is_empty() || self.accounts.contains(&account);
        let senders = self.senders.is_empty() || self.senders.iter().any(|one| one.matches(sender));
        accounts && senders && self.class.is_none_or(|own| own == class)
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

/// A prefix of digits as a number whose leading 1 keeps zeros in front apart; `None` for anything
/// that is not digits.
fn prefix_key(prefix: &[u8]) -> Option<u128> {
    if prefix.len() > PREFIX_MAX {
        return None;
    }
    prefix.iter().try_fold(1, |key: u128, octet| {
        octet.is_ascii_digit().then(|| key * 10 + u128::from(octet - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class of every message, unless a test says otherwise.
    const SENT: TrafficClass = TrafficClass::Transactional;

    fn row(prefix: &str, carrier: u32) -> Row {
        Row { prefix: prefix.into(), action: Action::Send(vec![carrier]), ..Row::default() }
    }

    fn carrier(routes: &Routes, account: u32, sender: &str, destination: &str) -> Option<u32> {
        match routes.find(account, SENT, sender.as_bytes(), destination.as_bytes()) {
            Some(Action::Send(carriers)) => carriers.first().copied(),
            _ => None,
        }
    }

    #[test]
    fn the_longest_prefix_wins_whatever_the_order() {
        let routes = Routes::new(vec![row("", 0), row("33", 1), row("336", 2), row("0033", 3)]);
        assert_eq!(carrier(&routes, 0, "x", "33612345678"), Some(2));
        assert_eq!(carrier(&routes, 0, "x", "33112345678"), Some(1));
        assert_eq!(carrier(&routes, 0, "x", "0033612"), Some(3));
        assert_eq!(carrier(&routes, 0, "x", "49123"), Some(0));
        assert_eq!(carrier(&routes, 0, "x", "33"), Some(1));
    }

    #[test]
    fn more_filters_win_then_the_first_in_the_file() {
        let mut filtered = row("33", 2);
        filtered.senders = vec![AddressPattern::StartsWith("Shop".into())];
        let mut both = row("33", 3);
        both.senders = vec![AddressPattern::Exact("ShopX".into())];
        both.accounts = vec![7];
        let routes = Routes::new(vec![row("33", 0), row("33", 1), filtered, both]);
        assert_eq!(carrier(&routes, 7, "ShopX", "336"), Some(3));
        assert_eq!(carrier(&routes, 8, "ShopX", "336"), Some(2));
        assert_eq!(carrier(&routes, 8, "Other", "336"), Some(0));
    }

    #[test]
    fn a_filter_that_does_not_match_falls_back_to_a_shorter_prefix() {
        let mut filtered = row("336", 1);
        filtered.accounts = vec![1];
        let routes = Routes::new(vec![row("33", 0), filtered]);
        assert_eq!(carrier(&routes, 2, "x", "33612"), Some(0));
        assert_eq!(carrier(&routes, 2, "x", "4412"), None);
    }

    #[test]
    fn a_route_for_one_class_takes_no_other() {
        let mut marketing = row("33", 1);
        marketing.class = Some(TrafficClass::Marketing);
        let routes = Routes::new(vec![row("33", 0), marketing]);
        let action = |class| routes.find(0, class, b"x", b"336").cloned();
        assert_eq!(action(TrafficClass::Marketing), Some(Action::Send(vec![1])));
        assert_eq!(action(TrafficClass::Transactional), Some(Action::Send(vec![0])));
    }

    #[test]
    fn a_number_says_why_its_messages_are_sent() {
        let classes = Classes::new([("36105".to_owned(), TrafficClass::Marketing)]);
        assert_eq!(classes.of(b"36105"), Some(TrafficClass::Marketing));
        assert_eq!(classes.of(b"3610"), None);
        assert_eq!(Classes::default().of(b"36105"), None);
    }

    #[test]
    fn letters_and_plus_are_no_prefix() {
        let routes = Routes::new(vec![row("", 0), row("33", 1)]);
        assert_eq!(carrier(&routes, 0, "x", "+336"), Some(0));
        assert_eq!(carrier(&routes, 0, "x", "Name"), Some(0));
    }
}
