//! `chappe capture`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::certificate::Certificate;
use super::foreign::{is_required, skip};
use super::world::{CHAPPE, Smsc, World, carrier, route, submit, text, until};

/// Begins to capture a session into a file.
fn capture(world: &World, id: &str, file: &Path, options: &str) -> Child {
    Command::new(CHAPPE)
        .args(["capture", id, "--output"])
        .arg(file)
        .args(options.split_whitespace())
        .arg("--config")
        .arg(world.directory.join("chappe.toml"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn begins(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.len() > 0)
}

/// What it says at its end, which comes by itself.
fn end_of(mut run: Child) -> String {
    until("the capture ends", || run.try_wait().unwrap().is_some());
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stderr)
}

fn has(octets: &[u8], what: &[u8]) -> bool {
    octets.windows(what.len()).any(|window| window == what)
}

/// What tshark reads in a file, a line for each PDU; `None` where there is no tshark.
fn tshark(file: &Path) -> Option<String> {
    let fields = "-T fields -e smpp.command_id -e smpp.system_id -e smpp.password \
                  -e smpp.destination_addr -e ip.src -e _ws.malformed -r";
    let mut command = Command::new("tshark");
    match command.args(fields.split_whitespace()).arg(file).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", text(&output.stderr));
            Some(text(&output.stdout))
        }
        Err(error) => {
            assert!(!is_required(), "tshark: {error}");
            skip("tshark is not here");
            None
        }
    }
}

#[test]
fn a_bind_is_captured_from_its_bind_on_and_shows_no_secret_no_number_and_no_text() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let file = world.directory.join("north.pcap");
    let run = capture(&world, "north/0", &file, "--for 8s");
    // The first PDU makes the file. It may be any: a session that is about to bind when the capture
    // begins has written its bind already.
    let masked = b"chappe\0******\0";
    until("it has a bind", || {
        world.shown("bind rebind north/0");
        fs::read(&file).is_ok_and(|octets| has(&octets, masked))
    });
    world.until_bind_is("north", 0, "bound");
    let (_session, _id) = submit(&world);
    let end = end_of(run);
    assert!(end.contains("the end: time"), "{end}");
    let octets = fs::read(&file).unwrap();
    assert!(has(&octets, b"\0\x0c\0\x04smpp"));
    assert!(has(&octets, masked), "the password is masked");
    assert!(has(&octets, b"+33612******\0") || has(&octets, b"33612******\0"));
    assert!(!has(&octets, b"345678") && !has(&octets, b"hello"));
    let Some(read) = tshark(&file) else { return };
    let lines: Vec<&str> = read.lines().collect();
    let binds: Vec<&&str> = lines.iter().filter(|line| line.starts_with("0x00000009")).collect();
    assert!(!binds.is_empty(), "{read}");
    assert!(binds.iter().all(|bind| bind.contains("chappe\t******")), "{read}");
    for command in ["0x80000009", "0x00000004", "0x80000004"] {
        assert!(lines.iter().any(|line| line.starts_with(command)), "{command}: {read}");
    }
    assert!(read.contains("33612******"), "{read}");
    assert!(read.contains("127.0.0.1") && read.contains("0.0.0.0"), "{read}");
    assert!(!read.contains("alformed"), "{read}");
}

#[test]
fn a_session_of_an_account_is_captured_whole_if_it_is_wanted_and_ends_with_it() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let (mut session, _id) = submit(&world);
    let file = world.directory.join("acct.pcap");
    let run = capture(&world, "acct#1", &file, "--for 60s --unmasked --count 1000");
    let body = b"\0\x05\0Shop\0\x01\x01+33612345678\0\0\0\0\0\0\x01\0\0\0\x05hello";
    let words = [16 + body.len() as u32, 4, 0, 7];
    let mut pdu: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    pdu.extend_from_slice(body);
    until("it begins", || {
        session.write_all(&pdu).unwrap();
        begins(&file)
    });
    let second = world.chappe("capture acct#1 --output /dev/null");
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("is being captured already"));
    drop(session);
    let end = end_of(run);
    assert!(end.contains("the end: session"), "{end}");
    let octets = fs::read(&file).unwrap();
    assert!(has(&octets, b"+33612345678\0") && has(&octets, b"hello"));
    let unknown = world.chappe("capture acct#1 --output /dev/null");
    assert!(text(&unknown.stderr).contains("no session acct#1"));
}

#[test]
fn a_capture_ends_after_so_many_pdus_and_when_its_client_goes() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let file = world.directory.join("one.pcap");
    let mut gone = capture(&world, "north/0", &file, "");
    until("it has begun", || {
        world.shown("bind rebind north/0");
        begins(&file)
    });
    let second = world.chappe("capture north/0 --output /dev/null --for 0s");
    assert!(text(&second.stderr).contains("already"));
    gone.kill().unwrap();
    gone.wait().unwrap();
    until("it may be captured again", || {
        let output = world.chappe("capture north/0 --output /dev/null --for 0s");
        text(&output.stderr).contains("the end: time")
    });
    let mut run = capture(&world, "north/0", &file, "--count 3");
    until("it ends", || {
        world.shown("bind rebind north/0");
        run.try_wait().unwrap().is_some()
    });
    let end = end_of(run);
    assert!(end.starts_with("3 PDUs of ") && end.contains("the end: count"), "{end}");
}

/// What TLS carries is captured, on either side of the engine, as SMPP.
#[test]
fn sessions_under_tls_are_captured_as_what_they_carry() {
    let certificate = Certificate::new("control-tls");
    let (cert, key) = (&certificate.cert, &certificate.key);
    let smsc = Smsc::start(&format!("--tls-cert {cert} --tls-key {key} --receipt-delay 0ms"));
    let tls = format!("tls = {{ cert_file = \"{cert}\", key_file = \"{key}\" }}\n");
    let trusts = format!("tls = {{ ca_file = \"{cert}\", server_name = \"localhost\" }}");
    let tables = carrier("north", &smsc.address, &trusts) + &route("north");
    let world = World::start_with(&tls, &tables);
    world.until_bind_is("north", 0, "bound");

    let options = format!(
        "load --connect {} --system-id acct --password secret --tls-ca {cert} --tls-name localhost \
         --for 60s --rate 50 --receipts",
        world.smpp
    );
    let mut load = Command::new(CHAPPE);
    let mut load = load.args(options.split_whitespace()).stdout(Stdio::null()).spawn().unwrap();
    until("it has bound", || world.ask("status acct")["accounts"][0]["sessions"][0].is_object());
    for (id, command) in [("north/0", "0x00000004"), ("acct#1", "0x80000004")] {
        let file = world.directory.join("tls.pcap");
        let end = end_of(capture(&world, id, &file, "--count 20"));
        assert!(end.starts_with("20 PDUs of ") && end.contains("the end: count"), "{end}");
        let octets = fs::read(&file).unwrap();
        assert!(has(&octets, b"id:") || has(&octets, b"********"), "{id}: no text, no receipt");
        let Some(read) = tshark(&file) else { continue };
        assert!(read.lines().any(|line| line.starts_with(command)), "{id}: {read}");
        assert!(!read.contains("alformed"), "{id}: {read}");
    }
    load.kill().unwrap();
    load.wait().unwrap();
}

/// The PDU that would go beyond is not written, and what is in the file is whole.
#[test]
fn a_capture_ends_before_it_has_more_octets_than_it_may() {
    let smsc = Smsc::start("--receipt-delay 0ms");
    let world = World::start(&(carrier("north", &smsc.address, "") + &route("north")));
    world.until_bind_is("north", 0, "bound");
    let file = world.directory.join("short.pcap");
    let mut run = capture(&world, "north/0", &file, "--max-bytes 150 --json");
    until("it ends", || {
        world.shown("bind rebind north/0");
        run.try_wait().unwrap().is_some()
    });
    let end: serde_json::Value = serde_json::from_str(&end_of(run)).unwrap();
    let (pdus, octets) = (end["pdus"].as_u64().unwrap(), end["octets"].as_u64().unwrap());
    assert_eq!(end["ended"], "bytes", "{end}");
    // A bind and what answers it have some thirty octets each, an unbind sixteen.
    assert!(pdus >= 3 && octets <= 150 && octets > 150 - 60, "{end}");
    // A pcap file has a header of 24 octets, and one of 16 before each PDU and its tags.
    let written = fs::metadata(&file).unwrap().len();
    assert!(written > 24 + 16 * pdus + octets && written < 24 + 16 * pdus + octets + 100 * pdus);
    if let Some(read) = tshark(&file) {
        assert_eq!(read.lines().count() as u64, pdus, "{read}");
        assert!(!read.contains("alformed"), "{read}");
    }
}
