//! Files of texts with the intents that their writers had, in the forms that such files have.

use std::fs;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value;

use super::super::Failure;
use crate::mo::intent::LabelledText;

/// The largest file read; the public sets have less than a mebibyte.
const FILE_MAX_BYTES: u64 = 256 * 1_048_576;

/// What columns and members of texts are called, and those of intents.
const TEXTS: [&str; 6] = ["text", "utterance", "query", "sentence", "message", "body"];
const LABELS: [&str; 4] = ["intent", "label", "category", "class"];

/// The texts of a file: CSV or TSV with a head line, JSON Lines, or one text a line in
/// `NAME.seq.in` with the intents in `NAME.label` beside it.
///
/// # Errors
/// What is wrong, with its place.
pub(super) fn read(path: &Path) -> Result<Vec<LabelledText>, Failure> {
    let name = path.to_string_lossy();
    let texts = if let Some(stem) = name.strip_suffix(".seq.in") {
        beside(&text_of(path)?, &text_of(Path::new(&format!("{stem}.label")))?)
    } else {
        let text = text_of(path)?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson") => json_lines(&text),
            Some("tsv") => columns(&text, b'\t'),
            Some("csv") => columns(&text, b','),
            _ => Err("its name ends in none of .csv, .tsv, .jsonl, .seq.in".to_owned()),
        }
    };
    let texts = texts.map_err(|fault| Failure::usage(format!("{}: {fault}", path.display())))?;
    match texts.is_empty() {
        true => Err(Failure::usage(format!("{}: no texts", path.display()))),
        false => Ok(texts),
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let wrong = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let size = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > FILE_MAX_BYTES {
        return Err(wrong(format!("{size} octets; at most {FILE_MAX_BYTES}")));
    }
    let octets = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(octets).map_err(|error| wrong(error.to_string()))
}

fn beside(texts: &str, labels: &str) -> Result<Vec<LabelledText>, String> {
    let (ours, theirs) = (texts.lines().count(), labels.lines().count());
    if ours != theirs {
        return Err(format!("{ours} lines, and {theirs} intents beside it"));
    }
    let pairs = texts.lines().zip(labels.lines());
    Ok(pairs.map(|(text, label)| labelled(text, label)).collect())
}

fn json_lines(text: &str) -> Result<Vec<LabelledText>, String> {
    let one = |(at, line): (usize, &str)| {
        let object: Value =
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))?;
        let member = |names: &[&str]| {
            let found = names.iter().find_map(|name| object.get(name)?.as_str());
            found.ok_or_else(|| format!("line {}: no text in {}", at + 1, names.join(", ")))
        };
        Ok(labelled(member(&TEXTS)?, member(&LABELS)?))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(one).collect()
}

fn columns(text: &str, delimiter: u8) -> Result<Vec<LabelledText>, String> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    if delimiter == b'\t' {
        // In columns with tabs between them a quotation mark is one.
        reader = ReaderBuilder::new().delimiter(delimiter).quoting(false).build();
    }
    let mut rest = text.as_bytes();
    let head = record(&mut reader, &mut rest).ok_or("no head line")?;
    let column = |names: &[&str]| {
        let place = |name: &&str| head.iter().position(|own| own.trim().eq_ignore_ascii_case(name));
        names.iter().find_map(place).ok_or_else(|| {
            format!("line 1: columns {}; expected one of {}", head.join(", "), names.join(", "))
        })
    };
    let (texts, labels) = (column(&TEXTS)?, column(&LABELS)?);
    let mut found = Vec::new();
    while let Some(record) = record(&mut reader, &mut rest) {
        match (record.get(texts), record.get(labels)) {
            (Some(text), Some(label)) => found.push(labelled(text, label)),
            _ => return Err(format!("before line {}: too few columns", reader.line())),
        }
    }
    Ok(found)
}

/// The next record.
fn record(reader: &mut Reader, rest: &mut &[u8]) -> Option<Vec<String>> {
    let (mut octets, mut ends) = (vec![0; 1024], vec![0; 32]);
    let (mut filled, mut fields) = (0, 0);
    loop {
        let (result, read, written, ended) =
            reader.read_record(rest, &mut octets[filled..], &mut ends[fields..]);
        *rest = &rest[read..];
        (filled, fields) = (filled + written, fields + ended);
        match result {
            // An empty input tells the reader that there is no more.
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => octets.resize(octets.len() * 2, 0),
            ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            ReadRecordResult::Record => break,
            ReadRecordResult::End => return None,
        }
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let spans = starts.zip(&ends[..fields]);
    // Fields of a text that is UTF-8, cut at ASCII, are UTF-8.
    Some(spans.map(|(from, to)| String::from_utf8_lossy(&octets[from..*to]).into_owned()).collect())
}

fn labelled(text: &str, label: &str) -> LabelledText {
    LabelledText { text: text.trim().to_owned(), label: label.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(texts: Result<Vec<LabelledText>, String>) -> Vec<(String, String)> {
        texts.unwrap().into_iter().map(|one| (one.text, one.label)).collect()
    }

    fn pair(text: &str, label: &str) -> (String, String) {
        (text.to_owned(), label.to_owned())
    }

    #[test]
    fn columns_are_found_by_their_names_and_a_text_may_have_line_ends() {
        let csv = "tags,utterance,Intent\nB,\"how,\nmany \"\"cards\"\"\",count\n,é,b\n";
        let expected = [pair("how,\nmany \"cards\"", "count"), pair("é", "b")];
        assert_eq!(pairs(columns(csv, b',')), expected);
        assert_eq!(pairs(columns("intent\ttext\na\tsay \"x\ty\n", b'\t')), [pair("say \"x", "a")]);
        let long = format!("text,label\n{},a", "x".repeat(5_000));
        assert_eq!(pairs(columns(&long, b',')), [pair(&"x".repeat(5_000), "a")]);
    }

    #[test]
    fn json_lines_and_files_beside_each_other_are_read() {
        let lines = "{\"text\":\"a\",\"label\":\"x\"}\n\n{\"query\":\"b\",\"intent\":\"y\"}\n";
        assert_eq!(pairs(json_lines(lines)), [pair("a", "x"), pair("b", "y")]);
        assert_eq!(pairs(beside("a \nb\n", "x\ny\n")), [pair("a", "x"), pair("b", "y")]);
    }

    #[test]
    fn what_is_no_file_of_texts_says_what_is_missing() {
        let fault = |texts: Result<Vec<LabelledText>, String>| texts.unwrap_err();
        assert!(fault(columns("a,b\n1,2\n", b',')).contains("expected one of text, utterance"));
        assert!(fault(columns("text,label\nx\n", b',')).contains("too few columns"));
        assert!(fault(json_lines("{}\n")).starts_with("line 1: no text in text"));
        assert!(fault(json_lines("\n{\n")).starts_with("line 2: "));
        assert_eq!(fault(beside("a\nb\n", "x\n")), "2 lines, and 1 intents beside it");
    }
}
