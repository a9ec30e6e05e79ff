//! A segment to the message it says it belongs to, and its place there.

use crate::message::sar;
use crate::mo::MoMessage;
use crate::text::udh::{Concatenation, ReferenceWidth, Udh};
use crate::wire::{Address, Tlvs};

/// How a segment says that it belongs to others. The references of each are numbers of their own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MarkKind {
    /// The TLVs sar_msg_ref_num, sar_total_segments and sar_segment_seqnum (SMPP 3.4 §5.3.2.22).
    Sar,
    /// A UDH with a 16-bit reference (3GPP TS 23.040 §9.2.3.24.8).
    Udh16,
    /// A UDH with an 8-bit reference (3GPP TS 23.040 §9.2.3.24.1).
    Udh8,
}

/// Which segment of which message this is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Mark {
    /// How that is said.
    pub kind: MarkKind,
    /// The number that all segments of the message share.
    pub reference: u16,
    /// How many they are, at least 1.
    pub total: u8,
    /// Which of them this is, from 1 to `total`.
    pub sequence: u8,
}

impl Mark {
    /// The mark of a message; `None` for one that is no segment, or says that it is segment 0, one
    /// of 0, or one above its total: it is a message of its own then. The header speaks before the
    /// TLVs.
    #[must_use]
    pub fn of(message: &MoMessage) -> Option<Self> {
        let header = message.split().and_then(|(udh, _)| udh);
        header.and_then(Udh::concatenation).map(Self::of_header).or_else(|| Self::of_tlvs(message))
    }

    fn of_header(concatenation: Concatenation) -> Self {
        let Concatenation { reference, width, total, sequence } = concatenation;
        let kind = match width {
            ReferenceWidth::Bits16 => MarkKind::Udh16,
            ReferenceWidth::Bits8 => MarkKind::Udh8,
        };
        Self { kind, reference, total, sequence }
    }

    fn of_tlvs(message: &MoMessage) -> Option<Self> {
        let Concatenation { reference, total, sequence, .. } =
            sar::read(Tlvs::take(&message.tlvs).0)?;
        Some(Self { kind: MarkKind::Sar, reference, total, sequence })
    }
}

/// What all segments of one message share.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Key {
    carrier: u32,
    source: Address,
    destination: Address,
    kind: MarkKind,
    reference: u16,
    total: u8,
}

impl Key {
    /// The key of a segment. Two binds of a carrier may write a number differently, so only its
    /// digits count.
    pub fn new(message: &MoMessage, mark: Mark) -> Self {
        let bare = |address: &Address| {
            let octets = address.octets();
            Address::new(0, 0, octets.strip_prefix(b"+").unwrap_or(octets))
        };
        Self {
            carrier: message.carrier,
            source: bare(&message.source),
            destination: bare(&message.destination),
            kind: mark.kind,
            reference: mark.reference,
            total: mark.total,
        }
    }

    /// How many segments there are.
    pub fn total(&self) -> usize {
        usize::from(self.total)
    }

    /// The digits of the handset.
    pub fn source(&self) -> &[u8] {
        self.source.octets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mo::message;
    use crate::wire::TlvTag;
    use crate::wire::tlv::put_tlv;

    fn sar(reference: &[u8], total: &[u8], sequence: &[u8]) -> MoMessage {
        let mut tlvs = Vec::new();
        assert!(put_tlv(&mut tlvs, TlvTag::SAR_MSG_REF_NUM, reference));
        assert!(put_tlv(&mut tlvs, TlvTag::SAR_TOTAL_SEGMENTS, total));
        assert!(put_tlv(&mut tlvs, TlvTag::SAR_SEGMENT_SEQNUM, sequence));
        MoMessage { tlvs: tlvs.into(), ..message(0, b"x") }
    }

    #[test]
    fn each_way_of_marking_segments_is_read() {
        let mark = |kind, reference| Mark { kind, reference, total: 3, sequence: 2 };
        let udh8 = message(0x40, &[5, 0, 3, 7, 3, 2, b'x']);
        assert_eq!(Mark::of(&udh8), Some(mark(MarkKind::Udh8, 7)));
        let udh16 = message(0x40, &[6, 8, 4, 1, 7, 3, 2, b'x']);
        assert_eq!(Mark::of(&udh16), Some(mark(MarkKind::Udh16, 263)));
        assert_eq!(Mark::of(&sar(&[1, 7], &[3], &[2])), Some(mark(MarkKind::Sar, 263)));
        let both = MoMessage { esm_class: 0x40, ..sar(&[1, 7], &[3], &[2]) };
        let both = MoMessage { short_message: udh8.short_message, ..both };
        assert_eq!(Mark::of(&both).map(|mark| mark.kind), Some(MarkKind::Udh8));
    }

    #[test]
    fn what_cannot_be_a_segment_is_a_message_of_its_own() {
        let messages = [
            message(0, &[5, 0, 3, 7, 3, 2, b'x']),
            message(0x40, &[5, 0, 3, 7, 0, 1, b'x']),
            message(0x40, &[5, 0, 3, 7, 3, 0, b'x']),
            message(0x40, &[5, 0, 3, 7, 3, 4, b'x']),
            message(0x40, &[9, 0, 3, 7, 3, 2]),
            sar(&[1, 7], &[0], &[0]),
            sar(&[1, 7], &[3], &[0]),
            sar(&[1, 7], &[3], &[4]),
            sar(&[1, 7], &[0, 3], &[2]),
            message(0x40, b""),
        ];
        for message in messages {
            assert_eq!(Mark::of(&message), None, "{message:?}");
        }
    }
}
