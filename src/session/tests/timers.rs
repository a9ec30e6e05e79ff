//! The four timers of SMPP 3.4 §7.2.

use super::*;

/// session_init_timer.
#[test]
fn a_link_without_a_bind_is_closed_after_session_init() {
    let mut pair = Pair::new(Settings { session_init: seconds(7), ..Settings::default() });
    let start = pair.now;
    pair.run_out();
    assert_eq!(pair.now.monotonic - start.monotonic, seconds(7));
    assert_eq!(pair.smsc.closed, Some(CloseReason::SessionInit));
}

#[test]
fn enquiries_before_the_bind_do_not_put_off_session_init() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    for second in 0..10 {
        smsc.feed(at(second), &octets(CommandId::ENQUIRE_LINK, OK, 1, b""));
    }
    smsc.timeout(at(10));
    assert_eq!(smsc.closed, Some(CloseReason::SessionInit));
}

#[test]
fn a_bind_nobody_decides_about_in_time_is_refused_before_the_close() {
    let mut pair = Pair::new(Settings::default());
    pair.smsc.on_bind = OnBind::Hold;
    pair.bind(TRX);
    pair.run_out();
    let status = CommandStatus::ESME_RBINDFAIL;
    assert_eq!(headers(&pair.down.record), [(CommandId::BIND_TRANSCEIVER_RESP, status, 1)]);
    assert_eq!(pair.smsc.closed, Some(CloseReason::SessionInit));
    assert_eq!(pair.esme.closed, Some(CloseReason::BindRefused(status)));
}

#[test]
fn a_bind_that_is_not_answered_is_given_up_after_the_response_timeout() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    esme.session.bind(at(5), &BindRequest::new(TRX, "a", "b")).unwrap();
    assert_eq!(esme.session.poll_timeout(), Some(seconds(35)));
    esme.timeout(at(35));
    assert_eq!(esme.take(), [Seen::Closed(CloseReason::BindUnanswered)]);
}

/// enquire_link_timer.
#[test]
fn silence_is_probed_and_an_answer_keeps_the_session() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.pass(seconds(3600));
    assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(State::BoundTrx));
    let enquiries = |record: &[u8]| {
        let is_enquiry = |(command, _, _): &_| *command == CommandId::ENQUIRE_LINK;
        headers(record).iter().filter(|header| is_enquiry(header)).count()
    };
    let (up, down) = (enquiries(&pair.up.record), enquiries(&pair.down.record));
    // One enquiry answers for both ends: whose comes first varies, how many does not.
    assert!((119..=240).contains(&(up + down)), "{up} up and {down} down in 120 half minutes");
    assert_eq!((pair.esme.take(), pair.smsc.take()), (vec![], vec![]));
}

#[test]
fn a_peer_that_speaks_is_not_probed() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    for second in (20..400).step_by(20) {
        smsc.feed(at(second), &encoded(&submit(), 2));
        smsc.timeout(at(second));
    }
    assert!(smsc.sent_headers().iter().all(|(command, ..)| *command != CommandId::ENQUIRE_LINK));
}

#[test]
fn a_silent_peer_is_probed_once_and_then_closed_with_all_in_flight_handed_back() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(0)).unwrap();
    esme.send_message(at(29)).unwrap();
    esme.sent();
    esme.timeout(at(30));
    assert_eq!(esme.sent_headers(), [(CommandId::ENQUIRE_LINK, OK, 4)]);
    esme.send_message(at(59)).unwrap();
    esme.timeout(at(59));
    esme.take();
    assert_eq!(esme.session.poll_timeout(), Some(seconds(60)));
    esme.timeout(at(60));
    assert_eq!(
        esme.take(),
        [Seen::Unanswered(2, Unanswered::SessionEnded), Seen::Closed(CloseReason::EnquireLink),]
    );
}

#[test]
fn any_pdu_answers_an_enquiry() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.timeout(at(30));
    smsc.feed(at(59), &encoded(&submit(), 2));
    smsc.timeout(at(60));
    assert_eq!(smsc.closed, None);
    assert_eq!(smsc.session.poll_timeout(), Some(seconds(89)));
}

#[test]
fn a_peer_is_not_silent_while_it_is_not_read() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    for second in (0..1000).step_by(10) {
        smsc.session.handle_pause(at(second));
        smsc.timeout(at(second));
    }
    assert_eq!((smsc.closed, smsc.sent()), (None, Vec::new()));
}

#[test]
fn a_request_does_not_run_out_of_time_while_its_response_is_not_read() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(0)).unwrap();
    esme.session.handle_pause(at(10));
    // Sent while nothing is read: all of its time is still to come.
    esme.send_message(at(500)).unwrap();
    esme.timeout(at(1000));
    assert_eq!((esme.take(), esme.session.poll_timeout()), (vec![], None));
    esme.session.handle_resume(at(1000));
    // The second response waited to be read; the first never comes and has 20 s left.
    esme.feed(at(1000), &octets(CommandId::SUBMIT_SM_RESP, OK, 3, b"id\0"));
    esme.timeout(at(1019));
    let answer = Seen::Response(1, false, OK, Some(CommandId::SUBMIT_SM_RESP));
    assert_eq!(esme.take(), [answer]);
    assert_eq!(esme.session.poll_timeout(), Some(seconds(1020)));
    esme.timeout(at(1020));
    assert_eq!(esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
}

/// Pauses without number do not keep a request that is never answered for ever.
#[test]
fn a_request_has_its_time_of_reading_however_often_that_stops() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(0)).unwrap();
    for second in (0..58).step_by(2) {
        esme.session.handle_pause(at(second));
        esme.session.handle_resume(at(second + 1));
        esme.timeout(at(second + 1));
        assert_eq!(esme.waiting(), 1, "given back after {second} s");
    }
    // 29 s of pauses are behind it.
    esme.timeout(at(59));
    assert_eq!(esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
}

#[test]
fn an_age_is_the_peers_and_not_the_time_its_answer_was_not_read() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(100)).unwrap();
    esme.session.handle_pause(at(103));
    let response = octets(CommandId::SUBMIT_SM_RESP, OK, 2, b"id\0");
    match esme.session.handle_bytes(at(200), &mut response.as_slice()) {
        Some(Event::Response { request, .. }) => assert_eq!(request.age(seconds(200)), seconds(3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_is_not_inactive_while_its_messages_are_not_read() {
    let settings = Settings { inactivity: Some(seconds(100)), ..Settings::default() };
    let mut smsc = bound_end(Role::Smsc, TRX, settings);
    smsc.session.handle_pause(at(60));
    smsc.timeout(at(1000));
    smsc.session.handle_resume(at(1000));
    smsc.feed(at(1000), &octets(CommandId::ENQUIRE_LINK, OK, 9, b""));
    smsc.timeout(at(1029));
    assert!(!smsc.session.is_draining(), "unbound for what it was not let do");
    smsc.feed(at(1029), &octets(CommandId::ENQUIRE_LINK, OK, 10, b""));
    smsc.timeout(at(1040));
    assert!(smsc.session.is_draining(), "100 s without a message");
}

/// inactivity_timer.
#[test]
fn a_session_without_messages_unbinds_after_the_inactivity_time() {
    let settings = Settings { inactivity: Some(seconds(300)), ..Settings::default() };
    let mut pair = Pair::bound(TRX, settings);
    pair.pass(seconds(100));
    pair.esme.send_message(pair.now).unwrap();
    pair.pass(seconds(299));
    assert_eq!(pair.esme.session.state(), State::BoundTrx);
    pair.pass(seconds(1));
    let reasons = [pair.esme.closed, pair.smsc.closed];
    assert!(reasons.contains(&Some(CloseReason::Unbound)), "{reasons:?}");
    assert!(reasons.contains(&Some(CloseReason::PeerUnbound)), "{reasons:?}");
}

#[test]
fn an_inactive_session_whose_peer_does_not_answer_waits_quietly_for_its_end() {
    let settings = Settings { inactivity: Some(seconds(10)), ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    esme.timeout(at(10));
    assert_eq!(esme.sent_headers(), [(CommandId::UNBIND, OK, 2)]);
    assert_eq!(esme.session.poll_timeout(), Some(seconds(40)), "no timer before the last one");
    esme.timeout(at(40));
    assert_eq!(esme.take(), [Seen::Closed(CloseReason::UnbindUnanswered)]);
}

#[test]
fn times_that_mean_never_are_never() {
    let never = Duration::MAX;
    let settings = Settings {
        session_init: never,
        enquire_link: never,
        inactivity: Some(never),
        response_timeout: never,
        drain: never,
        ..Settings::default()
    };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    esme.send_message(at(1)).unwrap();
    esme.timeout(at(1_000_000_000));
    esme.session.unbind(at(1_000_000_001));
    esme.timeout(at(2_000_000_000));
    assert_eq!((esme.take(), esme.waiting()), (vec![], 1));
}

#[test]
fn a_timer_called_early_does_nothing() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.esme.send_message(pair.now).unwrap();
    let due = pair.esme.session.poll_timeout().unwrap();
    while pair.now.monotonic < due {
        pair.esme.timeout(pair.now);
        pair.now = pair.now.plus(Duration::from_millis(500));
    }
    assert_eq!((pair.esme.take(), pair.esme.sent_headers().len()), (vec![], 1));
}

/// A peer that leaves a request unanswered may be gone. It is asked at once, not when it has been
/// silent for as long as is waited otherwise.
#[test]
fn a_peer_that_leaves_a_request_unanswered_is_asked_whether_it_is_there() {
    for answers in [true, false] {
        let settings = Settings { enquire_link: seconds(1000), ..Settings::default() };
        let mut esme = bound_end(Role::Esme, TRX, settings);
        esme.send_message(at(1)).unwrap();
        esme.sent();
        esme.timeout(at(31));
        assert_eq!(esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
        assert_eq!(esme.sent_headers(), [(CommandId::ENQUIRE_LINK, OK, 3)]);
        assert!(esme.session.is_silent());
        if answers {
            esme.feed(at(32), &octets(CommandId::ENQUIRE_LINK_RESP, OK, 3, b""));
        }
        assert_eq!(esme.session.is_silent(), !answers);
        esme.timeout(at(61));
        assert_eq!(esme.closed, (!answers).then_some(CloseReason::EnquireLink));
    }
}

/// Who is never asked may have nothing to say: it would be silent for ever.
#[test]
fn a_peer_that_is_never_asked_is_not_silent() {
    let settings = Settings { enquire_link: Duration::MAX, ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    esme.send_message(at(1)).unwrap();
    esme.timeout(at(31));
    assert_eq!(esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
    assert!(!esme.session.is_silent());
}

/// Whatever it says counts, its late answer too; what it says while it is not read does not.
#[test]
fn a_peer_is_silent_until_it_says_anything() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    assert!(!esme.session.is_silent());
    esme.send_message(at(1)).unwrap();
    esme.timeout(at(31));
    esme.session.handle_pause(at(32));
    esme.session.handle_resume(at(40));
    assert!(esme.session.is_silent());
    esme.feed(at(41), &octets(CommandId::SUBMIT_SM_RESP, OK, 2, b"id\0"));
    assert!(!esme.session.is_silent());
}
