//! `chappe status`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;

use super::table::{Table, plain, span};
use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::control::{
    AccountStatus, BindStatus, CarrierStatus, Command, EventStatus, Status,
};

/// Accounts, and sessions of accounts, that are listed when none was named.
const ACCOUNTS_MAX: usize = 50;

/// Show how a running engine stands
#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    /// Of this carrier or account alone, with what happened to it lately
    name: Option<String>,
    /// With what happened lately to each bind and account
    #[arg(long)]
    events: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Runs it.
pub fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let answer = client.ask(Command::Status { of: args.name.clone(), events: args.events })?;
    let text = match args.asked.json {
        true => lines::one_line(&answer) + "\n",
        false => {
            let status = serde_json::from_value(answer).map_err(|error| {
                Failure::new(format!("the engine is of another version: {error}"))
            })?;
            text(&status, args.name.is_none())
        }
    };
    print(&text).map(|()| Exit::Success)
}

/// The whole for people; of one carrier or account without what concerns all.
fn text(status: &Status, whole: bool) -> String {
    let mut parts = Vec::new();
    if whole {
        parts.push(engine(status));
    }
    if !status.carriers.is_empty() {
        parts.push(carriers(&status.carriers));
        parts.push(binds(status));
    }
    parts.extend(slowed(status));
    parts.extend(removed(status));
    if !status.accounts.is_empty() {
        parts.push(accounts(status, whole));
        parts.extend(sessions(status));
    }
    parts.extend(strangers(status));
    parts.extend(events(status));
    parts.join("\n")
}

fn engine(status: &Status) -> String {
    let up = status.uptime_s;
    let mut text = format!(
        "chappe {}   node {}   up {}:{:02}:{:02}   workers {}   shards {}   pid {}{}{}\n",
        status.version,
        plain(&status.node),
        up / 3600,
        up / 60 % 60,
        up % 60,
        status.workers,
        status.shards,
        status.pid,
        status.journal.as_ref().map_or(String::new(), |state| format!("   journal {state}")),
        if status.stopping { "   stopping" } else { "" },
    );
    // A text takes whatever is written to it.
    let _ = writeln!(
        text,
        "accepted {}   refused {}   queued {}   await receipt {}   wait for accounts {}   \
         receipts {}",
        status.accepted,
        status.refused,
        status.queued,
        status.awaiting_receipt,
        status.waiting,
        status.receipts,
    );
    if status.spill_bytes > 0 {
        let (used, max) = (status.spill_bytes, status.spill_max_bytes);
        let _ = writeln!(text, "queued texts on disk {} of {} MiB", mib(used), mib(max));
    }
    text.push_str("ended");
    for (state, messages) in &status.ended {
        let _ = write!(text, "   {state} {messages}");
    }
    text.push_str(if status.ended.is_empty() { "   none yet\n" } else { "\n" });
    if status.conversations > 0 {
        let _ = writeln!(text, "conversations {}", status.conversations);
    }
    text
}

/// Octets in MiB, a part of one as one.
fn mib(octets: u64) -> u64 {
    octets.div_ceil(1 << 20)
}

fn carriers(all: &[CarrierStatus]) -> String {
    let head = ["CARRIER", "STATE", "BINDS", "QUEUED", "IN FLIGHT", "RATE", "ADDRESS"];
    let mut table = Table::new(&head, &[3, 4, 5]);
    for carrier in all {
        table.row(vec![
            carrier.name.clone(),
            carrier.state.clone(),
            format!("{}/{}", carrier.binds_up, carrier.binds.len()),
            carrier.queued.to_string(),
            carrier.in_flight.to_string(),
            rate(carrier.segments_per_second),
            carrier.address.clone(),
        ]);
    }
    table.text()
}

fn slowed(status: &Status) -> Option<String> {
    let mut table = Table::new(&["SLOWED NUMBER", "CARRIER", "PACE", "WAITING"], &[2, 3]);
    for carrier in &status.carriers {
        for slowed in &carrier.slowed {
            table.row(vec![
                slowed.number.clone(),
                carrier.name.clone(),
                format!("{}/s", slowed.pace),
                slowed.waiting.to_string(),
            ]);
        }
        match carrier.numbers_slowed.saturating_sub(carrier.slowed.len() as u64) {
            0 => {}
            more => table.below(format!("and {more} more")),
        }
    }
    (!table.is_empty()).then(|| table.text())
}

fn removed(status: &Status) -> Option<String> {
    let mut table = Table::new(&["REMOVED", "QUEUED"], &[1]);
    for carrier in &status.removed {
        table.row(vec![carrier.name.clone(), carrier.queued.to_string()]);
        table.below(format!("-> {}", carrier.advice));
    }
    (!table.is_empty()).then(|| table.text())
}

fn binds(status: &Status) -> String {
    let head =
        ["BIND", "KIND", "STATE", "FOR", "IN FLIGHT", "SENT", "THROTTLED", "PACE", "LAST FAULT"];
    let mut table = Table::new(&head, &[3, 4, 5, 6, 7]);
    for bind in status.carriers.iter().flat_map(|carrier| &carrier.binds) {
        table.row(vec![
            bind.id.clone(),
            bind.kind.clone(),
            state(status, bind),
            ago(status, bind.since_unix_ms),
            format!("{}/{}", bind.in_flight, bind.window_max),
            bind.sent.to_string(),
            bind.throttled.to_string(),
            bind.pace.map_or_else(|| "-".to_owned(), |pace| format!("{pace}/s")),
            bind.last_fault.as_ref().map_or_else(|| "-".to_owned(), |one| event(status, one)),
        ]);
        if let Some(advice) = &bind.advice {
            table.below(format!("-> {advice}"));
        }
    }
    table.text()
}

fn state(status: &Status, bind: &BindStatus) -> String {
    match bind.retry_unix_ms {
        Some(at) => {
            let wait = Duration::from_millis(at.saturating_sub(status.now_unix_ms));
            format!("{}, again in {}", bind.state, span(wait))
        }
        None => bind.state.clone(),
    }
}

fn accounts(status: &Status, whole: bool) -> String {
    let head = ["ACCOUNT", "SESSIONS", "QUEUED", "WAITING", "RATE", "WINDOW", "LAST FAULT"];
    let mut table = Table::new(&head, &[2, 3, 4, 5]);
    let is_worth_it = |account: &&AccountStatus| {
        let idle = account.sessions.is_empty() && account.last_fault.is_none();
        !whole || !idle || account.queued > 0 || account.waiting > 0
    };
    let mut shown = 0;
    for account in status.accounts.iter().filter(is_worth_it).take(ACCOUNTS_MAX) {
        shown += 1;
        table.row(vec![
            account.system_id.clone(),
            format!("{}/{}", account.sessions.len(), account.binds_max),
            account.queued.to_string(),
            account.waiting.to_string(),
            rate(account.segments_per_second),
            account.window_max.to_string(),
            account.last_fault.as_ref().map_or_else(|| "-".to_owned(), |one| event(status, one)),
        ]);
    }
    match status.accounts.len() - shown {
        0 => {}
        all if shown == 0 => return format!("no account has been here yet, of {all}\n"),
        1 => table.below("and 1 more account".to_owned()),
        more => table.below(format!("and {more} more accounts")),
    }
    table.text()
}

fn sessions(status: &Status) -> Option<String> {
    let mut table = Table::new(&["SESSION", "BOUND", "FOR", "PEER"], &[2]);
    let all = status.accounts.iter().flat_map(|account| &account.sessions);
    for session in all.clone().take(ACCOUNTS_MAX) {
        table.row(vec![
            session.id.clone(),
            session.bound.clone(),
            ago(status, session.since_unix_ms),
            session.peer.clone(),
        ]);
    }
    let more = all.skip(ACCOUNTS_MAX).count();
    if more > 0 {
        table.below(format!("and {more} more"));
    }
    (!table.is_empty()).then(|| table.text())
}

fn strangers(status: &Status) -> Option<String> {
    let mut table = Table::new(&["NO ACCOUNT", "TIMES", "LAST", "FROM"], &[1, 2]);
    for stranger in &status.strangers {
        table.row(vec![
            stranger.system_id.clone(),
            stranger.times.to_string(),
            format!("{} ago", ago(status, stranger.last_unix_ms)),
            stranger.peer.clone(),
        ]);
    }
    if table.is_empty() {
        return None;
    }
    let advice = "-> no account has these names; a customer's is mistyped, there or in the file";
    table.below(advice.to_owned());
    Some(table.text())
}

fn events(status: &Status) -> Option<String> {
    let mut table = Table::new(&["OF", "LAST", "TIMES", "WHAT"], &[1, 2]);
    let binds = status.carriers.iter().flat_map(|carrier| &carrier.binds);
    let of = binds
        .map(|bind| (&bind.id, &bind.events))
        .chain(status.accounts.iter().map(|account| (&account.system_id, &account.events)));
    for (name, event) in of.flat_map(|(name, events)| events.iter().map(move |one| (name, one))) {
        table.row(vec![
            name.clone(),
            format!("{} ago", ago(status, event.last_unix_ms)),
            event.times.to_string(),
            event.what.clone(),
        ]);
    }
    (!table.is_empty()).then(|| table.text())
}

/// What happened, how often and when last.
fn event(status: &Status, event: &EventStatus) -> String {
    let ago = ago(status, event.last_unix_ms);
    match event.times {
        1 => format!("{}, {ago} ago", event.what),
        times => format!("{}, {times} times, last {ago} ago", event.what),
    }
}

fn ago(status: &Status, moment: u64) -> String {
    let past = Duration::from_millis(status.now_unix_ms.saturating_sub(moment));
    // A table is no place for milliseconds of the past.
    span(Duration::from_secs(past.as_secs()))
}

fn rate(segments_per_second: u32) -> String {
    match segments_per_second {
        0 => "no limit".to_owned(),
        rate => format!("{rate}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::control::{RemovedCarrier, SlowedStatus, StrangerStatus};

    fn fault(what: &str, times: u64) -> EventStatus {
        let (first_unix_ms, last_unix_ms) = (900_000, 997_000);
        EventStatus { what: what.to_owned(), first_unix_ms, last_unix_ms, times }
    }

    fn bind(id: &str, state: &str) -> BindStatus {
        BindStatus {
            id: id.to_owned(),
            kind: "transceiver".to_owned(),
            state: state.to_owned(),
            since_unix_ms: 995_000,
            wanted: "sends".to_owned(),
            retry_unix_ms: None,
            failures: 0,
            address: "smsc.north:2775".to_owned(),
            peer: None,
            in_flight: 3,
            window_max: 10,
            sent: 1234,
            accepted: 1231,
            throttled: 0,
            pace: None,
            last_fault: None,
            last_close: None,
            advice: None,
            events: Vec::new(),
        }
    }

    fn stranger() -> StrangerStatus {
        StrangerStatus {
            system_id: "acme".to_owned(),
            peer: "192.0.2.7".to_owned(),
            first_unix_ms: 900_000,
            last_unix_ms: 997_000,
            times: 14,
        }
    }

    fn status() -> Status {
        let refused = fault("bind refused: ESME_RINVPASWD (Invalid Password)", 14);
        let wrong = BindStatus {
            retry_unix_ms: Some(1_012_400),
            last_fault: Some(refused.clone()),
            advice: Some("mend the password".to_owned()),
            events: vec![refused],
            ..bind("north/1", "waiting")
        };
        let throttled = BindStatus { throttled: 9, pace: Some(48), ..bind("north/0", "bound") };
        let number = "1650****123".to_owned();
        let slowed = SlowedStatus { number, pace: 0.95, waiting: 71 };
        let account = AccountStatus {
            system_id: "acct".to_owned(),
            sessions: Vec::new(),
            binds_max: 4,
            segments_per_second: 100,
            window_max: 50,
            queued: 0,
            waiting: 0,
            last_fault: None,
            events: Vec::new(),
        };
        Status {
            now_unix_ms: 1_000_000,
            version: "0.1.0".to_owned(),
            node: "one".to_owned(),
            pid: 7,
            uptime_s: 3 * 3600 + 65,
            workers: 2,
            shards: 2,
            journal: Some("running".to_owned()),
            spill_bytes: 5 << 19,
            spill_max_bytes: 4096 << 20,
            stopping: false,
            accepted: 3500,
            refused: 7,
            queued: 92,
            awaiting_receipt: 407,
            waiting: 11,
            conversations: 3,
            receipts: 2990,
            ended: [("DELIVERED".to_owned(), 3000)].into(),
            carriers: vec![CarrierStatus {
                name: "north".to_owned(),
                state: "partly".to_owned(),
                address: "smsc.north:2775".to_owned(),
                binds_up: 1,
                queued: 92,
                queue_max_messages: 1000,
                waiting: 80,
                in_flight: 3,
                segments_per_second: 0,
                binds: vec![throttled, wrong],
                numbers_slowed: 3,
                slowed: vec![slowed],
            }],
            removed: vec![RemovedCarrier {
                name: "west".to_owned(),
                queued: 12,
                advice: "send them elsewhere".to_owned(),
            }],
            accounts: vec![account],
            strangers: vec![stranger()],
        }
    }

    #[test]
    fn the_whole_says_at_a_glance_which_bind_does_not_stand_why_and_what_to_do() {
        let text = text(&status(), true);
        let expected = "\
chappe 0.1.0   node one   up 3:01:05   workers 2   shards 2   pid 7   journal running
accepted 3500   refused 7   queued 92   await receipt 407   wait for accounts 11   receipts 2990
queued texts on disk 3 of 4096 MiB
ended   DELIVERED 3000
conversations 3

CARRIER  STATE   BINDS  QUEUED  IN FLIGHT      RATE  ADDRESS
north    partly  1/2        92          3  no limit  smsc.north:2775

BIND     KIND         STATE                   FOR  IN FLIGHT  SENT  THROTTLED  PACE  LAST FAULT
north/0  transceiver  bound                   5 s       3/10  1234          9  48/s  -
north/1  transceiver  waiting, again in 12 s  5 s       3/10  1234          0     -  bind refused: \
ESME_RINVPASWD (Invalid Password), 14 times, last 3 s ago
    -> mend the password

SLOWED NUMBER  CARRIER    PACE  WAITING
1650****123    north    0.95/s       71
    and 2 more

REMOVED  QUEUED
west         12
    -> send them elsewhere

no account has been here yet, of 1

NO ACCOUNT  TIMES     LAST  FROM
acme           14  3 s ago  192.0.2.7
    -> no account has these names; a customer's is mistyped, there or in the file

OF          LAST  TIMES  WHAT
north/1  3 s ago     14  bind refused: ESME_RINVPASWD (Invalid Password)
";
        assert_eq!(text, expected);
    }
}
