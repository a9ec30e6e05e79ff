use std::process::Command;

use super::engine::{Engine, until};
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
