//! The files in `config/`.

use std::net::SocketAddr;

use crate::config::schema::{Kind, Presence, Table};
use crate::engine::settings::{Action, Owner};

use super::*;

const REFERENCE: &str = include_str!("../../../config/chappe.toml");

#[test]
fn the_quickstart_sends_all_that_its_account_submits_to_the_simulator() {
    let settings = sound(QUICKSTART, Path::new(""));
    let simulator = settings.simulator.expect("a simulator").listen;
    assert_eq!(settings.smpp.listen, SocketAddr::from(([127, 0, 0, 1], 2775)));
    assert_eq!(settings.http.listen, Some(SocketAddr::from(([127, 0, 0, 1], 8080))));
    assert_eq!(settings.metrics.listen, Some(SocketAddr::from(([127, 0, 0, 1], 9464))));
    let [account] = settings.accounts.as_slice() else { panic!("one account") };
    assert_eq!(account.system_id, "demo");
    assert!(account.password.matches(b"demo"));
    let [carrier] = settings.carriers.as_slice() else { panic!("one carrier") };
    assert_eq!(carrier.address.to_string(), simulator.to_string());
    let [route] = settings.routes.as_slice() else { panic!("one route") };
    assert!(route.prefixes.is_empty() && route.accounts.is_empty() && route.senders.is_empty());
    let Action::Send(targets) = &route.action else { panic!("a target") };
    assert_eq!(targets.first().map(|target| &target.carrier), Some(&carrier.name));
    let owners: Vec<_> = settings.numbers.iter().filter_map(|one| one.owner.clone()).collect();
    let bot = Owner::Bot("accueil".to_owned());
    assert_eq!(owners, [Owner::Account("demo".to_owned()), bot]);
    for listen in [settings.smpp.listen, simulator] {
        assert!(listen.ip().is_loopback(), "a password that everyone knows stays inside");
    }
}

#[test]
fn the_reference_file_is_sound_and_its_comments_are_the_defaults() {
    let settings = sound(REFERENCE, Path::new("config"));
    // Every line that is commented out and has a default is put in: nothing may change.
    let mut stated = String::new();
    for line in REFERENCE.lines() {
        let key = line.strip_prefix("# ").filter(|line| {
            let name = line.split_once(" = ").map_or("", |(name, _)| name);
            !name.is_empty() && !name.contains(' ')
        });
        let unavailable = line.contains("not available") || line.contains("left out:");
        let example = line.contains(".pem") || line.contains(".csv") || line.contains(":2777");
        match key.filter(|_| !unavailable && !example) {
            Some(key) => stated.push_str(key),
            None => stated.push_str(line),
        }
        stated.push('\n');
    }
    assert_ne!(stated, REFERENCE);
    assert_eq!(sound(&stated, Path::new("config")), settings);
}

#[test]
fn every_key_stands_in_the_reference_file_with_its_default() {
    for table in Table::ALL {
        let text = section(*table);
        for key in table.keys() {
            let held = matches!(key.kind, Kind::Table(_) | Kind::TableArray(_) | Kind::TableMap(_));
            let starts = match (table, held) {
                (Table::Root, _) => vec![format!("[{}]", key.name), format!("[{}.", key.name)],
                (_, true) => vec![format!("{} = ", key.name), format!("{}.", key.name)],
                (_, false) => vec![format!("{} = ", key.name)],
            };
            let lines = text.lines().filter(|line| starts.iter().any(|start| line.contains(start)));
            let lines: Vec<&str> = lines.collect();
            assert!(!lines.is_empty(), "config/chappe.toml: no {} in {table:?}", key.name);
            if let Presence::Default(default) = key.presence {
                let stated = format!("{} = {default}", key.name);
                let beside = format!("default: {default}");
                let shown =
                    lines.iter().any(|line| line.contains(&stated) || line.contains(&beside));
                assert!(shown, "config/chappe.toml: {table:?} does not show {stated}");
            }
        }
    }
}

/// The part of the reference file that shows a table's keys.
fn section(table: Table) -> String {
    let header = match table {
        Table::Root => return REFERENCE.to_owned(),
        Table::Node => "[node]",
        Table::Smpp | Table::ListenerTls => "[smpp]",
        Table::Http => "[http]",
        Table::Metrics => "[metrics]",
        Table::Log => "[log]",
        Table::Store => "[store]",
        Table::Simulator => "[simulator]",
        Table::Account => "[[account]]",
        Table::Carrier | Table::CarrierTls => "[[carrier]]",
        Table::Number | Table::Owner | Table::Keyword => "[[number]]",
        Table::Bot => "[[bot]]",
        Table::Policy => "[[policy]]",
        Table::Pool => "[[pool]]",
        Table::Route | Table::Target => "[[route]]",
        Table::Dialect | Table::Tlv | Table::State | Table::Status => "[dialect.example]",
    };
    // Several sections of one header, as the routes have, count as one.
    let mut inside = false;
    let mut section = String::new();
    for line in REFERENCE.lines() {
        if line.starts_with('[') {
            inside = line.starts_with(header);
        }
        if inside && !line.starts_with("# ---") {
            section.push_str(line);
            section.push('\n');
        }
    }
    section
}
