//! Prefix files: what they say, and what is said of wrong ones.

use std::sync::Arc;

use crate::engine::settings::{Action, Cost, PrefixRow};
use crate::mt::routing::Prefix;

use super::*;

/// Two carriers, and the beginning of a route.
const ROUTE: &str = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                     [[carrier]]\nname = \"d\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                     [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\n";

/// What is said of a prefix file under these keys of its route; the file's own path is `p.csv`.
fn said_of(name: &str, csv: impl AsRef<[u8]>, keys: &str) -> Vec<String> {
    let files = Files::new(name, &[]);
    std::fs::write(files.dir.join("p.csv"), csv).unwrap();
    let path = files.dir.join("p.csv").display().to_string();
    let faults = faults(&format!("{ROUTE}{keys}"), &files.dir);
    faults.iter().map(|fault| fault.replace(&path, "p.csv")).collect()
}

#[test]
fn a_prefix_file_gives_each_prefix_its_carrier_and_price() {
    let csv = "prefix,carrier,cost\n# France\n+336 , c , 0.045\n\n337,c\n338\n\"339\",\"c\",1\n";
    let files = Files::new("prefixes", &[("p.csv", csv)]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\nto = [{ carrier = \"c\" }]\n";
    let settings = sound(text, &files.dir);
    let row = |prefix: &str, carrier: Option<&str>, micros: Option<u64>| PrefixRow {
        prefix: Prefix::parse(prefix).unwrap(),
        carrier: carrier.map(Arc::from),
        cost: micros.map(|micros| Cost { micros }),
    };
    assert_eq!(
        settings.routes[0].prefix_rows,
        [
            row("336", Some("c"), Some(45_000)),
            row("337", Some("c"), None),
            row("338", None, None),
            row("339", Some("c"), Some(1_000_000))
        ]
    );
}

#[test]
fn a_prefix_file_whose_rows_all_name_a_carrier_needs_no_other() {
    let files = Files::new("only-rows", &[("p.csv", "336,c\n"), ("q.csv", "336,c\n337\n")]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\n";
    assert_eq!(sound(text, &files.dir).routes[0].action, Action::Send(Vec::new()));
    let nowhere = "test.toml:5:1: route[0]: found a route to nowhere; \
                   expected to = [{ carrier = \"..\" }] or reject = true";
    assert_eq!(faults(&text.replace("p.csv", "q.csv"), &files.dir), [nowhere]);
    let both = text.replace("prefix_file", "prefix = \"44\"\nprefix_file");
    assert_eq!(faults(&both, &files.dir), [nowhere], "44 goes nowhere");
}

#[test]
fn each_fault_of_a_prefix_file_is_named_by_its_line() {
    let csv = "336,c,0.1\n33a,c\n337,nobody\n338,c,much\n339,c,1,2\n";
    let files = Files::new("bad-prefixes", &[("p.csv", csv)]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\nto = [{ carrier = \"c\" }]\n";
    let file = files.dir.join("p.csv").display().to_string();
    assert_eq!(
        faults(text, &files.dir),
        [
            format!("{file}:2: prefix: found \"33a\"; expected 1 to 15 digits"),
            format!(
                "{file}:3: carrier: found \"nobody\"; expected the name of a carrier, or nothing"
            ),
            format!("{file}:4: cost: found \"much\"; expected a decimal number"),
            format!("{file}:5: line: found \"339,c,1,2\"; expected prefix,carrier,cost"),
        ]
    );
}

#[test]
fn rows_that_say_the_same_are_named_with_the_line_of_the_first() {
    let csv = "336,c\n337\n336,d\n# again\n\n+336,c\n337,c\n338,c\n338\n";
    let once = "expected a prefix once, or once for each of its carriers";
    assert_eq!(
        said_of("alike", csv, "to = [{ carrier = \"c\" }]\n"),
        [
            format!("p.csv:6: prefix: found \"336\", which line 1 has too; {once}"),
            format!("p.csv:7: prefix: found \"337\", which line 2 has too; {once}"),
            format!("p.csv:9: prefix: found \"338\", which line 8 has too; {once}"),
        ]
    );
    let keys = "prefix = [\"44\", \"336\"]\nto = [{ carrier = \"c\" }]\n";
    let both = "test.toml:12:17: route[0].prefix[1]: found \"336\", which prefix_file has too; \
                expected each prefix once";
    assert_eq!(said_of("both", "336,c\n336,d\n", keys), [both]);
}

#[test]
fn least_cost_needs_a_cost_of_each_row_or_of_its_carrier() {
    let csv = "336,c\n336,d,0.04\n337,d\n";
    let keys = "order = \"cost\"\nto = [{ carrier = \"c\", cost = 0.05 }]\n";
    let nothing = "p.csv:3: cost: found nothing; \
                   expected a decimal number, which order = \"cost\" goes by";
    assert_eq!(said_of("costs", csv, keys), [nothing]);
    assert_eq!(said_of("no-costs", csv, ""), [""; 0]);
}

#[test]
fn a_heading_in_another_order_is_refused_and_not_misread() {
    let heading = "p.csv:1: heading: found \"prefix,cost,carrier\"; expected prefix,carrier,cost";
    assert_eq!(
        said_of("heading", "prefix,cost,carrier\n336,,c\n", ""),
        [
            heading.to_owned(),
            "p.csv:2: carrier: found a cost of nobody; expected the name of a carrier, or nothing"
                .to_owned(),
        ]
    );
    for heading in
        ["\u{feff}Prefix,Carrier\n336,c\n", "prefix\r\n336,c\r\n", "PREFIX,CARRIER,COST\n"]
    {
        assert_eq!(said_of("headings", heading, "to = [{ carrier = \"c\" }]\n"), [""; 0]);
    }
}

#[test]
fn what_is_no_text_and_what_spreadsheets_do_is_told_by_its_line() {
    let csv = b"336,\"c\n337,\xe9\n338;c;0.1\n339,\"c\"\n\r\n# \"\n340,\"d\"\"\"\r\n";
    let faults = said_of("odd", csv, "to = [{ carrier = \"c\" }]\n");
    assert_eq!(
        faults,
        [
            "p.csv:1: line: found a quote that does not end; expected prefix,carrier,cost",
            "p.csv:2: line: found octets that are not UTF-8; expected prefix,carrier,cost",
            "p.csv:3: prefix: found \"338;c;0.1\"; expected 1 to 15 digits",
            "p.csv:7: carrier: found \"d\\\"\"; \
             expected the name of a carrier, perhaps \"d\", or nothing",
        ]
    );
}

#[test]
fn a_hundred_thousand_rows_are_read_and_their_faults_are_bounded() {
    let carrier = |at: u32| if at.is_multiple_of(3) { "d" } else { "c" };
    let row = |at: u32| format!("{},{},0.0{at}\n", 1_000_000 + at, carrier(at));
    let mut csv: String = (0..100_000).map(row).collect();
    let files = Files::new("many", &[("p.csv", &csv)]);
    let settings = sound(ROUTE, &files.dir);
    assert_eq!(settings.routes[0].prefix_rows.len(), 100_000);
    assert_eq!(settings.routes[0].prefix_rows[7].cost, Some(Cost { micros: 70_000 }));
    csv = csv.replace(",c,", ",cc,");
    let faults = said_of("many-faults", &csv, "");
    assert_eq!(faults.len(), Errors::MAX + 1);
    assert_eq!(faults[Errors::MAX], format!("and {} more", 66_666 - Errors::MAX));
    assert!(faults[0].ends_with("expected the name of a carrier, perhaps \"c\", or nothing"));
}
