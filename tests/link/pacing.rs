//! Owners that cannot take more, peers that do not take what is theirs.

use std::time::Duration;

use super::desk::*;
use chappe::link::{Clock, Link};
use chappe::session::{BindKind, BindRequest, CloseReason, Session, Settings, Unanswered};
use chappe::wire::{CommandId, Role};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

/// Octets the pipes of these tests hold in each direction.
const ROOM: usize = 16 * 1024;
/// What a link may have unwritten: its limit, and the answers to one more read.
const UNWRITTEN_MAX: usize = 256 * 1024 + 64 * 1024 / 38 * 81;

/// Sends submits and reads nothing until the pipe takes no more for a while.
async fn flood(peer: &mut tokio::io::DuplexStream) -> u32 {
    let mut sequence = 2;
    loop {
        let batch: Vec<u8> =
            (sequence..sequence + 100).flat_map(|number| encoded(&submit(), number)).collect();
        if timeout(Duration::from_millis(100), peer.write_all(&batch)).await.is_err() {
            return sequence;
        }
        sequence += 100;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_is_read_no_more_and_closed_after_the_stall() {
    let (mut peer, desk, link) = bound_smsc(ROOM, Settings::default()).await;
    let start = Instant::now();
    flood(&mut peer).await;
    assert!(desk.unwritten_max() > 256 * 1024, "the flood was not held up by the link");
    assert!(desk.unwritten_max() < UNWRITTEN_MAX, "{} octets unwritten", desk.unwritten_max());
    assert_eq!(link.await.unwrap(), CloseReason::Stalled);
    let took = start.elapsed();
    assert!((30..32).contains(&took.as_secs()), "closed after {took:?}");
}

#[tokio::test(start_paused = true)]
async fn more_than_may_wait_for_a_peer_that_does_not_read_ends_its_session_at_once() {
    for (unwritten_max, ends) in [(64 * 1024, true), (1024 * 1024, false)] {
        let (mut peer, ours) = tokio::io::duplex(ROOM);
        let desk = Desk::default();
        let clock = Clock::start();
        let settings = Settings { window_max: 10_000, ..Settings::default() };
        let mut session = Session::new(Role::Esme, settings, clock.now());
        session.bind(clock.now(), &BindRequest::new(BindKind::Transceiver, "me", "")).unwrap();
        let link = Link::new(ours, session, desk.clone(), clock);
        let link = tokio::spawn(link.with_unwritten_max(unwritten_max));
        read_pdus(&mut peer, 1).await;
        peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
        until(|| !desk.take().is_empty()).await;
        desk.submit(5_000);
        let closed = timeout(Duration::from_secs(1), link).await;
        assert_eq!(closed.ok().map(Result::unwrap), ends.then_some(CloseReason::Stalled));
    }
}

/// The stream wakes a link for what it waits for; a read that was put off is nobody's to wake.
#[tokio::test(start_paused = true)]
async fn a_link_whose_backlog_goes_at_once_reads_on_at_once() {
    const REQUESTS: u32 = 20_000;
    let (mut peer, ours) = tokio::io::duplex(1 << 24);
    let (desk, valve) = (Desk::default(), Valve::default());
    let _link = run(Valved(ours, valve.clone()), Role::Smsc, Settings::default(), &desk);
    valve.turn(Flow::Shut);
    let mut octets = bind(1);
    octets.extend((2..2 + REQUESTS).flat_map(|sequence| encoded(&submit(), sequence)));
    peer.write_all(&octets).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(desk.requests() < REQUESTS as usize, "there was no backlog");
    let start = Instant::now();
    valve.turn(Flow::Open);
    read_pdus(&mut peer, 1 + REQUESTS as usize).await;
    assert!(start.elapsed() < Duration::from_secs(1), "stuck for {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_again_is_read_again_at_once() {
    let (mut peer, desk, _link) = bound_smsc(ROOM, Settings::default()).await;
    flood(&mut peer).await;
    let start = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(peer);
    let before = desk.requests();
    let reading = tokio::spawn(async move {
        // The last batch was cut off by its time: only whole PDUs of it were answered.
        read_pdus(&mut reader, before + 50).await.len()
    });
    assert_eq!(reading.await.unwrap(), before + 50);
    assert!(start.elapsed() < Duration::from_secs(1), "stuck for {:?}", start.elapsed());
    writer.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_waits_is_given_nothing_until_it_goes_on() {
    let (mut peer, desk, _link) = bound_smsc(ROOM, Settings::default()).await;
    desk.wait();
    tokio::task::yield_now().await;
    let sent = timeout(Duration::from_secs(5), async {
        for sequence in 2.. {
            peer.write_all(&encoded(&submit(), sequence)).await.unwrap();
        }
    });
    assert!(sent.await.is_err(), "the pipe fills");
    assert_eq!(desk.requests(), 0);
    desk.go();
    until(|| desk.requests() == ROOM / encoded(&submit(), 2).len()).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_not_silent_while_the_owner_waits() {
    let settings = Settings { window_max: 10, ..Settings::default() };
    let (mut peer, desk, link) = bound_smsc(ROOM, settings).await;
    desk.wait();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!link.is_finished());
    desk.go();
    peer.write_all(&encoded(&submit(), 2)).await.unwrap();
    until(|| desk.requests() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_that_waits_to_be_read_is_not_missed_by_the_timer() {
    for pause in [10, 29, 31, 600] {
        let (mut peer, ours) = tokio::io::duplex(ROOM);
        let desk = Desk::default();
        let settings =
            Settings { response_timeout: Duration::from_secs(30), ..Settings::default() };
        let link = run(ours, Role::Esme, settings, &desk);
        read_pdus(&mut peer, 1).await;
        peer.write_all(&header(CommandId::BIND_TRANSCEIVER_RESP, 1)).await.unwrap();
        until(|| !desk.take().is_empty()).await;
        desk.submit(2);
        read_pdus(&mut peer, 2).await;
        desk.wait();
        tokio::task::yield_now().await;
        peer.write_all(&header(CommandId::SUBMIT_SM_RESP, 2)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(pause)).await;
        assert_eq!(desk.take(), [], "{pause} s");
        desk.go();
        until(|| desk.responses() == 1).await;
        assert_eq!(desk.take(), [Seen::Response(0, OK)], "{pause} s");
        // The other has the rest of its time, and no more.
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert_eq!(desk.take(), [Seen::Unanswered(1, Unanswered::TimedOut)], "{pause} s");
        link.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_waits_still_sends() {
    let (mut peer, desk, _link) = bound_smsc(ROOM, Settings::default()).await;
    desk.wait();
    // An SMSC may not submit; what it may do is unbind.
    desk.unbind();
    assert_eq!(read_pdus(&mut peer, 1).await, [(CommandId::UNBIND, OK, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_link_waits_for_its_owner_to_hand_on_what_the_end_left() {
    let (peer, desk, link) = bound_smsc(ROOM, Settings::default()).await;
    desk.wait();
    // It does not read, so it learns of the end by not being able to write.
    drop(peer);
    desk.unbind();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!link.is_finished(), "the owner was dropped while it waited");
    assert!(desk.polls_after_close() > 0);
    desk.go();
    assert_eq!(link.await.unwrap(), CloseReason::Unbound);
}

#[tokio::test(start_paused = true)]
async fn every_owner_is_polled_once_more_after_the_close() {
    for cause in ["disconnect", "unbind", "framing"] {
        let (mut peer, desk, link) = bound_smsc(ROOM, Settings::default()).await;
        match cause {
            "disconnect" => drop(peer),
            "unbind" => peer.write_all(&header(CommandId::UNBIND, 2)).await.unwrap(),
            _ => peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap(),
        }
        link.await.unwrap();
        assert!(desk.polls_after_close() > 0, "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_is_polled_once_more_when_writing_fails() {
    let (mut peer, ours) = tokio::io::duplex(ROOM);
    let (desk, valve) = (Desk::default(), Valve::default());
    let link = run(Valved(ours, valve.clone()), Role::Smsc, Settings::default(), &desk);
    peer.write_all(&bind(1)).await.unwrap();
    read_pdus(&mut peer, 1).await;
    valve.turn(Flow::Broken);
    peer.write_all(&encoded(&submit(), 2)).await.unwrap();
    assert_eq!(link.await.unwrap(), CloseReason::Disconnected);
    assert!(desk.polls_after_close() > 0);
}
