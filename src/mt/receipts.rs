//! Receipts: a carrier's deliver_sm to what it says, ours to the deliver_sm an account gets.

mod evidence;
mod lean;
mod meaning;
mod subject;

use std::time::Duration;

use crate::clock::Now;
use crate::message::dialect::{Dialect, UnmarkedReceipt};
use crate::message::message_id::MessageId;
use crate::message::receipt::id::{ID_OCTETS, IdKey, IdNotation, decimal_of_hex};
use crate::message::receipt::{Cause, LastDates, ReceiptFormat, ReceiptLine, ReceiptText, plain};
use crate::message::state::MessageState;
use crate::text::DefaultAlphabet;
use crate::wire::table::DeliverSm;
use crate::wire::tlv::put_tlv;
use crate::wire::{Address, COctetString, TlvTag, Tlvs};
pub use evidence::{Evidence, Fit, Settled};
pub use lean::Lean;
pub use meaning::Meaning;
pub use subject::{Quote, Subject, is_earlier_segment};

/// The bits of `esm_class` that say what a deliver_sm is.
const ESM_CLASS_KINDS: u8 = 0x3c;
/// `esm_class` of a receipt (SMPP 3.4 §5.2.12).
const ESM_CLASS_RECEIPT: u8 = 0x04;
/// `esm_class` of a handset's acknowledgement of delivery.
const ESM_CLASS_ACKNOWLEDGEMENT: u8 = 0x08;
/// `esm_class` of an intermediate notification.
const ESM_CLASS_INTERMEDIATE: u8 = 0x20;

/// What a carrier's receipt says.
#[derive(Clone, Debug)]
pub struct CarrierReceipt {
    /// Which carrier's, by its place in the settings.
    pub carrier: u32,
    /// Keys under which its message may be found, the likeliest first.
    pub keys: IdKeys,
    /// The handset: where the receipt comes from.
    pub destination: Address,
    /// The state reached.
    pub state: MessageState,
    /// What it says beside that.
    pub cause: Cause,
    /// When it was reached, in wall time since 1970; `None` when the receipt does not say.
    pub done: Option<Duration>,
    /// Whether UNKNOWN is not its last word: by its esm_class it is an intermediate notification,
    /// or it names a state that nobody can read.
    pub is_provisional: bool,
    /// What else it says of its message, for where no response named its id.
    pub evidence: Evidence,
}

impl CarrierReceipt {
    /// When the state was reached: as the receipt says, or now.
    #[must_use]
    pub fn done_at(&self, now: Now) -> Duration {
        self.done.filter(|done| *done > Duration::ZERO).unwrap_or(now.wall)
    }

    /// Whether it says that nothing is known, or nothing that can be read.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.state == MessageState::UNKNOWN || self.state.name().is_none()
    }
}

/// The id of a receipt, and its keys, each where the notation stands that it is read in: the
/// response's and the receipt's are as they stand or both hexadecimal, the receipt's is decimal,
/// the response's is decimal. A notation that adds nothing has none.
///
/// A key is made when it is asked for: of the three the first nearly always finds its message.
#[derive(Clone, Debug, Default)]
pub struct IdKeys {
    carrier: u32,
    notations: Notations,
    /// Empty when there is no id, or none that anything could be found by.
    id: Id,
}

/// An id, inline up to the length of a UUID.
#[derive(Clone, Debug)]
enum Id {
    Inline { len: u8, octets: [u8; INLINE_ID] },
    Heap(Box<[u8]>),
}

/// Octets of an id that are kept without an allocation.
const INLINE_ID: usize = 36;

impl Id {
    fn new(id: &[u8]) -> Self {
        let mut octets = [0; INLINE_ID];
        match octets.get_mut(..id.len()) {
            Some(room) => {
                room.copy_from_slice(id);
                // At most INLINE_ID.
                Self::Inline { len: id.len() as u8, octets }
            }
            None => Self::Heap(id.into()),
        }
    }

    fn octets(&self) -> &[u8] {
        match self {
            Self::Inline { len, octets } => octets.get(..usize::from(*len)).unwrap_or(octets),
            Self::Heap(octets) => octets,
        }
    }
}

impl Default for Id {
    fn default() -> Self {
        Self::new(b"")
    }
}

impl IdKeys {
    /// In so many notations an id is read.
    pub const NOTATIONS: usize = 3;

    /// What the notations are called, in the order of the keys.
    pub const NAMES: [&'static str; Self::NOTATIONS] =
        ["as it stands", "decimal receipts for hexadecimal ids", "hexadecimal receipts"];

    /// The keys there are, each with its notation.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> + use<'_> {
        (0..Self::NOTATIONS).filter_map(|notation| Some((notation, self.of(notation)?)))
    }

    /// The key in this notation.
    #[must_use]
    pub fn of(&self, notation: usize) -> Option<u64> {
        let key = self.read_in(notation)?;
        let known = (0..notation).any(|before| self.read_in(before) == Some(key));
        (!known).then_some(key)
    }

    /// Whether there is none: the receipt had no id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Whether more than one notation is possible.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.iter().nth(1).is_some()
    }

    /// The id as it stands in the receipt.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.id.octets()
    }

    fn read_in(&self, notation: usize) -> Option<u64> {
        Some(hash(self.carrier, self.id_in(notation)?.as_bytes()))
    }

    /// The id as it is compared in this notation.
    #[must_use]
    pub fn id_in(&self, notation: usize) -> Option<IdKey> {
        let id = self.id.octets();
        use IdNotation::{Auto, Decimal, Hex, HexText};
        match (self.notations.receipt, self.notations.response, notation) {
            (Auto, HexText, 0) => HexText.key(id),
            (Auto, HexText, _) => None,
            (Auto, _, 0) => Hex.key(id),
            (Auto, _, 1) => Decimal.key(id),
            (Auto, Auto, 2) => decimal_of_hex(id),
            (known, _, 0) => known.key(id),
            _ => None,
        }
    }
}

/// As their keys are.
impl PartialEq for IdKeys {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// How one carrier writes ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notations {
    /// In submit_sm_resp.
    pub response: IdNotation,
    /// In receipts.
    pub receipt: IdNotation,
}

/// The key of the id in a submit_sm_resp; `None` when there is no id to find anything by.
///
/// A key is a hash over the carrier and the id as a number in hexadecimal (case and zeros mean
/// nothing there), which a decimal receipt id turns into as well. The destination has to agree
/// too, so two ids that share a hash do no harm.
#[must_use]
pub fn response_key(carrier: u32, notations: Notations, id: &[u8]) -> Option<u64> {
    Some(hash(carrier, response_id(notations, id)?.as_bytes()))
}

/// The id in a submit_sm_resp as it is compared.
#[must_use]
pub fn response_id(notations: Notations, id: &[u8]) -> Option<IdKey> {
    let notation = match notations {
        // A text is what the receipt says the octets of.
        Notations { response: IdNotation::Auto, receipt: IdNotation::HexText } => IdNotation::Text,
        Notations { response, .. } => response,
    };
    notation.key(id)
}

/// The keys of the id in a receipt.
#[must_use]
pub fn receipt_keys(carrier: u32, notations: Notations, id: &[u8]) -> IdKeys {
    let id = if id.len() > ID_OCTETS { b"" } else { id };
    IdKeys { carrier, notations, id: Id::new(id) }
}

fn hash(carrier: u32, id: &[u8]) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(u64::from(carrier)).build_hasher();
    hasher.write(id);
    hasher.finish()
}

/// How one carrier's receipts are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The carrier's place in the settings.
    pub carrier: u32,
    /// How it writes ids.
    pub notations: Notations,
    /// Minutes east of UTC of its dates.
    pub zone_minutes: i16,
    /// What a receipt's text under an ordinary esm_class is.
    pub unmarked: UnmarkedReceipt,
    /// What it is under that of a handset's acknowledgement.
    pub acknowledged: UnmarkedReceipt,
    /// What its words and TLVs mean.
    pub meaning: Meaning,
}

impl Reading {
    /// How the receipts of the carrier at this place are read.
    #[must_use]
    pub fn of(carrier: u32, dialect: &Dialect) -> Self {
        Self {
            carrier,
            notations: Notations {
                response: dialect.message_id_response,
                receipt: dialect.message_id_receipt,
            },
            zone_minutes: dialect.receipt_zone_minutes,
            unmarked: dialect.receipt_without_esm_class,
            acknowledged: dialect.receipt_as_acknowledgement,
            meaning: Meaning::of(dialect),
        }
    }
}

/// Reads a deliver_sm as a receipt; `None` when it is an ordinary message.
#[must_use]
pub fn read(reading: &Reading, deliver: &DeliverSm<'_>) -> Option<CarrierReceipt> {
    let unmarked = match deliver.esm_class & ESM_CLASS_KINDS {
        ESM_CLASS_RECEIPT | ESM_CLASS_INTERMEDIATE => None,
        0 => Some(reading.unmarked),
        ESM_CLASS_ACKNOWLEDGEMENT => Some(reading.acknowledged),
        _ => return None,
    };
    if unmarked == Some(UnmarkedReceipt::Message) {
        return None;
    }
    let &Reading { carrier, notations, zone_minutes, ref meaning, .. } = reading;
    let payload = deliver.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
    // A receipt's text may stand in message_payload (quirk 26).
    let octets = match payload {
        Some(payload) if deliver.short_message.is_empty() => payload,
        _ => deliver.short_message,
    };
    let octets = plain(octets);
    let text = ReceiptText::parse(&octets);
    // No handset writes that TLV, as anyone can write a text.
    let is_one =
        || text.is_convincing() || deliver.tlvs.find(TlvTag::RECEIPTED_MESSAGE_ID).is_some();
    if unmarked.is_some() && !is_one() {
        return None;
    }
    let resolved = meaning.resolve(&text, deliver.tlvs);
    Some(CarrierReceipt {
        carrier,
        keys: resolved.id.map(|id| receipt_keys(carrier, notations, id)).unwrap_or_default(),
        destination: Address::new(
            deliver.source_addr_ton,
            deliver.source_addr_npi,
            deliver.source_addr.octets(),
        ),
        state: resolved.state.unwrap_or(MessageState::UNKNOWN),
        cause: meaning.cause(&resolved, deliver.tlvs),
        done: text.done().map(|date| date.to_wall(zone_minutes)),
        is_provisional: resolved.state.is_none()
            || deliver.esm_class & ESM_CLASS_KINDS == ESM_CLASS_INTERMEDIATE,
        evidence: Evidence::new(&text, deliver.destination_addr.octets(), zone_minutes),
    })
}

/// Whether two addresses are the same number: written with or without `+`, `00` or a national
/// prefix, the last seven digits have to agree (quirk 60).
#[must_use]
pub fn same_number(one: &[u8], other: &[u8]) -> bool {
    one == other || (!tail(one).is_empty() && tail(one) == tail(other))
}

/// The digits of a number that every way of writing it shares.
#[must_use]
pub fn tail(number: &[u8]) -> &[u8] {
    number.get(number.len().saturating_sub(7)..).unwrap_or_default()
}

/// Whether the account asked for a receipt of this state (SMPP 3.4 §5.2.17).
#[must_use]
pub fn is_wanted(registered_delivery: u8, state: MessageState, is_final: bool) -> bool {
    if !is_final {
        return registered_delivery & 0x10 != 0;
    }
    match registered_delivery & 0x03 {
        1 => true,
        2 => !is_success(state),
        3 => is_success(state),
        _ => false,
    }
}

/// Whether a final state is a good end: where a carrier ends with ACCEPTED, that is one.
#[must_use]
pub fn is_success(state: MessageState) -> bool {
    matches!(state, MessageState::DELIVERED | MessageState::ACCEPTED)
}

/// How one account reads receipts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiptStyle {
    /// The layout of dates.
    pub format: ReceiptFormat,
    /// Minutes east of UTC of the dates.
    pub zone_minutes: i16,
    /// Whether ids are written in decimal.
    pub decimal_ids: bool,
    /// Whether it must do without TLVs: its peer speaks an older version (SMPP 3.4 §3.3).
    pub no_tlvs: bool,
    /// What it means by data_coding 0, under which a receipt quotes the message's text.
    pub zero: DefaultAlphabet,
}

/// What our receipt says.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Our id.
    pub id: MessageId,
    /// The state.
    pub state: MessageState,
    /// Whether nothing follows.
    pub is_final: bool,
    /// What is said beside it.
    pub cause: Cause,
    /// When it was reached, in wall time since 1970.
    pub done: Duration,
}

/// Makes receipts' PDUs in buffers it reuses.
#[derive(Debug, Default)]
pub struct ReceiptRenderer {
    last: LastDates,
    text: Vec<u8>,
    tlvs: Vec<u8>,
    /// The quoted text, where it is translated.
    quoted: Vec<u8>,
}

impl ReceiptRenderer {
    /// Our receipt for a message, as a deliver_sm: text as in SMPP 3.4 Appendix B, and the TLVs
    /// receipted_message_id and message_state, with those of the carrier's that go on.
    pub fn render<'a>(
        &'a mut self,
        subject: &'a Subject,
        outcome: &Outcome,
        style: ReceiptStyle,
    ) -> DeliverSm<'a> {
        let mut id = [0; 21];
        let id = write_id(outcome.id, style.decimal_ids, &mut id);
        self.text.clear();
        self.tlvs.clear();
        let delivered = u16::from(outcome.state == MessageState::DELIVERED);
        let line = ReceiptLine {
            id,
            sub: 1,
            dlvrd: delivered,
            submitted: subject.accepted_at,
            done: outcome.done,
            state: outcome.state,
            error: outcome.cause.error(),
            text: match style.zero {
                DefaultAlphabet::Gsm7 => subject.quote.octets(),
                zero => subject.quote.in_alphabet(zero, &mut self.quoted),
            },
        };
        line.write_after(&mut self.last, style.format, style.zone_minutes, &mut self.text);
        if !style.no_tlvs {
            // At most twenty digits and a NUL.
            let _ = put_tlv(&mut self.tlvs, TlvTag::RECEIPTED_MESSAGE_ID, id);
            self.tlvs.push(0);
            if let Some(length) = self.tlvs.get_mut(3) {
                *length += 1;
            }
            let _ = put_tlv(&mut self.tlvs, TlvTag::MESSAGE_STATE, &[outcome.state.0]);
            if let Some(code) = outcome.cause.network() {
                let _ = put_tlv(&mut self.tlvs, TlvTag::NETWORK_ERROR_CODE, &code);
            }
            self.tlvs.extend_from_slice(outcome.cause.tlvs());
        }
        DeliverSm {
            source_addr_ton: subject.destination.ton,
            source_addr_npi: subject.destination.npi,
            source_addr: subject.destination.as_field(),
            dest_addr_ton: subject.source.ton,
            dest_addr_npi: subject.source.npi,
            destination_addr: subject.source.as_field(),
            esm_class: if outcome.is_final { ESM_CLASS_RECEIPT } else { ESM_CLASS_INTERMEDIATE },
            short_message: &self.text,
            tlvs: Tlvs::take(&self.tlvs).0,
            ..DeliverSm::default()
        }
    }
}

/// Our id as an account reads it.
#[must_use]
pub fn write_id(id: MessageId, decimal: bool, room: &mut [u8; 21]) -> &[u8] {
    if !decimal {
        let digits = id.hex();
        let len = digits.len();
        if let Some(place) = room.get_mut(..len) {
            place.copy_from_slice(&digits);
        }
        return room.get(..len).unwrap_or_default();
    }
    let mut number = id.number();
    let mut at = room.len();
    loop {
        at -= 1;
        if let Some(place) = room.get_mut(at) {
            *place = b'0' + (number % 10) as u8;
        }
        number /= 10;
        if number == 0 || at == 0 {
            break;
        }
    }
    room.get(at..).unwrap_or_default()
}

/// An id as the field of a response.
#[must_use]
pub fn id_field(id: &[u8]) -> COctetString<'_> {
    COctetString::new(id)
}

#[cfg(test)]
mod tests;
