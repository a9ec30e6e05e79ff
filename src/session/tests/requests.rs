//! Requests and their responses: windows, numbers, tickets.

use super::*;

const SUBMIT_RESP: CommandId = CommandId::SUBMIT_SM_RESP;

/// An ESME with so many submits sent, numbered from 2.
fn esme_with(submits: u64) -> End {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    for _ in 0..submits {
        esme.send_message(at(1)).unwrap();
    }
    esme.sent();
    esme
}

#[test]
fn messages_go_both_ways_and_every_ticket_comes_back() {
    let mut pair = Pair::bound(TRX, Settings::default());
    for _ in 0..1000 {
        for _ in 0..7 {
            pair.esme.send_message(pair.now).unwrap();
            pair.smsc.send_message(pair.now).unwrap();
        }
        pair.drive();
        assert_eq!((pair.esme.waiting(), pair.smsc.waiting()), (0, 0));
    }
    let seen = pair.esme.take();
    assert!(seen.contains(&Seen::Response(6999, false, OK, Some(SUBMIT_RESP))));
}

#[test]
fn the_window_is_never_exceeded_and_a_response_makes_room() {
    let settings = Settings { window_max: 3, ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    for free in (0..3).rev() {
        esme.send_message(at(1)).unwrap();
        assert_eq!(esme.session.window_free(), free);
    }
    assert_eq!(esme.send_message(at(1)), Err(SubmitError::WindowFull));
    assert_eq!(esme.sent_headers().len(), 3);
    esme.feed(at(1), &octets(SUBMIT_RESP, OK, 3, b"x\0"));
    assert_eq!(esme.send_message(at(1)), Ok(3));
    assert_eq!(esme.send_message(at(1)), Err(SubmitError::WindowFull));
}

#[test]
fn enquiries_nobody_answers_take_nothing_from_the_window_and_hold_up_no_drain() {
    let settings = Settings { window_max: 1, ..Settings::default() };
    let mut esme = bound_end(Role::Esme, TRX, settings);
    for second in (30..300).step_by(30) {
        esme.timeout(at(second));
        assert_eq!(esme.sent_headers()[0].0, CommandId::ENQUIRE_LINK);
        let ticket = esme.send_message(at(second)).unwrap();
        let (_, _, sequence) = esme.sent_headers()[0];
        esme.feed(at(second), &octets(SUBMIT_RESP, OK, sequence, b"x\0"));
        assert_eq!(esme.take(), [Seen::Response(ticket, false, OK, Some(SUBMIT_RESP))]);
        assert_eq!(esme.session.in_flight(), 1);
    }
    esme.session.unbind(at(300));
    assert_eq!(esme.sent_headers().len(), 1, "unbound at once");
}

#[test]
fn a_window_made_smaller_takes_nothing_back_and_lets_nothing_more_out() {
    let mut esme = esme_with(5);
    esme.set_window_max(2);
    assert_eq!(esme.session.window_free(), 0);
    for sequence in 2..5 {
        assert_eq!(esme.send_message(at(1)), Err(SubmitError::WindowFull));
        esme.feed(at(1), &octets(SUBMIT_RESP, OK, sequence, b"x\0"));
    }
    assert_eq!(esme.waiting(), 2);
    assert_eq!(esme.send_message(at(1)), Err(SubmitError::WindowFull));
}

/// SMPP 3.4 §2.6.1: responses may come in any order.
#[test]
fn responses_may_come_in_any_order() {
    let mut esme = esme_with(100);
    // 37 and 100 have no common factor, so this visits every one.
    for step in 0..100_u32 {
        let ticket = step * 37 % 100;
        esme.feed(at(1), &octets(SUBMIT_RESP, OK, ticket + 2, b"x\0"));
        let answered = Seen::Response(u64::from(ticket), false, OK, Some(SUBMIT_RESP));
        assert_eq!(esme.take(), [answered]);
    }
    assert_eq!(esme.session.in_flight(), 0);
}

#[test]
fn a_response_of_another_command_completes_nothing() {
    let mut esme = esme_with(1);
    for command_id in [
        CommandId::DATA_SM_RESP,
        CommandId::DELIVER_SM_RESP,
        CommandId::ENQUIRE_LINK_RESP,
        CommandId::UNBIND_RESP,
        CommandId::BIND_TRANSCEIVER_RESP,
    ] {
        esme.feed(at(1), &octets(command_id, OK, 2, b"x\0"));
        assert_eq!(esme.take(), [Seen::Odd(Odd::Stray { command_id, sequence: 2 })]);
    }
    assert_eq!(esme.waiting(), 1);
    esme.feed(at(1), &octets(SUBMIT_RESP, OK, 2, b"x\0"));
    assert_eq!(esme.waiting(), 0);
}

#[test]
fn a_response_of_a_number_never_given_out_completes_nothing() {
    let mut esme = esme_with(1);
    for sequence in [0, 1, 3, 2 + 16, 0x7fff_ffff, 0x8000_0002, u32::MAX] {
        esme.feed(at(1), &octets(SUBMIT_RESP, OK, sequence, b"x\0"));
        let command_id = SUBMIT_RESP;
        assert_eq!(esme.take(), [Seen::Odd(Odd::Stray { command_id, sequence })]);
    }
    assert_eq!(esme.waiting(), 1);
    assert_eq!(esme.sent(), b"", "strays are not answered");
}

#[test]
fn a_second_response_completes_nothing() {
    let mut esme = esme_with(2);
    let response = octets(SUBMIT_RESP, OK, 2, b"x\0");
    esme.feed(at(1), &[response.clone(), response].concat());
    let stray = Odd::Stray { command_id: SUBMIT_RESP, sequence: 2 };
    assert_eq!(esme.take().last(), Some(&Seen::Odd(stray)));
    assert_eq!(esme.waiting(), 1);
}

/// SMPP 3.4 §4.3: generic_nack stands for the response of any request.
#[test]
fn generic_nack_completes_the_request_of_its_number() {
    let mut esme = esme_with(2);
    let status = CommandStatus::ESME_RINVCMDID;
    esme.feed(at(1), &octets(CommandId::GENERIC_NACK, status, 3, b""));
    let nacked = Seen::Response(1, false, status, Some(CommandId::GENERIC_NACK));
    assert_eq!((esme.take(), esme.waiting()), (vec![nacked], 1));
}

#[test]
fn a_response_whose_body_cannot_be_read_still_completes_its_request() {
    let mut esme = esme_with(2);
    esme.feed(at(1), &octets(SUBMIT_RESP, OK, 2, b"no NUL"));
    let seen = esme.take();
    assert_eq!(seen[0], Seen::Response(0, false, OK, None));
    assert!(matches!(seen[1], Seen::Odd(Odd::BadPdu(_))));
    assert_eq!(esme.sent(), b"", "a bad response is not answered");
}

#[test]
fn an_unanswered_request_is_handed_back_and_makes_room() {
    let settings = Settings { window_max: 2, ..Settings::default() };
    let mut pair = Pair::bound(TRX, settings);
    pair.smsc.on_request = OnRequest::Hold;
    pair.esme.send_message(pair.now).unwrap();
    pair.pass(seconds(10));
    pair.esme.send_message(pair.now).unwrap();
    pair.pass(seconds(19));
    assert_eq!(pair.esme.take(), []);
    pair.pass(seconds(1));
    assert_eq!(pair.esme.take(), [Seen::Unanswered(0, Unanswered::TimedOut)]);
    assert_eq!(pair.esme.session.window_free(), 1);
    pair.pass(seconds(10));
    assert_eq!(pair.esme.take(), [Seen::Unanswered(1, Unanswered::TimedOut)]);
}

#[test]
fn a_late_response_says_so_once() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.smsc.on_request = OnRequest::Hold;
    pair.esme.send_message(pair.now).unwrap();
    pair.pass(seconds(45));
    pair.esme.take();
    let (command, sequence) = pair.smsc.held[0];
    pair.smsc.answer_held();
    pair.drive();
    assert_eq!(pair.esme.take(), [Seen::Response(0, true, OK, Some(SUBMIT_RESP))]);
    pair.smsc.answer(command, sequence);
    pair.drive();
    let stray = Odd::Stray { command_id: SUBMIT_RESP, sequence };
    assert_eq!(pair.esme.take(), [Seen::Odd(stray)]);
}

#[test]
fn a_field_that_does_not_fit_is_the_callers_error_and_sends_nothing() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    let long = SubmitSm { service_type: COctetString::from("too long"), ..submit() };
    let refused = esme.send(at(1), &long);
    assert!(matches!(refused, Err(SubmitError::Encode(error)) if error.field == "service_type"));
    assert_eq!((esme.sent(), esme.session.in_flight()), (Vec::new(), 0));
}

#[test]
fn what_is_no_owners_request_is_not_taken_for_one() {
    let refused = Err(SubmitError::NotPermitted);
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    assert_eq!(smsc.send(at(1), &SubmitSmResp::default()), refused);
    assert_eq!(smsc.send(at(1), &GenericNack::default()), refused);
    assert_eq!(smsc.send(at(1), &Unbind::default()), refused);
    assert_eq!(smsc.send(at(1), &AlertNotification::default()), refused);
    assert_eq!(smsc.send(at(1), &Outbind::default()), refused);
    assert_eq!((smsc.sent(), smsc.session.in_flight()), (Vec::new(), 0));
}

/// SMPP 3.4 §4.12.1: nothing answers it.
#[test]
fn alert_notification_takes_no_place_in_the_window_and_owes_no_answer() {
    let mut pair = Pair::bound(BindKind::Receiver, Settings::default());
    pair.smsc.session.notify(&AlertNotification::default()).unwrap();
    pair.drive();
    let alert = Seen::Request(CommandId::ALERT_NOTIFICATION, 1);
    assert_eq!(pair.esme.take(), [alert]);
    assert_eq!((pair.smsc.session.in_flight(), pair.esme.session.unanswered()), (0, 0));
    let refused = Err(SubmitError::NotPermitted);
    assert_eq!(pair.esme.session.notify(&AlertNotification::default()), refused);
}

#[test]
fn requests_of_the_peer_are_counted_until_they_are_answered() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.on_request = OnRequest::Hold;
    for sequence in 2..6 {
        smsc.feed(at(1), &encoded(&submit(), sequence));
    }
    assert_eq!(smsc.session.unanswered(), 4);
    smsc.session.respond_status(CommandId::SUBMIT_SM, 5, CommandStatus::ESME_RTHROTTLED);
    smsc.session.respond_nack(4, CommandStatus::ESME_RSYSERR);
    smsc.answer(CommandId::SUBMIT_SM, 3);
    assert_eq!(smsc.session.unanswered(), 1);
    assert_eq!(
        smsc.sent_headers(),
        [
            (SUBMIT_RESP, CommandStatus::ESME_RTHROTTLED, 5),
            (CommandId::GENERIC_NACK, CommandStatus::ESME_RSYSERR, 4),
            (SUBMIT_RESP, OK, 3),
        ]
    );
}

#[test]
fn octets_may_come_in_pieces_of_any_size() {
    let mut stream = Vec::new();
    for sequence in 2..20 {
        stream.extend(encoded(&submit(), sequence));
    }
    for size in 1..150 {
        let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
        for piece in stream.chunks(size) {
            smsc.feed(at(1), piece);
        }
        assert_eq!(smsc.take().len(), 18, "pieces of {size}");
    }
}
