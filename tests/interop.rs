//! Other people's SMPP software on both sides of the real engine: their ESMEs submit to it, their
//! SMSC takes what it sends. `tests/interop/README.md` says what each script proves.
//!
//! With `CHAPPE_INTEROP=1`, as `tests/run` sets it, or with `CI` set, software that is missing is a
//! failure; otherwise a test whose software is missing says so and ends.
#![cfg(feature = "runtime")]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

mod foreign;

use foreign::{Keys, Process};

/// What has to be run where software is missing.
const INSTALL: &str = "tests/interop/setup.sh";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

/// Whether a test can be run with what it needs; says so where it is not. What must be here and is
/// not is the test's failure.
fn is_here(what: &str, present: bool) -> bool {
    assert!(present || !foreign::is_required(), "{what} is missing: run {INSTALL}");
    if !present {
        foreign::skip(&format!("{what} is missing; {INSTALL} installs it"));
    }
    present
}

fn is_program(name: &str) -> bool {
    let output = Command::new(name).arg("--version").output();
    output.is_ok() || Path::new("/usr/sbin").join(name).exists()
}

fn has_node() -> bool {
    is_here("npm smpp", is_program("node") && scripts().join("node_modules/smpp").exists())
}

fn python() -> PathBuf {
    scripts().join(".venv/bin/python")
}

/// The engine, and the foreign SMSC that is its carrier.
struct World {
    engine: Process,
    smsc: Process,
    smpp: SocketAddr,
    log: PathBuf,
}

impl World {
    /// Starts both; `smsc` are further options of `smsc_node.js`.
    fn start(name: &str, smsc: &[&str]) -> Self {
        Self::start_with(name, smsc, Keys::default())
    }

    /// The same with keys of the engine's configuration.
    fn start_with(name: &str, smsc: &[&str], keys: Keys<'_>) -> Self {
        let mut command = Command::new("node");
        command.arg(scripts().join("smsc_node.js")).args(smsc);
        Self::before(name, command, keys)
    }

    /// The same before another SMSC, which takes the options of `smsc_node.js`.
    fn before(name: &str, mut command: Command, keys: Keys<'_>) -> Self {
        let directory = std::env::temp_dir().join(format!("chappe-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let log = directory.join("submits.jsonl");
        command.args(["--port", "0", "--for", "90"]);
        command.args(["--system-id", "carrier", "--password", "secret08"]);
        command.arg("--log").arg(&log).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the SMSC runs");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("its first line");
        let said: Value = serde_json::from_str(&line).expect("a line of JSON");
        let carrier = said["listening"].as_str().expect("where it listens").to_owned();
        let smsc = Process(child);
        let (engine, smpp) = foreign::start_engine(&directory, &carrier, keys);
        Self { engine, smsc, smpp, log }
    }

    /// Runs a client against the engine and gives back what it printed.
    fn client(&self, mut command: Command, mo: u32) -> Value {
        command.args(["--host", &self.smpp.ip().to_string()]);
        command.args(["--port", &self.smpp.port().to_string(), "--expect-mo", &mo.to_string()]);
        command.args(["--system-id", "acct", "--password", "secret08", "--timeout", "30"]);
        let output = command.stderr(Stdio::inherit()).output().expect("the client runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(printed.trim())
            .unwrap_or_else(|error| panic!("{error}: {printed:?}"));
        assert!(output.status.success(), "{report}");
        report
    }

    /// What the foreign SMSC got, one object a submit_sm.
    fn submits(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.log).expect("its log");
        log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// The conversation of `scenario.py` through the engine.
fn converse(name: &str, smsc: &[&str], command: Command) {
    let options: Vec<&str> = ["--mo", "2"].iter().chain(smsc).copied().collect();
    converse_before(World::start(name, &options), command);
}

/// The same before an SMSC that has two MO.
fn converse_before(world: World, command: Command) {
    let report = world.client(command, 2);
    assert_eq!(report["submitted"], 6, "{report}");
    assert_eq!(report["accepted"], 6, "{report}");
    assert_eq!(report["receipts"], serde_json::json!({ "DELIVRD": 5 }), "{report}");
    assert_eq!(report["unmatched"], 0, "{report}");
    assert_eq!(report["mo"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(report["errors"], serde_json::json!([]), "{report}");
    assert_eq!(report["unbound"], true, "{report}");
    let submits = world.submits();
    for submit in &submits {
        assert_eq!(submit["destination_addr"], "447700900123", "{submit}");
        assert_eq!(submit["source_addr"], "447700900999", "{submit}");
    }
    // The payload of 400 characters went on in three segments of the engine's making.
    let with_header = |submit: &&Value| submit["esm_class"].as_u64().unwrap_or(0) & 0x40 != 0;
    assert_eq!(submits.iter().filter(with_header).count(), 6, "{submits:?}");
    assert_eq!(submits.len(), 8, "{submits:?}");
    assert_texts(&submits);
    assert_mo(&report);
    drop(world.engine);
    drop(world.smsc);
}

/// What `scenario.py` submits, as the SMSC must have got it; the long texts put together again.
fn assert_texts(submits: &[Value]) {
    let long = "Three segments carry this text and a handset joins them again. ".repeat(7);
    let payload = "One message_payload carries this text, longer than short_message. ".repeat(7);
    let mut found: Vec<(u64, String)> = Vec::new();
    let mut joined: std::collections::BTreeMap<(u64, u64), (u64, String)> = Default::default();
    for submit in submits {
        let octets = octets(submit["short_message"].as_str().expect("hex"));
        let coding = submit["data_coding"].as_u64().expect("data_coding");
        let header = submit["esm_class"].as_u64().unwrap_or(0) & 0x40 != 0;
        if !header {
            found.push((coding, text(coding, &octets)));
            continue;
        }
        // 05 00 03 reference total sequence: 3GPP TS 23.040 §9.2.3.24.1.
        assert_eq!(octets[..3], [5, 0, 3], "{submit}");
        let (reference, total, sequence) = (octets[3], octets[4], octets[5]);
        assert_eq!(total, 3, "{submit}");
        let segment = (coding, text(coding, &octets[6..]));
        let key = (u64::from(reference), u64::from(sequence));
        assert!(joined.insert(key, segment).is_none(), "a segment twice: {submit}");
    }
    for reference in joined.keys().map(|key| key.0).collect::<std::collections::BTreeSet<_>>() {
        let own = joined.range((reference, 0)..=(reference, u64::MAX));
        let coding = joined[&(reference, 1)].0;
        found.push((coding, own.map(|(_, segment)| segment.1.as_str()).collect()));
    }
    for (coding, wanted) in [
        (0, "Plain @ £5 é _ {ok} 10€"),
        (8, "Привет, 世界 😀"),
        (0, &long[..400]),
        (0, &payload[..400]),
    ] {
        let wanted = (coding, wanted.to_owned());
        assert!(found.contains(&wanted), "no {wanted:?} among {found:?}");
    }
}

/// The client got the MO of the foreign SMSC, from the handset and to its number.
fn assert_mo(report: &Value) {
    for mo in report["mo"].as_array().expect("mo") {
        assert_eq!(mo["source"], "447700900123", "{report}");
        assert_eq!(mo["destination"], "447700900999", "{report}");
        assert!(mo["text"].as_str().is_some_and(|text| !text.is_empty()), "{report}");
    }
}

/// UCS-2 by its data_coding, else GSM-7 as far as the scenario uses it (3GPP TS 23.038 §6.2.1).
fn text(data_coding: u64, octets: &[u8]) -> String {
    if data_coding == 8 {
        let unit = |unit: &[u8]| u16::from_be_bytes([unit[0], unit[1]]);
        return String::from_utf16_lossy(&octets.chunks(2).map(unit).collect::<Vec<u16>>());
    }
    let mut text = String::new();
    let mut octets = octets.iter();
    while let Some(octet) = octets.next() {
        text.push(match octet {
            0x00 => '@',
            0x01 => '£',
            0x05 => 'é',
            0x11 => '_',
            0x1b => match octets.next() {
                Some(b'(') => '{',
                Some(b')') => '}',
                Some(b'e') => '€',
                other => panic!("an escape before {other:?}"),
            },
            plain => char::from(*plain),
        });
    }
    text
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn python_client(script: &str) -> Option<Command> {
    let present = python().exists();
    if !is_here("the Python environment", present) || !has_node() {
        return None;
    }
    let mut command = Command::new(python());
    command.arg(scripts().join(script));
    Some(command)
}

#[test]
fn smpplib_converses_with_npm_smpp_through_the_engine() {
    let Some(mut command) = python_client("esme_smpplib.py") else { return };
    command.arg("--query");
    converse("smpplib", &["--id", "decimal"], command);
}

#[test]
fn aiosmpplib_converses_with_npm_smpp_through_the_engine() {
    let Some(command) = python_client("esme_aiosmpplib.py") else { return };
    converse("aiosmpplib", &["--id", "hex"], command);
}

#[test]
fn twisted_converses_with_npm_smpp_through_the_engine() {
    let Some(command) = python_client("esme_twisted.py") else { return };
    converse("twisted", &["--receipts", "text"], command);
}

/// The server that Jasmin grew from is the carrier: it makes objects of all that we send it.
#[test]
fn npm_smpp_converses_with_twisted_through_the_engine() {
    let Some(mut smsc) = python_client("smsc_twisted.py") else { return };
    smsc.args(["--mo", "2"]);
    let mut command = Command::new("node");
    command.arg(scripts().join("esme_node.js"));
    converse_before(World::before("npm-twisted", smsc, Keys::default()), command);
}

#[test]
fn npm_smpp_converses_with_itself_through_the_engine() {
    if !has_node() {
        return;
    }
    let mut command = Command::new("node");
    command.arg(scripts().join("esme_node.js"));
    // Responses in hexadecimal, receipts in decimal: the commonest mismatch of the field.
    converse("npm", &["--id", "hex", "--receipt-id", "decimal"], command);
}

#[test]
fn npm_smpp_sends_to_several_at_once_and_gets_a_receipt_for_each_under_one_id() {
    if !has_node() {
        return;
    }
    let world = World::start("npm-multi", &[]);
    let mut command = Command::new("node");
    command.arg(scripts().join("esme_node.js")).arg("--multi");
    let report = world.client(command, 0);
    assert_eq!(report["ids"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["receipts"], serde_json::json!({ "DELIVRD": 3 }), "{report}");
    assert_eq!(report["unmatched"], 0, "{report}");
    // ESME_RINVDSTADR and ESME_RINVDLNAME.
    let failed = serde_json::json!([["nobody", 0x0b], ["friends", 0x34]]);
    assert_eq!(report["failed"], failed, "{report}");
    let mut to: Vec<_> =
        world.submits().iter().map(|one| one["destination_addr"].clone()).collect();
    to.sort_by_key(Value::to_string);
    assert_eq!(to, ["447700900001", "447700900002", "447700900003"], "{to:?}");
}

#[test]
fn kannel_sends_through_its_http_interface_and_hears_of_each_text() {
    if !has_node() || !is_here("Kannel", is_program("bearerbox")) {
        return;
    }
    let world = World::start("kannel", &["--mo", "2"]);
    let mut command = Command::new("python3");
    command.arg(scripts().join("kannel.py"));
    let report = world.client(command, 2);
    assert_eq!(report["submitted"], 3, "{report}");
    assert_eq!(report["receipts"], serde_json::json!({ "DELIVRD": 3 }), "{report}");
    assert_eq!(report["errors"], serde_json::json!([]), "{report}");
    assert_eq!(world.submits().len(), 5);
}

/// Its transmitter and its receiver are two sessions, and its pace is above the account's: Kannel
/// keeps what was refused with ESME_RTHROTTLED, waits, and sends it again.
#[test]
fn kannel_on_two_binds_is_throttled_and_loses_nothing() {
    if !has_node() || !is_here("Kannel", is_program("bearerbox")) {
        return;
    }
    let keys = Keys { account: "segments_per_second = 5", ..Keys::default() };
    let world = World::start_with("kannel-slow", &["--mo", "2"], keys);
    let mut command = Command::new("python3");
    command.arg(scripts().join("kannel.py")).args(["--apart", "--expect-throttled"]);
    command.args(["--more", "20"]);
    let report = world.client(command, 2);
    assert_eq!(report["receipts"], serde_json::json!({ "DELIVRD": 23 }), "{report}");
    assert_eq!(report["errors"], serde_json::json!([]), "{report}");
    assert_eq!(world.submits().len(), 25);
}

/// Where the shared data stand: where `CHAPPE_SHARED` says, else beside the repository or a level
/// above, as from a work tree.
fn shared() -> PathBuf {
    if let Some(shared) = std::env::var_os("CHAPPE_SHARED") {
        return PathBuf::from(shared);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [here.join("../shared"), here.join("../../shared")];
    places.iter().find(|place| place.exists()).unwrap_or(&places[0]).clone()
}

#[test]
fn wireshark_reads_what_we_encode_as_we_do() {
    if !is_here("tshark", is_program("tshark")) {
        return;
    }
    let vectors = std::fs::read_to_string(shared().join("vectors/pdus.jsonl"))
        .expect("the shared vectors stand beside the repository or where CHAPPE_SHARED says");
    let hex: Vec<String> = vectors
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .filter(|row| row["roundtrip"] == true)
        .filter(|row| {
            row["agree"].as_array().is_some_and(|agree| agree.iter().any(|who| who == "tshark"))
        })
        .filter_map(|row| row["hex"].as_str().map(str::to_owned))
        .collect();
    // Octets that went through our decoder and encoder, not those of the vector.
    let decoded = filter(Command::new(env!("CARGO_BIN_EXE_chappe")).args(["pdu", "decode"]), &hex);
    let ours = filter(Command::new(env!("CARGO_BIN_EXE_chappe")).args(["pdu", "encode"]), &decoded);
    let mut tshark = Command::new("python3");
    let theirs = filter(tshark.arg(scripts().join("tshark_read.py")), &ours);
    assert_eq!(theirs.len(), decoded.len());
    assert!(theirs.len() > 150, "only {} PDUs compared", theirs.len());
    let mut commands = std::collections::BTreeSet::new();
    for (ours, theirs) in decoded.iter().zip(&theirs) {
        compare(ours, theirs);
        let pdu: Value = serde_json::from_str(ours).expect("JSON");
        commands.insert(pdu["command"].as_str().expect("a command").to_owned());
    }
    let missing: Vec<_> = COMMANDS.iter().filter(|name| !commands.contains(**name)).collect();
    assert!(missing.is_empty(), "not compared: {missing:?}");
}

/// Every command of SMPP 3.4 (§5.1.2.1).
const COMMANDS: [&str; 27] = [
    "generic_nack",
    "bind_receiver",
    "bind_receiver_resp",
    "bind_transmitter",
    "bind_transmitter_resp",
    "query_sm",
    "query_sm_resp",
    "submit_sm",
    "submit_sm_resp",
    "deliver_sm",
    "deliver_sm_resp",
    "unbind",
    "unbind_resp",
    "replace_sm",
    "replace_sm_resp",
    "cancel_sm",
    "cancel_sm_resp",
    "bind_transceiver",
    "bind_transceiver_resp",
    "outbind",
    "enquire_link",
    "enquire_link_resp",
    "submit_multi",
    "submit_multi_resp",
    "alert_notification",
    "data_sm",
    "data_sm_resp",
];

/// Every field that Wireshark shows has the value we read.
fn compare(ours: &str, theirs: &str) {
    let (ours, theirs): (Value, Value) =
        (serde_json::from_str(ours).expect("JSON"), serde_json::from_str(theirs).expect("JSON"));
    assert_eq!(theirs["dissected"], true, "{theirs}");
    for name in ["command_id", "sequence_number"] {
        assert_eq!(ours[name], theirs[name], "{name}: {ours} {theirs}");
    }
    let fields = theirs["fields"].as_object().expect("fields");
    for (name, theirs) in fields {
        let ours = &ours["fields"][name];
        let counted = name == "sm_length" || name.starts_with("n") && ours.is_null();
        if !counted {
            assert_eq!(ours, theirs, "{name}: {fields:?}");
        }
    }
}

/// Lines through a process.
fn filter(command: &mut Command, lines: &[String]) -> Vec<String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the process runs");
    let mut input = child.stdin.take().expect("its input");
    let text = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    writer.join().expect("written").expect("it reads");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}
