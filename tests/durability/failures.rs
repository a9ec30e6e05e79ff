use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use super::engine::{Engine, Keys, until};
use super::foreign::{is_required, skip};

/// The call of fdatasync that fails, of some hundred.
const FAILS: &str = "inject=fdatasync:error=EIO:when=60";

/// Whether strace is here.
fn has_strace() -> bool {
    let here = Command::new("strace").arg("-V").output().is_ok_and(|out| out.status.success());
    assert!(here || !is_required(), "strace is not here: tests/interop/setup.sh installs it");
    if !here {
        skip("no strace");
    }
    here
}

#[test]
fn after_a_sync_that_fails_nothing_is_accepted_and_the_engine_ends_with_exit_code_3() {
    if !has_strace() {
        return;
    }
    let mut engine = Engine::new("");
    let smsc = engine.smsc("--receipts both");
    engine.end();
    let strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"];
    let inject = ["-e", "trace=fdatasync", "-e", FAILS];
    engine.start_under(&[&strace[..], &inject[..]].concat());
    let load = engine.load("--binds 2 --window 5 --rate 400 --count 1000 --receipts --settle 1s");
    assert_eq!(engine.exit(), Some(3), "{}", engine.log());
    let load = load.report();
    let (accepted, refused) = (load["accepted"].as_u64().unwrap(), &load["refused"]);
    assert!((1..500).contains(&accepted), "{load}");
    assert!(refused["ESME_RSYSERR"].as_u64().unwrap() > 100, "{load}");
    assert!(engine.log().contains("nothing is accepted any more"));
    // What was accepted is there, and its receipts wait for the account.
    engine.start();
    until("all has ended", || {
        let status = engine.status();
        (status["queued"].as_u64(), status["awaiting_receipt"].as_u64()) == (Some(0), Some(0))
    });
    let again = engine.load("--count 1 --receipts --settle 15s").report();
    let told = load["receipts"]["DELIVERED"].as_u64().unwrap_or(0);
    let told = told + again["unknown"].as_u64().unwrap();
    assert!(told >= accepted, "{accepted} were accepted: {load}, {again}");
    engine.end();
    drop(smsc);
}

/// The file without a name that texts are put into, of this process.
fn spill_of(pid: u32) -> File {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let descriptors = descriptors.map(|entry| entry.unwrap().path());
    let leads_there = |path: &std::path::PathBuf| {
        let target = fs::read_link(path).unwrap_or_default();
        target.to_string_lossy().ends_with("journal/spill (deleted)")
    };
    let found = descriptors.into_iter().find(leads_there).expect("an open file");
    File::options().read(true).write(true).open(found).unwrap()
}

#[test]
fn a_text_out_of_memory_that_cannot_be_read_ends_the_engine_and_the_next_one_sends_it() {
    // Nobody listens at the carrier's address yet.
    let store = "spill_after_bytes = 1000\nspill_max_bytes = 8388608";
    let mut engine = Engine::at_rest(Keys { store, ..Keys::default() });
    engine.start();
    let load = engine.load("--count 500 --receipts --settle 60s");
    until("all wait", || engine.status()["queued"].as_u64() == Some(500));
    assert!(engine.status()["spill_bytes"].as_u64() > Some(0));
    let spill = spill_of(engine.pid());
    let octets = spill.metadata().unwrap().len() as usize;
    spill.write_all_at(&vec![0x55; octets], 0).unwrap();
    let smsc = engine.smsc("--receipts both");
    assert_eq!(engine.exit(), Some(3), "{}", engine.log());
    assert!(engine.log().contains("a text cannot be read"));
    engine.start();
    let load = load.report();
    assert_eq!(load["receipts"]["DELIVERED"].as_u64(), Some(500), "{load}");
    engine.end();
    drop(smsc);
}
