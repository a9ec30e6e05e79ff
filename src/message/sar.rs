//! Which segment of which message one is, said in TLVs (SMPP 3.4 §5.3.2.22 to §5.3.2.24).

use crate::text::Concatenation;
use crate::text::udh::ReferenceWidth;
use crate::wire::tlv::put_tlv;
use crate::wire::{TlvTag, Tlvs};

/// The TLVs that say it.
pub const TAGS: [TlvTag; 3] =
    [TlvTag::SAR_MSG_REF_NUM, TlvTag::SAR_TOTAL_SEGMENTS, TlvTag::SAR_SEGMENT_SEQNUM];

/// What they say; `None` where they do not, or say that it is segment 0, or one above its total.
#[must_use]
pub fn read(tlvs: Tlvs<'_>) -> Option<Concatenation> {
    let reference = u16::try_from(tlvs.int(TlvTag::SAR_MSG_REF_NUM)?).ok()?;
    let total = u8::try_from(tlvs.int(TlvTag::SAR_TOTAL_SEGMENTS)?).ok()?;
    let sequence = u8::try_from(tlvs.int(TlvTag::SAR_SEGMENT_SEQNUM)?).ok()?;
    let width = ReferenceWidth::Bits16;
    let is_one = (1..=total).contains(&sequence);
    is_one.then_some(Concatenation { reference, width, total, sequence })
}

/// Appends TLVs that say it.
pub fn put(tlvs: &mut Vec<u8>, concatenation: Concatenation) {
    let Concatenation { reference, total, sequence, .. } = concatenation;
    let values = [&reference.to_be_bytes()[..], &[total], &[sequence]];
    for (tag, value) in TAGS.into_iter().zip(values) {
        // Two octets at most.
        let _ = put_tlv(tlvs, tag, value);
    }
}
