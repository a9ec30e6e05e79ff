//! `chappe consent import|export|show`.

use std::io::{self, BufRead, Write as _};

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::{self, LINE_OCTETS_MAX, Wrong};
use super::lines::{Lines, Said, each_line};
use super::{Asked, Client, Exit, Failure, print, written};
use crate::engine::control::{
    Command, ConsentEntry, ConsentPage, ConsentPlace, ConsentWritten, LINE_MAX,
};
use crate::message::words::Word as _;
use crate::mt::policy::ledger::Act;

/// What is done with what handsets chose.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConsentCommand {
    /// Write down consents, opt-outs and pauses, one a line on standard input, as `policy ledger`
    /// reads them
    Import(ImportArgs),
    /// Print all that is known, one a line, as `import` reads it
    Export(ExportArgs),
    /// Print what one handset chose
    Show(ShowArgs),
}

/// How they are read.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// They are CSV, under a heading; without it JSON Lines
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    asked: Asked,
}

/// How they are printed.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// As CSV, under a heading; without it as JSON Lines
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Whose.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The number with its country's code, such as +33612345678
    number: String,
    #[command(flatten)]
    asked: Asked,
}

/// Octets that the entries of one request may have, so that its line is not too long.
const REQUEST_OCTETS: usize = LINE_MAX - 1024;

/// Runs it.
pub fn run(command: &ConsentCommand, input: impl BufRead) -> Result<Exit, Failure> {
    match command {
        ConsentCommand::Import(args) => import(args, input),
        ConsentCommand::Export(args) => export(args),
        ConsentCommand::Show(args) => {
            let mut client = Client::connect(&args.asked)?;
            let answer = client.ask(Command::ConsentOf { number: args.number.clone() })?;
            let page: ConsentPage = serde_json::from_value(answer).map_err(Failure::new)?;
            let lines = page.entries.iter().map(|entry| format!("{}\n", event(entry)));
            print(&lines.collect::<String>()).map(|()| Exit::Success)
        }
    }
}

fn import(args: &ImportArgs, input: impl BufRead) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let (mut heading, mut number) = (None, 0_u64);
    let (mut waiting, mut octets, mut written) = (Vec::new(), 0, ConsentWritten::default());
    let mut failure = None;
    let lines = Lines { max: LINE_OCTETS_MAX, too_long: |max| ledger::fault("line_too_long", max) };
    let exit = each_line(input, io::stdout().lock(), lines, |line| {
        number += 1;
        if line.is_empty() || failure.is_some() {
            return Said::Nothing;
        }
        let read = match args.csv {
            true => ledger::record(&mut heading, line),
            false => serde_json::from_slice(line).map(Some).map_err(|_| ("bad_json", "")),
        };
        let entry = match read.and_then(|object| object.as_ref().map(entry).transpose()) {
            Ok(entry) => entry,
            Err((fault, field)) => {
                let field = (!field.is_empty()).then_some(field);
                let error = json!({ "fault": fault, "field": field, "line": number });
                return Said::of(&json!({ "error": error }));
            }
        };
        let size = |entry: &ConsentEntry| json!(entry).to_string().len() + 1;
        let own = entry.as_ref().map_or(0, size);
        if octets + own > REQUEST_OCTETS {
            octets = 0;
            failure = flush(&mut client, &mut waiting, &mut written).err();
        }
        octets += own;
        waiting.extend(entry);
        Said::Nothing
    });
    let exit = exit.map_err(Failure::new)?;
    failure.map_or(Ok(()), Err)?;
    flush(&mut client, &mut waiting, &mut written)?;
    print(&format!("{}\n", json!(written))).map(|()| exit)
}

fn flush(
    client: &mut Client,
    waiting: &mut Vec<ConsentEntry>,
    written: &mut ConsentWritten,
) -> Result<(), Failure> {
    if waiting.is_empty() {
        return Ok(());
    }
    let answer = client.ask(Command::ConsentWrite { entries: std::mem::take(waiting) })?;
    let more: ConsentWritten = serde_json::from_value(answer).map_err(Failure::new)?;
    written.news += more.news;
    written.entries += more.entries;
    Ok(())
}

/// An event of a ledger as an entry.
fn entry(object: &Value) -> Result<ConsentEntry, Wrong> {
    let at = ledger::moment(object, "at")?.as_secs();
    let subject = ledger::subject(object)?;
    let (act, until_unix_s) = match ledger::act(object)? {
        Act::OptIn => ("opt_in", None),
        Act::OptOut => ("opt_out", None),
        Act::Pause(until_s) => ("pause", Some(until_s)),
        // The engine keeps what holds, and not how it came about.
        Act::Asked | Act::Reset => return Err(("not_kept", "act")),
    };
    let private = ledger::private(object)?.ok_or(("missing", "number"))?;
    Ok(ConsentEntry {
        number: private.number,
        // What is for one service is about that.
        scope: if subject.purpose == "marketing" { subject.scope } else { subject.purpose },
        act: act.to_owned(),
        until_unix_s,
        at_unix_s: u32::try_from(at).map_err(|_| ("no_time", "at"))?,
        source: ledger::source(object)?.word().to_owned(),
    })
}

/// An entry as an event of a ledger.
fn event(entry: &ConsentEntry) -> Value {
    let time = |at_s: u32| Timestamp::from_second(i64::from(at_s)).map(|at| at.to_string()).ok();
    let mut event = json!({
        "number": entry.number,
        "at": time(entry.at_unix_s),
        "purpose": "marketing",
        "channel": "sms",
        "scope": entry.scope,
        "act": entry.act,
        "source": entry.source,
    });
    if let (Some(until_s), Some(event)) = (entry.until_unix_s, event.as_object_mut()) {
        event.insert("until".to_owned(), json!(time(until_s)));
    }
    event
}

const COLUMNS: [&str; 8] =
    ["number", "at", "purpose", "channel", "scope", "act", "until", "source"];

fn export(args: &ExportArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut next = Some(ConsentPlace::default());
    if args.csv {
        written(writeln!(output, "{}", COLUMNS.join(",")))?;
    }
    while let Some(from) = next {
        let answer = client.ask(Command::ConsentRead { from })?;
        let page: ConsentPage = serde_json::from_value(answer).map_err(Failure::new)?;
        for entry in &page.entries {
            let event = event(entry);
            let cell = |name: &&str| quoted(event.get(*name).and_then(Value::as_str).unwrap_or(""));
            written(match args.csv {
                true => {
                    let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
                    writeln!(output, "{}", cells.join(","))
                }
                false => writeln!(output, "{event}"),
            })?;
        }
        next = page.next;
    }
    written(output.flush()).map(|()| Exit::Success)
}

/// A cell of CSV (RFC 4180 §2).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
