//! What an engine stands on: the machine, or what a simulator has in its place.

use std::hash::{BuildHasher, RandomState};

use crate::link::{Clock, Network};

/// Clocks, network and chance.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The clocks.
    pub clock: Clock,
    /// Where connections to carriers lead.
    pub network: Network,
    /// What everything that is left to chance depends on.
    pub seed: u64,
}

impl Default for Ground {
    /// The machine's.
    fn default() -> Self {
        // A keyed hasher's key is what the standard library has of chance.
        let seed = RandomState::new().hash_one(0);
        Self { clock: Clock::start(), network: Network::Machine, seed }
    }
}
