//! The range of numbers that a bind is for (SMPP 3.4 §5.2.7): a number, the start of numbers, or a
//! regular expression.
//!
//! ```text
//!   ^3610[1-5]$   ->   one position for each of ^ 3 6 1 0 [1-5] $, and which follow which
//! ```
//!
//! A range has at most 40 octets, so the positions of its expression are bits of a word (Glushkov's
//! automaton): matching takes a step for each digit, whatever a peer writes. The ends of a number
//! are characters of their own, which `^` and `$` stand for.

/// Which numbers a bind is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AddressRange {
    /// These numbers, and those that begin so where it says so.
    Plain(Vec<(Box<[u8]>, Ending)>),
    /// Those that have a match of this expression anywhere in them.
    Expression(Expression),
}

/// What may stand behind a number that was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Anything: a `*` was written there.
    Any,
    /// Nothing.
    None,
}

/// A regular expression, ready to be matched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expression {
    /// The characters that each position stands for, a bit each.
    positions: Vec<u128>,
    /// The positions that may follow each.
    follow: Vec<u64>,
    whole: Part,
}

/// Part of an expression: the positions it may begin and end with, and whether it may be empty.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Part {
    first: u64,
    last: u64,
    is_empty: bool,
}

/// What stands before and behind a number.
const BEGIN: u8 = 2;
const END: u8 = 3;
/// Characters that addresses have: those that can be printed.
const PRINTABLE: u128 = ((1 << (0x7f - 0x20)) - 1) << 0x20;
/// The digits among them.
const DIGITS: u128 = 0x3ff << b'0';

impl AddressRange {
    /// Octets that a bind has room for (SMPP 3.4 §4.1.1).
    pub const OCTETS_MAX: usize = 40;

    /// Reads a range; `None` for one that is longer, or no expression. An empty one is every
    /// number. Numbers without other signs are themselves, several with commas between them, and
    /// with a `*` behind it a number is the start of others.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > Self::OCTETS_MAX || !text.iter().all(|octet| matches!(octet, 0x20..=0x7e)) {
            return None;
        }
        let items: Option<Vec<_>> = text.split(|octet| *octet == b',').map(plain).collect();
        match items {
            Some(items) => Some(Self::Plain(items)),
            None => Expression::parse(text).map(Self::Expression),
        }
    }

    /// Whether a number is in it. Numbers are written without `+`.
    #[must_use]
    pub fn has(&self, number: &[u8]) -> bool {
        match self {
            Self::Plain(items) => items.iter().any(|(written, ending)| match ending {
                Ending::Any => number.starts_with(written),
                Ending::None => number == &**written,
            }),
            Self::Expression(expression) => expression.matches(number),
        }
    }
}

/// A number as it is written, or the start of numbers; `None` for an expression.
fn plain(text: &[u8]) -> Option<(Box<[u8]>, Ending)> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (text, ending) = match text.strip_suffix(b"*") {
        Some(start) => (start, Ending::Any),
        None if text.is_empty() => (text, Ending::Any),
        None => (text, Ending::None),
    };
    text.iter().all(u8::is_ascii_alphanumeric).then(|| (text.into(), ending))
}

impl Expression {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut parser = Parser { rest: text, positions: Vec::new(), follow: Vec::new() };
        let whole = parser.either()?;
        parser.rest.is_empty().then_some(Self {
            positions: parser.positions,
            follow: parser.follow,
            whole,
        })
    }

    fn matches(&self, number: &[u8]) -> bool {
        let Part { first, last, is_empty } = self.whole;
        let mut at = 0;
        is_empty
            || [&[BEGIN], number, &[END]].into_iter().flatten().any(|octet| {
                let bit = 1_u128.checked_shl(u32::from(*octet)).unwrap_or(0);
                let after = (0_u32..).zip(&self.follow).filter(|(place, _)| at & (1 << place) != 0);
                let next = after.fold(first, |next, (_, follow)| next | follow);
                let stands = (0_u32..).zip(&self.positions);
                let stands = stands.filter(|(_, characters)| *characters & bit != 0);
                at = stands.fold(0_u64, |stands, (place, _)| stands | (1 << place)) & next;
                at & last != 0
            })
    }
}

/// An expression under reading. Each position comes from one octet at least, so there are at most
/// forty of them.
struct Parser<'a> {
    rest: &'a [u8],
    positions: Vec<u128>,
    follow: Vec<u64>,
}

impl Parser<'_> {
    fn next_is(&mut self, octet: u8) -> bool {
        let is_next = self.rest.first() == Some(&octet);
        if is_next {
            self.take();
        }
        is_next
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Sequences with `|` between them.
    fn either(&mut self) -> Option<Part> {
        let mut either = self.sequence()?;
        while self.next_is(b'|') {
            let other = self.sequence()?;
            either = Part {
                first: either.first | other.first,
                last: either.last | other.last,
                is_empty: either.is_empty || other.is_empty,
            };
        }
        Some(either)
    }

    /// Repeated characters and groups, one behind the other.
    fn sequence(&mut self) -> Option<Part> {
        let mut whole = Part { is_empty: true, ..Part::default() };
        while !matches!(self.rest.first(), None | Some(b'|' | b')')) {
            let next = self.repeated()?;
            self.link(whole.last, next.first);
            whole = Part {
                first: whole.first | if whole.is_empty { next.first } else { 0 },
                last: next.last | if next.is_empty { whole.last } else { 0 },
                is_empty: whole.is_empty && next.is_empty,
            };
        }
        Some(whole)
    }

    fn repeated(&mut self) -> Option<Part> {
        let mut one = self.one()?;
        while let Some(sign @ (b'*' | b'+' | b'?')) = self.rest.first().copied() {
            self.take();
            if sign != b'?' {
                self.link(one.last, one.first);
            }
            one.is_empty |= sign != b'+';
        }
        Some(one)
    }

    /// A character, a set of them, or a group.
    fn one(&mut self) -> Option<Part> {
        let characters = match self.take()? {
            b'(' => {
                let group = self.either()?;
                return self.next_is(b')').then_some(group);
            }
            b'[' => self.set()?,
            b'.' => PRINTABLE,
            b'^' => 1 << BEGIN,
            b'$' => 1 << END,
            b'\\' => self.escaped()?,
            b'*' | b'+' | b'?' | b'{' | b'}' | b']' => return None,
            other => 1 << other,
        };
        let place = u32::try_from(self.positions.len()).ok()?;
        self.positions.push(characters);
        self.follow.push(0);
        let own = 1 << place;
        Some(Part { first: own, last: own, is_empty: false })
    }

    fn escaped(&mut self) -> Option<u128> {
        match self.take()? {
            b'd' => Some(DIGITS),
            letter if letter.is_ascii_alphanumeric() => None,
            sign => Some(1 << sign),
        }
    }

    /// What stands in brackets.
    fn set(&mut self) -> Option<u128> {
        let others = self.next_is(b'^');
        let mut set = 0;
        while !self.next_is(b']') {
            let from = self.take()?;
            let to = match self.rest {
                [b'-', to, ..] if *to != b']' => {
                    let to = *to;
                    self.take();
                    self.take();
                    to
                }
                _ => from,
            };
            set |= (from..=to).fold(0_u128, |set, octet| set | (1 << octet));
        }
        let set = if others { PRINTABLE & !set } else { set };
        (set != 0).then_some(set)
    }

    /// Any of these positions may be followed by any of those.
    fn link(&mut self, before: u64, behind: u64) {
        for (place, follow) in (0..64).zip(&mut self.follow) {
            if before & (1 << place) != 0 {
                *follow |= behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(range: &str, number: &str) -> bool {
        AddressRange::parse(range.as_bytes()).expect(range).has(number.as_bytes())
    }

    #[test]
    fn q55_a_range_is_a_number_the_start_of_numbers_or_an_expression() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("", &["36105", "7"], &[]),
            ("*", &["36105", ""], &[]),
            ("36105", &["36105"], &["361050", "136105", "3610"]),
            ("+33700000000", &["33700000000"], &["+33700000000"]),
            ("36105,36106", &["36105", "36106"], &["36107"]),
            ("3610*, 7000", &["3610", "36109", "7000"], &["361", "70001"]),
            ("^36105$", &["36105"], &["361050", "136105"]),
            ("^3610", &["36105", "3610"], &["136105"]),
            ("105$", &["36105"], &["361051"]),
            ("^3610[1-35]$", &["36101", "36103", "36105"], &["36104", "3610"]),
            ("^(36105|7000)$", &["36105", "7000"], &["70001", "3610"]),
            ("^36105$|^7000$", &["36105", "7000"], &["70001"]),
            ("^36.*5$", &["365", "36105"], &["36106", "65"]),
            ("^36\\d?$", &["36", "361"], &["3610", "36a"]),
            ("^3(61)+$", &["361", "36161"], &["3", "3616"]),
            ("^[^4]", &["36105"], &["436105", ""]),
            ("6.0", &["136105"], &["3605"]),
            ("^\\+?36$", &["36"], &["366"]),
            ("^(1|)$", &["1", ""], &["11"]),
        ];
        for (range, within, beyond) in cases {
            for number in *within {
                assert!(has(range, number), "{number} in {range}");
            }
            for number in *beyond {
                assert!(!has(range, number), "{number} not in {range}");
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in ["(36", "36)", "[36", "[]", "+|1", "3{2}", "\\q", "3\\", "[9-0]", "\u{e9}"] {
            assert_eq!(AddressRange::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(AddressRange::parse(&[b'1'; 41]), None);
        assert!(AddressRange::parse(b"((((((((((((((((((((").is_none());
    }

    proptest! {
        /// Each alternative of a list by itself says what the list says.
        #[test]
        fn an_expression_agrees_with_its_alternatives(
            items in proptest::collection::vec("[01]{1,4}", 1..6),
            number in "[01]{0,5}",
        ) {
            let range = format!("^({})$", items.join("|"));
            prop_assert_eq!(has(&range, &number), items.contains(&number));
        }

        #[test]
        fn any_text_is_a_range_or_none(text in "[ -~]{0,40}", number in "[0-9]{0,20}") {
            let range = AddressRange::parse(text.as_bytes());
            let _ = range.map(|range| range.has(number.as_bytes()));
        }
    }
}
