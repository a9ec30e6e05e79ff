//! What the tools promise to who calls them.

use serde_json::{Value, json};

use super::{
    DecodeArgs, Edition, Exit, LINE_MAX, decode_line, encode_line, run_decode, run_encode,
};
use crate::cli::lines::{hex, octets_of};
use crate::wire::{PDUS, Version, sample};

fn decoded(line: &str) -> Value {
    decode_line(line, &DecodeArgs::default().rules())
}

fn error_of(line: &str) -> Value {
    decoded(line)["error"].clone()
}

fn encode_error(object: &Value) -> (String, String) {
    let error = encode_line(&object.to_string()).unwrap_err();
    let text = |key: &str| error["error"][key].as_str().unwrap().to_owned();
    (text("fault"), text("field"))
}

#[test]
fn a_pdu_prints_as_documented() {
    let line = "00000043 00000004 00000000 00000001 \
                00 0500 436861E900 0101 3333363132333435363738 00 400000 00 00 01 00 00 00 00 \
                0204 0002 002A 1400 0003 616200 0424 0002 6869";
    let expected = json!({
        "command": "submit_sm", "command_id": 4, "command_status": 0, "sequence_number": 1,
        "fields": {
            "service_type": "",
            "source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "Cha\u{e9}",
            "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "33612345678",
            "esm_class": 64, "protocol_id": 0, "priority_flag": 0, "schedule_delivery_time": "",
            "validity_period": "", "registered_delivery": 1, "replace_if_present_flag": 0,
            "data_coding": 0, "sm_default_msg_id": 0, "short_message": "",
        },
        "tlvs": [
            { "tag": 516, "name": "user_message_reference", "value": "002a" },
            { "tag": 5120, "name": null, "value": "616200" },
            { "tag": 1060, "name": "message_payload", "value": "6869" },
        ],
    });
    let printed = decoded(line);
    assert_eq!(printed, expected);
    let members: Vec<&String> = printed.as_object().unwrap().keys().collect();
    let order = ["command", "command_id", "command_status", "sequence_number", "fields", "tlvs"];
    assert_eq!(members, order);
    assert_eq!(encode_line(&printed.to_string()).unwrap(), line.replace(' ', "").to_lowercase());
}

#[test]
fn what_decode_prints_encode_takes_back_for_every_row() {
    let args = DecodeArgs { smpp: Edition::V50, strict: true, ..DecodeArgs::default() };
    assert_eq!(args.rules().version, Version::V50);
    let mut seed = 1_usize;
    let mut below = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % bound
    };
    for row in PDUS {
        for _ in 0..20 {
            let mut frame = Vec::new();
            sample::pdu_of(row, &mut below, &mut frame);
            let line = hex(&frame);
            let object = decode_line(&line, &args.rules());
            assert_eq!(object["command"], row.name);
            assert_eq!(encode_line(&object.to_string()).as_ref(), Ok(&line), "{object}");
        }
    }
}

#[test]
fn a_response_without_a_body_has_no_fields_and_gets_none_back() {
    let line = "00000010800000040000005800000009";
    let object = decoded(line);
    assert_eq!((&object["fields"], &object["tlvs"]), (&json!({}), &json!([])));
    assert_eq!(object["command_status"], 0x58);
    assert_eq!(encode_line(&object.to_string()).unwrap(), line);
    let with_body = decoded("0000001180000004000000580000000900");
    assert_eq!(with_body["fields"], json!({ "message_id": "" }));
    assert_eq!(encode_line(&with_body.to_string()).unwrap(), "0000001180000004000000580000000900");
}

#[test]
fn octets_beyond_or_short_of_the_length_are_an_error_with_what_could_be_read() {
    let header = "00000010000000150000000000000007";
    let short = decoded(&header[..30]);
    assert_eq!((short.get("command"), &short["error"]["fault"]), (None, &json!("need_more")));
    let cut = decoded("00000012800000040000000000000007 31");
    assert_eq!(cut["command"], "submit_sm_resp");
    assert_eq!((&cut["command_id"], &cut["sequence_number"]), (&json!(0x8000_0004_u32), &json!(7)));
    assert_eq!(
        cut["error"],
        json!({ "fault": "need_more", "field": "command_length", "offset": 17,
                "status": "ESME_RINVCMDLEN" })
    );
    let extra = decoded(&format!("{header}00"));
    assert_eq!(extra["command"], "enquire_link");
    assert_eq!(
        (&extra["error"]["fault"], &extra["error"]["offset"]),
        (&json!("extra_octets"), &json!(16))
    );
    for length in ["0000000f", "00011171", "ffffffff"] {
        let lost = error_of(&format!("{length}{}", &header[8..]));
        assert_eq!(lost["fault"], "bad_length", "{length}");
    }
    assert_eq!(error_of("")["fault"], "need_more");
}

#[test]
fn a_bad_line_is_answered_and_the_next_is_read() {
    let mut output = Vec::new();
    let input = "zz\n00000010000000150000000000000007\n\u{e9}\n".as_bytes();
    run_decode(&DecodeArgs::default(), input, &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    let lines: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["error"]["fault"], "bad_hex");
    assert_eq!(lines[1]["command"], "enquire_link");
    assert_eq!(lines[2]["error"]["fault"], "bad_hex");

    let mut back = Vec::new();
    run_encode(output.as_bytes(), &mut back).unwrap();
    let back = String::from_utf8(back).unwrap();
    let lines: Vec<&str> = back.lines().collect();
    assert_eq!(lines[1], "00000010000000150000000000000007");
    assert!(lines[0].starts_with("{\"error\":") && lines[2].starts_with("{\"error\":"));
}

#[test]
fn a_bad_body_names_command_field_offset_and_status() {
    let object = decoded("00000014 00000004 00000000 00000003 41424344");
    assert_eq!(
        object,
        json!({ "command": "submit_sm", "command_id": 4, "command_status": 0,
                "sequence_number": 3,
                "error": { "fault": "unterminated", "field": "service_type", "offset": 16,
                           "status": "ESME_RINVSERTYP" } })
    );
}

#[test]
fn the_broadcast_commands_are_unknown_unless_5_0_is_asked_for() {
    let line = "00000012 80000111 00000000 00000001 3700";
    let object = decoded(line);
    assert_eq!(
        (&object["command"], &object["command_id"]),
        (&json!("unknown"), &json!(0x8000_0111_u32))
    );
    assert_eq!(object["error"]["status"], "ESME_RINVCMDID");
    let of_v50 = DecodeArgs { smpp: Edition::V50, ..DecodeArgs::default() };
    assert_eq!(decode_line(line, &of_v50.rules())["command"], "broadcast_sm_resp");
}

#[test]
fn what_is_not_given_to_encode_is_empty() {
    let hex = encode_line(r#"{"command":"query_sm"}"#).unwrap();
    assert_eq!(hex, "0000001400000003000000000000000100000000");
    let hex = encode_line(r#"{"command_id":2147483652,"command_status":"ESME_RTHROTTLED"}"#);
    assert_eq!(hex.unwrap(), "00000010800000040000005800000001");
    let hex = encode_line(
        r#"{"command":"data_sm_resp","tlvs":[{"name":"network_error_code","value":"03 00 1F"}]}"#,
    );
    assert_eq!(hex.unwrap(), "000000188000010300000000000000010004230003".to_owned() + "03001f");
}

#[test]
fn lists_are_given_entry_by_entry() {
    let object = json!({ "command": "submit_multi", "fields": { "dest_addresses": [
        { "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "33" },
        { "dl_name": "all" },
        { "dest_flag": 2, "dl_name": "" },
    ] } });
    let line = encode_line(&object.to_string()).unwrap();
    let printed = decoded(&line);
    assert_eq!(
        printed["fields"]["dest_addresses"],
        json!([
            { "dest_flag": 1, "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "33" },
            { "dest_flag": 2, "dl_name": "all" },
            { "dest_flag": 2, "dl_name": "" },
        ])
    );
    let object = json!({ "command": "submit_multi_resp", "fields": { "unsuccess_smes": [
        { "destination_addr": "33", "error_status_code": 11 },
    ] } });
    let line = encode_line(&object.to_string()).unwrap();
    assert!(octets_of(&line).unwrap().ends_with(b"\0\x01\0\x0033\0\0\0\0\x0b"));
    assert_eq!(encode_line(&decoded(&line).to_string()).unwrap(), line);
}

#[test]
fn lengths_and_counts_that_agree_are_taken() {
    let object = json!({ "command": "submit_sm", "command_length": 35, "fields": {
        "sm_length": 2, "short_message": "6869" } });
    assert!(encode_line(&object.to_string()).unwrap().ends_with("00026869"));
    let object = json!({ "command": "submit_multi_resp", "fields": { "no_unsuccess": 0 } });
    assert_eq!(
        encode_line(&object.to_string()).unwrap(),
        "0000001280000021000000000000000100 00".replace(' ', "")
    );
    let object = json!({ "command": "submit_multi", "fields": {
        "number_of_dests": 1, "dest_addresses": [{ "dl_name": "all" }] } });
    assert!(encode_line(&object.to_string()).is_ok());
}

#[test]
fn a_line_too_long_is_an_error_with_the_members_of_every_other() {
    let answer = |run: fn(&[u8], &mut Vec<u8>) -> std::io::Result<Exit>| {
        let mut output = Vec::new();
        let exit = run(&vec![b'0'; LINE_MAX + 1], &mut output).unwrap();
        assert_eq!(exit, Exit::Failure);
        serde_json::from_slice::<Value>(&output).unwrap()["error"].clone()
    };
    let decoded = answer(|line, out| run_decode(&DecodeArgs::default(), line, out));
    let expected = json!({ "fault": "line_too_long", "field": null, "offset": LINE_MAX,
        "status": null });
    assert_eq!(decoded, expected);
    let encoded = answer(|line, out| run_encode(line, out));
    assert_eq!((&encoded["fault"], &encoded["field"]), (&json!("line_too_long"), &json!("")));
}

#[test]
fn the_strict_rules_take_no_body_of_an_error_but_tlvs_that_say_why() {
    let strict = DecodeArgs { strict: true, ..DecodeArgs::default() };
    let fault = |line: &str| decode_line(line, &strict.rules())["error"]["fault"].clone();
    for line in [
        // bind_transceiver_resp: the name and the version of an SMSC that refuses.
        "0000001a 80000009 0000000d 00000001 736d736300 0210 0001 34",
        // data_sm_resp: TLVs in place of message_id.
        "0000001d 80000103 0000000b 00000001 04230003030005 0425000101 00",
        "0000001c 80000103 0000000b 00000001 04230003030005 0425000101",
        "00000017 80000103 0000000b 00000001 3700 1400 0001 00",
    ] {
        assert!(fault(line).is_string(), "{line}");
    }
    assert_eq!(fault("00000017 80000103 000000fe 00000001 3700 0425 0001 02"), Value::Null);
}

#[test]
fn what_cannot_be_a_pdu_is_refused_by_name() {
    let cases = [
        (json!([]), "bad_json", ""),
        (json!({}), "missing", "command"),
        (json!({ "command": "submit" }), "unknown_command", "command"),
        (json!({ "command_id": 272 }), "unknown_command", "command"),
        (json!({ "command": "unbind", "command_id": 21 }), "disagree", "command"),
        (json!({ "command": "unbind", "comand_status": 0 }), "unknown_member", "comand_status"),
        (json!({ "command": "unbind", "command_status": -1 }), "out_of_range", "command_status"),
        (json!({ "command": "unbind", "command_status": "OK" }), "bad_value", "command_status"),
        (
            json!({ "command": "unbind", "sequence_number": 4_294_967_296_u64 }),
            "out_of_range",
            "sequence_number",
        ),
        (json!({ "command": "unbind", "sequence_number": "1" }), "bad_value", "sequence_number"),
        (
            json!({ "command": "submit_sm", "fields": { "esm_class": 256 } }),
            "out_of_range",
            "esm_class",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "sm_length": 3, "short_message": "00" } }),
            "disagree",
            "sm_length",
        ),
        (json!({ "command": "submit_sm", "fields": { "sm_length": 3 } }), "disagree", "sm_length"),
        (
            json!({ "command": "query_sm", "fields": { "sm_length": 0 } }),
            "unknown_member",
            "fields.sm_length",
        ),
        (
            json!({ "command": "submit_multi", "fields": { "number_of_dests": 1 } }),
            "disagree",
            "number_of_dests",
        ),
        (
            json!({ "command": "submit_multi_resp", "fields": { "no_unsuccess": 1 } }),
            "disagree",
            "no_unsuccess",
        ),
        (json!({ "command": "unbind", "command_length": 17 }), "disagree", "command_length"),
        (json!({ "command": "unbind", "command_length": "16" }), "bad_value", "command_length"),
        (
            json!({ "command": "unbind_resp", "fields": { "message_id": "" } }),
            "unknown_member",
            "fields.message_id",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "source_addr": 33 } }),
            "bad_value",
            "source_addr",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "source_addr": "123456789012345678901" } }),
            "too_long",
            "source_addr",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "source_addr": "a\u{0}b" } }),
            "bad_value",
            "source_addr",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "source_addr": "\u{20ac}" } }),
            "bad_value",
            "source_addr",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "short_message": "0" } }),
            "bad_hex",
            "short_message",
        ),
        (
            json!({ "command": "submit_sm", "fields": { "short_message": "00".repeat(256) } }),
            "too_long",
            "short_message",
        ),
        (json!({ "command": "submit_sm", "tlvs": [{ "value": "00" }] }), "missing", "tlvs[0].tag"),
        (
            json!({ "command": "submit_sm", "tlvs": [{ "tag": 65536 }] }),
            "out_of_range",
            "tlvs[0].tag",
        ),
        (
            json!({ "command": "submit_sm", "tlvs": [{ "name": "payload" }] }),
            "unknown_tlv",
            "tlvs[0].name",
        ),
        (
            json!({ "command": "submit_sm", "tlvs": [{ "tag": 1, "name": "message_payload" }] }),
            "disagree",
            "tlvs[0].name",
        ),
        (
            json!({ "command": "submit_multi", "fields": { "dest_addresses": [
            { "dest_flag": 1, "dl_name": "x" }] } }),
            "disagree",
            "dest_addresses[0].dest_flag",
        ),
        (
            json!({ "command": "submit_multi", "fields": { "dest_addresses": [
            { "destination_addr": "1", "ton": 1 }] } }),
            "unknown_member",
            "dest_addresses[0].ton",
        ),
    ];
    for (object, fault, field) in cases {
        assert_eq!(encode_error(&object), (fault.to_owned(), field.to_owned()), "{object}");
    }
    assert_eq!(encode_line("{").unwrap_err()["error"]["fault"], "bad_json");
}

#[test]
fn q38_a_profile_names_and_reads_its_vendors_tlvs() {
    let dialect = crate::config::bundled("india-dlt").map(std::sync::Arc::new);
    let args = DecodeArgs { dialect, ..DecodeArgs::default() };
    // A data_sm_resp with template_id 1107, a tag of nobody's and message_state.
    let line =
        "00000023 80000103 00000000 00000001 00 1401 0004 31313037 1499 0001 07 0427 0001 02";
    let (mut plain, mut named) = (Vec::new(), Vec::new());
    run_decode(&DecodeArgs::default(), line.as_bytes(), &mut plain).unwrap();
    run_decode(&args, line.as_bytes(), &mut named).unwrap();
    let tlvs = |output: &[u8]| -> Value {
        let object: Value = serde_json::from_slice(output).unwrap();
        object["tlvs"].clone()
    };
    let (plain, named) = (tlvs(&plain), tlvs(&named));
    assert_eq!(plain[0], json!({ "tag": 0x1401, "name": null, "value": "31313037" }));
    let template = json!({
        "tag": 0x1401, "name": "template_id", "value": "31313037", "read": "1107"
    });
    assert_eq!(named[0], template);
    assert_eq!((&named[1], &named[2]), (&plain[1], &plain[2]), "the others are as they were");
}
