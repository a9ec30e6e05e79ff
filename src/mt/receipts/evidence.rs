//! What a receipt says of its message beside the id: enough to tell whose it is where no response
//! ever named an id.
//!
//! What speaks against a message counts more than what speaks for it: a receipt that is taken for
//! another message's would keep this one from being sent again.

use std::time::Duration;

use super::tail;
use crate::message::envelope::Message;
use crate::message::receipt::{ReceiptDate, ReceiptLine, ReceiptText};

/// By how much a carrier's clock may be behind ours, and what a date loses that has no seconds.
const CLOCKS_APART: Duration = Duration::from_secs(120);
/// Letters and digits of a quoted text that have to be a message's for it to be known by them, or
/// all that it has.
const LETTERS_MIN: usize = 4;
/// Octets of the longest date that is read.
const DATE_OCTETS: usize = 19;
/// The bit of esm_class for a user data header (SMPP 3.4 §5.2.12).
const UDH: u8 = 0x40;

/// What a receipt says of its message, as it stands there: it is read for the few receipts that
/// nothing else tells the message of.
#[derive(Clone, Copy, Default)]
pub struct Evidence {
    /// The last octets of our sender, zeros before them; nothing but zeros when there is none.
    sender: [u8; 7],
    /// The beginning of the message that it quotes, and zeros.
    quoted: [u8; ReceiptLine::TEXT_OCTETS],
    quoted_len: u8,
    /// The submit date, and zeros.
    submitted: [u8; DATE_OCTETS],
    submitted_len: u8,
    /// Minutes east of UTC of that date.
    zone_minutes: i16,
}

/// How well a receipt fits a segment.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fit {
    /// It is another's.
    Not,
    /// Nothing it says is against it.
    May,
    /// It quotes it.
    Quotes,
}

/// What settled a doubt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// A late response.
    Response,
    /// A receipt of an id that no response had named.
    Receipt,
}

impl Settled {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Response, Self::Receipt];

    /// What it is called in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Receipt => "receipt",
        }
    }
}

impl Evidence {
    /// What this text, sent to this sender of ours, says.
    #[must_use]
    pub fn new(text: &ReceiptText<'_>, sender: &[u8], zone_minutes: i16) -> Self {
        let (quoted, quoted_len) = kept(text.text.unwrap_or_default());
        let date = text.submit_date.filter(|date| date.len() <= DATE_OCTETS);
        let (submitted, submitted_len) = kept(date.unwrap_or_default());
        let sender = ending(sender);
        Self { sender, quoted, quoted_len, submitted, submitted_len, zone_minutes }
    }

    /// How well it fits this segment, counted from 0, of a message whose receipt came by `now`
    /// (wall time since 1970).
    #[must_use]
    pub fn fits(&self, message: &Message, segment: u8, now: Duration) -> Fit {
        let silent = self.sender == ending(b"");
        if !silent && self.sender != ending(message.source.octets()) {
            return Fit::Not;
        }
        if self
            .submitted_at()
            .is_some_and(|at| at + CLOCKS_APART < message.accepted_at || now + CLOCKS_APART < at)
        {
            return Fit::Not;
        }
        let quoted = self.quoted.get(..usize::from(self.quoted_len)).unwrap_or(&self.quoted);
        match readable(message, segment) {
            Some(text) => agreement(without_header(quoted), text),
            None => Fit::May,
        }
    }

    /// Appends it, for [`Evidence::take`].
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.sender);
        out.push(self.quoted_len);
        out.extend_from_slice(&self.quoted);
        out.push(self.submitted_len);
        out.extend_from_slice(&self.submitted);
        out.extend_from_slice(&self.zone_minutes.to_le_bytes());
    }

    /// Takes from these octets what [`Evidence::put`] put there.
    #[must_use]
    pub fn take(octets: &mut &[u8]) -> Option<Self> {
        Some(Self {
            sender: take(octets)?,
            quoted_len: take(octets).map(|[len]| len)?,
            quoted: take(octets)?,
            submitted_len: take(octets).map(|[len]| len)?,
            submitted: take(octets)?,
            zone_minutes: take(octets).map(i16::from_le_bytes)?,
        })
    }

    fn submitted_at(&self) -> Option<Duration> {
        let date = self.submitted.get(..usize::from(self.submitted_len))?;
        let wall = ReceiptDate::parse(date)?.to_wall(self.zone_minutes);
        (wall > Duration::ZERO).then_some(wall)
    }
}

/// Says nothing: text and sender are nobody's business.
impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence")
    }
}

fn take<const N: usize>(octets: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = octets.split_first_chunk::<N>()?;
    *octets = rest;
    Some(*taken)
}

/// As many octets as there is room for, and how many.
fn kept<const N: usize>(octets: &[u8]) -> ([u8; N], u8) {
    let octets = octets.get(..N).unwrap_or(octets);
    let mut room = [0; N];
    if let Some(room) = room.get_mut(..octets.len()) {
        room.copy_from_slice(octets);
    }
    // At most N, which is a few.
    (room, octets.len() as u8)
}

/// The last seven octets of an address, which every way of writing a number shares.
fn ending(address: &[u8]) -> [u8; 7] {
    let tail = tail(address);
    let mut ending = [0; 7];
    if let Some(room) = ending.get_mut(7 - tail.len()..) {
        room.copy_from_slice(tail);
    }
    ending
}

/// A segment's text, where it is written in characters of one octet.
fn readable(message: &Message, segment: u8) -> Option<&[u8]> {
    if !matches!(message.data_coding, 0 | 1 | 3) {
        return None;
    }
    let octets = message.segment(segment);
    // Only a message that is sent as it came has a header in its user data.
    if message.esm_class & UDH == 0 {
        return Some(octets);
    }
    let length = usize::from(*octets.first()?);
    octets.get(length + 1..)
}

/// A quoted text without the header for concatenation that some carriers quote with it.
fn without_header(quoted: &[u8]) -> &[u8] {
    match quoted {
        [5, 0, 3, _, _, _, text @ ..] | [6, 8, 4, _, _, _, _, text @ ..] => text,
        text => text,
    }
}

/// Whether a quoted text begins as a segment does. Carriers write signs and accents in alphabets of
/// their own, so letters and digits alone are heard.
fn agreement(quoted: &[u8], text: &[u8]) -> Fit {
    let (mut same, mut there) = (0, 0);
    for (at, own) in text.iter().take(ReceiptLine::TEXT_OCTETS).enumerate() {
        there += usize::from(own.is_ascii_alphanumeric());
        let Some(theirs) = quoted.get(at) else { continue };
        if theirs.is_ascii_alphanumeric() && own.is_ascii_alphanumeric() {
            if theirs != own {
                return Fit::Not;
            }
            same += 1;
        }
    }
    // More than there is to quote, so it is another message's.
    let beyond = quoted.get(text.len()..).unwrap_or_default();
    if beyond.iter().any(u8::is_ascii_alphanumeric) {
        return Fit::Not;
    }
    if same > 0 && same >= LETTERS_MIN.min(there) { Fit::Quotes } else { Fit::May }
}

#[cfg(test)]
mod tests;
