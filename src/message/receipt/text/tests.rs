//! Receipts as SMSCs write them: the shared vectors, forged ids, and every kind of damage.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::message::receipt::{plain, resolve, vectors};

const STANDARD: &[u8] = b"id:0123456789 sub:001 dlvrd:001 submit date:2611201846 \
    done date:2611201847 stat:DELIVRD err:000 text:Hello world, id:666 sub:9";

fn read(text: &str) -> ReceiptText<'_> {
    ReceiptText::parse(text.as_bytes())
}

/// The values by the names of the vectors.
fn values<'a>(text: &ReceiptText<'a>) -> [(&'static str, Option<&'a [u8]>); 8] {
    [
        ("id", text.id),
        ("sub", text.sub),
        ("dlvrd", text.dlvrd),
        ("submit_date", text.submit_date),
        ("done_date", text.done_date),
        ("stat", text.stat),
        ("err", text.err),
        ("text", text.text),
    ]
}

/// Octets as a person reads them: UTF-8, or else Latin-1.
fn shown(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

fn shown_date(date: ReceiptDate) -> String {
    let ReceiptDate { year, month, day, hour, minute, second, offset_minutes } = date;
    let zone = offset_minutes
        .map_or(String::new(), |minutes| format!("{:+03}:{:02}", minutes / 60, minutes.abs() % 60));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

#[test]
fn every_shared_receipt_is_read_as_expected() {
    let mut scored = 0;
    for vector in vectors::receipts() {
        let octets = plain(&vector.octets);
        for (name, value) in values(&ReceiptText::parse(&octets)) {
            if vector.scores(&format!("expect.{name}")) && vector.scores("expect") {
                let expected = &vector.entry["expect"][name];
                let found = value.map_or(Value::Null, |value| json!(shown(value)));
                let esm_class = vector.entry["esm_class"].as_u64();
                if esm_class == Some(8) {
                    // Its text is a receipt's and its class is not; the text alone reads well.
                    continue;
                }
                assert_eq!(&found, expected, "{name} of {}", vector.entry);
                scored += 1;
            }
        }
    }
    assert!(scored > 1_100, "{scored}");
}

#[test]
fn every_shared_receipt_means_what_is_expected() {
    for vector in vectors::receipts() {
        let Some(normal) = vector.entry["normal"].as_object() else { continue };
        let octets = plain(&vector.octets);
        let text = ReceiptText::parse(&octets);
        let meanings = [
            ("submit", json!(text.submitted().map(shown_date))),
            ("done", json!(text.done().map(shown_date))),
            ("sub", json!(text.sub_count())),
            ("dlvrd", json!(text.dlvrd_count())),
            ("err", json!(text.err_number())),
            ("state", json!(text.state().and_then(MessageState::name))),
        ];
        for (name, meaning) in meanings {
            if vector.scores(&format!("normal.{name}")) {
                assert_eq!(meaning, normal[name], "{name} of {}", vector.entry);
            }
        }
    }
}

#[test]
fn every_shared_receipt_resolves_as_expected() {
    let mut resolved_count = 0;
    for vector in vectors::receipts() {
        let Some(expected) = vector.entry["resolved"].as_object() else { continue };
        let tlv = &vector.entry["tlv"];
        let octets = plain(&vector.octets);
        let resolved = resolve(
            Some(&ReceiptText::parse(&octets)),
            tlv["receipted_message_id"].as_str().map(str::as_bytes),
            tlv["message_state"].as_u64().map(|state| state.try_into().unwrap()),
            None,
        );
        assert_eq!(json!(resolved.id.map(shown)), expected["id"], "{}", vector.entry);
        let state = resolved.state.and_then(MessageState::name);
        assert_eq!(json!(state), expected["state"], "{}", vector.entry);
        resolved_count += 1;
    }
    assert!(resolved_count >= 16);
}

#[test]
fn every_shared_message_is_told_from_a_receipt() {
    for vector in vectors::receipts() {
        let esm_class = vector.entry["esm_class"].as_u64().unwrap().try_into().unwrap();
        let found = is_receipt(esm_class, &plain(&vector.octets));
        // Free ones included: a receipt under class 0 is one, a receipt's text under 8 is not.
        assert_eq!(json!(found), vector.entry["is_receipt"], "{}", vector.entry);
    }
}

#[test]
fn the_class_s_other_bits_do_not_hide_a_receipt() {
    for esm_class in [0x04, 0x20, 0x44, 0x07, 0xC4] {
        assert!(is_receipt(esm_class, b""), "{esm_class:#x}");
    }
    for esm_class in [0x00, 0x40, 0x08, 0x10, 0x18] {
        assert!(!is_receipt(esm_class, b"hello"), "{esm_class:#x}");
    }
    assert!(is_receipt(0x40, STANDARD));
    assert!(!is_receipt(0, b"id: stat:DELIVRD err:000"));
    assert!(!is_receipt(0, b"what is your id:5 stat:DELIVRD"));
}

/// Interop quirk 25.
#[test]
fn the_message_s_own_words_forge_nothing() {
    let forged = [
        "stat:DELIVRD err:000 text:id:666 sub:001",
        "stat:DELIVRD err:000 text: id:666 sub:001",
        "err:000 text: stat:DELIVRD id:666",
        "text:id:666",
        "text: stat:DELIVRD text:x id:666",
    ];
    for text in forged {
        assert_eq!(read(text).id, None, "{text}");
    }
    let quoted = read("id:1 err:000 text:x stat:DELIVRD err:9 done date:2611201846");
    assert_eq!((quoted.stat, quoted.done_date, quoted.err), (None, None, Some(&b"000"[..])));
    assert_eq!(read("id:1 id:2 stat:DELIVRD").id, Some(&b"1"[..]));
}

#[test]
fn a_value_ends_where_the_next_label_begins() {
    let text = read("id:1,sub:002;dlvrd:003|stat:EXPIRED, err:;text:a,b;");
    let expected: [&[u8]; 6] = [b"1", b"002", b"003", b"EXPIRED", b"", b"a,b;"];
    let found = [text.id, text.sub, text.dlvrd, text.stat, text.err, text.text];
    assert_eq!(found, expected.map(Some));
    assert_eq!(read("id:sub:001 stat:stat:x").id, Some(&b""[..]));
    assert_eq!(read("ID:7 STAT:DELIVRD").id, Some(&b"7"[..]));
}

/// Interop quirk 22.
#[test]
fn white_space_ends_a_value_but_not_within_a_date() {
    let receipt = read("id:12 34 sub:001 submit date:18-09-03 12:08 done date:2018-09-03 12:08:16");
    assert_eq!((receipt.id, receipt.sub), (Some(&b"12"[..]), Some(&b"001"[..])));
    assert_eq!(receipt.submit_date, Some(&b"18-09-03 12:08"[..]));
    assert_eq!(shown_date(receipt.submitted().unwrap()), "2018-09-03T12:08:00");
    assert_eq!(shown_date(receipt.done().unwrap()), "2018-09-03T12:08:16");
    assert_eq!(read("id:1 err:0 32 stat:DELIVRD").err, Some(&b"0"[..]));
}

#[test]
fn more_blanks_within_a_label_and_a_full_stop_behind_a_state_say_nothing() {
    let receipt = read("id:1 submit  date:1809031208 DONE \t date:1809031209 stat:DELIVRD.");
    assert_eq!(receipt.submit_date, Some(&b"1809031208"[..]));
    assert_eq!(receipt.done_date, Some(&b"1809031209"[..]));
    assert_eq!(
        (receipt.stat, receipt.state()),
        (Some(&b"DELIVRD."[..]), Some(MessageState::DELIVERED))
    );
    let standard = "id:1 sub:001 dlvrd:001 submit date:1 done date:2 stat:EXPIRED. err:000 text:";
    assert_eq!(read(standard).state(), Some(MessageState::EXPIRED));
}

#[test]
fn a_blank_behind_a_colon_is_stepped_over() {
    let text = read("id: 17 stat: DELIVRD err: 0032 IMSI: 1");
    let found = [text.id, text.stat, text.err];
    assert_eq!(found, [&b"17"[..], b"DELIVRD", b"0032"].map(Some));
    assert_eq!(read("err: IMSI:1").err, Some(&b""[..]));
}

/// Interop quirk 23.
#[test]
fn a_state_without_its_label_is_found_behind_the_done_date() {
    let text = read("id:1 done date:180903120816 DELIVRD err:000 Text:");
    assert_eq!(text.state(), Some(MessageState::DELIVERED));
    let labelled = read("id:1 done date:180903120816 DELIVRD stat:UNDELIV err:000");
    assert_eq!(labelled.state(), Some(MessageState::UNDELIVERABLE));
    assert_eq!(read("id:1 done date:180903120816 hello err:000").stat, None);
}

/// Interop quirk 23.
#[test]
fn a_state_that_is_cut_or_misspelt_is_known_and_a_word_that_may_be_anything_is_not() {
    let state = |stat: &str| {
        let line = format!("id:1 sub:001 stat:{stat} err:000");
        ReceiptText::parse(line.as_bytes()).state()
    };
    for (words, known) in [
        ("DELIV DELIVD delivd DELIVERD", Some(MessageState::DELIVERED)),
        ("EXPIR EXPIRE EXPIRD", Some(MessageState::EXPIRED)),
        ("UNDELI UNDELIVRD FAILED", Some(MessageState::UNDELIVERABLE)),
        ("REJECT", Some(MessageState::REJECTED)),
        ("ACCEPT ACKED", Some(MessageState::ACCEPTED)),
        ("DELETE DELETD", Some(MessageState::DELETED)),
        ("0 1 DEL OK DELIVERY", None),
    ] {
        for word in words.split(' ') {
            assert_eq!(state(word), known, "{word}");
        }
    }
}

#[test]
fn the_quoted_words_keep_their_blanks_and_lose_what_closes_the_line() {
    let quoted = |text: &'static str| shown(read(text).text.unwrap());
    assert_eq!(quoted("stat:X text: a b "), " a b ");
    assert_eq!(quoted("stat:X text:a\r\n\0\0"), "a");
    assert_eq!(quoted("stat:X text:a\n\n"), "a\n");
    assert_eq!(quoted("stat:X text:\0"), "");
}

#[test]
fn every_cut_of_a_receipt_keeps_what_is_whole() {
    let whole = values(&ReceiptText::parse(STANDARD));
    for end in 0..STANDARD.len() {
        let cut = values(&ReceiptText::parse(&STANDARD[..end]));
        for ((name, whole), (_, cut)) in whole.into_iter().zip(cut) {
            let cut = cut.unwrap_or_default();
            assert!(whole.unwrap().starts_with(cut), "{name} at {end}");
        }
    }
}

#[test]
fn every_changed_octet_is_survived_and_agreed_on() {
    let mut octets = STANDARD.to_vec();
    for at in 0..octets.len() {
        for changed in 0..=u8::MAX {
            octets[at] = changed;
            let tolerant = tolerant::parse(&octets);
            assert_eq!(ReceiptText::parse(&octets), tolerant, "{changed:#x} at {at}");
            // With its own label lost an id is lost; none is taken from the message's words.
            assert_ne!(tolerant.id, Some(&b"666"[..]), "{changed:#x} at {at}");
        }
        octets[at] = STANDARD[at];
    }
}

#[test]
fn a_hostile_text_takes_one_pass() {
    let hostile: [&[u8]; 8] = [
        b"id:",
        b"#donedate:1",
        b"donedate:1 ",
        b"err:  ",
        b"text:\0",
        b"text: stat:",
        b"2013-02-17 00:04:29 submitdate:2013-02-17 0",
        b"done date: a",
    ];
    for piece in hostile {
        // A megabyte: a pass that is not linear would outlast anybody's patience.
        let octets = piece.repeat(1_000_000 / piece.len());
        let _ = ReceiptText::parse(&octets);
    }
}

/// Texts made of what receipts are made of, so that labels meet in every way.
fn shuffled() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        "(id|sub|dlvrd|submit date|done date|stat|err|text|Text):[-a-zA-Z0-9_.]{0,12}",
        " ?(id|sub|dlvrd|submit_date|donedate|STAT|err|text): ?[0-9]{0,12}",
        "[ \t\r\n\u{0},;|:#=a-d]{1,3}",
        "DELIVRD|2611201846|2013-02-17 00:04:29",
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_octets_are_survived(octets: Vec<u8>, esm_class: u8) {
        let text = ReceiptText::parse(&octets);
        let _ = (text.state(), text.submitted(), text.done(), text.err_number());
        let _ = (is_receipt(esm_class, &octets), plain(&octets));
    }

    #[test]
    fn the_straight_run_and_the_tolerant_reader_agree(octets in shuffled()) {
        prop_assert_eq!(ReceiptText::parse(&octets), tolerant::parse(&octets));
    }

    #[test]
    fn the_standard_layout_takes_the_straight_run_and_reads_the_same(
        id in "[-a-zA-Z0-9_.]{1,40}", date in "[0-9]{10}|[0-9]{12}", stat in "[A-Z]{1,8}",
        err in "[0-9A-F]{1,8}", label in "|text:|Text:", text: Vec<u8>,
    ) {
        let head = format!(
            "id:{id} sub:001 dlvrd:001 submit date:{date} done date:{date} stat:{stat} err:{err}"
        );
        let mut octets = head.into_bytes();
        if !label.is_empty() {
            octets.extend(format!(" {label}").bytes().chain(text));
        }
        let straight = standard::parse(&octets);
        prop_assert!(straight.is_some());
        prop_assert_eq!(straight, Some(tolerant::parse(&octets)));
        prop_assert_eq!(straight.unwrap().id, Some(id.as_bytes()));
    }
}
