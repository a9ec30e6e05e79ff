//! The shared facts and vectors against this module: every table row, every line.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::gsm7::{self, Language, Shifts};
use super::*;

/// A file of the shared conformance data: under `CHAPPE_SHARED`, or beside the crate.
fn shared(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [
        std::env::var_os("CHAPPE_SHARED").map(PathBuf::from),
        Some(root.join("../shared")),
        Some(root.join("../../shared")),
    ];
    let path = places.into_iter().flatten().map(|place| place.join(name)).find(|p| p.exists());
    let path = path.unwrap_or_else(|| panic!("no {name}: set CHAPPE_SHARED to the shared data"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn vectors(kind: &str) -> Vec<Value> {
    let rows: Vec<Value> = shared("vectors/gsm7.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .filter(|row: &Value| row["kind"] == kind)
        .collect();
    assert!(!rows.is_empty(), "no vectors of kind {kind}");
    rows
}

fn free(row: &Value, member: &str) -> bool {
    row["free"].as_array().is_some_and(|free| free.iter().any(|name| name == member))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hex");
    let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
    (0..hex.len()).step_by(2).map(pair).collect()
}

fn language(row: &Value) -> Language {
    Language(row["language_id"].as_u64().expect("a language").try_into().expect("an octet"))
}

fn locking(locking: Language) -> Shifts {
    Shifts { locking, ..Shifts::NONE }
}

fn single(single: Language) -> Shifts {
    Shifts { single, ..Shifts::NONE }
}

/// Compares one language with a locking table (`None` where the language has none) and the
/// characters behind an escape.
fn assert_tables(
    language: Language,
    places: Option<Vec<Option<char>>>,
    escaped: impl Fn(u8) -> Option<char>,
) {
    assert_eq!(language.has_locking(), places.is_some(), "{language:?}");
    for (septet, expected) in places.into_iter().flatten().enumerate() {
        let expected = expected.filter(|&ch| ch != '\u{1B}');
        let septet = septet as u8;
        assert_eq!(locking(language).plain(septet), expected, "{language:?} {septet:#04x}");
    }
    // The escape after an escape is reserved and shows as a space.
    for septet in (0..128).filter(|&septet| septet != 0x1B) {
        let expected = escaped(septet).or(Shifts::NONE.plain(septet));
        assert_eq!(single(language).escaped(septet), expected, "{language:?} 1b {septet:02x}");
    }
}

fn only_char(text: &Value) -> Option<char> {
    text.as_str()?.chars().next()
}

#[test]
fn every_row_of_the_tables_agrees_with_the_facts() {
    let code_point = |value: &Value| {
        let code = u32::from_str_radix(value.as_str()?.strip_prefix("U+")?, 16).ok()?;
        char::from_u32(code)
    };
    let facts: Value = serde_json::from_str(&shared("facts/gsm7-tables.json")).expect("JSON");
    let tables = facts["tables"].as_object().expect("tables");
    assert_eq!(tables.len(), usize::from(Language::LAST.0) + 1);
    for (name, table) in tables {
        let language = language(table);
        assert_eq!(language.name(), Some(name.as_str()));
        let places = table["lock"].as_array().map(|places| places.iter().map(code_point).collect());
        assert_tables(language, places, |septet| {
            code_point(&table["shift"][format!("0x{septet:02X}")])
        });
    }
}

#[test]
fn every_row_of_the_tables_agrees_with_the_vectors() {
    for row in vectors("table") {
        assert_eq!(language(&row).name(), row["lang"].as_str());
        let places = row["locking"].as_array().map(|rows| rows.iter().map(only_char).collect());
        assert_tables(language(&row), places, |septet| {
            only_char(&row["single"][format!("{septet:02x}")])
        });
    }
}

#[test]
fn no_kind_of_vector_goes_untested() {
    for line in shared("vectors/gsm7.jsonl").lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON line");
        let kind = row["kind"].as_str().expect("a kind");
        let tested = ["table", "encode", "decode", "national", "segments"];
        assert!(tested.contains(&kind), "id {}: kind {kind} has no test", row["id"]);
    }
}

#[test]
fn texts_encode_as_the_vectors_say() {
    for row in vectors("encode") {
        let id = &row["id"];
        let text = row["text"].as_str().expect("text");
        let mut ucs2 = Vec::new();
        Alphabet::Ucs2.encode(text, Shifts::NONE, &mut ucs2).expect("UCS-2 has every character");
        assert_eq!(hex(&ucs2), row["ucs2"], "id {id}");
        assert_eq!(decode(&ucs2, Alphabet::Ucs2, Shifts::NONE).as_deref(), Ok(text), "id {id}");
        let mut septets = Vec::new();
        let encoded = gsm7::encode(text, Shifts::NONE, &mut septets);
        assert_eq!(encoded.is_ok(), row["gsm7"] == true, "id {id}");
        if encoded.is_err() {
            continue;
        }
        assert_eq!(hex(&septets), row["septets"], "id {id}");
        assert_eq!(gsm7::measure(text, Shifts::NONE), Ok(septets.len()), "id {id}");
        assert_eq!(row["septet_count"], septets.len(), "id {id}");
        assert_eq!(decode(&septets, Alphabet::Gsm7, Shifts::NONE).as_deref(), Ok(text), "id {id}");
        let mut packed = Vec::new();
        packing::pack(&septets, 0, &mut packed);
        assert_eq!(hex(&packed), row["packed"], "id {id}");
        let mut unpacked = Vec::new();
        packing::unpack(&packed, 0, septets.len(), &mut unpacked);
        assert_eq!(unpacked, septets, "id {id}");
    }
}

#[test]
fn septets_decode_as_the_vectors_say() {
    for row in vectors("decode") {
        let decoded = decode_lossy(&octets(&row["septets"]), Alphabet::Gsm7, Shifts::NONE);
        if !free(&row, "text") {
            assert_eq!(decoded, row["text"], "id {}", row["id"]);
        }
    }
}

#[test]
fn national_texts_encode_as_the_vectors_say() {
    for row in vectors("national") {
        let id = &row["id"];
        let pick = |member: &str| match row[member] == true {
            true => language(&row),
            false => Language::DEFAULT,
        };
        let shifts = Shifts { locking: pick("locking_shift"), single: pick("single_shift") };
        let text = row["text"].as_str().expect("text");
        let mut septets = Vec::new();
        let encoded = gsm7::encode(text, shifts, &mut septets);
        assert_eq!(encoded.is_ok(), row["encodable"] == true, "id {id}");
        if encoded.is_ok() {
            assert_eq!(hex(&septets), row["septets"], "id {id}");
            assert_eq!(decode(&septets, Alphabet::Gsm7, shifts).as_deref(), Ok(text), "id {id}");
        }
    }
}

#[test]
fn texts_are_cut_as_the_vectors_say() {
    for row in vectors("segments") {
        let id = &row["id"];
        let text = row["text"].as_str().expect("text");
        let plan = TextPlan::of(text, &TextOptions::default()).expect("not too long");
        assert_eq!(row["encoding"], plan.alphabet().name(), "id {id}");
        assert_eq!(row["units"], plan.plan.units(), "id {id}");
        assert_eq!(row["segments"], plan.plan.segments(), "id {id}");
        let parts = row["parts"].as_array().expect("parts");
        assert_eq!(plan.segments().count(), parts.len(), "id {id}");
        for (segment, part) in plan.segments().zip(parts) {
            let text = decode(plan.octets(segment), plan.alphabet(), Shifts::NONE);
            assert_eq!(text.as_deref().ok(), part["text"].as_str(), "id {id}");
            assert_eq!(part["units"], segment.units, "id {id}");
        }
        let sixteen = TextOptions { reference: Reference::Udh16, ..TextOptions::default() };
        let sixteen = TextPlan::of(text, &sixteen).expect("not too long");
        assert_eq!(row["segments_16bit_ref"], sixteen.plan.segments(), "id {id}");
    }
}
