//! The routes of one prefix, and which of them a message takes: the most filters, then file order.

use std::collections::HashMap;

use super::{Filter, Traits};
use crate::message::pattern::AddressPattern;

/// One route as a prefix has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Rule {
    /// The route, by its place in the settings.
    pub route: u32,
    /// What becomes of the message, by its place in the table.
    pub action: u32,
}

/// The routes of one prefix, or of all prefixes that have the same ones.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// In order of preference.
    rules: Box<[Rule]>,
    /// Empty where there are so few that each is looked at.
    index: Option<Box<Index>>,
}

/// Places in [`Rules::rules`], ascending: a rule stands in one list. A thousand customers with a
/// route each cost no more than one.
#[derive(Clone, Debug, Default)]
struct Index {
    /// Those that name accounts, by each of them.
    by_account: HashMap<u32, Vec<u32>, foldhash::fast::FixedState>,
    /// Those that name whole senders and no account, by each of them.
    by_sender: HashMap<Box<[u8]>, Vec<u32>, foldhash::fast::FixedState>,
    /// Those that name tags and neither of these, by each of them.
    by_tag: HashMap<u32, Vec<u32>, foldhash::fast::FixedState>,
    /// All others.
    others: Vec<u32>,
}

/// Rules from which on an index is cheaper than looking at each.
const INDEXED_MIN: usize = 8;

impl Rules {
    /// Rules in order of preference; `filters` are the routes'.
    pub fn new(rules: &[Rule], filters: &[Filter]) -> Self {
        let rules: Box<[Rule]> = rules.into();
        let index = (rules.len() >= INDEXED_MIN).then(|| Box::new(Index::new(&rules, filters)));
        Self { rules, index }
    }

    /// The first that matches a message of an account with these tags.
    #[inline]
    pub fn find(&self, filters: &[Filter], message: Traits<'_>, tags: &[u32]) -> Option<Rule> {
        let matches = |rule: &Rule| {
            filters.get(rule.route as usize).is_some_and(|filter| filter.matches(message, tags))
        };
        match &self.index {
            None => self.rules.iter().copied().find(matches),
            Some(index) => index.find(&self.rules, (message, tags), matches),
        }
    }
}

impl Index {
    fn new(rules: &[Rule], filters: &[Filter]) -> Self {
        let mut index = Self::default();
        for (rule, at) in rules.iter().zip(0..) {
            let Some(filter) = filters.get(rule.route as usize) else { continue };
            let whole = |pattern: &AddressPattern| match pattern {
                AddressPattern::Exact(sender) => Some(sender.as_bytes().into()),
                AddressPattern::StartsWith(_) => None,
            };
            let senders: Option<Vec<Box<[u8]>>> = filter.senders.iter().map(whole).collect();
            if !filter.accounts.is_empty() {
                for account in &filter.accounts {
                    index.by_account.entry(*account).or_default().push(at);
                }
            } else if let Some(senders) = senders.filter(|senders| !senders.is_empty()) {
                for sender in senders {
                    index.by_sender.entry(sender).or_default().push(at);
                }
            } else if !filter.tags.is_empty() {
                for tag in &filter.tags {
                    index.by_tag.entry(*tag).or_default().push(at);
                }
            } else {
                index.others.push(at);
            }
        }
        index
    }

    fn find(
        &self,
        rules: &[Rule],
        (message, tags): (Traits<'_>, &[u32]),
        matches: impl Fn(&Rule) -> bool,
    ) -> Option<Rule> {
        let lists = [
            self.by_account.get(&message.account),
            self.by_sender.get(message.sender),
            Some(&self.others),
        ];
        let tagged = tags.iter().map(|tag| self.by_tag.get(tag));
        let first = |list: &Vec<u32>| {
            list.iter().copied().find(|at| rules.get(*at as usize).is_some_and(&matches))
        };
        let best = lists.into_iter().chain(tagged).flatten().filter_map(first).min()?;
        rules.get(best as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Zone;
    use crate::message::class::TrafficClass;
    use crate::mt::routing::{Days, Hours, Span};

    /// Sixty routes of every kind of filter; a message's choice must not depend on the index.
    #[test]
    fn an_index_changes_no_choice() {
        let classes = [None, Some(TrafficClass::Marketing), None];
        let span = Span::parse("08:00-20:00").unwrap();
        let day = Hours { span, days: Days::ALL, zone: Zone::default() };
        let filters: Vec<Filter> = (0..60_u32)
            .map(|at| Filter {
                accounts: if at % 3 == 0 { vec![at % 7, at % 5] } else { Vec::new() },
                senders: match at % 4 {
                    0 | 3 => Vec::new(),
                    1 => vec![AddressPattern::Exact(format!("S{}", at % 6))],
                    _ => vec![
                        AddressPattern::Exact(format!("S{}", at % 5)),
                        AddressPattern::StartsWith(format!("T{}", at % 4)),
                    ],
                },
                tags: if at % 5 < 2 { vec![at % 4, 4] } else { Vec::new() },
                class: classes[at as usize % 3],
                hours: (at % 7 == 1).then(|| day.clone()),
            })
            .collect();
        let mut rules: Vec<Rule> = (0..60).map(|route| Rule { route, action: route }).collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(filters[rule.route as usize].count()));
        // The open ones go last, or nothing would get beyond them.
        for kept in [60, 20, INDEXED_MIN, INDEXED_MIN - 1, 0] {
            let rules = &rules[..kept];
            let indexed = Rules::new(rules, &filters);
            assert_eq!(indexed.index.is_some(), kept >= INDEXED_MIN);
            for account in 0..8 {
                for sender in ["S0", "S1", "S2", "S5", "T0", "T1x", "U", ""] {
                    for class in [TrafficClass::Marketing, TrafficClass::Transactional] {
                        for (tags, hour) in [(&[][..], 0), (&[1], 12), (&[2, 4], 12)] {
                            let message = Traits {
                                account,
                                class,
                                sender: sender.as_bytes(),
                                destination: b"",
                                wall: Duration::from_secs(hour * 3_600),
                            };
                            let filter = |rule: &Rule| &filters[rule.route as usize];
                            let matches = |rule: &&Rule| filter(rule).matches(message, tags);
                            let expected = rules.iter().find(matches).copied();
                            let found = indexed.find(&filters, message, tags);
                            assert_eq!(found, expected, "{message:?}");
                        }
                    }
                }
            }
        }
    }
}
