//! Receipt text to the raw values in it, borrowed, and to what they mean.

use super::{ReceiptDate, standard, tolerant};
use crate::message::state::MessageState;

/// The bits of `esm_class` that hold the message type (`SMPP 3.4 §5.2.12`).
const TYPE_MASK: u8 = 0x3C;
/// An SMSC delivery receipt.
const TYPE_RECEIPT: u8 = 0x04;
/// An intermediate delivery notification.
const TYPE_INTERMEDIATE: u8 = 0x20;

/// The values of a receipt's text, as they stand in it; `None` where the label is missing and
/// empty where the label is there without a value.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReceiptText<'a> {
    /// The SMSC's message id, of any length and alphabet.
    pub id: Option<&'a [u8]>,
    /// How many messages were submitted.
    pub sub: Option<&'a [u8]>,
    /// How many of them were delivered.
    pub dlvrd: Option<&'a [u8]>,
    /// When the message was submitted; see [`ReceiptText::submitted`].
    pub submit_date: Option<&'a [u8]>,
    /// When it reached its state; see [`ReceiptText::done`].
    pub done_date: Option<&'a [u8]>,
    /// The word for its state; see [`ReceiptText::state`].
    pub stat: Option<&'a [u8]>,
    /// The network's or the SMSC's error, often not a number.
    pub err: Option<&'a [u8]>,
    /// The message's first octets, in whatever coding it had.
    pub text: Option<&'a [u8]>,
}

impl<'a> ReceiptText<'a> {
    /// Reads what can be read from a receipt in one pass over its octets; never fails and never
    /// allocates. For UCS-2 see [`plain`](super::plain).
    ///
    /// A label counts at the start of a word, in any letter case, the first of its kind wins, and
    /// its value ends at the next label or at white space, but for the blank between a date with
    /// hyphens and its time of day. What follows `text:` is the message's
    /// own and is taken whole, save NULs and one line end behind it; no label in it is believed.
    /// The one exception is a `stat:` that stands after an empty `text:` and nowhere before it.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Self {
        standard::parse(octets).unwrap_or_else(|| tolerant::parse(octets))
    }

    /// The state that `stat` means, if anybody can tell; a full stop behind the word says nothing.
    #[must_use]
    pub fn state(&self) -> Option<MessageState> {
        let stat = self.stat?;
        MessageState::from_stat(stat.strip_suffix(b".").unwrap_or(stat))
    }

    /// The submit date, if it is one that exists.
    #[must_use]
    pub fn submitted(&self) -> Option<ReceiptDate> {
        self.submit_date.and_then(ReceiptDate::parse)
    }

    /// The done date, if it is one that exists.
    #[must_use]
    pub fn done(&self) -> Option<ReceiptDate> {
        self.done_date.and_then(ReceiptDate::parse)
    }

    /// `sub` as a number, if it is one.
    #[must_use]
    pub fn sub_count(&self) -> Option<u32> {
        self.sub.and_then(number)
    }

    /// `dlvrd` as a number, if it is one. Many SMSCs write 000 for a delivered message, or 001 for
    /// a failed one: the state says which.
    #[must_use]
    pub fn dlvrd_count(&self) -> Option<u32> {
        self.dlvrd.and_then(number)
    }

    /// `err` as a number, if it is a decimal one.
    #[must_use]
    pub fn err_number(&self) -> Option<u32> {
        self.err.and_then(number)
    }

    /// Whether so much of a receipt is there that chance does not explain it: an id, a state's
    /// label and one more value.
    #[must_use]
    pub fn is_convincing(&self) -> bool {
        let others = [self.sub, self.dlvrd, self.submit_date, self.done_date, self.err];
        self.id.is_some_and(|id| !id.is_empty())
            && self.stat.is_some()
            && others.iter().any(Option::is_some)
    }
}

/// Whether a `deliver_sm` or `data_sm` is a receipt: its `esm_class` says so, whatever its text
/// holds, or the class says nothing and the text can hardly be anything else.
///
/// Some SMSCs leave the class 0. A handset can write such a text too, so whoever acts on it must
/// find the id and see that the destination agrees. An SME's own acknowledgement is no receipt.
#[must_use]
pub fn is_receipt(esm_class: u8, text: &[u8]) -> bool {
    match esm_class & TYPE_MASK {
        TYPE_RECEIPT | TYPE_INTERMEDIATE => true,
        0 => ReceiptText::parse(text).is_convincing(),
        _ => false,
    }
}

/// A number written in decimal digits and nothing else.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |sum, octet| match octet {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u32::from(octet - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
