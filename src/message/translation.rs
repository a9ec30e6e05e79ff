//! What a peer's dialect writes differently to our own form, and back; and the TLVs that it adds.
//!
//! ```text
//!   account's octets --read--> our form: what a Message holds --written--> carrier's octets
//!   account's octets <-written-- our form: what an MO holds <-----read---- carrier's octets
//! ```
//!
//! Our form: numbers without `+` or `00`, names in Windows-1252, `data_coding` 0 for GSM 7-bit with
//! one septet an octet, UCS-2 with the high octet first. So an account and a carrier that mean
//! other alphabets by `data_coding` 0 understand each other. A peer that writes this too has no
//! [`Form`], and nothing here is called for it.

mod address;
mod text;
#[cfg(test)]
mod tests;

use super::dialect::{
    AddressPrefix, Dialect, Gsm7Packing, NameAlphabet, OctetOrder, TlvDefinition,
};
use crate::text::{DefaultAlphabet, Udh};
use crate::wire::table::{DeliverSm, SubmitSm};
use crate::wire::tlv::put_tlv;
use crate::wire::{COctetString, SHORT_MESSAGE_MAX, TlvTag, Tlvs, UDHI};

pub use address::bare;

/// `interface_version` from which a peer knows TLVs (SMPP 3.4 §5.2.4).
const VERSION_WITH_TLVS: u8 = 0x34;
/// The bits of `esm_class` that make a receipt or an acknowledgement of a deliver_sm
/// (SMPP 3.4 §5.2.12).
const NOT_A_MESSAGE: u8 = 0x3c;

/// How one peer writes what it does not write as we do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Form {
    prefix: AddressPrefix,
    names: NameAlphabet,
    /// What `data_coding` 0 means to it.
    zero: DefaultAlphabet,
    /// The `data_coding` that says GSM 7-bit to it.
    gsm7: u8,
    packing: Gsm7Packing,
    order: OctetOrder,
    /// Whether a text that has grown too long may stand in message_payload.
    takes_tlvs: bool,
    /// TLVs that a submit_sm gets where it lacks them.
    added: Box<[(TlvTag, Box<[u8]>)]>,
    /// TLVs that are left out either way.
    dropped: Box<[TlvTag]>,
}

impl Form {
    /// The form of this dialect; `None` when it is ours.
    #[must_use]
    pub fn of(dialect: &Dialect) -> Option<Self> {
        let form = |dialect: &Dialect| Self {
            prefix: dialect.address_prefix,
            names: dialect.address_alphabet,
            zero: dialect.data_coding_0,
            gsm7: dialect.data_coding_gsm7,
            packing: dialect.gsm7_packing,
            order: dialect.ucs2_order,
            takes_tlvs: dialect.interface_version >= VERSION_WITH_TLVS,
            added: added(dialect),
            dropped: dialect.dropped_tlvs().collect(),
        };
        // Whether it takes TLVs matters beside the others alone.
        let takes_tlvs = dialect.interface_version >= VERSION_WITH_TLVS;
        let ours = Self { takes_tlvs, ..form(&Dialect::default()) };
        Some(form(dialect)).filter(|form| *form != ours)
    }
}

impl Form {
    /// Appends user data that this peer has written, in our form, to `out`, and says its
    /// `data_coding` there; `None` when both are what they were.
    pub fn read_text(
        &self,
        esm_class: u8,
        data_coding: u8,
        user_data: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<u8> {
        let text = text::Text { esm_class, data_coding, alike: false };
        text::translate(self, Way::Read, text, user_data, out)
    }
}

/// The fields of a PDU that a form is about.
#[derive(Clone, Copy, Debug)]
struct Fields<'a> {
    source_ton: u8,
    source: &'a [u8],
    destination_ton: u8,
    destination: &'a [u8],
    esm_class: u8,
    data_coding: u8,
    short_message: &'a [u8],
    tlvs: Tlvs<'a>,
    /// Whether it comes from a handset, or goes to an account.
    is_of_handset: bool,
}

/// Which way a translation goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// From the peer's form to ours.
    Read,
    /// From ours to the peer's.
    Written,
}

/// Translates PDUs in buffers it reuses.
#[derive(Debug, Default)]
pub struct Translator {
    source: Vec<u8>,
    destination: Vec<u8>,
    text: Vec<u8>,
    tlvs: Vec<u8>,
    altered: u64,
}

impl Translator {
    /// A peer's submit_sm in our form, with the TLVs that this peer leaves to us.
    pub fn read_submit<'a>(&'a mut self, form: &Form, submit: &SubmitSm<'a>) -> SubmitSm<'a> {
        let fields = self.translate(form, Way::Read, of_submit(submit), &form.added);
        in_submit(fields, submit)
    }

    /// A submit_sm of ours in the peer's form, with the TLVs that this peer wants and it lacks.
    pub fn written_submit<'a>(&'a mut self, form: &Form, submit: &SubmitSm<'a>) -> SubmitSm<'a> {
        let fields = self.translate(form, Way::Written, of_submit(submit), &form.added);
        in_submit(fields, submit)
    }

    /// A peer's deliver_sm in our form.
    pub fn read_deliver<'a>(&'a mut self, form: &Form, deliver: &DeliverSm<'a>) -> DeliverSm<'a> {
        let fields = self.translate(form, Way::Read, of_deliver(deliver), &[]);
        in_deliver(fields, deliver)
    }

    /// A deliver_sm of ours in the peer's form. The text of a receipt stays as it is: its digits
    /// and labels are the same in every alphabet, and nobody packs them.
    pub fn written_deliver<'a>(
        &'a mut self,
        form: &Form,
        deliver: &DeliverSm<'a>,
    ) -> DeliverSm<'a> {
        let fields = self.translate(form, Way::Written, of_deliver(deliver), &[]);
        in_deliver(fields, deliver)
    }

    /// How many addresses have lost a character since this was asked last: the peer's alphabet
    /// lacks it.
    pub fn take_altered(&mut self) -> u64 {
        std::mem::take(&mut self.altered)
    }

    fn translate<'a>(
        &'a mut self,
        form: &Form,
        way: Way,
        fields: Fields<'a>,
        added: &[(TlvTag, Box<[u8]>)],
    ) -> Fields<'a> {
        let Self { source, destination, text, tlvs, altered } = self;
        for (to, ton, from) in [
            (&mut *source, fields.source_ton, fields.source),
            (&mut *destination, fields.destination_ton, fields.destination),
        ] {
            to.clear();
            *altered += u64::from(!address::translate(form, way, ton, from, to));
        }
        let mut translated = Fields { source, destination, ..fields };
        let mut payload = None;
        if fields.esm_class & NOT_A_MESSAGE == 0 {
            text.clear();
            match text_of(form, way, fields, text) {
                Some((data_coding, Place::ShortMessage)) => {
                    translated = Fields { data_coding, short_message: text, ..translated };
                }
                Some((data_coding, Place::Payload)) => {
                    translated = Fields { data_coding, short_message: b"", ..translated };
                    payload = Some(&text[..]);
                }
                None => {}
            }
        }
        let lacks = |tag: TlvTag| fields.tlvs.find(tag).is_none();
        let stays = |tag: TlvTag| !form.dropped.contains(&tag);
        let drops = fields.tlvs.iter().any(|tlv| !stays(tlv.tag));
        if drops || payload.is_some() || added.iter().any(|(tag, _)| lacks(*tag)) {
            tlvs.clear();
            // Lengths that fitted fit again, and that of a payload was looked at.
            for tlv in fields.tlvs.iter().filter(|tlv| stays(tlv.tag)) {
                let payload = payload.filter(|_| tlv.tag == TlvTag::MESSAGE_PAYLOAD);
                let _ = put_tlv(tlvs, tlv.tag, payload.unwrap_or(tlv.value));
            }
            if let Some(payload) = payload.filter(|_| lacks(TlvTag::MESSAGE_PAYLOAD)) {
                let _ = put_tlv(tlvs, TlvTag::MESSAGE_PAYLOAD, payload);
            }
            for (tag, value) in added.iter().filter(|(tag, _)| lacks(*tag)) {
                let _ = put_tlv(tlvs, *tag, value);
            }
            translated.tlvs = Tlvs::take(tlvs).0;
        }
        translated
    }
}

/// Where user data stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    ShortMessage,
    Payload,
}

/// Appends the user data, translated, to `out`: its new `data_coding` and its place. `None` when it
/// stays as it is: in this alphabet there is nothing to translate, or the result does not fit.
fn text_of(form: &Form, way: Way, fields: Fields<'_>, out: &mut Vec<u8>) -> Option<(u8, Place)> {
    let payload = fields.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
    let (user_data, place, octets_max) = match payload {
        Some(payload) if fields.short_message.is_empty() => {
            (payload, Place::Payload, usize::from(u16::MAX))
        }
        _ => (fields.short_message, Place::ShortMessage, SHORT_MESSAGE_MAX),
    };
    let text = text::Text {
        esm_class: fields.esm_class,
        data_coding: fields.data_coding,
        alike: fields.is_of_handset && is_segment(fields, user_data),
    };
    let data_coding = text::translate(form, way, text, user_data, out)?;
    if out.len() <= octets_max.max(user_data.len()) {
        return Some((data_coding, place));
    }
    // What has grown beyond short_message stands in message_payload.
    let may_move = place == Place::ShortMessage && payload.is_none() && form.takes_tlvs;
    may_move.then_some((data_coding, Place::Payload))
}

/// Whether it says that it is one of several.
fn is_segment(fields: Fields<'_>, user_data: &[u8]) -> bool {
    let in_header = || Udh::split(user_data).is_ok_and(|(udh, _)| udh.concatenation().is_some());
    fields.esm_class & UDHI != 0 && in_header()
        || fields.tlvs.find(TlvTag::SAR_MSG_REF_NUM).is_some()
}

fn added(dialect: &Dialect) -> Box<[(TlvTag, Box<[u8]>)]> {
    if dialect.interface_version < VERSION_WITH_TLVS {
        return Box::default();
    }
    let valued = |tlv: &TlvDefinition| Some((TlvTag(tlv.tag), tlv.value.clone()?));
    dialect.tlvs.iter().filter_map(valued).collect()
}

fn of_submit<'a>(submit: &SubmitSm<'a>) -> Fields<'a> {
    Fields {
        source_ton: submit.source_addr_ton,
        source: submit.source_addr.octets(),
        destination_ton: submit.dest_addr_ton,
        destination: submit.destination_addr.octets(),
        esm_class: submit.esm_class & !NOT_A_MESSAGE,
        data_coding: submit.data_coding,
        short_message: submit.short_message,
        tlvs: submit.tlvs,
        is_of_handset: false,
    }
}

fn in_submit<'a>(fields: Fields<'a>, submit: &SubmitSm<'a>) -> SubmitSm<'a> {
    SubmitSm {
        source_addr: COctetString::new(fields.source),
        destination_addr: COctetString::new(fields.destination),
        data_coding: fields.data_coding,
        short_message: fields.short_message,
        tlvs: fields.tlvs,
        ..*submit
    }
}

fn of_deliver<'a>(deliver: &DeliverSm<'a>) -> Fields<'a> {
    Fields {
        source_ton: deliver.source_addr_ton,
        source: deliver.source_addr.octets(),
        destination_ton: deliver.dest_addr_ton,
        destination: deliver.destination_addr.octets(),
        esm_class: deliver.esm_class,
        data_coding: deliver.data_coding,
        short_message: deliver.short_message,
        tlvs: deliver.tlvs,
        is_of_handset: true,
    }
}

fn in_deliver<'a>(fields: Fields<'a>, deliver: &DeliverSm<'a>) -> DeliverSm<'a> {
    DeliverSm {
        source_addr: COctetString::new(fields.source),
        destination_addr: COctetString::new(fields.destination),
        data_coding: fields.data_coding,
        short_message: fields.short_message,
        tlvs: fields.tlvs,
        ..*deliver
    }
}
