//! The crate smpp34, another Rust SMPP, on each side of the real engine: its client submits, its
//! server is the carrier. npm smpp takes the other side in turn.
//!
//! `tests/peers` is built here, with a lock file of its own. That takes a minute the first time, so
//! without `CHAPPE_INTEROP=1`, as `tests/run` sets it, or a `CI`, these tests say so and end.
#![cfg(feature = "runtime")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

mod foreign;

use foreign::{Keys, Process};

/// What the clients submit: see `tests/interop/scenario.py`.
const PLAIN: &str = "Plain @ £5 é _ {ok} 10€";
const UCS2: &str = "Привет, 世界 😀";
const LONG: &str = "Three segments carry this text and a handset joins them again. ";
const PAYLOAD: &str = "One message_payload carries this text, longer than short_message. ";
const LONG_CHARS: usize = 400;

#[test]
fn smpp34_talks_to_smpp34_through_the_engine() {
    let Some(peer) = peer() else { return };
    let world = World::start("smpp34-smpp34", peer.smsc());
    world.converse(peer.esme(), 0);
    world.end(0);
}

#[test]
fn smpp34_submits_to_npm_smpp_through_the_engine() {
    let Some(peer) = peer() else { return };
    let world = World::start("smpp34-npm", node("smsc_node.js"));
    world.converse(peer.esme(), 0);
    world.end(0);
}

#[test]
fn npm_smpp_submits_to_smpp34_through_the_engine() {
    let Some(peer) = peer() else { return };
    let world = World::start("npm-smpp34", peer.smsc());
    world.converse(node("esme_node.js"), 0);
    world.end(0);
}

/// Frames run together on every link: what smpp34 writes one by one comes back in batches.
#[test]
fn a_thousand_messages_of_smpp34_are_answered_and_receipted() {
    const COUNT: usize = 1_000;
    let Some(peer) = peer() else { return };
    let world = World::start("smpp34-many", peer.smsc());
    let mut esme = peer.esme();
    esme.args(["--count", &COUNT.to_string()]);
    world.converse(esme, COUNT);
    world.end(COUNT);
}

/// Ids that the response writes in decimal and the receipt in hexadecimal are one id.
#[test]
fn receipts_of_smpp34_with_ids_in_another_notation_find_their_messages() {
    let Some(peer) = peer() else { return };
    let mut smsc = peer.smsc();
    smsc.args(["--id", "decimal", "--receipt-id", "hex", "--receipts", "text"]);
    let world = World::start("smpp34-hex", smsc);
    world.converse(peer.esme(), 0);
    world.end(0);
}

/// The program of `tests/peers`.
struct Peer(PathBuf);

impl Peer {
    fn esme(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.arg("esme");
        command
    }

    fn smsc(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.arg("smsc");
        command
    }
}

/// Builds the peer, once; `None` where these tests are not asked for.
fn peer() -> Option<Peer> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if !foreign::is_required() {
        foreign::skip("smpp34 is built and run with CHAPPE_INTEROP=1, as tests/run sets it");
        return None;
    }
    let program = BUILT.get_or_init(|| {
        let directory = tests().join("peers");
        let target = directory.join("target");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--manifest-path"])
            .arg(directory.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status();
        assert!(built.expect("cargo runs").success(), "tests/peers does not build");
        target.join("debug/smpp34-peer")
    });
    Some(Peer(program.clone()))
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn node(script: &str) -> Command {
    let scripts = tests().join("interop");
    assert!(scripts.join("node_modules/smpp").exists(), "run tests/interop/setup.sh");
    let mut command = Command::new("node");
    command.arg(scripts.join(script));
    command
}

/// Asks a process to end, and gives what it printed since.
fn end(mut process: Process) -> String {
    let pid = process.0.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    assert!(asked.success());
    let mut said = String::new();
    if let Some(stdout) = process.0.stdout.as_mut() {
        stdout.read_to_string(&mut said).expect("text");
    }
    let status = process.0.wait().expect("it ends");
    assert!(status.success(), "{status}: {said}");
    said
}

/// The engine between an SMSC and whoever submits.
struct World {
    engine: Process,
    smsc: Process,
    smpp: SocketAddr,
    directory: PathBuf,
}

impl World {
    /// Starts both; the SMSC has two MO for the account.
    fn start(name: &str, mut smsc: Command) -> Self {
        let directory = std::env::temp_dir().join(format!("chappe-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let log = directory.join("submits.jsonl");
        smsc.args(["--port", "0", "--for", "90", "--mo", "2"]).arg("--log").arg(log);
        smsc.args(["--system-id", "carrier", "--password", "secret08"]);
        let mut smsc = Process(smsc.stdout(Stdio::piped()).spawn().expect("the SMSC runs"));
        let said = first_line(smsc.0.stdout.as_mut().expect("its output"));
        let carrier = said["listening"].as_str().expect("where it listens");

        let (engine, smpp) = foreign::start_engine(&directory, carrier, Keys::default());
        Self { engine, smsc, smpp, directory }
    }

    /// Runs a client that submits `more` than the six messages: it must have got all it asks for.
    fn converse(&self, mut esme: Command, more: usize) {
        esme.args(["--host", &self.smpp.ip().to_string()]);
        esme.args(["--port", &self.smpp.port().to_string(), "--expect-mo", "2", "--timeout", "30"]);
        esme.args(["--system-id", "acct", "--password", "secret08"]);
        let output = esme.stderr(Stdio::inherit()).output().expect("the client runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(printed.trim())
            .unwrap_or_else(|error| panic!("{error}: {printed:?}"));
        assert!(output.status.success(), "{report}");
        let seen = ["bound", "submitted", "accepted", "unmatched", "unbound", "errors"]
            .map(|member| report[member].clone());
        let all = json!(6 + more);
        let expected = [json!(true), all.clone(), all, json!(0), json!(true), json!([])];
        assert_eq!(seen, expected, "{report}");
        let stats = report["receipts"].as_object().expect("receipts by stat");
        assert!(stats.keys().eq(["DELIVRD"]), "{report}");
        let mut mo: Vec<_> = report["mo"].as_array().expect("MO").iter().collect();
        mo.sort_by_key(|mo| mo["text"].to_string());
        let expected =
            |text| json!({ "source": "447700900123", "destination": "447700900999", "text": text });
        assert_eq!(mo, [&expected("MO 1 é@€"), &expected("MO 2 Привет")]);
    }

    /// Stops both: nothing is open, and the SMSC was sent what was submitted.
    fn end(self, more: usize) {
        let Self { engine, smsc, directory, .. } = self;
        drop(end(engine));
        let counts: Value = serde_json::from_str(end(smsc).trim()).expect("its counts");
        assert_eq!(counts["errors"], json!([]), "{counts}");
        assert_eq!(counts["receipts_sent"], counts["receipts_acked"], "{counts}");
        assert_eq!([&counts["mo_sent"], &counts["mo_acked"]], [&json!(2), &json!(2)], "{counts}");
        assert_eq!(counts["unbinds"], counts["binds"], "{counts}");

        let log = std::fs::read_to_string(directory.join("submits.jsonl")).expect("its log");
        let submits = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"));
        let mut texts = handset(submits);
        texts.sort_unstable();
        let long = |text: &str| text.chars().cycle().take(LONG_CHARS).collect();
        let mut expected: Vec<String> =
            vec![PLAIN.to_owned(), UCS2.to_owned(), long(LONG), long(PAYLOAD)];
        expected.extend((0..more).map(|number| format!("Message {number}")));
        expected.sort_unstable();
        assert_eq!(texts, expected);
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// The texts a handset would show: segments with one reference are joined in their order.
fn handset(submits: impl Iterator<Item = Value>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut long: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for submit in submits {
        let text = submit["text"].as_str().expect("its text").to_owned();
        let user_data = submit["short_message"].as_str().expect("hexadecimal");
        match submit["esm_class"].as_u64() {
            // 05 00 03, the reference, the total, the number of the segment: two digits an octet.
            Some(0x40) => {
                let segments = long.entry(user_data[6..10].to_owned()).or_default();
                segments.insert(user_data[10..12].to_owned(), text);
            }
            _ => texts.push(text),
        }
    }
    texts.extend(long.into_values().map(|segments| segments.into_values().collect::<String>()));
    texts
}

/// Reads octet by octet: what comes behind the line is left for whoever reads next.
fn first_line(output: &mut impl Read) -> Value {
    let mut line = String::new();
    BufReader::with_capacity(1, output).read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}
