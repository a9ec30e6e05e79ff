//! `chappe policy ledger`: consents, opt-outs and pauses, one a line, to rows of a ledger, and rows
//! of a ledger to whether they are what was once written.
//!
//! Events are JSON objects, or with `--csv` records under a heading of the same names; what begins
//! with `proof.` is proof. A bad line gives `{"error":{"fault":..,"line":..}}`, and the next one is
//! read.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use ring::{digest, hmac};
use serde_json::{Map, Value, json};

use super::lines::{Lines, Said, each_line, hex, octets_of};
use super::{Exit, Failure};
use crate::message::words::Word;
use crate::mt::policy::ledger::{Act, Fault, Hash, Hasher, Ledger, Private, Row, Source, Subject};

/// The longest line read.
pub(super) const LINE_OCTETS_MAX: usize = 1 << 20;
/// The least octets of a key: shorter ones are guessed, and with one the numbers.
const KEY_OCTETS_MIN: usize = 16;

/// The options of `chappe policy ledger`.
#[derive(Args, Clone, Debug)]
pub struct LedgerOptions {
    /// A file whose octets are the ledger's secret key; who has it can tell whose number a row is.
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// Events are CSV, under a heading.
    #[arg(long, conflicts_with_all = ["verify", "timeline", "erase"])]
    pub csv: bool,
    /// Lines are rows of a ledger: say whether the chain is whole, and the head of each day.
    #[arg(long)]
    pub verify: bool,
    /// Lines are rows of a ledger: print those of this number.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["verify", "erase"])]
    pub timeline: Option<String>,
    /// Lines are rows of a ledger: print all, without what tells who this number is.
    #[arg(long, value_name = "NUMBER", conflicts_with = "verify")]
    pub erase: Option<String>,
    /// What the file holds.
    #[arg(skip)]
    pub key: Vec<u8>,
}

impl LedgerOptions {
    /// Reads the key.
    ///
    /// # Errors
    /// When it cannot be read, or is too short.
    pub fn read_key(&mut self) -> Result<(), Failure> {
        let path = self.key_file.display();
        self.key = std::fs::read(&self.key_file)
            .map_err(|error| Failure::usage(format!("--key-file {path}: {error}")))?;
        match self.key.len() {
            KEY_OCTETS_MIN.. => Ok(()),
            found => Err(Failure::usage(format!(
                "--key-file {path}: found {found} octets; expected {KEY_OCTETS_MIN} or more"
            ))),
        }
    }
}

/// SHA-256, and HMAC of it with the ledger's key.
struct Sha256(hmac::Key);

impl Hasher for Sha256 {
    fn hash(&self, octets: &[u8]) -> Hash {
        sized(digest::digest(&digest::SHA256, octets).as_ref())
    }

    fn keyed(&self, octets: &[u8]) -> Hash {
        sized(hmac::sign(&self.0, octets).as_ref())
    }
}

/// The first 32 octets; what is missing is zero.
fn sized<const N: usize>(octets: &[u8]) -> [u8; N] {
    let mut sized = [0; N];
    sized.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
    sized
}

/// Runs it over `input`, writing one JSON object a line to `output`.
///
/// # Errors
/// What reading `input` or writing `output` gives; never what a line holds.
pub fn run(
    options: &LedgerOptions,
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<Exit> {
    let ledger = Ledger::new(Sha256(hmac::Key::new(hmac::HMAC_SHA256, &options.key)));
    let mut desk = Desk { options, ledger, heading: None, line: 0 };
    let lines = Lines { max: LINE_OCTETS_MAX, too_long: |max| fault("line_too_long", max) };
    let exit = each_line(input, &mut output, lines, |line| desk.said(line))?;
    if options.verify {
        let heads = desk.ledger.heads().map(|(day, head)| {
            let at =
                i64::try_from(day * 86_400).ok().and_then(|at| Timestamp::from_second(at).ok());
            let day = at.map(|at| at.to_string()).unwrap_or_default();
            json!({ "day": day.get(..10), "head": hex(&head) })
        });
        let heads: Vec<Value> = heads.collect();
        writeln!(output, "{}", json!({ "rows": desk.ledger.rows().len(), "heads": heads }))?;
    }
    Ok(exit)
}

/// What a run has come to.
struct Desk<'o> {
    options: &'o LedgerOptions,
    ledger: Ledger<Sha256>,
    /// The names of the columns.
    heading: Option<Vec<String>>,
    line: usize,
}

impl Desk<'_> {
    fn said(&mut self, line: &[u8]) -> Said {
        self.line += 1;
        if line.is_empty() {
            return Said::Nothing;
        }
        let read = match self.options.csv {
            true => record(&mut self.heading, line),
            false => serde_json::from_slice(line).map(Some).map_err(|_| ("bad_json", "")),
        };
        let object = match read {
            Ok(Some(object)) => object,
            Ok(None) => return Said::Nothing,
            Err(wrong) => return self.wrong(wrong),
        };
        let options = self.options;
        let is_rows = options.verify || options.timeline.is_some() || options.erase.is_some();
        let said = if is_rows { self.row(&object) } else { self.event(&object) };
        said.unwrap_or_else(|wrong| self.wrong(wrong))
    }

    fn wrong(&self, (fault, field): (&str, &str)) -> Said {
        let field = (!field.is_empty()).then_some(field);
        Said::of(&json!({ "error": { "fault": fault, "field": field, "line": self.line } }))
    }

    fn event(&mut self, object: &Value) -> Result<Said, (&'static str, &'static str)> {
        let at = moment(object, "at")?;
        let subject = subject(object)?;
        let (act, source) = (act(object)?, source(object)?);
        let private = private(object)?.ok_or(("missing", "number"))?;
        self.ledger.write(at, (subject, act, source), private);
        let row = self.ledger.rows().last().map(row_to_json);
        Ok(row.map_or(Said::Nothing, |row| Said::of(&row)))
    }

    fn row(&mut self, object: &Value) -> Result<Said, (&'static str, &'static str)> {
        let octets = |name: &'static str| {
            let text = object.get(name).and_then(Value::as_str).ok_or(("missing", name))?;
            octets_of(text).map_err(|_| ("bad_hex", name))
        };
        let place = object.get("place").and_then(Value::as_u64).ok_or(("missing", "place"))?;
        let row = Row {
            place,
            at: moment(object, "at")?,
            person: sized(&octets("person")?),
            subject: subject(object)?,
            act: act(object)?,
            source: source(object)?,
            digest: sized(&octets("digest")?),
            private: private(object)?,
            hash: sized(&octets("hash")?),
        };
        let person = row.person;
        self.ledger.take(row).map_err(|broken| match broken.fault {
            Fault::Place => ("broken", "place"),
            Fault::Hash => ("broken", "hash"),
            Fault::Private => ("broken", "digest"),
            Fault::Person => ("broken", "person"),
        })?;
        let is_of = |number: &Option<String>| {
            number.as_ref().is_some_and(|number| self.ledger.person(number) == person)
        };
        let (is_wanted, is_erased) = (is_of(&self.options.timeline), is_of(&self.options.erase));
        if let Some(number) = self.options.erase.as_ref().filter(|_| is_erased) {
            self.ledger.erase(number);
        }
        let prints = is_wanted || self.options.erase.is_some();
        let row = self.ledger.rows().last().filter(|_| prints).map(row_to_json);
        Ok(row.map_or(Said::Nothing, |row| Said::of(&row)))
    }
}

/// What is wrong with a line, and with which field of it.
pub(super) type Wrong = (&'static str, &'static str);

/// A record of CSV as an object; the first is the heading.
pub(super) fn record(
    heading: &mut Option<Vec<String>>,
    line: &[u8],
) -> Result<Option<Value>, Wrong> {
    let cells = cells(line).ok_or(("bad_csv", ""))?;
    let Some(heading) = heading else {
        *heading = Some(cells);
        return Ok(None);
    };
    if cells.len() != heading.len() {
        return Err(("number_of_cells", ""));
    }
    let (mut event, mut proof) = (Map::new(), Map::new());
    for (name, cell) in heading.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        match name.strip_prefix("proof.") {
            Some(name) => proof.insert(name.to_owned(), cell.into()),
            None => event.insert(name.clone(), cell.into()),
        };
    }
    event.insert("proof".to_owned(), proof.into());
    Ok(Some(event.into()))
}

pub(super) fn fault(fault: &str, at: usize) -> Value {
    json!({ "error": { "fault": fault, "at": at } })
}

fn text<'v>(
    object: &'v Value,
    name: &'static str,
) -> Result<&'v str, (&'static str, &'static str)> {
    object.get(name).and_then(Value::as_str).ok_or(("missing", name))
}

pub(super) fn moment(
    object: &Value,
    name: &'static str,
) -> Result<Duration, (&'static str, &'static str)> {
    let at: Timestamp = text(object, name)?.parse().map_err(|_| ("no_time", name))?;
    u64::try_from(at.as_nanosecond()).map(Duration::from_nanos).map_err(|_| ("no_time", name))
}

pub(super) fn subject(object: &Value) -> Result<Subject, (&'static str, &'static str)> {
    let purpose = text(object, "purpose")?.to_owned();
    let channel = text(object, "channel").unwrap_or("sms").to_owned();
    let scope = text(object, "scope").unwrap_or_default().to_owned();
    Ok(Subject { purpose, channel, scope })
}

pub(super) fn act(object: &Value) -> Result<Act, (&'static str, &'static str)> {
    Ok(match text(object, "act")? {
        "asked" => Act::Asked,
        "opt_in" => Act::OptIn,
        "opt_out" => Act::OptOut,
        "reset" => Act::Reset,
        "pause" => {
            let until_s = moment(object, "until")?.as_secs();
            Act::Pause(u32::try_from(until_s).map_err(|_| ("no_time", "until"))?)
        }
        _ => return Err(("unknown", "act")),
    })
}

pub(super) fn source(object: &Value) -> Result<Source, (&'static str, &'static str)> {
    Source::from_word(text(object, "source")?).ok_or(("unknown", "source"))
}

/// The private part; `None` when there is none.
pub(super) fn private(object: &Value) -> Result<Option<Private>, (&'static str, &'static str)> {
    let Some(number) = object.get("number").filter(|number| !number.is_null()) else {
        return Ok(None);
    };
    let number = number.as_str().ok_or(("no_number", "number"))?;
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = (1..=15).contains(&digits.len());
    if !is_number || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(("no_number", "number"));
    }
    let proof = object.get("proof").and_then(Value::as_object).into_iter().flatten();
    let proof = proof.map(|(name, value)| match value.as_str() {
        Some(value) => (name.clone(), value.to_owned()),
        None => (name.clone(), value.to_string()),
    });
    Ok(Some(Private { number: number.to_owned(), proof: proof.collect() }))
}

fn row_to_json(row: &Row) -> Value {
    let time = |at: Duration| {
        let at =
            i128::try_from(at.as_nanos()).ok().and_then(|at| Timestamp::from_nanosecond(at).ok());
        at.map(|at| at.to_string())
    };
    let (act, until) = match row.act {
        Act::Asked => ("asked", None),
        Act::OptIn => ("opt_in", None),
        Act::OptOut => ("opt_out", None),
        Act::Pause(until_s) => ("pause", time(Duration::from_secs(u64::from(until_s)))),
        Act::Reset => ("reset", None),
    };
    let proof = row.private.as_ref().map(|private| {
        let proof = private.proof.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        Value::from(proof.collect::<Map<String, Value>>())
    });
    json!({
        "place": row.place,
        "at": time(row.at),
        "person": hex(&row.person),
        "purpose": row.subject.purpose,
        "channel": row.subject.channel,
        "scope": row.subject.scope,
        "act": act,
        "until": until,
        "source": row.source.word(),
        "number": row.private.as_ref().map(|private| &private.number),
        "proof": proof,
        "digest": hex(&row.digest),
        "hash": hex(&row.hash),
    })
}

/// The cells of a record of one line; `None` when it is none.
fn cells(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut octets, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
    let (_, _, _, mut count) = reader.read_record(line, &mut octets, &mut ends);
    // The end of the line is the end of the record.
    let written = ends.get(count.wrapping_sub(1)).copied().unwrap_or(0);
    let (result, _, _, more) =
        reader.read_record(b"", octets.get_mut(written..)?, ends.get_mut(count..)?);
    count += more;
    if !matches!(result, csv_core::ReadRecordResult::Record) {
        return None;
    }
    let mut start = 0;
    let cells = ends.iter().take(count).map(|end| {
        let cell = octets.get(start..*end).map(<[u8]>::to_vec);
        start = *end;
        String::from_utf8(cell?).ok()
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> LedgerOptions {
        LedgerOptions {
            key_file: PathBuf::new(),
            csv: false,
            verify: false,
            timeline: None,
            erase: None,
            key: b"a key of sixteen".to_vec(),
        }
    }

    fn ran(options: &LedgerOptions, input: &str) -> (Exit, String) {
        let mut output = Vec::new();
        let exit = run(options, input.as_bytes(), &mut output).unwrap();
        (exit, String::from_utf8(output).unwrap())
    }

    const EVENTS: &str = "number,at,purpose,scope,act,source,proof.text_shown\n\
        +33612345678,2026-05-12T10:00:00Z,marketing,acme,opt_in,web_form,\
        \"Yes, send me \"\"offers\"\"\"\n\
        33687654321,2026-05-12T11:00:00Z,marketing,acme,opt_in,paper,\n\
        +33612345678,2026-05-13T09:30:00Z,marketing,acme,opt_out,keyword,\n";

    fn rows() -> String {
        let (exit, rows) = ran(&LedgerOptions { csv: true, ..options() }, EVENTS);
        assert_eq!((exit, rows.lines().count()), (Exit::Success, 3), "{rows}");
        rows
    }

    #[test]
    fn events_become_rows_that_verify_and_tell_of_a_person() {
        let rows = rows();
        let first: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
        assert_eq!(first["proof"]["text_shown"], "Yes, send me \"offers\"");
        let (exit, said) = ran(&LedgerOptions { verify: true, ..options() }, &rows);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((exit, &said["rows"]), (Exit::Success, &json!(3)));
        assert_eq!(said["heads"][1]["day"], "2026-05-13");
        let timeline = Some("33612345678".to_owned());
        let (_, own) = ran(&LedgerOptions { timeline, ..options() }, &rows);
        assert_eq!(own.lines().count(), 2, "{own}");
        // The same by JSON Lines.
        let again = rows.lines().map(|row| format!("{row}\n")).collect::<String>();
        assert_eq!(ran(&options(), &again).1, rows);
    }

    #[test]
    fn what_was_changed_or_cannot_be_read_is_told_by_its_line() {
        let changed = rows().replacen("opt_out", "opt_in", 1);
        let (exit, said) = ran(&LedgerOptions { verify: true, ..options() }, &changed);
        let said: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        let expected = json!({ "error": { "fault": "broken", "field": "hash", "line": 3 } });
        assert_eq!((exit, said), (Exit::Failure, expected));
        let bad = EVENTS.replace("web_form", "fax").replace("33687654321", "Shop");
        let (exit, said) = ran(&LedgerOptions { csv: true, ..options() }, &bad);
        let faults: Vec<Value> = said
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["error"]["line"].clone())
            .collect();
        assert_eq!((exit, faults), (Exit::Failure, vec![json!(2), json!(3), Value::Null]));
    }

    #[test]
    fn who_is_erased_is_in_no_row_and_the_chain_is_whole() {
        let erase = Some("+33612345678".to_owned());
        let (_, erased) = ran(&LedgerOptions { erase, ..options() }, &rows());
        assert_eq!(erased.lines().count(), 3);
        assert!(!erased.contains("33612345678") && !erased.contains("offers"), "{erased}");
        let (exit, _) = ran(&LedgerOptions { verify: true, ..options() }, &erased);
        assert_eq!(exit, Exit::Success);
        let timeline = Some("33612345678".to_owned());
        let (_, own) = ran(&LedgerOptions { timeline, ..options() }, &erased);
        assert_eq!(own.lines().count(), 2, "what they chose is still known: {own}");
    }
}
