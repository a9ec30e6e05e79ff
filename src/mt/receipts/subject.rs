//! What a receipt of ours is about: of a message, what its receipts say of it.

use std::time::Duration;

use super::Outcome;
use crate::message::envelope::Message;
use crate::message::receipt::ReceiptLine;
use crate::text::gsm7::{ESCAPE, is_ascii_septet};
use crate::text::udh::Udh;
use crate::text::{Alphabet, DefaultAlphabet, Shifts, decode_lossy};
use crate::wire::{Address, TlvTag, Tlvs};

/// A bit of registered_delivery that SMPP reserves: here, that the message is a segment that its
/// account cut, and not the last one.
const EARLIER_SEGMENT: u8 = 0x80;
/// The bit of esm_class for a user data header (SMPP 3.4 §5.2.12).
const UDH: u8 = 0x40;

/// A message as its receipts speak of it. It outlives the message, whose text nobody needs once its
/// carrier has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// Whose message it was, by its place in the settings.
    pub account: u32,
    /// Who the message was from: where the receipt goes.
    pub source: Address,
    /// The handset: where the receipt comes from.
    pub destination: Address,
    /// When the message was accepted, in wall time since 1970.
    pub accepted_at: Duration,
    /// Which receipts the account wants (SMPP 3.4 §5.2.17), and `EARLIER_SEGMENT`.
    pub registered_delivery: u8,
    /// How its text began.
    pub quote: Quote,
}

impl Subject {
    /// What receipts say of this message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self::with(message, Quote::of(message), is_earlier_segment(message))
    }

    /// The same of one of whose text this is known.
    #[must_use]
    pub fn with<B>(message: &Message<B>, quote: Quote, is_earlier_segment: bool) -> Self {
        let earlier = if is_earlier_segment { EARLIER_SEGMENT } else { 0 };
        let registered_delivery = message.registered_delivery & !EARLIER_SEGMENT | earlier;
        Self {
            account: message.account,
            source: message.source.clone(),
            destination: message.destination.clone(),
            accepted_at: message.accepted_at,
            registered_delivery,
            quote,
        }
    }

    /// Whether its account, which wants one receipt for a message that it cut itself, hears of this
    /// outcome by another one: that of the last segment tells of success, and each that fails is
    /// told by its own.
    #[must_use]
    pub fn is_told_by_the_last(&self, outcome: &Outcome) -> bool {
        let failed = outcome.is_final && !super::is_success(outcome.state);
        self.registered_delivery & EARLIER_SEGMENT != 0 && !failed
    }
}

/// Whether an account cut its message itself and this is one of its segments, and not the last.
#[must_use]
pub fn is_earlier_segment(message: &Message) -> bool {
    if message.esm_class & UDH != 0 {
        let header = Udh::split(message.user_data.octets()).ok();
        let place = header.and_then(|(udh, _)| udh.concatenation());
        return place.is_some_and(|place| place.sequence < place.total);
    }
    if message.tlvs.is_empty() {
        return false;
    }
    let tlvs = Tlvs::take(&message.tlvs).0;
    let total = tlvs.int(TlvTag::SAR_TOTAL_SEGMENTS);
    let sequence = tlvs.int(TlvTag::SAR_SEGMENT_SEQNUM);
    sequence.zip(total).is_some_and(|(sequence, total)| sequence < total)
}

/// The beginning of a message's text, as far as a receipt has room for it (SMPP 3.4 Appendix B);
/// nothing where the text cannot stand in a receipt.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Quote {
    len: u8,
    octets: [u8; ReceiptLine::TEXT_OCTETS],
}

impl Quote {
    /// The quote of a message: characters of one octet, without a UDH before them, as GSM 7-bit
    /// whatever they were in.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let plain = matches!(message.data_coding, 0 | 1 | 3) && message.esm_class & 0x40 == 0;
        let octets = if plain { message.user_data.octets() } else { b"" };
        let quoted = octets.get(..ReceiptLine::TEXT_OCTETS).unwrap_or(octets);
        if message.data_coding != 0 && !quoted.iter().all(is_ascii_septet) {
            let alphabet = Alphabet::of(message.data_coding, DefaultAlphabet::Gsm7);
            let mut room = Vec::new();
            return Self::new(written(quoted, (alphabet, Alphabet::Gsm7), &mut room));
        }
        Self::new(match quoted {
            // An escape and what it escapes stand or fall together.
            [before @ .., ESCAPE] => before,
            whole => whole,
        })
    }

    /// The same in another alphabet.
    #[must_use]
    pub fn in_alphabet<'a>(&self, zero: DefaultAlphabet, room: &'a mut Vec<u8>) -> &'a [u8] {
        written(self.octets(), (Alphabet::Gsm7, Alphabet::of(0, zero)), room)
    }

    /// These octets, as far as there is room.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        let mut quote = Self::default();
        for (to, from) in quote.octets.iter_mut().zip(octets) {
            *to = *from;
            quote.len += 1;
        }
        quote
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or(&self.octets)
    }
}

/// Octets of one alphabet in another, `?` in place of what it lacks; cut where a character ends.
#[cold]
fn written<'a>(octets: &[u8], (from, to): (Alphabet, Alphabet), room: &'a mut Vec<u8>) -> &'a [u8] {
    room.clear();
    for ch in decode_lossy(octets, from, Shifts::NONE).chars() {
        let before = room.len();
        let mut text = [0; 4];
        if to.encode(ch.encode_utf8(&mut text), Shifts::NONE, room).is_err() {
            room.push(b'?');
        }
        if room.len() > ReceiptLine::TEXT_OCTETS {
            room.truncate(before);
            break;
        }
    }
    room
}

/// Prints the length only: the text is nobody's business.
impl std::fmt::Debug for Quote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets", self.octets().len())
    }
}
