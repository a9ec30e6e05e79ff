//! `status`: how the engine, its carriers' binds and its accounts stand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::Problem;
use super::{Desk, mask, millis, words};
use crate::clock::Now;
use crate::engine::bind_record::{BindRecord, Phase, Wanted};
use crate::engine::connector::address_of;
use crate::engine::history::{Event, What};
use crate::engine::snapshot::CarrierSnapshot;
use crate::engine::strangers::Stranger;
use crate::engine::world::{Account, Carrier};
use crate::mt::egress::SlowedNumber;
use crate::session::{BindKind, CloseReason};

/// A session that ended so often, and lately, is no accident.
const FLAPS: u64 = 3;
const FLAPS_WITHIN: Duration = Duration::from_secs(300);

/// How an engine stands at one moment. Moments are milliseconds of wall time since 1970; counts
/// are from the start.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Status {
    /// This moment.
    pub now_unix_ms: u64,
    /// The engine's version.
    pub version: String,
    /// `node.name`.
    pub node: String,
    /// The process.
    pub pid: u32,
    /// How long it has run.
    pub uptime_s: u64,
    /// `node.workers`, as resolved.
    pub workers: u64,
    /// `node.shards`, as resolved.
    pub shards: u64,
    /// The state of the journal; none where messages are in memory alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
    /// Octets of disk that queued texts take which are not in memory.
    #[serde(default)]
    pub spill_bytes: u64,
    /// Octets that they may take; 0 where all are in memory.
    #[serde(default)]
    pub spill_max_bytes: u64,
    /// Whether it winds down.
    pub stopping: bool,
    /// Messages accepted.
    pub accepted: u64,
    /// Messages refused at submit.
    pub refused: u64,
    /// Messages accepted that their carrier has not answered.
    pub queued: u64,
    /// Messages sent that await their receipt.
    pub awaiting_receipt: u64,
    /// Receipts and MO that wait for an account.
    pub waiting: u64,
    /// Conversations that are held with handsets.
    #[serde(default)]
    pub conversations: u64,
    /// Receipts that accounts have taken.
    pub receipts: u64,
    /// Messages that ended, by state.
    pub ended: BTreeMap<String, u64>,
    /// Carriers, in the order of the settings.
    pub carriers: Vec<CarrierStatus>,
    /// Carriers that a reload took out while messages waited for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<RemovedCarrier>,
    /// Accounts, in the order of the settings.
    pub accounts: Vec<AccountStatus>,
    /// Names that no account has under which somebody tried to bind, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<StrangerStatus>,
}

/// One carrier.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CarrierStatus {
    /// Its name.
    pub name: String,
    /// `up`, `partly`, `paused` or `down`.
    pub state: String,
    /// Where it is.
    pub address: String,
    /// Sessions bound.
    pub binds_up: u64,
    /// Messages queued for it, those of its dispatcher and of shards.
    pub queued: u64,
    /// At most so many.
    pub queue_max_messages: u32,
    /// Messages at its dispatcher.
    pub waiting: u64,
    /// Segments sent and unanswered.
    pub in_flight: u64,
    /// Segments a second it takes at most; 0 is no limit.
    pub segments_per_second: u32,
    /// Its binds.
    pub binds: Vec<BindStatus>,
    /// How many sender numbers it has slowed.
    #[serde(default)]
    pub numbers_slowed: u64,
    /// Some of them, those for which the most waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slowed: Vec<SlowedStatus>,
}

/// A sender number that a carrier has slowed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SlowedStatus {
    /// It, with some of its digits hidden.
    pub number: String,
    /// Segments a second that it may send.
    pub pace: f64,
    /// Messages that wait for it.
    pub waiting: u64,
}

impl From<&SlowedNumber> for SlowedStatus {
    fn from(slowed: &SlowedNumber) -> Self {
        let number = mask::sender(slowed.number.octets());
        let pace = (slowed.pace * 100.0).round() / 100.0;
        Self { number, pace, waiting: slowed.waiting as u64 }
    }
}

/// A carrier that is none any more.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RemovedCarrier {
    /// Its name.
    pub name: String,
    /// Messages queued for it.
    pub queued: u64,
    /// What to do about them.
    pub advice: String,
}

/// One bind of a carrier.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BindStatus {
    /// `CARRIER/N`.
    pub id: String,
    /// `transmitter`, `receiver` or `transceiver`.
    pub kind: String,
    /// `connecting`, `binding`, `bound`, `throttled`, `paused`, `draining`, `waiting` or `down`.
    pub state: String,
    /// Since when.
    pub since_unix_ms: u64,
    /// What the operator wants of it: `sends`, `paused` or `down`.
    pub wanted: String,
    /// When it connects again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_unix_ms: Option<u64>,
    /// Attempts that came to nothing since it last stood.
    pub failures: u32,
    /// Where it connects to.
    pub address: String,
    /// The address it is connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Segments sent and unanswered.
    pub in_flight: u32,
    /// At most so many.
    pub window_max: u32,
    /// Segments sent.
    pub sent: u64,
    /// Segments accepted.
    pub accepted: u64,
    /// Segments answered that the carrier is too busy.
    pub throttled: u64,
    /// Segments a second that it has learnt from them to send at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<u32>,
    /// The newest fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_fault: Option<EventStatus>,
    /// How its last session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_close: Option<EventStatus>,
    /// What to do, when it does not stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// What happened lately, the oldest first; when asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventStatus>,
}

/// One account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AccountStatus {
    /// Its name.
    pub system_id: String,
    /// Its sessions.
    pub sessions: Vec<SessionStatus>,
    /// At most so many.
    pub binds_max: u32,
    /// Segments a second it may submit; 0 is no limit.
    pub segments_per_second: u32,
    /// Unanswered requests a session may have.
    pub window_max: u32,
    /// Its messages that are queued.
    pub queued: u64,
    /// Its receipts and MO that wait for it.
    pub waiting: u64,
    /// The newest fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_fault: Option<EventStatus>,
    /// What happened lately, the oldest first; when asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventStatus>,
}

/// One session of an account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SessionStatus {
    /// `ACCOUNT#N`.
    pub id: String,
    /// `TX`, `RX` or `TRX`.
    pub bound: String,
    /// From where.
    pub peer: String,
    /// Since when.
    pub since_unix_ms: u64,
}

/// A name that no account has.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct StrangerStatus {
    /// It, at most 16 octets of it.
    pub system_id: String,
    /// From where it came last.
    pub peer: String,
    /// The first time.
    pub first_unix_ms: u64,
    /// The last time.
    pub last_unix_ms: u64,
    /// How many times.
    pub times: u64,
}

impl From<Stranger> for StrangerStatus {
    fn from(stranger: Stranger) -> Self {
        Self {
            system_id: stranger.name,
            peer: stranger.peer.to_string(),
            first_unix_ms: millis(stranger.first),
            last_unix_ms: millis(stranger.last),
            times: stranger.times,
        }
    }
}

/// What happened, and how often.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EventStatus {
    /// What.
    pub what: String,
    /// The first time.
    pub first_unix_ms: u64,
    /// The last time.
    pub last_unix_ms: u64,
    /// How many times.
    pub times: u64,
}

impl From<&Event> for EventStatus {
    fn from(event: &Event) -> Self {
        Self {
            what: words::of(&event.what),
            first_unix_ms: millis(event.first),
            last_unix_ms: millis(event.last),
            times: event.times,
        }
    }
}

/// The whole, or what concerns one carrier or account.
pub fn answer(desk: &Desk, of: Option<&str>, events: bool) -> Result<Value, Problem> {
    let mut status = take(desk, of, events || of.is_some());
    if let Some(of) = of {
        status.carriers.retain(|carrier| carrier.name == of);
        status.removed.retain(|carrier| carrier.name == of);
        status.accounts.retain(|account| account.system_id == of);
        let carriers = status.carriers.len() + status.removed.len();
        if carriers + status.accounts.len() == 0 {
            let message = format!("no carrier and no account is called {of}");
            return Err(Problem::new("unknown", message));
        }
    }
    super::value(&status)
}

fn take(desk: &Desk, of: Option<&str>, events: bool) -> Status {
    let (shared, now) = (&desk.shared, desk.shared.clock.now());
    let snapshot = desk.snapshots.take();
    let is_meant = |name: &str| of.is_none_or(|of| of == name);
    let world = shared.world();
    let carriers = world.carriers.iter().filter(|carrier| !carrier.is_removed);
    let carriers = carriers.zip(&snapshot.carriers);
    let carriers = carriers.filter(|(carrier, _)| is_meant(&carrier.settings.name));
    let accounts = world.accounts.iter().filter(|account| !account.is_removed);
    let accounts = accounts.filter(|account| is_meant(&account.settings.system_id));
    let ended = snapshot.ended.iter();
    let spill = shared.journal.as_ref().and_then(|kept| kept.spill.as_ref());
    let spill = spill.map(|spill| spill.figures()).unwrap_or_default();
    Status {
        now_unix_ms: millis(now.wall),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: world.settings.node.name.clone(),
        pid: std::process::id(),
        uptime_s: now.monotonic.as_secs(),
        workers: world.settings.node.workers_resolved() as u64,
        shards: shared.shards.len() as u64,
        journal: shared.journal.as_ref().map(|kept| kept.progress.state().name().to_owned()),
        spill_bytes: spill.octets,
        spill_max_bytes: spill.octets_max,
        stopping: shared.is_stopping(),
        accepted: snapshot.accepted,
        refused: snapshot.refused,
        queued: snapshot.queued,
        awaiting_receipt: snapshot.awaiting_receipt,
        waiting: snapshot.waiting,
        conversations: snapshot.conversations,
        receipts: snapshot.receipts,
        ended: ended
            .map(|(state, count)| (state.name().unwrap_or("UNKNOWN").to_owned(), *count))
            .collect(),
        carriers: carriers
            .map(|(carrier, figures)| carrier_status(carrier, figures, now, events))
            .collect(),
        removed: world.carriers.iter().filter_map(|carrier| removed(carrier)).collect(),
        accounts: accounts.map(|account| account_status(account, events)).collect(),
        strangers: match of {
            None => shared.strangers.newest().into_iter().map(StrangerStatus::from).collect(),
            Some(_) => Vec::new(),
        },
    }
}

fn carrier_status(
    carrier: &Carrier,
    figures: &CarrierSnapshot,
    now: Now,
    events: bool,
) -> CarrierStatus {
    let settings = &carrier.settings;
    let records = carrier.bind_records();
    let binds = (0..).zip(&records);
    let binds = binds.filter_map(|(at, record)| Some((at, carrier.kind_of(at)?, record)));
    let slowed = carrier.slowed.load();
    CarrierStatus {
        name: settings.name.clone(),
        state: figures.state.word().to_owned(),
        address: settings.address.to_string(),
        binds_up: figures.binds_up,
        queued: u64::from(carrier.queued.used()),
        queue_max_messages: settings.queue_max_messages,
        waiting: figures.waiting,
        in_flight: figures.in_flight,
        segments_per_second: settings.segments_per_second,
        binds: binds.map(|bind| bind_status(carrier, bind, now, events)).collect(),
        numbers_slowed: slowed.count as u64,
        slowed: slowed.worst.iter().map(SlowedStatus::from).collect(),
    }
}

/// A carrier that was taken out and for which messages wait: nobody sends them, and what no other
/// carrier of their route may take waits until it expires.
fn removed(carrier: &Carrier) -> Option<RemovedCarrier> {
    let (name, queued) = (&carrier.settings.name, u64::from(carrier.queued.used()));
    let is_one = carrier.is_removed && queued > 0;
    is_one.then(|| RemovedCarrier {
        name: name.clone(),
        queued,
        advice: format!(
            "taken out by a reload: chappe queue reroute --from {name}, or chappe queue purge \
             --carrier {name}, or put it back"
        ),
    })
}

fn bind_status(
    carrier: &Carrier,
    (at, kind, record): (u32, BindKind, &Arc<BindRecord>),
    Now { monotonic: now, wall }: Now,
    events: bool,
) -> BindStatus {
    let standing = record.standing();
    let link = carrier.links.load().get(at as usize).and_then(|link| link.load_full());
    let throttled = link.is_some_and(|link| link.is_throttled(now));
    let wanted = record.wanted();
    let state = match standing.phase {
        Phase::Connecting => "connecting",
        Phase::Binding => "binding",
        Phase::Bound(_) if wanted == Wanted::Paused => "paused",
        Phase::Bound(_) if throttled => "throttled",
        Phase::Bound(_) => "bound",
        Phase::Draining => "draining",
        Phase::Waiting(_) => "waiting",
        Phase::Down => "down",
    };
    let retry = match standing.phase {
        Phase::Waiting(until) => Some(until),
        _ => None,
    };
    let newest = |wanted: &dyn Fn(&What) -> bool| {
        standing.events.events().rev().find(|event| wanted(&event.what))
    };
    let fault = newest(&What::is_fault);
    let stands = matches!(standing.phase, Phase::Bound(_) | Phase::Draining | Phase::Down);
    let id = format!("{}/{at}", carrier.settings.name);
    let has_bound = standing.events.events().any(|event| matches!(event.what, What::Bound(_)));
    let advises = |what: &What| words::advice(what, has_bound).is_some();
    // A refused segment is no reason for a bind that does not stand.
    let flaps = |event: &&Event| event.times >= FLAPS && wall < event.last + FLAPS_WITHIN;
    let cause = newest(&advises).filter(|event| !stands || flaps(event));
    let advice = match (wanted, cause) {
        (Wanted::Down, _) => Some(format!("drained by the operator: chappe bind resume {id}")),
        (Wanted::Paused, _) => Some(format!("paused by the operator: chappe bind resume {id}")),
        (_, cause) => cause.and_then(|one| words::advice(&one.what, has_bound)).map(str::to_owned),
    };
    BindStatus {
        id,
        kind: kind_word(kind).to_owned(),
        state: state.to_owned(),
        since_unix_ms: millis(standing.since),
        wanted: wanted_word(wanted).to_owned(),
        retry_unix_ms: retry.map(millis),
        failures: standing.failures,
        address: address_of(&carrier.settings, kind).to_string(),
        peer: standing.peer.map(|peer| peer.to_string()),
        in_flight: record.in_flight.load(Ordering::Relaxed),
        window_max: carrier.settings.window_max,
        sent: record.sent.load(Ordering::Relaxed),
        accepted: record.accepted.load(Ordering::Relaxed),
        throttled: record.throttled.load(Ordering::Relaxed),
        pace: Some(record.pace.load(Ordering::Relaxed)).filter(|pace| *pace > 0),
        last_fault: fault.map(EventStatus::from),
        last_close: newest(&|what| matches!(what, What::Closed(_))).map(EventStatus::from),
        advice,
        events: match events {
            true => standing.events.events().map(EventStatus::from).collect(),
            false => Vec::new(),
        },
    }
}

fn account_status(account: &Account, events: bool) -> AccountStatus {
    let settings = &account.settings;
    let happened = account.record.events();
    // An account says good-bye as it likes.
    let is_fault = |what: &What| what.is_fault() && *what != What::Closed(CloseReason::PeerUnbound);
    let fault = happened.iter().rev().find(|event| is_fault(&event.what));
    let sessions = account.record.sessions().into_iter().map(|session| SessionStatus {
        id: format!("{}#{}", settings.system_id, session.number),
        bound: words::kind(session.state).to_owned(),
        peer: session.peer.to_string(),
        since_unix_ms: millis(session.since),
    });
    AccountStatus {
        system_id: settings.system_id.clone(),
        sessions: sessions.collect(),
        binds_max: settings.binds_max,
        segments_per_second: settings.segments_per_second,
        window_max: settings.window_max,
        queued: u64::from(account.queued.used()),
        waiting: u64::try_from(account.backlog.load(Ordering::Relaxed)).unwrap_or(0),
        last_fault: fault.map(EventStatus::from),
        events: match events {
            true => happened.iter().map(EventStatus::from).collect(),
            false => Vec::new(),
        },
    }
}

fn kind_word(kind: BindKind) -> &'static str {
    match kind {
        BindKind::Transmitter => "transmitter",
        BindKind::Receiver => "receiver",
        BindKind::Transceiver => "transceiver",
    }
}

fn wanted_word(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Sends => "sends",
        Wanted::Paused => "paused",
        Wanted::Down => "down",
    }
}
