//! The segments of a message to the one message they say.
//!
//! ```text
//!   UDH: concatenation, others | text 1      UDH: others | text 1 text 2 text 3
//!   UDH: concatenation, others | text 2  ->  in short_message, or message_payload above 254 octets
//!   UDH: concatenation, others | text 3
//! ```
//! An escape or a surrogate pair that was cut is whole again, since the texts stand behind each
//! other as they came.

use crate::message::sar;
use crate::mo::MoMessage;
use crate::text::Shifts;
use crate::text::udh::{Element, Udh, iei};
use crate::wire::tlv::{Tlv, put_tlv};
use crate::wire::{SHORT_MESSAGE_MAX, TlvTag, Tlvs, UDHI};

/// One message of all segments, which stand in sequence. The fields and TLVs are the first one's,
/// the header has every element but concatenation, once.
///
/// `None` when no message can say the same: none or a broken header, another data_coding or other
/// national tables on the way, more octets than a length can say.
#[must_use]
pub fn join(segments: &[MoMessage]) -> Option<MoMessage> {
    let first = segments.first()?;
    let (udh, _) = first.split()?;
    let shifts = udh.map_or(Shifts::NONE, Udh::shifts);
    let mut elements: Vec<Element<'_>> = Vec::new();
    let mut length = 0;
    let mut text = Vec::new();
    for segment in segments {
        let (udh, octets) = segment.split()?;
        let own = udh.map_or(Shifts::NONE, Udh::shifts);
        if segment.data_coding != first.data_coding || own != shifts {
            return None;
        }
        for element in udh.into_iter().flat_map(Udh::elements).filter(is_kept) {
            let known = |one: &Element<'_>| one.iei == element.iei && one.data == element.data;
            if !elements.iter().any(known) {
                length += 2 + element.data.len();
                elements.push(element);
            }
        }
        // A header has one octet to say its length; checked here, so that nothing piles up.
        u8::try_from(length).ok()?;
        text.extend_from_slice(octets);
    }
    let mut whole = MoMessage { esm_class: first.esm_class & !UDHI, ..first.clone() };
    let mut user_data = text;
    if !elements.is_empty() {
        user_data.splice(..0, header(&elements, u8::try_from(length).ok()?));
        whole.esm_class |= UDHI;
    }
    set_user_data(&mut whole, user_data)?;
    Some(whole)
}

fn is_kept(element: &Element<'_>) -> bool {
    !matches!(element.iei, iei::CONCATENATED_8 | iei::CONCATENATED_16)
}

fn header(elements: &[Element<'_>], length: u8) -> Vec<u8> {
    let mut header = vec![length];
    for element in elements {
        // Its length came as an octet.
        header.extend([element.iei, element.data.len() as u8]);
        header.extend_from_slice(element.data);
    }
    header
}

fn set_user_data(whole: &mut MoMessage, user_data: Vec<u8>) -> Option<()> {
    let mut tlvs = Vec::new();
    for Tlv { tag, value } in Tlvs::take(&whole.tlvs).0.iter().filter(is_of_the_whole) {
        // It came with a length that fits.
        let _ = put_tlv(&mut tlvs, tag, value);
    }
    if user_data.len() <= SHORT_MESSAGE_MAX {
        whole.short_message = user_data.into();
    } else {
        whole.short_message = Box::default();
        put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &user_data).then_some(())?;
    }
    whole.tlvs = tlvs.into();
    Some(())
}

fn is_of_the_whole(tlv: &Tlv<'_>) -> bool {
    tlv.tag != TlvTag::MESSAGE_PAYLOAD && !sar::TAGS.contains(&tlv.tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mo::message;
    use crate::mo::reassembly::Mark;

    fn segment(header: &[u8], text: &[u8]) -> MoMessage {
        message(0x43, &[&[header.len() as u8], header, text].concat())
    }

    fn tlvs(list: &[(TlvTag, &[u8])]) -> Box<[u8]> {
        let mut tlvs = Vec::new();
        for (tag, value) in list {
            assert!(put_tlv(&mut tlvs, *tag, value));
        }
        tlvs.into()
    }

    #[test]
    fn a_whole_of_at_most_254_octets_is_a_short_message_and_a_longer_one_a_payload() {
        for (last, payload) in [(101, false), (102, true)] {
            let texts = [vec![b'a'; 153], vec![b'b'; last]];
            let segments =
                [segment(&[0, 3, 7, 2, 1], &texts[0]), segment(&[0, 3, 7, 2, 2], &texts[1])];
            let whole = join(&segments).unwrap();
            assert_eq!(whole.user_data(), texts.concat());
            assert_eq!((whole.short_message.is_empty(), whole.esm_class), (payload, 0x03));
            assert_eq!(Mark::of(&whole), None);
        }
    }

    #[test]
    fn elements_other_than_concatenation_are_kept_once() {
        let ports = [5, 4, 0x15, 0x8A, 0, 0];
        let picture = [0x0D, 2, 1, 9];
        let first = [&[0, 3, 7, 2, 1][..], &ports].concat();
        let second = [&ports[..], &picture, &[8, 4, 0, 7, 2, 2][..]].concat();
        let whole = join(&[segment(&first, b"one"), segment(&second, b"two")]).unwrap();
        let expected = [&[10], &ports[..], &picture, b"onetwo"].concat();
        assert_eq!((&whole.short_message[..], whole.esm_class), (&expected[..], 0x43));
    }

    #[test]
    fn sar_tlvs_go_and_the_others_of_the_first_segment_stay() {
        let sar = |sequence: u8, more: &[(TlvTag, &[u8])]| {
            let marks = [
                (TlvTag::SAR_MSG_REF_NUM, &[0, 7][..]),
                (TlvTag::SAR_TOTAL_SEGMENTS, &[2]),
                (TlvTag::SAR_SEGMENT_SEQNUM, &[sequence]),
            ];
            MoMessage { tlvs: tlvs(&[&marks, more].concat()), ..message(0, b"") }
        };
        let payload = TlvTag::MESSAGE_PAYLOAD;
        let first = sar(1, &[(payload, b"one"), (TlvTag::ITS_REPLY_TYPE, &[3])]);
        let second = sar(2, &[(payload, b"two"), (TlvTag::ITS_REPLY_TYPE, &[4])]);
        let whole = join(&[first, second]).unwrap();
        assert_eq!(&whole.short_message[..], b"onetwo");
        assert_eq!(whole.tlvs, tlvs(&[(TlvTag::ITS_REPLY_TYPE, &[3])]));
    }

    #[test]
    fn what_one_message_cannot_say_stays_in_segments() {
        let first = segment(&[0, 3, 7, 2, 1], b"one");
        let other = |header: &[u8]| segment(&[header, &[0, 3, 7, 2, 2]].concat(), b"two");
        assert!(join(&[first.clone(), other(&[])]).is_some());
        let ucs2 = MoMessage { data_coding: 8, ..other(&[]) };
        assert!(join(&[first.clone(), ucs2]).is_none(), "two alphabets");
        assert!(join(&[first.clone(), other(&[0x25, 1, 1])]).is_none(), "two national tables");
        assert!(join(&[first.clone(), message(0x40, &[9])]).is_none(), "a broken header");
        let long = |at: u8| segment(&[&[at, 120][..], &[at; 120], &[0, 3, 7, 3, at]].concat(), b"");
        assert!(join(&[long(1), long(2)]).is_some());
        assert!(join(&[long(1), long(2), long(3)]).is_none(), "a header of 366 octets");
        let half = MoMessage {
            tlvs: tlvs(&[(TlvTag::MESSAGE_PAYLOAD, &[b'x'; 40_000])]),
            ..message(0, b"")
        };
        assert!(join(&[half.clone(), half]).is_none(), "80,000 octets");
        assert!(join(&[]).is_none());
    }
}
