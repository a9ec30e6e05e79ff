//! `chappe queue list|purge|reroute`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::table::{Table, span};
use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::control::{Command, QueueChange, QueueList, QueueRow, Selection, Stays};
use crate::message::class::TrafficClass;
use crate::message::words::Word;

/// What is done with messages that wait.
#[derive(Clone, Debug, Subcommand)]
pub enum QueueCommand {
    /// List what waits, by carrier, account and class
    List(ListArgs),
    /// End messages that no carrier can have: DELETED, err 003
    Purge(PurgeArgs),
    /// Have another carrier of their route send messages that no carrier can have
    Reroute(RerouteArgs),
}

/// Which messages are listed.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    asked: Asked,
}

/// Which messages are meant; all of those that are given must fit.
#[derive(Args, Clone, Debug)]
struct Which {
    /// Of this account
    #[arg(long, value_name = "SYSTEM_ID")]
    account: Option<String>,
    /// Of this carrier
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    #[command(flatten)]
    rest: Rest,
}

#[derive(Args, Clone, Debug)]
struct Rest {
    /// Of this class
    #[arg(long, value_name = "CLASS",
          value_parser = PossibleValuesParser::new(TrafficClass::WORDS))]
    class: Option<String>,
    /// To numbers that begin with these digits
    #[arg(long, value_name = "PREFIX")]
    destination: Option<String>,
}

/// Which messages end.
#[derive(Args, Clone, Debug)]
pub struct PurgeArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    sure: Sure,
}

#[derive(Args, Clone, Debug)]
struct Sure {
    /// Do it; without it, it is said what would be done
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Which messages go elsewhere.
#[derive(Args, Clone, Debug)]
pub struct RerouteArgs {
    /// The carrier they wait for
    #[arg(long, value_name = "NAME")]
    from: String,
    /// The carrier they go to, if it is one of their route; without it the first that can take them
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Of this account
    #[arg(long, value_name = "SYSTEM_ID")]
    account: Option<String>,
    #[command(flatten)]
    rest: Rest,
    #[command(flatten)]
    sure: Sure,
}

/// Runs it.
pub fn run(command: &QueueCommand) -> Result<Exit, Failure> {
    match command {
        QueueCommand::List(args) => list(args),
        QueueCommand::Purge(args) => {
            let selection = args.which.selection();
            let command = Command::QueuePurge { selection, yes: args.sure.yes };
            change(&args.sure, command, ["would end", "ended"])
        }
        QueueCommand::Reroute(args) => {
            let selection = Selection {
                account: args.account.clone(),
                carrier: Some(args.from.clone()),
                class: args.rest.class.clone(),
                destination: args.rest.destination.clone(),
            };
            let (to, yes) = (args.to.clone(), args.sure.yes);
            let command = Command::QueueReroute { selection, to, yes };
            change(&args.sure, command, ["would move", "moved"])
        }
    }
}

impl Which {
    fn selection(&self) -> Selection {
        Selection {
            account: self.account.clone(),
            carrier: self.carrier.clone(),
            class: self.rest.class.clone(),
            destination: self.rest.destination.clone(),
        }
    }
}

fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let answer = client.ask(Command::QueueList { selection: args.which.selection() })?;
    let text = match args.asked.json {
        true => lines::one_line(&answer) + "\n",
        false => table(&serde_json::from_value(answer).map_err(Failure::new)?),
    };
    print(&text).map(|()| Exit::Success)
}

fn table(list: &QueueList) -> String {
    let head = [
        "CARRIER",
        "ACCOUNT",
        "CLASS",
        "MESSAGES",
        "SEGMENTS",
        "OLDEST",
        "SCHEDULED",
        "HELD",
        "RETRYING",
        "IN DOUBT",
    ];
    let mut table = Table::new(&head, &[3, 4, 5, 6, 7, 8, 9]);
    for row in &list.rows {
        table.row(vec![
            row.carrier.clone(),
            row.account.clone(),
            row.class.clone(),
            row.messages.to_string(),
            row.segments.to_string(),
            span(std::time::Duration::from_secs(row.oldest_s)),
            row.scheduled.to_string(),
            held(row),
            row.retrying.to_string(),
            row.in_doubt.to_string(),
        ]);
    }
    if table.is_empty() { "nothing waits\n".to_owned() } else { table.text() }
}

/// How many a rule holds, and when the first of them goes on.
fn held(row: &QueueRow) -> String {
    let until = row.held_until_unix_ms.and_then(|ms| i64::try_from(ms).ok());
    match until.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
        Some(until) => format!("{} until {until}", row.held),
        None => row.held.to_string(),
    }
}

fn change(sure: &Sure, command: Command, words: [&str; 2]) -> Result<Exit, Failure> {
    let mut client = Client::connect(&sure.asked)?;
    let answer = client.ask(command)?;
    let text = match sure.asked.json {
        true => lines::one_line(&answer) + "\n",
        false => {
            let change: QueueChange = serde_json::from_value(answer).map_err(Failure::new)?;
            said(&change, words)
        }
    };
    print(&text).map(|()| Exit::Success)
}

fn said(change: &QueueChange, [would, done]: [&str; 2]) -> String {
    let QueueChange { carried_out, messages, left, why } = change;
    let mut text = match carried_out {
        true => format!("{messages} messages {done}, {left} stay what they are\n"),
        // There is nothing to confirm.
        false if *messages == 0 => format!("0 messages {would}, {left} stay what they are\n"),
        false => format!("{messages} messages {would}, {left} stay what they are; --yes does it\n"),
    };
    for (word, messages) in why {
        // A word of a newer engine is told as it is.
        let because = Stays::from_word(word).map_or(word.as_str(), |stays| stays.because());
        text += &format!("{messages} stay: {because}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_confirmed_is_said_to_be_what_would_be_done() {
        let why = [("down".to_owned(), 2), ("sent".to_owned(), 1)].into();
        let change = QueueChange { carried_out: false, messages: 12, left: 3, why };
        let words = ["would end", "ended"];
        let would = "12 messages would end, 3 stay what they are; --yes does it\n\
                     2 stay: no other carrier of their route has a bind that sends\n\
                     1 stay: a carrier has had them, or may have\n";
        assert_eq!(said(&change, words), would);
        let change = QueueChange { messages: 0, why: [].into(), ..change };
        assert_eq!(said(&change, words), "0 messages would end, 3 stay what they are\n");
        let change = QueueChange { carried_out: true, messages: 12, ..change };
        assert_eq!(said(&change, words), "12 messages ended, 3 stay what they are\n");
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(table(&QueueList::default()), "nothing waits\n");
    }
}
