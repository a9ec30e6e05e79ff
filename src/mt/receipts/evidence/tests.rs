//! What a receipt says against its message, and for it.

use super::*;
use crate::message::envelope::UserData;
use crate::wire::Address;

/// 2026-11-20T18:46:05Z.
const ACCEPTED: Duration = Duration::from_secs(1_795_200_365);
const NOW: Duration = Duration::from_secs(1_795_200_365 + 30);

fn message(text: &[u8]) -> Message {
    Message {
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, b"33612345678"),
        registered_delivery: 1,
        user_data: UserData::new(text),
        accepted_at: ACCEPTED,
        expires_at: ACCEPTED + Duration::from_secs(3600),
        ..Message::default()
    }
}

fn fit(receipt: &str, sender: &str, message: &Message, segment: u8) -> Fit {
    let text = ReceiptText::parse(receipt.as_bytes());
    Evidence::new(&text, sender.as_bytes(), 0).fits(message, segment, NOW)
}

#[test]
fn a_quoted_text_is_the_beginning_of_its_message() {
    let own = message(b"Your code is 123456. Do not share it.");
    for (quoted, expected) in [
        ("Your code is 123456.", Fit::Quotes),
        ("Your code is 1", Fit::Quotes),
        // Signs are written in many alphabets.
        ("Your?code_is 123456 ", Fit::Quotes),
        ("Your code is 654321.", Fit::Not),
        ("your code is 123456.", Fit::Not),
        // Too little to know it by, and nothing.
        ("Yo", Fit::May),
        ("", Fit::May),
        ("-", Fit::May),
    ] {
        let receipt = format!("id:7 stat:DELIVRD text:{quoted}");
        assert_eq!(fit(&receipt, "Shop", &own, 0), expected, "{quoted}");
    }
}

#[test]
fn a_text_shorter_than_what_is_quoted_is_another() {
    assert_eq!(fit("id:7 stat:DELIVRD text:Yes  ", "Shop", &message(b"Yes"), 0), Fit::Quotes);
    assert_eq!(fit("id:7 stat:DELIVRD text:Yes sir", "Shop", &message(b"Yes"), 0), Fit::Not);
}

#[test]
fn each_segment_is_known_by_its_own_text() {
    let long = Message { cuts: [8, 16].into_iter().collect(), ..message(b"first  !second !") };
    let fits = |text| [0, 1].map(|segment| fit(text, "Shop", &long, segment));
    assert_eq!(fits("id:7 stat:DELIVRD text:first"), [Fit::Quotes, Fit::Not]);
    assert_eq!(fits("id:7 stat:DELIVRD text:second"), [Fit::Not, Fit::Quotes]);
}

#[test]
fn a_header_before_the_text_is_no_part_of_it() {
    let own = Message { esm_class: 0x40, ..message(b"\x05\x00\x03\x07\x02\x01Hello") };
    for quoted in ["\x05\x00\x03\x07\x02\x01Hello", "Hello"] {
        let receipt = format!("id:7 stat:DELIVRD text:{quoted}");
        assert_eq!(fit(&receipt, "Shop", &own, 0), Fit::Quotes);
    }
}

#[test]
fn a_text_that_nobody_can_quote_says_nothing() {
    let own = Message { data_coding: 8, ..message(b"\x04\x1f\x04\x40") };
    assert_eq!(fit("id:7 stat:DELIVRD text:Privet", "Shop", &own, 0), Fit::May);
}

#[test]
fn a_receipt_goes_to_the_sender_of_its_message() {
    let own = Message { source: Address::new(1, 1, b"447700900123"), ..message(b"Hello") };
    for (sender, expected) in [
        ("447700900123", Fit::Quotes),
        ("+447700900123", Fit::Quotes),
        ("", Fit::Quotes),
        ("447700900124", Fit::Not),
        ("123", Fit::Not),
    ] {
        assert_eq!(fit("id:7 stat:DELIVRD text:Hello", sender, &own, 0), expected, "{sender}");
    }
}

#[test]
fn a_message_is_submitted_between_its_acceptance_and_its_receipt() {
    for (date, expected) in [
        ("2611201846", Fit::Quotes),
        ("261120184605", Fit::Quotes),
        // Clocks that differ by a minute.
        ("2611201845", Fit::Quotes),
        ("2611201848", Fit::Quotes),
        // Another message's, or another zone's.
        ("2611201843", Fit::Not),
        ("2611201946", Fit::Not),
        // Nothing that is a date says nothing.
        ("0000000000", Fit::Quotes),
        ("yesterday", Fit::Quotes),
    ] {
        let receipt = format!("id:7 submit date:{date} stat:DELIVRD text:Hello");
        assert_eq!(fit(&receipt, "Shop", &message(b"Hello"), 0), expected, "{date}");
    }
}
