//! How sessions come to be bound, and what is answered before they are.

use super::*;

const KINDS: [BindKind; 3] = [BindKind::Transmitter, BindKind::Receiver, TRX];
const BIND_COMMANDS: [CommandId; 3] =
    [CommandId::BIND_TRANSMITTER, CommandId::BIND_RECEIVER, CommandId::BIND_TRANSCEIVER];

/// SMPP 3.4 §4.1: each bind is answered by its own response and leads to its own state.
#[test]
fn each_of_the_three_binds_leads_both_ends_to_its_state() {
    for (kind, command) in KINDS.into_iter().zip(BIND_COMMANDS) {
        let mut pair = Pair::new(Settings::default());
        pair.bind(kind);
        assert_eq!(headers(&pair.up.record), [(command, OK, 1)]);
        assert_eq!(headers(&pair.down.record), [(command.response(), OK, 1)]);
        assert_eq!(pair.smsc.take(), [Seen::BindRequested(kind, 0x34), Seen::Bound(kind.state())]);
        assert_eq!(pair.esme.take(), [Seen::Bound(kind.state())]);
        assert_eq!(
            (pair.esme.session.peer_version(), pair.smsc.session.peer_version()),
            both(0x34)
        );
    }
}

/// SMPP 3.4 §2.2.1, §4.1.7.
#[test]
fn an_esme_binds_after_outbind_and_serves_as_if_it_had_called() {
    let mut pair = Pair::new(Settings::default());
    pair.smsc.session.outbind(pair.now, &Outbind::default()).unwrap();
    pair.drive();
    assert_eq!(pair.esme.take(), [Seen::Outbind]);
    assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(State::Outbound));
    pair.bind(BindKind::Receiver);
    assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(State::BoundRx));
    pair.smsc.send_message(pair.now).unwrap();
    pair.drive();
    assert_eq!(pair.smsc.waiting(), 0);
}

/// A connector binds as soon as it is connected, and may be asked to meanwhile.
#[test]
fn an_outbind_that_crosses_the_bind_changes_nothing() {
    let mut pair = Pair::new(Settings::default());
    pair.smsc.session.outbind(pair.now, &Outbind::default()).unwrap();
    pair.bind(BindKind::Transceiver);
    assert_eq!((pair.esme.session.state(), pair.smsc.session.state()), both(State::BoundTrx));
    pair.smsc.send_message(pair.now).unwrap();
    pair.drive();
    assert_eq!(pair.smsc.waiting(), 0);
}

#[test]
fn outbind_is_the_smscs_and_only_before_a_bind() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    let refused = Err(SubmitError::NotPermitted);
    assert_eq!(esme.session.outbind(at(0), &Outbind::default()), refused);
    let mut smsc = bound_end(Role::Smsc, TRX, Settings::default());
    assert_eq!(smsc.session.outbind(at(0), &Outbind::default()), refused);
}

#[test]
fn an_esme_that_is_not_called_back_after_outbind_in_time_is_let_go() {
    let mut pair = Pair::new(Settings::default());
    pair.smsc.session.outbind(pair.now, &Outbind::default()).unwrap();
    pair.drive();
    pair.run_out();
    assert_eq!(pair.smsc.closed, Some(CloseReason::SessionInit));
}

#[test]
fn a_refused_bind_gets_its_own_response_and_then_the_close() {
    for (kind, command) in KINDS.into_iter().zip(BIND_COMMANDS) {
        let mut pair = Pair::new(Settings::default());
        let status = CommandStatus::ESME_RINVPASWD;
        pair.smsc.on_bind = OnBind::Refuse(status);
        pair.bind(kind);
        assert_eq!(headers(&pair.down.record), [(command.response(), status, 1)]);
        let reason = CloseReason::BindRefused(status);
        assert_eq!((pair.esme.closed, pair.smsc.closed), both(Some(reason)));
        assert_eq!(pair.esme.take(), [Seen::Closed(reason)]);
    }
}

#[test]
fn a_bind_answered_with_generic_nack_is_a_refused_bind() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    esme.session.bind(at(0), &BindRequest::new(TRX, "a", "b")).unwrap();
    let status = CommandStatus::ESME_RINVCMDID;
    esme.feed(at(0), &octets(CommandId::GENERIC_NACK, status, 1, b""));
    assert_eq!(esme.take(), [Seen::Closed(CloseReason::BindRefused(status))]);
}

#[test]
fn a_refusal_whose_body_cannot_be_read_is_a_refusal() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    esme.session.bind(at(0), &BindRequest::new(TRX, "a", "b")).unwrap();
    let status = CommandStatus::ESME_RINVPASWD;
    esme.feed(at(0), &octets(CommandId::BIND_TRANSCEIVER_RESP, status, 1, b"no end"));
    let seen = esme.take();
    assert!(matches!(seen[0], Seen::Odd(Odd::BadPdu(_))));
    assert_eq!(seen[1..], [Seen::Closed(CloseReason::BindRefused(status))]);
}

/// SMPP 3.4 §5.1.3, ESME_RALYBND.
#[test]
fn a_bind_while_bound_is_told_so_and_the_session_stays() {
    let mut smsc = bound_end(Role::Smsc, BindKind::Transmitter, Settings::default());
    for (sequence, command) in (2..).zip(BIND_COMMANDS) {
        smsc.feed(at(1), &empty_pdu(row(command).unwrap(), sequence));
        let answer = (command.response(), CommandStatus::ESME_RALYBND, sequence);
        assert_eq!(smsc.sent_headers(), [answer]);
        assert_eq!(smsc.take(), [Seen::Odd(Odd::NotPermitted(command))]);
    }
    assert_eq!(smsc.session.state(), State::BoundTx);
}

#[test]
fn a_second_bind_while_the_first_waits_is_refused_and_the_first_still_stands() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.on_bind = OnBind::Hold;
    let bind = BindRequest::new(TRX, "esme", "secret").fields;
    smsc.feed(at(0), &[encoded(&bind, 1), encoded(&bind, 2)].concat());
    let response = CommandId::BIND_TRANSCEIVER_RESP;
    assert_eq!(smsc.sent_headers(), [(response, CommandStatus::ESME_RINVBNDSTS, 2)]);
    smsc.session.accept_bind(at(0), "smsc");
    assert_eq!(smsc.sent_headers(), [(response, OK, 1)]);
}

#[test]
fn requests_before_a_bind_are_refused_with_their_own_response() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    let commands = [
        CommandId::SUBMIT_SM,
        CommandId::SUBMIT_MULTI,
        CommandId::DATA_SM,
        CommandId::QUERY_SM,
        CommandId::CANCEL_SM,
        CommandId::REPLACE_SM,
        CommandId::UNBIND,
    ];
    for (sequence, command) in (1..).zip(commands) {
        smsc.feed(at(0), &empty_pdu(row(command).unwrap(), sequence));
        let answer = (command.response(), CommandStatus::ESME_RINVBNDSTS, sequence);
        assert_eq!(smsc.sent_headers(), [answer]);
    }
    assert_eq!((smsc.session.state(), smsc.session.unanswered()), (State::Open, 0));
    smsc.feed(at(0), &encoded(&BindRequest::new(TRX, "a", "b").fields, 50));
    assert_eq!(smsc.session.state(), State::BoundTrx);
}

#[test]
fn the_owner_hears_of_the_bind_before_what_came_behind_it() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    let bind = BindRequest::new(TRX, "esme", "secret").fields;
    smsc.feed(at(0), &[encoded(&bind, 1), encoded(&submit(), 2)].concat());
    let seen = smsc.take();
    assert_eq!(seen[1], Seen::Bound(State::BoundTrx));
    assert_eq!(seen[2], Seen::Request(CommandId::SUBMIT_SM, 2));
}

/// The limit of 512 octets ends with the bind, within the same octets.
#[test]
fn a_long_pdu_right_behind_a_bind_is_no_lost_framing() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    let bind = BindRequest::new(TRX, "esme", "secret").fields;
    let mut tlvs = Vec::new();
    assert!(crate::wire::tlv::put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &[b'x'; 65_535]));
    let (tlvs, _) = crate::wire::Tlvs::take(&tlvs);
    let long = encoded(&SubmitSm { tlvs, ..submit() }, 2);
    smsc.feed(at(0), &[encoded(&bind, 1), long].concat());
    assert_eq!(smsc.take().last(), Some(&Seen::Request(CommandId::SUBMIT_SM, 2)));
}

#[test]
fn an_owner_may_bind_once_and_submits_only_when_bound() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    assert_eq!(esme.session.window_free(), 0);
    assert_eq!(esme.send_message(at(0)), Err(SubmitError::NotPermitted));
    let bind = BindRequest::new(TRX, "a", "b");
    esme.session.bind(at(0), &bind).unwrap();
    assert_eq!(esme.session.bind(at(0), &bind), Err(SubmitError::NotPermitted));
    assert_eq!(esme.send_message(at(0)), Err(SubmitError::NotPermitted));
    esme.feed(at(0), &octets(CommandId::BIND_TRANSCEIVER_RESP, OK, 1, b"s\0"));
    assert_eq!(esme.send_message(at(0)), Ok(0));
    assert_eq!(esme.session.bind(at(0), &bind), Err(SubmitError::NotPermitted));
}

#[test]
fn an_esme_cannot_grant_or_refuse_the_bind_it_asked_for() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    esme.session.bind(at(0), &BindRequest::new(TRX, "a", "b")).unwrap();
    esme.sent();
    esme.session.accept_bind(at(0), "smsc");
    esme.session.refuse_bind(CommandStatus::ESME_RBINDFAIL);
    esme.session.close();
    esme.poll(at(0));
    assert_eq!((esme.sent(), esme.take()), (vec![], vec![Seen::Closed(CloseReason::Local)]));
}

#[test]
fn a_bind_whose_fields_do_not_fit_leaves_nothing_behind() {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    let long = BindRequest::new(TRX, "sixteen octets!!", "b");
    let refused = esme.session.bind(at(0), &long);
    assert!(matches!(refused, Err(SubmitError::Encode(error)) if error.field == "system_id"));
    assert_eq!((esme.sent(), esme.session.in_flight()), (Vec::new(), 0));
    assert_eq!(esme.session.bind(at(0), &BindRequest::new(TRX, "a", "b")), Ok(()));
}

#[test]
fn what_we_call_ourselves_is_cut_to_its_field() {
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.on_bind = OnBind::Hold;
    smsc.feed(at(0), &encoded(&BindRequest::new(TRX, "a", "b").fields, 1));
    smsc.session.accept_bind(at(0), "a name of more than fifteen octets");
    let sent = smsc.sent();
    let (_, response) = BindTransceiverResp::decode(&sent, &crate::wire::Rules::STRICT).unwrap();
    assert_eq!(response.system_id, COctetString::from("a name of more "));
}
