//! Profiles: bundled, inherited, and refused.

use crate::config::schema::Table;
use crate::message::dialect::{Dialect, StatusRule, TlvKind, Tolerance};
use crate::message::receipt::id::IdNotation;
use crate::text::DefaultAlphabet;

use super::*;

/// The dialect `x` of a file.
fn dialect_x(text: &str) -> Dialect {
    let user = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\ndialect = \"x\"\n";
    let settings = sound(&format!("{user}{text}"), Path::new(""));
    Dialect::clone(&settings.carriers[0].dialect)
}

#[test]
fn every_bundled_profile_is_sound_and_says_something() {
    for (name, text) in BUNDLED {
        assert_eq!(faults(text, Path::new("")), [""; 0], "{name}");
        let mut dialect = bundled(name).expect(name);
        assert_eq!(dialect.name, *name);
        let (parsed, _) = toml::de::DeTable::parse_recoverable(text);
        assert_eq!(parsed.get_ref().len(), 1, "{name}: one profile a file");
        dialect.name = "default".to_owned();
        if !["cloudhopper", "infobip"].contains(name) {
            assert_ne!(dialect, Dialect::default(), "{name} deviates in nothing");
        }
    }
    assert!(bundled("nobody").is_none());
}

#[test]
fn every_profile_in_the_directory_is_bundled() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/dialects");
    let files = std::fs::read_dir(directory).expect("config/dialects");
    let mut names: Vec<String> = files
        .map(|file| {
            file.expect("a file").path().file_stem().unwrap().to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    let bundled: Vec<&str> = BUNDLED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, bundled);
}

#[test]
fn a_bundled_profile_needs_no_table() {
    let text = "[[account]]\nsystem_id = \"a\"\npassword = \"p\"\ndialect = \"vibes\"\n";
    let settings = sound(text, Path::new(""));
    let account = &settings.accounts[0];
    assert_eq!(account.dialect.data_coding_0, DefaultAlphabet::Ascii);
    assert_eq!(account.timers.response_timeout_ms, 10_000, "the dialect's timer");
    assert_eq!(account.timers.inactivity_ms, 300_000, "the engine's timer");
}

#[test]
fn a_profile_holds_what_its_base_holds_and_it_does_not_change() {
    let x = dialect_x(
        "[dialect.x]\nbase = \"y\"\nstatus.0x14.fail = true\n\
         tlv.mine = { tag = 0x1401, type = \"u16\" }\n\
         [dialect.y]\nbase = \"vonage\"\nlong_c_strings = \"refuse\"\nstatus.0x14.retry_ms = 5\n\
         tlv.theirs = { tag = 0x1400, type = \"c_string\" }\n\
         tlv.gone = { tag = 0x1401, type = \"c_string\" }\n",
    );
    assert_eq!(x.name, "x");
    assert_eq!(x.message_id_response, IdNotation::Hex, "vonage");
    assert_eq!(x.long_c_strings, Tolerance::Refuse, "y");
    assert_eq!(x.status(0x58), Some(StatusRule::PauseBind { for_ms: 1_000 }), "vonage");
    assert_eq!(x.status(0x14), Some(StatusRule::Fail), "x in place of y");
    let tlvs: Vec<_> = x.tlvs.iter().map(|tlv| (tlv.name.as_str(), tlv.tag, tlv.kind)).collect();
    assert_eq!(
        tlvs,
        [("mine", 0x1401, TlvKind::U16), ("theirs", 0x1400, TlvKind::CString)],
        "a tag has one meaning"
    );
}

#[test]
fn a_profile_of_the_file_hides_the_bundled_one_and_may_extend_it() {
    let user = "[[account]]\nsystem_id = \"a\"\npassword = \"p\"\ndialect = \"vonage\"\n";
    let own = sound(&format!("{user}[dialect.vonage]\nerror_body = \"tlvs\"\n"), Path::new(""));
    assert_eq!(own.accounts[0].dialect.message_id_response, IdNotation::Auto);
    let extended = "[dialect.vonage]\nbase = \"vonage\"\nerror_body = \"tlvs\"\n";
    let extended = sound(&format!("{user}{extended}"), Path::new(""));
    assert_eq!(extended.accounts[0].dialect.message_id_response, IdNotation::Hex);
}

#[test]
fn profiles_that_stand_on_each_other_are_refused_once() {
    let text = "[dialect.a]\nbase = \"b\"\n[dialect.b]\nbase = \"c\"\n[dialect.c]\nbase = \"a\"\n";
    assert_eq!(
        faults(text, Path::new("")),
        ["test.toml:6:8: dialect.c.base: found \"a\", which is based on this profile; \
          expected a profile that is not"]
    );
    let chain: String =
        (0..100).map(|n| format!("[dialect.d{n}]\nbase = \"d{}\"\n", n + 1)).collect();
    let text = format!("{chain}[dialect.d100]\n");
    let faults = faults(&text, Path::new(""));
    assert!(faults[0].contains("found a chain of more than 16 profiles"), "{faults:?}");
}

#[test]
fn a_pause_has_a_length_of_its_own_or_a_second() {
    let x = dialect_x(
        "[dialect.x]\nstatus.0x58 = { pause_bind = true }\n\
         status.0x14 = { pause_bind = true, retry_ms = 250 }\nstatus.0x8 = { retry_ms = 0 }\n",
    );
    assert_eq!(x.status(0x58), Some(StatusRule::PauseBind { for_ms: 1_000 }));
    assert_eq!(x.status(0x14), Some(StatusRule::PauseBind { for_ms: 250 }));
    assert_eq!(x.status(0x08), Some(StatusRule::Retry { after_ms: 0 }));
}

/// The numbers of quirks that a profile's comments name: `quirk 5`, `quirks 1, 2 and 5`,
/// `quirks 29 to 31`.
fn quirks_named(text: &str) -> Vec<u32> {
    let text = text.replace("\n#", "");
    let mut numbers = Vec::new();
    for named in text.split("quirk").skip(1) {
        let named = named.split([':', ')', '.']).next().unwrap_or_default();
        let mut range = false;
        for word in named.split([' ', ',']).filter(|word| !word.is_empty()) {
            match (word.parse::<u32>(), numbers.last().copied()) {
                (Ok(number), Some(from)) if range => numbers.extend(from + 1..=number),
                (Ok(number), _) => numbers.push(number),
                (Err(_), _) => {}
            }
            range = word == "to";
        }
    }
    numbers
}

#[test]
fn every_quirk_that_has_a_key_is_in_a_bundled_profile() {
    let keys: Vec<&str> =
        Table::Dialect.keys().iter().map(|key| key.name).chain(["bind"]).collect();
    let manual = include_str!("../../manual/quirks.md");
    let mut missing = Vec::new();
    let mut found = 0;
    for row in manual.lines() {
        let columns: Vec<&str> = row.split(" | ").collect();
        let [number, _, here, _] = columns[..] else { continue };
        let Ok(number) = number.trim_start_matches("| ").parse::<u32>() else { continue };
        for quoted in here.split('`').skip(1).step_by(2) {
            let word = quoted.split(' ').next().unwrap_or_default();
            let Some(key) = keys.iter().find(|key| **key == word) else { continue };
            let sets = |text: &str| {
                let lines = text.lines().map(|line| line.trim_start_matches("#     "));
                { lines }.any(|line| {
                    line.strip_prefix(*key).is_some_and(|rest| rest.starts_with([' ', '.']))
                })
            };
            let names = |text: &str| quirks_named(text).contains(&number);
            match BUNDLED.iter().any(|(_, text)| sets(text) && names(text)) {
                true => found += 1,
                false => missing.push(format!("{number}: {key}")),
            }
        }
    }
    assert!(missing.is_empty(), "in no profile that names the quirk: {missing:#?}");
    assert!(found >= 40, "{found} keys of quirks");
}
