//! Deviations seen in the field, one test each, by the number they have in the list of quirks.
//!
//! Where the standard rules leave a choice the test shows both sides: what is taken, and what is
//! refused when the rule that takes it is off.

use chappe::clock::Now;
use chappe::session::{BindKind, BindRequest, Session, Settings, SubmitError};
use chappe::wire::framer::{LooksLike, MAX_PDU_BYTES};
use chappe::wire::tlv::put_tlv;
use chappe::wire::{
    BindTransceiver, BindTransceiverResp, Body, CommandId, CommandStatus, DataSm, DataSmResp,
    DecodeError, DeliverSm, EnquireLink, ErrorBody, Fault, Framer, GenericNack, HEADER_LEN, Header,
    Limits, Pdu, QuerySmResp, Reaction, Role, Rules, StatusClass, SubmitMultiResp, SubmitSm,
    SubmitSmResp, TlvTag, Tlvs, TrailingOctets,
};

const RULES: Rules = Rules {
    version: chappe::wire::Version::V34,
    trailing_octets: TrailingOctets::Ignore,
    error_body: ErrorBody::Auto,
    require_body: false,
    long_c_strings: false,
    missing_nul: false,
};

/// A PDU with this body as it stands.
fn frame(command_id: CommandId, status: u32, body: &[u8]) -> Vec<u8> {
    let header = Header {
        command_length: (HEADER_LEN + body.len()) as u32,
        command_id,
        command_status: CommandStatus(status),
        sequence_number: 9,
    };
    [header.octets().as_slice(), body].concat()
}

fn encoded<'a>(body: &impl Body<'a>) -> Vec<u8> {
    let mut out = Vec::new();
    body.encode(CommandStatus::ESME_ROK, 9, &mut out).unwrap();
    out
}

/// The same PDU with octets behind it that its length counts.
fn with_behind(mut frame: Vec<u8>, octets: &[u8]) -> Vec<u8> {
    frame.extend_from_slice(octets);
    let len = frame.len() as u32;
    frame[..4].copy_from_slice(&len.to_be_bytes());
    frame
}

fn read<'a, B: Body<'a>>(frame: &'a [u8], rules: &Rules) -> Result<B, DecodeError> {
    B::decode(frame, rules).map(|(_, body)| body)
}

fn tlvs(octets: &[u8]) -> Tlvs<'_> {
    let (tlvs, taken) = Tlvs::take(octets);
    assert_eq!(taken, octets.len());
    tlvs
}

#[test]
fn the_rules_tried_here_are_the_default() {
    assert_eq!(RULES, Rules::default());
}

#[test]
fn q07_a_message_id_is_text_of_any_sort() {
    for id in ["SAR-33612345678-1eedf843-2-1", "b7a2f4c09d3e4f6b8a1c2d3e4f5a6b7c", "0e999f21"] {
        let resp = SubmitSmResp { message_id: id.into(), ..SubmitSmResp::default() };
        let frame = encoded(&resp);
        assert_eq!(read::<SubmitSmResp<'_>>(&frame, &RULES).unwrap().message_id.as_str(), Some(id));
    }
}

#[test]
fn q26_a_receipt_in_message_payload_or_data_sm_is_there_to_read() {
    let text = b"id:7f stat:DELIVRD";
    let mut octets = Vec::new();
    assert!(put_tlv(&mut octets, TlvTag::MESSAGE_PAYLOAD, text));
    let tlvs = tlvs(&octets);
    let deliver = encoded(&DeliverSm { esm_class: 4, tlvs, ..DeliverSm::default() });
    let deliver: DeliverSm<'_> = read(&deliver, &RULES).unwrap();
    assert_eq!(deliver.short_message, b"");
    assert_eq!(deliver.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD), Some(&text[..]));
    let data = encoded(&DataSm { esm_class: 4, tlvs, ..DataSm::default() });
    let data: DataSm<'_> = read(&data, &RULES).unwrap();
    assert_eq!(data.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD), Some(&text[..]));
}

#[test]
fn q29_an_error_response_with_a_body_is_read() {
    let id = frame(CommandId::SUBMIT_SM_RESP, 0x0b, b"0A000000A3D323A1\0");
    let resp: SubmitSmResp<'_> = read(&id, &RULES).unwrap();
    assert_eq!(resp.message_id.as_str(), Some("0A000000A3D323A1"));
    let bind = frame(CommandId::BIND_TRANSCEIVER_RESP, 0x0e, b"\0");
    let resp: BindTransceiverResp<'_> = read(&bind, &RULES).unwrap();
    assert_eq!(resp, BindTransceiverResp::default());
    // Commands whose message_id is not all leave out the rest.
    for (body, id) in [(&b"\0"[..], ""), (b"abc\0", "abc")] {
        let multi = frame(CommandId::SUBMIT_MULTI_RESP, 0x0b, body);
        let query = frame(CommandId::QUERY_SM_RESP, 0x67, body);
        for error_body in [ErrorBody::Auto, ErrorBody::MessageId, ErrorBody::Tlvs] {
            let rules = Rules { error_body, ..RULES };
            let resp: SubmitMultiResp<'_> = read(&multi, &rules).unwrap();
            assert_eq!((resp.message_id.as_str(), resp.unsuccess_smes.count()), (Some(id), 0));
            let resp: QuerySmResp<'_> = read(&query, &rules).unwrap();
            assert_eq!((resp.message_id.as_str(), resp.message_state), (Some(id), 0));
        }
    }
    let cut = frame(CommandId::QUERY_SM_RESP, 0x67, b"abc");
    assert_eq!(read::<QuerySmResp<'_>>(&cut, &RULES).unwrap_err().fault, Fault::Unterminated);
    // What this side sends has none.
    let mut out = Vec::new();
    let refusal = BindTransceiverResp { system_id: "smsc".into(), ..Default::default() };
    refusal.encode(CommandStatus::ESME_RINVPASWD, 9, &mut out).unwrap();
    assert_eq!(out, frame(CommandId::BIND_TRANSCEIVER_RESP, 0x0e, b""));
}

#[test]
fn q30_a_response_without_a_body_frees_its_place_in_the_window() {
    for status in [0, 0x58] {
        let bare = frame(CommandId::SUBMIT_SM_RESP, status, b"");
        let (header, resp) = SubmitSmResp::decode(&bare, &RULES).unwrap();
        assert_eq!((header.sequence_number, header.command_status.0), (9, status));
        assert!(resp.message_id.is_empty());
    }
    let bare = frame(CommandId::SUBMIT_SM_RESP, 0, b"");
    let strict = read::<SubmitSmResp<'_>>(&bare, &Rules { require_body: true, ..RULES });
    assert_eq!(strict.unwrap_err().fault, Fault::Truncated);
}

#[test]
fn q31_tlvs_in_an_error_response_are_found_with_or_without_a_message_id() {
    let why = b"\x04\x23\x00\x03\x03\x00\x1f";
    let behind_id = frame(CommandId::DATA_SM_RESP, 0x45, &[b"7\0".as_slice(), why].concat());
    let resp: DataSmResp<'_> = read(&behind_id, &RULES).unwrap();
    assert_eq!(resp.message_id.as_str(), Some("7"));
    assert_eq!(resp.tlvs.octets_of(TlvTag::NETWORK_ERROR_CODE), Some(&[3, 0, 31][..]));

    let alone = frame(CommandId::DATA_SM_RESP, 0x45, why);
    let resp: DataSmResp<'_> = read(&alone, &RULES).unwrap();
    assert_eq!((resp.message_id.octets(), resp.tlvs), (&b""[..], tlvs(why)));

    // The same octets under a dialect that says what stands there.
    let as_tlvs = Rules { error_body: ErrorBody::Tlvs, ..RULES };
    assert_eq!(read::<DataSmResp<'_>>(&alone, &as_tlvs).unwrap().tlvs, tlvs(why));
    let as_id = Rules { error_body: ErrorBody::MessageId, ..RULES };
    let resp: DataSmResp<'_> = read(&alone, &as_id).unwrap();
    assert_eq!((resp.message_id.octets(), resp.tlvs), (&b"\x04\x23"[..], Tlvs::NONE));
}

#[test]
fn q32_an_uncounted_nul_after_short_message_is_passed_over() {
    let submit = SubmitSm { short_message: b"hello", ..SubmitSm::default() };
    for behind in [&b"\0"[..], b"\0\0", b"\0\0\0"] {
        let odd = with_behind(encoded(&submit), behind);
        assert_eq!(read::<SubmitSm<'_>>(&odd, &RULES).unwrap(), submit);
        let refuse = Rules { trailing_octets: TrailingOctets::Refuse, ..RULES };
        assert_eq!(read::<SubmitSm<'_>>(&odd, &refuse).unwrap_err().fault, Fault::BadTlv);
    }
    // Four octets and more are a TLV or a fault.
    let odd = with_behind(encoded(&submit), b"\0\0\0\x01");
    let error = read::<SubmitSm<'_>>(&odd, &RULES).unwrap_err();
    assert_eq!(error.status(), CommandStatus::ESME_RINVOPTPARSTREAM);
    // A response is worth more than what follows its message_id (smppex #6).
    let odd = frame(CommandId::SUBMIT_SM_RESP, 0, b"7\0\x04\x23\x00\x09\x03");
    assert_eq!(read::<SubmitSmResp<'_>>(&odd, &RULES).unwrap().message_id.as_str(), Some("7"));
}

#[test]
fn q33_a_nul_missing_at_the_end_is_taken_by_a_rule_and_refused_without() {
    let odd = frame(CommandId::SUBMIT_SM_RESP, 0, b"7f3a");
    assert_eq!(read::<SubmitSmResp<'_>>(&odd, &RULES).unwrap_err().fault, Fault::Unterminated);
    let rules = Rules { missing_nul: true, ..RULES };
    assert_eq!(read::<SubmitSmResp<'_>>(&odd, &rules).unwrap().message_id.as_str(), Some("7f3a"));
    // Within the body nobody can tell where the string ended.
    let odd = frame(CommandId::QUERY_SM_RESP, 0, b"7f3a");
    assert_eq!(read::<QuerySmResp<'_>>(&odd, &rules).unwrap_err().field, "final_date");
}

#[test]
fn q33_a_nul_at_the_start_of_short_message_is_kept() {
    let submit = SubmitSm { short_message: b"\0hello", ..SubmitSm::default() };
    assert_eq!(read::<SubmitSm<'_>>(&encoded(&submit), &RULES).unwrap(), submit);
}

#[test]
fn q34_a_tlv_of_a_wrong_size_costs_its_value_and_not_the_pdu() {
    let octets = b"\x04\x27\x00\x04\x00\x00\x00\x02\x02\x04\x00\x02\x00\x07";
    let deliver = encoded(&DeliverSm { tlvs: tlvs(octets), ..DeliverSm::default() });
    let deliver: DeliverSm<'_> = read(&deliver, &RULES).unwrap();
    assert_eq!(deliver.tlvs.int(TlvTag::MESSAGE_STATE), None, "four octets are no message_state");
    assert_eq!(deliver.tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(7));
}

#[test]
fn q34_a_tlv_that_the_pdu_may_not_have_is_kept() {
    let octets = b"\x00\x0e\x00\x01\x01";
    let frame = encoded(&DeliverSm { tlvs: tlvs(octets), ..DeliverSm::default() });
    let deliver: DeliverSm<'_> = read(&frame, &RULES).unwrap();
    let row = chappe::wire::table::row(CommandId::DELIVER_SM).unwrap();
    assert!(!row.tlvs.contains(&TlvTag::SOURCE_NETWORK_TYPE));
    assert_eq!(deliver.tlvs.int(TlvTag::SOURCE_NETWORK_TYPE), Some(1));
}

#[test]
fn q35_pdus_that_come_behind_a_bind_response_in_one_read_are_all_found() {
    let bind = encoded(&BindTransceiverResp { system_id: "smsc".into(), ..Default::default() });
    let deliver = encoded(&DeliverSm { short_message: b"hi", ..DeliverSm::default() });
    let stream = [bind.clone(), deliver.clone(), deliver.clone()].concat();
    let mut framer = Framer::new(&stream, Limits::default());
    let mut next = || framer.next_frame().unwrap().map(<[u8]>::to_vec);
    assert_eq!(
        [next(), next(), next(), next()],
        [Some(bind), Some(deliver.clone()), Some(deliver), None]
    );
}

#[test]
fn q36_other_protocols_are_told_by_their_first_octets() {
    let seen: [(u32, LooksLike); 8] = [
        (1_213_486_160, LooksLike::Http),       // HTTP
        (0x4745_5420, LooksLike::Http),         // GET and a blank
        (1_095_586_128, LooksLike::Amqp),       // AMQP
        (50_331_695, LooksLike::Tpkt),          // A remote-desktop scanner.
        (2_147_483_657, LooksLike::Misaligned), // bind_transceiver_resp where a length belongs.
        (0x1603_0100, LooksLike::Tls),          // A TLS ClientHello on the plain port.
        (0x5353_482d, LooksLike::Ssh),          // SSH-
        (0x7fff_ffff, LooksLike::TooLong),
    ];
    for (length, looks_like) in seen {
        let error = Framer::new(&length.to_be_bytes(), Limits::default()).next_frame().unwrap_err();
        assert_eq!((error.command_length, error.looks_like), (length, looks_like));
    }
}

#[test]
fn q37_a_message_payload_of_64_kib_is_taken() {
    let text = vec![b'x'; 65_535];
    let mut octets = Vec::new();
    assert!(put_tlv(&mut octets, TlvTag::MESSAGE_PAYLOAD, &text));
    let frame = encoded(&SubmitSm { tlvs: tlvs(&octets), ..SubmitSm::default() });
    assert!(frame.len() > 65_536 && frame.len() <= MAX_PDU_BYTES);
    assert_eq!(Framer::new(&frame, Limits::default()).next_frame(), Ok(Some(&frame[..])));
    let submit: SubmitSm<'_> = read(&frame, &RULES).unwrap();
    assert_eq!(submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD), Some(&text[..]));
}

#[test]
fn q38_vendor_tlvs_go_through_as_they_are() {
    let mut octets = Vec::new();
    assert!(put_tlv(&mut octets, TlvTag(0x1400), b"1101000000000012345\0"));
    assert!(put_tlv(&mut octets, TlvTag(0x1401), b"1107000000000054321\0"));
    let frame = encoded(&SubmitSm { tlvs: tlvs(&octets), ..SubmitSm::default() });
    let submit: SubmitSm<'_> = read(&frame, &RULES).unwrap();
    assert_eq!(encoded(&submit), frame);
    let id = submit.tlvs.find(TlvTag(0x1401)).unwrap();
    assert_eq!(id.text(), Some(&b"1107000000000054321"[..]));
    assert_eq!(TlvTag(0x1401).name(), None, "carriers give this tag different meanings");
}

#[test]
fn q39_a_status_of_no_edition_survives_and_prints() {
    for status in [0x94, 0x400, 0x401, 0x4ff, 0xffff, u32::MAX] {
        let bare = frame(CommandId::SUBMIT_SM_RESP, status, b"");
        let (header, _) = Pdu::decode(&bare, &RULES).unwrap();
        assert_eq!(header.command_status, CommandStatus(status));
        assert_eq!(header.command_status.name(), None);
        assert_eq!(header.command_status.class(), StatusClass::Permanent);
        assert_eq!(header.command_status.to_string(), format!("{status:#010x}"));
    }
}

#[test]
fn q40_a_generic_nack_says_what_a_response_would() {
    let nack = frame(CommandId::GENERIC_NACK, 0x58, b"");
    let (header, _) = GenericNack::decode(&nack, &RULES).unwrap();
    assert_eq!(header.command_status.class(), StatusClass::Throttle);
    assert_eq!(header.sequence_number, 9);
}

#[test]
fn q41_a_short_message_of_255_octets_or_an_odd_ucs_2_length_is_read() {
    for text in [&[0xaa; 255][..], &[0x00, 0x68, 0x00]] {
        let submit = SubmitSm { data_coding: 8, short_message: text, ..SubmitSm::default() };
        assert_eq!(read::<SubmitSm<'_>>(&encoded(&submit), &RULES).unwrap(), submit);
    }
    let mut cut = encoded(&SubmitSm { short_message: &[0xaa; 200], ..SubmitSm::default() });
    let at_length = cut.len() - 201;
    cut[at_length] = 255;
    let error = read::<SubmitSm<'_>>(&cut, &RULES).unwrap_err();
    assert_eq!((error.field, error.fault), ("short_message", Fault::Truncated));
    assert_eq!(
        error.reaction(),
        Reaction::Respond(CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVMSGLEN)
    );
}

#[test]
fn q42_times_in_a_deliver_sm_are_read_although_they_should_be_empty() {
    let deliver = DeliverSm {
        schedule_delivery_time: "261120101500000+".into(),
        validity_period: "000001000000000R".into(),
        replace_if_present_flag: 1,
        sm_default_msg_id: 7,
        ..DeliverSm::default()
    };
    assert_eq!(read::<DeliverSm<'_>>(&encoded(&deliver), &RULES).unwrap(), deliver);
}

#[test]
fn q43_any_sequence_number_is_taken_and_echoed() {
    for sequence in [0, 1, 0x1625_d269, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let mut out = Vec::new();
        EnquireLink::default().encode(CommandStatus::ESME_ROK, sequence, &mut out).unwrap();
        let (header, _) = Pdu::decode(&out, &RULES).unwrap();
        assert_eq!(header.sequence_number, sequence);
    }
}

#[test]
fn q52_an_interface_version_of_3_3_goes_without_tlvs() {
    for interface_version in [0x00, 0x33, 0x34, 0x50] {
        let bind = BindTransceiver { interface_version, ..BindTransceiver::default() };
        let frame = encoded(&bind);
        let bind: BindTransceiver<'_> = read(&frame, &RULES).unwrap();
        assert_eq!(bind.interface_version, interface_version);
    }
    let resp = encoded(&BindTransceiverResp { system_id: "smsc".into(), ..Default::default() });
    let resp: BindTransceiverResp<'_> = read(&resp, &RULES).unwrap();
    assert_eq!(resp.tlvs.int(TlvTag::SC_INTERFACE_VERSION), None, "no TLV means 3.3");
}

#[test]
fn q53_a_long_password_or_address_is_taken_by_a_rule_and_refused_without() {
    let bind = b"app\0correct-horse\0\0\x34\0\0\0";
    let bind = frame(CommandId::BIND_TRANSCEIVER, 0, bind);
    let error = read::<BindTransceiver<'_>>(&bind, &RULES).unwrap_err();
    assert_eq!((error.field, error.fault), ("password", Fault::TooLong));
    assert_eq!(error.status(), CommandStatus::ESME_RINVPASWD);
    let rules = Rules { long_c_strings: true, ..RULES };
    let bind: BindTransceiver<'_> = read(&bind, &rules).unwrap();
    assert_eq!(bind.password.as_str(), Some("correct-horse"));

    let long = [b"\0\x05\0".as_slice(), &[b'7'; 30], b"\0"].concat();
    let submit = frame(CommandId::SUBMIT_SM, 0, &[&long[..], &[0; 13]].concat());
    let error = read::<SubmitSm<'_>>(&submit, &RULES).unwrap_err();
    assert_eq!(error.status(), CommandStatus::ESME_RINVSRCADR);
    let submit: SubmitSm<'_> = read(&submit, &rules).unwrap();
    assert_eq!(submit.source_addr.octets(), [b'7'; 30]);
}

#[test]
fn q53_a_long_password_or_address_is_written_by_a_rule_and_not_without() {
    let now = Now::default();
    let mut request = BindRequest::new(BindKind::Transceiver, "infobip-hub-of-ours", "");
    request.fields.password = "correct-horse".into();
    let by = |long_c_strings| {
        let rules = Rules { long_c_strings, ..RULES };
        Session::new(Role::Esme, Settings { rules, ..Settings::default() }, now)
    };
    assert!(matches!(by(false).bind(now, &request), Err(SubmitError::Encode(_))));
    let mut esme = by(true);
    esme.bind(now, &request).unwrap();
    let rules = Rules { long_c_strings: true, ..RULES };
    let bind: BindTransceiver<'_> = read(esme.poll_transmit(), &rules).unwrap();
    assert_eq!(bind, request.fields);

    let (long, endless) = ("7".repeat(30), "7".repeat(255));
    let submit = SubmitSm { source_addr: long.as_str().into(), ..SubmitSm::default() };
    let mut out = Vec::new();
    assert!(submit.encode(CommandStatus::ESME_ROK, 9, &mut out).is_err());
    submit.encode_long(CommandStatus::ESME_ROK, 9, &mut out).unwrap();
    assert_eq!(read::<SubmitSm<'_>>(&out, &rules).unwrap(), submit);
    let endless = SubmitSm { source_addr: endless.as_str().into(), ..submit };
    assert!(endless.encode_long(CommandStatus::ESME_ROK, 9, &mut out).is_err());
}
