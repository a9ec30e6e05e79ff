//! Counters of what handsets ask of the engine itself, and by the rule of the policy that says so.

use metrics::Counter;

use super::{EngineMetrics, Registry};
use crate::mo::keyword::Request;
use crate::mt::policy::Rule;

/// A counter for each family of rules.
pub(super) type RuleCounters = Vec<(&'static str, Counter)>;

/// Those of a metric.
pub(super) fn rules(
    registry: &Registry,
    name: &'static str,
    families: &[&'static str],
) -> RuleCounters {
    let counter = |family: &&'static str| (*family, registry.counter(name, &[("reason", *family)]));
    families.iter().map(counter).collect()
}

impl EngineMetrics {
    /// An MO asks for this.
    pub fn mo_request(&self, request: Request) {
        let [stop, start, help] = &self.mo_requests;
        match request {
            Request::Stop => stop.increment(1),
            Request::Start => start.increment(1),
            Request::Help => help.increment(1),
        }
    }

    /// Marketing waits by this rule.
    pub fn policy_held(&self, rule: Rule) {
        count_rule(&self.policy_held, rule);
    }

    /// Marketing is not sent by this rule.
    pub fn policy_refused(&self, rule: Rule) {
        count_rule(&self.policy_refused, rule);
    }
}

/// Counts one.
fn count_rule(counters: &RuleCounters, rule: Rule) {
    let own = counters.iter().find(|(family, _)| *family == rule.family());
    if let Some((_, counter)) = own {
        counter.increment(1);
    }
}
