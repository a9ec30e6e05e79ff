//! Places of records by a hash of what they are found by. An entry is the place and nothing else:
//! what the hash was of stands in the record.

use hashbrown::HashTable;

use crate::message::message_id::MessageId;

/// Tables that the entries are divided among: each grows by itself, so that no message waits while
/// millions of entries move.
const TABLES: usize = 64;
/// Where the bits that choose the table stand: the tables themselves use those at either end.
const SHIFT: u32 = 40;

/// Entries by hash, several under one where that is so.
#[derive(Debug, Default)]
pub struct Places {
    /// Empty until the first entry.
    tables: Vec<HashTable<u32>>,
}

impl Places {
    /// Enters a place; `hash_of` says what another was entered under.
    pub fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        if self.tables.is_empty() {
            self.tables = std::iter::repeat_with(HashTable::new).take(TABLES).collect();
        }
        if let Some(table) = self.tables.get_mut(table_of(hash)) {
            table.insert_unique(hash, place, |other| hash_of(*other));
        }
    }

    /// The places that may have been entered under this hash.
    pub fn find(&self, hash: u64) -> impl Iterator<Item = u32> {
        let table = self.tables.get(table_of(hash));
        table.into_iter().flat_map(move |table| table.iter_hash(hash)).copied()
    }

    /// Takes a place out.
    pub fn remove(&mut self, hash: u64, place: u32) {
        let Some(table) = self.tables.get_mut(table_of(hash)) else { return };
        if let Ok(entry) = table.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(HashTable::is_empty)
    }
}

/// An id as a hash: ids are a count.
pub fn hash_of_id(id: MessageId) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    hasher.write_u64(id.number());
    hasher.finish()
}

fn table_of(hash: u64) -> usize {
    (hash >> SHIFT) as usize % TABLES
}
