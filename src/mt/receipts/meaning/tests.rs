use super::*;
use crate::message::dialect::TlvDefinition;

fn meaning(tag: TlvTag, kind: TlvKind) -> Meaning {
    let mut dialect = Dialect::default();
    let name = "own".to_owned();
    dialect.tlvs.push(TlvDefinition { name, tag: tag.0, kind, value: None, drop: false });
    dialect.receipt_states.insert("0".to_owned(), MessageState::DELIVERED);
    Meaning::of(&dialect)
}

fn resolved(meaning: &Meaning, text: &str, tlvs: &[(TlvTag, &[u8])]) -> (Option<u8>, Option<u32>) {
    let mut octets = Vec::new();
    for (tag, value) in tlvs {
        assert!(put_tlv(&mut octets, *tag, value));
    }
    let text = ReceiptText::parse(text.as_bytes());
    let resolved = meaning.resolve(&text, Tlvs::take(&octets).0);
    (resolved.state.map(|state| state.0), resolved.error.and_then(ReceiptError::number))
}

/// Interop quirk 34.
#[test]
fn a_standard_tlv_is_read_by_the_type_that_its_carrier_gives_it() {
    let cases: [(TlvKind, &[u8], Option<u8>); 9] = [
        (TlvKind::CString, b"2\0", Some(2)),
        (TlvKind::CString, b"UNDELIV\0", Some(5)),
        (TlvKind::CString, b"0\0", Some(2)),
        (TlvKind::Octets, b"5", Some(5)),
        (TlvKind::U16, &[0, 2], Some(2)),
        (TlvKind::U32, &[0, 0, 0, 8], Some(8)),
        (TlvKind::U8, &[3], Some(3)),
        // None of its type, so the text says it.
        (TlvKind::U16, &[2], Some(4)),
        (TlvKind::U32, &[0, 0, 1, 0], Some(4)),
    ];
    let tag = TlvTag::MESSAGE_STATE;
    for (kind, value, state) in cases {
        let found = resolved(&meaning(tag, kind), "id:1 stat:DELETED err:001", &[(tag, value)]);
        assert_eq!(found, (state, Some(1)), "{kind} {value:?}");
    }
    let tag = TlvTag::NETWORK_ERROR_CODE;
    for (kind, value, error) in [
        (TlvKind::CString, &b"069\0"[..], 69),
        (TlvKind::U16, &[1, 2], 258),
        // As the standard has it, which it is not here.
        (TlvKind::U16, &[3, 1, 2], 1),
    ] {
        let found = resolved(&meaning(tag, kind), "id:1 stat:DELETED err:001", &[(tag, value)]);
        assert_eq!(found, (Some(4), Some(error)), "{kind} {value:?}");
    }
}

/// Interop quirk 23.
#[test]
fn a_word_of_its_own_is_the_state_that_the_dialect_says() {
    let own = meaning(TlvTag(0x1400), TlvKind::U8);
    let state = |text| resolved(&own, text, &[]).0;
    assert_eq!(state("id:1 stat:0 err:000"), Some(2));
    assert_eq!(state("id:1 stat:EXPIRED err:000"), Some(3));
    assert_eq!(state("id:1 stat:1 err:000"), None);
    let tlv = resolved(&own, "id:1 stat:0", &[(TlvTag::MESSAGE_STATE, &[5])]);
    assert_eq!(tlv.0, Some(5), "TLVs first");
}

/// Interop quirk 38.
#[test]
fn what_goes_on_is_bounded_and_as_the_dialect_says() {
    let long = [7; 200];
    let tlvs: [(TlvTag, &[u8]); 6] = [
        (TlvTag::RECEIPTED_MESSAGE_ID, b"1\0"),
        (TlvTag::NETWORK_ERROR_CODE, &[3, 0, 5]),
        (TlvTag(0x1401), b"one\0"),
        (TlvTag(0x1402), &long),
        (TlvTag(0x1403), &long),
        (TlvTag(0x1404), b"four\0"),
    ];
    let mut octets = Vec::new();
    for (tag, value) in tlvs {
        assert!(put_tlv(&mut octets, tag, value));
    }
    let tlvs = Tlvs::take(&octets).0;
    let cause = |passed| {
        let meaning = Meaning { passed, dropped: Box::new([TlvTag(0x1404)]), ..Meaning::default() };
        meaning.cause(&Resolved::default(), tlvs)
    };
    assert_eq!(cause(ReceiptTlvs::None), Cause::default());
    let network = cause(ReceiptTlvs::NetworkError);
    assert_eq!((network.network(), network.tlvs()), (Some([3, 0, 5]), &b""[..]));
    let all = cause(ReceiptTlvs::All);
    let tags: Vec<u16> = Tlvs::take(all.tlvs()).0.iter().map(|tlv| tlv.tag.0).collect();
    assert_eq!((all.network(), tags), (Some([3, 0, 5]), vec![0x1401, 0x1402]));
}
