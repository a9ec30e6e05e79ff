//! Counts by account to series: the busiest accounts have one of their own, the rest share `other`.
//!
//! ```text
//!   links --> counts of each account (atomics) --scrape--> its own series, once it has a name
//!                                                     +--> `other` until then
//! ```
//!
//! Counts move into a series when somebody looks. An account that is given a name keeps it, and
//! what was counted before stays in `other`: no series ever goes back, and their sum is exact.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::Counter;

use super::names;
use crate::wire::CommandStatus;

/// Accounts that have series of their own; the others are `other`.
pub const NAMED_MAX: usize = 200;
/// Of these, so many are given as soon as there is somebody to have them.
const NAMED_AT_ONCE: usize = 100;
/// And one more for each so many messages accepted, so that those who are busy by and by find a
/// place.
const MESSAGES_PER_NAME: u64 = 1000;
/// Who has fewer than one in so many of all accepted messages is not busy.
const BUSY_SHARE: u64 = 1000;
/// What an account without a series of its own is called.
const OTHER: &str = "other";

/// A count that waits to be looked at.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// So many more.
    pub fn increment(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// What is counted by account, since somebody looked last.
#[derive(Debug)]
pub struct AccountMetrics {
    system_id: String,
    /// Messages submitted.
    pub submits: Count,
    /// Messages accepted.
    pub accepted: Count,
    /// Receipts acknowledged.
    pub receipts: Count,
    /// MO acknowledged.
    pub mo: Count,
    /// Deliveries answered with an error.
    pub refused_deliveries: Count,
    refused: Mutex<HashMap<&'static str, u64>>,
}

impl AccountMetrics {
    fn new(system_id: &str) -> Self {
        Self {
            system_id: system_id.to_owned(),
            submits: Count::default(),
            accepted: Count::default(),
            receipts: Count::default(),
            mo: Count::default(),
            refused_deliveries: Count::default(),
            refused: Mutex::default(),
        }
    }

    /// A message was refused.
    pub fn refuse(&self, status: CommandStatus) {
        // A poisoned lock means a panic while counting; the count is worth less than going on.
        let Ok(mut refused) = self.refused.lock() else { return };
        *refused.entry(super::reason_of(status)).or_default() += 1;
    }

    fn take_refused(&self) -> HashMap<&'static str, u64> {
        self.refused.lock().map(|mut refused| std::mem::take(&mut *refused)).unwrap_or_default()
    }
}

/// All accounts, and which of them have series of their own.
#[derive(Debug, Default)]
pub struct Accounts {
    entries: Vec<Entry>,
    other: Option<Series>,
    named: usize,
}

#[derive(Debug)]
struct Entry {
    metrics: Arc<AccountMetrics>,
    /// Messages accepted from the start.
    accepted: u64,
    own: Option<Series>,
}

/// The counters under one label.
#[derive(Debug)]
struct Series {
    label: String,
    submits: Counter,
    accepted: Counter,
    receipts: Counter,
    mo: Counter,
    refused_deliveries: Counter,
    refused: HashMap<&'static str, Counter>,
}

/// Makes a counter of this name with these labels.
type Make<'a> = &'a dyn Fn(&'static str, &[(&'static str, &str)]) -> Counter;

impl Accounts {
    /// One account more.
    pub fn add(&mut self, system_id: &str) -> Arc<AccountMetrics> {
        let metrics = Arc::new(AccountMetrics::new(system_id));
        self.entries.push(Entry { metrics: Arc::clone(&metrics), accepted: 0, own: None });
        metrics
    }

    /// Moves what was counted since the last time into the series, after it has given names to
    /// accounts that deserve them.
    pub fn settle(&mut self, make: Make<'_>) {
        let accepted: Vec<u64> =
            self.entries.iter().map(|entry| entry.metrics.accepted.take()).collect();
        for (entry, accepted) in self.entries.iter_mut().zip(&accepted) {
            entry.accepted += accepted;
        }
        self.give_names(make);
        for (entry, accepted) in self.entries.iter_mut().zip(accepted) {
            let series = match &mut entry.own {
                Some(own) => own,
                None => self.other.get_or_insert_with(|| Series::new(OTHER, make)),
            };
            series.accepted.increment(accepted);
            series.take(&entry.metrics, make);
        }
    }

    fn give_names(&mut self, make: Make<'_>) {
        let all = self.entries.len() <= NAMED_MAX;
        let total: u64 = self.entries.iter().map(|entry| entry.accepted).sum();
        let earned = usize::try_from(total / MESSAGES_PER_NAME).unwrap_or(NAMED_MAX);
        let places = match all {
            true => NAMED_MAX,
            false => NAMED_AT_ONCE.saturating_add(earned).min(NAMED_MAX),
        };
        let free = places.saturating_sub(self.named);
        if free == 0 {
            return;
        }
        let is_busy = |entry: &Entry| {
            entry.accepted > 0 && entry.accepted.saturating_mul(BUSY_SHARE) >= total
        };
        let mut candidates: Vec<&mut Entry> = self
            .entries
            .iter_mut()
            .filter(|entry| entry.own.is_none() && (all || is_busy(entry)))
            .collect();
        // Stable: of equals those first in the settings.
        candidates.sort_by_key(|entry| std::cmp::Reverse(entry.accepted));
        for entry in candidates.into_iter().take(free) {
            entry.own = Some(Series::new(&entry.metrics.system_id, make));
            self.named += 1;
        }
    }
}

impl Series {
    fn new(label: &str, make: Make<'_>) -> Self {
        let make = |name| make(name, &[("account", label)]);
        Self {
            submits: make(names::SUBMITS),
            accepted: make(names::ACCEPTED),
            receipts: make(names::RECEIPTS_OUT),
            mo: make(names::MO_OUT),
            refused_deliveries: make(names::DELIVERIES_REFUSED),
            refused: HashMap::new(),
            label: label.to_owned(),
        }
    }

    /// Takes all of an account's counts but those of accepted messages.
    fn take(&mut self, metrics: &AccountMetrics, make: Make<'_>) {
        self.submits.increment(metrics.submits.take());
        self.receipts.increment(metrics.receipts.take());
        self.mo.increment(metrics.mo.take());
        self.refused_deliveries.increment(metrics.refused_deliveries.take());
        for (reason, count) in metrics.take_refused() {
            let labels = [("account", self.label.as_str()), ("reason", reason)];
            let made = || make(names::REFUSED, &labels);
            self.refused.entry(reason).or_insert_with(made).increment(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Reading, Registry};

    fn accounts(registry: &Registry, count: usize) -> Vec<Arc<AccountMetrics>> {
        (0..count).map(|at| registry.account(&format!("account{at:04}"))).collect()
    }

    fn accepted(registry: &Registry, account: &str) -> Option<f64> {
        let text = registry.render();
        let line = format!("{}{{account=\"{account}\"}}", names::ACCEPTED);
        text.contains(&line)
            .then(|| Reading::of(text).labelled(names::ACCEPTED, &[("account", account)]))
    }

    #[test]
    fn the_busiest_accounts_are_named_wherever_they_stand_in_the_file() {
        let registry = Registry::new();
        let all = accounts(&registry, 1000);
        for (at, account) in all.iter().enumerate() {
            account.accepted.increment(if at >= 900 { 500 } else { 1 });
        }
        assert_eq!(accepted(&registry, "account0900"), Some(500.0));
        assert_eq!(accepted(&registry, "account0999"), Some(500.0));
        assert_eq!(accepted(&registry, "account0000"), None);
        assert_eq!(accepted(&registry, "other"), Some(900.0));
    }

    #[test]
    fn there_are_at_most_200_names_and_what_they_count_never_goes_back() {
        let registry = Registry::new();
        let all = accounts(&registry, 450);
        let mut seen: HashMap<String, f64> = HashMap::new();
        for step in 0..30_usize {
            // Traffic moves from the front of the file to its end.
            for (at, account) in all.iter().enumerate() {
                let near = at.abs_diff(step * 15) < 40;
                account.submits.increment(1);
                account.accepted.increment(if near { 200 } else { 1 });
                account.refuse(CommandStatus::ESME_RTHROTTLED);
            }
            let text = registry.render();
            for line in text.lines().filter(|line| line.contains("account=")) {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let value: f64 = value.parse().unwrap();
                let before = seen.insert(series.to_owned(), value).unwrap_or(0.0);
                assert!(before <= value, "{series}: {before}, then {value}");
            }
            let now = text.lines().filter(|line| line.contains("account=")).count();
            assert_eq!(now, seen.len(), "a series is gone");
        }
        let named = seen.keys().filter(|series| series.starts_with(names::ACCEPTED)).count();
        assert_eq!(named, NAMED_MAX + 1);
        let reading = Reading::of(registry.render());
        let sums = [names::SUBMITS, names::REFUSED].map(|name| reading.total(name));
        assert_eq!(sums, [30.0 * 450.0, 30.0 * 450.0]);
    }

    #[test]
    fn up_to_200_accounts_all_have_their_names_before_they_send() {
        let registry = Registry::new();
        let all = accounts(&registry, NAMED_MAX);
        all[7].refuse(CommandStatus(0x0bad));
        assert_eq!(accepted(&registry, "account0199"), Some(0.0));
        assert_eq!(accepted(&registry, "other"), None);
        let line = "chappe_refused_total{account=\"account0007\",reason=\"other\"} 1";
        assert!(registry.render().contains(line));
    }
}
