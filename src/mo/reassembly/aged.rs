//! A map that knows its oldest entry.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::mark::Key;

/// Entries by key, each until a moment; moments of later entries are not before those of earlier.
#[derive(Debug)]
pub struct Aged<V> {
    by_key: HashMap<Key, Entry<V>, foldhash::fast::FixedState>,
    by_age: BTreeMap<u64, Key>,
    next: u64,
}

#[derive(Debug)]
struct Entry<V> {
    at: u64,
    until: Duration,
    value: V,
}

impl<V> Default for Aged<V> {
    fn default() -> Self {
        Self { by_key: HashMap::default(), by_age: BTreeMap::new(), next: 0 }
    }
}

impl<V> Aged<V> {
    /// Adds a value under a key that has none.
    pub fn insert(&mut self, key: Key, until: Duration, value: V) {
        let at = self.next;
        self.next += 1;
        self.by_age.insert(at, key.clone());
        if let Some(old) = self.by_key.insert(key, Entry { at, until, value }) {
            self.by_age.remove(&old.at);
        }
    }

    pub fn remove(&mut self, key: &Key) -> Option<V> {
        let entry = self.by_key.remove(key)?;
        self.by_age.remove(&entry.at);
        Some(entry.value)
    }

    /// Takes out the oldest.
    pub fn pop(&mut self) -> Option<(Key, V)> {
        let (_, key) = self.by_age.pop_first()?;
        let entry = self.by_key.remove(&key)?;
        Some((key, entry.value))
    }

    /// Takes out one whose moment has come.
    pub fn pop_due(&mut self, now: Duration) -> Option<(Key, V)> {
        if self.next_due()? <= now { self.pop() } else { None }
    }

    pub fn get(&self, key: &Key) -> Option<&V> {
        self.by_key.get(key).map(|entry| &entry.value)
    }

    pub fn get_mut(&mut self, key: &Key) -> Option<&mut V> {
        self.by_key.get_mut(key).map(|entry| &mut entry.value)
    }

    /// The moment of the oldest.
    pub fn next_due(&self) -> Option<Duration> {
        let (_, key) = self.by_age.first_key_value()?;
        self.by_key.get(key).map(|entry| entry.until)
    }

    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.by_key.values().map(|entry| &entry.value)
    }

    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}
