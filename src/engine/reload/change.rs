//! What other settings change.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::settings::Settings;

/// Names of one kind that are told of a reload, at most; the rest are counted.
pub const NAMED_MAX: usize = 20;

/// What a reload did.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ReloadReport {
    /// How many reloads there were.
    pub generation: u64,
    /// Accounts.
    pub accounts: Changes,
    /// Carriers.
    pub carriers: Changes,
    /// Numbers.
    pub numbers: Changes,
    /// Routes, prefix files among them.
    pub routes: Changes,
    /// Whether anything else is different: limits of the node, timers.
    pub others_changed: bool,
    /// Milliseconds it took to read, build and put in force.
    pub took_ms: u64,
}

/// Entries of one kind, by name. Of each list the first `NAMED_MAX` are named, in the order of
/// their file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Changes {
    /// That were not there before.
    pub added: usize,
    /// That are not there any more.
    pub removed: usize,
    /// That are different.
    pub changed: usize,
    /// That are as they were.
    pub untouched: usize,
    /// Names of those that were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_names: Vec<String>,
    /// Names of those that were removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_names: Vec<String>,
    /// Names of those that are different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_names: Vec<String>,
}

/// A key that cannot change while the engine runs, and was to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FixedKey {
    /// Which.
    pub key: &'static str,
    /// What it was to be.
    pub found: String,
    /// What it is.
    pub runs: String,
    /// Where it stands, as `FILE:LINE:COL`, where that is known.
    pub place: Option<String>,
}

impl fmt::Display for FixedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, runs, place } = self;
        if let Some(place) = place {
            write!(f, "{place}: ")?;
        }
        write!(
            f,
            "{key}: found {found}; expected {runs}, as it was started: restart the engine for \
             another, or put that back"
        )
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
            (self.untouched, "untouched"),
        ];
        let mut named = named.into_iter().filter(|(count, _)| *count > 0).peekable();
        if named.peek().is_none() {
            return f.write_str("none");
        }
        for (at, (count, what)) in named.enumerate() {
            f.write_str(if at > 0 { " " } else { "" })?;
            write!(f, "{count} {what}")?;
        }
        Ok(())
    }
}

impl ReloadReport {
    /// What was added, removed and changed by name, a line each: "accounts added: a, b".
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        let mut lines = self.named_in_log();
        lines.extend(self.numbers.named("numbers"));
        lines
    }

    /// The same without numbers, which no log has.
    #[must_use]
    pub fn named_in_log(&self) -> Vec<String> {
        let kinds =
            [("accounts", &self.accounts), ("carriers", &self.carriers), ("routes", &self.routes)];
        kinds.into_iter().flat_map(|(what, changes)| changes.named(what)).collect()
    }
}

impl Changes {
    fn named(&self, what: &str) -> impl Iterator<Item = String> {
        let lists = [
            ("added", self.added, &self.added_names),
            ("removed", self.removed, &self.removed_names),
            ("changed", self.changed, &self.changed_names),
        ];
        lists.into_iter().filter(|(_, count, _)| *count > 0).map(move |(how, count, names)| {
            let more = match count.saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{what} {how}: {}{more}", names.join(", "))
        })
    }
}

impl fmt::Display for ReloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { generation, accounts, carriers, numbers, routes, others_changed, took_ms } =
            self;
        write!(
            f,
            "accounts {accounts}, carriers {carriers}, numbers {numbers}, routes {routes}{}; \
             generation {generation} in {took_ms} ms",
            if *others_changed { ", limits changed" } else { "" }
        )
    }
}

/// The keys that these settings change and a running engine cannot.
pub fn fixed_keys(before: &Settings, now: &Settings) -> Vec<FixedKey> {
    let of = |settings: &Settings| {
        let node = &settings.node;
        let at = |listen: Option<std::net::SocketAddr>| match listen {
            Some(at) => at.to_string(),
            None => "none".to_owned(),
        };
        [
            ("node.id", node.id.to_string()),
            ("node.data_dir", node.data_dir.display().to_string()),
            ("node.workers", node.workers.to_string()),
            ("node.shards", node.shards.to_string()),
            // The ring of the newest is made when a shard is.
            ("node.ended_max_messages", node.ended_max_messages.to_string()),
            ("smpp.listen", settings.smpp.listen.to_string()),
            ("http.listen", at(settings.http.listen)),
            ("metrics.listen", at(settings.metrics.listen)),
            ("log.level", settings.log.level.to_string()),
            ("log.format", settings.log.format.to_string()),
            ("store.engine", settings.store.engine.to_string()),
            ("simulator.listen", at(settings.simulator.as_ref().map(|simulator| simulator.listen))),
        ]
    };
    let pairs = of(before).into_iter().zip(of(now));
    let differ = pairs.filter(|((_, runs), (_, found))| runs != found);
    let fixed = |((key, runs), (_, found))| FixedKey { key, found, runs, place: None };
    differ.map(fixed).collect()
}

/// What these settings change.
pub fn report(before: &Settings, now: &Settings, generation: u64) -> ReloadReport {
    let others = |settings: &Settings| {
        (settings.node.clone(), settings.smpp.clone(), settings.pools.clone())
    };
    ReloadReport {
        generation,
        accounts: changes(&before.accounts, &now.accounts, |account| &account.system_id),
        carriers: changes(&before.carriers, &now.carriers, |carrier| &carrier.name),
        numbers: changes(&before.numbers, &now.numbers, |number| &number.address),
        routes: changes(&before.routes, &now.routes, |route| &route.name),
        others_changed: others(before) != others(now),
        took_ms: 0,
    }
}

fn changes<T: PartialEq>(before: &[T], now: &[T], name: impl Fn(&T) -> &String) -> Changes {
    let known: HashMap<&String, &T> = before.iter().map(|one| (name(one), one)).collect();
    let names: HashSet<&String> = now.iter().map(&name).collect();
    let mut changes = Changes::default();
    for one in now {
        match known.get(name(one)) {
            None => note(&mut changes.added, &mut changes.added_names, name(one)),
            Some(known) if **known == *one => changes.untouched += 1,
            Some(_) => note(&mut changes.changed, &mut changes.changed_names, name(one)),
        }
    }
    for one in before.iter().filter(|one| !names.contains(name(one))) {
        note(&mut changes.removed, &mut changes.removed_names, name(one));
    }
    changes
}

fn note(count: &mut usize, names: &mut Vec<String>, name: &str) {
    *count += 1;
    if names.len() < NAMED_MAX {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_named_up_to_a_limit() {
        let entries = |range: std::ops::Range<u32>, change: u32| -> Vec<(String, u32)> {
            range.map(|number| (format!("n{number}"), u32::from(number == change))).collect()
        };
        let changes = changes(&entries(0..30, 99), &entries(25..60, 27), |one| &one.0);
        let counts = (changes.added, changes.removed, changes.changed, changes.untouched);
        assert_eq!(counts, (30, 25, 1, 4));
        let report = ReloadReport { accounts: changes, ..ReloadReport::default() };
        let lines = report.named();
        assert!(lines[0].starts_with("accounts added: n30, n31, "), "{lines:?}");
        assert!(lines[0].ends_with(", n49 and 10 more"), "{lines:?}");
        assert!(lines[1].ends_with(", n19 and 5 more"), "{lines:?}");
        assert_eq!((&lines[2][..], lines.len()), ("accounts changed: n27", 3));
    }

    #[test]
    fn a_number_is_named_to_who_asks_and_not_in_the_log() {
        let numbers =
            Changes { added: 1, added_names: vec!["447".to_owned()], ..Changes::default() };
        let report = ReloadReport { numbers, ..ReloadReport::default() };
        assert_eq!(report.named(), ["numbers added: 447"]);
        assert!(report.named_in_log().is_empty());
    }
}
