//! `chappe trace MESSAGE_ID`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;

use super::table::{Table, plain, span};
use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::control::{Command, IdTrace, MessageTrace};

/// Show what a running engine knows of a message, or of each of a submit_multi
#[derive(Args, Clone, Debug)]
pub struct TraceArgs {
    /// Its id as its account sees it, in hexadecimal or decimal digits
    message_id: String,
    /// Show numbers whole
    #[arg(long)]
    show_numbers: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(args: &TraceArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let (id, show_numbers) = (args.message_id.clone(), args.show_numbers);
    let answer = client.ask(Command::Trace { id, show_numbers })?;
    let shown = match args.asked.json {
        true => lines::one_line(&answer) + "\n",
        false => {
            let trace: IdTrace = serde_json::from_value(answer).map_err(Failure::new)?;
            trace.messages.iter().map(text).collect::<Vec<_>>().join("\n")
        }
    };
    print(&shown).map(|()| Exit::Success)
}

fn text(trace: &MessageTrace) -> String {
    let ago = |moment: u64| {
        let past = trace.now_unix_ms.saturating_sub(moment);
        span(Duration::from_secs(past / 1000))
    };
    let ahead = |moment: u64| {
        let ahead = moment.saturating_sub(trace.now_unix_ms);
        span(Duration::from_secs(ahead / 1000))
    };
    let mut text = format!("{}   account {}   {}", trace.id, plain(&trace.account), trace.state);
    // A text takes whatever is written to it.
    if let Some(error) = trace.error {
        let _ = write!(text, "   err {error:03}");
    }
    if let Some(ended) = trace.ended_unix_ms {
        let _ = write!(text, "   ended {} ago", ago(ended));
    }
    text.push('\n');
    let Some(live) = &trace.live else { return text };
    let _ = writeln!(
        text,
        "from {}   to {}   class {}   carrier {}",
        plain(&live.source),
        plain(&live.destination),
        live.class,
        plain(&live.carrier)
    );
    let _ = write!(text, "accepted {} ago", ago(live.accepted_unix_ms));
    match live.expired {
        true => text.push_str("   its validity has ended"),
        false => {
            let _ = write!(text, "   valid for {}", ahead(live.expires_unix_ms));
        }
    }
    if let Some(next) = live.next_unix_ms {
        let what = if trace.state == "sent" { "receipt given up in" } else { "goes on in" };
        let _ = write!(text, "   {what} {}", ahead(next));
    }
    text.push_str(if live.held { "   held\n" } else { "\n" });
    let mut table = Table::new(&["SEGMENT", "PLACE", "ATTEMPTS", "TWICE", "RECEIPT"], &[0, 2]);
    for (number, segment) in (1..).zip(&live.segments) {
        let yes = |is| if is { "yes" } else { "-" }.to_owned();
        table.row(vec![
            format!("{number}/{}", live.segments.len()),
            segment.place.clone(),
            segment.attempts.to_string(),
            yes(segment.twice),
            segment.receipt.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    text + &table.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::control::{LiveMessage, SegmentStatus};

    #[test]
    fn a_message_on_its_way_says_where_each_segment_is() {
        let segment = |place: &str, attempts| SegmentStatus {
            place: place.to_owned(),
            attempts,
            twice: attempts > 0,
            receipt: (place == "accepted").then(|| "DELIVERED".to_owned()),
        };
        let trace = MessageTrace {
            now_unix_ms: 1_000_000,
            id: "0000000000000001".to_owned(),
            account: "acct".to_owned(),
            state: "in_doubt".to_owned(),
            live: Some(LiveMessage {
                carrier: "north".to_owned(),
                class: "marketing".to_owned(),
                source: "Shop".to_owned(),
                destination: "33612******".to_owned(),
                accepted_unix_ms: 940_000,
                expires_unix_ms: 1_000_000 + 7_200_000,
                next_unix_ms: Some(1_030_000),
                segments: vec![segment("accepted", 0), segment("in_doubt", 1)],
                ..LiveMessage::default()
            }),
            ..MessageTrace::default()
        };
        let expected = "\
0000000000000001   account acct   in_doubt
from Shop   to 33612******   class marketing   carrier north
accepted 60 s ago   valid for 2 h   goes on in 30 s
SEGMENT  PLACE     ATTEMPTS  TWICE  RECEIPT
    1/2  accepted         0  -      DELIVERED
    2/2  in_doubt         1  yes    -
";
        assert_eq!(text(&trace), expected);
    }
}
