//! The manual's page of defaults, whose tables are the schema's.

use std::fmt::Write;

use crate::config::schema::{Key, Kind, Presence, Table};

use super::*;

/// What stands between the sentences people wrote and the tables.
const MARK: &str = "<!-- The rest is made from the schema: CHAPPE_BLESS=1 cargo test manual -->\n";

#[test]
fn the_manual_tells_every_key_with_its_unit_its_default_and_why() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual/defaults.md");
    let page = std::fs::read_to_string(&path).expect("src/manual/defaults.md");
    let (prose, tables) = page.split_once(MARK).expect("the mark");
    if std::env::var_os("CHAPPE_BLESS").is_some() {
        std::fs::write(&path, format!("{prose}{MARK}{}", rendered())).expect("a page to write");
    } else {
        assert!(tables == rendered(), "stale: CHAPPE_BLESS=1 cargo test manual");
    }
}

fn rendered() -> String {
    let mut page = String::new();
    for table in Table::ALL {
        let _ = writeln!(page, "\n## {}\n", table.title());
        let _ = writeln!(page, "| key | value | default | what it does, and why |");
        let _ = writeln!(page, "|---|---|---|---|");
        for key in table.keys() {
            let doc = key.doc.trim();
            let _ =
                writeln!(page, "| `{}` | {} | {} | {doc} |", key.name, value(key), default(key));
        }
    }
    page
}

fn value(key: &Key) -> String {
    match key.kind {
        Kind::Decimal(unit) => format!("a decimal number, {unit}"),
        Kind::Endpoint => "`\"HOST:PORT\"`".to_owned(),
        Kind::File => "path of a file that is there".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Hours => "`\"HH:MM-HH:MM\"`".to_owned(),
        Kind::Integer { min, max, unit } => format!("{min} to {max} {unit}").trim().to_owned(),
        Kind::Days => "`\"mon\"` to `\"sun\"`, or several".to_owned(),
        Kind::Encodings => "`\"gsm7\"`, `\"latin1\"`, `\"ucs2\"`, or several".to_owned(),
        Kind::Languages => "a language such as `\"turkish\"`, or several".to_owned(),
        Kind::Keywords => "a word, or several".to_owned(),
        Kind::Later => "-".to_owned(),
        Kind::Listen => "`\"IP:PORT\"`".to_owned(),
        Kind::ListenOrOff => "`\"IP:PORT\"` or `\"off\"`".to_owned(),
        Kind::Caps => "a cap such as `\"1/day\"`, or several".to_owned(),
        Kind::Mention => "1 to 40 letters, digits and signs".to_owned(),
        Kind::Name => "a name".to_owned(),
        Kind::Names => "a name, or several".to_owned(),
        Kind::Networks => "a network, or several".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Patterns => "a sender, or several; `*` at the end stands for any ending".to_owned(),
        Kind::Prefixes => "1 to 15 digits, or several".to_owned(),
        Kind::Said { chars_max } => format!("at most {chars_max} characters"),
        Kind::Secret => "1 to 64 octets, `{ env = \"X\" }` or `{ file = \"X\" }`".to_owned(),
        Kind::Table(_) | Kind::TableArray(_) | Kind::TableMap(_) => "see below".to_owned(),
        Kind::Text { octets_max } => format!("at most {octets_max} printable ASCII characters"),
        Kind::Word { now, .. } => {
            let words: Vec<String> = now.iter().map(|word| format!("`\"{word}\"`")).collect();
            words.join(", ")
        }
        Kind::Zone => "a zone such as `\"Europe/Paris\"`, or `\"+HH:MM\"`".to_owned(),
    }
}

fn default(key: &Key) -> String {
    match key.presence {
        Presence::Absent(meaning) => meaning.to_owned(),
        Presence::Default(default) => format!("`{default}`"),
        Presence::Required => "must be given".to_owned(),
    }
}
