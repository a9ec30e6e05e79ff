//! Handles of metrics, and their text form.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder, SharedString};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::accounts::{AccountMetrics, Accounts};
use super::histogram::Histogram;
use super::names::{self, METRICS, MetricKind};
use super::rules::{RuleCounters, rules};
use crate::message::class::TrafficClass;
use crate::message::state::MessageState;
use crate::message::words::Word;
use crate::mo::conversation::Why;
use crate::mo::reassembly::Why as Incomplete;
use crate::mo::reply::Fate;
use crate::mt::policy::Rule;
use crate::mt::receipts::Settled;
use crate::session::CloseReason;
use crate::wire::{CommandId, CommandStatus};

const METADATA: Metadata<'static> = Metadata::new("chappe", Level::INFO, None);

/// Where all metrics of one engine live.
pub struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// By name.
    histograms: Mutex<Vec<Histogram>>,
    accounts: Mutex<Accounts>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registry")
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// An empty registry that knows every metric's help.
    #[must_use]
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        for row in METRICS {
            let name = SharedString::const_str(row.name);
            let help = SharedString::const_str(row.help);
            match row.kind {
                MetricKind::Counter => recorder.describe_counter(name.into(), None, help),
                MetricKind::Gauge => recorder.describe_gauge(name.into(), None, help),
                MetricKind::Histogram => {}
            }
        }
        Self { recorder, handle, histograms: Mutex::default(), accounts: Mutex::default() }
    }

    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn render(&self) -> String {
        self.accounts().settle(&|name, labels| self.counter(name, labels));
        let mut text = self.handle.render();
        let histograms = self.histograms.lock().unwrap_or_else(PoisonError::into_inner);
        for series in histograms.chunk_by(|one, other| one.name() == other.name()) {
            let name = series.first().map_or("", Histogram::name);
            let help = METRICS.iter().find(|row| row.name == name).map_or("", |row| row.help);
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
            series.iter().for_each(|one| one.render(&mut text));
            text.push('\n');
        }
        text
    }

    /// What is counted of one account more.
    pub fn account(&self, system_id: &str) -> Arc<AccountMetrics> {
        self.accounts().add(system_id)
    }

    /// A panic while they were locked may have cost a count, and no more.
    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A counter.
    pub fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter {
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// A gauge.
    pub fn gauge(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Gauge {
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }

    /// A histogram.
    pub fn histogram(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Histogram {
        let new = Histogram::new(name, labels);
        let mut histograms = self.histograms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = histograms.iter().find(|one| one.is_same(&new)) {
            return known.clone();
        }
        let at = histograms.partition_point(|one| one.name() <= name);
        histograms.insert(at, new.clone());
        new
    }
}

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> =
        labels.iter().map(|(key, value)| Label::new(*key, (*value).to_owned())).collect();
    Key::from_parts(name, labels)
}

/// The name that a status has as a reason. Peers can send any status, so those without a name are
/// one.
pub fn reason_of(status: CommandStatus) -> &'static str {
    status.name().unwrap_or("other")
}

/// Counters by status, made when a status is first seen.
#[derive(Debug, Default)]
struct ByStatus(Mutex<HashMap<&'static str, Counter>>);

impl ByStatus {
    fn add(&self, status: CommandStatus, make: impl FnOnce(&'static str) -> Counter) {
        let reason = reason_of(status);
        // A poisoned lock means a panic while counting; the count is worth less than going on.
        let Ok(mut counters) = self.0.lock() else { return };
        counters.entry(reason).or_insert_with(|| make(reason)).increment(1);
    }
}

/// Requests of accounts by command and status, made when one is first seen.
#[derive(Debug, Default)]
pub struct Requests(Mutex<HashMap<(CommandId, &'static str), Counter>>);

impl Requests {
    /// So many of a command were answered so.
    pub fn add(
        &self,
        registry: &Registry,
        (command, status): (CommandId, CommandStatus),
        count: u64,
    ) {
        let Ok(mut counters) = self.0.lock() else { return };
        let reason = reason_of(status);
        let counter = counters.entry((command, reason)).or_insert_with(|| {
            let command = command.name().unwrap_or("other");
            registry.counter(names::REQUESTS, &[("command", command), ("reason", reason)])
        });
        counter.increment(count);
    }
}

/// What is counted by carrier.
#[derive(Debug)]
pub struct CarrierMetrics {
    label: String,
    /// Segments sent.
    pub sent: Counter,
    /// Segments accepted.
    pub accepted: Counter,
    /// Segments in doubt.
    pub in_doubt: Counter,
    /// Questions that brought a final state, another one, an error, and no answer.
    pub queries: [Counter; 4],
    /// Addresses that lost a character.
    pub altered: Counter,
    /// Receipts received.
    pub receipts: Counter,
    /// Receipts that belong to nothing.
    pub unknown: Counter,
    /// Receipts before their response.
    pub parked: Counter,
    /// MO received.
    pub mo: Counter,
    /// Sessions bound.
    pub binds: Gauge,
    /// Messages at the dispatcher.
    pub waiting: Gauge,
    /// Of these, what waits for its number.
    pub for_numbers: Gauge,
    /// Numbers that the carrier has slowed.
    pub numbers_slowed: Gauge,
    /// What waits by traffic class.
    pub queue: [Gauge; TrafficClass::ALL.len()],
    /// Seconds that the oldest of each class waits.
    pub queue_oldest: [Gauge; TrafficClass::ALL.len()],
    /// From submit to response.
    pub response_seconds: Histogram,
    rejected: ByStatus,
}

impl CarrierMetrics {
    /// The metrics of this carrier.
    #[must_use]
    pub fn new(registry: &Registry, name: &str) -> Self {
        let labels = [("carrier", name)];
        let by_class = |gauge| {
            TrafficClass::ALL
                .map(|class| registry.gauge(gauge, &[("carrier", name), ("class", class.word())]))
        };
        Self {
            label: name.to_owned(),
            sent: registry.counter(names::SEGMENTS_SENT, &labels),
            accepted: registry.counter(names::SEGMENTS_ACCEPTED, &labels),
            in_doubt: registry.counter(names::SEGMENTS_IN_DOUBT, &labels),
            queries: ["final", "underway", "refused", "unanswered"].map(|reason| {
                registry.counter(names::QUERIES, &[("carrier", name), ("reason", reason)])
            }),
            altered: registry.counter(names::ADDRESSES_ALTERED, &labels),
            receipts: registry.counter(names::RECEIPTS_IN, &labels),
            parked: registry.counter(names::RECEIPTS_PARKED, &labels),
            unknown: registry.counter(names::RECEIPTS_UNKNOWN, &labels),
            mo: registry.counter(names::MO_IN, &labels),
            binds: registry.gauge(names::CARRIER_BINDS, &labels),
            waiting: registry.gauge(names::CARRIER_WAITING, &labels),
            for_numbers: registry.gauge(names::NUMBERS_WAITING, &labels),
            numbers_slowed: registry.gauge(names::NUMBERS_SLOWED, &labels),
            queue: by_class(names::QUEUE_MESSAGES),
            queue_oldest: by_class(names::QUEUE_OLDEST),
            response_seconds: registry.histogram(names::RESPONSE_SECONDS, &labels),
            rejected: ByStatus::default(),
        }
    }

    /// The pace that one of its binds has learnt.
    pub fn pace(&self, registry: &Registry, bind: usize) -> Gauge {
        let labels = [("carrier", self.label.as_str()), ("bind", &bind.to_string())];
        registry.gauge(names::BIND_PACE, &labels)
    }

    /// A segment was answered with an error.
    pub fn reject(&self, registry: &Registry, status: CommandStatus) {
        self.rejected.add(status, |reason| {
            registry
                .counter(names::SEGMENTS_REJECTED, &[("carrier", &self.label), ("reason", reason)])
        });
    }

    /// An alert_notification came, and this became of it.
    pub fn alert(&self, registry: &Registry, reason: &'static str) {
        let labels = [("carrier", self.label.as_str()), ("reason", reason)];
        registry.counter(names::ALERTS, &labels).increment(1);
    }

    /// No connection came about, for this reason.
    pub fn connect_failed(&self, registry: &Registry, reason: &'static str) {
        let labels = [("carrier", self.label.as_str()), ("reason", reason)];
        registry.counter(names::CONNECTS_FAILED, &labels).increment(1);
    }

    /// A session ended; see [`account_session_closed`](super::account_session_closed).
    pub fn session_closed(&self, registry: &Registry, reason: CloseReason) {
        let count = |name, reason| {
            registry.counter(name, &[("carrier", &self.label), ("reason", reason)]).increment(1);
        };
        count(names::CARRIER_SESSIONS_CLOSED, reason.name());
        if let CloseReason::Framing(error) = reason {
            count(names::CARRIER_FRAMING_LOST, error.looks_like.name());
        }
    }
}

/// What is counted for the engine as a whole.
#[derive(Debug)]
pub struct EngineMetrics {
    /// Messages that ended, by state number.
    ended: Vec<Counter>,
    matched: Vec<Counter>,
    /// Requests of accounts other than submit_sm.
    pub requests: Requests,
    /// Messages that went from the queue of a carrier that was down to another's.
    pub failed_over: Counter,
    /// Messages put aside to be sent again.
    pub retried: Counter,
    /// Messages that may arrive twice.
    pub maybe_twice: Counter,
    /// Segments of which a carrier took two copies.
    pub twice: Counter,
    /// Segments in doubt that it became known of.
    in_doubt_settled: Vec<(Settled, Counter)>,
    /// Receipts for what had ended.
    pub duplicate: Counter,
    /// Correlations given up.
    pub correlations_dropped: Counter,
    /// Deliveries dropped.
    pub deliveries_dropped: Counter,
    /// MO without an owner.
    pub mo_unowned: Counter,
    pub(super) mo_requests: [Counter; 3],
    replies: Vec<(Fate, Counter)>,
    turns: Vec<(&'static str, Counter)>,
    /// Conversations that were forgotten because there were too many.
    pub talks_dropped: Counter,
    /// Conversations that bots and people hold.
    pub talks: Gauge,
    pub(super) policy_held: RuleCounters,
    pub(super) policy_refused: RuleCounters,
    /// MO put together.
    pub mo_reassembled: Counter,
    mo_incomplete: Vec<(Incomplete, Counter)>,
    /// Segments of MO that were there already.
    pub mo_duplicates: Counter,
    /// Segments of MO that wait for others.
    pub mo_held: Gauge,
    /// Octets of texts in memory.
    pub texts_here: Gauge,
    /// Messages queued.
    pub queued: Gauge,
    /// Messages that await a receipt.
    pub awaiting_receipt: Gauge,
    /// Deliveries that wait.
    pub waiting: Gauge,
    /// Connections of accounts.
    pub sessions: Gauge,
    /// Sessions that accounts have bound.
    pub account_binds: Gauge,
    /// From acceptance to the final receipt.
    pub receipt_seconds: Histogram,
    /// From submit_sm to our response.
    pub submit_response_seconds: Histogram,
}

impl EngineMetrics {
    /// The engine's metrics.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let by_state = |name| {
            MessageState::NAMED
                .iter()
                .map(|state| {
                    registry.counter(name, &[("state", state.name().unwrap_or("UNKNOWN"))])
                })
                .collect()
        };
        Self {
            ended: by_state(names::ENDED),
            matched: by_state(names::RECEIPTS_MATCHED),
            requests: Requests::default(),
            failed_over: registry.counter(names::FAILED_OVER, &[]),
            retried: registry.counter(names::RETRIED, &[]),
            maybe_twice: registry.counter(names::MAYBE_TWICE, &[]),
            twice: registry.counter(names::TWICE, &[]),
            in_doubt_settled: Settled::ALL
                .map(|by| {
                    let labels = [("reason", by.name())];
                    (by, registry.counter(names::IN_DOUBT_SETTLED, &labels))
                })
                .into(),
            duplicate: registry.counter(names::RECEIPTS_DUPLICATE, &[]),
            correlations_dropped: registry.counter(names::CORRELATIONS_DROPPED, &[]),
            deliveries_dropped: registry.counter(names::DELIVERIES_DROPPED, &[]),
            mo_unowned: registry.counter(names::MO_UNOWNED, &[]),
            mo_requests: ["stop", "start", "help"]
                .map(|reason| registry.counter(names::MO_REQUESTS, &[("reason", reason)])),
            replies: Fate::ALL
                .map(|fate| (fate, registry.counter(names::REPLIES, &[("reason", fate.name())])))
                .into(),
            turns: Why::NAMES
                .into_iter()
                .chain(["again"])
                .map(|why| (why, registry.counter(names::TURNS, &[("reason", why)])))
                .collect(),
            talks_dropped: registry.counter(names::TALKS_DROPPED, &[]),
            talks: registry.gauge(names::TALKS, &[]),
            policy_held: rules(registry, names::POLICY_HELD, &Rule::HOLDS),
            policy_refused: rules(registry, names::POLICY_REFUSED, &Rule::REFUSES),
            mo_reassembled: registry.counter(names::MO_REASSEMBLED, &[]),
            mo_incomplete: Incomplete::INCOMPLETE
                .map(|why| (why, registry.counter(names::MO_INCOMPLETE, &[("reason", why.name())])))
                .into(),
            mo_duplicates: registry.counter(names::MO_DUPLICATES, &[]),
            mo_held: registry.gauge(names::MO_HELD, &[]),
            texts_here: registry.gauge(names::TEXTS_IN_MEMORY, &[]),
            queued: registry.gauge(names::QUEUED, &[]),
            awaiting_receipt: registry.gauge(names::AWAITING_RECEIPT, &[]),
            waiting: registry.gauge(names::DELIVERIES_WAITING, &[]),
            sessions: registry.gauge(names::SESSIONS, &[]),
            account_binds: registry.gauge(names::ACCOUNT_BINDS, &[]),
            receipt_seconds: registry.histogram(names::RECEIPT_SECONDS, &[]),
            submit_response_seconds: registry.histogram(names::SUBMIT_RESPONSE_SECONDS, &[]),
        }
    }

    /// So many messages reached this final state.
    pub fn ended(&self, state: MessageState, messages: u64) {
        by_state(&self.ended, state, messages);
    }

    /// A doubt was settled so.
    pub fn in_doubt_settled(&self, by: Settled) {
        let counter = self.in_doubt_settled.iter().find(|(other, _)| *other == by);
        if let Some((_, counter)) = counter {
            counter.increment(1);
        }
    }

    /// This became of something that the engine says.
    pub fn reply(&self, fate: Fate) {
        let counter = self.replies.iter().find(|(other, _)| *other == fate);
        if let Some((_, counter)) = counter {
            counter.increment(1);
        }
    }

    /// A turn of a conversation went so.
    pub fn turn(&self, why: &str) {
        if let Some((_, counter)) = self.turns.iter().find(|(other, _)| *other == why) {
            counter.increment(1);
        }
    }

    /// An MO went on with segments missing.
    pub fn mo_incomplete(&self, why: Incomplete) {
        let counter = self.mo_incomplete.iter().find(|(other, _)| *other == why);
        if let Some((_, counter)) = counter {
            counter.increment(1);
        }
    }

    /// So many receipts of this state were matched.
    pub fn matched(&self, state: MessageState, receipts: u64) {
        by_state(&self.matched, state, receipts);
    }
}

fn by_state(counters: &[Counter], state: MessageState, count: u64) {
    let unknown = usize::from(MessageState::UNKNOWN.0);
    if let Some(counter) = counters.get(usize::from(state.0)).or_else(|| counters.get(unknown)) {
        counter.increment(count);
    }
}

/// A configuration was read again, and put in force or not.
pub fn reloaded(registry: &Registry, is_in_force: bool) {
    let reason = if is_in_force { "ok" } else { "failed" };
    registry.counter(names::RELOADS, &[("reason", reason)]).increment(1);
    if is_in_force {
        reloaded_at(registry);
    }
}

/// A checkpoint was made, or was not.
pub fn checkpoint(registry: &Registry, is_made: bool) {
    let reason = if is_made { "ok" } else { "failed" };
    registry.counter(names::CHECKPOINTS, &[("reason", reason)]).increment(1);
}

/// The configuration in force was read now.
pub fn reloaded_at(registry: &Registry) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    registry.gauge(names::RELOADED_AT, &[]).set(now.as_secs() as f64);
}
