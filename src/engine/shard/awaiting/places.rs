//! Places of records by their key. An entry is the place and nothing else: the key stands in the
//! record.
//!
//! Most messages have their receipt within seconds. So those that began to wait lately, the young,
//! stand in a table of their own that is small enough to stay in the processor's caches; and only
//! those that go on waiting are entered among the old, where each entry is far from the last.

use hashbrown::HashTable;

/// Tables that the old are divided among: each grows by itself, so that no message waits while
/// millions of entries move.
const TABLES: usize = 64;
/// Where the bits that choose the table stand: the tables themselves use those at either end.
const SHIFT: u32 = 40;
/// Entries of one key in a table. More say that a carrier gives its ids again and again, so that an
/// id tells nothing; and each would be compared with all others.
pub const ALIKE_MAX: usize = 64;

/// Entries by key, several under one where that is so.
#[derive(Debug, Default)]
pub struct Places {
    young: HashTable<u32>,
    /// Empty until the first entry.
    old: Vec<HashTable<u32>>,
}

impl Places {
    /// Enters a place among the young, unless there are [`ALIKE_MAX`] of its key; `key_of` says
    /// what another was entered under.
    pub fn insert(&mut self, key: u64, place: u32, key_of: impl Fn(u32) -> u64) {
        if has_room(&self.young, key) {
            self.young.insert_unique(key, place, |other| key_of(*other));
        }
    }

    /// A place that is among the young is among the old from now on.
    pub fn grow_old(&mut self, key: u64, place: u32, key_of: impl Fn(u32) -> u64) {
        let Ok(entry) = self.young.find_entry(key, |other| *other == place) else { return };
        entry.remove();
        if self.old.is_empty() {
            self.old = std::iter::repeat_with(HashTable::new).take(TABLES).collect();
        }
        if let Some(table) = self.old.get_mut(table_of(key)).filter(|table| has_room(table, key)) {
            table.insert_unique(key, place, |other| key_of(*other));
        }
    }

    /// The young places that may have been entered under this key.
    pub fn young(&self, key: u64) -> impl Iterator<Item = u32> {
        self.young.iter_hash(key).copied()
    }

    /// The old ones.
    pub fn old(&self, key: u64) -> impl Iterator<Item = u32> {
        let table = self.old.get(table_of(key));
        table.into_iter().flat_map(move |table| table.iter_hash(key)).copied()
    }

    /// Takes a place out.
    pub fn remove(&mut self, key: u64, place: u32, is_old: bool) {
        let table = if is_old { self.old.get_mut(table_of(key)) } else { Some(&mut self.young) };
        let Some(table) = table else { return };
        if let Ok(entry) = table.find_entry(key, |other| *other == place) {
            entry.remove();
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.iter().all(HashTable::is_empty)
    }
}

fn has_room(table: &HashTable<u32>, key: u64) -> bool {
    table.iter_hash(key).nth(ALIKE_MAX - 1).is_none()
}

fn table_of(key: u64) -> usize {
    (key >> SHIFT) as usize % TABLES
}
