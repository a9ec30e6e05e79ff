//! What a peer is told about octets that cannot be taken, and that its session outlives them.

use super::*;

#[test]
fn a_bad_body_is_answered_with_the_status_of_its_field_and_the_session_stays() {
    // submit_sm: service_type (NUL), source ton, npi, address ...
    let cases: [(&[u8], CommandStatus); 4] = [
        (b"toolong\0", CommandStatus::ESME_RINVSERTYP),
        (b"\0\x01\x01123456789012345678901\0", CommandStatus::ESME_RINVSRCADR),
        (b"\0\x01\x0112345\0\x01\x01no end", CommandStatus::ESME_RINVDSTADR),
        (b"\0\x01", CommandStatus::ESME_RINVCMDLEN),
    ];
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    for (sequence, (body, status)) in (2..).zip(cases) {
        smsc.feed(at(1), &octets(CommandId::SUBMIT_SM, OK, sequence, body));
        assert_eq!(smsc.sent_headers(), [(CommandId::SUBMIT_SM_RESP, status, sequence)]);
        assert!(matches!(smsc.take()[..], [Seen::Odd(Odd::BadPdu(_))]));
    }
    assert_eq!(smsc.session.unanswered(), 0, "an answered request is nobody's debt");
    smsc.feed(at(1), &encoded(&submit(), 10));
    assert_eq!(smsc.take(), [Seen::Request(CommandId::SUBMIT_SM, 10)]);
}

#[test]
fn a_bad_bind_is_answered_and_may_be_tried_again() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.feed(at(0), &octets(CommandId::BIND_RECEIVER, OK, 1, b"no end"));
    let refusal = (CommandId::BIND_RECEIVER_RESP, CommandStatus::ESME_RINVSYSID, 1);
    assert_eq!(smsc.sent_headers(), [refusal]);
    smsc.feed(at(0), &encoded(&BindRequest::new(TRX, "a", "b").fields, 2));
    assert_eq!(smsc.session.state(), State::BoundTrx);
}

#[test]
fn a_bad_body_before_the_bind_is_told_that_a_bind_is_missing() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.feed(at(0), &octets(CommandId::SUBMIT_SM, OK, 3, b""));
    let refusal = (CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVBNDSTS, 3);
    assert_eq!(smsc.sent_headers(), [refusal]);
}

#[test]
fn a_bad_pdu_that_has_no_response_is_counted_and_not_answered() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.feed(at(1), &octets(CommandId::ALERT_NOTIFICATION, OK, 3, b""));
    assert!(matches!(esme.take()[..], [Seen::Odd(Odd::BadPdu(_))]));
    assert_eq!(esme.sent(), b"");
}

/// SMPP 3.4 §4.3.1, §5.1.3: generic_nack ESME_RINVCMDID with the number of the request.
#[test]
fn an_unknown_command_is_nacked_with_its_own_number_in_every_state() {
    let nack = |sequence| (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDID, sequence);
    for role in [Role::Esme, Role::Smsc] {
        let mut open = End::new(role, Settings::default(), at(0));
        let mut bound = bound_end(role, TRX, Settings::default());
        for (sequence, command) in [(7, 0x0a), (0, 0x0001_0200), (u32::MAX, 0x7fff_ffff)] {
            for end in [&mut open, &mut bound] {
                end.feed(at(1), &octets(CommandId(command), OK, sequence, b"anything"));
                assert_eq!(end.sent_headers(), [nack(sequence)]);
                assert_eq!(end.closed, None);
            }
        }
    }
}

/// A nack of the number would fail the peer's own request of that number.
#[test]
fn an_unknown_response_is_counted_and_not_answered() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.send_message(at(1)).unwrap();
    smsc.sent();
    smsc.feed(at(1), &octets(CommandId(0x8000_0f00), OK, 1, b""));
    assert_eq!((smsc.sent(), smsc.waiting()), (Vec::new(), 1));
    assert!(matches!(smsc.take()[..], [Seen::Odd(Odd::BadPdu(_))]));
}

#[test]
fn other_protocols_are_closed_by_name_and_get_no_smpp_before_a_bind() {
    let cases: [(&[u8], LooksLike); 12] = [
        (b"GET / HTTP/1.1\r\n\r\n", LooksLike::Http),
        (b"POST /sms HTTP/1.1\r\n", LooksLike::Http),
        (b"HTTP/1.1 200 OK\r\n", LooksLike::Http),
        (b"PRI * HTTP/2.0\r\n", LooksLike::Http),
        (b"AMQP\x00\x00\x09\x01", LooksLike::Amqp),
        (b"\x16\x03\x01\x02\x00\x01\x00", LooksLike::Tls),
        (b"\x15\x03\x03\x00\x02\x02\x32", LooksLike::Tls),
        (b"\x03\x00\x00\x2f\x2a\xe0", LooksLike::Tpkt),
        (b"SSH-2.0-OpenSSH_9.6\r\n", LooksLike::Ssh),
        (b"\x80\x00\x00\x09\x00\x00\x00\x00", LooksLike::Misaligned),
        (b"\x00\x00\x00\x0f", LooksLike::TooShort),
        (b"\xff\xff\xff\xff", LooksLike::TooLong),
    ];
    for (octets, expected) in cases {
        let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
        smsc.feed(at(0), octets);
        let Some(CloseReason::Framing(error)) = smsc.closed else { panic!("{:?}", smsc.closed) };
        assert_eq!(error.looks_like, expected);
        assert_eq!(smsc.sent(), b"");
    }
}

#[test]
fn framing_lost_while_bound_is_nacked_and_closed_with_all_in_flight_handed_back() {
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    smsc.send_message(at(1)).unwrap();
    smsc.sent();
    let good = encoded(&submit(), 2);
    smsc.feed(at(1), &[&good[..], b"\x00\x00\x00\x0fand whatever follows"].concat());
    let seen = smsc.take();
    assert_eq!(seen[0], Seen::Request(CommandId::SUBMIT_SM, 2));
    assert_eq!(seen[1], Seen::Unanswered(0, Unanswered::SessionEnded));
    assert!(matches!(seen[2..], [Seen::Closed(CloseReason::Framing(_))]));
    let nack = (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, 0);
    assert_eq!(smsc.sent_headers(), [(CommandId::SUBMIT_SM_RESP, OK, 2), nack]);
}

#[test]
fn every_length_below_the_header_and_above_the_limit_loses_the_framing() {
    let settings = Settings { max_pdu_bytes: 1000, ..Settings::default() };
    let lengths = [0, 1, 15, 1001, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    for length in lengths {
        let mut smsc = bound_end(Role::Smsc, TRX, settings);
        smsc.feed(at(1), &length.to_be_bytes());
        let Some(CloseReason::Framing(error)) = smsc.closed else { panic!("{length} was taken") };
        assert_eq!(error.command_length, length);
    }
    for length in [16_u32, 17, 999, 1000] {
        let mut smsc = bound_end(Role::Smsc, TRX, settings);
        smsc.feed(at(1), &length.to_be_bytes());
        assert_eq!(smsc.closed, None);
    }
}

#[test]
fn nothing_longer_than_a_bind_is_waited_for_before_one() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.feed(at(0), &513_u32.to_be_bytes());
    assert!(matches!(smsc.closed, Some(CloseReason::Framing(_))));
}
