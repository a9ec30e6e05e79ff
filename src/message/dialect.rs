//! A peer's deviations from SMPP 3.4, by name, as data.
//!
//! Peers deviate; each deviation we take part in is one field here, so that no module tolerates
//! anything by accident. [`Dialect::default`] is a peer that follows the specification, read with
//! the leniency that costs nobody anything; a profile states what differs. Account and carrier
//! share the type: a field says which side it speaks of when it does not speak of both.
//!
//! "Quirk n" is the n-th interoperability quirk of the manual's list, with the place it was seen.
//! Deliberately absent: what needs no key, because it is always accepted (an error response without
//! a body, several PDUs in one read, sequence numbers above 0x7FFF_FFFF, a UCS-2 byte order mark).

mod values;

use std::collections::BTreeMap;

use super::encodings::Encodings;
use super::receipt::ReceiptFormat;
use super::receipt::id::IdNotation;
use super::state::MessageState;
use crate::text::{DefaultAlphabet, Reference};
use crate::wire::address::STANDARD_ADDRESS_OCTETS;
use crate::wire::table::DeliverSm;
use crate::wire::{COctetString, CommandStatus, ErrorBody, Rules, TlvTag, TrailingOctets};
pub use values::{
    AcceptedState, AddressPrefix, Gsm7Packing, IdFormat, MoSegments, NameAlphabet, OctetOrder,
    ReceiptSegments, ReceiptTlvs, StateName, Surplus, ThrottledSlows, TlvKind, Tolerance,
    UnknownState, UnmarkedReceipt,
};

/// What one account or carrier does differently. See the module's documentation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dialect {
    /// The name of the profile, for reports.
    pub name: String,

    // The bind we send to a carrier.
    /// `interface_version` of the bind. 0x34; some gateways serve 3.3 without TLVs, and some
    /// refuse anything else than what they expect (quirk 52: Route Mobile manual, naz #194).
    pub interface_version: u8,
    /// `system_type` of the bind; mandatory with some carriers (quirk 54: Jasmin #124 answers
    /// status 0x53 without it).
    pub system_type: String,
    /// `address_range` of the bind; selects which MO come when several short codes share a login
    /// (quirk 55: Adobe troubleshooting).
    pub address_range: String,
    /// Account: its binds get the MO of the numbers that their own address_range says, and no
    /// others (quirk 55: Adobe).
    pub honour_address_range: bool,
    /// `addr_ton` of the bind (quirk 54: Kannel `bind-addr-ton`).
    pub addr_ton: u8,
    /// `addr_npi` of the bind (quirk 54).
    pub addr_npi: u8,

    // Timers.
    /// Milliseconds of silence before we probe with enquire_link; 0 never. `None`: the engine's
    /// own. Some peers close after 30 s without one, some never answer it (quirk 50: Txtwire,
    /// TODO_bad_clients).
    pub enquire_link_ms: Option<u32>,
    /// Milliseconds to wait for a response. `None`: the engine's own (quirk 50: a response that
    /// came after 40 minutes; Kannel waits 60 s, Jasmin 120 s).
    pub response_timeout_ms: Option<u32>,
    /// Carrier: least milliseconds between two attempts to connect; jitter comes on top.
    pub reconnect_min_ms: u32,
    /// Carrier: most milliseconds between two attempts to connect, reached by doubling.
    pub reconnect_max_ms: u32,
    /// Carrier: least milliseconds after a refused bind (ESME_RALYBND, wrong credentials): the SMSC
    /// may hold the dead session for minutes or lock the login (quirk 48: vumi #624; Clickatell
    /// wants 30 s).
    pub reconnect_refused_ms: u32,

    /// Carrier: segments sent on a bind before we unbind and bind again; 0 is no limit (quirk 56:
    /// Oracle's `MAX_PAGES_PER_BIND`).
    pub messages_per_bind: u32,
    /// Carrier: requests in a row without an answer after which a bind is made anew; 0 never
    /// (quirk 50: node-smpp #204).
    pub unanswered_max: u32,
    /// Carrier: segments for each destination that may be unanswered, the others wait; 0 is no
    /// limit (quirk 58: Restcomm #208).
    pub unanswered_per_destination: u8,

    // What we read although the specification forbids it.
    /// Addresses, system_id and password longer than the specification's table (quirk 53: Infobip
    /// and smsfire require passwords above 8 characters; Adobe on addresses above 20).
    pub long_c_strings: Tolerance,
    /// Octets of an address that it submits, or takes: the standard's 20, or more (quirk 53:
    /// Adobe).
    pub address_octets_max: u8,
    /// A body's last C-octet string without its NUL (quirk 33: Kannel `copy_until_nul`).
    pub missing_nul: Tolerance,
    /// Octets after the last field that are no TLV, such as a NUL behind short_message which
    /// sm_length does not count (quirk 32: python-smpp PR 7, cloudhopper #64, Jasmin #218).
    pub trailing_octets: Surplus,
    /// A known TLV with a size its tag forbids (quirk 34: jSMPP #16; Kannel drops the field and
    /// keeps the PDU).
    pub invalid_tlv: Surplus,
    /// schedule_delivery_time or validity_period filled in a deliver_sm (quirk 42: Kannel #317).
    pub times_in_deliver: Tolerance,
    /// What stands in the body of a response with an error status (quirks 29 to 31).
    pub error_body: ErrorBody,
    /// The vendor's TLVs, and standard ones of a vendor's type (quirk 38: India DLT, Jasmin #429;
    /// jSMPP #16), in the order of their names. No tag twice.
    pub tlvs: Vec<TlvDefinition>,

    // Addresses.
    /// What stands before the international numbers we write; a `+` or `00` that we read is always
    /// taken away (quirk 60: jSMPP #172, status 0x94 until it was removed; Kannel's ChangeLog of
    /// 2003-10-17).
    pub address_prefix: AddressPrefix,
    /// The alphabet of alphanumeric addresses (quirk 61: Kannel `alt-addr-charset`).
    pub address_alphabet: NameAlphabet,

    // Text.
    /// What data_coding 0 means to this peer (quirk 62: naz #220, Vibes has both modes, jSMPP #83).
    pub data_coding_0: DefaultAlphabet,
    /// The data_coding that says GSM-7 (quirk 62: Vibes reads 4 so, others refuse 1 for 0).
    pub data_coding_gsm7: u8,
    /// The alphabets it takes texts in.
    pub encodings: Encodings,
    /// Whether GSM-7 travels as septets in octets or packed (quirk 65: gosmpp PR 136).
    pub gsm7_packing: Gsm7Packing,
    /// Octet order of UCS-2 without a byte order mark (quirk 64: TODO_bad_clients).
    pub ucs2_order: OctetOrder,
    /// How a message of several segments is marked (quirk 66: telenor, gosmpp #46, vumi #623).
    pub segmentation: Reference,
    /// Whether segments that an account cut itself are marked so too (quirk 66: telenor, Kannel).
    pub convert_segments: bool,
    /// Greatest reference of a multi-segment message, after which we begin again at 1
    /// (quirk 66: vumi `multipart_sar_reference_rollover`). With udh8 at most 255 counts.
    pub reference_max: u16,
    /// The messaging mode, bits 0 and 1 of the esm_class we send: 0 the SMSC's default, 3
    /// store and forward (quirk 67: Kannel `esm-class`; SMPP 3.4 §5.2.12).
    pub esm_class_mode: u8,
    /// Bits of esm_class that a carrier wants in each message (quirk 67: cheapglobalsms).
    pub esm_class_bits: u8,
    /// The priority_flag that a carrier wants in each message; `None`: as submitted (quirk 67).
    pub priority_flag: Option<u8>,
    /// The service_type of a message that has none (quirk 67: Kannel `binfo`, used for billing).
    pub service_type: String,

    // Message ids and receipts.
    /// Notation of message_id in the carrier's responses (quirks 1 to 8: Kannel `msg-id-type`,
    /// Jasmin `dlr_msgid`).
    pub message_id_response: IdNotation,
    /// Notation of the id in the carrier's receipts (quirks 1 to 8).
    pub message_id_receipt: IdNotation,
    /// How our message_id is written to an account (quirk 5: a client that strips zeros on the left
    /// never finds a 16-digit id again; decimal has none).
    pub message_id_format: IdFormat,
    /// How the dates of the receipts we send to an account are written (quirk 21: clients read the
    /// one or the other).
    pub receipt_format: ReceiptFormat,
    /// Minutes east of UTC of the dates in receipts, read from a carrier or written to an account
    /// (quirk 21: they carry no zone; ksmppd #108).
    pub receipt_zone_minutes: i16,
    /// A deliver_sm that has a receipt's text and no receipt's esm_class (quirk 27: vumi
    /// `delivery_report_use_esm_class`, smppex PR 66, node-smpp #140).
    pub receipt_without_esm_class: UnmarkedReceipt,
    /// The same with the esm_class of a handset's acknowledgement of delivery, 0x08 (quirk 27:
    /// Kannel takes it for a receipt's).
    pub receipt_as_acknowledgement: UnmarkedReceipt,
    /// Whether ACCEPTED ends a message's life (quirk 18: vumi takes it as delivered, Kannel as
    /// buffered, SMPP 5.0 calls it final).
    pub receipt_accepted: AcceptedState,
    /// Whether UNKNOWN does (quirk 18: SMPP says that it is no end, Kannel and most others take it
    /// for a failure since nothing follows).
    pub receipt_unknown: UnknownState,
    /// Which segments of a long message bring a receipt (quirk 15: Jasmin #1123 and #663, Adobe).
    pub receipt_segments: ReceiptSegments,
    /// Milliseconds from the first of them to the end of a message whose others do not come.
    pub receipt_segments_wait_ms: u32,
    /// Carrier: which TLVs of its receipts go on to the account (quirk 38: Jasmin #536, #1223).
    pub receipt_tlvs: ReceiptTlvs,
    /// Carrier: words of its receipts' `stat` that nobody else writes (quirk 23: Yo!).
    pub receipt_states: BTreeMap<String, MessageState>,

    // Messages from handsets.
    /// What an account gets of a message of several segments: not every client can put them
    /// together (Jasmin #513, #756: those out of order are lost).
    pub mo_segments: MoSegments,

    // Statuses.
    /// Carrier: what an answer that says to slow down is about. Where US carriers count by the
    /// number (10DLC) the others are not to wait for it.
    pub throttled_slows: ThrottledSlows,
    /// What to do on a command_status, where it differs from the engine's table (quirks 39, 57).
    pub statuses: BTreeMap<u32, StatusRule>,
}

/// One TLV that the specification does not know, or knows with another type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlvDefinition {
    /// The name it has in reports and rules.
    pub name: String,
    /// Its tag; not 0.
    pub tag: u16,
    /// How its value is read.
    pub kind: TlvKind,
    /// The octets it has in a submit_sm that lacks it; `None` adds nothing.
    pub value: Option<Box<[u8]>>,
    /// It neither goes to this peer nor is taken from it.
    pub drop: bool,
}

impl TlvDefinition {
    /// The octets of a value that people write as `text`: of a number in decimal, or hexadecimal
    /// behind `0x`; of octets as a text, or hexadecimal behind `0x`. `None` when it is no such
    /// value.
    #[must_use]
    pub fn octets_of(kind: TlvKind, text: &str) -> Option<Box<[u8]>> {
        let hex = text.strip_prefix("0x");
        let number = || match hex {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        Some(match kind {
            TlvKind::CString => text.bytes().chain([0]).collect(),
            TlvKind::Octets => match hex {
                None => text.as_bytes().into(),
                Some(digits) => {
                    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
                    let octet = |&[high, low]: &[u8; 2]| {
                        let digit = |digit: u8| char::from(digit).to_digit(16);
                        u8::try_from(digit(high)? << 4 | digit(low)?).ok()
                    };
                    let octets: Option<Box<[u8]>> = pairs.iter().map(octet).collect();
                    octets.filter(|_| rest.is_empty())?
                }
            },
            TlvKind::U8 => Box::new([u8::try_from(number()?).ok()?]),
            TlvKind::U16 => Box::new(u16::try_from(number()?).ok()?.to_be_bytes()),
            TlvKind::U32 => Box::new(number()?.to_be_bytes()),
        })
    }
}

/// What a carrier's command_status asks of us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StatusRule {
    /// Give the message up: sending it again will not help.
    Fail,
    /// Send nothing on this bind for so many milliseconds, then go on with the message. Not an
    /// attempt.
    PauseBind {
        /// Milliseconds.
        for_ms: u32,
    },
    /// Send this message again after so many milliseconds. Counts as an attempt.
    Retry {
        /// Milliseconds.
        after_ms: u32,
    },
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            interface_version: 0x34,
            system_type: String::new(),
            address_range: String::new(),
            honour_address_range: false,
            addr_ton: 0,
            addr_npi: 0,
            enquire_link_ms: None,
            response_timeout_ms: None,
            reconnect_min_ms: 5_000,
            reconnect_max_ms: 60_000,
            reconnect_refused_ms: 30_000,
            messages_per_bind: 0,
            unanswered_max: 0,
            unanswered_per_destination: 0,
            long_c_strings: Tolerance::Accept,
            address_octets_max: STANDARD_ADDRESS_OCTETS,
            missing_nul: Tolerance::Accept,
            trailing_octets: Surplus::Ignore,
            invalid_tlv: Surplus::Ignore,
            times_in_deliver: Tolerance::Accept,
            error_body: ErrorBody::Auto,
            tlvs: Vec::new(),
            address_prefix: AddressPrefix::None,
            address_alphabet: NameAlphabet::Windows1252,
            data_coding_0: DefaultAlphabet::Gsm7,
            data_coding_gsm7: 0,
            encodings: Encodings::default(),
            gsm7_packing: Gsm7Packing::Unpacked,
            ucs2_order: OctetOrder::Big,
            segmentation: Reference::Udh8,
            convert_segments: false,
            reference_max: u16::MAX,
            esm_class_mode: 0,
            esm_class_bits: 0,
            priority_flag: None,
            service_type: String::new(),
            message_id_response: IdNotation::Auto,
            message_id_receipt: IdNotation::Auto,
            message_id_format: IdFormat::Hex16,
            receipt_format: ReceiptFormat::default(),
            receipt_zone_minutes: 0,
            receipt_without_esm_class: UnmarkedReceipt::Message,
            receipt_as_acknowledgement: UnmarkedReceipt::Message,
            receipt_accepted: AcceptedState::Intermediate,
            receipt_unknown: UnknownState::Final,
            receipt_segments: ReceiptSegments::Each,
            receipt_segments_wait_ms: 300_000,
            receipt_tlvs: ReceiptTlvs::NetworkError,
            receipt_states: BTreeMap::new(),
            mo_segments: MoSegments::Each,
            throttled_slows: ThrottledSlows::Bind,
            statuses: BTreeMap::new(),
        }
    }
}

impl Dialect {
    /// The vendor's definition of `tag`, if this dialect has one.
    #[must_use]
    pub fn tlv(&self, tag: u16) -> Option<&TlvDefinition> {
        self.tlvs.iter().find(|definition| definition.tag == tag)
    }

    /// TLVs that neither go to this peer nor are taken from it.
    pub fn dropped_tlvs(&self) -> impl Iterator<Item = TlvTag> + use<'_> {
        let dropped = self.tlvs.iter().filter(|definition| definition.drop);
        dropped.map(|definition| TlvTag(definition.tag))
    }

    /// The rules its octets are read by.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            trailing_octets: match self.trailing_octets {
                Surplus::Ignore => TrailingOctets::Ignore,
                Surplus::Refuse => TrailingOctets::Refuse,
            },
            error_body: self.error_body,
            long_c_strings: self.long_c_strings == Tolerance::Accept,
            missing_nul: self.missing_nul == Tolerance::Accept,
            ..Rules::default()
        }
    }

    /// The status for times that this dialect does not let stand (SMPP 3.4 §4.6.1 wants
    /// them empty).
    #[must_use]
    pub fn times_fault(&self, deliver: &DeliverSm<'_>) -> Option<CommandStatus> {
        if self.times_in_deliver == Tolerance::Accept {
            return None;
        }
        let filled = |field: COctetString<'_>| !field.octets().is_empty();
        if filled(deliver.schedule_delivery_time) {
            return Some(CommandStatus::ESME_RINVSCHED);
        }
        filled(deliver.validity_period).then_some(CommandStatus::ESME_RINVEXPIRY)
    }

    /// The rule this dialect has for `status`; `None` leaves it to the engine's table.
    #[must_use]
    pub fn status(&self, status: u32) -> Option<StatusRule> {
        self.statuses.get(&status).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_answers_only_for_what_it_names() {
        let mut dialect = Dialect::default();
        assert_eq!(dialect.status(0x58), None);
        assert_eq!(dialect.tlv(0x1400), None);
        dialect.statuses.insert(0x58, StatusRule::PauseBind { for_ms: 1_000 });
        let pe_id = TlvDefinition {
            name: "pe_id".to_owned(),
            tag: 0x1400,
            kind: TlvKind::CString,
            value: None,
            drop: false,
        };
        dialect.tlvs.push(pe_id.clone());
        assert_eq!(dialect.status(0x58), Some(StatusRule::PauseBind { for_ms: 1_000 }));
        assert_eq!(dialect.status(0x14), None);
        assert_eq!(dialect.tlv(0x1400), Some(&pe_id));
        assert_eq!(dialect.tlv(0x1401), None);
    }
    #[test]
    fn a_value_is_written_as_its_type_has_it() {
        let cases: [(TlvKind, &str, Option<&[u8]>); 12] = [
            (TlvKind::CString, "AB", Some(b"AB\0")),
            (TlvKind::Octets, "1101", Some(b"1101")),
            (TlvKind::Octets, "0x0aFF", Some(b"\x0a\xff")),
            (TlvKind::Octets, "0x0a0", None),
            (TlvKind::Octets, "0xzz", None),
            (TlvKind::U8, "255", Some(b"\xff")),
            (TlvKind::U8, "256", None),
            (TlvKind::U8, "-1", None),
            (TlvKind::U16, "0x1400", Some(b"\x14\0")),
            (TlvKind::U16, "one", None),
            (TlvKind::U32, "65536", Some(b"\0\x01\0\0")),
            (TlvKind::U32, "", None),
        ];
        for (kind, text, octets) in cases {
            assert_eq!(TlvDefinition::octets_of(kind, text).as_deref(), octets, "{kind} {text}");
        }
    }
}
