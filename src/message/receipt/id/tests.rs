//! Ids of the same message meet, ids of others stay apart, and no digit is lost.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::message::receipt::vectors;

fn key(notation: IdNotation, id: &str) -> String {
    String::from_utf8(notation.key(id.as_bytes()).unwrap().as_bytes().to_vec()).unwrap()
}

#[test]
fn decimal_ids_of_any_width_become_hexadecimal() {
    let expected = [
        ("0", "0"),
        ("000", "0"),
        ("0000000016", "10"),
        ("4294967295", "ffffffff"),
        ("4294967296", "100000000"),
        // Beyond 63, 64 and 128 bits (interop quirks 3 and 4), and the longest there is.
        ("9308878062554710043", "812fc7470000001b"),
        ("18446744073709551616", "10000000000000000"),
        ("4831666765594842386172", "105ecd89c0a75244efc"),
        ("340282366920938463463374607431768211456", "100000000000000000000000000000000"),
    ];
    for (decimal, hex) in expected {
        assert_eq!(key(IdNotation::Decimal, decimal), hex, "{decimal}");
    }
    let longest = key(IdNotation::Decimal, &"9".repeat(ID_OCTETS));
    assert_eq!(longest, "f316271c7fc3908a8bef464e3945ef7a253609ffffffffffffffff");
}

/// Kannel's `strtoll` gives both of these 9223372036854775807 (interop quirk 3).
#[test]
fn neighbours_beyond_a_machine_integer_stay_apart() {
    let (a, b) = ("9308878062554710043", "9377278086226804793");
    assert_ne!(key(IdNotation::Decimal, a), key(IdNotation::Decimal, b));
    let (a, b) = ("9".repeat(64), format!("{}8", "9".repeat(63)));
    assert_ne!(key(IdNotation::Decimal, &a), key(IdNotation::Decimal, &b));
}

#[test]
fn case_zeros_and_0x_mean_nothing_in_hexadecimal() {
    for id in ["0e999F21", "E999f21", "0xE999F21", "0X0e999f21"] {
        assert_eq!(key(IdNotation::Hex, id), "e999f21");
    }
    assert_eq!(key(IdNotation::Hex, "0x"), "x");
    assert_eq!(key(IdNotation::Hex, "SAR-23-1EEDF843-2-1"), "sar-23-1eedf843-2-1");
    assert_eq!(key(IdNotation::Text, "0xAB"), "0xAB");
}

/// Kannel's change log, bug 334 (interop quirk 2).
#[test]
fn an_id_that_is_no_decimal_number_is_read_as_hexadecimal() {
    assert_eq!(key(IdNotation::Decimal, "00DB8D0030CC"), "db8d0030cc");
}

#[test]
fn an_id_that_no_field_holds_has_no_key() {
    for notation in [IdNotation::Decimal, IdNotation::Hex, IdNotation::Text] {
        assert_eq!(notation.key(b""), None);
        assert_eq!(notation.key(&[b'1'; ID_OCTETS + 1]), None);
        assert!(notation.key(&[b'1'; ID_OCTETS]).is_some());
    }
    assert_eq!(candidates(b"").count(), 0);
}

#[test]
fn a_hexadecimal_id_too_long_in_decimal_or_no_number_meets_nothing() {
    assert_eq!(decimal_of_hex(&[b'f'; 54]), None, "66 decimal digits");
    assert!(decimal_of_hex(&[b'f'; 53]).is_some());
    for id in ["", "0x", "12", "a-b", "SAR-1"] {
        assert_eq!(decimal_of_hex(id.as_bytes()), None, "{id}");
    }
}

#[test]
fn a_table_of_keys_is_asked_with_octets() {
    let keys: HashSet<IdKey> = candidates(b"0016").collect();
    assert_eq!(keys.len(), 3);
    for octets in [&b"0016"[..], b"16", b"10"] {
        assert!(keys.contains(octets));
    }
}

#[test]
fn candidates_are_not_repeated() {
    let of = |id: &[u8]| candidates(id).map(|key| format!("{key:?}")).collect::<Vec<_>>();
    assert_eq!(of(b"7"), ["\"7\""]);
    assert_eq!(of(b"16"), ["\"16\"", "\"10\""]);
    assert_eq!(of(b"ab"), ["\"ab\""]);
    assert_eq!(of(b"AB"), ["\"AB\"", "\"ab\""]);
}

#[test]
fn every_pair_of_the_shared_vectors_meets() {
    let mut pairs = 0;
    for vector in vectors::receipts() {
        let Some(response) = vector.entry["same_message_as"].as_str() else { continue };
        let receipt = vector.entry["expect"]["id"].as_str().unwrap();
        let agreed = agree(response.as_bytes(), receipt.as_bytes());
        assert!(agreed.is_some(), "{receipt} is {response}");
        let keys: HashSet<IdKey> = candidates(response.as_bytes()).collect();
        assert!(candidates(receipt.as_bytes()).any(|key| keys.contains(&key)));
        pairs += 1;
    }
    assert!(pairs >= 11);
}

#[test]
fn the_plainest_notation_that_agrees_is_told() {
    use IdNotation::{Decimal, Hex, Text};
    let told = |a: &str, b: &str| agree(a.as_bytes(), b.as_bytes());
    assert_eq!(told("6699", "6699"), Some((Text, Text)));
    assert_eq!(told("6699", "006699"), Some((Hex, Hex)));
    assert_eq!(told("38601fa", "0059113978"), Some((Hex, Decimal)));
    assert_eq!(told("6699", "1a2B"), Some((Decimal, Hex)));
    assert_eq!(told("6699", "6700"), None);
}

proptest! {
    #[test]
    fn no_digit_is_lost(number: u128, zeros in 0_usize..20) {
        let decimal = format!("{}{number}", "0".repeat(zeros));
        prop_assert_eq!(key(IdNotation::Decimal, &decimal), format!("{number:x}"));
        let hex = format!("{}{number:X}", "0".repeat(zeros));
        prop_assert_eq!(key(IdNotation::Hex, &hex), format!("{number:x}"));
        prop_assert!(agree(hex.as_bytes(), decimal.as_bytes()).is_some());
    }

    #[test]
    fn a_hexadecimal_receipt_meets_a_decimal_response(number: u128, zeros in 0_usize..20) {
        let receipt = format!("{}{number:x}", "0".repeat(zeros));
        let meets = decimal_of_hex(receipt.as_bytes());
        let letters = receipt.contains(|one: char| one.is_ascii_alphabetic());
        let response = number.to_string();
        prop_assert_eq!(meets, IdNotation::Hex.key(response.as_bytes()).filter(|_| letters));
    }

    #[test]
    fn different_decimal_numbers_have_different_keys(
        a in "[1-9][0-9]{0,64}", b in "[1-9][0-9]{0,64}",
    ) {
        prop_assert_eq!(key(IdNotation::Decimal, &a) == key(IdNotation::Decimal, &b), a == b);
    }

    #[test]
    fn any_octets_have_at_most_three_keys(id: Vec<u8>) {
        let keys: HashSet<IdKey> = candidates(&id).collect();
        prop_assert!(keys.len() <= 3);
        prop_assert_eq!(keys.len(), candidates(&id).count());
    }
}
