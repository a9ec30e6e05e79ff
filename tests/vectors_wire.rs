//! PDUs and streams out of 22 other test suites, through the framer, the codec and the line tools.
//!
//! What each entry expects is explained in the `README.md` beside the vectors.
#![cfg(feature = "runtime")]

use std::path::PathBuf;

use chappe::cli::pdu::{DecodeArgs, decode_line, encode_line};
use chappe::wire::{
    CommandStatus, Fault, Framer, FramingError, Header, Limits, Pdu, Reaction, Rules,
    Value as Field,
};
use serde_json::{Map, Value, json};

/// The limit these vectors were scored with: a message_payload of 64 KiB is their largest PDU.
const LIMITS: Limits = Limits { max_pdu_bytes: 65_536 };

fn vectors(name: &str) -> Vec<Value> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = [here.join("../shared"), here.join("../../shared")];
    let named = std::env::var_os("CHAPPE_SHARED").map(PathBuf::from);
    let path = named
        .into_iter()
        .chain(beside)
        .map(|directory| directory.join("vectors").join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("vectors/{name} is not there: set CHAPPE_SHARED"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_expect(expect: &str) -> Vec<Value> {
    let all = vectors("pdus.jsonl");
    let some: Vec<Value> = all.into_iter().filter(|entry| entry["expect"] == expect).collect();
    assert!(!some.is_empty(), "no vector expects {expect}");
    some
}

fn line(entry: &Value) -> &str {
    entry["hex"].as_str().unwrap()
}

fn octets(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(octet).collect()
}

fn rules() -> Rules {
    DecodeArgs::default().rules()
}

fn decoded(entry: &Value) -> Value {
    decode_line(line(entry), &rules())
}

/// The fields as the vectors write them, with the lengths and counts that the tools leave out.
fn fields_with_counts(object: &Value) -> Map<String, Value> {
    let mut fields = object["fields"].as_object().unwrap().clone();
    if let Some(text) = fields.get("short_message").and_then(Value::as_str) {
        let octets = text.len() / 2;
        fields.insert("sm_length".to_owned(), octets.into());
    }
    for (list, count) in [("dest_addresses", "number_of_dests"), ("unsuccess_smes", "no_unsuccess")]
    {
        if let Some(entries) = fields.get(list).and_then(Value::as_array) {
            let entries = entries.len();
            fields.insert(count.to_owned(), entries.into());
        }
    }
    fields
}

fn tlvs_as_vectors(object: &Value) -> Value {
    let tlvs = object["tlvs"].as_array().unwrap();
    tlvs.iter().map(|tlv| json!({ "tag": tlv["tag"], "hex": tlv["value"] })).collect()
}

fn same_header(object: &Value, entry: &Value) {
    assert_eq!(object["command"], entry["command"], "{entry}");
    assert_eq!(object["command_id"], entry["command_id"], "{entry}");
    assert_eq!(object["command_status"], entry["status"], "{entry}");
    assert_eq!(object["sequence_number"], entry["sequence"], "{entry}");
}

fn same_body(object: &Value, entry: &Value) {
    assert_eq!(&fields_with_counts(object), entry["fields"].as_object().unwrap(), "{entry}");
    assert_eq!(tlvs_as_vectors(object), entry["tlvs"], "{entry}");
}

/// Frames of a stream that arrives in pieces of this size, what is left, and whether it was lost.
fn framed(octets: &[u8], piece: usize) -> (Vec<Vec<u8>>, Vec<u8>, Option<FramingError>) {
    let (mut frames, mut kept) = (Vec::new(), Vec::new());
    for piece in octets.chunks(piece) {
        kept.extend_from_slice(piece);
        let mut framer = Framer::new(&kept, LIMITS);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(error) => return (frames, framer.rest().to_vec(), Some(error)),
            }
        }
        kept = framer.rest().to_vec();
    }
    (frames, kept, None)
}

fn one_frame(entry: &Value) -> Vec<u8> {
    let (frames, rest, error) = framed(&octets(line(entry)), usize::MAX);
    assert_eq!((frames.len(), rest.len(), error), (1, 0, None), "{entry}");
    frames.into_iter().next().unwrap()
}

/// A good PDU behind it is still found and read: a bad body never unhinges the stream.
fn the_next_pdu_is_unhurt(entry: &Value) {
    let next = octets("00000010000000150000000000000007");
    let stream = [octets(line(entry)), next.clone()].concat();
    let (frames, rest, error) = framed(&stream, usize::MAX);
    assert_eq!((frames.len(), rest.len(), error), (2, 0, None), "{entry}");
    assert!(Pdu::decode(&frames[1], &rules()).is_ok());
}

#[test]
fn every_strict_pdu_reads_as_the_vectors_say_and_writes_back() {
    let mut round_trips = 0;
    for entry in of_expect("ok").iter().filter(|entry| entry["accept"] == "must") {
        let object = decoded(entry);
        assert!(object.get("error").is_none(), "{object} for {entry}");
        same_header(&object, entry);
        same_body(&object, entry);
        if entry["roundtrip"] == true {
            assert_eq!(encode_line(&object.to_string()).as_deref(), Ok(line(entry)), "{entry}");
            round_trips += 1;
        }
    }
    assert!(round_trips > 200, "{round_trips} round trips");
}

/// The vectors give the counts (`sm_length`, `number_of_dests`, `no_unsuccess`) that `decode` does
/// not print.
#[test]
fn every_strict_pdu_is_written_from_what_the_vectors_say() {
    for entry in of_expect("ok").iter().filter(|entry| entry["roundtrip"] == true) {
        let tlv = |tlv: &Value| json!({ "tag": tlv["tag"], "value": tlv["hex"] });
        let tlvs: Value = entry["tlvs"].as_array().into_iter().flatten().map(tlv).collect();
        let object = json!({
            "command": entry["command"],
            "command_length": line(entry).len() / 2,
            "command_status": entry["status"],
            "sequence_number": entry["sequence"],
            "fields": entry["fields"],
            "tlvs": tlvs,
        });
        assert_eq!(encode_line(&object.to_string()).as_deref(), Ok(line(entry)), "{entry}");
    }
}

#[test]
fn every_round_trip_holds_for_the_typed_codec_too() {
    for entry in of_expect("ok").iter().filter(|entry| entry["roundtrip"] == true) {
        let frame = one_frame(entry);
        let (header, pdu) = Pdu::decode(&frame, &Rules::default()).unwrap();
        let mut again = Vec::new();
        pdu.encode(header.command_status, header.sequence_number, &mut again).unwrap();
        assert_eq!(again, frame, "{entry}");
    }
}

#[test]
fn a_deviation_is_taken_as_the_vectors_say_or_refused() {
    let mut taken = 0;
    for entry in of_expect("ok").iter().filter(|entry| entry["accept"] == "may") {
        let object = decoded(entry);
        same_header(&object, entry);
        if object.get("error").is_none() {
            same_body(&object, entry);
            taken += 1;
        }
    }
    assert!(taken >= 16, "most deviations are harmless, {taken} were taken");
}

#[test]
fn a_bad_body_is_refused_with_its_header_read() {
    for entry in of_expect("bad_body") {
        let object = decoded(&entry);
        assert_ne!(object["error"]["status"], Value::Null, "{entry}");
        same_header(&object, &entry);
        the_next_pdu_is_unhurt(&entry);
    }
}

#[test]
fn a_bad_tlv_costs_at_most_itself() {
    for entry in of_expect("bad_tlv") {
        let object = decoded(&entry);
        same_header(&object, &entry);
        if object.get("error").is_none() {
            same_body(&object, &entry);
        }
        the_next_pdu_is_unhurt(&entry);
    }
}

#[test]
fn no_vector_expects_what_is_not_tried_here() {
    const TRIED: [&str; 7] =
        ["ok", "bad_body", "bad_tlv", "unknown_command", "bad_length", "need_more", "extra"];
    for entry in vectors("pdus.jsonl") {
        assert!(TRIED.contains(&entry["expect"].as_str().unwrap()), "{entry}");
    }
}

#[test]
fn an_unknown_command_gets_a_generic_nack_of_the_same_sequence() {
    for entry in of_expect("unknown_command") {
        let object = decoded(&entry);
        same_header(&object, &entry);
        assert_eq!(object["command"], "unknown");
        assert_eq!(object["error"]["status"], "ESME_RINVCMDID");
        let error = Pdu::decode(&one_frame(&entry), &Rules::default()).unwrap_err();
        assert_eq!(error.fault, Fault::UnknownCommand);
        assert_eq!(error.reaction(), Reaction::GenericNack(CommandStatus::ESME_RINVCMDID));
        assert_eq!(entry["sequence"], error.header.sequence_number);
        the_next_pdu_is_unhurt(&entry);
    }
}

#[test]
fn a_length_that_cannot_be_one_loses_the_stream_at_once() {
    for entry in of_expect("bad_length") {
        let stream = octets(line(&entry));
        for piece in [1, 3, usize::MAX] {
            let (frames, rest, error) = framed(&stream, piece);
            assert!(frames.is_empty() && error.is_some(), "{entry}");
            assert!(rest.len() <= stream.len());
        }
        assert!(decoded(&entry).get("error").is_some(), "{entry}");
    }
}

#[test]
fn a_pdu_that_is_not_whole_is_waited_for() {
    for entry in of_expect("need_more") {
        let stream = octets(line(&entry));
        for piece in [1, 3, usize::MAX] {
            assert_eq!(framed(&stream, piece), (Vec::new(), stream.clone(), None), "{entry}");
        }
        let object = decoded(&entry);
        assert_eq!(object["error"]["fault"], "need_more", "{entry}");
        if entry.get("command").is_some() {
            same_header(&object, &entry);
        }
    }
}

#[test]
fn octets_behind_a_pdu_belong_to_the_next() {
    for entry in of_expect("extra") {
        let stream = octets(line(&entry));
        let length = Header::read(&stream).unwrap().command_length as usize;
        let mut framer = Framer::new(&stream, LIMITS);
        assert_eq!(framer.next_frame(), Ok(Some(&stream[..length])), "{entry}");
        assert_eq!(framer.rest(), &stream[length..]);
        let object = decoded(&entry);
        assert_eq!(object["error"]["fault"], "extra_octets");
        same_header(&object, &entry);
    }
}

#[test]
fn a_stream_has_the_same_frames_however_it_is_cut() {
    for entry in vectors("streams.jsonl") {
        let stream = octets(line(&entry));
        let frames: Vec<Vec<u8>> = entry["frames"]
            .as_array()
            .unwrap()
            .iter()
            .map(|frame| octets(frame.as_str().unwrap()))
            .collect();
        let rest = octets(entry["rest"].as_str().unwrap());
        for piece in [usize::MAX, 1, 2, 3, 5, 7, 13, 15, 17, 31, 64] {
            let (found, left, error) = framed(&stream, piece);
            assert_eq!(found, frames, "in pieces of {piece}: {entry}");
            match entry["end"].as_str().unwrap() {
                "bad_length" => {
                    assert!(error.is_some(), "{entry}");
                    assert!(rest.starts_with(&left), "in pieces of {piece}: {entry}");
                }
                end => {
                    assert_eq!(error, None, "{entry}");
                    assert_eq!(left, rest, "in pieces of {piece}: {entry}");
                    assert_eq!(end == "clean", left.is_empty(), "{entry}");
                }
            }
        }
        for frame in frames {
            // Whatever stands in a frame, it is read or refused with its header.
            let header = Header::read(&frame).unwrap();
            match Pdu::decode(&frame, &rules()) {
                Ok((read, _)) => assert_eq!(read, header),
                Err(error) => assert_eq!(error.header, header),
            }
        }
    }
}

#[test]
fn fields_are_borrowed_from_the_octets_they_came_in() {
    for entry in of_expect("ok").iter().filter(|entry| entry["accept"] == "must") {
        let frame = one_frame(entry);
        let (_, pdu) = Pdu::decode(&frame, &rules()).unwrap();
        let within = frame.as_ptr_range();
        pdu.visit(&mut |name, value| {
            let octets = match value {
                Field::CString(string) => string.octets(),
                Field::Octets(octets) => octets,
                _ => return,
            };
            let inside = octets.is_empty() || within.contains(&octets.as_ptr());
            assert!(inside, "{name} was copied");
        });
    }
}
