//! Receipts of every other layout to their values.
//!
//! One pass: at each start of a word a label is looked for; behind it a value is taken, and the
//! search goes on at the value's end. What belongs to no label is stepped over.

use super::ReceiptText;
use crate::message::state::MessageState;

/// The labels, in lower case and with their colons; date labels are also seen with an underscore,
/// a hyphen or nothing between their words.
const LABELS: &[(&[u8], Field)] = &[
    (b"id:", Field::Id),
    (b"sub:", Field::Sub),
    (b"dlvrd:", Field::Dlvrd),
    (b"submit date:", Field::SubmitDate),
    (b"submit_date:", Field::SubmitDate),
    (b"submit-date:", Field::SubmitDate),
    (b"submitdate:", Field::SubmitDate),
    (b"done date:", Field::DoneDate),
    (b"done_date:", Field::DoneDate),
    (b"done-date:", Field::DoneDate),
    (b"donedate:", Field::DoneDate),
    (b"stat:", Field::Stat),
    (b"err:", Field::Err),
    (b"text:", Field::Text),
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    Stat,
    Err,
    Text,
}

/// Reads whatever values the octets hold.
pub(super) fn parse(octets: &[u8]) -> ReceiptText<'_> {
    let mut found = ReceiptText::default();
    let mut unlabelled = None;
    let mut at = 0;
    while at < octets.len() {
        let Some((field, after)) = label_at(octets, at) else {
            at += 1;
            continue;
        };
        if field == Field::Text && found.text.is_none() {
            if found.stat.is_none() && stat_follows(octets, after) {
                found.text = Some(b"");
                at = after;
                continue;
            }
            found.text = Some(quoted(from(octets, after)));
            break;
        }
        let (value, end) = value_at(octets, after, field);
        // An id behind `text:` could be the message's own words.
        let behind_text = found.text.is_some() && field == Field::Id;
        let slot = slot(&mut found, field);
        if slot.is_none() && !behind_text {
            *slot = Some(value);
        }
        if field == Field::DoneDate && unlabelled.is_none() {
            unlabelled = state_word(octets, end);
        }
        // A label is never empty, so `end` lies beyond `at` and the loop ends.
        at = end;
    }
    found.stat = found.stat.or(unlabelled);
    found
}

/// The message's own words: all that follows `text:` but NULs and one line end behind them.
pub(super) fn quoted(rest: &[u8]) -> &[u8] {
    let end = rest.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    let rest = rest.get(..end).unwrap_or(rest);
    let rest = rest.strip_suffix(b"\n").unwrap_or(rest);
    rest.strip_suffix(b"\r").unwrap_or(rest)
}

/// The label that begins at `at`, and where its value may begin.
fn label_at(octets: &[u8], at: usize) -> Option<(Field, usize)> {
    let before = at.checked_sub(1).and_then(|before| octets.get(before));
    if before.is_some_and(|&octet| joins(octet)) {
        return None;
    }
    let rest = from(octets, at);
    let first = rest.first()?.to_ascii_lowercase();
    LABELS
        .iter()
        .filter(|(label, _)| label.first() == Some(&first))
        .find_map(|&(label, field)| Some((field, at + label_len(rest, label)?)))
}

/// Octets of this label in front of `rest`, if it stands there; between its words may be more
/// blanks than one.
fn label_len(rest: &[u8], label: &[u8]) -> Option<usize> {
    let mut len = 0;
    for octet in label {
        if !rest.get(len)?.eq_ignore_ascii_case(octet) {
            return None;
        }
        len += 1;
        if *octet == b' ' {
            len += from(rest, len).iter().take_while(|&&octet| is_blank(octet)).count();
        }
    }
    Some(len)
}

/// The value that begins behind a label, and where the search goes on.
fn value_at(octets: &[u8], after: usize, field: Field) -> (&[u8], usize) {
    let blanks = from(octets, after).iter().take_while(|&&octet| is_blank(octet)).count();
    let start = after + blanks;
    // An empty value must not swallow the field that follows it, known to us or not.
    if label_at(octets, start).is_some() || (blanks > 0 && begins_field(from(octets, start))) {
        return (b"", after);
    }
    let mut end = start;
    while octets.get(end).is_some_and(|&octet| !is_space(octet))
        && (end == start || label_at(octets, end).is_none())
    {
        end += 1;
    }
    let mut value = octets.get(start..end).unwrap_or_default();
    if matches!(field, Field::SubmitDate | Field::DoneDate) && is_dashed_date(value) {
        end += time_of_day(from(octets, end));
        value = octets.get(start..end).unwrap_or_default();
    }
    while let [kept @ .., b',' | b';' | b'|'] = value {
        value = kept;
    }
    (value, end)
}

/// Whether a `stat:` stands behind white space where a message's words would begin.
fn stat_follows(octets: &[u8], after: usize) -> bool {
    let spaces = from(octets, after).iter().take_while(|&&octet| is_space(octet)).count();
    spaces > 0 && matches!(label_at(octets, after + spaces), Some((Field::Stat, _)))
}

/// The next word, if it is a state: some SMSCs leave the label out behind the done date.
fn state_word(octets: &[u8], at: usize) -> Option<&[u8]> {
    let rest = from(octets, at);
    let blanks = rest.iter().take_while(|&&octet| is_blank(octet)).count();
    if blanks == 0 {
        // The value goes on here; to look for its end each time would make the pass quadratic.
        return None;
    }
    let word = from(rest, blanks);
    let end = word.iter().position(|&octet| is_space(octet)).unwrap_or(word.len());
    let word = word.get(..end)?;
    MessageState::from_stat(word).map(|_| word)
}

/// Whether letters and a colon stand here, as in `IMSI:`.
fn begins_field(octets: &[u8]) -> bool {
    let letters = octets.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
    letters > 0 && octets.get(letters) == Some(&b':')
}

/// Whether the octets are a date like `2013-02-17` or `13-02-17`.
fn is_dashed_date(octets: &[u8]) -> bool {
    matches!(octets.len(), 8 | 10)
        && octets.iter().rev().enumerate().all(|(at, octet)| match at {
            2 | 5 => *octet == b'-',
            _ => octet.is_ascii_digit(),
        })
}

/// How many octets of a blank and a time like ` 00:04:29` stand here; 0 if none does.
fn time_of_day(octets: &[u8]) -> usize {
    let [blank, time @ ..] = octets else { return 0 };
    let length = time.iter().take_while(|o| o.is_ascii_digit() || **o == b':').count();
    let is_time = time.get(2) == Some(&b':') && matches!(length, 5 | 8);
    if *blank == b' ' && is_time { length + 1 } else { 0 }
}

fn slot<'r, 'a>(found: &'r mut ReceiptText<'a>, field: Field) -> &'r mut Option<&'a [u8]> {
    match field {
        Field::Id => &mut found.id,
        Field::Sub => &mut found.sub,
        Field::Dlvrd => &mut found.dlvrd,
        Field::SubmitDate => &mut found.submit_date,
        Field::DoneDate => &mut found.done_date,
        Field::Stat => &mut found.stat,
        Field::Err => &mut found.err,
        Field::Text => &mut found.text,
    }
}

/// Whether a label right behind this octet would be the end of a longer word.
fn joins(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.')
}

/// White space within a line.
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// White space, and the NULs that some SMSCs count into `sm_length`.
fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t'..=b'\r' | 0)
}

/// The octets from `at` on; none beyond the end.
fn from(octets: &[u8], at: usize) -> &[u8] {
    octets.get(at..).unwrap_or_default()
}
