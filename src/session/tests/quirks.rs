//! What is known of peers in the field, by number in the list of interop quirks.

use super::*;

const ENQUIRE: CommandId = CommandId::ENQUIRE_LINK;
const BIND_RESP: CommandId = CommandId::BIND_TRANSCEIVER_RESP;

/// An ESME that waits for the answer to its bind.
fn binding_esme() -> End {
    let mut esme = End::new(Role::Esme, Settings::default(), at(0));
    esme.session.bind(at(0), &BindRequest::new(TRX, "esme", "secret")).unwrap();
    esme.sent();
    esme
}

#[test]
fn quirk_35_pdus_coalesced_behind_a_bind_response_are_read() {
    let mut stream = octets(BIND_RESP, OK, 1, b"smsc\0");
    for sequence in 1..=20 {
        stream.extend(encoded(&deliver(), sequence));
    }
    for cut in 0..=stream.len() {
        let mut esme = binding_esme();
        esme.feed(at(0), &stream[..cut]);
        esme.feed(at(0), &stream[cut..]);
        let seen = esme.take();
        assert_eq!(seen[0], Seen::Bound(State::BoundTrx));
        assert_eq!(seen.len(), 21, "cut at {cut}");
        assert_eq!(esme.sent_headers().len(), 20);
    }
}

#[test]
fn quirk_40_generic_nack_that_throttles_names_its_request_and_status() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    let ticket = esme.send_message(at(1)).unwrap();
    let status = CommandStatus::ESME_RTHROTTLED;
    esme.feed(at(1), &octets(CommandId::GENERIC_NACK, status, 2, b""));
    let throttled = Seen::Response(ticket, false, status, Some(CommandId::GENERIC_NACK));
    assert_eq!(esme.take(), [throttled]);
}

#[test]
fn quirk_43_numbers_of_zero_and_above_the_standards_are_echoed() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    for sequence in [0, 0x7fff_ffff, 0x8000_0000, 0x1625_d269, u32::MAX] {
        esme.feed(at(1), &encoded(&deliver(), sequence));
        esme.feed(at(1), &octets(ENQUIRE, OK, sequence, b""));
        let delivered = (CommandId::DELIVER_SM_RESP, OK, sequence);
        assert_eq!(esme.sent_headers(), [delivered, (ENQUIRE.response(), OK, sequence)]);
    }
    let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
    smsc.feed(at(0), &encoded(&BindRequest::new(TRX, "a", "b").fields, 0));
    assert_eq!(smsc.sent_headers(), [(BIND_RESP, OK, 0)]);
}

#[test]
fn quirk_44_both_directions_use_the_same_numbers_without_confusion() {
    let mut pair = Pair::bound(TRX, Settings::default());
    let held = OnRequest::Hold;
    (pair.esme.on_request, pair.smsc.on_request) = (held, held);
    for _ in 0..20 {
        pair.esme.send_message(pair.now).unwrap();
        pair.smsc.send_message(pair.now).unwrap();
    }
    pair.drive();
    let numbers = |end: &End| end.held.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>();
    let (ours, theirs) = (numbers(&pair.smsc), numbers(&pair.esme));
    assert!(ours.iter().any(|number| theirs.contains(number)), "the numbers overlap");
    pair.esme.answer_held();
    pair.drive();
    assert_eq!((pair.esme.waiting(), pair.smsc.waiting()), (20, 0));
    pair.smsc.answer_held();
    pair.drive();
    assert_eq!(pair.esme.waiting(), 0);
}

#[test]
fn quirk_44_an_enquiry_never_shares_the_number_of_a_message() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.send_message(at(29)).unwrap();
    esme.timeout(at(30));
    let sent = esme.sent_headers();
    assert_eq!(sent, [(CommandId::SUBMIT_SM, OK, 2), (ENQUIRE, OK, 3)]);
    esme.feed(at(31), &octets(ENQUIRE.response(), OK, 3, b""));
    assert_eq!((esme.waiting(), esme.session.in_flight()), (1, 1));
}

#[test]
fn quirk_45_an_answer_with_the_peers_own_number_completes_nothing_and_keeps_the_session() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.timeout(at(30));
    esme.feed(at(31), &octets(ENQUIRE.response(), OK, 9000, b""));
    let stray = Odd::Stray { command_id: ENQUIRE.response(), sequence: 9000 };
    assert_eq!(esme.take(), [Seen::Odd(stray)]);
    // It spoke, so it is there: what counts is not the number.
    esme.timeout(at(60));
    assert_eq!(esme.closed, None);
}

#[test]
fn quirk_46_numbers_begin_again_at_1_and_each_session_has_its_own() {
    let mut one = bound_end(Role::Esme, TRX, Settings::default());
    let mut other = bound_end(Role::Esme, TRX, Settings::default());
    one.session.in_flight.start_after(0x7fff_fffd);
    for _ in 0..4 {
        one.send_message(at(1)).unwrap();
    }
    let numbers: Vec<u32> = one.sent_headers().iter().map(|(_, _, number)| *number).collect();
    assert_eq!(numbers, [0x7fff_fffe, 0x7fff_ffff, 1, 2]);
    for (ticket, sequence) in (0..).zip(numbers) {
        one.feed(at(1), &octets(CommandId::SUBMIT_SM_RESP, OK, sequence, b"x\0"));
        let response = Seen::Response(ticket, false, OK, Some(CommandId::SUBMIT_SM_RESP));
        assert_eq!(one.take(), [response]);
    }
    other.send_message(at(1)).unwrap();
    assert_eq!(other.sent_headers(), [(CommandId::SUBMIT_SM, OK, 2)]);
}

#[test]
fn quirk_47_no_two_segments_in_flight_share_a_number() {
    let mut esme = bound_end(Role::Esme, TRX, Settings { window_max: 1000, ..Default::default() });
    for _ in 0..1000 {
        esme.send_message(at(1)).unwrap();
    }
    let mut numbers: Vec<u32> = esme.sent_headers().iter().map(|(_, _, number)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 1000);
}

#[test]
fn quirk_48_a_refusal_as_already_bound_is_told_by_its_status() {
    let mut esme = binding_esme();
    esme.feed(at(1), &octets(BIND_RESP, CommandStatus::ESME_RALYBND, 1, b""));
    let refused = CloseReason::BindRefused(CommandStatus::ESME_RALYBND);
    assert_eq!(esme.take(), [Seen::Closed(refused)]);
}

#[test]
fn quirk_49_enquire_link_before_the_bind_is_answered_by_either_side() {
    for role in [Role::Esme, Role::Smsc] {
        let mut end = End::new(role, Settings::default(), at(0));
        end.feed(at(0), &octets(ENQUIRE, OK, 5, b""));
        assert_eq!(end.sent_headers(), [(ENQUIRE.response(), OK, 5)]);
    }
    let mut esme = binding_esme();
    let enquiry = octets(ENQUIRE, OK, 1, b"");
    esme.feed(at(0), &[enquiry, octets(BIND_RESP, OK, 1, b"smsc\0")].concat());
    assert_eq!(esme.sent_headers(), [(ENQUIRE.response(), OK, 1)]);
    assert_eq!(esme.session.state(), State::BoundTrx);
}

#[test]
fn quirk_50_a_peer_that_answers_enquiries_alone_keeps_its_session_and_gets_its_messages_back() {
    let mut pair = Pair::bound(TRX, Settings { window_max: 1, ..Settings::default() });
    pair.smsc.on_request = OnRequest::Hold;
    for ticket in 0..5 {
        pair.esme.send_message(pair.now).unwrap();
        pair.pass(seconds(61));
        assert_eq!(pair.esme.take(), [Seen::Unanswered(ticket, Unanswered::TimedOut)]);
    }
    assert_eq!(pair.esme.closed, None);
}

#[test]
fn quirk_50_a_response_after_forty_minutes_still_names_its_message() {
    let mut pair = Pair::bound(TRX, Settings::default());
    pair.smsc.on_request = OnRequest::Hold;
    let ticket = pair.esme.send_message(pair.now).unwrap();
    pair.drive();
    let slow = std::mem::take(&mut pair.smsc.held);
    pair.smsc.on_request = OnRequest::Answer;
    for _ in 0..40 {
        pair.pass(seconds(60));
        for _ in 0..100 {
            pair.esme.send_message(pair.now).unwrap();
        }
        pair.drive();
    }
    pair.esme.take();
    pair.smsc.held = slow;
    pair.smsc.answer_held();
    pair.drive();
    let late = Seen::Response(ticket, true, OK, Some(CommandId::SUBMIT_SM_RESP));
    assert_eq!(pair.esme.take(), [late]);
}

#[test]
fn quirk_50_an_enquiry_each_second_is_answered_and_counts_as_no_message() {
    let settings = Settings { inactivity: Some(seconds(60)), ..Settings::default() };
    let mut smsc = bound_end(Role::Smsc, TRX, settings);
    for second in 1..60 {
        smsc.feed(at(second), &octets(ENQUIRE, OK, second as u32, b""));
        smsc.timeout(at(second));
        assert_eq!(smsc.sent_headers(), [(ENQUIRE.response(), OK, second as u32)]);
    }
    smsc.timeout(at(60));
    assert_eq!(smsc.sent_headers()[0].0, CommandId::UNBIND);
}

#[test]
fn quirk_51_a_link_closed_right_after_unbind_is_a_plain_end() {
    let mut esme = bound_end(Role::Esme, TRX, Settings::default());
    esme.session.unbind(at(1));
    esme.disconnect(at(1));
    assert_eq!(esme.take(), [Seen::Closed(CloseReason::Unbound)]);
    let mut waiting = bound_end(Role::Esme, TRX, Settings::default());
    waiting.send_message(at(1)).unwrap();
    waiting.session.unbind(at(1));
    waiting.disconnect(at(1));
    assert_eq!(waiting.closed, Some(CloseReason::Disconnected), "a drain that broke is no end");
}

#[test]
fn quirk_52_a_bind_response_without_version_means_3_3() {
    for (body, version) in [
        (&b"smsc\0"[..], 0x33),
        (b"smsc\0\x02\x10\0\x01\x34", 0x34),
        (b"smsc\0\x02\x10\0\x01\x50", 0x50),
        (b"smsc\0\x02\x10\0\x02\0\x34", 0x33),
        (b"", 0x33),
        (b"no NUL", 0x33),
    ] {
        let mut esme = binding_esme();
        esme.feed(at(0), &octets(BIND_RESP, OK, 1, body));
        assert_eq!(esme.session.state(), State::BoundTrx);
        assert_eq!(esme.session.peer_version(), version, "{body:?}");
        assert_eq!(esme.session.peer_takes_tlvs(), version >= 0x34);
    }
}

#[test]
fn quirk_52_a_peer_of_3_3_gets_no_tlv_and_any_version_may_bind() {
    for version in [0, 0x03, 0x22, 0x33, 0x34, 0x50, 0xff] {
        let mut smsc = End::new(Role::Smsc, Settings::default(), at(0));
        let mut bind = BindRequest::new(TRX, "esme", "secret");
        bind.fields.interface_version = version;
        smsc.feed(at(0), &encoded(&bind.fields, 1));
        let sent = smsc.sent();
        let (_, response) =
            BindTransceiverResp::decode(&sent, &crate::wire::Rules::STRICT).unwrap();
        let told = response.tlvs.int(TlvTag::SC_INTERFACE_VERSION);
        assert_eq!(told, (version >= 0x34).then_some(0x34), "version {version:#x}");
        assert_eq!(smsc.session.peer_takes_tlvs(), version >= 0x34);
    }
}
