//! The world in a box: a seed to a world in which the real engine lives, dies and lives again.
//!
//! ```text
//!   Plan (of the seed)
//!     |         one thread, one clock
//!     v     +-----------------------------------------------------------------+
//!   Core ---| ESMEs <-octets-> links, shards, dispatchers, journal <-octets-> SMSCs |
//!     |     |             network        |  the engine   network              |
//!     v     |                            v                                    |
//!   Ledger  |              disk: lost, torn, failing, full, slow              |
//!           +-----------------------------------------------------------------+
//! ```
//!
//! The engine is the one that runs elsewhere ([`Assembly`](crate::engine::assembly::Assembly)): its
//! tasks run in a runtime of one thread whose clock stands still while anything is to be done. What
//! is outside of it is stepped by one queue of events (`core`): customers (`esme`), the
//! SMSCs of `chappe smsc` (`smscs`), the octets between them (`net`) and the disk (`disk`).
//! A crash drops the runtime: at any moment, at one of the kill points, within a call to the disk
//! or within a start. Those outside live on.
//!
//! Everything that is left to chance comes from the seed, so the same seed is the same world, line
//! by line of its log. `ledger` notes what ESMEs and SMSCs saw, and says what of it may not be.

pub mod counts;

mod check;
mod core;
mod disk;
mod esme;
mod ledger;
mod life;
mod net;
mod outside;
mod pdus;
mod plan;
mod range;
mod smscs;
mod traffic;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::core::Core;
use crate::link::wall::Wall;
pub use counts::{Counts, What};
use net::Handle;
pub use plan::MESSAGES;
use plan::{Plan, millis};
pub use range::{Failed, Summary, run_range};

/// Lives of an engine in one world, at most.
const LIVES_MAX: u32 = 40;

thread_local! {
    /// The wall clock of the worlds of this thread, one after the other.
    static WALL: &'static Wall = Box::leak(Box::new(Wall::given()));
}

/// What came of a world.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What happened, and how often.
    pub counts: Counts,
    /// What should not have.
    pub failures: Vec<String>,
    /// All that happened, a line each, if that was wanted.
    pub log: Vec<String>,
    /// How long it lasted in its own time.
    pub lasted: Duration,
}

/// Runs the world of a seed.
#[must_use]
pub fn run_seed(seed: u64, has_log: bool) -> Outcome {
    let core = Core::new(Plan::new(seed), WALL.with(|wall| *wall), has_log);
    let core = Handle::new(core);
    loop {
        life::live(&core);
        let mut core = core.lock();
        core.engine_is_gone();
        if core.is_done {
            break;
        }
        if core.life.number >= LIVES_MAX {
            core.failures.push(format!("the engine died {LIVES_MAX} times"));
            break;
        }
        core.disk = core.disk.restart();
        let down = core.now + millis(20 + core.dice.below(1_500));
        core.pass(down);
        if core.is_done {
            break;
        }
    }
    let mut core = core.lock();
    core.check();
    Outcome {
        counts: core.counts.clone(),
        failures: std::mem::take(&mut core.failures),
        log: core.log.take().unwrap_or_default(),
        lasted: core.now,
    }
}
