//! Everything a running engine is told: one value, checked as a whole before it is used.
//!
//! These are plain structs; how they are written in a file is no business of the engine. A limit or
//! a time has its unit in its name, and 0 means "no limit" or "never" only where the field says so.
//! Whoever builds them promises what [`Settings`] says about names; nothing here checks it again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use crate::message::words::words;
use crate::mo::bot::Version;

pub use account::{Account, MultipartReceipts};
pub use carrier::{BindKind, Carrier, InDoubt};
pub use endpoint::Endpoint;
pub use number::{Keyword, Number, NumberKind, Owner};
pub use policy::Policy;
pub use pool::Pool;
pub use route::{Action, Cost, Encoding, Order, PrefixRow, Route, Target};
pub use secret::Secret;
pub use tls::{CarrierTls, ListenerTls};

mod account;
mod carrier;
mod endpoint;
mod number;
mod policy;
mod pool;
mod route;
mod secret;
mod tls;

/// The whole of it.
///
/// Promised: system_ids, carrier names, number addresses, names of pools, of policies and of routes
/// are each unique; every account, carrier and number that another of them names is there; under
/// [`Order::Cost`] every target and row has a cost; no two listeners share an address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// This process and its limits.
    pub node: Node,
    /// The SMPP listener.
    pub smpp: Smpp,
    /// The HTTP listener.
    pub http: Http,
    /// The metrics listener.
    pub metrics: Metrics,
    /// The log.
    pub log: Log,
    /// Where accepted messages are kept.
    pub store: Store,
    /// The bundled SMSC, run inside for trials.
    pub simulator: Option<Simulator>,
    /// Customers, in file order.
    pub accounts: Vec<Account>,
    /// Operators, in file order.
    pub carriers: Vec<Carrier>,
    /// Numbers of ours, in file order.
    pub numbers: Vec<Number>,
    /// Numbers that are sent from under one name, in file order.
    pub pools: Vec<Pool>,
    /// Bots, by their names.
    pub bots: Vec<Arc<Version>>,
    /// What is asked of marketing, in file order, which decides between equals.
    pub policies: Vec<Policy>,
    /// Routes, in file order, which decides between equals.
    pub routes: Vec<Route>,
}

/// This process: its identity and the limits that hold for all accounts and carriers together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// What it is called in logs, metrics and reports.
    pub name: String,
    /// 0 to 1023; in every message_id, so that two nodes never give the same one.
    pub id: u16,
    /// The directory of everything it writes; one engine at a time.
    pub data_dir: PathBuf,
    /// Threads that links, shards and dispatchers run on; 0 is one for every two CPUs we may use.
    /// See [`Node::workers_resolved`].
    pub workers: u16,
    /// How many owners the live messages are divided among; 0 is one for each worker. See
    /// [`Node::shards_resolved`].
    pub shards: u16,
    /// Live messages, all accounts together. At the limit a submit is answered ESME_RMSGQFUL. About
    /// 1 KiB each.
    pub queue_max_messages: u32,
    /// Octets of user data and TLVs of the messages that no carrier has answered yet. At the limit
    /// a submit is answered ESME_RMSGQFUL.
    pub queue_max_bytes: u32,
    /// Messages sent whose receipt is awaited. At the limit the oldest is forgotten and counted.
    /// About 100 octets each.
    pub correlations_max: u32,
    /// Hours after acceptance for which a receipt still finds its message.
    pub correlation_hours: u32,
    /// Receipts that came before the response they belong to, all carriers together. At the limit
    /// the oldest is counted as unknown.
    pub receipts_parked_max: u32,
    /// Milliseconds such a receipt waits for its response before it is unknown.
    pub receipt_parked_ms: u32,
    /// The newest messages of which query_sm still says how they ended. 16 octets each; those that
    /// have not ended are known however old they are.
    pub ended_max_messages: u32,
    /// Messages from handsets some segments of which are here. At the limit the oldest goes on as
    /// it is and is counted; whole ones are remembered up to the same number.
    pub reassembly_max_messages: u32,
    /// Octets of all of that. At the limit the oldest goes on as it is and is counted.
    pub reassembly_max_bytes: u32,
    /// Milliseconds after its first segment that such a message goes on as it is and is counted.
    pub reassembly_max_age_ms: u32,
    /// Conversations of bots. At the limit the one whose handset has been silent the longest is
    /// forgotten and counted. About 4 KiB each.
    pub conversations_max: u32,
    /// Hours a message without a validity_period, or with a longer one, may wait before it expires.
    pub validity_max_hours: u32,
    /// Milliseconds a graceful stop waits for responses before it closes.
    pub drain_ms: u32,
}

/// The SMPP listener, and the timers of every session on either side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Smpp {
    /// Where accounts connect.
    pub listen: SocketAddr,
    /// TLS from the first octet on that address; `None` is plain TCP.
    pub tls: Option<ListenerTls>,
    /// Largest command_length read from a bound peer, in octets; beyond it the stream is lost and
    /// closed. 512 before the bind, whatever is set.
    pub max_pdu_bytes: u32,
    /// Sessions of accounts, all together. At the limit a connection is closed at once and counted.
    pub sessions_max: u32,
    /// Connections that have not bound. At the limit the oldest is closed.
    pub unbound_sessions_max: u32,
    /// Octets waiting for a peer that does not read. At the limit its session is closed.
    pub unsent_max_bytes: u32,
    /// The timers, where a dialect sets no others.
    pub timers: Timers,
}

/// The timers of a session, in milliseconds (SMPP 3.4 §7.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    /// From the connection to its bind; then it is closed.
    pub session_init_ms: u32,
    /// Silence after which we probe with enquire_link; 0 never.
    pub enquire_link_ms: u32,
    /// Silence, enquire_link aside, after which we unbind an account; 0 never.
    pub inactivity_ms: u32,
    /// From a request to its response; then it counts as unanswered.
    pub response_timeout_ms: u32,
}

/// The HTTP listener: /healthz and /readyz.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Http {
    /// Where; `None` is not at all.
    pub listen: Option<SocketAddr>,
}

/// The metrics listener: /metrics.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metrics {
    /// Where; `None` is not at all.
    pub listen: Option<SocketAddr>,
}

/// The log, on standard error.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Log {
    /// The least severe line that is written.
    pub level: LogLevel,
    /// How a line is written.
    pub format: LogFormat,
}

/// Where accepted messages are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Store {
    /// By what.
    pub engine: StoreEngine,
    /// Octets of the journal after which there is another checkpoint, at least; twice those of the
    /// last checkpoint if they are more. A start reads about three times as many at most.
    pub checkpoint_bytes: u32,
    /// Hours for which what is needed no more is kept, to be looked up; 0 is not at all.
    pub retention_hours: u32,
    /// Octets of disk that it may take.
    pub retention_max_bytes: u64,
    /// Octets of user data and TLVs of queued messages that are held in memory; those of what comes
    /// beyond go to a file, and are read when they are sent. 0 is all in memory.
    pub spill_after_bytes: u32,
    /// Octets of that file. At the limit a submit is answered ESME_RMSGQFUL.
    pub spill_max_bytes: u64,
}

impl Store {
    /// Octets of queued texts that may be in memory, all together.
    #[must_use]
    pub fn here_octets_max(&self) -> usize {
        match (self.engine, self.spill_after_bytes) {
            (StoreEngine::Memory, _) | (_, 0) => usize::MAX,
            (StoreEngine::Embedded, octets) => octets as usize,
        }
    }

    /// How long what is needed no more is kept.
    #[must_use]
    pub fn retention(&self) -> std::time::Duration {
        std::time::Duration::from_secs(3600) * self.retention_hours
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            engine: StoreEngine::default(),
            checkpoint_bytes: 268_435_456,
            retention_hours: 72,
            retention_max_bytes: 4_294_967_296,
            spill_after_bytes: 134_217_728,
            spill_max_bytes: 4_294_967_296,
        }
    }
}

/// The bundled SMSC, run inside this process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Simulator {
    /// Where carriers connect to it.
    pub listen: SocketAddr,
}

words! {
    /// Severity, from the most to the least.
    #[derive(Default, Ord, PartialOrd)]
    pub enum LogLevel {
        /// What needs a person now.
        Error = "error",
        /// What will need one.
        Warn = "warn",
        /// What an operator wants to have read afterwards: binds, reloads, limits reached.
        #[default]
        Info = "info",
        /// What explains a single session.
        Debug = "debug",
        /// Every PDU, its personal data masked.
        Trace = "trace",
    }
}

words! {
    /// How a log line is written.
    #[derive(Default)]
    pub enum LogFormat {
        /// One JSON object a line.
        Json = "json",
        /// For people.
        #[default]
        Text = "text",
    }
}

words! {
    /// What keeps accepted messages.
    #[derive(Default)]
    pub enum StoreEngine {
        /// In a journal in `data_dir`: nothing accepted is lost.
        Embedded = "embedded",
        /// The process's memory: what is accepted is lost with it.
        #[default]
        Memory = "memory",
    }
}

impl Node {
    /// The number of threads: as set, or one for every two CPUs this process may use.
    #[must_use]
    pub fn workers_resolved(&self) -> usize {
        match self.workers {
            0 => (available_parallelism().map_or(1, usize::from) / 2).max(1),
            set => usize::from(set),
        }
    }

    /// The number of shards: as set, or one for each worker.
    #[must_use]
    pub fn shards_resolved(&self) -> usize {
        match self.shards {
            0 => self.workers_resolved(),
            set => usize::from(set),
        }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: "chappe".to_owned(),
            id: 0,
            data_dir: PathBuf::from("data"),
            workers: 0,
            shards: 0,
            queue_max_messages: 1_000_000,
            queue_max_bytes: 268_435_456,
            correlations_max: 2_000_000,
            correlation_hours: 216,
            receipts_parked_max: 10_000,
            receipt_parked_ms: 30_000,
            ended_max_messages: 1_000_000,
            reassembly_max_messages: 20_000,
            reassembly_max_bytes: 67_108_864,
            reassembly_max_age_ms: 300_000,
            conversations_max: 100_000,
            validity_max_hours: 48,
            drain_ms: 10_000,
        }
    }
}

impl Default for Smpp {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 2775)),
            tls: None,
            max_pdu_bytes: 70_000,
            sessions_max: 16_384,
            unbound_sessions_max: 1_024,
            unsent_max_bytes: 1_048_576,
            timers: Timers::default(),
        }
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            session_init_ms: 10_000,
            enquire_link_ms: 30_000,
            inactivity_ms: 300_000,
            response_timeout_ms: 60_000,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))) }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 9464))) }
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 2776)) }
    }
}
