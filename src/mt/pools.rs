//! Pools of senders: a name that accounts write as their sender stands for one of several numbers.
//!
//! A handset always gets the same number of a pool, so that its conversation stays in one thread:
//! the number is chosen by a hash of both, the greatest of all winning (rendezvous hashing). When a
//! pool gets another number, only the handsets that go to it change theirs; when it loses one, only
//! those that had it do.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::receipts::tail;
use crate::wire::Address;

/// The pools there are, by their names.
#[derive(Debug, Default)]
pub struct Pools {
    pools: HashMap<Box<[u8]>, Vec<Member>, foldhash::fast::FixedState>,
}

/// A number of a pool.
#[derive(Debug)]
struct Member {
    sender: Address,
    /// What stands for it in the choice, whatever its place in the pool.
    print: u64,
}

impl Pools {
    /// Pools of these names and senders; one without senders is none.
    #[must_use]
    pub fn new(pools: impl IntoIterator<Item = (String, Vec<Address>)>) -> Self {
        let member = |sender: Address| {
            let mut hasher = foldhash::fast::FixedState::default().build_hasher();
            hasher.write(sender.octets());
            Member { print: hasher.finish(), sender }
        };
        let members = |senders: Vec<Address>| senders.into_iter().map(member).collect();
        let pools = pools.into_iter().filter(|(_, senders)| !senders.is_empty());
        Self {
            pools: pools
                .map(|(name, senders)| (name.into_bytes().into(), members(senders)))
                .collect(),
        }
    }

    /// Whether a sender is the name of a pool.
    #[must_use]
    pub fn has(&self, name: &[u8]) -> bool {
        !self.pools.is_empty() && self.pools.contains_key(name)
    }

    /// The number of the pool of this name that a handset gets; `None` where there is no such pool.
    #[must_use]
    pub fn sender(&self, name: &[u8], destination: &[u8]) -> Option<&Address> {
        if self.pools.is_empty() {
            return None;
        }
        let members = self.pools.get(name)?;
        // However the handset's number is written.
        let handset = tail(destination);
        let score = |member: &Member| {
            let mut hasher = foldhash::fast::FixedState::with_seed(member.print).build_hasher();
            hasher.write(handset);
            hasher.finish()
        };
        members.iter().max_by_key(|member| score(member)).map(|member| &member.sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools(numbers: std::ops::Range<u32>) -> Pools {
        let address = |number: u32| Address::new(1, 1, format!("3370000{number:04}").as_bytes());
        Pools::new([("shop".to_owned(), numbers.map(address).collect())])
    }

    fn handset(number: u32) -> String {
        format!("336{number:08}")
    }

    #[test]
    fn a_handset_gets_the_same_number_however_it_is_written() {
        let pools = pools(0..5);
        for number in 0..100 {
            let handset = handset(number);
            let first = pools.sender(b"shop", handset.as_bytes());
            assert!(first.is_some());
            let other = format!("00{handset}");
            assert_eq!(pools.sender(b"shop", other.as_bytes()), first);
        }
        assert_eq!(pools.sender(b"Shop", b"33612345678"), None);
        assert!(pools.has(b"shop") && !pools.has(b"33700000001"));
    }

    #[test]
    fn numbers_have_equal_shares_and_a_new_one_takes_from_each_alike() {
        const HANDSETS: u32 = 20_000;
        let (four, five) = (pools(0..4), pools(0..5));
        let mut shares = HashMap::new();
        let mut moved = 0;
        for number in 0..HANDSETS {
            let handset = handset(number);
            let before = four.sender(b"shop", handset.as_bytes()).unwrap();
            let now = five.sender(b"shop", handset.as_bytes()).unwrap();
            *shares.entry(before.clone()).or_insert(0) += 1;
            if now != before {
                assert_eq!(now.octets(), b"33700000004", "nobody moves between the others");
                moved += 1;
            }
        }
        let fair = |share: u32, of: u32| share.abs_diff(HANDSETS / of) < HANDSETS / of / 10;
        assert!(shares.values().all(|share| fair(*share, 4)), "{shares:?}");
        assert!(fair(moved, 5), "{moved}");
    }
}
