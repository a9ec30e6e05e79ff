use super::*;
use crate::message::envelope::{Message, UserData};
use crate::message::receipt::ReceiptFormat;

const ACCEPTED_AT: Duration = Duration::from_secs(1_780_000_000);

fn reading() -> Reading {
    Reading {
        carrier: 3,
        notations: Notations::default(),
        zone_minutes: 0,
        unmarked: UnmarkedReceipt::Message,
        acknowledged: UnmarkedReceipt::Message,
        meaning: Meaning::default(),
    }
}

const TEXT: &[u8] =
    b"id:C0FFEE sub:001 dlvrd:001 submit date:2605280000 done date:2605280001 stat:DELIVRD err:007";

fn deliver(short_message: &[u8]) -> DeliverSm<'_> {
    DeliverSm {
        source_addr_ton: 1,
        source_addr: COctetString::from("33612345678"),
        destination_addr: COctetString::from("Shop"),
        esm_class: 0x04,
        short_message,
        ..DeliverSm::default()
    }
}

fn message() -> Message {
    Message {
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, b"33612345678"),
        registered_delivery: 1,
        user_data: UserData::new(b"Your code is 123456, valid for a minute"),
        accepted_at: ACCEPTED_AT,
        ..Message::default()
    }
}

fn outcome(state: MessageState, is_final: bool) -> Outcome {
    let done = ACCEPTED_AT + Duration::from_secs(60);
    Outcome { id: MessageId::new(0, 0x1f), state, is_final, cause: Cause::default(), done }
}

#[test]
fn a_receipt_says_which_message_reached_which_state_and_when() {
    let receipt = read(&reading(), &deliver(TEXT)).unwrap();
    assert_eq!(receipt.carrier, 3);
    assert_eq!(receipt.keys, receipt_keys(3, Notations::default(), b"c0ffee"));
    assert_eq!(receipt.destination.octets(), b"33612345678");
    assert_eq!((receipt.state, receipt.cause), (MessageState::DELIVERED, 7.into()));
    // 2026-05-28T00:01Z.
    assert_eq!(receipt.done, Some(Duration::from_secs(1_779_926_460)));
}

#[test]
fn the_carriers_zone_is_taken_off_its_dates() {
    let east = &Reading { zone_minutes: 60, ..reading() };
    let (here, there) = (read(&reading(), &deliver(TEXT)), read(east, &deliver(TEXT)));
    assert_eq!(here.unwrap().done, there.unwrap().done.map(|at| at + Duration::from_secs(3600)));
}

#[test]
fn an_ordinary_message_is_no_receipt_whatever_it_says() {
    for esm_class in [0x00, 0x40, 0x03] {
        let message = DeliverSm { esm_class, ..deliver(TEXT) };
        assert!(read(&reading(), &message).is_none(), "{esm_class:#x}: anyone can write that");
        let forgetful = &Reading { unmarked: UnmarkedReceipt::Receipt, ..reading() };
        assert!(read(forgetful, &message).is_some(), "{esm_class:#x}: this SMSC forgets the bit");
        let plain = DeliverSm { esm_class, ..deliver(b"see you at 8") };
        assert!(read(forgetful, &plain).is_none());
    }
    // A handset's own acknowledgement goes to the number's owner (SMPP 3.4 §5.2.12).
    let acknowledged = DeliverSm { esm_class: 0x08, ..deliver(TEXT) };
    assert!(read(&reading(), &acknowledged).is_none());
}

#[test]
fn q27_a_receipt_that_is_marked_as_an_acknowledgement_is_one_where_its_carrier_marks_them_so() {
    let confused = &Reading { acknowledged: UnmarkedReceipt::Receipt, ..reading() };
    for esm_class in [0x08, 0x48, 0x0b] {
        let receipt = DeliverSm { esm_class, ..deliver(TEXT) };
        assert_eq!(read(confused, &receipt).unwrap().state, MessageState::DELIVERED);
        assert!(read(&reading(), &receipt).is_none());
        let acknowledged = DeliverSm { esm_class, ..deliver(b"got it") };
        assert!(read(confused, &acknowledged).is_none(), "a handset's own");
    }
    // Neither an acknowledgement by hand nor an ordinary message is meant.
    for esm_class in [0x00, 0x10, 0x18] {
        assert!(read(confused, &DeliverSm { esm_class, ..deliver(TEXT) }).is_none());
    }
}

#[test]
fn q27_an_id_in_a_tlv_tells_a_receipt_that_is_not_marked() {
    let forgetful = &Reading { unmarked: UnmarkedReceipt::Receipt, ..reading() };
    let mut tlvs = Vec::new();
    assert!(put_tlv(&mut tlvs, TlvTag::RECEIPTED_MESSAGE_ID, b"c0ffee\0"));
    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_STATE, &[2]));
    let receipt = DeliverSm { esm_class: 0, tlvs: Tlvs::take(&tlvs).0, ..deliver(b"") };
    assert_eq!(read(forgetful, &receipt).unwrap().state, MessageState::DELIVERED);
    assert!(read(&reading(), &receipt).is_none());
}

#[test]
fn receipts_are_marked_in_every_way_the_standard_has() {
    for esm_class in [0x04, 0x20, 0x44, 0x07] {
        assert!(read(&reading(), &DeliverSm { esm_class, ..deliver(TEXT) }).is_some());
    }
}

#[test]
fn a_receipt_may_stand_in_the_payload_or_in_tlvs_alone() {
    let mut tlvs = Vec::new();
    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, TEXT));
    let in_payload = DeliverSm { tlvs: Tlvs::take(&tlvs).0, ..deliver(b"") };
    let read_so = read(&reading(), &in_payload).unwrap();
    assert_eq!(read_so.state, MessageState::DELIVERED);

    tlvs.clear();
    assert!(put_tlv(&mut tlvs, TlvTag::RECEIPTED_MESSAGE_ID, b"c0ffee\0"));
    assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_STATE, &[5]));
    let in_tlvs = DeliverSm { tlvs: Tlvs::take(&tlvs).0, ..deliver(b"") };
    let read_so = read(&reading(), &in_tlvs).unwrap();
    assert_eq!(read_so.keys, receipt_keys(3, Notations::default(), b"C0FFEE"));
    assert_eq!((read_so.state, read_so.done), (MessageState::UNDELIVERABLE, None));
}

#[test]
fn a_receipt_that_says_nothing_of_its_state_is_of_an_unknown_one() {
    let receipt = read(&reading(), &deliver(b"id:5 gone")).unwrap();
    assert_eq!((receipt.state, receipt.cause), (MessageState::UNKNOWN, 0.into()));
    assert!(read(&reading(), &deliver(b"")).unwrap().keys.is_empty());
}

#[test]
fn keys_tell_carriers_apart() {
    let key = |carrier| response_key(carrier, Notations::default(), b"5").unwrap();
    assert_ne!(key(0), key(1));
    assert_eq!(response_key(0, Notations::default(), b""), None);
}

#[test]
fn an_id_has_as_many_keys_as_ways_to_be_read() {
    let of = |notations, id: &str| receipt_keys(0, notations, id.as_bytes()).iter().count();
    let auto = Notations::default();
    assert_eq!((of(auto, ""), of(auto, "5"), of(auto, "16"), of(auto, "1f")), (0, 1, 2, 2));
    assert_eq!(of(auto, "not a number"), 1);
    assert_eq!(of(Notations { receipt: IdNotation::Text, ..auto }, "1F"), 1);
    // Where responses are known to be hexadecimal no receipt means a decimal one.
    assert_eq!(of(Notations { response: IdNotation::Hex, ..auto }, "1f"), 1);
    let text = Notations { response: IdNotation::Text, receipt: IdNotation::Text };
    let key = response_key(0, text, b"00A");
    assert_eq!(receipt_keys(0, text, b"00A").of(0), key);
    assert_ne!(receipt_keys(0, text, b"00a").of(0), key, "text is compared octet by octet");
}

#[test]
fn numbers_agree_however_they_are_written() {
    let same = |one: &str, other: &str| same_number(one.as_bytes(), other.as_bytes());
    assert!(same("33612345678", "+33612345678"));
    assert!(same("0033612345678", "33612345678"));
    assert!(same("0612345678", "33612345678"), "national");
    assert!(same("36105", "36105"));
    assert!(!same("33612345678", "33612345679"));
    assert!(!same("", "33612345678"));
}

#[test]
fn who_wants_which_receipt_is_told_by_registered_delivery() {
    let wanted = |bits: u8| {
        [
            is_wanted(bits, MessageState::DELIVERED, true),
            is_wanted(bits, MessageState::UNDELIVERABLE, true),
            is_wanted(bits, MessageState::ENROUTE, false),
        ]
    };
    assert_eq!(wanted(0x00), [false, false, false]);
    assert_eq!(wanted(0x01), [true, true, false]);
    assert_eq!(wanted(0x02), [false, true, false]);
    assert_eq!(wanted(0x03), [true, false, false]);
    assert_eq!(wanted(0x10), [false, false, true]);
    assert_eq!(wanted(0x11), [true, true, true]);
    assert_eq!(wanted(0x0c), [false, false, false], "an SME acknowledgement is the handset's");
}

#[test]
fn our_receipt_reads_back_as_what_it_says() {
    let message = message();
    let mut renderer = ReceiptRenderer::default();
    let style = ReceiptStyle::default();
    let outcome = outcome(MessageState::DELIVERED, true);
    let subject = Subject::of(&message);
    let deliver = renderer.render(&subject, &outcome, style);
    assert_eq!((deliver.source_addr.octets(), deliver.esm_class), (&b"33612345678"[..], 0x04));
    assert_eq!((deliver.destination_addr.octets(), deliver.dest_addr_ton), (&b"Shop"[..], 5));
    let text = ReceiptText::parse(deliver.short_message);
    assert_eq!(text.id, Some(&b"000000000000001f"[..]));
    assert_eq!(
        (text.sub_count(), text.dlvrd_count(), text.err_number()),
        (Some(1), Some(1), Some(0))
    );
    assert_eq!(text.text, Some(&b"Your code is 123456,"[..]));
    let id = deliver.tlvs.octets_of(TlvTag::RECEIPTED_MESSAGE_ID);
    assert_eq!(id, Some(&b"000000000000001f\0"[..]));
    assert_eq!(deliver.tlvs.int(TlvTag::MESSAGE_STATE), Some(2));
    let read_back = read(&reading(), &deliver).unwrap();
    assert_eq!(read_back.state, MessageState::DELIVERED);
    assert_eq!(read_back.done, Some(Duration::from_secs(1_780_000_020)), "whole minutes");
}

#[test]
fn an_accounts_style_is_its_own() {
    let message = message();
    let mut renderer = ReceiptRenderer::default();
    let outcome = outcome(MessageState::EXPIRED, true);
    let style = ReceiptStyle {
        format: ReceiptFormat::Seconds,
        zone_minutes: 120,
        decimal_ids: true,
        no_tlvs: true,
        zero: DefaultAlphabet::Gsm7,
    };
    let subject = Subject::of(&message);
    let deliver = renderer.render(&subject, &outcome, style);
    let text = ReceiptText::parse(deliver.short_message);
    assert_eq!(text.id, Some(&b"31"[..]));
    assert_eq!(text.done_date, Some(&b"260528222740"[..]));
    assert_eq!((text.stat, text.dlvrd), (Some(&b"EXPIRED"[..]), Some(&b"000"[..])));
    assert!(deliver.tlvs.octets().is_empty(), "none to a peer of version 3.3");
}

#[test]
fn an_intermediate_state_is_a_notification() {
    let message = message();
    let mut renderer = ReceiptRenderer::default();
    let outcome = outcome(MessageState::ENROUTE, false);
    let subject = Subject::of(&message);
    let deliver = renderer.render(&subject, &outcome, ReceiptStyle::default());
    assert_eq!(deliver.esm_class, 0x20);
}

#[test]
fn a_text_that_is_no_characters_of_one_octet_is_not_quoted() {
    let mut renderer = ReceiptRenderer::default();
    let outcome = outcome(MessageState::DELIVERED, true);
    for (data_coding, esm_class) in [(8, 0), (4, 0), (0, 0x40)] {
        let message = Message { data_coding, esm_class, ..message() };
        let subject = Subject::of(&message);
        let deliver = renderer.render(&subject, &outcome, ReceiptStyle::default());
        assert!(
            deliver.short_message.ends_with(b"Text:") || deliver.short_message.ends_with(b"text:")
        );
    }
}

#[test]
fn ids_are_written_in_full() {
    let mut room = [0; 21];
    assert_eq!(write_id(MessageId::new(0, 0), true, &mut room), b"0");
    assert_eq!(write_id(MessageId::new(1023, u64::MAX), true, &mut room), b"9223372036854775807");
    assert_eq!(write_id(MessageId::new(1023, u64::MAX), false, &mut room), b"7fffffffffffffff");
}

#[test]
fn a_quoted_text_never_ends_inside_an_escape_pair() {
    // aiosmpplib refuses a receipt whose text ends with an escape.
    let mut renderer = ReceiptRenderer::default();
    let outcome = outcome(MessageState::DELIVERED, true);
    let text = [&[b'x'; 19][..], &[0x1b, b'e', b'y']].concat();
    let message = Message { user_data: UserData::new(&text), ..message() };
    let subject = Subject::of(&message);
    let deliver = renderer.render(&subject, &outcome, ReceiptStyle::default());
    assert!(deliver.short_message.ends_with(&[b'x'; 19]));
}

#[test]
fn q08_an_id_that_spells_a_text_in_hexadecimal_is_that_text() {
    use IdNotation::{Auto, HexText, Text};
    let meet = |response, receipt, at_submit: &str, in_receipt: &str| {
        let notations = Notations { response, receipt };
        let key = response_key(3, notations, at_submit.as_bytes());
        receipt_keys(3, notations, in_receipt.as_bytes()).iter().any(|(_, one)| Some(one) == key)
    };
    for (response, receipt) in [(HexText, Text), (HexText, Auto), (HexText, HexText)] {
        assert!(meet(response, receipt, "41422d6a", "AB-j"), "{response} {receipt}");
        assert!(!meet(response, receipt, "41422d6a", "AB-J"), "{response} {receipt}");
    }
    for (response, receipt) in [(Text, HexText), (Auto, HexText), (HexText, HexText)] {
        assert!(meet(response, receipt, "AB-j", "41422D6A"), "{response} {receipt}");
    }
    // What spells no text is an id as it stands.
    assert!(meet(HexText, Text, "00ff", "00ff"));
    assert!(meet(HexText, Text, "414", "414"));
    assert!(!meet(Auto, Auto, "41422d6a", "AB-j"));
}

#[test]
fn the_text_of_a_message_is_quoted_in_the_accounts_alphabet() {
    use DefaultAlphabet::{Ascii, Gsm7, Latin1, Utf8};
    let cases: [(DefaultAlphabet, u8, &[u8], &[u8]); 9] = [
        (Gsm7, 0, b"caf\x05 \0x", b"caf\x05 \0x"),
        (Latin1, 0, b"caf\x05 \0x", b"caf\xe9 @x"),
        (Latin1, 0, b"\x1be5", b"?5"),
        (Latin1, 3, b"d\xe9j\xe0", b"d\xe9j\xe0"),
        (Gsm7, 3, b"d\xe9j\xe0 \xea", b"d\x05j\x7f ?"),
        (Ascii, 0, b"caf\x05", b"caf?"),
        (Utf8, 0, b"5 \x1be", "5 €".as_bytes()),
        (Utf8, 0, &[5; 20], "éééééééééé".as_bytes()),
        (Utf8, 0, &[b'x', 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], "xééééééééé".as_bytes()),
    ];
    for (zero, data_coding, text, quoted) in cases {
        let message = Message { data_coding, user_data: UserData::new(text), ..message() };
        let mut renderer = ReceiptRenderer::default();
        let outcome = outcome(MessageState::DELIVERED, true);
        let style = ReceiptStyle { zero, ..ReceiptStyle::default() };
        let subject = Subject::of(&message);
        let deliver = renderer.render(&subject, &outcome, style);
        assert!(deliver.short_message.ends_with(quoted), "{zero} {text:?}");
        assert_eq!(ReceiptText::parse(deliver.short_message).text, Some(quoted));
    }
}
