//! What can be asked, and how answers look.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::consent::{ConsentEntry, ConsentPlace};
use super::conversation::ConversationAction;

/// The version of requests and answers; a request of another one is refused.
pub const VERSION: u32 = 1;

/// A request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// What is asked.
    #[serde(flatten)]
    pub command: Command,
}

/// What is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// How the engine stands.
    Status {
        /// Of this carrier or account alone.
        of: Option<String>,
        /// With what happened lately.
        #[serde(default)]
        events: bool,
    },
    /// The configuration read again and put in force.
    Reload,
    /// Something of binds.
    Bind {
        /// What.
        action: BindAction,
        /// Of which: `CARRIER/N`, `CARRIER` or `ACCOUNT#N`.
        id: String,
    },
    /// What waits.
    QueueList {
        /// Of which messages.
        #[serde(flatten)]
        selection: Selection,
    },
    /// The end of what waits.
    QueuePurge {
        /// Of which messages.
        #[serde(flatten)]
        selection: Selection,
        /// Whether it is done; otherwise it is said what would be.
        #[serde(default)]
        yes: bool,
    },
    /// Another carrier for what waits.
    QueueReroute {
        /// Which messages; their carrier is given.
        #[serde(flatten)]
        selection: Selection,
        /// Which carrier; any of their route without it.
        #[serde(default)]
        to: Option<String>,
        /// Whether it is done; otherwise it is said what would be.
        #[serde(default)]
        yes: bool,
    },
    /// What is known of a message.
    Trace {
        /// Its id, in hexadecimal or decimal digits.
        id: String,
        /// Whether its numbers are shown.
        #[serde(default)]
        show_numbers: bool,
    },
    /// What is known of messages to and from a number.
    TraceNumber {
        /// Which.
        #[serde(flatten)]
        asked: NumberAsked,
        /// Whether numbers are shown.
        #[serde(default)]
        show_numbers: bool,
    },
    /// A number, and the texts to and from it, out of the history.
    HistoryErase {
        /// Which, with its country's code.
        number: String,
        /// Whether it is done; otherwise it is said what would be.
        #[serde(default)]
        yes: bool,
    },
    /// Conversations with handsets.
    ConversationList {
        /// Those of bots too, and those that are over.
        #[serde(default)]
        all: bool,
        /// Of this queue.
        #[serde(default)]
        queue: Option<String>,
    },
    /// Something of one conversation.
    Conversation {
        /// Which: `NUMBER/HANDSET`.
        id: String,
        /// What.
        #[serde(flatten)]
        action: ConversationAction,
    },
    /// What handsets chose elsewhere, written down.
    ConsentWrite {
        /// What.
        entries: Vec<ConsentEntry>,
    },
    /// A page of what handsets chose.
    ConsentRead {
        /// From where on.
        #[serde(default)]
        from: ConsentPlace,
    },
    /// What one handset chose.
    ConsentOf {
        /// Its number, with its country's code.
        number: String,
    },
    /// A copy of the journal.
    JournalBackup {
        /// Where: the whole path of a directory that is to be a data directory.
        directory: String,
    },
    /// What a session reads and writes: an answer for each PDU, and a last one.
    Capture {
        /// Which: `CARRIER/N` or `ACCOUNT#N`.
        id: String,
        /// How much.
        #[serde(flatten)]
        limits: CaptureLimits,
    },
}

/// How much of a session is captured, and how.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CaptureLimits {
    /// Seconds.
    #[serde(default)]
    pub for_s: Option<u64>,
    /// PDUs.
    #[serde(default)]
    pub count: Option<u64>,
    /// Octets of them.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// Whether texts and numbers are shown; passwords are never.
    #[serde(default)]
    pub unmasked: bool,
}

/// Which messages of a number are meant.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct NumberAsked {
    /// The number, however it is written.
    pub number: String,
    /// Accepted from this moment on: milliseconds of wall time since 1970.
    #[serde(default)]
    pub from_unix_ms: Option<u64>,
    /// Accepted up to this moment.
    #[serde(default)]
    pub to_unix_ms: Option<u64>,
    /// How many at most: 20 without it, and never more than 200.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Which messages are meant: all that each of these covers.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Selection {
    /// Of this account.
    #[serde(default)]
    pub account: Option<String>,
    /// Of this carrier.
    #[serde(default)]
    pub carrier: Option<String>,
    /// Of this class.
    #[serde(default)]
    pub class: Option<String>,
    /// To numbers that begin so.
    #[serde(default)]
    pub destination: Option<String>,
}

/// What is asked of a bind.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BindAction {
    /// No message on it; it stays bound.
    Pause,
    /// Messages on it again; up again.
    Resume,
    /// Its answers, then unbound and down.
    Drain,
    /// Its answers, then unbound and bound anew.
    Rebind,
}

/// Why there is no answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// A word for programs: `request`, `version`, `busy`, `unknown`, `impossible`,
    /// `configuration`.
    pub kind: String,
    /// The same for people.
    pub message: String,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }
}

/// An answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// [`VERSION`].
    pub version: u32,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

impl From<Result<Value, Problem>> for Answer {
    fn from(result: Result<Value, Problem>) -> Self {
        let (answer, error) = match result {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        Self { version: VERSION, answer, error }
    }
}

/// A request from its line.
///
/// # Errors
/// What is wrong with it.
pub fn parse(line: &[u8]) -> Result<Command, Problem> {
    let request: Value = serde_json::from_slice(line)
        .map_err(|error| Problem::new("request", format!("not a line of JSON: {error}")))?;
    let version = request.get("version").and_then(Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        let message = format!("this engine speaks version {VERSION}; the request does not say it");
        return Err(Problem::new("version", message));
    }
    serde_json::from_value::<Request>(request)
        .map(|request| request.command)
        .map_err(|error| Problem::new("request", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_back_as_it_is_written() {
        let commands = [
            Command::Status { of: None, events: false },
            Command::Status { of: Some("north".to_owned()), events: true },
            Command::Bind { action: BindAction::Rebind, id: "north/0".to_owned() },
            Command::QueueList { selection: Selection::default() },
            Command::QueueReroute {
                selection: Selection { carrier: Some("a".to_owned()), ..Selection::default() },
                to: Some("b".to_owned()),
                yes: true,
            },
            Command::Trace { id: "12ab".to_owned(), show_numbers: false },
            Command::TraceNumber {
                asked: NumberAsked {
                    number: "33612345678".to_owned(),
                    from_unix_ms: Some(7),
                    ..NumberAsked::default()
                },
                show_numbers: true,
            },
            Command::ConversationList { all: true, queue: Some("a".to_owned()) },
            Command::Conversation {
                id: "36105/33612345678".to_owned(),
                action: ConversationAction::Reply { agent: "a".to_owned(), text: "b".to_owned() },
            },
            Command::Capture {
                id: "acct#1".to_owned(),
                limits: CaptureLimits { count: Some(7), ..CaptureLimits::default() },
            },
        ];
        for command in commands {
            let request = Request { version: VERSION, command };
            let line = serde_json::to_vec(&request).unwrap();
            assert_eq!(parse(&line), Ok(request.command));
        }
    }

    #[test]
    fn what_is_no_request_is_refused_by_kind() {
        let kind = |line: &str| parse(line.as_bytes()).unwrap_err().kind;
        assert_eq!(kind(""), "request");
        assert_eq!(kind("\u{1}\u{2}"), "request");
        assert_eq!(kind("[1, 2]"), "version");
        assert_eq!(kind(r#"{"command":"status"}"#), "version");
        assert_eq!(kind(r#"{"version":2,"command":"status"}"#), "version");
        assert_eq!(kind(r#"{"version":1}"#), "request");
        assert_eq!(kind(r#"{"version":1,"command":"explode"}"#), "request");
        assert_eq!(kind(r#"{"version":1,"command":"bind","action":"pause"}"#), "request");
    }
}
