//! Every key of the schema, one by one: each does something, and does what its row says.

use crate::config::schema::{Key, Kind, Presence, Table};

use super::*;

/// The files that keys name.
fn files(name: &str) -> Files {
    let [accueil, satisfaction] = [
        include_str!("../../../config/bots/accueil.toml"),
        include_str!("../../../config/bots/satisfaction.toml"),
    ];
    let files = [
        ("a.pem", ""),
        ("b.pem", ""),
        ("p.csv", "336,c,0.1\n"),
        ("a.toml", accueil),
        ("b.toml", satisfaction),
    ];
    Files::new(name, &files)
}

#[test]
fn every_key_that_may_be_written_changes_the_settings() {
    let files = files("changes");
    for (table, key) in all_keys() {
        if matches!(key.kind, Kind::Word { now: [_], .. }) {
            continue; // A choice of one changes nothing.
        }
        let sample = sample(table, key);
        let (without, with) = documents(table, key, &sample);
        let (before, after) = (sound(&without, &files.dir), sound(&with, &files.dir));
        assert_ne!(before, after, "{table:?}.{} is read by nobody", key.name);
    }
}

#[test]
fn stating_a_default_changes_nothing() {
    let files = files("defaults");
    for (table, key) in all_keys() {
        let Presence::Default(default) = key.presence else { continue };
        let (without, with) = documents(table, key, default);
        let (before, after) = (sound(&without, &files.dir), sound(&with, &files.dir));
        assert_eq!(before, after, "{table:?}.{} = {default}", key.name);
    }
}

#[test]
fn a_number_may_be_its_bounds_and_nothing_beyond() {
    let files = files("bounds");
    for (table, key) in all_keys() {
        let Kind::Integer { min, max, .. } = key.kind else { continue };
        for (number, within) in [(min, true), (max, true), (min - 1, false), (max + 1, false)] {
            let (_, with) = documents(table, key, &number.to_string());
            let faults = faults(&with, &files.dir);
            let out_of_bounds =
                format!("{}: found {number}; expected {}", key.name, key.expected());
            let refused = faults.iter().any(|fault| fault.ends_with(&out_of_bounds));
            assert_eq!(refused, !within, "{table:?}.{} = {number}: {faults:?}", key.name);
        }
    }
}

#[test]
fn a_value_of_another_type_is_refused_with_what_was_expected() {
    let files = files("types");
    for (table, key) in all_keys() {
        let wrong = match key.kind {
            Kind::Said { .. } | Kind::Secret => "true",
            _ => "1979-05-27",
        };
        let (_, with) = documents(table, key, wrong);
        let faults = faults(&with, &files.dir);
        let expected = format!("; expected {}", key.expected());
        assert!(
            faults.iter().any(|fault| fault.ends_with(&expected)),
            "{table:?}.{}: {faults:?}",
            key.name
        );
    }
}

#[test]
fn a_key_of_a_later_version_is_refused_by_name() {
    for table in Table::ALL {
        for key in table.keys().iter().filter(|key| matches!(key.kind, Kind::Later)) {
            let (_, with) = documents(*table, key, "1");
            let said = format!(
                "{}: found a key that is not available in this version; expected no such key",
                key.name
            );
            let faults = faults(&with, Path::new(""));
            assert!(faults.iter().any(|fault| fault.ends_with(&said)), "{faults:?}");
        }
    }
}

/// Every key that holds a value of its own.
fn all_keys() -> impl Iterator<Item = (Table, &'static Key)> {
    let keys = Table::ALL.iter().flat_map(|table| table.keys().iter().map(|key| (*table, key)));
    keys.filter(|(_, key)| {
        !matches!(key.kind, Kind::Later | Kind::Table(_) | Kind::TableArray(_) | Kind::TableMap(_))
    })
}

/// A sound file without a key (or with some value that it must have), and the same with the key.
fn documents(table: Table, key: &Key, value: &str) -> (String, String) {
    let around = "[[account]]\nsystem_id = \"a\"\npassword = \"p\"\ntags = \"wholesale\"\n\
                  [[account]]\nsystem_id = \"a2\"\npassword = \"p\"\n\
                  [[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                  [[carrier]]\nname = \"c2\"\naddress = \"h:1\"\nsystem_id = \"s\"\n";
    let (header, held) = held(table, key);
    let without: String = held.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    // A route goes somewhere or nowhere, and a status is retried or failed, not both.
    let instead = match (table, key.name, value) {
        (Table::Route, "reject", "true") => "to",
        (Table::Status, "fail", "true") => "retry_ms",
        (Table::Owner, "bot", _) => "account",
        _ => "",
    };
    let others = held.iter().filter(|(name, _)| *name != key.name && *name != instead);
    let with: String = others.map(|(name, value)| format!("{name} = {value}\n")).collect();
    if table == Table::Root {
        return (around.to_owned(), format!("{} = {value}\n{around}", key.name));
    }
    let user = "[[account]]\nsystem_id = \"user\"\npassword = \"p\"\ndialect = \"x\"\n\
                [dialect.x]\n[dialect.d]\nsystem_type = \"d\"\n";
    let user = match header {
        "[dialect.x]" => user.replace("[dialect.x]\n", ""),
        _ => user.to_owned(),
    };
    let without = format!("{around}{user}{header}\n{without}");
    let with = format!("{around}{user}{header}\n{with}{} = {value}\n", key.name);
    (without, with)
}

/// How a table begins and what it must hold while `key` is tried.
fn held(table: Table, key: &Key) -> (&'static str, Vec<(&'static str, &'static str)>) {
    match table {
        Table::Root => ("", vec![]),
        Table::Node => ("[node]", vec![]),
        Table::Smpp => ("[smpp]", vec![]),
        Table::ListenerTls => {
            ("[smpp.tls]", vec![("cert_file", r#""a.pem""#), ("key_file", r#""a.pem""#)])
        }
        Table::Http => ("[http]", vec![]),
        Table::Metrics => ("[metrics]", vec![]),
        Table::Log => ("[log]", vec![]),
        Table::Store => ("[store]", vec![]),
        Table::Simulator => ("[simulator]", vec![]),
        Table::Account => ("[[account]]", vec![("system_id", r#""b""#), ("password", r#""p""#)]),
        Table::Carrier => {
            let mut held =
                vec![("name", r#""n""#), ("address", r#""h:1""#), ("system_id", r#""s""#)];
            held.extend((key.name == "receiver_address").then_some(("bind", r#""pair""#)));
            ("[[carrier]]", held)
        }
        Table::CarrierTls => {
            let held = vec![("cert_file", r#""a.pem""#), ("key_file", r#""a.pem""#)];
            ("[[carrier]]\nname = \"n\"\naddress = \"h:1\"\nsystem_id = \"s\"\n[carrier.tls]", held)
        }
        Table::Number => {
            ("[[number]]", vec![("address", r#""12345""#), ("kind", r#""short_code""#)])
        }
        Table::Owner => (
            "[[number]]\naddress = \"12345\"\nkind = \"short_code\"\n[number.owner]",
            vec![("account", r#""a""#)],
        ),
        Table::Keyword => (
            "[[number]]\naddress = \"12345\"\nkind = \"short_code\"\n[[number.keyword]]",
            vec![("words", r#""JOIN""#), ("owner", r#"{ account = "a" }"#)],
        ),
        Table::Bot => ("[[bot]]", vec![("file", r#""a.toml""#)]),
        Table::Policy => ("[[policy]]", vec![("name", r#""p""#)]),
        Table::Pool => (
            "[[number]]\naddress = \"12345\"\nkind = \"short_code\"\n\
             [[number]]\naddress = \"12346\"\nkind = \"short_code\"\n[[pool]]",
            vec![("name", r#""p""#), ("numbers", r#""12345""#)],
        ),
        Table::Route => {
            let mut held = vec![("name", r#""r""#), ("to", r#"[{ carrier = "c" }]"#)];
            let of_hours = ["days", "zone"].contains(&key.name);
            held.extend(of_hours.then_some(("hours", r#""08:00-20:00""#)));
            held.extend((key.name == "shifts").then_some(("encoding", r#""auto""#)));
            ("[[route]]", held)
        }
        Table::Target => ("[[route]]\nname = \"r\"\n[[route.to]]", vec![("carrier", r#""c""#)]),
        Table::Dialect => ("[dialect.x]", vec![]),
        Table::Tlv => ("[dialect.x.tlv.t]", vec![("tag", "1"), ("type", r#""u8""#)]),
        Table::State => ("[dialect.x.receipt_state.0]", vec![("means", r#""deleted""#)]),
        Table::Status => ("[dialect.x.status.0x58]", vec![("retry_ms", "5")]),
    }
}

/// A value other than the default and other than what [`held`] holds.
fn sample(table: Table, key: &Key) -> String {
    let default = match key.presence {
        Presence::Default(default) => default,
        _ => "",
    };
    let text = match (table, key.name) {
        (Table::Number, "address") => "54321",
        (Table::Pool, "numbers") => "12346",
        (Table::Owner | Table::Policy | Table::Route | Table::Carrier, "account") => "a2",
        (Table::Owner, "bot") => "accueil",
        (Table::Target, "carrier") => "c2",
        (Table::Route, "tag") => "wholesale",
        (Table::Account | Table::Carrier, "dialect") | (Table::Dialect, "base") => "d",
        (Table::Node, "correlation_hours") => return "300".to_owned(),
        (Table::Node, "validity_max_hours") => return "24".to_owned(),
        (Table::Dialect, "reconnect_min_ms") => return "6000".to_owned(),
        (Table::Dialect, "reconnect_max_ms") => return "70000".to_owned(),
        (Table::Carrier, "receiver_address") => "h:2",
        (Table::Tlv, "value") => "7",
        (Table::Route, "reject") => return "true".to_owned(),
        _ => match key.kind {
            Kind::Decimal(_) => return "1.5".to_owned(),
            Kind::Days => "mon",
            Kind::Encodings => "latin1",
            Kind::Languages => "turkish",
            Kind::Endpoint => "h:9",
            Kind::File if table == Table::Bot => "b.toml",
            Kind::File if key.name == "prefix_file" => "p.csv",
            Kind::File => "b.pem",
            Kind::Flag => return (default != "true").to_string(),
            Kind::Hours => "20:00-08:00",
            Kind::Integer { min, max, .. } => {
                let held = [default, "0x34"].contains(&max.to_string().as_str());
                return if held { min } else { max }.to_string();
            }
            Kind::Listen | Kind::ListenOrOff => "127.0.0.1:1",
            Kind::Networks => "192.0.2.0/24",
            Kind::Prefixes => "336",
            Kind::Caps => "1/day",
            Kind::Mention => "STOP",
            Kind::Word { now, .. } => {
                let other = |word: &&&str| format!("{word:?}") != default && **word != "u8";
                let others = now.iter().filter(other);
                return format!("{:?}", others.copied().last().unwrap_or("memory"));
            }
            Kind::Zone => "Europe/Paris",
            _ => "other",
        },
    };
    format!("{text:?}")
}
