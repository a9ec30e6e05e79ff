//! The manual's reference of metrics, which is the table.

use std::fmt::Write;
use std::path::Path;

use super::meanings::{MEANINGS, Meaning};
use super::{METRICS, MetricKind};

/// What stands between what people wrote and the reference.
const MARK: &str =
    "<!-- The rest is made from the table: CHAPPE_BLESS=1 cargo test reference -->\n";

#[test]
fn the_manual_tells_every_metric_with_its_unit_and_what_it_means_when_it_moves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual/operating.md");
    let page = std::fs::read_to_string(&path).expect("src/manual/operating.md");
    let (prose, reference) = page.split_once(MARK).expect("the mark");
    if std::env::var_os("CHAPPE_BLESS").is_some() {
        std::fs::write(&path, format!("{prose}{MARK}{}", rendered())).expect("a page to write");
    } else {
        assert!(reference == rendered(), "stale: CHAPPE_BLESS=1 cargo test reference");
    }
}

#[test]
fn a_name_says_its_unit_and_whether_it_is_a_counter() {
    for row in METRICS {
        let is_counter = row.kind == MetricKind::Counter;
        assert_eq!(row.name.ends_with("_total"), is_counter, "{}", row.name);
        let twice = METRICS.iter().filter(|other| other.name == row.name).count();
        assert_eq!(twice, 1, "{}", row.name);
        let meaning = meaning(row.name);
        if ["seconds", "bytes"].contains(&meaning.unit) {
            assert!(row.name.contains(&format!("_{}", meaning.unit)), "{}", row.name);
        }
        let sentences = row.help.ends_with('.') && meaning.moves.ends_with('.');
        assert!(sentences, "{}: no sentence", row.name);
    }
}

fn meaning(name: &str) -> &'static Meaning {
    let meaning = MEANINGS.iter().find(|meaning| meaning.name == name);
    meaning.unwrap_or_else(|| panic!("{name}: no meaning"))
}

fn rendered() -> String {
    let mut page = String::new();
    let _ = writeln!(page, "\n| metric | kind, unit | labels | what it says | when it moves |");
    let _ = writeln!(page, "|---|---|---|---|---|");
    for row in METRICS {
        let Meaning { unit, moves, .. } = meaning(row.name);
        let kind = match row.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let labels: Vec<String> = row.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, labels) = (row.name, labels.join(", "));
        let _ = writeln!(page, "| `{name}` | {kind}, {unit} | {labels} | {} | {moves} |", row.help);
    }
    page
}
