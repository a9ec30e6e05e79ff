//! What holds for every PDU there is, tried on generated ones of every row.

use proptest::prelude::*;

use crate::wire::{
    DecodeError, ErrorBody, Fault, HEADER_LEN, Header, PDUS, Pdu, PduRow, Rules, TrailingOctets,
    Value, Version, kinds::FieldKind, sample,
};

/// Numbers for a sample: what the list gives, then zeros. It shrinks to the plainest PDU.
fn numbers() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 0..200)
}

fn pdu_of(row: &PduRow, numbers: &[u32]) -> Vec<u8> {
    let mut numbers = numbers.iter().copied();
    let mut below = |bound: usize| numbers.next().unwrap_or(0) as usize % bound;
    let mut frame = Vec::new();
    sample::pdu_of(row, &mut below, &mut frame);
    frame
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let error_body = prop::sample::select(&[
        ErrorBody::Auto,
        ErrorBody::MessageId,
        ErrorBody::Tlvs,
        ErrorBody::Absent,
    ]);
    (any::<[bool; 5]>(), error_body).prop_map(|(flags, error_body)| Rules {
        version: if flags[0] { Version::V50 } else { Version::V34 },
        trailing_octets: if flags[1] { TrailingOctets::Refuse } else { TrailingOctets::Ignore },
        error_body,
        require_body: flags[2],
        long_c_strings: flags[3],
        missing_nul: flags[4],
    })
}

fn encoded(header: &Header, pdu: &Pdu<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    pdu.encode(header.command_status, header.sequence_number, &mut out).unwrap();
    out
}

/// What the strict rules take encodes to the same octets; what they refuse is refused whole.
fn strict_is_reversible(frame: &[u8]) -> Result<(), DecodeError> {
    let (header, pdu) = Pdu::decode(frame, &Rules::STRICT)?;
    assert_eq!(encoded(&header, &pdu), frame, "{pdu:?}");
    Ok(())
}

/// What the default rules take encodes to something that reads the same under them.
fn lenient_is_stable(frame: &[u8]) {
    let rules = Rules { version: Version::V50, ..Rules::default() };
    let Ok((header, pdu)) = Pdu::decode(frame, &rules) else { return };
    let again = encoded(&header, &pdu);
    let (_, same) = Pdu::decode(&again, &rules).unwrap();
    // An error response loses a body without TLVs; everything else reads the same.
    if again.len() > HEADER_LEN {
        assert_eq!(same, pdu);
    }
}

fn set_length(frame: &mut [u8]) {
    let len = u32::try_from(frame.len()).unwrap();
    frame[..4].copy_from_slice(&len.to_be_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_valid_pdu_encodes_to_the_octets_it_came_in(numbers in numbers()) {
        for row in PDUS {
            let frame = pdu_of(row, &numbers);
            strict_is_reversible(&frame).unwrap();
        }
    }

    #[test]
    fn the_estimated_length_is_the_written_length(numbers in numbers(), short in 0usize..16) {
        for row in PDUS {
            let frame = pdu_of(row, &numbers);
            let (header, pdu) = Pdu::decode(&frame, &Rules::STRICT).unwrap();
            let (status, sequence) = (header.command_status, header.sequence_number);
            let mut room = vec![0xaa; frame.len() + short];
            prop_assert_eq!(pdu.encode_to(&mut room, status, sequence), Ok(Some(frame.len())));
            prop_assert_eq!(&room[..frame.len()], &frame[..]);
            prop_assert!(room[frame.len()..].iter().all(|&octet| octet == 0xaa));
            let mut room = vec![0xaa; frame.len() - 1 - short.min(frame.len() - 1)];
            prop_assert_eq!(pdu.encode_to(&mut room, status, sequence), Ok(None));
            prop_assert!(room.iter().all(|&octet| octet == 0xaa), "no room, nothing written");
        }
    }

    #[test]
    fn fields_are_shown_in_the_order_and_kind_of_the_row(numbers in numbers()) {
        for row in PDUS {
            let frame = pdu_of(row, &numbers);
            let (_, pdu) = Pdu::decode(&frame, &Rules::STRICT).unwrap();
            let mut shown = Vec::new();
            pdu.visit(&mut |name, value| shown.push((name, value)));
            prop_assert_eq!(shown.len(), row.fields.len());
            for (field, (name, value)) in row.fields.iter().zip(shown) {
                prop_assert_eq!(field.name, name);
                let agrees = matches!(
                    (field.kind, value),
                    (FieldKind::Int, Value::Int(_))
                        | (FieldKind::CString(_) | FieldKind::Time, Value::CString(_))
                        | (FieldKind::ShortMessage, Value::Octets(_))
                        | (FieldKind::DestAddresses, Value::DestAddresses(_))
                        | (FieldKind::UnsuccessSmes, Value::UnsuccessSmes(_))
                );
                prop_assert!(agrees, "{} is {:?}", name, value);
            }
        }
    }

    #[test]
    fn octets_of_any_sort_are_read_or_refused(
        mut frame in prop::collection::vec(any::<u8>(), HEADER_LEN..400),
        row in 0..PDUS.len(),
        status in prop::sample::select(&[0u32, 0x58]),
        rules in any_rules(),
    ) {
        set_length(&mut frame);
        frame[4..8].copy_from_slice(&PDUS[row].command_id.0.to_be_bytes());
        frame[8..12].copy_from_slice(&status.to_be_bytes());
        if let Err(error) = Pdu::decode(&frame, &rules) {
            prop_assert!(error.offset <= frame.len());
            prop_assert_eq!(error.header.command_id, PDUS[row].command_id);
        }
        lenient_is_stable(&frame);
        let _ = strict_is_reversible(&frame);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn every_truncation_is_refused_or_means_the_same_both_ways(numbers in numbers()) {
        for row in PDUS {
            let whole = pdu_of(row, &numbers);
            for len in 0..whole.len() {
                let mut frame = whole[..len].to_vec();
                let error = Pdu::decode(&frame, &Rules::STRICT).unwrap_err();
                assert_eq!(error.fault, Fault::WrongLength, "command_length says more");
                if len >= HEADER_LEN {
                    set_length(&mut frame);
                    let _ = strict_is_reversible(&frame);
                    lenient_is_stable(&frame);
                }
            }
        }
    }

    #[test]
    fn every_changed_octet_is_refused_or_means_the_same_both_ways(
        numbers in numbers(),
        change in 2u8..=254,
    ) {
        for row in PDUS {
            let whole = pdu_of(row, &numbers);
            for at in 0..whole.len() {
                for change in [1, 0x80, 0xff, change, whole[at]] {
                    let mut frame = whole.clone();
                    frame[at] ^= change; // The last of them makes it a NUL.
                    let _ = strict_is_reversible(&frame);
                    lenient_is_stable(&frame);
                }
            }
        }
    }
}

#[test]
fn each_error_points_at_the_field_that_was_being_read() {
    for row in PDUS.iter().filter(|row| !row.fields.is_empty()) {
        let mut frame = pdu_of(row, &[]);
        frame.truncate(HEADER_LEN + 1);
        let first_is_whole = frame.get(HEADER_LEN) == Some(&0);
        set_length(&mut frame);
        let Err(error) = Pdu::decode(&frame, &Rules::STRICT) else {
            assert_eq!(row.fields.len(), 1, "{} read from one octet", row.name);
            continue;
        };
        assert!(first_is_whole);
        assert_eq!(error.offset, HEADER_LEN + 1, "{}", row.name);
        let second = row.fields[1];
        let counted = match second.kind {
            FieldKind::ShortMessage => "sm_length",
            FieldKind::DestAddresses => "number_of_dests",
            FieldKind::UnsuccessSmes => "no_unsuccess",
            _ => second.name,
        };
        assert_eq!(error.field, counted, "{}", row.name);
    }
}
