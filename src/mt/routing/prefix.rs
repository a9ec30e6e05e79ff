//! Starts of destinations, and the trie that finds all those of a destination, longest first.
//!
//! ```text
//!   nodes:  [root] [3  4] [33] [44] [336 337] ...     children stand together
//!            `first` says where its children begin, `places` which of them a digit leads to
//! ```
//!
//! A look-up takes a step for each digit that some prefix goes on with, so its cost grows with the
//! length of the prefixes and not with their number. A node is sixteen octets and never in two
//! lines of a cache; the first levels, where every look-up passes, stay in the nearest cache
//! whatever the table's size. Counting bits for the place of a child cost twice the instructions.

use std::fmt;
use std::ops::Range;

/// A start of a destination: up to 15 digits in eight octets; the empty one starts them all.
/// Ordered as texts are: each before those it starts.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Prefix(
    /// A digit in four bits, one more than itself, from the highest bits down; zeros behind.
    u64,
);

impl Prefix {
    /// Digits it may have: those of the longest number (ITU-T E.164 §6.2.1).
    pub const DIGITS_MAX: usize = 15;

    /// Reads digits; `None` for anything else and for more than [`Prefix::DIGITS_MAX`].
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.len() > Self::DIGITS_MAX {
            return None;
        }
        let mut packed = 0;
        for (at, octet) in digits.bytes().enumerate() {
            let digit = digit(octet)?;
            packed |= (u64::from(digit) + 1) << shift(at);
        }
        Some(Self(packed))
    }

    /// The digit at a place counted from 0, if it has so many.
    fn digit(self, at: usize) -> Option<u8> {
        if at >= Self::DIGITS_MAX {
            return None;
        }
        (((self.0 >> shift(at)) & 0xf) as u8).checked_sub(1)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..).map_while(|at| self.digit(at)).try_for_each(|digit| write!(f, "{digit}"))
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}*")
    }
}

/// Where the digit at this place stands, of 15.
fn shift(at: usize) -> u32 {
    60_u32.saturating_sub(4 * at as u32)
}

fn digit(octet: u8) -> Option<u8> {
    let digit = octet.wrapping_sub(b'0');
    (digit < 10).then_some(digit)
}

/// Prefixes with a value each.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    /// The root first; never empty.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// What is known of the prefix that leads here; [`NONE`] is nothing.
    value: u32,
    /// Where its children begin, those of lower digits first, less one.
    first: u32,
    /// For each digit in four bits, from the lowest up: 0 where none goes on, else the place of the
    /// child among the others, from 1.
    places: u64,
}

/// A node while the trie grows.
struct Begun<'a> {
    /// Its place.
    at: usize,
    /// The prefixes that begin with it.
    prefixes: &'a [(Prefix, u32)],
}

/// Levels that stand together from the root on. Below, each tree stands by itself, so that the last
/// steps of a look-up in a large table stay in one page.
const TOGETHER: usize = 5;

/// No value.
const NONE: u32 = u32::MAX;

const _: () = assert!(size_of::<Node>() == 16);

impl Node {
    const EMPTY: Self = Self { value: NONE, first: 0, places: 0 };
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::EMPTY] }
    }
}

impl Trie {
    /// A trie of prefixes in ascending order, each once, and their values.
    pub fn new(sorted: &[(Prefix, u32)]) -> Self {
        debug_assert!(sorted.is_sorted_by(|one, other| one.0 < other.0));
        let mut trie = Self::default();
        let top = trie.grow(vec![Begun { at: 0, prefixes: sorted }], 0..TOGETHER);
        for tree in top {
            trie.grow(vec![tree], TOGETHER..Prefix::DIGITS_MAX + 1);
        }
        trie.nodes.shrink_to_fit();
        trie
    }

    /// Fills these nodes and makes those below, level by level; returns those that are to be filled
    /// when all the levels are done.
    fn grow<'a>(&mut self, mut level: Vec<Begun<'a>>, depths: Range<usize>) -> Vec<Begun<'a>> {
        for depth in depths {
            let mut below = Vec::new();
            for Begun { at, prefixes: mut own } in level {
                let first = self.nodes.len() as u32 - 1;
                let mut node = Node { first, ..Node::EMPTY };
                // What ends here sorts before what goes on.
                if let [(prefix, value), rest @ ..] = own
                    && prefix.digit(depth).is_none()
                {
                    node.value = *value;
                    own = rest;
                }
                while let Some(digit) = own.first().and_then(|(prefix, _)| prefix.digit(depth)) {
                    let count = own.partition_point(|one| one.0.digit(depth) <= Some(digit));
                    let Some((prefixes, rest)) = own.split_at_checked(count) else { break };
                    below.push(Begun { at: self.nodes.len(), prefixes });
                    own = rest;
                    self.nodes.push(Node::EMPTY);
                    let place = self.nodes.len() as u64 - 1 - u64::from(first);
                    node.places |= place << (4 * digit);
                }
                if let Some(place) = self.nodes.get_mut(at) {
                    *place = node;
                }
            }
            level = below;
        }
        level
    }

    /// The values of all prefixes that start `destination`, the longest prefix's first.
    #[inline]
    pub fn values(&self, destination: &[u8]) -> Values {
        let mut values = Values { found: [0; Prefix::DIGITS_MAX + 1], len: 0 };
        let mut at = 0;
        let mut octets = destination.iter();
        while let Some(node) = self.nodes.get(at) {
            if node.value != NONE
                && let Some(place) = values.found.get_mut(values.len)
            {
                *place = node.value;
                values.len += 1;
            }
            let Some(digit) = octets.next().and_then(|octet| digit(*octet)) else { break };
            let place = (node.places >> (4 * digit)) & 0xf;
            if place == 0 {
                break;
            }
            at = node.first as usize + place as usize;
        }
        values
    }

    /// Octets it takes.
    pub fn octets(&self) -> usize {
        self.nodes.len() * size_of::<Node>()
    }
}

/// What [`Trie::values`] found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    found: [u32; Prefix::DIGITS_MAX + 1],
    len: usize,
}

impl Iterator for Values {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.len = self.len.checked_sub(1)?;
        self.found.get(self.len).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_is_digits_and_prints_as_it_was_written() {
        for digits in ["", "0", "33", "0033", "999999999999999"] {
            assert_eq!(Prefix::parse(digits).unwrap().to_string(), digits);
        }
        for wrong in ["+33", "33a", " 33", "1234567890123456", "\u{663}"] {
            assert_eq!(Prefix::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_empty_trie_finds_nothing() {
        assert_eq!(Trie::default().values(b"336").next(), None);
        assert_eq!(Trie::new(&[]).values(b"").next(), None);
    }

    proptest! {
        #[test]
        fn a_prefix_sorts_as_its_text(one in "[0-9]{0,15}", other in "[0-9]{0,15}") {
            let (packed, against) = (Prefix::parse(&one).unwrap(), Prefix::parse(&other).unwrap());
            prop_assert_eq!(packed.cmp(&against), one.cmp(&other));
        }

        /// Digits of few kinds, so that prefixes often start each other and the destination.
        #[test]
        fn every_prefix_of_a_destination_is_found_longest_first(
            prefixes in proptest::collection::vec("[019]{0,15}", 0..60),
            destination in "[0-9]{0,2}[019]{0,18}[a-z+]{0,2}[0-9]{0,3}",
        ) {
            let values: BTreeMap<&str, u32> =
                prefixes.iter().map(String::as_str).zip(0..).collect();
            let sorted: Vec<(Prefix, u32)> = values
                .iter()
                .map(|(prefix, value)| (Prefix::parse(prefix).unwrap(), *value))
                .collect();
            let mut expected: Vec<(&str, u32)> = values
                .into_iter()
                .filter(|(prefix, _)| destination.starts_with(prefix))
                .collect();
            expected.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
            let found: Vec<u32> = Trie::new(&sorted).values(destination.as_bytes()).collect();
            prop_assert_eq!(found, expected.into_iter().map(|one| one.1).collect::<Vec<_>>());
        }
    }
}
