//! Which deviations a PDU has: each tolerance is taken away in turn, and what then cannot be read
//! was read by it.

use crate::message::dialect::{Dialect, Gsm7Packing, OctetOrder, UnmarkedReceipt};
use crate::message::receipt::is_receipt;
use crate::message::translation::bare;
use crate::text::{Alphabet, DefaultAlphabet};
use crate::wire::table::Pdu;
use crate::wire::{ErrorBody, HEADER_LEN, Header, Rules, TlvTag, Tlvs, TrailingOctets};

/// A deviation that was met.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quirk {
    /// Its number in the manual's list.
    pub number: u8,
    /// The key of the dialect that let it pass or said what it means; `None`: it always passes.
    pub key: Option<&'static str>,
}

const fn of(number: u8, key: &'static str) -> Quirk {
    Quirk { number, key: Some(key) }
}

const fn always(number: u8) -> Quirk {
    Quirk { number, key: None }
}

/// Those of one PDU of the peer.
pub(super) fn met(dialect: &Dialect, rules: &Rules, octets: &[u8]) -> Vec<Quirk> {
    let mut met = Vec::new();
    let Some(header) = Header::read(octets) else { return met };
    if matches!(header.sequence_number, 0 | 0x8000_0000..) {
        met.push(always(43));
    }
    let Ok((_, pdu)) = Pdu::decode(octets, rules) else { return met };
    let without = |rules: Rules| Pdu::decode(octets, &rules).is_err();
    if without(Rules { trailing_octets: TrailingOctets::Refuse, ..*rules }) {
        met.push(of(32, "trailing_octets"));
    }
    if without(Rules { missing_nul: false, ..*rules }) {
        met.push(of(33, "missing_nul"));
    }
    if without(Rules { long_c_strings: false, ..*rules }) {
        met.push(of(53, "long_c_strings"));
    }
    if without(Rules { require_body: true, ..*rules }) {
        met.push(always(30));
    }
    if header.command_id.is_response() && !header.command_status.is_ok() {
        let body = octets.len() > HEADER_LEN;
        let tlvs = pdu.tlvs().iter().next().is_some() && rules.error_body != ErrorBody::Absent;
        match (tlvs, body) {
            (true, _) => met.push(of(31, "error_body")),
            (false, true) => met.push(of(29, "error_body")),
            (false, false) => {}
        }
        if header.command_status.name().is_none() {
            met.push(always(39));
        }
        if dialect.status(header.command_status.0).is_some() {
            met.push(of(57, "status"));
        }
    }
    if pdu.tlvs().iter().any(|tlv| dialect.tlv(tlv.tag.0).is_some()) {
        met.push(of(38, "tlv"));
    }
    of_message(dialect, &pdu, &mut met);
    met
}

/// Those of a message's fields.
fn of_message(dialect: &Dialect, pdu: &Pdu<'_>, met: &mut Vec<Quirk>) {
    let (esm_class, data_coding, text, tlvs, addresses) = match pdu {
        Pdu::DeliverSm(one) => (
            one.esm_class,
            one.data_coding,
            one.short_message,
            one.tlvs,
            [(one.source_addr_ton, one.source_addr), (one.dest_addr_ton, one.destination_addr)],
        ),
        Pdu::SubmitSm(one) => (
            one.esm_class,
            one.data_coding,
            one.short_message,
            one.tlvs,
            [(one.source_addr_ton, one.source_addr), (one.dest_addr_ton, one.destination_addr)],
        ),
        _ => return,
    };
    if let Pdu::DeliverSm(one) = pdu
        && !(one.validity_period.octets().is_empty()
            && one.schedule_delivery_time.octets().is_empty())
    {
        met.push(of(42, "times_in_deliver"));
    }
    let prefixed = |(ton, octets): (u8, crate::wire::COctetString<'_>)| {
        bare(ton, octets.octets()).len() < octets.octets().len()
    };
    if addresses.into_iter().any(prefixed) {
        met.push(always(60));
    }
    let unmarked = match esm_class & 0x3c {
        0 => dialect.receipt_without_esm_class,
        0x08 => dialect.receipt_as_acknowledgement,
        _ => UnmarkedReceipt::Message,
    };
    if unmarked == UnmarkedReceipt::Receipt && is_receipt(0, text) {
        return met.push(of(27, key_of_unmarked(esm_class)));
    }
    if esm_class & 0x3c == 0 && (!text.is_empty() || has_payload(tlvs)) {
        of_alphabet(dialect, data_coding, text, met);
    }
}

/// The key that makes a receipt of what has a receipt's text and not its esm_class.
pub(super) fn key_of_unmarked(esm_class: u8) -> &'static str {
    match esm_class & 0x3c {
        0 => "receipt_without_esm_class",
        _ => "receipt_as_acknowledgement",
    }
}

fn has_payload(tlvs: Tlvs<'_>) -> bool {
    tlvs.find(TlvTag::MESSAGE_PAYLOAD).is_some()
}

fn of_alphabet(dialect: &Dialect, data_coding: u8, text: &[u8], met: &mut Vec<Quirk>) {
    let marked = dialect.data_coding_gsm7 != 0 && data_coding == dialect.data_coding_gsm7;
    if marked {
        met.push(of(62, "data_coding_gsm7"));
    } else if data_coding == 0 && dialect.data_coding_0 != DefaultAlphabet::Gsm7 {
        met.push(of(62, "data_coding_0"));
    }
    let alphabet = match marked {
        true => Alphabet::Gsm7,
        false => Alphabet::of(data_coding, dialect.data_coding_0),
    };
    if alphabet == Alphabet::Ucs2 && matches!(text, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]) {
        met.push(always(64));
    }
    if alphabet == Alphabet::Ucs2 && dialect.ucs2_order == OctetOrder::Little {
        met.push(of(64, "ucs2_order"));
    }
    if alphabet == Alphabet::Gsm7 && dialect.gsm7_packing == Gsm7Packing::Packed {
        met.push(of(65, "gsm7_packing"));
    }
}
