//! `chappe trace MESSAGE_ID`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::table::{Table, plain, span};
use super::{Asked, Client, Exit, Failure, lines, print};
use crate::cli::values::past_moment;
use crate::engine::control::{
    Command, HistoryNote, IdTrace, LiveMessage, MessageTrace, NumberAsked, NumberTrace, PastTrace,
};

/// Show what a running engine knows of a message, or of each of a submit_multi
#[derive(Args, Clone, Debug)]
pub struct TraceArgs {
    /// Its id as its account sees it, in hexadecimal or decimal digits
    #[arg(required_unless_present = "number", conflicts_with = "number")]
    message_id: Option<String>,
    /// Messages to and from this number instead, the newest first
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Accepted from then on: a date and a time in RFC 3339, or how long ago (2h)
    #[arg(long, value_name = "TIME", value_parser = past_moment, requires = "number")]
    from: Option<Duration>,
    /// Accepted until then
    #[arg(long, value_name = "TIME", value_parser = past_moment, requires = "number")]
    to: Option<Duration>,
    /// So many at most: 20 without it, never more than 200
    #[arg(long, requires = "number")]
    limit: Option<usize>,
    /// Show numbers whole
    #[arg(long)]
    show_numbers: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(args: &TraceArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let show_numbers = args.show_numbers;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let command = match (&args.number, &args.message_id) {
        (Some(number), _) => Command::TraceNumber {
            asked: NumberAsked {
                number: number.clone(),
                from_unix_ms: args.from.map(millis),
                to_unix_ms: args.to.map(millis),
                limit: args.limit,
            },
            show_numbers,
        },
        (None, id) => Command::Trace { id: id.clone().unwrap_or_default(), show_numbers },
    };
    let answer = client.ask(command)?;
    let shown = match (args.asked.json, &args.number) {
        (true, _) => lines::one_line(&answer) + "\n",
        (false, Some(_)) => number_text(&serde_json::from_value(answer).map_err(Failure::new)?),
        (false, None) => {
            let trace: IdTrace = serde_json::from_value(answer).map_err(Failure::new)?;
            let texts = trace.messages.iter().map(text).collect::<Vec<_>>().join("\n");
            texts + &trace.history.as_ref().map(note_text).unwrap_or_default()
        }
    };
    print(&shown).map(|()| Exit::Success)
}

fn text(trace: &MessageTrace) -> String {
    let ago = |moment: u64| {
        let past = trace.now_unix_ms.saturating_sub(moment);
        span(Duration::from_secs(past / 1000))
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
    if let Some(live) = &trace.live {
        text.push_str(&live_text(trace, live));
    }
    if let Some(past) = &trace.past {
        text.push_str(&past_text(past, trace.live.is_none()));
    }
    text
}

fn live_text(trace: &MessageTrace, live: &LiveMessage) -> String {
    let mut text = String::new();
    let ago = |moment: u64| {
        let past = trace.now_unix_ms.saturating_sub(moment);
        span(Duration::from_secs(past / 1000))
    };
    let ahead = |moment: u64| {
        let ahead = moment.saturating_sub(trace.now_unix_ms);
        span(Duration::from_secs(ahead / 1000))
    };
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
        if let Some(rule) = &live.held_by {
            let _ = write!(text, " ({rule})");
        }
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

/// What happened, an event a line; with the addresses where nothing else has said them.
fn past_text(past: &PastTrace, with_addresses: bool) -> String {
    let mut text = String::new();
    if with_addresses && !past.destination.is_empty() {
        let _ = writeln!(text, "from {}   to {}", plain(&past.source), plain(&past.destination));
    }
    if past.begins_later {
        text.push_str("how it began is kept no more\n");
    }
    let count = past.segments.len();
    let mut table =
        Table::new(&["WHEN", "EVENT", "SEGMENT", "CARRIER", "CARRIER ID", "STATE"], &[]);
    for event in &past.events {
        let or_none = |text: &Option<String>| text.as_deref().map_or("-".to_owned(), plain);
        let segment = event.segment.map(|number| format!("{number}/{count}"));
        let state = event.status.as_ref().or(event.state.as_ref());
        let error = event.error.filter(|error| *error > 0);
        let error = error.map_or_else(String::new, |error| format!(" err {error:03}"));
        table.row(vec![
            moment_text(event.unix_ms),
            event.event.clone(),
            segment.unwrap_or_else(|| "-".to_owned()),
            or_none(&event.carrier),
            or_none(&event.carrier_id),
            state.map_or("-".to_owned(), |state| plain(state)) + &error,
        ]);
    }
    text + &table.text()
}

/// A moment in RFC 3339, to the millisecond.
fn moment_text(unix_ms: u64) -> String {
    let moment = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(|| "-".to_owned(), |moment| format!("{moment:.3}"))
}

fn number_text(trace: &NumberTrace) -> String {
    let messages: Vec<_> = trace.messages.iter().map(text).collect();
    let mut text = messages.join("\n");
    for mo in &trace.mo {
        let _ = writeln!(
            text,
            "{}   from {}   to {}   carrier {}   account {}",
            moment_text(mo.unix_ms),
            plain(&mo.source),
            plain(&mo.destination),
            plain(&mo.carrier),
            mo.account.as_deref().map_or("-".to_owned(), plain)
        );
    }
    if trace.messages.is_empty() && trace.mo.is_empty() {
        text.push_str("none\n");
    }
    if trace.more {
        text.push_str("there may be more: ask with --limit, or with an earlier --to\n");
    }
    text + &note_text(&trace.history)
}

/// What is to be known of a look.
fn note_text(note: &HistoryNote) -> String {
    let mut text = String::new();
    if note.cut {
        text.push_str("older records were left out: too much had been read\n");
    }
    if note.unreadable > 0 {
        let _ = writeln!(
            text,
            "{} segments of the journal are damaged and were passed over",
            note.unreadable
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::control::{EventTrace, SegmentStatus};

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

    #[test]
    fn what_happened_is_told_an_event_a_line() {
        let event = |unix_ms, event: &str| EventTrace {
            unix_ms,
            event: event.to_owned(),
            segment: (event != "ended").then_some(1),
            ..EventTrace::default()
        };
        let taken = EventTrace {
            carrier: Some("north".to_owned()),
            carrier_id: Some("77ab".to_owned()),
            status: Some("ESME_ROK".to_owned()),
            ..event(1_790_000_000_120, "taken")
        };
        let ended = EventTrace {
            state: Some("UNDELIVERABLE".to_owned()),
            error: Some(4),
            ..event(1_790_000_009_000, "ended")
        };
        let past = PastTrace {
            source: "Shop".to_owned(),
            destination: "33612******".to_owned(),
            segments: vec![Default::default()],
            events: vec![taken, ended],
            ..PastTrace::default()
        };
        let trace = MessageTrace {
            id: "0000000000000001".to_owned(),
            account: "acct".to_owned(),
            state: "UNDELIVERABLE".to_owned(),
            ended: true,
            past: Some(past),
            ..MessageTrace::default()
        };
        let expected = "\
0000000000000001   account acct   UNDELIVERABLE
from Shop   to 33612******
WHEN                      EVENT  SEGMENT  CARRIER  CARRIER ID  STATE
2026-09-21T14:13:20.120Z  taken  1/1      north    77ab        ESME_ROK
2026-09-21T14:13:29.000Z  ended  -        -        -           UNDELIVERABLE err 004
";
        assert_eq!(text(&trace), expected);
    }
}
