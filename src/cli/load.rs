//! `chappe load`: the load generator.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;

use super::progress::Bar;
use super::{Exit, Failure, interrupted, one_thread, print, values};
use crate::link::tls::ConnectorTls;
use crate::sim::dice::mixed;
use crate::sim::load::drive::{self, Target, drive};
use crate::sim::load::{Bind, End, Receipts, SEGMENTS_MAX, Settings};

/// Most characters of system_id and password: as many as the engine takes (quirk 53), and more
/// than SMPP 3.4 §5.2.1 and §5.2.2 allow.
const SYSTEM_ID_MAX: usize = 64;
const PASSWORD_MAX: usize = 64;
/// Most characters of an address; destinations end in eight digits.
const ADDRESS_MAX: usize = 20;
const PREFIX_MAX: usize = ADDRESS_MAX - 8;

/// Generate load as an ESME: submit messages, match their receipts, audit and time them
///
/// At the end one JSON object is printed. The exit code is 1 when a message is `missing` (accepted
/// without the receipt that was asked for, or not answered although its link stood) or `unanswered`
/// (its link was lost first), when a receipt is `unknown` (it matches nothing), and when messages
/// of --count are `unsent`. Each text begins with a serial, `#` and sixteen hexadecimal digits.
/// `messages_per_second` counts to the last answer, `seconds` to the last answer or receipt. With
/// --rate, latencies count from when a message should have been sent, not from when it could be.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The SMSC's host and port
    #[arg(long, value_name = "HOST:PORT", value_parser = values::host_and_port,
          default_value = "127.0.0.1:2775")]
    connect: String,
    /// What the binds call themselves
    #[arg(long, value_name = "ID", default_value = "load")]
    system_id: String,
    /// The password that goes with it
    #[arg(long, default_value = "secret")]
    password: String,
    /// Spread the binds over so many accounts, whose number, from 0, stands behind --system-id
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    accounts: Option<u32>,
    /// Use TLS and trust the authorities in this PEM file
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The name the SMSC's certificate is to have [default: the host of --connect]
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    tls_name: Option<String>,

    /// What a bind is: both ways on one session, one way, or a pair of sessions that do both
    #[arg(long, value_name = "KIND", default_value = "transceiver")]
    bind: Kind,
    /// Binds, a pair counted as one; lost ones are made again
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    binds: u32,
    /// Messages unanswered at once, per bind
    #[arg(long, value_name = "N", default_value = "100",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,
    /// Submit so many messages [default: 100000]
    #[arg(long, value_name = "N", conflicts_with = "run_for",
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    count: Option<u64>,
    /// Submit for this time
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration)]
    run_for: Option<Duration>,
    /// Messages a second in all [default: as many as the windows allow]
    #[arg(long, value_name = "N", value_parser = values::rate)]
    rate: Option<f64>,
    /// Texts that make so many segments; above 1 they go whole in message_payload, for the SMSC to
    /// cut
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u8).range(1..=i64::from(SEGMENTS_MAX)))]
    segments: u8,
    /// Different destinations, used in turn
    #[arg(long, value_name = "N", default_value = "100000",
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    destinations: u32,
    /// What destinations begin with; eight digits follow
    #[arg(long, value_name = "DIGITS", default_value = "467")]
    prefix: String,
    /// Who messages say they are from
    #[arg(long, value_name = "ADDRESS", default_value = "12345")]
    source: String,

    /// Ask for receipts and audit them
    #[arg(long)]
    receipts: bool,
    /// How long nothing may come at the end before what is still out is given up, and how long no
    /// bind may stand before the run is
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30s")]
    settle: Duration,
    /// How long an answer may take before its place in the window is used again
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30s")]
    response_timeout: Duration,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Kind {
    Pair,
    Receiver,
    Transceiver,
    Transmitter,
}

/// Runs load to its end.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    check(args)?;
    let target = Target { address: args.connect.clone(), tls: args.tls()? };
    let settings = args.settings();
    let bar = Bar::new(settings.end);
    let result = one_thread()?.block_on(async {
        drive(target, settings, interrupted(), |progress| bar.show(&progress)).await
    });
    bar.clear();
    let report = result.map_err(|failure| match failure {
        drive::Failure::Settings(_) => Failure::usage(failure),
        _ => Failure::new(failure),
    })?;
    print(&report.to_json())?;
    Ok(if report.is_clean() { Exit::Success } else { Exit::Failure })
}

/// What clap cannot check by itself.
fn check(args: &Args) -> Result<(), Failure> {
    let lengths = [
        ("--system-id", args.system_id.len(), SYSTEM_ID_MAX),
        ("--password", args.password.len(), PASSWORD_MAX),
        ("--source", args.source.len(), ADDRESS_MAX),
        ("--prefix", args.prefix.len(), PREFIX_MAX),
    ];
    for (option, len, max) in lengths {
        if len > max {
            return Err(Failure::usage(format!("{option}: at most {max} characters")));
        }
    }
    match args.bind {
        Kind::Receiver if args.receipts || args.run_for.is_none() => {
            return Err(Failure::usage("--bind receiver: submits nothing, and wants --for alone"));
        }
        Kind::Transmitter if args.receipts => {
            return Err(Failure::usage("--bind transmitter: no receipt comes to it"));
        }
        _ => {}
    }
    if !args.prefix.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Failure::usage("--prefix: digits only"));
    }
    Ok(())
}

impl Args {
    fn tls(&self) -> Result<Option<ConnectorTls>, Failure> {
        let Some(ca) = &self.tls_ca else { return Ok(None) };
        let host = self.connect.rsplit_once(':').map_or("", |(host, _)| host);
        let name = self.tls_name.as_deref().unwrap_or(host.trim_matches(['[', ']']));
        ConnectorTls::load(Some(ca), name, None).map(Some).map_err(Failure::usage)
    }

    fn settings(&self) -> Settings {
        let end = match (self.count, self.run_for) {
            (_, Some(limit)) => End::After(limit),
            (count, None) => End::Count(count.unwrap_or(100_000)),
        };
        // Two runs must not have the same serials, or an audit would see one as the other's twins.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = mixed(now.as_nanos() as u64 ^ u64::from(std::process::id()) << 48);
        Settings {
            system_id: self.system_id.clone(),
            password: self.password.clone(),
            accounts: self.accounts.unwrap_or(0),
            bind: match self.bind {
                Kind::Pair => Bind::Pair,
                Kind::Receiver => Bind::Receiver,
                Kind::Transceiver => Bind::Transceiver,
                Kind::Transmitter => Bind::Transmitter,
            },
            binds: self.binds as usize,
            window_max: self.window as usize,
            end,
            rate: self.rate,
            segments: self.segments,
            destinations: self.destinations,
            prefix: self.prefix.clone(),
            source: self.source.clone(),
            receipts: if self.receipts { Receipts::Asked } else { Receipts::NotAsked },
            settle: self.settle,
            response_timeout: self.response_timeout,
            run: run as u32 & 0x00ff_ffff,
        }
    }
}
