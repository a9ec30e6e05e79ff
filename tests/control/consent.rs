//! Consents and opt-outs that an operator brings.

use serde_json::Value;

use super::world::{World, answered, carrier, free_address, route};

const REFUSED: u32 = 0x66;

const LIST: &str = "number,at,purpose,scope,act,source,proof.form_url\n\
    +33612345678,2026-05-12T10:00:00Z,marketing,acme,opt_in,web_form,https://acme.example/1\n\
    33687654321,2026-05-12T11:00:00Z,marketing,acme,opt_in,paper,\n\
    33687654321,2026-05-13T11:00:00Z,marketing,acme,opt_out,agent,\n\
    33687654321,2026-05-11T11:00:00Z,marketing,acme,opt_in,paper,\n\
    Shop,2026-05-11T11:00:00Z,marketing,acme,opt_in,paper,\n";

/// Entries, and those of them that were news.
fn counted(line: &str) -> (u64, u64) {
    let written: Value = serde_json::from_str(line).unwrap();
    (written["entries"].as_u64().unwrap(), written["news"].as_u64().unwrap())
}

#[test]
fn who_is_on_the_list_gets_marketing_and_who_is_not_or_left_it_does_not() {
    let address = free_address().to_string();
    let tables = format!(
        "{}{}[[number]]\naddress = \"Shop\"\nkind = \"alphanumeric\"\nclass = \"marketing\"\n\
         brand = \"acme\"\n[[policy]]\nname = \"all\"\nconsent = \"opt_in\"\n\
         [store]\nengine = \"embedded\"\n",
        carrier("north", &address, ""),
        route("north"),
    );
    let mut world = World::start(&tables);
    assert_eq!(answered(&world, "33612345678"), REFUSED, "nobody said anything");
    let (is_well, said) = world.told("consent import --csv", LIST);
    assert!(!is_well, "one line is none");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("\"line\":6") && lines[0].contains("no_number"), "{said}");
    assert_eq!(counted(lines[1]), (4, 3));
    for _ in 0..2 {
        assert_eq!(answered(&world, "33612345678"), 0);
        assert_eq!(answered(&world, "33687654321"), REFUSED, "the newest counts");
        assert_eq!(answered(&world, "33600000000"), REFUSED);
        let own = world.shown("consent show +33687654321");
        assert!(own.contains("opt_out") && own.contains("2026-05-13T11:00:00Z"), "{own}");
        assert!(own.contains("agent") && own.lines().count() == 1, "{own}");
        world.kill();
        world.begin_again();
    }
    // What is printed can be read, and is known already.
    for format in ["", "--csv"] {
        let all = world.shown(&format!("consent export {format}"));
        let again = world.told(&format!("consent import {format}"), &all);
        assert_eq!((again.0, counted(&again.1)), (true, (2, 0)), "{all}");
    }
    let later = r#"{"number":"+33612345678","at":"2026-06-01T00:00:00Z","purpose":"marketing",
        "scope":"","act":"opt_out","source":"api"}"#;
    let later = later.replace('\n', "") + "\n";
    assert!(world.told("consent import", &later).0);
    assert_eq!(answered(&world, "33612345678"), REFUSED, "of everything");
}
