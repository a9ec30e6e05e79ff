//! `chappe smsc` and `chappe load` as processes: each option is seen in what both of them print.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use certificate::Certificate;
use serde_json::Value;

#[path = "foreign/certificate.rs"]
mod certificate;

const CHAPPE: &str = env!("CARGO_BIN_EXE_chappe");

/// A simulated SMSC that runs.
struct Smsc {
    child: Child,
    address: String,
    /// Kept open, as a terminal is.
    _told: BufReader<ChildStderr>,
}

impl Smsc {
    fn start(options: &str) -> Self {
        Self::spawn(&mut Command::new(CHAPPE), options)
    }

    fn spawn(chappe: &mut Command, options: &str) -> Self {
        Self::spawn_on("127.0.0.1:0", chappe, options)
    }

    fn spawn_on(listen: &str, chappe: &mut Command, options: &str) -> Self {
        let mut child = chappe
            .args(["smsc", "--listen", listen])
            .args(options.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(line.contains("listening on"), "{line}");
        Self { child, address, _told: told }
    }

    /// Asks it to end, and gives what it printed.
    fn end(mut self) -> Value {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        self.result()
    }

    /// What it prints when it ends.
    fn result(&mut self) -> Value {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        // Nothing is left to kill when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn chappe(options: &str) -> Output {
    Command::new(CHAPPE).args(options.split_whitespace()).output().unwrap()
}

/// The exit code and the object of a run of load.
fn load(address: &str, options: &str) -> (i32, Value) {
    let output = chappe(&format!("load --connect {address} {options}"));
    let told = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    let object = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{told}"));
    (output.status.code().unwrap(), object)
}

/// Runs load against an SMSC and gives the exit code of the first and the objects of both.
fn run(smsc: &str, options: &str) -> (i32, Value, Value) {
    let smsc = Smsc::start(smsc);
    let (code, load) = load(&smsc.address, options);
    (code, load, smsc.end())
}

fn number(object: &Value, member: &str) -> u64 {
    object[member].as_u64().unwrap_or_else(|| panic!("{member} in {object}"))
}

/// A filter of lines over these.
fn filtered(command: &str, lines: &str) -> Output {
    let mut child = Command::new(CHAPPE)
        .args(command.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_line_tool_goes_on_after_a_bad_line_and_ends_with_1() {
    let cases = [
        ("pdu decode", "00000010000000150000000000000001", "nonsense"),
        ("pdu encode", "{\"command\":\"enquire_link\"}", "{\"command\":\"shout\"}"),
        ("text plan", "hello", "\"no end"),
        ("receipt parse --hex", "69643a31", "69643"),
        ("pdu replay", "> 00000010000000150000000000000001", "> 0000"),
    ];
    for (command, good, bad) in cases {
        let fine = filtered(command, &format!("{good}\n{good}\n"));
        assert_eq!(fine.status.code(), Some(0), "{command}");
        let partly = filtered(command, &format!("{bad}\n{good}\n"));
        assert_eq!(partly.status.code(), Some(1), "{command}");
        let lines = |output: &Output| String::from_utf8_lossy(&output.stdout).lines().count();
        assert_eq!(lines(&partly), lines(&fine), "{command}");
    }
}

/// A shell's usual limit is lower than the binds a tool may be asked for.
#[test]
fn tools_have_as_many_connections_as_the_hard_limit_allows() {
    const FEW: [&str; 4] = ["-c", "ulimit -Sn 40 && exec \"$@\"", "sh", CHAPPE];
    let mut smsc = Command::new("sh");
    let smsc = Smsc::spawn(smsc.args(FEW), "");
    let mut load = Command::new("sh");
    load.args(FEW).args(["load", "--connect", &smsc.address, "--binds", "60", "--count", "600"]);
    let output = load.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(number(&smsc.end(), "binds"), 60);
}

#[test]
fn a_plain_run_loses_nothing_and_both_say_so() {
    let (code, load, smsc) =
        run("--receipts both --id big", "--count 20000 --binds 3 --receipts --settle 5s");
    assert_eq!(code, 0);
    for member in ["submitted", "accepted"] {
        assert_eq!(number(&load, member), 20_000);
    }
    assert_eq!(load["receipts"]["DELIVERED"], 20_000);
    for member in ["missing", "duplicates", "unknown", "unanswered"] {
        assert_eq!(number(&load, member), 0);
    }
    for member in ["submits", "accepted", "receipts_sent", "receipts_acked"] {
        assert_eq!(number(&smsc, member), 20_000);
    }
    assert_eq!(number(&smsc, "binds"), 3);
    assert_eq!((number(&smsc, "duplicates"), number(&smsc, "missing")), (0, 0));
    assert!(number(&load, "messages_per_second") > 1000);
    for times in ["latency_us", "receipt_latency_us"] {
        let time = |name: &str| number(&load[times], name);
        assert!(time("p50") <= time("p90") && time("p90") <= time("p99"));
        assert!(time("p99") <= time("p999") && time("p999") <= time("max") && time("max") > 0);
    }
    assert!(number(&load["receipt_latency_us"], "p50") >= 50_000);
    assert!(load["cpu_seconds"].is_number() && smsc["cpu_seconds"].is_number());
}

#[test]
fn load_binds_as_it_is_told() {
    let (code, load, smsc) =
        run("--receipt-other-bind", "--bind pair --binds 2 --count 2000 --receipts --settle 5s");
    assert_eq!((code, number(&load, "missing"), number(&load, "unknown")), (0, 0, 0));
    assert_eq!((number(&smsc, "binds"), number(&smsc, "receipts_acked")), (4, 2000));
    let (code, load, smsc) = run("", "--bind transmitter --count 2000");
    assert_eq!((code, number(&load, "accepted")), (0, 2000));
    assert_eq!((number(&smsc, "binds"), number(&smsc, "receipts_sent")), (1, 0));
    let (code, load, _) = run("--mo 50", "--bind receiver --for 3s");
    assert_eq!((code, number(&load, "submitted"), number(&load, "mo_received")), (0, 0, 50));
    for wrong in ["receiver", "receiver --for 1s --receipts", "transmitter --receipts"] {
        let output = chappe(&format!("load --bind {wrong}"));
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn states_come_as_their_weights_say() {
    let smsc = "--outcome DELIVRD=60,UNDELIV=40 --receipts text --id decimal";
    let (code, load, _) = run(smsc, "--count 2000 --receipts --settle 5s");
    let (delivered, failed) =
        (number(&load["receipts"], "DELIVERED"), number(&load["receipts"], "UNDELIVERABLE"));
    assert_eq!((code, delivered + failed), (0, 2000));
    assert!((650..950).contains(&failed), "{failed}");
}

#[test]
fn answers_are_late_missing_or_there_twice() {
    let smsc = "--late 0.02:1500ms --never 0.02 --twice 0.05 --receipts text --latency 2ms";
    let load = "--count 2000 --receipts --settle 2500ms --response-timeout 1s --window 200";
    let (code, load, smsc) = run(smsc, load);
    for member in ["late", "never", "twice"] {
        assert!(number(&smsc, member) > 5, "{member}");
    }
    assert_eq!(number(&load, "late"), number(&smsc, "late"));
    assert_eq!(number(&load, "accepted"), 2000 - number(&smsc, "never"));
    assert_eq!(number(&load, "duplicates"), number(&smsc, "twice"));
    assert!(number(&load, "stray") > 0 && number(&load, "stray") <= number(&smsc, "twice"));
    // The receipts of messages that were never answered quote their serials.
    assert_eq!((code, number(&load, "missing"), number(&load, "unknown")), (0, 0, 0));
}

#[test]
fn messages_that_nobody_answers_fail_the_run() {
    let (code, load, smsc) =
        run("--never 0.05 --receipts none", "--count 500 --settle 500ms --window 1000");
    assert!(number(&smsc, "never") > 5);
    assert_eq!((code, number(&load, "missing")), (1, number(&smsc, "never")));
    assert!(load["missing_serials"][0].as_str().unwrap().starts_with('#'));
}

#[test]
fn receipts_come_before_their_answers_and_on_other_binds() {
    let (code, load, smsc) =
        run("--receipt-first 0.5", "--count 3000 --binds 2 --receipts --settle 5s");
    assert!(number(&smsc, "receipts_first") > 1000);
    assert_eq!((code, number(&load, "unknown")), (0, 0));
    let (code, load, smsc) =
        run("--receipt-other-bind --id uuid", "--count 3000 --binds 2 --receipts --settle 5s");
    assert_eq!((code, number(&load, "missing")), (0, 0));
    assert_eq!(number(&smsc, "receipts_acked"), 3000);
}

#[test]
fn ids_in_another_notation_match_nothing() {
    let (code, load, _) =
        run("--id hex --receipt-id decimal", "--count 100 --receipts --settle 500ms");
    assert_eq!((code, number(&load, "unknown"), number(&load, "missing")), (1, 100, 100));
}

#[test]
fn cut_links_are_made_again_and_what_was_out_is_unanswered() {
    let (code, load, smsc) =
        run("--drop-every 250", "--count 3000 --binds 2 --window 20 --receipts --settle 5s");
    assert!(number(&smsc, "drops") > 5);
    assert_eq!(number(&load, "binds_lost"), number(&smsc, "drops"));
    // The last one may have been granted when the run was over.
    assert!(number(&load, "binds") <= number(&smsc, "binds"));
    assert_eq!((code, number(&load, "missing"), number(&load, "unknown")), (1, 0, 0));
    let known = number(&load, "accepted") + number(&load, "unanswered");
    // What was read but not answered before the cut is known by its receipt.
    assert!(known <= 3000 && number(&load, "unanswered") > 0);
}

#[test]
fn a_run_ends_and_fails_when_the_server_is_gone_for_good() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let gone = std::thread::spawn(move || {
        let mut link = server.accept().unwrap().0;
        let mut header = [0; 16];
        link.read_exact(&mut header).unwrap();
        let rest = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) - 16;
        std::io::copy(&mut Read::by_ref(&mut link).take(u64::from(rest)), &mut std::io::sink())
            .unwrap();
        let mut granted = *b"\0\0\0\x11\x80\0\0\x09\0\0\0\0----\0";
        granted[12..16].copy_from_slice(&header[12..]);
        link.write_all(&granted).unwrap();
        // The first messages come, and then nobody listens any more.
        link.read_exact(&mut header).unwrap();
    });
    let (code, object) = load(&address, "--count 1000 --receipts --settle 300ms");
    gone.join().unwrap();
    assert_eq!(code, 1);
    assert_eq!(number(&object, "submitted"), number(&object, "unanswered"));
    assert_eq!(number(&object, "submitted") + number(&object, "unsent"), 1000);
    assert_eq!((number(&object, "accepted"), number(&object, "missing")), (0, 0));
}

#[test]
fn a_state_that_may_be_the_last_ends_a_message() {
    let (code, load, _) =
        run("--outcome UNKNOWN=1,ACCEPTD=1", "--count 200 --receipts --settle 5s");
    let told = number(&load["receipts"], "UNKNOWN") + number(&load["receipts"], "ACCEPTED");
    assert_eq!((code, told, number(&load, "missing")), (0, 200, 0));
}

#[test]
fn nobody_who_listens_is_no_failure_and_a_full_disk_is_one_with_a_word() {
    let smsc = Smsc::start("");
    let tools = [
        format!("load --count 10 --connect {}", smsc.address),
        "smsc --listen 127.0.0.1:0 --for 10ms".to_owned(),
        "sim --seeds 1..2".to_owned(),
        "sim --seeds 1..2 --log".to_owned(),
    ];
    for options in &tools {
        let ended = |stdout: Stdio, stderr: Stdio| {
            let mut command = Command::new(CHAPPE);
            command.args(options.split_whitespace()).stdout(stdout).stderr(stderr);
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            let output = child.wait_with_output().unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(ended(Stdio::piped(), Stdio::piped()).0, Some(0), "{options}");
        assert_eq!(ended(Stdio::null(), full()).0, Some(0), "{options}");
        let (code, told) = ended(full(), Stdio::piped());
        assert!(code == Some(1) && told.contains("chappe: "), "{options}: {told}");
    }
}

#[test]
fn throttled_messages_are_refused_by_name() {
    let (code, load, smsc) =
        run("--throttle-above 400", "--count 1500 --rate 1000 --receipts --settle 5s");
    let throttled = number(&smsc, "throttled");
    assert!(throttled > 300);
    assert_eq!((code, number(&load["refused"], "ESME_RTHROTTLED")), (0, throttled));
    assert_eq!(number(&load, "accepted"), number(&smsc, "accepted"));
    // It sees gaps where it refused, but for those above the last one it took.
    assert!(number(&smsc, "missing") <= throttled);
}

#[test]
fn messages_from_handsets_come_in_segments_in_any_order() {
    let smsc = "--mo 200 --mo-segments 3 --mo-shuffle --mo-to 54321";
    let (code, load, smsc) = run(smsc, "--count 500 --rate 1000");
    assert_eq!((number(&smsc, "mo_sent"), number(&smsc, "mo_acked")), (600, 600));
    assert_eq!((code, number(&load, "mo_received")), (0, 600));
    assert!(number(&load, "mo_out_of_order") > 0);
}

#[test]
fn long_messages_and_a_rate_are_kept() {
    let (code, load, smsc) =
        run("--receipts tlv", "--for 1s --rate 2000 --segments 3 --destinations 7 --receipts");
    // On a busy machine the last burst may come too late to be sent.
    let planned = number(&load, "submitted") + number(&load, "unsent");
    assert!((2000..=2001).contains(&planned) && number(&load, "submitted") > 1500, "{load}");
    assert_eq!((code, number(&smsc, "accepted")), (0, number(&load, "submitted")));
    assert_eq!((number(&smsc, "unmarked"), number(&smsc, "missing")), (0, 0));
}

#[test]
fn an_smsc_ends_by_itself_and_at_a_signal() {
    let mut smsc = Smsc::start("--for 200ms");
    assert_eq!(number(&smsc.result(), "binds"), 0);
    // Once it says that it listens a signal is heard, however soon it comes.
    for _ in 0..10 {
        let smsc = Smsc::start("--for 60s");
        assert_eq!(number(&smsc.end(), "submits"), 0);
    }
}

#[test]
fn a_signal_ends_load_with_what_it_has() {
    let smsc = Smsc::start("");
    // Between the two stands a relay that tells when enough has passed to send the signal.
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap().to_string();
    let child = Command::new(CHAPPE)
        .args(["load", "--connect", &address, "--for", "60s", "--rate", "500"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut esme, _) = relay.accept().unwrap();
    let mut up = TcpStream::connect(&smsc.address).unwrap();
    let (mut down, mut back) = (up.try_clone().unwrap(), esme.try_clone().unwrap());
    let copied_back = std::thread::spawn(move || std::io::copy(&mut down, &mut back));
    std::io::copy(&mut Read::by_ref(&mut esme).take(10_000), &mut up).unwrap();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    // The ends may be reset or closed in order: either is an end.
    let _ = std::io::copy(&mut esme, &mut up);
    let _ = up.shutdown(Shutdown::Write);
    let _ = copied_back.join();
    let output = child.wait_with_output().unwrap();
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success() && number(&object, "accepted") > 50, "{object}");
    assert_eq!(number(&smsc.end(), "accepted"), number(&object, "accepted"));
}

#[test]
fn where_nobody_listens_the_time_to_settle_is_waited_for_at_most() {
    // The port is free again at once.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let began = std::time::Instant::now();
    let run = chappe(&format!("load --connect {address} --count 1 --rate 1 --settle 300ms"));
    // Ten seconds are what a bind may take that is on its way.
    assert!(began.elapsed() < std::time::Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("refused"));
}

#[test]
fn a_bind_that_is_refused_is_told() {
    let smsc = Smsc::start("--system-id carrier --password pw");
    let wrong = chappe(&format!("load --connect {} --count 1", smsc.address));
    assert_eq!(wrong.status.code(), Some(1));
    let told = String::from_utf8_lossy(&wrong.stderr);
    assert!(told.contains("ESME_RINVSYSID"), "{told}");
    let options = "--system-id carrier --password pw --count 10";
    assert_eq!(load(&smsc.address, options).0, 0);
    assert_eq!(number(&smsc.end(), "binds_refused"), 1);
}

#[test]
fn a_long_name_and_password_bind_and_a_host_has_a_name() {
    let (name, password) = ("n".repeat(64), "p".repeat(64));
    let login = format!("--system-id {name} --password {password}");
    let smsc = Smsc::spawn_on("localhost:0", &mut Command::new(CHAPPE), &login);
    assert_eq!(load(&smsc.address, &format!("{login} --count 10")).0, 0);
}

#[test]
fn links_under_tls_carry_the_same() {
    let certificate = Certificate::new("tools");
    let (cert, key) = (&certificate.cert, &certificate.key);
    let smsc = Smsc::start(&format!("--tls-cert {cert} --tls-key {key}"));
    let options =
        format!("--tls-ca {cert} --tls-name localhost --count 5000 --receipts --settle 5s");
    let (code, object) = load(&smsc.address, &options);
    assert_eq!((code, number(&object, "accepted")), (0, 5000));
    assert_eq!(number(&smsc.end(), "receipts_acked"), 5000);
}

#[test]
fn wrong_options_are_named_and_end_with_2() {
    for (options, named) in [
        ("smsc --outcome NOPE=1", "NOPE"),
        ("smsc --late 0.5", "SHARE:DELAY"),
        ("smsc --never 2", "between 0 and 1"),
        ("smsc --latency 5", "unit"),
        ("smsc --id roman", "uuid"),
        ("smsc --tls-cert x", "--tls-key"),
        ("smsc --tls-cert /nonexistent --tls-key /nonexistent", "/nonexistent"),
        ("load --rate 0", "rate"),
        ("load --segments 200", "150"),
        ("load --count 5 --for 5s", "--for"),
        ("load --connect nowhere", "HOST:PORT"),
        ("load --prefix 46x", "digits"),
        ("smsc --listen nowhere", "HOST:PORT"),
        (&format!("load --system-id {}", "x".repeat(65)), "64"),
        (&format!("load --password {}", "x".repeat(65)), "64"),
    ] {
        let output = chappe(options);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options}: {told}");
        assert!(told.contains(named), "{options}: {told}");
        assert!(output.stdout.is_empty());
    }
}
