//! The disk fails, or has no room, at the very call that a promise waits for; and the engine is
//! killed where its files change, and while it reads them.

use chappe::wire::{CommandId, CommandStatus};

use super::engine::{Engine, Keys, until};
use super::scene::{Allowed, Scene};
use super::strace::{self, Strace};

const NONE: Allowed = Allowed { copies: 0, receipts: 0, unheard: 0 };
/// What was written and not synced may be there, as if it had been promised.
const UNHEARD: Allowed = Allowed { unheard: 1, ..NONE };
const COPY: Allowed = Allowed { copies: 1, ..NONE };
const RECEIPT: Allowed = Allowed { receipts: 1, ..NONE };
/// The exit code of an engine whose storage failed.
const STORAGE: Option<i32> = Some(3);

const SYNC_FAILS: &str = "fdatasync:error=EIO:when=1";

/// Waits for the end of an engine whose disk failed, and looks what is whole then.
fn ends_and_is_whole(scene: &mut Scene, strace: Strace, token: &str, allowed: Allowed) {
    assert_eq!(scene.engine.exit(), STORAGE, "{}", scene.engine.log());
    scene.esme.session = None;
    scene.smsc.session = None;
    let calls = strace.until_the_end();
    assert!(calls.text().contains("EIO"), "{}", calls.text());
    // What it wrote after the call that failed cannot be told from what is durable.
    assert_eq!(calls.of("fdatasync").len(), 1, "a sync was tried again: {}", calls.text());
    scene.is_whole(token, allowed);
}

#[test]
fn k2_with_a_failing_sync_accepts_nothing() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    let token = scene.token();
    let strace = scene.attach(SYNC_FAILS);
    scene.esme.submit(&token);
    until("the sync has failed", || strace.so_far().text().contains("EIO"));
    // What became of the first nobody knows, so it has no answer; of this one it is known.
    let second = scene.token();
    scene.esme.submit(&second);
    let (answer, _) = scene.esme.hear().expect("an answer");
    assert_eq!(answer.command_status, CommandStatus::ESME_RSYSERR);
    assert_eq!(scene.esme.hear().map(|(header, _)| header.command_id), None);
    ends_and_is_whole(&mut scene, strace, &token, UNHEARD);
}

#[test]
fn k8_with_a_failing_sync_sends_twice_at_most() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    let taken = scene.sent();
    let strace = scene.attach(SYNC_FAILS);
    scene.smsc.answer(&taken);
    ends_and_is_whole(&mut scene, strace, &taken.token, COPY);
}

#[test]
fn k10_with_a_failing_sync_leaves_the_receipt_to_the_carrier() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    let token = scene.answered();
    let strace = scene.attach(SYNC_FAILS);
    scene.smsc.send_receipts();
    while let Some((header, _)) = scene.smsc.session().frame() {
        let is_answer = header.command_id == CommandId::DELIVER_SM_RESP;
        assert!(!is_answer || !header.command_status.is_ok(), "it is told what is not kept");
    }
    ends_and_is_whole(&mut scene, strace, &token, NONE);
}

#[test]
fn k14_with_a_failing_sync_tells_the_account_twice_at_most() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    let token = scene.answered();
    scene.smsc.send_receipts();
    let (header, _) = scene.esme.hear().expect("the receipt");
    scene.smsc.receipts_are_answered();
    let strace = scene.attach(SYNC_FAILS);
    scene.esme.answer(&header);
    ends_and_is_whole(&mut scene, strace, &token, RECEIPT);
}

/// No further segment of the journal can be made: messages are refused as soon as there is none
/// behind the one that is written, what was taken goes on to its end in that one, and messages are
/// taken again once there is room, by the same process.
#[test]
fn on_a_full_disk_messages_are_refused_and_taken_again_when_there_is_room() {
    if !strace::is_here() {
        return;
    }
    // Long texts in one PDU each fill a segment within seconds.
    let mut engine = Engine::at_rest(Keys {
        carrier: "window_max = 100",
        more: "segmentation = \"payload\"",
        ..Keys::default()
    });
    engine.start();
    let smsc = engine.smsc("--receipts both --receipt-delay 20ms");
    let made = engine.directory.join("data/journal/segment.new").display().to_string();
    let full = Strace::attach_to(&engine, &["-P", &made], "pwrite64", "pwrite64:error=ENOSPC");
    let load = |options: &str| {
        let options = format!("--binds 2 --window 50 --receipts --settle 20s {options}");
        let report = engine.load(&options).report();
        assert_eq!((&report["missing"], &report["unknown"]), (&0.into(), &0.into()), "{report}");
        assert_eq!((&report["binds_lost"], &report["duplicates"]), (&0.into(), &0.into()));
        report
    };
    // Each fills a third of a segment.
    for _ in 0..10 {
        if engine.status()["journal"] == "low" {
            break;
        }
        load("--segments 250 --count 500");
    }
    let refused = load("--count 200");
    assert_eq!(
        (&refused["accepted"], &refused["refused"]["ESME_RMSGQFUL"]),
        (&0.into(), &200.into())
    );
    assert!(full.so_far().text().contains("ENOSPC"));
    drop(full);
    until("it goes on", || engine.status()["journal"] == "running");
    assert_eq!(load("--count 200")["accepted"], 200);
    engine.end();
    let smsc = smsc.end();
    assert_eq!((&smsc["duplicates"], &smsc["receipts_left"]), (&0.into(), &0.into()), "{smsc}");
}

/// Each sync takes most of a second, longer than an enquire_link may: answers come later and in
/// larger numbers, and no session is lost.
#[test]
fn on_a_slow_disk_answers_come_late_and_no_session_is_lost() {
    if !strace::is_here() {
        return;
    }
    let mut engine = Engine::at_rest(Keys {
        account: "dialect = \"quick\"",
        more: "enquire_link_ms = 300\nresponse_timeout_ms = 600",
        ..Keys::default()
    });
    engine.start();
    let smsc = engine.smsc("--receipts both --receipt-delay 20ms");
    let slow = Strace::attach(&engine, "fdatasync", "fdatasync:delay_enter=800000");
    let load =
        engine.load("--binds 2 --window 100 --for 8s --destinations 500 --receipts --settle 20s");
    let load = load.report();
    let syncs = slow.so_far().of("fdatasync").len() as u64;
    drop(slow);
    engine.end();
    let smsc = smsc.end();
    let accepted = load["accepted"].as_u64().unwrap();
    assert!(accepted >= 400 && accepted > 20 * syncs, "{syncs} syncs: {load}");
    assert!(load["latency_us"]["p50"].as_u64().unwrap() > 800_000, "{load}");
    assert_eq!((&load["missing"], &load["unknown"]), (&0.into(), &0.into()), "{load}");
    assert_eq!((&load["binds_lost"], &smsc["duplicates"]), (&0.into(), &0.into()), "{load}");
    assert_eq!(smsc["binds"], 1, "the engine bound again: {smsc}");
}
