//! The exact layout of `SMPP 3.4 Appendix B` to its values, in one straight run.
//!
//! Most receipts are of this form, so it is tried first. It takes only words in which no label can
//! begin; what it accepts the tolerant reader therefore reads the same, and the rest is left to it.

use super::{ReceiptText, tolerant::quoted};

/// Reads a receipt of the standard layout, the text's label being optional; `None` for any other.
#[inline]
pub(super) fn parse(octets: &[u8]) -> Option<ReceiptText<'_>> {
    let (id, rest) = word(octets.strip_prefix(b"id:")?)?;
    let (sub, rest) = word(rest.strip_prefix(b" sub:")?)?;
    let (dlvrd, rest) = word(rest.strip_prefix(b" dlvrd:")?)?;
    let (submit_date, rest) = word(rest.strip_prefix(b" submit date:")?)?;
    let (done_date, rest) = word(rest.strip_prefix(b" done date:")?)?;
    let (stat, rest) = word(rest.strip_prefix(b" stat:")?)?;
    let (err, rest) = word(rest.strip_prefix(b" err:")?)?;
    let text = match rest.strip_prefix(b" text:").or_else(|| rest.strip_prefix(b" Text:")) {
        Some(text) => Some(quoted(text)),
        None if rest.is_empty() => None,
        None => return None,
    };
    Some(ReceiptText {
        id: Some(id),
        sub: Some(sub),
        dlvrd: Some(dlvrd),
        submit_date: Some(submit_date),
        done_date: Some(done_date),
        stat: Some(stat),
        err: Some(err),
        text,
    })
}

/// A value of one octet or more up to the next space (or the end), made of letters, digits, `-`,
/// `_` and `.` only: nothing that could end a value or begin a label.
#[inline]
fn word(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    let end = octets.iter().position(|octet| !plain(octet)).unwrap_or(octets.len());
    if end == 0 {
        return None;
    }
    octets.split_at_checked(end)
}
