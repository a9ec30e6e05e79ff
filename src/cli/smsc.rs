//! `chappe smsc`: the simulated SMSC.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use tokio::net::{TcpListener, lookup_host};

use super::progress::Line;
use super::{Exit, Failure, interrupted, one_thread, print, tell, values};
use crate::link::listen;
use crate::link::tls::ListenerTls;
use crate::message::state::MessageState;
use crate::sim::dice::{Chance, Weighted};
use crate::sim::smsc::ids::{IdForm, ReceiptIdForm};
use crate::sim::smsc::serve::serve;
use crate::sim::smsc::{MoOrder, MoSettings, ReceiptBind, ReceiptForm, Report, Settings};
use crate::text::{TextOptions, TextPlan};

/// Simulate an SMSC: answer binds and messages, send receipts and messages from handsets
///
/// It runs until --for is over or SIGINT or SIGTERM comes, and then prints one JSON object. It
/// audits the serials that `chappe load` puts in front of texts: `duplicates` were accepted twice,
/// `missing` is what was never accepted below the highest serial of each run.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Host and port to listen on; with port 0 any free one, told on standard error
    #[arg(long, value_name = "HOST:PORT", value_parser = values::host_and_port,
          default_value = "127.0.0.1:2776")]
    listen: String,
    /// Only this system_id may bind [default: any]
    #[arg(long, value_name = "ID")]
    system_id: Option<String>,
    /// Only with this password [default: any]
    #[arg(long)]
    password: Option<String>,
    /// Serve TLS with the certificate chain in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, in a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Where receipts say what they say; none: there are none, whatever is asked for
    #[arg(long, value_enum, value_name = "FORM", default_value = "both")]
    receipts: ReceiptsArg,
    /// From a message's acceptance to its receipt
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "50ms")]
    receipt_delay: Duration,
    /// States that messages end in, with their weights
    #[arg(long, value_name = "STATE=N,..", value_parser = values::outcomes,
          default_value = "DELIVRD=1")]
    outcome: Weighted<MessageState>,
    /// What ids look like; big: decimal digits beyond 64 bits
    #[arg(long, value_enum, value_name = "FORM", default_value = "hex")]
    id: IdArg,
    /// What ids look like in receipts
    #[arg(long, value_enum, value_name = "FORM", default_value = "same")]
    receipt_id: ReceiptIdArg,
    /// From a message to its answer
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "0ms")]
    latency: Duration,
    /// deliver_sm unanswered at once, per bind
    #[arg(long, value_name = "N", default_value = "100",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    window: u32,
    /// Receipts waiting or unanswered at once, in all; above it messages get ESME_RMSGQFUL
    #[arg(long, value_name = "N", default_value = "2000000")]
    receipts_max: usize,

    /// Answer ESME_RTHROTTLED above so many messages a second, in all
    #[arg(long, value_name = "N")]
    throttle_above: Option<u64>,
    /// Answer ESME_RTHROTTLED above so many messages a second of one sender number
    #[arg(long, value_name = "N")]
    throttle_number_above: Option<u64>,
    /// Answer this share of messages so much later
    #[arg(long, value_name = "SHARE:TIME", value_parser = values::late)]
    late: Option<(Chance, Duration)>,
    /// Accept this share of messages and never answer them
    #[arg(long, value_name = "SHARE", value_parser = values::chance, default_value = "0")]
    never: Chance,
    /// Answer this share of messages twice, and send their receipts twice
    #[arg(long, value_name = "SHARE", value_parser = values::chance, default_value = "0")]
    twice: Chance,
    /// Send the receipts of this share of messages before their answer
    #[arg(long, value_name = "SHARE", value_parser = values::chance, default_value = "0")]
    receipt_first: Chance,
    /// Send receipts on another bind of the same system_id
    #[arg(long)]
    receipt_other_bind: bool,
    /// Cut each link after so many messages, as a crash would: what was answered a moment before
    /// and is not yet written is lost with it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    drop_every: Option<u64>,

    /// Send so many messages from handsets, in all, as fast as the windows allow
    #[arg(long, value_name = "N", default_value = "0")]
    mo: u64,
    /// Segments of each of them (the JSON counts segments)
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u8).range(1..))]
    mo_segments: u8,
    /// Mix the segments of up to 32 messages
    #[arg(long)]
    mo_shuffle: bool,
    /// The number they are sent to
    #[arg(long, value_name = "NUMBER", default_value = "12345")]
    mo_to: String,

    /// Say this from one handset, with nothing else from handsets; several times for several
    /// messages, which come in this order. The JSON has what it was answered
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["mo", "mo_segments", "mo_shuffle"])]
    mo_text: Vec<String>,
    /// The handset that says it
    #[arg(long, value_name = "NUMBER", default_value = "33612345678", requires = "mo_text")]
    mo_from: String,

    /// What decides everything that is left to chance
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// End after this time [default: at SIGINT or SIGTERM]
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration)]
    run_for: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReceiptsArg {
    Text,
    Tlv,
    Both,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum IdArg {
    Decimal,
    Hex,
    Uuid,
    Big,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReceiptIdArg {
    Same,
    Decimal,
    Hex,
}

/// Simulates an SMSC until it is told to end.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.mo_to.len() > 20 {
        return Err(Failure::usage("--mo-to: an address has at most 20 characters"));
    }
    if args.mo_from.len() > 20 {
        return Err(Failure::usage("--mo-from: an address has at most 20 characters"));
    }
    for text in &args.mo_text {
        let plan = TextPlan::of(text, &TextOptions::default());
        if plan.map_or(true, |plan| plan.plan.segments() > 1) {
            let message = format!("--mo-text: {text:?} takes more than one segment");
            return Err(Failure::usage(message));
        }
    }
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            Some(ListenerTls::load(cert, key, None).map_err(Failure::usage)?)
        }
        _ => None,
    };
    let settings = args.settings();
    let report = one_thread()?.block_on(async {
        let (listener, address) = listen_on(&args.listen)
            .await
            .map_err(|error| Failure::new(format!("cannot listen on {}: {error}", args.listen)))?;
        let interrupted = interrupted();
        tell(format_args!("chappe smsc: listening on {address}"));
        let line = Line::new();
        let stop = async {
            match args.run_for {
                None => interrupted.await,
                Some(limit) => tokio::select! {
                    () = interrupted => {}
                    () = tokio::time::sleep(limit) => {}
                },
            }
        };
        let report = serve(listener, tls, settings, stop, |report| line.show(&told(report))).await;
        line.clear();
        Ok(report)
    })?;
    print(&report.to_json())?;
    Ok(Exit::Success)
}

/// Listens on the first address of a host that can be listened on.
async fn listen_on(host_and_port: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let mut result = Err(io::Error::other("no address has this name"));
    for address in lookup_host(host_and_port).await? {
        result = listen(address);
        if result.is_ok() {
            break;
        }
    }
    let listener = result?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn told(report: &Report) -> String {
    format!(
        "{} binds  {} messages, {} accepted  {} receipts, {} answered  {} from handsets",
        report.binds,
        report.submits,
        report.accepted,
        report.receipts_sent,
        report.receipts_acked,
        report.mo_sent,
    )
}

impl Args {
    fn settings(&self) -> Settings {
        Settings {
            system_id: self.system_id.clone(),
            password: self.password.clone(),
            receipts: match self.receipts {
                ReceiptsArg::Text => ReceiptForm::Text,
                ReceiptsArg::Tlv => ReceiptForm::Tlv,
                ReceiptsArg::Both => ReceiptForm::Both,
                ReceiptsArg::None => ReceiptForm::None,
            },
            receipt_delay: self.receipt_delay,
            receipt_bind: match self.receipt_other_bind {
                true => ReceiptBind::Other,
                false => ReceiptBind::Same,
            },
            outcomes: self.outcome.clone(),
            id: match self.id {
                IdArg::Decimal => IdForm::Decimal,
                IdArg::Hex => IdForm::Hex,
                IdArg::Uuid => IdForm::Uuid,
                IdArg::Big => IdForm::Big,
            },
            receipt_id: match self.receipt_id {
                ReceiptIdArg::Same => ReceiptIdForm::Same,
                ReceiptIdArg::Decimal => ReceiptIdForm::Decimal,
                ReceiptIdArg::Hex => ReceiptIdForm::Hex,
            },
            latency: self.latency,
            throttle_above: self.throttle_above,
            throttle_number_above: self.throttle_number_above,
            late: self.late.unwrap_or((Chance::NEVER, Duration::ZERO)),
            never: self.never,
            twice: self.twice,
            receipt_first: self.receipt_first,
            drop_every: self.drop_every,
            mo: MoSettings {
                messages: match self.mo_text.len() {
                    0 => self.mo,
                    texts => texts as u64,
                },
                segments: self.mo_segments,
                order: if self.mo_shuffle { MoOrder::Shuffled } else { MoOrder::Straight },
                to: self.mo_to.clone(),
                texts: self.mo_text.clone(),
                from: self.mo_from.clone(),
            },
            window_max: self.window as usize,
            receipts_max: self.receipts_max,
            seed: self.seed,
        }
    }
}
