//! A hex dump of every PDU, written by hand from the standard, and the value it stands for.

use super::octets;
use crate::wire::{
    AlertNotification, BindReceiver, BindReceiverResp, BindTransceiver, BindTransceiverResp,
    BindTransmitter, BindTransmitterResp, BroadcastSm, BroadcastSmResp, CancelBroadcastSm,
    CancelBroadcastSmResp, CancelSm, CancelSmResp, CommandStatus, DataSm, DataSmResp, DeliverSm,
    DeliverSmResp, DestAddresses, EnquireLink, EnquireLinkResp, GenericNack, Outbind, PDUS, Pdu,
    QueryBroadcastSm, QueryBroadcastSmResp, QuerySm, QuerySmResp, ReplaceSm, ReplaceSmResp, Rules,
    SubmitMulti, SubmitMultiResp, SubmitSm, SubmitSmResp, Tlvs, Unbind, UnbindResp, UnsuccessSmes,
};

/// The dump decodes to exactly this, and this encodes to exactly the dump. Returns the name.
fn golden<'a>(dump: &str, status: CommandStatus, pdu: impl Into<Pdu<'a>>) -> &'static str {
    let (frame, pdu) = (octets(dump), pdu.into());
    let (header, decoded) = Pdu::decode(&frame, &Rules::STRICT).unwrap();
    assert_eq!(header.command_length as usize, frame.len());
    assert_eq!((header.command_status, header.sequence_number), (status, 0x0102_0304));
    assert_eq!(decoded, pdu);
    let mut encoded = Vec::new();
    pdu.encode(status, 0x0102_0304, &mut encoded).unwrap();
    assert_eq!(encoded, frame, "{decoded:?}");
    pdu.command_id().name().unwrap()
}

const OK: CommandStatus = CommandStatus::ESME_ROK;

#[test]
fn every_row_of_the_table_has_a_golden_dump() {
    let mut seen: Vec<&str> = Vec::new();
    seen.extend(session_management());
    seen.extend(submission());
    seen.extend(delivery());
    seen.extend(ancillary());
    seen.extend(broadcast());
    let missing: Vec<&str> =
        PDUS.iter().map(|row| row.name).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn tlvs(octets: &[u8]) -> Tlvs<'_> {
    let (tlvs, taken) = Tlvs::take(octets);
    assert_eq!(taken, octets.len());
    tlvs
}

/// SMPP 3.4 §4.1 to §4.3.
fn session_management() -> Vec<&'static str> {
    let bind_body = "
        6170 7000                # system_id app
        7365 6372 6574 3031 00   # password secret01, all of its eight octets
        7673 00                  # system_type vs
        34 01 01                 # interface_version 3.4; addr_ton, addr_npi
        5e33 33 00               # address_range ^33";
    let resp_body = "
        736d 7363 00             # system_id smsc
        0210 0001 34             # sc_interface_version 3.4";
    let bind = |id: &str| format!("00000027 {id} 00000000 01020304 {bind_body}");
    let resp = |id: &str| format!("0000001a {id} 00000000 01020304 {resp_body}");
    let tlvs = tlvs(&[0x02, 0x10, 0x00, 0x01, 0x34]);
    macro_rules! bind {
        ($Type:ident) => {
            $Type {
                system_id: "app".into(),
                password: "secret01".into(),
                system_type: "vs".into(),
                interface_version: 0x34,
                addr_ton: 1,
                addr_npi: 1,
                address_range: "^33".into(),
                tlvs: Tlvs::NONE,
            }
        };
    }
    vec![
        golden(&bind("00000001"), OK, bind!(BindReceiver)),
        golden(&bind("00000002"), OK, bind!(BindTransmitter)),
        golden(&bind("00000009"), OK, bind!(BindTransceiver)),
        golden(&resp("80000001"), OK, BindReceiverResp { system_id: "smsc".into(), tlvs }),
        golden(&resp("80000002"), OK, BindTransmitterResp { system_id: "smsc".into(), tlvs }),
        golden(&resp("80000009"), OK, BindTransceiverResp { system_id: "smsc".into(), tlvs }),
        golden(
            "00000010 80000009 0000000e 01020304 # ESME_RINVPASWD: a refused bind has no body",
            CommandStatus::ESME_RINVPASWD,
            BindTransceiverResp::default(),
        ),
        golden(
            "00000018 0000000b 00000000 01020304
             736d 7363 00  # system_id smsc
             7077 00       # password pw",
            OK,
            Outbind { system_id: "smsc".into(), password: "pw".into(), ..Default::default() },
        ),
        golden("00000010 00000006 00000000 01020304", OK, Unbind::default()),
        golden("00000010 80000006 00000000 01020304", OK, UnbindResp::default()),
        golden(
            "00000010 80000000 00000003 01020304 # ESME_RINVCMDID",
            CommandStatus::ESME_RINVCMDID,
            GenericNack::default(),
        ),
        golden("00000010 00000015 00000000 01020304", OK, EnquireLink::default()),
        golden("00000010 80000015 00000000 01020304", OK, EnquireLinkResp::default()),
    ]
}

/// SMPP 3.4 §4.4, §4.5 and §4.7.
fn submission() -> Vec<&'static str> {
    let sme_and_list = DestAddresses::new(2, b"\x01\x01\x0133\0\x02all\0").unwrap();
    let failed = UnsuccessSmes::new(1, b"\x01\x0133\0\0\0\0\x0b").unwrap();
    let submit_sm = SubmitSm {
        service_type: "CMT".into(),
        source_addr_ton: 5,
        source_addr: "Chappe".into(),
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: "33612345678".into(),
        esm_class: 3,
        protocol_id: 0x7f,
        priority_flag: 2,
        validity_period: "000001000000000R".into(),
        registered_delivery: 1,
        data_coding: 4,
        short_message: b"\x00hi\xff",
        tlvs: tlvs(&[0x02, 0x04, 0x00, 0x02, 0x00, 0x2a]),
        ..SubmitSm::default()
    };
    vec![
        golden(
            "0000004f 00000004 00000000 01020304
             434d 5400                          # service_type CMT
             05 00 4368 6170 7065 00            # source: alphanumeric, Chappe
             01 01 3333 3631 3233 3435 3637 3800 # destination: international, 33612345678
             03 7f 02                           # esm_class, protocol_id, priority_flag
             00                                 # schedule_delivery_time: now
             3030 3030 3031 3030 3030 3030 3030 3052 00 # validity_period: one day
             01 00 04 00                        # registered_delivery, replace, coding, default id
             04 0068 69ff                       # sm_length and the octets it counts
             0204 0002 002a                     # user_message_reference",
            OK,
            submit_sm,
        ),
        golden(
            "00000013 80000004 00000000 01020304 3766 00 # message_id 7f",
            OK,
            SubmitSmResp { message_id: "7f".into(), ..Default::default() },
        ),
        golden(
            "0000002e 00000021 00000000 01020304
             00 00 00 3132 00       # service_type; source 12
             02                     # number_of_dests
             01 01 01 3333 00       # dest_flag 1: an address
             02 616c 6c00           # dest_flag 2: a distribution list
             00 00 00 00 00 00 00 00 00 # flags, no times
             02 6869                # short_message",
            OK,
            SubmitMulti {
                source_addr: "12".into(),
                dest_addresses: sme_and_list,
                short_message: b"hi",
                ..SubmitMulti::default()
            },
        ),
        golden(
            "0000001c 80000021 00000000 01020304
             6200                   # message_id b
             01                     # no_unsuccess
             01 01 3333 00 0000000b # who, and ESME_RINVDSTADR",
            OK,
            SubmitMultiResp {
                message_id: "b".into(),
                unsuccess_smes: failed,
                ..Default::default()
            },
        ),
        golden(
            "00000022 00000103 00000000 01020304
             00 00 00 3100 01 01 3200 # service_type; 1 to 2
             40 01 08               # esm_class UDHI, registered_delivery, UCS-2
             0424 0002 2603         # message_payload",
            OK,
            DataSm {
                source_addr: "1".into(),
                dest_addr_ton: 1,
                dest_addr_npi: 1,
                destination_addr: "2".into(),
                esm_class: 0x40,
                registered_delivery: 1,
                data_coding: 8,
                tlvs: tlvs(&[0x04, 0x24, 0x00, 0x02, 0x26, 0x03]),
                ..DataSm::default()
            },
        ),
        golden(
            "00000016 80000103 000000fe 01020304 # ESME_RDELIVERYFAILURE
             00                     # message_id
             0425 0001 01           # delivery_failure_reason: why the response is one",
            CommandStatus::ESME_RDELIVERYFAILURE,
            DataSmResp { tlvs: tlvs(&[0x04, 0x25, 0x00, 0x01, 0x01]), ..DataSmResp::default() },
        ),
    ]
}

/// SMPP 3.4 §4.6.
fn delivery() -> Vec<&'static str> {
    let receipt = DeliverSm {
        source_addr_ton: 1,
        source_addr_npi: 1,
        source_addr: "33".into(),
        destination_addr: "77".into(),
        esm_class: 4,
        short_message: b"id:7f stat:DELIVRD",
        tlvs: tlvs(b"\x00\x1e\x00\x037f\0\x04\x27\x00\x01\x02"),
        ..DeliverSm::default()
    };
    vec![
        golden(
            "00000043 00000005 00000000 01020304
             00                     # service_type
             01 01 3333 00          # source: the handset
             00 00 3737 00          # destination: the number
             04 00 00 00 00 00 00 00 00 # esm_class: a receipt; no times
             12 6964 3a37 6620 7374 6174 3a44 454c 4956 5244 # id:7f stat:DELIVRD
             001e 0003 3766 00      # receipted_message_id
             0427 0001 02           # message_state DELIVERED",
            OK,
            receipt,
        ),
        golden("00000011 80000005 00000000 01020304 00", OK, DeliverSmResp::default()),
        golden(
            "00000011 80000005 00000064 01020304 # ESME_RX_T_APPN: try again later
            00",
            CommandStatus::ESME_RX_T_APPN,
            DeliverSmResp::default(),
        ),
    ]
}

/// SMPP 3.4 §4.8 to §4.12.
fn ancillary() -> Vec<&'static str> {
    vec![
        golden(
            "00000017 00000003 00000000 01020304 3700 01 01 3333 00",
            OK,
            QuerySm {
                message_id: "7".into(),
                source_addr_ton: 1,
                source_addr_npi: 1,
                source_addr: "33".into(),
                ..QuerySm::default()
            },
        ),
        golden(
            "00000025 80000003 00000000 01020304
             3700                   # message_id
             3236 3131 3230 3130 3135 3030 3030 302b 00 # final_date, sixteen characters
             02 00                  # message_state DELIVERED, error_code",
            OK,
            QuerySmResp {
                message_id: "7".into(),
                final_date: "261120101500000+".into(),
                message_state: 2,
                ..QuerySmResp::default()
            },
        ),
        golden(
            "0000001b 00000008 00000000 01020304 00 3700 00 00 3100 01 01 3200",
            OK,
            CancelSm {
                message_id: "7".into(),
                source_addr: "1".into(),
                dest_addr_ton: 1,
                dest_addr_npi: 1,
                destination_addr: "2".into(),
                ..CancelSm::default()
            },
        ),
        golden("00000010 80000008 00000000 01020304", OK, CancelSmResp::default()),
        golden(
            "0000001c 00000007 00000000 01020304
             3700 00 00 3100        # message_id, source
             00 00 01 00            # no times, registered_delivery, default id
             01 79                  # short_message",
            OK,
            ReplaceSm {
                message_id: "7".into(),
                source_addr: "1".into(),
                registered_delivery: 1,
                short_message: b"y",
                ..ReplaceSm::default()
            },
        ),
        golden("00000010 80000007 00000000 01020304", OK, ReplaceSmResp::default()),
        golden(
            "0000001d 00000102 00000000 01020304
             01 01 3100 00 00 3200  # who can be reached, and for whom
             0422 0001 00           # ms_availability_status: available",
            OK,
            AlertNotification {
                source_addr_ton: 1,
                source_addr_npi: 1,
                source_addr: "1".into(),
                esme_addr: "2".into(),
                tlvs: tlvs(&[0x04, 0x22, 0x00, 0x01, 0x00]),
                ..AlertNotification::default()
            },
        ),
    ]
}

/// SMPP 5.0 §4.4 and §4.6.
fn broadcast() -> Vec<&'static str> {
    vec![
        golden(
            "00000023 00000111 00000000 01020304
             00 00 00 3100          # service_type, source
             3700                   # message_id of the broadcast it replaces
             00 00 00 01 00 00      # priority, no times, replace, coding, default id
             0604 0002 0003         # broadcast_rep_num",
            OK,
            BroadcastSm {
                source_addr: "1".into(),
                message_id: "7".into(),
                replace_if_present_flag: 1,
                tlvs: tlvs(&[0x06, 0x04, 0x00, 0x02, 0x00, 0x03]),
                ..BroadcastSm::default()
            },
        ),
        golden(
            "00000012 80000111 00000000 01020304 3700",
            OK,
            BroadcastSmResp { message_id: "7".into(), ..Default::default() },
        ),
        golden(
            "00000016 00000112 00000000 01020304 3700 00 00 3100",
            OK,
            QueryBroadcastSm {
                message_id: "7".into(),
                source_addr: "1".into(),
                ..QueryBroadcastSm::default()
            },
        ),
        golden(
            "00000017 80000112 00000000 01020304 3700 0427 0001 02",
            OK,
            QueryBroadcastSmResp {
                message_id: "7".into(),
                tlvs: tlvs(&[0x04, 0x27, 0x00, 0x01, 0x02]),
            },
        ),
        golden(
            "00000017 00000113 00000000 01020304 00 3700 00 00 3100",
            OK,
            CancelBroadcastSm {
                message_id: "7".into(),
                source_addr: "1".into(),
                ..CancelBroadcastSm::default()
            },
        ),
        golden("00000010 80000113 00000000 01020304", OK, CancelBroadcastSmResp::default()),
    ]
}
