//! Every way a session ends, and that nothing is lost without a word.

use super::*;

#[test]
fn an_idle_session_unbinds_at_once_and_both_ends_agree() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.esme.session.unbind(pair.now);
    pair.drive();
    assert_eq!(pair.esme.take(), [Seen::Closed(CloseReason::Unbound)]);
    assert_eq!(pair.smsc.take(), [Seen::Closed(CloseReason::PeerUnbound)]);
    assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(State::Unbound));
}

#[test]
fn a_drain_waits_for_what_is_in_flight_and_takes_nothing_new() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.smsc.on_request = OnRequest::Hold;
    pair.esme.send_message(pair.now).unwrap();
    pair.drive();
    pair.esme.session.unbind(pair.now);
    pair.drive();
    assert!(pair.esme.session.is_draining());
    assert_eq!(pair.esme.session.window_free(), 0);
    assert_eq!(pair.esme.send_message(pair.now), Err(SubmitError::NotPermitted));
    pair.smsc.answer_held();
    pair.drive();
    let answered = Seen::Response(0, false, OK, Some(CommandId::SUBMIT_SM_RESP));
    assert_eq!(pair.esme.take(), [answered, Seen::Closed(CloseReason::Unbound)]);
}

#[test]
fn a_drain_waits_for_the_answers_the_peer_is_owed() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.esme.on_request = OnRequest::Hold;
    pair.smsc.send_message(pair.now).unwrap();
    pair.smsc.send_message(pair.now).unwrap();
    pair.drive();
    pair.esme.session.unbind(pair.now);
    pair.pass(seconds(5));
    assert_eq!(pair.esme.closed, None);
    pair.esme.answer_held();
    pair.drive();
    pair.step();
    assert_eq!(pair.now.monotonic, seconds(6), "the last answer ends the drain, not its time");
    assert_eq!(pair.esme.closed, Some(CloseReason::Unbound));
    assert_eq!(pair.smsc.waiting(), 0);
    let answered = |ticket| Seen::Response(ticket, false, OK, Some(CommandId::DELIVER_SM_RESP));
    assert_eq!(pair.smsc.take()[..2], [answered(0), answered(1)]);
}

#[test]
fn requests_that_come_while_draining_are_still_answered() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.smsc.on_request = OnRequest::Hold;
    pair.esme.send_message(pair.now).unwrap();
    pair.esme.session.unbind(pair.now);
    pair.smsc.send_message(pair.now).unwrap();
    pair.drive();
    assert_eq!(pair.smsc.waiting(), 0);
}

#[test]
fn a_drain_that_takes_too_long_unbinds_all_the_same_and_hands_back_the_rest() {
    let settings = Settings { drain: seconds(4), ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    esme.send_message(at(1)).unwrap();
    esme.sent();
    esme.session.unbind(at(1));
    assert_eq!(esme.session.poll_timeout(), Some(seconds(5)));
    esme.timeout(at(5));
    assert_eq!(esme.sent_headers(), [(CommandId::UNBIND, OK, 3)]);
    esme.feed(at(5), &octets(CommandId::UNBIND_RESP, OK, 3, b""));
    assert_eq!(
        esme.take(),
        [Seen::Unanswered(0, Unanswered::SessionEnded), Seen::Closed(CloseReason::Unbound)]
    );
}

#[test]
fn a_drain_ends_when_the_last_request_has_expired() {
    let settings = Settings { drain: seconds(600), ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    esme.send_message(at(1)).unwrap();
    esme.sent();
    esme.session.unbind(at(1));
    esme.timeout(at(1).plus(settings.response_timeout));
    assert_eq!(esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
    assert_eq!(esme.sent_headers(), [(CommandId::UNBIND, OK, 3)]);
}

#[test]
fn an_unbind_that_is_not_answered_closes_after_the_response_timeout() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.session.unbind(at(1));
    assert_eq!(esme.sent_headers(), [(CommandId::UNBIND, OK, 2)]);
    esme.timeout(at(30));
    assert_eq!(esme.closed, None);
    esme.timeout(at(31));
    assert_eq!(esme.closed, Some(CloseReason::UnbindUnanswered));
}

#[test]
fn unbinding_twice_sends_one_unbind() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.session.unbind(at(1));
    esme.session.unbind(at(2));
    assert_eq!(esme.sent_headers().len(), 1);
}

#[test]
fn two_unbinds_that_cross_close_both_ends() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.esme.session.unbind(pair.now);
    pair.smsc.session.unbind(pair.now);
    pair.drive();
    assert!(pair.esme.closed.is_some() && pair.smsc.closed.is_some());
}

/// The peer's last words, and what they are answered when all it asked before has been.
fn last_words() -> [(Vec<u8>, Answer, CloseReason); 2] {
    let unbind = octets(CommandId::UNBIND, OK, 9, b"");
    let lost = octets(CommandId::SUBMIT_SM, OK, 9, b"")[4..].to_vec();
    let error = FramingError { command_length: 4, looks_like: LooksLike::TooShort };
    [
        (unbind, (CommandId::UNBIND_RESP, OK, 9), CloseReason::PeerUnbound),
        (
            [&[0, 0, 0, 4], &lost[..]].concat(),
            (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0),
            CloseReason::Framing(error),
        ),
    ]
}

type Answer = (CommandId, CommandStatus, SequenceNumber);

#[test]
fn what_the_peer_asked_before_its_end_is_answered_first() {
    for (end, answer, reason) in last_words() {
        let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
        smsc.on_request = OnRequest::Hold;
        smsc.feed(at(1), &[encoded(&submit(), 7), encoded(&submit(), 8), end].concat());
        assert_eq!((smsc.sent_headers(), smsc.closed), (vec![], None));
        assert_eq!(smsc.send_message(at(1)), Err(SubmitError::NotPermitted));
        // Nothing that follows is read.
        smsc.feed(at(2), &encoded(&submit(), 10));
        smsc.answer_held();
        smsc.poll(at(3));
        let answered = |sequence| (CommandId::SUBMIT_SM_RESP, OK, sequence);
        assert_eq!(smsc.sent_headers(), [answered(7), answered(8), answer]);
        assert_eq!(smsc.closed, Some(reason));
    }
}

#[test]
fn an_end_waits_no_longer_for_answers_than_a_drain_does() {
    for (end, answer, reason) in last_words() {
        let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
        smsc.on_request = OnRequest::Hold;
        smsc.feed(at(1), &[encoded(&submit(), 7), end].concat());
        assert_eq!(smsc.session.poll_timeout(), Some(seconds(11)));
        smsc.timeout(at(11));
        assert_eq!((smsc.sent_headers(), smsc.closed), (vec![answer], Some(reason)));
    }
}

#[test]
fn a_peer_that_sends_no_more_still_gets_its_answers() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.on_request = OnRequest::Hold;
    smsc.feed(at(1), &encoded(&submit(), 7));
    smsc.session.handle_eof(at(1));
    smsc.poll(at(1));
    assert_eq!(smsc.closed, None);
    smsc.answer_held();
    smsc.poll(at(2));
    assert_eq!(smsc.sent_headers(), [(CommandId::SUBMIT_SM_RESP, OK, 7)]);
    assert_eq!(smsc.closed, Some(CloseReason::Disconnected));
}

/// SMPP 3.4 §4.2.
#[test]
fn the_peers_unbind_is_answered_and_what_is_in_flight_handed_back_in_order() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    for _ in 0..3 {
        esme.send_message(at(1)).unwrap();
    }
    esme.sent();
    esme.feed(at(1), &octets(CommandId::UNBIND, OK, 9, b""));
    assert_eq!(esme.sent_headers(), [(CommandId::UNBIND_RESP, OK, 9)]);
    let lost = |ticket| Seen::Unanswered(ticket, Unanswered::SessionEnded);
    let closed = Seen::Closed(CloseReason::PeerUnbound);
    assert_eq!(esme.take(), [lost(0), lost(1), lost(2), closed]);
}

#[test]
fn what_follows_an_unbind_is_not_read() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    let unbind = octets(CommandId::UNBIND, OK, 2, b"");
    smsc.feed(at(1), &[unbind, encoded(&submit(), 3)].concat());
    assert_eq!(smsc.take(), [Seen::Closed(CloseReason::PeerUnbound)]);
    assert_eq!(smsc.sent_headers(), [(CommandId::UNBIND_RESP, OK, 2)]);
}

/// A peer that has handled what it got and unbinds may write both at once, its answers behind.
#[test]
fn answers_that_stand_behind_the_peers_unbind_are_heard() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    for _ in 0..3 {
        smsc.send_message(at(1)).unwrap();
    }
    let sequences: Vec<_> = smsc.sent_headers().iter().map(|(.., sequence)| *sequence).collect();
    let unbind = octets(CommandId::UNBIND, OK, 9, b"");
    // The body of the first cannot be read; its number can.
    let body = |at: usize| if at == 0 { &b"no end"[..] } else { b"\0" };
    let answer = |at: usize| octets(CommandId::DELIVER_SM_RESP, OK, sequences[at], body(at));
    // Whatever it asks there is not heard, and an answer that is not whole is none.
    let cut = &answer(2)[..10];
    smsc.feed(at(1), &[&unbind, &answer(0)[..], &encoded(&submit(), 3), &answer(1), cut].concat());
    let heard = |ticket| {
        let body = (ticket > 0).then_some(CommandId::DELIVER_SM_RESP);
        Seen::Response(ticket, false, OK, body)
    };
    let lost = Seen::Unanswered(2, Unanswered::SessionEnded);
    let closed = Seen::Closed(CloseReason::PeerUnbound);
    assert_eq!(smsc.take(), [heard(0), heard(1), lost, closed]);
    assert_eq!(smsc.sent_headers(), [(CommandId::UNBIND_RESP, OK, 9)]);
}

#[test]
fn what_was_asked_before_an_unbind_is_answered_when_all_behind_it_is_heard() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.send_message(at(1)).unwrap();
    let (.., sequence) = smsc.sent_headers()[0];
    let unbind = octets(CommandId::UNBIND, OK, 9, b"");
    let answer = octets(CommandId::DELIVER_SM_RESP, OK, sequence, b"\0");
    // It is answered as soon as it is heard, before what stands behind it is.
    smsc.feed(at(1), &[encoded(&submit(), 8), unbind, answer].concat());
    let seen = smsc.take();
    let heard = Seen::Response(0, false, OK, Some(CommandId::DELIVER_SM_RESP));
    assert_eq!(seen[seen.len() - 2..], [heard, Seen::Closed(CloseReason::PeerUnbound)]);
    let answered = [(CommandId::SUBMIT_SM_RESP, OK, 8), (CommandId::UNBIND_RESP, OK, 9)];
    assert_eq!(smsc.sent_headers(), answered);
}

#[test]
fn a_lost_link_hands_back_everything_in_flight_in_order() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    for _ in 0..50 {
        esme.send_message(at(1)).unwrap();
    }
    esme.disconnect(at(2));
    let mut expected: Vec<Seen> =
        (0..50).map(|ticket| Seen::Unanswered(ticket, Unanswered::SessionEnded)).collect();
    expected.push(Seen::Closed(CloseReason::Disconnected));
    assert_eq!(esme.take(), expected);
}

#[test]
fn a_peer_that_takes_no_octets_is_closed_by_that_name() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(1)).unwrap();
    esme.session.handle_stall();
    esme.poll(at(1));
    let lost = Seen::Unanswered(0, Unanswered::SessionEnded);
    assert_eq!(esme.take(), [lost, Seen::Closed(CloseReason::Stalled)]);
}

#[test]
fn a_session_closes_once_whatever_happens_afterwards() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.session.close();
    esme.poll(at(1));
    assert_eq!(esme.take(), [Seen::Closed(CloseReason::Local)]);
    esme.disconnect(at(2));
    esme.session.unbind(at(2));
    esme.session.refuse_bind(CommandStatus::ESME_RBINDFAIL);
    esme.session.accept_bind(at(2), "smsc");
    esme.feed(at(2), &octets(CommandId::UNBIND, OK, 1, b""));
    esme.timeout(at(1000));
    assert_eq!(esme.session.respond(7, OK, &DeliverSmResp::default()), Ok(()));
    assert_eq!(esme.send_message(at(1000)), Err(SubmitError::NotPermitted));
    assert_eq!((esme.take(), esme.sent()), (vec![], vec![]));
    assert_eq!((esme.session.poll_timeout(), esme.session.in_flight()), (None, 0));
}

#[test]
fn closing_before_the_bind_refuses_a_bind_that_waits() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.on_bind = OnBind::Hold;
    smsc.feed(at(0), &encoded(&BindRequest::new(TRX, "a", "b").fields, 1));
    smsc.session.unbind(at(1));
    smsc.poll(at(1));
    let refusal = (CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_RBINDFAIL, 1);
    assert_eq!(smsc.sent_headers(), [refusal]);
    assert_eq!(smsc.closed, Some(CloseReason::Local));
}

#[test]
fn an_idle_session_gives_its_buffers_back_and_goes_on() {
    let mut pair = Pair::bound(TRX, Settings::default());
    for _ in 0..100 {
        pair.esme.send_message(pair.now).unwrap();
    }
    pair.drive();
    pair.esme.session.shrink();
    pair.smsc.session.shrink();
    assert_eq!(pair.esme.send_message(pair.now), Ok(100));
    pair.drive();
    assert_eq!(pair.esme.waiting(), 0);
}
