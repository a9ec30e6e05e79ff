//! Counters by the rule of the policy that says so.

use metrics::Counter;

use super::Registry;
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

/// Counts one.
pub(super) fn count_rule(counters: &RuleCounters, rule: Rule) {
    let own = counters.iter().find(|(family, _)| *family == rule.family());
    if let Some((_, counter)) = own {
        counter.increment(1);
    }
}
