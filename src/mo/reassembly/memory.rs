//! Messages that were whole, for who reassembles after a restart: a carrier that got no answer in
//! time sends their segments again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::mark::Key;
use super::{Digests, Mark, Reassembly, digest, octets_of_memory};
use crate::mo::MoMessage;

/// A message that was whole.
#[derive(Clone, Debug)]
pub struct Memory {
    key: Key,
    digests: Digests,
}

impl Memory {
    /// Those all of whose segments are among these, in no order.
    pub fn of(segments: &[MoMessage]) -> impl Iterator<Item = Self> + use<> {
        let mut by_key: HashMap<Key, BTreeMap<u8, u64>> = HashMap::new();
        for segment in segments {
            let Some(mark) = Mark::of(segment) else { continue };
            let digests = by_key.entry(Key::new(segment, mark)).or_default();
            digests.insert(mark.sequence, digest(segment));
        }
        let whole = |(key, digests): &(Key, BTreeMap<u8, u64>)| digests.len() == key.total();
        let memory = |(key, digests): (Key, BTreeMap<u8, u64>)| Self {
            key,
            digests: digests.into_values().collect(),
        };
        by_key.into_iter().filter(whole).map(memory)
    }

    /// The digits of the handset that it was from.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        self.key.source()
    }
}

impl<T> Reassembly<T> {
    /// A message that was whole is remembered until this moment. They are to come in the order of
    /// these, before any segment does.
    pub fn remember(&mut self, until: Duration, memory: Memory) {
        let Memory { key, digests } = memory;
        if let Some(before) = self.whole.remove(&key) {
            self.octets -= octets_of_memory(&before);
        }
        self.octets += octets_of_memory(&digests);
        self.whole.insert(key, until, digests);
        self.make_room();
    }
}
