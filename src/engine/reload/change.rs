//! What other settings change.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::settings::Settings;

/// What a reload did.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
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

/// Entries of one kind, by name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Changes {
    /// That were not there before.
    pub added: usize,
    /// That are not there any more.
    pub removed: usize,
    /// That are different.
    pub changed: usize,
    /// That are as they were.
    pub untouched: usize,
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
}

impl fmt::Display for FixedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, runs } = self;
        write!(f, "{key}: found {found}; expected {runs}, as it was started: that needs a restart")
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
    differ.map(|((key, runs), (_, found))| FixedKey { key, found, runs }).collect()
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
            None => changes.added += 1,
            Some(known) if **known == *one => changes.untouched += 1,
            Some(_) => changes.changed += 1,
        }
    }
    changes.removed = before.iter().filter(|one| !names.contains(name(one))).count();
    changes
}
