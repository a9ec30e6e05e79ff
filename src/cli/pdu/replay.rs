//! `chappe pdu replay`: a recorded exchange to what we would have made of it, a JSON object a PDU.
//!
//! A line is a direction and octets in hexadecimal: `< 0000..` from the peer, `> 0000..` from our
//! side; `in` and `out` say the same, and milliseconds may stand before it. Or it is an object:
//! `{"from":"peer","at_ms":0,"hex":"0000.."}` with `peer` or `us`. Empty lines and those that begin
//! with `#` are passed over.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::dialect::DialectArgs;
use super::{LINE_MAX, decode, shown};
use crate::cli::Exit;
use crate::cli::lines::{Lines, Said, each_line, octets_of, one_line};
use crate::clock::Now;
use crate::exchange::{Exchange, PDU_OCTETS_MAX, Peer, Sender};
use crate::message::dialect::Dialect;
use crate::wire::framer::{Framer, Limits};

/// Octets of one side that may wait for the rest of their PDU.
const STREAM_MAX: usize = 1 << 20;
/// Where the time of a recording begins, in seconds since 1970: what it says is counted from here.
const EPOCH: Duration = Duration::from_secs(1_780_000_000);

/// What `pdu replay` can be asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct ReplayArgs {
    /// Who the peer is: a carrier that we bind to, or an account that binds to us
    #[arg(long = "as", value_enum, value_name = "WHO", default_value_t)]
    pub peer: PeerKind,
    /// Lines are pieces of two streams: a PDU may end on a later line of its side
    #[arg(long)]
    pub stream: bool,
    /// The recording; standard input without it
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What the peer's dialect is; one without deviations when it is not named.
    #[command(flatten)]
    pub from: DialectArgs,
    /// The dialect, once it is known.
    #[arg(skip)]
    pub dialect: Option<Arc<Dialect>>,
}

/// Who the peer is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum PeerKind {
    /// A customer that binds to us.
    Account,
    /// An SMSC that we bind to.
    #[default]
    Carrier,
}

/// One line that was understood.
struct Line {
    at_ms: Option<u64>,
    sender: Sender,
    octets: Vec<u8>,
}

struct Replay {
    exchange: Exchange,
    dialect: Arc<Dialect>,
    line: u32,
    at_ms: u64,
    stream: bool,
    /// What each side said of a PDU that has not ended: the peer's, ours.
    begun: [Vec<u8>; 2],
    bad_lines: u64,
}

/// Runs an exchange and prints an object for each PDU, and one with the summary.
///
/// # Errors
/// What reading or writing fails with; what a line holds is answered on its line.
pub fn run(args: &ReplayArgs, input: impl BufRead, mut output: impl Write) -> io::Result<Exit> {
    let dialect = args.dialect.clone().unwrap_or_default();
    let peer = match args.peer {
        PeerKind::Account => Peer::Account,
        PeerKind::Carrier => Peer::Carrier,
    };
    let mut replay = Replay {
        exchange: Exchange::new(Dialect::clone(&dialect), peer),
        dialect,
        line: 0,
        at_ms: 0,
        stream: args.stream,
        begun: Default::default(),
        bad_lines: 0,
    };
    let lines = Lines { max: LINE_MAX, too_long: |max| error("line_too_long", max) };
    let said = |line: &[u8]| replay.line(&String::from_utf8_lossy(line));
    let exit = each_line(input, &mut output, lines, said)?;
    let begun = replay.begun.iter().map(Vec::len).sum();
    let counted = shown::summary(&replay.exchange.end(), replay.bad_lines, begun);
    writeln!(output, "{}", one_line(&json!({ "summary": counted })))?;
    output.flush().map(|()| exit)
}

impl Replay {
    /// The objects for one line, each on a line of its own.
    fn line(&mut self, line: &str) -> Said {
        let bad_before = self.bad_lines;
        self.line = self.line.saturating_add(1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Said::Nothing;
        }
        let objects = match read_line(line) {
            Ok(line) => self.octets(line),
            Err(wrong) => {
                self.bad_lines += 1;
                vec![wrong]
            }
        };
        let lines = objects.into_iter().map(|mut object| {
            if let Value::Object(members) = &mut object {
                members.insert("line".to_owned(), self.line.into());
            }
            one_line(&object)
        });
        let lines: Vec<String> = lines.collect();
        match lines.join("\n") {
            none if none.is_empty() => Said::Nothing,
            wrong if self.bad_lines > bad_before => Said::Error(wrong),
            lines => Said::Answer(lines),
        }
    }

    /// Cuts octets into PDUs and runs each.
    fn octets(&mut self, line: Line) -> Vec<Value> {
        self.at_ms = self.at_ms.max(line.at_ms.unwrap_or(self.at_ms));
        let sender = line.sender;
        let place = usize::from(sender == Sender::Us);
        let mut octets = self.begun.get_mut(place).map(std::mem::take).unwrap_or_default();
        octets.extend_from_slice(&line.octets);
        let mut objects = Vec::new();
        let mut framer = Framer::new(&octets, Limits { max_pdu_bytes: PDU_OCTETS_MAX });
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => objects.push(self.pdu(sender, frame)),
                Ok(None) => break,
                // The stream cannot be read any further, and the session says so.
                Err(_) => {
                    let rest = framer.rest().to_vec();
                    objects.push(self.pdu(sender, &rest));
                    return objects;
                }
            }
        }
        let rest = framer.rest();
        if rest.is_empty() {
            return objects;
        }
        if self.stream && rest.len() < STREAM_MAX {
            if let Some(begun) = self.begun.get_mut(place) {
                *begun = rest.to_vec();
            }
            return objects;
        }
        self.bad_lines += 1;
        objects.push(decode::decode_octets(rest, &self.dialect.rules(), &self.dialect.tlvs));
        objects
    }

    fn pdu(&mut self, sender: Sender, octets: &[u8]) -> Value {
        let at = Duration::from_millis(self.at_ms);
        let now = Now { monotonic: at, wall: EPOCH.saturating_add(at) };
        let step = self.exchange.said(now, self.line, sender, octets);
        let rules = self.dialect.rules();
        let decoded = |octets: &[u8]| decode::decode_octets(octets, &rules, &self.dialect.tlvs);
        let mut object = Map::new();
        object.insert("line".to_owned(), self.line.into());
        object.insert("at_ms".to_owned(), self.at_ms.into());
        let from = if sender == Sender::Peer { "peer" } else { "us" };
        object.insert("from".to_owned(), from.into());
        object.insert("pdu".to_owned(), decoded(octets));
        object.insert("quirks".to_owned(), step.quirks.iter().map(shown::quirk).collect());
        object.insert("does".to_owned(), step.deeds.iter().map(shown::deed).collect());
        object.insert("says".to_owned(), step.said.iter().map(|pdu| decoded(pdu)).collect());
        let state = step.state.map(|state| state.to_string());
        object.insert("state".to_owned(), state.into());
        object.into()
    }
}

fn read_line(line: &str) -> Result<Line, Value> {
    if line.starts_with('{') {
        return read_object(line);
    }
    let mut rest = line;
    let mut at_ms = None;
    if line.starts_with(|c: char| c.is_ascii_digit())
        && let Some((time, behind)) = line.split_once(char::is_whitespace)
    {
        at_ms = Some(time.parse().map_err(|_| error("bad_time", 0))?);
        rest = behind.trim_start();
    }
    let offset = line.len() - rest.len();
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let word = if rest.starts_with(['<', '>']) { rest.get(..1).unwrap_or(word) } else { word };
    let sender = sender(word).ok_or_else(|| error("bad_direction", offset))?;
    let hex = rest.get(word.len()..).unwrap_or_default();
    octets(hex, offset + word.len()).map(|octets| Line { at_ms, sender, octets })
}

fn read_object(line: &str) -> Result<Line, Value> {
    let object: Map<String, Value> = serde_json::from_str(line)
        .map_err(|fault| error("bad_json", fault.column().saturating_sub(1)))?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let sender = text("from").and_then(sender).ok_or_else(|| error("bad_direction", 0))?;
    let at_ms = match object.get("at_ms") {
        None => None,
        Some(at) => Some(at.as_u64().ok_or_else(|| error("bad_time", 0))?),
    };
    let hex = text("hex").ok_or_else(|| error("bad_hex", 0))?;
    octets(hex, 0).map(|octets| Line { at_ms, sender, octets })
}

fn octets(hex: &str, offset: usize) -> Result<Vec<u8>, Value> {
    match octets_of(hex) {
        Ok(octets) if octets.is_empty() => Err(error("no_octets", offset)),
        Ok(octets) => Ok(octets),
        Err(at) => Err(error("bad_hex", offset + at)),
    }
}

fn sender(word: &str) -> Option<Sender> {
    match word {
        "<" | "in" | "peer" => Some(Sender::Peer),
        ">" | "out" | "us" => Some(Sender::Us),
        _ => None,
    }
}

fn error(fault: &str, offset: usize) -> Value {
    json!({ "error": { "fault": fault, "offset": offset } })
}
