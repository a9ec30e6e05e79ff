//! The dashboard and the alert rules of `config/`: each metric and label they name is in the table
//! and in what a running engine tells; promtool reads the rules, tries them, and reads the text.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chappe::session::BindKind;
use chappe::telemetry::{METRICS, MetricKind};
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::foreign;
use crate::smsc::{Reply, Smsc, receipt_text};
use crate::world::{World, until};

/// Labels that Prometheus itself gives.
const PROMETHEUS: [&str; 3] = ["instance", "job", "le"];

fn config(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file)
}

/// Every expression of the dashboard and of the rules.
fn expressions() -> Vec<String> {
    let board = std::fs::read_to_string(config("grafana/chappe.json")).expect("the dashboard");
    let board: serde_json::Value = serde_json::from_str(&board).expect("JSON");
    let panels = board["panels"].as_array().expect("panels").iter();
    let shown = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut found: Vec<String> =
        shown.map(|target| target["expr"].as_str().expect("an expression").to_owned()).collect();
    let rules = std::fs::read_to_string(config("prometheus/alerts.yml")).expect("the rules");
    // An expression stands behind its key, or in the lines below that are further to the right.
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(expression) = line.trim_start().strip_prefix("expr: ") else { continue };
        let mut expression = expression.trim_start_matches('>').to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with("          ")) {
            expression.push_str(more);
        }
        found.push(expression);
    }
    found
}

/// Metrics that an expression names, each with the labels in the braces behind it, and the labels
/// that it is grouped by.
fn named(expression: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut metrics, mut groups) = (Vec::new(), Vec::new());
    for prefix in ["chappe_", "process_"] {
        for (at, _) in expression.match_indices(prefix) {
            if expression[..at].ends_with(is_word) {
                continue;
            }
            let name: String = expression[at..].chars().take_while(|c| is_word(*c)).collect();
            let behind = &expression[at + name.len()..];
            let labels = match behind.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                None => Vec::new(),
                Some((inside, _)) => {
                    let label = |one: &str| one.trim().split(['=', '!']).next().map(str::to_owned);
                    inside.split("\",").filter_map(label).collect()
                }
            };
            metrics.push((name, labels));
        }
    }
    for (at, _) in expression.match_indices("by (") {
        let list = expression[at + 4..].split(')').next().unwrap_or_default();
        groups.extend(list.split(',').map(|label| label.trim().to_owned()));
    }
    (metrics, groups)
}

/// The row of a metric; that of a histogram for what is made of it.
fn labels_of(name: &str) -> Option<&'static [&'static str]> {
    let row = METRICS.iter().find(|row| match row.kind {
        MetricKind::Histogram => name.strip_suffix("_bucket") == Some(row.name),
        MetricKind::Counter | MetricKind::Gauge => name == row.name,
    });
    row.map(|row| row.labels)
}

/// An engine that has seen a bit of everything.
async fn busy() -> (World, Smsc) {
    let smsc = Smsc::with(|submitted| match submitted.destination.as_str() {
        "33600000001" => Reply::Refuse(CommandStatus::ESME_RINVDSTADR),
        _ => Reply::Report("DELIVRD"),
    })
    .await;
    let world = World::before(&smsc, "").await;
    assert!(Esme::bind_as(world.smpp(), BindKind::Transceiver, "acct", "wrong").await.is_err());
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("hello")).await;
    esme.accepted(Submit::to("33600000001")).await;
    assert!(!esme.submit(Submit::to("nobody")).await.0.is_ok());
    esme.delivered(2).await;
    smsc.deliver("33612345678", "447700900999", 4, receipt_text("none", "DELIVRD").as_bytes());
    esme.unbind().await;
    smsc.cut();
    let closed = |text: &str| text.contains("chappe_carrier_sessions_closed_total{");
    until("a session has closed", || closed(&world.engine.metrics_text())).await;
    // As `chappe run` does, so that the count is there from the start.
    let _ = world.engine.log_lines_dropped();
    (world, smsc)
}

#[tokio::test]
async fn the_dashboard_and_the_rules_name_nothing_that_a_running_engine_does_not_tell() {
    let (world, _smsc) = busy().await;
    let text = world.engine.metrics_text();
    let told = |name: &str| text.lines().find(|line| line.starts_with(name));
    let expressions = expressions();
    assert!(expressions.len() > 50, "{}", expressions.len());
    let mut wrong = BTreeSet::new();
    for expression in &expressions {
        let (metrics, groups) = named(expression);
        let mut known: Vec<&str> = PROMETHEUS.to_vec();
        for (name, labels) in metrics {
            let Some(row) = labels_of(&name) else {
                wrong.insert(format!("{name}: not in the table"));
                continue;
            };
            known.extend(row);
            let line = told(&format!("{name}{{")).or_else(|| told(&format!("{name} ")));
            if line.is_none() {
                wrong.insert(format!("{name}: not told"));
            }
            let own = |label: &&String| {
                let is_own = row.contains(&label.as_str());
                let is_told = line.is_some_and(|line| line.contains(&format!("{label}=\"")));
                !(PROMETHEUS.contains(&label.as_str()) || is_own && is_told)
            };
            wrong.extend(labels.iter().filter(own).map(|label| format!("{name}: no {label}")));
        }
        let strange = groups.iter().filter(|label| !known.contains(&label.as_str()));
        wrong.extend(strange.map(|label| format!("{expression}: no {label}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{text}");
}

#[test]
fn every_panel_of_the_dashboard_says_what_it_shows_and_in_which_unit() {
    let board = std::fs::read_to_string(config("grafana/chappe.json")).expect("the dashboard");
    let board: serde_json::Value = serde_json::from_str(&board).expect("JSON");
    for panel in board["panels"].as_array().expect("panels") {
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        if panel["type"] != "row" {
            assert!(panel["description"].as_str().is_some_and(|text| text.len() > 10), "{panel}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{panel}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}

/// promtool with these arguments and this on its input; where it is not installed nothing is tried,
/// unless it must be here.
fn promtool(arguments: &[&str], input: &str) {
    let command = Command::new("promtool")
        .args(arguments)
        .current_dir(config("prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match command {
        Ok(promtool) => promtool,
        Err(error) if foreign::is_required() => panic!("promtool: {error}: tests/interop/setup.sh"),
        Err(_) => return foreign::skip("promtool is not installed"),
    };
    let mut stdin = promtool.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = promtool.wait_with_output().expect("it ends");
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "promtool {arguments:?}: {}{}", said[0], said[1]);
}

#[test]
fn promtool_reads_the_rules_and_each_fires_when_it_should() {
    promtool(&["check", "rules", "alerts.yml"], "");
    promtool(&["test", "rules", "alerts_test.yml"], "");
}

#[test]
fn each_rule_has_a_case() {
    let read = |file| std::fs::read_to_string(config(file)).expect("a file");
    let (rules, cases) = (read("prometheus/alerts.yml"), read("prometheus/alerts_test.yml"));
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let missing: Vec<_> = names.filter(|name| !cases.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn promtool_finds_no_fault_with_what_a_running_engine_tells() {
    let (world, _smsc) = busy().await;
    promtool(&["check", "metrics"], &world.engine.metrics_text());
}
