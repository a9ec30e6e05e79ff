//! TLVs as octets, and typed values that come out only when their size is right.

use super::octets;
use crate::wire::tlv::{TLVS, TlvKind, put_tlv};
use crate::wire::{Tlv, TlvTag, Tlvs};

#[test]
fn tlvs_keep_their_order_and_their_repeats() {
    let wire = octets("0381 0004 01020304  0204 0002 0007  0381 0004 05060708");
    let (tlvs, taken) = Tlvs::take(&wire);
    assert_eq!(taken, wire.len());
    let tags: Vec<u16> = tlvs.iter().map(|tlv| tlv.tag.0).collect();
    assert_eq!(tags, [0x0381, 0x0204, 0x0381]);
    assert_eq!(tlvs.octets_of(TlvTag::CALLBACK_NUM), Some(&[1, 2, 3, 4][..]), "the first wins");
    assert_eq!(tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(7));
    assert_eq!(tlvs.find(TlvTag::MESSAGE_PAYLOAD), None);
}

#[test]
fn a_tlv_that_runs_past_the_end_is_not_taken() {
    let wire = octets("0204 0002 0007  0424 0005 41424344");
    let (tlvs, taken) = Tlvs::take(&wire);
    assert_eq!(taken, 6);
    assert_eq!(tlvs.iter().count(), 1);
}

#[test]
fn a_typed_value_comes_out_at_the_sizes_its_tag_allows_and_at_no_other() {
    for row in TLVS.iter().filter(|row| row.kind == TlvKind::Int) {
        for len in 0..=8 {
            let value = vec![0x11; len];
            let number = Tlv { tag: row.tag, value: &value }.int();
            assert_eq!(number.is_some(), len == row.min, "{} of {len} octets", row.name);
        }
    }
}

#[test]
fn text_is_no_number_even_at_the_size_of_one() {
    let id = Tlv { tag: TlvTag::RECEIPTED_MESSAGE_ID, value: b"7\0" };
    assert_eq!((id.int(), id.text()), (None, Some(&b"7"[..])));
}

#[test]
fn text_is_read_with_or_without_its_nul_and_never_above_its_size() {
    let text = |len: usize, nul: &[u8]| {
        let value = [vec![b'7'; len], nul.to_vec()].concat();
        let tlv = Tlv { tag: TlvTag::RECEIPTED_MESSAGE_ID, value: &value };
        tlv.text().map(<[u8]>::len)
    };
    assert_eq!(text(64, b"\0"), Some(64));
    assert_eq!(text(65, b""), Some(65));
    assert_eq!(text(66, b""), None);
    assert_eq!(text(0, b""), Some(0));
    let time = Tlv { tag: TlvTag::BROADCAST_END_TIME, value: b"2611\0" };
    assert_eq!(time.text(), None, "shorter than a time can be");
}

#[test]
fn a_value_longer_than_a_length_can_say_is_not_appended() {
    let mut out = Vec::new();
    assert!(put_tlv(&mut out, TlvTag::MESSAGE_PAYLOAD, &vec![0; 65_535]));
    assert_eq!(out.len(), 65_539);
    assert!(!put_tlv(&mut out, TlvTag::MESSAGE_PAYLOAD, &vec![0; 65_536]));
    assert_eq!(out.len(), 65_539, "nothing of it was written");
}

#[test]
fn unknown_tags_survive_and_print_as_numbers() {
    assert_eq!(format!("{:?}", TlvTag(0x1400)), "0x1400");
    assert_eq!(format!("{:?}", TlvTag::MESSAGE_STATE), "message_state");
    let vendor = Tlv { tag: TlvTag(0x1400), value: &[0, 1] };
    assert_eq!(vendor.int(), Some(1), "nobody knows its size, so any of a number's will do");
}
