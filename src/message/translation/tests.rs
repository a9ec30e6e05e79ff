//! Peers that write otherwise, in both directions.

use super::*;
use crate::message::dialect::{Dialect, TlvKind};

/// A form with what a test changes of the dialect.
fn form(change: impl FnOnce(&mut Dialect)) -> Form {
    let mut dialect = Dialect::default();
    change(&mut dialect);
    Form::of(&dialect).expect("a form other than ours")
}

fn from<'a>(ton: u8, source: &'a [u8]) -> SubmitSm<'a> {
    let source_addr = COctetString::new(source);
    SubmitSm { source_addr_ton: ton, source_addr, ..SubmitSm::default() }
}

fn text(esm_class: u8, data_coding: u8, short_message: &[u8]) -> SubmitSm<'_> {
    SubmitSm { esm_class, data_coding, short_message, ..SubmitSm::default() }
}

/// What the peer gets of it, and what we read of that again.
fn there_and_back(form: &Form, submit: &SubmitSm<'_>) -> (u8, Vec<u8>, u8, Vec<u8>) {
    let (mut to, mut fro) = (Translator::default(), Translator::default());
    let written = to.written_submit(form, submit);
    let read = fro.read_submit(form, &written);
    let octets = |submit: &SubmitSm<'_>| submit.short_message.to_vec();
    (written.data_coding, octets(&written), read.data_coding, octets(&read))
}

#[test]
fn a_peer_that_writes_as_we_do_has_no_form() {
    assert_eq!(Form::of(&Dialect::default()), None);
    let old = Dialect { interface_version: 0x33, ..Dialect::default() };
    assert_eq!(Form::of(&old), None, "its texts and addresses are as ours");
}

#[test]
fn q60_international_numbers_get_the_prefix_and_lose_it_again() {
    let cases: [(u8, &str, &str, &str); 8] = [
        (1, "33612345678", "+33612345678", "0033612345678"),
        (0, "33612345678", "+33612345678", "0033612345678"),
        (1, "36105", "+36105", "0036105"),
        (0, "36105", "36105", "36105"),
        (2, "612345678", "612345678", "612345678"),
        (0, "0612345678", "0612345678", "0612345678"),
        (5, "Shop", "Shop", "Shop"),
        (0, "", "", ""),
    ];
    let plus = form(|dialect| dialect.address_prefix = AddressPrefix::Plus);
    let zeros = form(|dialect| dialect.address_prefix = AddressPrefix::Zeros);
    for (ton, ours, with_plus, with_zeros) in cases {
        for (form, theirs) in [(&plus, with_plus), (&zeros, with_zeros)] {
            let mut translator = Translator::default();
            let submit = from(ton, ours.as_bytes());
            let written = translator.written_submit(form, &submit);
            assert_eq!(written.source_addr.as_str(), Some(theirs), "{ton} {ours}");
            let mut back = Translator::default();
            let read = back.read_submit(form, &written);
            assert_eq!(read.source_addr.as_str(), Some(ours), "{ton} {theirs}");
        }
    }
}

#[test]
fn q61_a_name_is_written_in_the_carriers_alphabet_and_an_at_sign_does_not_cut_it() {
    let cases: [(NameAlphabet, &[u8], &[u8], u64); 13] = [
        (NameAlphabet::Gsm7, b"a_b$c", b"a\x11b\x02c", 0),
        (NameAlphabet::Gsm7, b"me@home", b"me?home", 1),
        (NameAlphabet::Gsm7, b"Caf\xe9", b"Caf\x05", 0),
        (NameAlphabet::Gsm7, b"Fr\xeare", b"Frere", 1),
        (NameAlphabet::Ascii, b"Fr\xeare", b"Frere", 1),
        (NameAlphabet::Ascii, b"1\xbf2", b"1?2", 1),
        (NameAlphabet::Utf8, b"Caf\xe9", b"Caf\xc3\xa9", 0),
        (NameAlphabet::Utf8, b"me@home", b"me@home", 0),
        // What Windows has beyond Latin-1.
        (NameAlphabet::Gsm7, b"5\x80", b"5\x1be", 0),
        (NameAlphabet::Utf8, b"Joe\x92s", "Joe\u{2019}s".as_bytes(), 0),
        (NameAlphabet::Utf8, b"\x81", b"\xc2\x81", 0),
        (NameAlphabet::Latin1, b"Joe\x92s", b"Joe's", 1),
        (NameAlphabet::Latin1, b"Caf\xe9", b"Caf\xe9", 0),
    ];
    for (alphabet, ours, theirs, altered) in cases {
        let form = form(|dialect| dialect.address_alphabet = alphabet);
        let mut translator = Translator::default();
        let named = from(5, ours);
        let written = translator.written_submit(&form, &named);
        assert_eq!(written.source_addr.octets(), theirs, "{alphabet} {ours:?}");
        let mut back = Translator::default();
        let read = back.read_submit(&form, &written).source_addr.octets().to_vec();
        assert_eq!(translator.take_altered(), altered, "{alphabet} {ours:?}");
        assert_eq!(translator.take_altered(), 0);
        assert_eq!(read == ours, altered == 0, "{alphabet} {ours:?}");
        let number = from(1, b"4\xe9");
        assert_eq!(translator.written_submit(&form, &number).source_addr.octets(), b"4\xe9");
    }
}

#[test]
fn q62_gsm_7_is_marked_by_the_number_that_says_it_to_the_peer() {
    let vibes = form(|dialect| {
        dialect.data_coding_0 = DefaultAlphabet::Ascii;
        dialect.data_coding_gsm7 = 4;
    });
    let cases = [(0, 4, 0), (8, 8, 8), (1, 1, 1), (3, 3, 3), (0xf0, 0xf0, 0xf0)];
    for (ours, theirs, again) in cases {
        let (written, octets, read, back) = there_and_back(&vibes, &text(0, ours, b"hi \x00"));
        assert_eq!((written, read), (theirs, again));
        assert_eq!((octets, back), (b"hi \x00".to_vec(), b"hi \x00".to_vec()));
    }
    // What it calls 0 is ASCII, which is ours where GSM 7-bit has all of it.
    let mut translator = Translator::default();
    let read = translator.read_submit(&vibes, &text(0, 0, b"@"));
    assert_eq!((read.data_coding, read.short_message), (0, &b"\0"[..]));
    let read = translator.read_submit(&vibes, &text(0, 0, b"`"));
    assert_eq!((read.data_coding, read.short_message), (1, &b"`"[..]));
}

/// What data_coding 0 means to a peer, in both directions; quirks 62 and 63.
#[test]
fn q62_each_default_alphabet_is_read_and_written_as_itself() {
    use DefaultAlphabet::{Ascii, Latin1, Utf8};
    // The peer's alphabet and octets, and ours: its data_coding and octets.
    let cases: [(DefaultAlphabet, &[u8], u8, &[u8]); 9] = [
        (Latin1, b"d\xe9j\xe0 @", 0, b"d\x05j\x7f \0"),
        (Latin1, b"[x]", 0, b"\x1b<x\x1b>"),
        (Latin1, b"f\xeate", 3, b"f\xeate"),
        (Ascii, b"a_b", 0, b"a\x11b"),
        (Ascii, b"`", 1, b"`"),
        (Utf8, "é€".as_bytes(), 0, b"\x05\x1be"),
        (Utf8, "é😀".as_bytes(), 8, b"\0\xe9\xd8\x3d\xde\0"),
        (Latin1, b"", 0, b""),
        (Utf8, b"plain", 0, b"plain"),
    ];
    for (zero, theirs, data_coding, ours) in cases {
        let form = form(|dialect| dialect.data_coding_0 = zero);
        let mut translator = Translator::default();
        let submit = text(0, 0, theirs);
        let read = translator.read_submit(&form, &submit);
        assert_eq!((read.data_coding, read.short_message), (data_coding, ours), "{zero}");
        let mut back = Translator::default();
        let written = back.written_submit(&form, &read);
        let stays = data_coding == 8;
        let expected = if stays { (8, ours) } else { (0, theirs) };
        assert_eq!((written.data_coding, written.short_message), expected, "{zero}");
    }
}

#[test]
fn what_a_default_alphabet_lacks_goes_in_ucs_2() {
    let latin = form(|dialect| dialect.data_coding_0 = DefaultAlphabet::Latin1);
    let mut translator = Translator::default();
    let euro = text(0, 0, b"5 \x1be");
    let written = translator.written_submit(&latin, &euro);
    assert_eq!((written.data_coding, written.short_message), (8, &b"\x005\0 \x20\xac"[..]));
    // Longer than short_message, to a peer that reads message_payload.
    let long = [&b"\x1be"[..], &[b'x'; 150]].concat();
    let deliver = DeliverSm { short_message: &long, ..DeliverSm::default() };
    let written = translator.written_deliver(&latin, &deliver);
    let payload = written.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
    assert_eq!((written.data_coding, written.short_message), (8, &b""[..]));
    assert_eq!(payload.map(<[u8]>::len), Some(302));
}

#[test]
fn what_is_no_text_of_the_default_alphabet_stays_as_it_is() {
    let form = form(|dialect| dialect.data_coding_0 = DefaultAlphabet::Utf8);
    let mut translator = Translator::default();
    for (esm_class, data_coding, octets) in [
        (0, 0, &b"\xff\xfe"[..]),
        (0, 4, b"\x01\x02"),
        (0, 0xf5, b"\xe9"),
        (0, 0xf0, b"\x05"),
        (0, 8, b"\0\xe9"),
    ] {
        let read = translator.read_submit(&form, &text(esm_class, data_coding, octets));
        assert_eq!((read.data_coding, read.short_message), (data_coding, octets));
    }
    // A national table: no other alphabet has it.
    let turkish = text(0x40, 0, b"\x03\x25\x01\x01\x07\x0c");
    let written = translator.written_submit(&form, &turkish);
    assert_eq!((written.data_coding, written.short_message), (0, turkish.short_message));
}

#[test]
fn segments_from_a_handset_are_all_in_one_alphabet() {
    let latin = form(|dialect| dialect.data_coding_0 = DefaultAlphabet::Latin1);
    let mut translator = Translator::default();
    for octets in [&b"\x05\0\x03\x07\x02\x01plain"[..], b"\x05\0\x03\x07\x02\x02f\xeate"] {
        let deliver = DeliverSm { esm_class: 0x40, short_message: octets, ..DeliverSm::default() };
        let read = translator.read_deliver(&latin, &deliver);
        assert_eq!((read.data_coding, read.short_message), (3, octets));
    }
    let whole = DeliverSm { short_message: b"plain", ..DeliverSm::default() };
    assert_eq!(translator.read_deliver(&latin, &whole).data_coding, 0);
}

#[test]
fn q64_ucs_2_goes_with_the_least_octet_first_to_who_reads_it_so() {
    let little = form(|dialect| dialect.ucs2_order = OctetOrder::Little);
    let ours = [0x04, 0x16, 0xd8, 0x3d, 0xde, 0x00];
    let (_, written, _, read) = there_and_back(&little, &text(0, 8, &ours));
    assert_eq!(written, [0x16, 0x04, 0x3d, 0xd8, 0x00, 0xde]);
    assert_eq!(read, ours);
    let with_header = [&[5, 0, 3, 7, 2, 1][..], &ours].concat();
    let (_, written, _, read) = there_and_back(&little, &text(0x40, 8, &with_header));
    assert_eq!(written[..8], [5, 0, 3, 7, 2, 1, 0x16, 0x04]);
    assert_eq!(read, with_header);
    let mut translator = Translator::default();
    let marked = text(0, 8, &[0xfe, 0xff, 0x04, 0x16]);
    assert_eq!(translator.read_submit(&little, &marked).short_message, marked.short_message);
    let latin = text(0, 3, b"abc");
    assert_eq!(translator.written_submit(&little, &latin).short_message, b"abc");
}

#[test]
fn q65_gsm_7_is_packed_behind_fill_bits_and_unpacked_to_the_last_septet() {
    let packing = form(|dialect| dialect.gsm7_packing = Gsm7Packing::Packed);
    let (coding, written, _, _) = there_and_back(&packing, &text(0, 0, b"hellohello"));
    assert_eq!(coding, 0);
    assert_eq!(written, [0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37]);
    // Behind 05 00 03 01 02 01: one fill bit.
    let (_, written, _, _) = there_and_back(&packing, &text(0x40, 0, b"\x05\0\x03\x01\x02\x01Hi"));
    assert_eq!(written, *b"\x05\0\x03\x01\x02\x01\x90\x69");
    for header in [&b""[..], b"\x05\0\x03\x01\x02\x01", b"\x06\x08\x04\0\x01\x02\x01"] {
        for len in 0..=160 {
            let septets: Vec<u8> = (0..len).map(|at| b'a' + at % 26).collect();
            let ours = [header, &septets].concat();
            let esm_class = if header.is_empty() { 0 } else { 0x40 };
            let (_, written, _, read) = there_and_back(&packing, &text(esm_class, 0, &ours));
            assert_eq!(read, ours, "{len} septets behind {} octets", header.len());
            assert!(len < 9 || written.len() < ours.len());
        }
    }
    let binary = text(0, 4, &[0xff; 9]);
    let mut translator = Translator::default();
    assert_eq!(translator.written_submit(&packing, &binary).short_message, [0xff; 9]);
}

#[test]
fn a_text_in_message_payload_is_translated_there() {
    let little = form(|dialect| dialect.ucs2_order = OctetOrder::Little);
    let mut octets = Vec::new();
    assert!(put_tlv(&mut octets, TlvTag::USER_MESSAGE_REFERENCE, &[0, 9]));
    assert!(put_tlv(&mut octets, TlvTag::MESSAGE_PAYLOAD, &[0x04, 0x16]));
    let tlvs = Tlvs::take(&octets).0;
    let submit = SubmitSm { data_coding: 8, tlvs, ..SubmitSm::default() };
    let mut translator = Translator::default();
    let written = translator.written_submit(&little, &submit);
    assert_eq!(written.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD), Some(&[0x16, 0x04][..]));
    assert_eq!(written.tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(9));
}

#[test]
fn the_text_of_a_receipt_stays_as_it_is() {
    let packing = form(|dialect| {
        dialect.gsm7_packing = Gsm7Packing::Packed;
        dialect.data_coding_gsm7 = 4;
        dialect.address_prefix = AddressPrefix::Plus;
    });
    let deliver = DeliverSm {
        source_addr_ton: 1,
        source_addr: "33612345678".into(),
        esm_class: 0x04,
        short_message: b"id:1 stat:DELIVRD",
        ..DeliverSm::default()
    };
    let mut translator = Translator::default();
    let written = translator.written_deliver(&packing, &deliver);
    assert_eq!(written.source_addr.as_str(), Some("+33612345678"));
    assert_eq!(DeliverSm { source_addr: deliver.source_addr, ..written }, deliver);
}

#[test]
fn q38_a_tlv_that_a_peer_wants_is_added_where_it_is_missing() {
    let change = |dialect: &mut Dialect| {
        for (name, tag, kind, value) in [
            ("pe_id", 0x1400, TlvKind::Octets, Some("1101000000000012345")),
            ("flag", 0x1500, TlvKind::U8, Some("1")),
            ("named", 0x1501, TlvKind::CString, None),
        ] {
            let value = value.and_then(|value| TlvDefinition::octets_of(kind, value));
            dialect.tlvs.push(TlvDefinition {
                name: name.to_owned(),
                tag,
                kind,
                value,
                drop: false,
            });
        }
    };
    let india = form(change);
    let mut octets = Vec::new();
    assert!(put_tlv(&mut octets, TlvTag(0x1500), &[9]));
    let own = SubmitSm { tlvs: Tlvs::take(&octets).0, ..text(0, 0, b"hi") };
    for read in [false, true] {
        let mut translator = Translator::default();
        let submit = match read {
            true => translator.read_submit(&india, &own),
            false => translator.written_submit(&india, &own),
        };
        let octets_of = |tag| submit.tlvs.octets_of(TlvTag(tag));
        assert_eq!(octets_of(0x1400), Some(&b"1101000000000012345"[..]));
        assert_eq!(octets_of(0x1500), Some(&[9][..]), "an account's own value stays");
        assert_eq!((octets_of(0x1501), submit.tlvs.iter().count()), (None, 2));
        assert_eq!(submit.short_message, b"hi");
    }
    let deliver = DeliverSm { short_message: b"hi", ..DeliverSm::default() };
    assert_eq!(Translator::default().written_deliver(&india, &deliver), deliver);
    let mut old = Dialect { interface_version: 0x33, ..Dialect::default() };
    change(&mut old);
    assert_eq!(Form::of(&old), None, "a carrier of version 3.3 gets no TLVs");
}
