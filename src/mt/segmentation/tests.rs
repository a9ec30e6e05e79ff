use super::*;
use crate::message::envelope::UserData;
use crate::text::Udh;
use crate::wire::Address;

fn message(text: &[u8], how: Reference) -> Message {
    let cutting = Cutting { reference: how, ..Cutting::default() };
    Message {
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, b"33612345678"),
        service_type: ServiceType::new(b"CMT"),
        esm_class: 3,
        registered_delivery: 1,
        user_data: UserData::new(text),
        tlvs: Box::from([0x02, 0x04, 0, 2, 0, 9]),
        cuts: cut(false, (0, Shifts::NONE), text, cutting).unwrap(),
        ..Message::default()
    }
}

#[test]
fn segments_put_together_are_the_text() {
    let text: Vec<u8> = (0..400).map(|at| b'a' + (at % 26) as u8).collect();
    for (how, header) in [(Reference::Udh8, 6), (Reference::Udh16, 7), (Reference::Sar, 0)] {
        let message = message(&text, how);
        let writing = Writing { reference: how, ..Writing::default() };
        assert_eq!(message.segments(), 3);
        let mut renderer = Renderer::default();
        let mut joined = Vec::new();
        for segment in 0..3 {
            let submit = renderer.render(&message, segment, 0x34, &writing);
            assert_eq!(submit.esm_class & UDHI != 0, header > 0);
            joined.extend_from_slice(&submit.short_message[header..]);
            match how {
                Reference::Udh8 => {
                    assert_eq!(submit.short_message[..6], [5, 0, 3, 0x34, 3, segment + 1]);
                }
                Reference::Udh16 => {
                    assert_eq!(submit.short_message[..7], [6, 8, 4, 0, 0x34, 3, segment + 1])
                }
                _ => assert_eq!(
                    submit.tlvs.int(TlvTag::SAR_SEGMENT_SEQNUM),
                    Some(u32::from(segment) + 1)
                ),
            }
            assert_eq!(submit.tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(9));
        }
        assert_eq!(joined, text);
    }
}

#[test]
fn what_the_account_cut_itself_is_not_cut_again() {
    let text = [b'x'; 200];
    let sar = [0x02, 0x0c, 0, 2, 0, 1];
    for (esm_class, tlvs) in [(UDHI, Tlvs::NONE), (0, Tlvs::take(&sar).0)] {
        let is_own = is_own_segment(esm_class, tlvs);
        let cuts = cut(is_own, (0, Shifts::NONE), &text, Cutting::default());
        assert!(is_own && cuts.unwrap().ends.is_empty());
    }
}

#[test]
fn a_carrier_that_takes_payloads_gets_one() {
    let message = message(&[b'x'; 400], Reference::Payload);
    let mut renderer = Renderer::default();
    let writing = Writing { reference: Reference::Payload, ..Writing::default() };
    let submit = renderer.render(&message, 0, 0, &writing);
    assert!(submit.short_message.is_empty());
    assert_eq!(submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap().len(), 400);
}

#[test]
fn a_segment_bears_no_reference_above_the_greatest_a_carrier_takes() {
    let text = [b'x'; 200];
    let cases = [
        (Reference::Udh8, 65_535, 0x1234, 0x34),
        (Reference::Udh8, 65_535, 255, 255),
        (Reference::Udh8, 100, 100, 100),
        (Reference::Udh8, 100, 101, 1),
        (Reference::Udh16, 100, 100, 100),
        (Reference::Udh16, 100, 101, 1),
        (Reference::Udh16, 65_535, 65_535, 65_535),
        (Reference::Sar, 65_535, 0x1234, 0x1234),
        (Reference::Sar, 1, 77, 1),
    ];
    for (how, reference_max, given, sent) in cases {
        let message = message(&text, how);
        let writing = Writing { reference: how, reference_max, ..Writing::default() };
        let mut renderer = Renderer::default();
        let submit = renderer.render(&message, 0, given, &writing);
        let found = match how {
            Reference::Udh8 => u32::from(submit.short_message[3]),
            Reference::Udh16 => {
                u32::from(submit.short_message[3]) << 8 | u32::from(submit.short_message[4])
            }
            _ => submit.tlvs.int(TlvTag::SAR_MSG_REF_NUM).unwrap(),
        };
        assert_eq!(found, sent, "{how:?} {reference_max} {given}");
    }
}

#[test]
fn the_reference_of_a_segment_that_an_account_cut_is_found() {
    let whole = message(b"hi", Reference::Udh8);
    let cut = |esm_class, text: &[u8], tlvs: &[u8]| {
        own_reference(&Message {
            esm_class,
            user_data: UserData::new(text),
            tlvs: tlvs.into(),
            ..whole.clone()
        })
    };
    assert_eq!(own_reference(&whole), None);
    assert_eq!(cut(0x40, &[5, 0, 3, 0x34, 2, 1, b'a'], &[]), Some(0x34));
    assert_eq!(cut(0x43, &[6, 8, 4, 0x12, 0x34, 2, 1, b'a'], &[]), Some(0x1234));
    assert_eq!(cut(0x40, &[6, 5, 4, 0x15, 0x8a, 0, 0, b'a'], &[]), None, "ports");
    assert_eq!(cut(0x40, &[200], &[]), None, "a header that is none");
    assert_eq!(cut(0, b"a", &[0x02, 0x0c, 0, 2, 0x12, 0x34]), Some(0x1234));
}

#[test]
fn what_a_message_leaves_open_the_carriers_dialect_says() {
    let mut message = message(b"hi", Reference::Udh8);
    let service_type = ServiceType::new(b"BILL");
    let writing = Writing { esm_class_mode: 2, service_type, ..Writing::default() };
    let mut renderer = Renderer::default();
    let own = renderer.render(&message, 0, 0, &writing);
    assert_eq!((own.esm_class, own.service_type.octets()), (3, &b"CMT"[..]));
    message.esm_class = 0x40;
    message.service_type = ServiceType::new(b"");
    let filled = renderer.render(&message, 0, 0, &writing);
    assert_eq!((filled.esm_class, filled.service_type.octets()), (0x42, &b"BILL"[..]));
}

#[test]
fn a_carrier_of_version_3_3_gets_no_tlvs() {
    for text in [&b"hi"[..], &[b'x'; 200]] {
        let message = message(text, Reference::Udh8);
        let writing = Writing { no_tlvs: true, ..Writing::default() };
        let mut renderer = Renderer::default();
        assert!(renderer.render(&message, 0, 1, &writing).tlvs.octets().is_empty());
    }
}

#[test]
fn a_text_goes_to_another_carrier_only_if_that_takes_its_alphabet() {
    use crate::message::encodings::TextEncoding::{Gsm7, Ucs2};
    let to = |message: &Message, encodings: &[_]| {
        let encodings = Encodings::new(encodings.iter().copied());
        fits(message, Cutting { encodings, ..Cutting::default() })
    };
    let text = message(b"hi", Reference::Udh8);
    assert!(to(&text, &[Gsm7]) && to(&text, &[]) && !to(&text, &[Ucs2]));
    let binary = Message { data_coding: 4, ..text };
    assert!(to(&binary, &[Ucs2]));
}

#[test]
fn a_plan_goes_to_another_carrier_only_where_its_segments_have_room() {
    use Reference::{Payload, Sar, Udh8, Udh16};
    let to =
        |message: &Message, reference| fits(message, Cutting { reference, ..Cutting::default() });
    let all = [Payload, Sar, Udh8, Udh16];
    let cases = [
        (message(&[b'x'; 400], Udh8), [true, true, true, false]),
        (message(&[b'x'; 400], Udh16), [true, true, true, true]),
        (message(&[b'x'; 400], Sar), [true, true, true, false]),
        (message(&[b'x'; 400], Payload), [true, false, false, false]),
        (message(&[b'x'; 160], Payload), [true; 4]),
        (message(b"hi", Sar), [true; 4]),
    ];
    for (message, expected) in cases {
        assert_eq!(all.map(|how| to(&message, how)), expected, "{} segments", message.segments());
    }
}

#[test]
fn latin_1_that_becomes_septets_has_room_where_those_have() {
    let (octets, septets) = (DefaultAlphabet::Gsm7, DefaultAlphabet::Latin1);
    // What is written, planned for a carrier that means this by data_coding 0, to one of that.
    let cases = [
        (b'x', octets, septets, true),
        (b'[', octets, septets, false),
        (b'[', septets, octets, true),
        (b'x', septets, octets, false),
    ];
    for (octet, planned, zero, expected) in cases {
        let (text, reference) = ([octet; 300], Reference::Udh16);
        let cutting = |zero| Cutting { zero, reference, ..Cutting::default() };
        let cuts = cut(false, (3, Shifts::NONE), &text, cutting(planned)).unwrap();
        let message =
            Message { data_coding: 3, cuts, user_data: UserData::new(&text), ..Message::default() };
        assert_eq!(fits(&message, cutting(zero)), expected, "{octet} for {planned:?}");
        assert!(fits(&message, cutting(planned)));
    }
}

#[test]
fn more_than_255_segments_are_refused() {
    let text = vec![b'x'; 153 * 255 + 1];
    let refused = cut(false, (0, Shifts::NONE), &text, Cutting::default());
    assert_eq!(refused.unwrap_err(), CommandStatus::ESME_RINVMSGLEN);
}

/// 3GPP TS 23.040 §9.2.3.24.15: the header of every segment says which tables it is in.
#[test]
fn each_segment_of_a_text_in_national_tables_announces_them_and_fits() {
    use crate::text::Language;
    let shifts = Shifts { locking: Language::TURKISH, single: Language::PORTUGUESE };
    // How it is tied, its octets, how many segments, and the header of the first.
    let cases: [(Reference, usize, u8, &[u8]); 6] = [
        (Reference::Udh8, 152, 1, &[6, 0x24, 1, 3, 0x25, 1, 1]),
        (Reference::Udh8, 153, 2, &[11, 0, 3, 9, 2, 1, 0x24, 1, 3, 0x25, 1, 1]),
        (Reference::Udh16, 300, 3, &[12, 8, 4, 0, 9, 3, 1, 0x24, 1, 3, 0x25, 1, 1]),
        (Reference::Sar, 153, 2, &[6, 0x24, 1, 3, 0x25, 1, 1]),
        (Reference::Payload, 153, 1, &[6, 0x24, 1, 3, 0x25, 1, 1]),
        (Reference::Payload, 400, 1, &[6, 0x24, 1, 3, 0x25, 1, 1]),
    ];
    for (reference, octets, segments, header) in cases {
        let text = vec![b'x'; octets];
        let cutting = Cutting { reference, ..Cutting::default() };
        let cuts = cut(false, (0, shifts), &text, cutting).unwrap();
        let message =
            Message { shifts, cuts, user_data: UserData::new(&text), ..Message::default() };
        assert_eq!(message.segments(), segments, "{reference:?} {octets}");
        let writing = Writing { reference, ..Writing::default() };
        let (mut renderer, mut joined) = (Renderer::default(), Vec::new());
        for segment in 0..segments {
            let submit = renderer.render(&message, segment, 9, &writing);
            let payload = submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
            let user_data = payload.unwrap_or(submit.short_message);
            assert!(submit.esm_class & UDHI != 0);
            let (udh, rest) = Udh::split(user_data).unwrap();
            assert_eq!(udh.shifts(), shifts);
            assert!(segment > 0 || user_data.starts_with(header), "{user_data:02x?}");
            let radio = udh.octets() * 8 + rest.len() * 7;
            assert!(radio <= 140 * 8 || reference == Reference::Payload, "{reference:?}");
            joined.extend_from_slice(rest);
        }
        assert_eq!(joined, text);
        let latin = Cutting { zero: DefaultAlphabet::Latin1, ..cutting };
        assert!(fits(&message, cutting) && !fits(&message, latin), "{reference:?}");
    }
}

/// A reload may ask for the wider reference while messages wait that were planned, and billed, for
/// the other.
#[test]
fn a_message_that_was_planned_for_the_narrow_reference_keeps_it() {
    for octets in [200, 304, 306, 400] {
        let message = message(&vec![b'x'; octets], Reference::Udh8);
        let writing = Writing { reference: Reference::Udh16, ..Writing::default() };
        let mut renderer = Renderer::default();
        for segment in 0..message.segments() {
            let submit = renderer.render(&message, segment, 0x109, &writing);
            let (udh, rest) = Udh::split(submit.short_message).unwrap();
            assert!(udh.octets() * 8 + rest.len() * 7 <= 140 * 8);
            let concatenation = udh.concatenation().unwrap();
            assert_eq!((concatenation.width, concatenation.reference), (ReferenceWidth::Bits8, 9));
        }
    }
    let planned = message(&[b'x'; 400], Reference::Udh16);
    let writing = Writing { reference: Reference::Udh16, ..Writing::default() };
    let mut renderer = Renderer::default();
    let submit = renderer.render(&planned, 0, 0x109, &writing);
    let (udh, _) = Udh::split(submit.short_message).unwrap();
    assert_eq!(udh.concatenation().map(|one| one.reference), Some(0x109));
}

/// Interop quirk 66: a carrier reads one kind of mark, an account writes another.
#[test]
fn a_segment_that_an_account_cut_is_marked_as_its_carrier_wants() {
    const UDH8: &[u8] = b"\x05\x00\x03\x34\x03\x02text";
    const UDH16: &[u8] = b"\x06\x08\x04\x12\x34\x03\x02text";
    const PORTS: &[u8] = b"\x0b\x05\x04\x15\x81\x00\x00\x00\x03\x34\x03\x02text";
    const SAR: &[u8] = &[2, 0x0c, 0, 2, 0x12, 0x34, 2, 0x0e, 0, 1, 3, 2, 0x0f, 0, 1, 2];
    const SAR8: &[u8] = &[2, 0x0c, 0, 2, 0, 0x34, 2, 0x0e, 0, 1, 3, 2, 0x0f, 0, 1, 2];
    const OTHER: [u8; 6] = [2, 4, 0, 2, 0, 9];
    let with_other = |tlvs: &[u8]| [&OTHER[..], tlvs].concat();
    use Reference::{Payload, Sar, Udh8, Udh16};
    // esm_class, user data and TLVs of the account, what the carrier wants, and what it gets.
    type Octets = &'static [u8];
    type Got = (u8, Octets, Octets);
    let cases: [(u8, Octets, Octets, Reference, Got); 10] = [
        (UDHI, UDH8, &[], Sar, (0, b"text", SAR8)),
        (UDHI | 3, UDH16, &[], Sar, (3, b"text", SAR)),
        (UDHI, UDH16, &[], Udh8, (UDHI, UDH8, &[])),
        (UDHI, UDH8, &[], Udh16, (UDHI, b"\x06\x08\x04\x00\x34\x03\x02text", &[])),
        (0, b"text", SAR, Udh8, (UDHI, UDH8, &[])),
        (3, b"text", SAR, Udh16, (UDHI | 3, UDH16, &[])),
        (UDHI, UDH8, SAR, Udh8, (UDHI, UDH8, &[])),
        (UDHI, PORTS, &[], Sar, (UDHI, b"\x06\x05\x04\x15\x81\x00\x00text", SAR8)),
        (
            UDHI,
            b"\x06\x05\x04\x15\x81\x00\x00text",
            &[],
            Sar,
            (UDHI, b"\x06\x05\x04\x15\x81\x00\x00text", &[]),
        ),
        (0, b"text", SAR, Payload, (0, b"text", SAR)),
    ];
    for (esm_class, user_data, tlvs, reference, expected) in cases {
        let message = Message {
            esm_class,
            user_data: UserData::new(user_data),
            tlvs: with_other(tlvs).into(),
            ..Message::default()
        };
        let mut renderer = Renderer::default();
        let writing = Writing { reference, converts: true, ..Writing::default() };
        let submit = renderer.render(&message, 0, 7, &writing);
        assert_eq!((submit.esm_class, submit.short_message), (expected.0, expected.1));
        assert_eq!(submit.tlvs.octets(), with_other(expected.2), "{reference:?} {user_data:02x?}");
        let writing = Writing { reference, ..Writing::default() };
        let submit = renderer.render(&message, 0, 7, &writing);
        assert_eq!((submit.esm_class, submit.short_message), (esm_class, user_data));
        // Without TLVs it is a UDH, whatever is wanted otherwise.
        let writing = Writing { no_tlvs: true, ..Writing::default() };
        let submit = renderer.render(&message, 0, 7, &writing);
        assert!(esm_class & UDHI == 0 || submit.short_message == user_data, "as it came");
        assert!(submit.tlvs.octets().is_empty() && can_be_marked(&message, &writing));
        let says = Udh::split(submit.short_message).map(|(udh, _)| udh.concatenation());
        let had = Udh::split(user_data).map(|(udh, _)| udh.concatenation().is_some());
        let is_segment = tlvs.len() > 6 || esm_class & UDHI != 0 && had == Ok(true);
        assert_eq!(says.is_ok_and(|says| says.is_some()), is_segment, "{user_data:02x?}");
    }
    // A header has no room beside 140 octets, nor 154 septets.
    for (data_coding, octets, fits) in
        [(0, 153, true), (0, 154, false), (4, 134, true), (4, 135, false), (8, 136, false)]
    {
        let message = Message {
            data_coding,
            user_data: UserData::new(&vec![b'x'; octets]),
            tlvs: SAR.into(),
            ..Message::default()
        };
        let writing = Writing { no_tlvs: true, ..Writing::default() };
        assert_eq!(can_be_marked(&message, &writing), fits, "{data_coding} {octets}");
    }
}

#[test]
fn a_receipt_that_tells_of_other_segments_is_asked_for_whatever_the_account_asks() {
    for (asked, sent) in [(0, 1), (1, 1), (2, 1), (0x10, 0x11)] {
        let plain = message(b"x", Reference::Udh8);
        let message = Message { registered_delivery: asked, asks_for_all: true, ..plain };
        assert_eq!(frame(&message, &Writing::default()).registered_delivery, sent);
        let message = Message { asks_for_all: false, ..message };
        assert_eq!(frame(&message, &Writing::default()).registered_delivery, asked);
    }
}
