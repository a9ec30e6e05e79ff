//! `chappe receipt parse`: a receipt a line in, one JSON object a line out.
//!
//! Every object has the same members, `null` where the receipt does not have them; a line that is
//! no receipt has nothing but nulls. A line that cannot be read gives `{"error": ...}` and the tool
//! goes on with the next one.

use std::io::{self, BufRead, Write};

use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::lines::{Lines, Said, each_line, octets_of};
use crate::message::{
    receipt::{ReceiptText, plain},
    state::MessageState,
};

/// Most octets of a line: the largest message_payload in hexadecimal, with room for spaces.
const LINE_MAX: usize = 256 * 1024;

/// What `receipt parse` can be asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct ParseArgs {
    /// Read each line as hexadecimal octets (for binary and UCS-2 receipts)
    #[arg(long)]
    pub hex: bool,
}

/// Reads receipts to the end of `input` and writes an object for each to `output`.
///
/// A line may end in LF or CR LF. Lines that are not UTF-8 are taken octet by octet, and lines
/// longer than 256 KiB give an error.
///
/// # Errors
/// What reading or writing fails with; never what a line holds.
pub fn run(args: &ParseArgs, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let lines = Lines { max: LINE_MAX, too_long: |max| error("line_too_long", max) };
    each_line(input, output, lines, |line| {
        Said::of(&match str::from_utf8(line) {
            Ok(text) => parse_line(text, args.hex),
            Err(at) if args.hex => error("bad_hex", at.valid_up_to()),
            Err(_) => members(line),
        })
    })
}

/// The object for one line: the receipt's values as they stand in it and the name of its state.
///
/// With `hex` the line is octets in hexadecimal, blanks between them allowed. A line that is a
/// JSON string is what the string says; UTF-16 is found out by itself.
#[must_use]
pub fn parse_line(line: &str, hex: bool) -> Value {
    let quoted: Option<String> =
        if line.starts_with('"') { serde_json::from_str(line).ok() } else { None };
    let line = quoted.as_deref().unwrap_or(line);
    if !hex {
        return members(line.as_bytes());
    }
    match octets_of(line) {
        Ok(octets) => members(&octets),
        Err(offset) => error("bad_hex", offset),
    }
}

fn members(octets: &[u8]) -> Value {
    let octets = plain(octets);
    let receipt = ReceiptText::parse(&octets);
    json!({
        "id": receipt.id.map(shown),
        "sub": receipt.sub.map(shown),
        "dlvrd": receipt.dlvrd.map(shown),
        "submit_date": receipt.submit_date.map(shown),
        "done_date": receipt.done_date.map(shown),
        "stat": receipt.stat.map(shown),
        "err": receipt.err.map(shown),
        "text": receipt.text.map(shown),
        "state": receipt.state().and_then(MessageState::name),
    })
}

/// A fault and the octet of the line at which it shows.
fn error(fault: &str, offset: usize) -> Value {
    json!({ "error": { "fault": fault, "offset": offset } })
}

/// Octets as text: UTF-8, or else Latin-1, which has a character for each.
fn shown(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::receipt::vectors::{self, Vector};

    const MEMBERS: [&str; 9] =
        ["id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text", "state"];

    fn lines_of(hex: bool, input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        run(&ParseArgs { hex }, input, &mut output).unwrap();
        output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }

    fn check(vector: &Vector, object: &Value) {
        let entry = &vector.entry;
        for name in MEMBERS {
            let (group, member) =
                if name == "state" { ("normal", "state") } else { ("expect", name) };
            if entry["esm_class"] != 8 && vector.scores(&format!("{group}.{member}")) {
                assert_eq!(object[name], entry[group][member], "{name} of {entry}");
            }
        }
        assert_eq!(object.as_object().unwrap().keys().collect::<Vec<_>>(), MEMBERS);
    }

    #[test]
    fn every_shared_receipt_is_printed_as_expected_from_octets_and_from_text() {
        for vector in vectors::receipts() {
            let text = vector.entry["text"].as_str().unwrap();
            check(&vector, &parse_line(vector.entry["hex"].as_str().unwrap_or_default(), true));
            check(&vector, &parse_line(&serde_json::to_string(text).unwrap(), false));
            if !text.contains(['\n', '\r']) {
                check(&vector, &parse_line(text, false));
            }
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_gives_an_error_and_the_next_is_read() {
        let found = lines_of(true, b"69643A31\nxyz\n69643\n\xff\n\n69 64 3a 32\r\n");
        let error = |offset| json!({ "error": { "fault": "bad_hex", "offset": offset } });
        assert_eq!(found.len(), 6);
        assert_eq!((&found[0]["id"], &found[5]["id"]), (&json!("1"), &json!("2")));
        assert_eq!(found[1..4], [error(0), error(5), error(0)]);
        assert_eq!((&found[4]["id"], found[4].get("error")), (&Value::Null, None));
    }

    #[test]
    fn a_line_without_a_receipt_is_all_nulls() {
        for line in ["", "Your identity has been verified.", "\"no end"] {
            let object = parse_line(line, false);
            assert!(MEMBERS.iter().all(|name| object[name].is_null()), "{line}");
        }
    }

    #[test]
    fn octets_that_are_not_utf8_are_read_as_latin_1() {
        let found = lines_of(false, b"id:1 stat:DELIVRD text:M\xe3");
        assert_eq!(found[0]["text"], "M\u{e3}");
        assert_eq!(found[0]["state"], "DELIVERED");
    }

    #[test]
    fn a_line_without_end_costs_a_bounded_buffer() {
        let mut input = b"id:1 ".repeat(LINE_MAX);
        input.extend(b"\nid:2");
        let found = lines_of(false, &input);
        assert_eq!(
            (&found[0]["error"]["fault"], &found[1]["id"]),
            (&json!("line_too_long"), &json!("2"))
        );
        let exact = [b"id:1 text:".as_slice(), &b"x".repeat(LINE_MAX - 10)].concat();
        assert_eq!(lines_of(false, &exact)[0]["id"], "1");
        assert_eq!(lines_of(false, &[exact.as_slice(), b"\r\n"].concat())[0]["id"], "1");
    }
}
