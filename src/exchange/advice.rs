//! Which key of a dialect would have made more of an exchange: each is tried on what went wrong.

use std::collections::{BTreeMap, HashMap};

use super::matching::Matching;
use crate::message::dialect::Dialect;
use crate::message::receipt::id::IdNotation;
use crate::message::words::Word;
use crate::mt::receipts::{CarrierReceipt, Notations, receipt_keys, response_key, same_number};
use crate::text::{Alphabet, DefaultAlphabet, Shifts, decode};
use crate::wire::table::Pdu;
use crate::wire::{ErrorBody, Rules, TrailingOctets};

/// Lines that stand beside one piece of advice, and hints that are kept for the end.
const LINES_MAX: usize = 100;
/// Hints that are looked at when the exchange has ended.
const HINTS_MAX: usize = 10_000;

/// A key that would have helped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Advice {
    /// The key.
    pub key: &'static str,
    /// Its value.
    pub value: &'static str,
    /// The lines of which it would have made more, at most a hundred.
    pub lines: Vec<u32>,
}

/// What went wrong on a line.
#[derive(Debug)]
pub(super) enum Hint {
    /// Text of this data_coding that its alphabet does not have.
    Text(u32, u8, Box<[u8]>),
    /// Times that the dialect refuses.
    Times(u32),
    /// A message that would be a receipt if its esm_class said so, or by this key.
    Unmarked(u32, &'static str, CarrierReceipt),
}

#[derive(Debug, Default)]
pub(super) struct Advisor {
    unmarked: Vec<(u32, &'static str, CarrierReceipt)>,
    found: BTreeMap<(&'static str, &'static str), Vec<u32>>,
}

impl Advisor {
    pub(super) fn note(&mut self, dialect: &Dialect, hint: Hint) {
        match hint {
            Hint::Times(line) => self.advise("times_in_deliver", "accept", line),
            Hint::Unmarked(line, key, receipt) if self.unmarked.len() < HINTS_MAX => {
                self.unmarked.push((line, key, receipt));
            }
            Hint::Unmarked(..) => {}
            Hint::Text(line, data_coding, octets) => {
                if let Some(zero) = alphabet_of(dialect, data_coding, &octets) {
                    self.advise("data_coding_0", zero.word(), line);
                }
            }
        }
    }

    /// A PDU that could not be read: the tolerance that would have.
    pub(super) fn unread(&mut self, line: u32, rules: &Rules, octets: &[u8]) {
        let looser = [
            (
                "trailing_octets",
                "ignore",
                Rules { trailing_octets: TrailingOctets::Ignore, ..*rules },
            ),
            ("missing_nul", "accept", Rules { missing_nul: true, ..*rules }),
            ("long_c_strings", "accept", Rules { long_c_strings: true, ..*rules }),
            ("error_body", "auto", Rules { error_body: ErrorBody::Auto, ..*rules }),
        ];
        for (key, value, rules) in looser {
            if Pdu::decode(octets, &rules).is_ok() {
                self.advise(key, value, line);
            }
        }
    }

    fn advise(&mut self, key: &'static str, value: &'static str, line: u32) {
        let lines = self.found.entry((key, value)).or_default();
        if lines.len() < LINES_MAX {
            lines.push(line);
        }
    }

    /// Once all responses are known: how receipts without a message would find theirs.
    pub(super) fn at_the_end(&mut self, matching: &Matching) {
        for (line, key, receipt) in std::mem::take(&mut self.unmarked) {
            if matching.knows(&receipt) {
                self.advise(key, "receipt", line);
            }
        }
        let Some(better) = better_notations(matching) else { return };
        let now = matching.reading().notations;
        let Reread { notations, lines } = better;
        for line in lines {
            if notations.response != now.response {
                self.advise("message_id_response", notations.response.word(), line);
            }
            if notations.receipt != now.receipt {
                self.advise("message_id_receipt", notations.receipt.word(), line);
            }
        }
    }

    pub(super) fn advice(self) -> Vec<Advice> {
        let advice = |((key, value), lines)| Advice { key, value, lines };
        self.found.into_iter().map(advice).collect()
    }
}

/// The meaning of `data_coding` 0 under which these octets are text, where they are none now.
fn alphabet_of(dialect: &Dialect, data_coding: u8, octets: &[u8]) -> Option<DefaultAlphabet> {
    if data_coding != 0 {
        return None;
    }
    let others = [DefaultAlphabet::Utf8, DefaultAlphabet::Latin1, DefaultAlphabet::Gsm7];
    let is_text = |zero: &DefaultAlphabet| {
        let alphabet = Alphabet::of(data_coding, *zero);
        *zero != dialect.data_coding_0 && decode(octets, alphabet, Shifts::NONE).is_ok()
    };
    others.into_iter().find(is_text)
}

/// Notations under which more receipts find a message.
struct Reread {
    notations: Notations,
    /// The lines of the receipts that find none now.
    lines: Vec<u32>,
}

/// The pair of notations under which most receipts find a message, if that is more than now: with
/// as few changes as possible, and of a certain notation rather than of a learnt one.
fn better_notations(matching: &Matching) -> Option<Reread> {
    use IdNotation::{Auto, Decimal, Hex, HexText, Text};
    // In each place what is seen most comes first.
    const RESPONSES: [IdNotation; 5] = [Hex, Decimal, Text, HexText, Auto];
    const RECEIPTS: [IdNotation; 5] = [Decimal, Hex, Text, HexText, Auto];
    let unmatched = matching.unmatched();
    if unmatched.is_empty() {
        return None;
    }
    let now = matching.reading().notations;
    let mut pairs = Vec::new();
    for response in RESPONSES {
        for receipt in RECEIPTS {
            let changes = u8::from(response != now.response) + u8::from(receipt != now.receipt);
            if changes > 0 {
                pairs.push((changes, response != now.response, Notations { response, receipt }));
            }
        }
    }
    // In the order above among those alike: the sort is stable.
    pairs.sort_by_key(|(changes, response, _)| (*changes, *response));
    let mut best: Option<(usize, Reread)> = None;
    for (_, _, notations) in pairs {
        let known = known_under(matching, notations);
        let finds = |id: &[u8], number: &[u8]| {
            let keys = receipt_keys(0, notations, id);
            keys.iter().any(|(_, key)| {
                let numbers = known.get(&key);
                numbers.is_some_and(|all| all.iter().any(|one| same_number(one, number)))
            })
        };
        let found = matching.found.iter();
        let kept = found.filter(|(id, number)| finds(id, number.octets())).count();
        let lines: Vec<u32> = unmatched
            .iter()
            .filter(|(_, one)| finds(one.keys.id(), one.destination.octets()))
            .map(|(line, _)| *line)
            .collect();
        let score = kept + lines.len();
        let more = score > best.as_ref().map_or(matching.found.len(), |(score, _)| *score);
        if more && !lines.is_empty() {
            best = Some((score, Reread { notations, lines }));
        }
    }
    best.map(|(_, reread)| reread)
}

/// The handsets by the key that their response has under these notations.
fn known_under(matching: &Matching, notations: Notations) -> HashMap<u64, Vec<&[u8]>> {
    let mut known: HashMap<u64, Vec<&[u8]>> = HashMap::new();
    for sent in &matching.sent {
        let id = sent.response.as_ref().map_or(&b""[..], |(_, id)| id);
        if let Some(key) = response_key(0, notations, id) {
            known.entry(key).or_default().push(&sent.number);
        }
    }
    known
}
