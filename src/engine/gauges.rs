//! Gauges that are looked up when somebody asks for the metrics: messages pay nothing for them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::bind_record::{BindRecord, Phase, Wanted};
use super::shared::Shared;
use super::world::Carrier;
use crate::store::State;
use crate::store::spill::{Refused, Spill};
use crate::telemetry::{Registry, names, process};

/// The text that Prometheus scrapes, process and all.
#[must_use]
pub fn text(shared: &Shared) -> String {
    let registry = &shared.registry;
    let now = shared.clock.now().monotonic;
    registry.gauge(names::BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
    // The clock began a second before the engine.
    let up = now.saturating_sub(Duration::from_secs(1));
    registry.gauge(names::UPTIME, &[]).set(up.as_secs_f64());
    shared.world().carriers.iter().for_each(|one| carrier(shared, one, now));
    journal(shared);
    let mut text = registry.render();
    process::render(&mut text);
    text
}

/// The journal's; where there is none it is in no state.
fn journal(shared: &Shared) {
    let registry = &shared.registry;
    let kept = shared.journal.as_ref();
    let octets = kept.map_or(0, |kept| kept.octets.load(Ordering::Relaxed));
    registry.counter(names::JOURNAL_BYTES, &[]).absolute(octets);
    let history = kept.and_then(|kept| kept.files.as_ref()).map(|files| files.kept());
    let history = history.unwrap_or_default();
    registry.gauge(names::HISTORY_BYTES, &[]).set(history.octets as f64);
    registry.gauge(names::HISTORY_OLDEST, &[]).set(history.oldest_ms as f64 / 1000.0);
    spill(registry, kept.and_then(|kept| kept.spill.as_deref()));
    let stands = kept.map(|kept| kept.progress.state());
    for state in State::ALL {
        let is = if Some(state) == stands { 1.0 } else { 0.0 };
        registry.gauge(names::JOURNAL_STATE, &[("state", state.name())]).set(is);
    }
}

/// What is on disk of texts that are queued.
fn spill(registry: &Registry, spill: Option<&Spill>) {
    let figures = spill.map(Spill::figures).unwrap_or_default();
    registry.gauge(names::SPILL_BYTES, &[]).set(figures.octets as f64);
    registry.counter(names::SPILLED, &[]).absolute(figures.written);
    registry.counter(names::SPILLED_BYTES, &[]).absolute(figures.written_octets);
    registry.counter(names::SPILL_READS, &[]).absolute(figures.read);
    for (why, times) in Refused::ALL.into_iter().zip(figures.refused) {
        registry.counter(names::SPILL_REFUSED, &[("reason", why.name())]).absolute(times);
    }
}

/// Each bind's, and how many binds are in each state, by the words of `chappe status`.
fn carrier(shared: &Shared, carrier: &Carrier, now: Duration) {
    let name = carrier.settings.name.as_str();
    let mut states = STATES.map(|state| (state, 0_u32));
    let (records, links) = (carrier.bind_records(), carrier.links.load());
    for (bind, record) in (0_u32..).zip(&records) {
        let in_flight = record.in_flight.load(Ordering::Relaxed);
        let labels = [("carrier", name), ("bind", &*bind.to_string())];
        shared.registry.gauge(names::BIND_IN_FLIGHT, &labels).set(f64::from(in_flight));
        // A bind that the settings have no more keeps its series, and is in no state.
        if carrier.is_removed || carrier.kind_of(bind).is_none() {
            continue;
        }
        let link = links.get(bind as usize).and_then(|link| link.load_full());
        let stands = state(record, link.is_some_and(|link| link.is_throttled(now)));
        if let Some((_, binds)) = states.iter_mut().find(|(state, _)| *state == stands) {
            *binds += 1;
        }
    }
    for (state, binds) in states {
        let labels = [("carrier", name), ("state", state)];
        shared.registry.gauge(names::BINDS_BY_STATE, &labels).set(f64::from(binds));
    }
}

/// All states, each a series from the start.
const STATES: [&str; 8] =
    ["bound", "throttled", "paused", "draining", "connecting", "binding", "waiting", "down"];

fn state(record: &BindRecord, throttled: bool) -> &'static str {
    match record.standing().phase {
        Phase::Bound(_) if record.wanted() == Wanted::Paused => "paused",
        Phase::Bound(_) if throttled => "throttled",
        Phase::Bound(_) => "bound",
        Phase::Draining => "draining",
        Phase::Connecting => "connecting",
        Phase::Binding => "binding",
        Phase::Waiting(_) => "waiting",
        Phase::Down => "down",
    }
}
