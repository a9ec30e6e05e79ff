//! Lines in, an answer a line out: what the line tools share.

use std::io::{self, BufRead, Read, Write};

use serde_json::json;

/// Most octets of a line: the largest PDU in hexadecimal or JSON, with room for spaces.
pub const LINE_MAX: usize = 1024 * 1024;

/// Hands every line of `input` to `answer` and writes the line it gives to `output`.
///
/// A line may end in LF or CR LF; an empty one is a line too, so that outputs can be counted off
/// against inputs. A line above [`LINE_MAX`] gives an error object and the next one is read.
///
/// # Errors
/// What reading or writing fails with; never what a line holds.
pub fn each_line(
    mut input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(&str) -> String,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = (LINE_MAX + 2) as u64;
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        let ended = line.pop_if(|octet| *octet == b'\n').is_some();
        line.pop_if(|octet| *octet == b'\r');
        let answer = if line.len() > LINE_MAX {
            if !ended {
                input.skip_until(b'\n')?;
            }
            json!({ "error": { "fault": "line_too_long", "offset": LINE_MAX } }).to_string()
        } else {
            answer(&String::from_utf8_lossy(&line))
        };
        output.write_all(answer.as_bytes())?;
        output.write_all(b"\n")?;
    }
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
    use super::*;

    fn lengths(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        each_line(input, &mut output, |line| line.len().to_string()).unwrap();
        String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_line_has_its_answer_the_empty_ones_too() {
        assert_eq!(lengths(b"abc\n\nab\r\na"), ["3", "0", "2", "1"]);
        assert!(lengths(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_costs_a_bounded_buffer_and_the_next_is_read() {
        let mut input = vec![b'a'; 3 * LINE_MAX];
        input.extend(b"\nab");
        let answers = lengths(&input);
        assert!(answers[0].contains("line_too_long"), "{}", answers[0]);
        assert_eq!(answers[1..], ["2"]);
    }

    #[test]
    fn hexadecimal_is_read_with_blanks_and_in_either_case() {
        assert_eq!(octets_of(" 00 Ff\t1a "), Ok(vec![0, 255, 26]));
        assert_eq!(octets_of("0g"), Err(1));
        assert_eq!(octets_of("001"), Err(3));
        assert_eq!(hex(&[0, 255, 26]), "00ff1a");
    }
}
