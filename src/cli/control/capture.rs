//! `chappe capture ID`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::{Asked, Client, Exit, Failure, lines, pcap};
use crate::cli::values;
use crate::engine::control::{CaptureLimits, Captured, Captures, Command};

/// Write what a session reads and writes to a file that Wireshark opens
#[derive(Args, Clone, Debug)]
pub struct CaptureArgs {
    /// CARRIER/N, or ACCOUNT#N for a session of an account, as status shows them
    id: String,
    /// The pcap file; - is the standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// End after this time, an hour at most
    #[arg(long = "for", value_name = "TIME", default_value = "60s",
          value_parser = values::duration)]
    time: Duration,
    /// End after so many PDUs, 10,000,000 at most [default: 100,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    count: Option<u64>,
    /// End before there are more octets of PDUs than this, 4 GiB at most [default: 64 MiB]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4 << 30))]
    max_bytes: Option<u64>,
    /// Show texts and numbers; passwords are never shown
    #[arg(long)]
    unmasked: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(args: &CaptureArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    client.wait_for(args.time)?;
    // What is less than a second counts as one.
    let for_s = args.time.as_secs_f64().ceil() as u64;
    let limits = CaptureLimits {
        for_s: Some(for_s),
        count: args.count,
        max_bytes: args.max_bytes,
        unmasked: args.unmasked,
    };
    let mut answer = client.ask(Command::Capture { id: args.id.clone(), limits })?;
    // A file is made once there is something for it: what is refused harms none.
    let failed = |error: io::Error| Failure::new(format!("{}: {error}", args.output.display()));
    let mut file = Output::open(&args.output).map_err(failed)?;
    pcap::begin(&mut file).map_err(failed)?;
    while answer.get("pdu").is_some() {
        let captured: Captured = serde_json::from_value(answer).map_err(Failure::new)?;
        let pdu = octets(&captured.pdu).ok_or_else(|| Failure::new("no hexadecimal digits"))?;
        let from = (captured.peer, captured.incoming);
        pcap::pdu(&mut file, captured.at_unix_us, from, &pdu).map_err(failed)?;
        if client.is_drained() {
            file.flush().map_err(failed)?;
        }
        answer = client.answer()?;
    }
    file.flush().map_err(failed)?;
    let shown = shown(answer, args.asked.json)?;
    // The standard output may be the capture.
    io::stderr().write_all(shown.as_bytes()).map_err(Failure::new)?;
    Ok(Exit::Success)
}

fn shown(answer: Value, json: bool) -> Result<String, Failure> {
    if json {
        return Ok(lines::one_line(&answer) + "\n");
    }
    let captures: Captures = serde_json::from_value(answer).map_err(Failure::new)?;
    let Captures { pdus, octets, lost, ended } = captures;
    let mut shown = format!("{pdus} PDUs of {octets} octets; the end: {ended}\n");
    if lost > 0 {
        shown += &format!("{lost} reads and writes are missing: they came faster than this went\n");
    }
    Ok(shown)
}

/// Where a capture goes.
enum Output {
    File(BufWriter<File>),
    Standard(io::Stdout),
}

impl Output {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard(io::stdout()));
        }
        // For nobody else, as the socket that it comes from.
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Self::File(BufWriter::new(file)))
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(octets),
            Self::Standard(output) => output.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Standard(output) => output.flush(),
        }
    }
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2).map(|pair| match *pair {
        [high, low] => Some((nibble(high)? << 4 | nibble(low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_from_their_digits() {
        assert_eq!(octets("00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!(octets("00f"), None);
        assert_eq!(octets("0g"), None);
    }

    #[test]
    fn what_is_missing_is_said() {
        let captures = Captures { pdus: 3, octets: 48, lost: 2, ended: "time".to_owned() };
        let text = shown(serde_json::to_value(captures).unwrap(), false).unwrap();
        assert!(text.starts_with("3 PDUs of 48 octets; the end: time\n2 reads and writes"));
    }
}
