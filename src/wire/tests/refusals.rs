//! What is refused, where it is said to be wrong, and what goes back on the wire because of it.

use super::octets;
use crate::wire::{
    Address, Body, COctetString, CancelSmResp, CommandId, CommandStatus, DataSmResp, DecodeError,
    DestAddresses, EncodeError, Fault, PDUS, Pdu, QuerySmResp, Reaction, Rules, SubmitMultiResp,
    SubmitSm, SubmitSmResp, TlvTag, Tlvs, UnsuccessSmes, Version,
};

fn refused(dump: &str, rules: &Rules) -> DecodeError {
    Pdu::decode(&octets(dump), rules).unwrap_err()
}

#[test]
fn a_refused_request_is_answered_by_its_own_response_with_the_status_of_the_field() {
    let too_long = "0000002b 00000004 00000000 00000007
        00 00 00 3132 3334 3536 3738 3930 3132 3334 3536 3738 3930 31 00 # source_addr: 21 digits
        0000";
    let error = refused(too_long, &Rules::default());
    assert_eq!((error.field, error.offset, error.fault), ("source_addr", 19, Fault::TooLong));
    assert_eq!(
        error.reaction(),
        Reaction::Respond(CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_RINVSRCADR)
    );
    assert_eq!(error.header.sequence_number, 7, "what can be answered can be named");
    assert_eq!(error.to_string(), "submit_sm: source_addr at octet 19: too_long");
}

#[test]
fn every_request_that_has_a_response_can_be_refused_by_it() {
    for row in PDUS.iter().filter(|row| !row.fields.is_empty()) {
        let dump = format!("00000011 {:08x} 00000000 00000001 41", row.command_id.0);
        let error = refused(&dump, &Rules { version: Version::V50, ..Rules::default() });
        match (row.response, error.reaction()) {
            (Some(response), Reaction::Respond(command, status)) => {
                assert_eq!(command, response);
                assert!(!status.is_ok());
            }
            // outbind and alert_notification have no response; a response is not answered.
            (None, Reaction::Ignore) => {}
            (_, reaction) => panic!("{} gets {reaction:?}", row.name),
        }
    }
}

#[test]
fn a_command_of_no_edition_gets_a_generic_nack() {
    for command_id in ["00000110", "80000110", "00000111", "80000111", "01020304"] {
        let dump = format!("00000010 {command_id} 00000000 0000002a");
        let error = refused(&dump, &Rules::default());
        assert_eq!(error.reaction(), Reaction::GenericNack(CommandStatus::ESME_RINVCMDID));
        assert_eq!(error.header.sequence_number, 42);
    }
}

#[test]
fn the_broadcast_commands_are_known_to_5_0_alone() {
    for row in PDUS {
        let dump = format!("00000010 {:08x} 00000000 00000001", row.command_id.0);
        let known = |version| {
            let rules = Rules { version, ..Rules::default() };
            let frame = octets(&dump);
            !matches!(Pdu::decode(&frame, &rules), Err(e) if e.fault == Fault::UnknownCommand)
        };
        assert!(known(Version::V50), "{}", row.name);
        assert_eq!(known(Version::V34), row.since == Version::V34, "{}", row.name);
    }
}

#[test]
fn a_frame_of_another_length_than_it_says_is_refused() {
    let error = refused("00000011 00000015 00000000 00000001", &Rules::default());
    assert_eq!((error.field, error.fault), ("command_length", Fault::WrongLength));
    assert_eq!(error.header.sequence_number, 1);
    let error = refused("00000010 000000", &Rules::default());
    assert_eq!(error.fault, Fault::WrongLength, "not even a header");
}

#[test]
fn a_field_too_long_to_send_is_named_and_nothing_is_written() {
    let long = COctetString::new(&[b'7'; 21]);
    let mut out = b"before".to_vec();
    let error = SubmitSm { destination_addr: long, ..SubmitSm::default() }
        .encode(CommandStatus::ESME_ROK, 1, &mut out)
        .unwrap_err();
    assert_eq!(error, EncodeError { field: "destination_addr", octets: 22, max: 21 });
    assert_eq!(out, b"before");
    let error = SubmitSm { short_message: &[0; 256], ..SubmitSm::default() }
        .encode(CommandStatus::ESME_ROK, 1, &mut out)
        .unwrap_err();
    assert_eq!((error.field, error.max), ("short_message", 255));
}

#[test]
fn an_error_response_leaves_its_body_out_where_the_standard_does_and_no_tlv_says_why() {
    fn encode<'a>(body: &impl Body<'a>) -> Vec<u8> {
        let mut out = Vec::new();
        body.encode(CommandStatus::ESME_RDELIVERYFAILURE, 1, &mut out).unwrap();
        out
    }
    let (why, _) = Tlvs::take(&[0x04, 0x25, 0x00, 0x01, 0x02]);
    let submit = |tlvs| encode(&SubmitSmResp { message_id: "7".into(), tlvs });
    assert_eq!(submit(Tlvs::NONE), octets("00000010 80000004 000000fe 00000001"));
    assert_eq!(submit(why), octets("00000017 80000004 000000fe 00000001 3700 0425 0001 02"));
    let data = |tlvs| encode(&DataSmResp { message_id: "7".into(), tlvs });
    assert_eq!(data(Tlvs::NONE), octets("00000012 80000103 000000fe 00000001 3700"));
    assert_eq!(data(why), octets("00000017 80000103 000000fe 00000001 3700 0425 0001 02"));
    let query = encode(&QuerySmResp::default());
    assert_eq!(query, octets("00000014 80000003 000000fe 00000001 00 00 00 00"));
    let multi = encode(&SubmitMultiResp::default());
    assert_eq!(multi, octets("00000012 80000021 000000fe 00000001 00 00"));
    let cancel = encode(&CancelSmResp::default());
    assert_eq!(cancel, octets("00000010 80000008 000000fe 00000001"));
}

#[test]
fn the_strict_rules_want_a_body_where_the_standard_has_one_and_nowhere_else() {
    let ok_without = refused("00000010 80000004 00000000 00000001", &Rules::STRICT);
    assert_eq!((ok_without.field, ok_without.fault), ("message_id", Fault::Truncated));
    let error_with = refused("00000011 80000004 00000058 00000001 00", &Rules::STRICT);
    assert_eq!(error_with.fault, Fault::UnexpectedBody);
    assert_eq!(error_with.reaction(), Reaction::Ignore);
    let query_without = refused("00000010 80000003 00000067 00000001", &Rules::STRICT);
    assert_eq!((query_without.field, query_without.fault), ("message_id", Fault::Truncated));
    let query_with = octets("00000014 80000003 00000067 00000001 00 00 07 00");
    assert!(Pdu::decode(&query_with, &Rules::STRICT).is_ok());
}

#[test]
fn one_known_command_is_decoded_without_asking_for_the_others() {
    let frame = octets("00000013 80000004 00000000 00000009 3766 00");
    let (header, resp) = SubmitSmResp::decode(&frame, &Rules::default()).unwrap();
    assert_eq!((header.sequence_number, resp.message_id.as_str()), (9, Some("7f")));
    let error = SubmitSm::decode(&frame, &Rules::default()).unwrap_err();
    assert_eq!(error.fault, Fault::UnknownCommand);
}

#[test]
fn a_list_that_ends_early_has_a_wrong_number_of_destinations() {
    // submit_multi: service_type and source_addr, then what there is of the list.
    for (list, field) in [
        ("", "number_of_dests"),
        ("02 01 01 01 3300", "dest_flag"),
        ("01 01", "dest_addr_ton"),
        ("01 01 01", "dest_addr_npi"),
    ] {
        let list = octets(list);
        let mut frame = octets("00000014 00000021 00000000 00000001 00 0000 00");
        frame.extend(&list);
        frame[3] += list.len() as u8;
        let error = Pdu::decode(&frame, &Rules::default()).unwrap_err();
        assert_eq!((error.field, error.fault), (field, Fault::Truncated));
        assert_eq!(error.status(), CommandStatus::ESME_RINVNUMDESTS, "{field}");
    }
}

#[test]
fn a_list_is_never_made_of_octets_that_are_not_one() {
    let two = b"\x01\x01\x0133\0\x02all\0";
    assert_eq!(DestAddresses::new(2, two).unwrap().iter().count(), 2);
    assert_eq!(DestAddresses::new(1, two), None, "octets are left over");
    assert_eq!(DestAddresses::new(3, two), None, "an entry is missing");
    assert_eq!(DestAddresses::new(1, b"\x0333\0"), None, "no such dest_flag");
    assert_eq!(UnsuccessSmes::new(1, b"\x01\x0133\0\0\0\0"), None, "half a status");
    let long = [b"\x02".as_slice(), &[b'x'; 21], b"\0"].concat();
    assert_eq!(DestAddresses::new(1, &long), None, "a name too long to send");
}

#[test]
fn what_is_personal_does_not_print() {
    let bind = octets(
        "0000002b 00000009 00000000 01020304
         6170 7000 7365 6372 6574 3031 00 7673 00 34 01 01 5e33 3300 00000000",
    );
    let (_, pdu) = Pdu::decode(&bind, &Rules::default()).unwrap();
    let printed = format!("{pdu:?} {:?}", Address::new(1, 1, b"33612345678"));
    assert!(!printed.contains("secret01") && !printed.contains("3361234"), "{printed}");
}

#[test]
fn an_address_is_kept_whole_up_to_the_longest_field() {
    for len in 0..=64 {
        let octets = vec![b'7'; len];
        let address = Address::new(1, 1, &octets);
        assert_eq!(address.octets(), octets);
        assert_eq!(address.as_field().octets(), octets);
    }
    assert_eq!(Address::new(0, 0, &[b'7'; 70]).octets().len(), 64);
}

#[test]
fn names_and_numbers_of_tags_and_commands_agree_with_the_constants() {
    assert_eq!(CommandId::SUBMIT_SM.response(), CommandId::SUBMIT_SM_RESP);
    assert_eq!(CommandId::SUBMIT_SM_RESP.request(), CommandId::SUBMIT_SM);
    assert_eq!(CommandId(0x1000_0000).to_string(), "command 0x10000000");
    assert_eq!(CommandStatus(0x401).to_string(), "0x00000401");
    assert_eq!(TlvTag::MESSAGE_PAYLOAD.name(), Some("message_payload"));
}
