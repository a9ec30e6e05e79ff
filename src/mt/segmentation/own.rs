//! Segments that an account cut itself: how they say that they belong together, and the same said
//! as a carrier wants to hear it.
//!
//! ```text
//!   UDH with a concatenation element   <->   sar_msg_ref_num, sar_total_segments,
//!   (3GPP TS 23.040 §9.2.3.24.1, .8)         sar_segment_seqnum (SMPP 3.4 §5.3.2.22 to 24)
//! ```
//! Other elements of a header stay in it. A segment that has no room for a header keeps its TLVs.

use super::{Writing, alphabet, leaves_room, units};
use crate::message::envelope::Message;
use crate::message::sar;
use crate::text::udh::ReferenceWidth;
use crate::text::udh::iei;
use crate::text::{Concatenation, Header, Reference, Udh};
use crate::wire::{TlvTag, Tlvs, UDHI};

/// A segment as its carrier wants it marked.
#[derive(Debug)]
pub(super) struct Marked<'a> {
    /// What stands in front of the text.
    pub header: Header,
    /// What its TLVs say, in place of those it had.
    pub sar: Option<Concatenation>,
    /// The text.
    pub body: &'a [u8],
}

/// Whether an account cut it itself: a header stands in front, or TLVs say which segment it is.
#[must_use]
pub fn is_own_segment(esm_class: u8, tlvs: Tlvs<'_>) -> bool {
    esm_class & UDHI != 0 || tlvs.find(TlvTag::SAR_MSG_REF_NUM).is_some()
}

/// Which segment of which message one is that an account cut itself, by its UDH or its TLVs.
#[must_use]
pub fn own_segment(message: &Message) -> Option<Concatenation> {
    if message.esm_class & UDHI != 0 {
        return Udh::split(message.user_data.octets()).ok()?.0.concatenation();
    }
    if message.tlvs.is_empty() { None } else { sar::read(Tlvs::take(&message.tlvs).0) }
}

/// The reference that an account gave a segment it cut itself, in its UDH or its TLVs.
#[must_use]
pub fn own_reference(message: &Message) -> Option<u16> {
    if message.esm_class & UDHI != 0 {
        let (udh, _) = Udh::split(message.user_data.octets()).ok()?;
        return Some(udh.concatenation()?.reference);
    }
    if message.tlvs.is_empty() {
        return None;
    }
    let reference = Tlvs::take(&message.tlvs).0.int(TlvTag::SAR_MSG_REF_NUM)?;
    u16::try_from(reference).ok()
}

/// Whether a carrier can be told which segment this is, if it is one: where it knows no TLVs, in a
/// header that there is room for.
#[must_use]
pub fn can_be_marked(message: &Message, writing: &Writing) -> bool {
    if !writing.no_tlvs {
        return true;
    }
    let tlvs = Tlvs::take(&message.tlvs).0;
    message.esm_class & UDHI != 0 || sar::read(tlvs).is_none() || marked(message, writing).is_some()
}

/// What this carrier gets in place of the marks of a segment that an account cut itself; `None`
/// where it goes as it came.
#[must_use]
pub(super) fn marked<'a>(message: &'a Message, writing: &Writing) -> Option<Marked<'a>> {
    let octets = message.user_data.octets();
    let (concatenation, others, body) = match message.esm_class & UDHI != 0 {
        // Everybody can read one.
        true if !writing.converts => return None,
        true => {
            let (udh, body) = Udh::split(octets).ok()?;
            (udh.concatenation()?, others(udh)?, body)
        }
        false => (sar::read(Tlvs::take(&message.tlvs).0)?, Header::EMPTY, octets),
    };
    let width = match writing.reference {
        Reference::Payload => return None,
        Reference::Sar if !writing.no_tlvs => {
            let sar = Some(concatenation);
            return Some(Marked { header: others, sar, body });
        }
        Reference::Udh16 => ReferenceWidth::Bits16,
        Reference::Sar | Reference::Udh8 => ReferenceWidth::Bits8,
    };
    // Before the others, as everybody writes it.
    let mut header = Header::of(Some(Concatenation { width, ..concatenation }), message.shifts);
    for element in Udh::split(others.as_octets()).into_iter().flat_map(|(udh, _)| udh.elements()) {
        header = header.with(element.iei, element.data)?;
    }
    let alphabet = alphabet(message.data_coding, writing.zero);
    let has_room = leaves_room(units(body, alphabet), alphabet, header.as_octets().len());
    has_room.then_some(Marked { header, sar: None, body })
}

/// The elements of a header that do not say which segment it is; `None` for more than one can hold.
fn others(udh: Udh<'_>) -> Option<Header> {
    let is_other = |iei| !matches!(iei, iei::CONCATENATED_8 | iei::CONCATENATED_16);
    let mut others = udh.elements().filter(|element| is_other(element.iei));
    others.try_fold(Header::EMPTY, |header, element| header.with(element.iei, element.data))
}
