//! Lines in, an answer a line out: what the line tools share.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};

use serde_json::Value;

use super::Exit;

/// What the lines of an input may be.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Most octets of one.
    pub max: usize,
    /// The object for a longer one.
    pub too_long: fn(max: usize) -> Value,
}

/// What is said to a line.
#[derive(Clone, Debug)]
pub enum Said {
    /// Nothing: it is passed over.
    Nothing,
    /// This.
    Answer(String),
    /// What is wrong with it.
    Error(String),
}

impl Said {
    /// An object; one that has the member `error` says what is wrong.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let line = one_line(object);
        if object.get("error").is_some() { Self::Error(line) } else { Self::Answer(line) }
    }
}

/// What some editors put in front of a text: U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Characters that end a line for who goes by Unicode, and that JSON lets stand in a string.
const LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Hands every line of `input` to `answer` and writes the line it gives to `output`. It goes on
/// after a line that something is wrong with, and [`Exit::Failure`] says at the end that there was
/// one.
///
/// A line may end in LF or CR LF; an empty one is a line too, so that outputs can be counted off
/// against inputs; what is answered [`Said::Nothing`] is passed
/// over. A line above [`Lines::max`] gives its
/// object and the next one is read. A byte order mark in front of the first line is no part of it.
///
/// # Errors
/// What reading or writing fails with; never what a line holds.
pub fn each_line(
    mut input: impl BufRead,
    mut output: impl Write,
    lines: Lines,
    mut answer: impl FnMut(&[u8]) -> Said,
) -> io::Result<Exit> {
    let mut exit = Exit::Success;
    let mut line = Vec::new();
    let mut mark = BYTE_ORDER_MARK;
    loop {
        line.clear();
        let limit = (lines.max + 2) as u64;
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return output.flush().map(|()| exit);
        }
        let ended = line.pop_if(|octet| *octet == b'\n').is_some();
        line.pop_if(|octet| *octet == b'\r');
        let answer = if line.len() > lines.max {
            if !ended {
                input.skip_until(b'\n')?;
            }
            Said::of(&(lines.too_long)(lines.max))
        } else {
            answer(line.strip_prefix(mark).unwrap_or(&line))
        };
        mark = b"";
        let answer = match answer {
            Said::Nothing => continue,
            Said::Answer(answer) => answer,
            Said::Error(answer) => {
                exit = Exit::Failure;
                answer
            }
        };
        output.write_all(answer.as_bytes())?;
        output.write_all(b"\n")?;
    }
}

/// A value as JSON that is one line whatever a reader takes for a line's end.
#[must_use]
pub fn one_line(value: &Value) -> String {
    let json = value.to_string();
    if !json.contains(LINE_ENDS) {
        return json;
    }
    let mut line = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // They stand in strings only, where an escape means the same; a string takes all writes.
        let _ = match LINE_ENDS.contains(&c) {
            true => write!(line, "\\u{:04x}", u32::from(c)),
            false => line.write_char(c),
        };
    }
    line
}

/// The octets of hexadecimal digits, blanks between them passed over.
///
/// # Errors
/// Where in the text there is no digit, or no second one.
pub fn octets_of(digits: &str) -> Result<Vec<u8>, usize> {
    let mut octets = Vec::with_capacity(digits.len() / 2);
    let mut high = None;
    for (at, digit) in digits.char_indices() {
        if digit.is_whitespace() {
            continue;
        }
        let value = digit.to_digit(16).ok_or(at)? as u8; // Below sixteen.
        match high.take() {
            None => high = Some(value),
            Some(high) => octets.push(high << 4 | value),
        }
    }
    if high.is_some() { Err(digits.len()) } else { Ok(octets) }
}

/// Octets as lower-case hexadecimal digits.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAX: usize = 4096;

    fn lengths(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        let lines = Lines { max: MAX, too_long: |max| json!({ "fault": "too_long", "max": max }) };
        let length = |line: &[u8]| Said::Answer(line.len().to_string());
        each_line(input, &mut output, lines, length).unwrap();
        String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_line_has_its_answer_the_empty_ones_too() {
        assert_eq!(lengths(b"abc\n\nab\r\na"), ["3", "0", "2", "1"]);
        assert!(lengths(b"").is_empty());
        assert_eq!(lengths(b"\xef\xbb\xbfab\n\xef\xbb\xbf\nab"), ["2", "3", "2"]);
    }

    #[test]
    fn one_bad_line_fails_the_whole_and_the_others_are_answered() {
        let ends = |input: &[u8]| {
            let mut output = Vec::new();
            let lines = Lines { max: 3, too_long: |max| json!({ "error": max }) };
            let exit = each_line(input, &mut output, lines, |line| match line {
                b"" => Said::Nothing,
                b"bad" => Said::of(&json!({ "error": "bad" })),
                _ => Said::of(&json!({ "ok": 1 })),
            });
            (exit.unwrap(), String::from_utf8(output).unwrap())
        };
        let (ok, bad) = ("{\"ok\":1}\n", "{\"error\":\"bad\"}\n");
        assert_eq!(ends(b""), (Exit::Success, String::new()));
        assert_eq!(ends(b"a\n\nb\n"), (Exit::Success, [ok, ok].concat()));
        assert_eq!(ends(b"a\nbad\nb\n"), (Exit::Failure, [ok, bad, ok].concat()));
        assert_eq!(ends(b"long\na"), (Exit::Failure, ["{\"error\":3}\n", ok].concat()));
    }

    #[test]
    fn a_line_is_one_to_who_goes_by_unicode_too() {
        let text = "a\u{85}b\u{2028}c\u{2029}d\ne\u{b}\u{1c}\u{e9}";
        let line = one_line(&json!({ "text": text }));
        let expected = r#"{"text":"a\u0085b\u2028c\u2029d\ne\u000b\u001cé"}"#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["text"], text);
    }

    #[test]
    fn a_line_without_end_costs_a_bounded_buffer_and_the_next_is_read() {
        let mut input = vec![b'a'; 3 * MAX];
        input.extend(b"\nab\n");
        input.extend([b'a'; MAX]);
        input.extend(b"\r\n");
        let told = r#"{"fault":"too_long","max":4096}"#;
        assert_eq!(lengths(&input), [told, "2", "4096"]);
    }

    #[test]
    fn hexadecimal_is_read_with_blanks_and_in_either_case() {
        assert_eq!(octets_of(" 00 Ff\t1a "), Ok(vec![0, 255, 26]));
        assert_eq!(octets_of("0g"), Err(1));
        assert_eq!(octets_of("001"), Err(3));
        assert_eq!(hex(&[0, 255, 26]), "00ff1a");
    }
}
