//! Texts that no one would write: nothing panics, and what is said of them stays bounded.

use proptest::prelude::*;

use crate::config::schema::Table;

use super::*;

const REFERENCE: &str = include_str!("../../../config/chappe.toml");

/// Reads `text` and what is said of it; every fault stands inside the text.
fn survive(text: &str) {
    let base = Path::new("/nonexistent");
    if let Err(errors) = parse_in("test.toml", text, base, &env) {
        let lines = text.split('\n').count();
        for error in errors.errors() {
            if let Place::LineColumn(line, column) = error.place {
                assert!((1..=lines).contains(&line), "{error}");
                let length = text.split('\n').nth(line - 1).unwrap_or("").chars().count();
                assert!((1..=length + 1).contains(&column), "{error}");
            }
            assert!(!error.to_string().contains('\n'), "{error:?}");
        }
    }
}

fn key() -> impl Strategy<Value = String> {
    let names = Table::ALL.iter().flat_map(|table| table.keys()).map(|key| key.name);
    let names: Vec<&'static str> = names.collect();
    prop_oneof![
        8 => prop::sample::select(names).prop_map(str::to_owned),
        1 => "[a-z_]{1,12}",
        1 => any::<String>().prop_map(|key| format!("{key:?}")),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        any::<bool>().prop_map(|b| b.to_string()),
        "\"[ -!#-\\[\\]-~]{0,20}\"",
        any::<String>().prop_map(|text| format!("{text:?}")),
        Just("\"default\"".to_owned()),
        Just("\"127.0.0.1:1\"".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key(), inner), 0..4).prop_map(|pairs| {
                let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                format!("{{ {} }}", pairs.join(", "))
            }),
        ]
    })
}

fn line() -> impl Strategy<Value = String> {
    let header = (key(), 0..3_u8).prop_map(|(key, depth)| match depth {
        0 => format!("[{key}]"),
        1 => format!("[[{key}]]"),
        _ => format!("[dialect.{key}]"),
    });
    let pair = (key(), value()).prop_map(|(key, value)| format!("{key} = {value}"));
    prop_oneof![1 => header, 3 => pair]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn no_arrangement_of_keys_and_values_makes_it_panic(
        lines in prop::collection::vec(line(), 0..30)
    ) {
        survive(&lines.join("\n"));
    }

    #[test]
    fn no_damage_to_a_sound_file_makes_it_panic(
        from in 0..REFERENCE.len(),
        length in 0..200_usize,
        put in "[\\[\\]{}=.,\"'#0-9a-z\n\u{e9} -]{0,8}",
    ) {
        let boundary = |mut at: usize| {
            while !REFERENCE.is_char_boundary(at) { at -= 1; }
            at
        };
        let (from, to) = (boundary(from), boundary((from + length).min(REFERENCE.len())));
        survive(&format!("{}{put}{}", &REFERENCE[..from], &REFERENCE[to..]));
    }
}

#[test]
fn depth_and_width_are_bounded() {
    survive(&format!("a = {}", "[".repeat(100_000)));
    survive(&format!("a = {}{}", "{ b = ".repeat(100_000), "}".repeat(100_000)));
    survive(&format!("[{}a]", "a.".repeat(100_000)));
    survive(&format!("{} = 1", "k".repeat(1_000_000)));
    let many: String = (0..50_000).map(|n| format!("k{n} = 1\n")).collect();
    let errors = parse_in("test.toml", &many, Path::new(""), &env).unwrap_err();
    assert_eq!(errors.errors().len(), Errors::MAX);
    assert!(errors.to_string().ends_with("\nand 49000 more"));
}
