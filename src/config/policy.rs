//! `[[policy]]`: what is asked of marketing.

use std::time::Duration;

use crate::engine::settings::Policy;
use crate::mt::policy::mention::is_mention;
use crate::mt::policy::{Cap, QuietHours, Terms};

use super::account::patterns;
use super::prefixes::listed;
use super::reader::Reader;
use super::unique::Names;

/// The policies that could be read. `accounts` are the system_ids there are.
pub(super) fn policies(root: &Reader<'_>, accounts: &Names) -> Vec<Policy> {
    let (mut policies, mut names) = (Vec::new(), Names::default());
    for table in root.tables("policy") {
        let name = table.text_or_none("name");
        if let (Some(name), Some(value)) = (&name, table.value("name")) {
            names.add(&table, &value.spot, name, "name");
        }
        let policy = Policy {
            name: name.unwrap_or_default(),
            prefixes: listed(&table).0.into_iter().map(|(_, prefix)| prefix).collect(),
            senders: patterns(&table, "sender"),
            accounts: accounts.accounts_of(&table, "account"),
            terms: terms(&table),
        };
        policies.push(policy);
    }
    policies
}

fn terms(table: &Reader<'_>) -> Terms {
    let mut terms = Terms::default();
    if let Some(hours) = table.text_as("quiet_hours", QuietHours::named) {
        terms.quiet_hours = hours;
    }
    table.word("at_quiet_hours", &mut terms.at_quiet_hours);
    if let Some(ms) = table.integer_or_none("release_spread_ms") {
        terms.spread = Duration::from_millis(ms);
    }
    if let Some(hours) = table.integer_or_none::<u64>("conversation_hours") {
        terms.conversation = Duration::from_secs(3_600 * hours);
    }
    table.word("consent", &mut terms.consent);
    table.flag("sender_rules", &mut terms.sender_rules);
    let caps = table.several("caps", |text| Cap::parse(text).ok());
    terms.caps = caps.into_iter().map(|(_, cap)| cap).collect();
    table.word("caps_per", &mut terms.caps_per);
    terms.stop_mention =
        table.text_as("stop_mention", |text| is_mention(text).then(|| text.to_owned()));
    terms
}
