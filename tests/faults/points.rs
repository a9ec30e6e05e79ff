//! The engine killed at one system call, and started again.
//!
//! What it has promised changes only when a call returns: what is on disk by pwrite64 and
//! fdatasync, what peers know by sendto. So an end between two of them is an end at the entry of
//! the second, and strace can bring it about in the binary as it is. Each test looks at what
//! strace wrote down whether the engine ended where it was to.

use chappe::wire::CommandId;

use super::engine::{Engine, Keys, until};
use super::peers::{Smsc, narrow_listener};
use super::scene::{Allowed, Scene};
use super::strace::{self, Calls, Strace, carries};

const SUBMIT_SM: u32 = CommandId::SUBMIT_SM.0;
const SUBMIT_SM_RESP: u32 = CommandId::SUBMIT_SM_RESP.0;
const DELIVER_SM: u32 = CommandId::DELIVER_SM.0;
const DELIVER_SM_RESP: u32 = CommandId::DELIVER_SM_RESP.0;

const AGAIN: Allowed = Allowed { copies: 0, receipts: 0, unheard: 1 };
const NONE: Allowed = Allowed { copies: 0, receipts: 0, unheard: 0 };

/// It ended at the entry of this call, which would have written this PDU.
fn assert_ended_before_writing(calls: &Calls, command: u32) {
    let last = calls.last_of_all("sendto").unwrap_or_else(|| panic!("{}", calls.text()));
    assert!(carries(last, command), "{}", calls.text());
}

/// It ended at the entry of this call, and had read this PDU before.
fn assert_ended_before(calls: &Calls, call: &str, command: u32) {
    assert!(calls.last_of_all(call).is_some(), "{}", calls.text());
    assert!(calls.carried("recvfrom", command), "{}", calls.text());
}

#[test]
fn k1_to_k4_a_message_is_accepted_or_not_and_never_half() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    read_in_part(&mut scene);
    for (call, at) in [("pwrite64", "read"), ("fdatasync", "written")] {
        println!("K1, K2: the message is {at}, and {call} is next");
        let token = scene.token();
        let strace = scene.attach(&format!("{call}:signal=KILL:when=1"));
        scene.esme.submit(&token);
        let calls = scene.killed(strace);
        assert_ended_before(&calls, call, SUBMIT_SM);
        assert_eq!(calls.of("pwrite64").len(), 1, "{}", calls.text());
        assert!(!calls.carried("sendto", SUBMIT_SM_RESP), "{}", calls.text());
        scene.is_whole(&token, if call == "pwrite64" { NONE } else { AGAIN });
    }
    println!("K3: it is durable, and the answer is next");
    let held = scene.without_the_carrier();
    let token = scene.token();
    let strace = scene.attach("sendto:signal=KILL:when=1");
    scene.esme.submit(&token);
    let calls = scene.killed(strace);
    assert_ended_before_writing(&calls, SUBMIT_SM_RESP);
    drop(held);
    scene.is_whole(&token, AGAIN);

    println!("K4: it is answered, and has no way yet");
    let held = scene.without_the_carrier();
    let token = scene.token();
    let strace = scene.attach("");
    scene.esme.submit(&token);
    scene.esme.hear().expect("an answer");
    let calls = scene.kill(strace);
    assert!(calls.carried("sendto", SUBMIT_SM_RESP), "{}", calls.text());
    assert!(!calls.carried("sendto", SUBMIT_SM), "{}", calls.text());
    drop(held);
    scene.is_whole(&token, NONE);
}

/// K1: part of it is read. The next call that reads never returns.
fn read_in_part(scene: &mut Scene) {
    println!("K1: the message is read in part");
    let token = scene.token();
    let strace = scene.attach("recvfrom:signal=KILL:when=2");
    scene.esme.submit_in_two(&token, 20, || {
        until("the first part is read", || {
            strace.so_far().of("recvfrom").iter().any(|line| line.ends_with("= 20"))
        });
    });
    let calls = scene.killed(strace);
    assert_ended_before(&calls, "recvfrom", SUBMIT_SM);
    assert!(calls.of("pwrite64").is_empty(), "{}", calls.text());
    scene.is_whole(&token, NONE);
}

#[test]
fn k5_to_k9_a_message_goes_to_its_carrier_once_and_twice_only_where_it_cannot_be_known() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    println!("K5: it is given to the bind, and not written");
    let first = scene.sent();
    let token = scene.token();
    scene.esme.submit(&token);
    scene.esme.hear().expect("an answer");
    let strace = scene.attach("sendto:signal=KILL:when=1");
    scene.smsc.answer(&first);
    let calls = scene.killed(strace);
    assert_ended_before_writing(&calls, SUBMIT_SM);
    scene.is_whole(&token, NONE);

    for octets in [1, 16, 40] {
        println!("K6: the carrier has {octets} octets of it");
        let token = scene.token();
        let strace = scene.attach("");
        scene.esme.submit(&token);
        scene.smsc.session().read_raw(octets);
        let calls = scene.kill(strace);
        assert!(!calls.carried("recvfrom", SUBMIT_SM_RESP), "{}", calls.text());
        scene.is_whole(&token, AGAIN);
    }

    println!("K7: it is written, and the answer is not read");
    let taken = scene.sent();
    let strace = scene.attach("");
    let calls = scene.kill(strace);
    assert!(calls.of("recvfrom").is_empty(), "{}", calls.text());
    scene.is_whole(&taken.token, Allowed { copies: 1, ..NONE });

    for call in ["pwrite64", "fdatasync"] {
        println!("K8: the answer is read, and {call} is next");
        let taken = scene.sent();
        let strace = scene.attach(&format!("{call}:signal=KILL:when=1"));
        scene.smsc.answer(&taken);
        let calls = scene.killed(strace);
        assert_ended_before(&calls, call, SUBMIT_SM_RESP);
        scene.is_whole(&taken.token, Allowed { copies: 1, ..NONE });
    }

    println!("K9: the answer is durable, and the receipt has not come");
    let token = scene.answered();
    let strace = scene.attach("");
    let calls = scene.kill(strace);
    assert!(calls.of("recvfrom").is_empty(), "{}", calls.text());
    scene.is_whole(&token, NONE);
}

/// K6 with the carrier's part of the doubt taken away: it does not read, so that the engine writes
/// a PDU in part, and ends. Of that one the carrier has no more than a part; of those before it, it
/// may have all.
#[test]
fn k6_what_was_written_in_part_goes_once() {
    if !strace::is_here() {
        return;
    }
    let smsc = Smsc::new(narrow_listener());
    let engine = Engine::at_rest(Keys {
        node: "workers = 1\nshards = 1",
        carrier: "window_max = 1000",
        more: "segmentation = \"payload\"",
        smsc: Some(smsc.address()),
        ..Keys::default()
    });
    let mut scene = Scene::of(engine, smsc);
    let strace = Strace::attach(&scene.engine, "sendto", "");
    let tokens: Vec<String> = (0..80).map(|_| scene.token()).collect();
    for token in &tokens {
        scene.esme.submit_long(token);
    }
    let wrote_in_part = |line: &&&str| written(line).is_some_and(|(asked, took)| took < asked);
    until("a PDU is written in part", || {
        strace.so_far().of("sendto").iter().any(|line| wrote_in_part(&line))
    });
    scene.engine.kill();
    let calls = strace.until_the_end();
    scene.smsc.drain();
    let part = scene.smsc.session().rest();
    assert!(part > 0, "the end fell between two PDUs: {}", calls.text());
    let before = scene.smsc.copies.clone();
    assert!(!before.is_empty() && before.len() < tokens.len(), "{} came whole", before.len());
    scene.esme.session = None;
    scene.smsc = scene.smsc.widen();
    for (at, token) in tokens.iter().enumerate() {
        // Of the last that came the answer was not heard either.
        let copies = usize::from(before.contains(token));
        match at {
            0 => scene.is_whole(token, Allowed { copies, ..AGAIN }),
            _ => scene.audit(token, Allowed { copies, ..AGAIN }),
        }
    }
}

/// How many octets a call was to write, and how many it wrote.
fn written(line: &str) -> Option<(usize, usize)> {
    let (before, took) = line.split_once(", MSG_NOSIGNAL, NULL, 0) = ")?;
    let asked = before.rsplit(", ").next()?.parse().ok()?;
    Some((asked, took.split(' ').next()?.parse().ok()?))
}

#[test]
fn k10_to_k14_a_receipt_is_told_and_twice_only_if_its_answer_was_not_written_down() {
    if !strace::is_here() {
        return;
    }
    let mut scene = Scene::new();
    for call in ["pwrite64", "fdatasync"] {
        println!("K10: the receipt is read, and {call} is next");
        let token = scene.answered();
        let strace = scene.attach(&format!("{call}:signal=KILL:when=1"));
        scene.smsc.send_receipts();
        let calls = scene.killed(strace);
        assert_ended_before(&calls, call, DELIVER_SM);
        assert!(!calls.carried("sendto", DELIVER_SM_RESP), "{}", calls.text());
        scene.is_whole(&token, NONE);
    }

    println!("K11: the receipt is durable, and its answer is next");
    let token = scene.answered();
    scene.without_the_client();
    let strace = scene.attach("sendto:signal=KILL:when=1");
    scene.smsc.send_receipts();
    let calls = scene.killed(strace);
    assert_ended_before_writing(&calls, DELIVER_SM_RESP);
    scene.is_whole(&token, NONE);

    println!("K12: the receipt is answered, and goes to the account next");
    let token = scene.answered();
    scene.without_the_client();
    scene.smsc.send_receipts();
    scene.smsc.receipts_are_answered();
    let strace = scene.attach("sendto:signal=KILL:when=2");
    scene.esme.bind(scene.engine.smpp);
    assert!(scene.esme.hear().is_none());
    let calls = scene.killed(strace);
    assert_ended_before_writing(&calls, DELIVER_SM);
    scene.is_whole(&token, NONE);

    println!("K13: the account has the receipt, and has not answered");
    let token = scene.answered();
    scene.smsc.send_receipts();
    scene.esme.hear().expect("the receipt");
    let strace = scene.attach("");
    let calls = scene.kill(strace);
    assert!(calls.of("recvfrom").is_empty(), "{}", calls.text());
    scene.is_whole(&token, Allowed { receipts: 1, ..NONE });

    for call in ["pwrite64", "fdatasync"] {
        println!("K14: the account has answered, and {call} is next");
        let token = scene.answered();
        scene.smsc.send_receipts();
        let (header, _) = scene.esme.hear().expect("the receipt");
        scene.smsc.receipts_are_answered();
        let strace = scene.attach(&format!("{call}:signal=KILL:when=1"));
        scene.esme.answer(&header);
        let calls = scene.killed(strace);
        assert_ended_before(&calls, call, DELIVER_SM_RESP);
        scene.is_whole(&token, Allowed { receipts: 1, ..NONE });
    }
}
