//! The engine's own synchronisation, compiled against loom: the very files that run, for which
//! the standard library is `shim`. loom then goes through the orders in which threads may run and
//! what each may see of the others' writes. The models are in `tests/`, one file for each of
//! these.
//!
//! They are a crate of their own, so that the product knows nothing of loom. `tests/run` runs
//! them: `cargo test --manifest-path tests/models/Cargo.toml`.

extern crate shim as atomic_waker;
extern crate shim as crossbeam_queue;
extern crate shim as std;
extern crate shim as tokio;

#[path = "../../../src/engine/batches.rs"]
pub mod batches;
#[path = "../../../src/telemetry/histogram.rs"]
pub mod histogram;
#[path = "../../../src/engine/leases.rs"]
pub mod leases;
#[path = "../../../src/engine/lobby.rs"]
pub mod lobby;
#[path = "../../../src/engine/mailbox.rs"]
pub mod mailbox;
#[path = "../../../src/engine/queue.rs"]
pub mod queue;
#[path = "../../../src/engine/quota.rs"]
pub mod quota;
#[path = "../../../src/engine/starving.rs"]
pub mod starving;
pub mod store;
#[path = "../../../src/mt/throttle.rs"]
pub mod throttle;

/// Of `engine/world.rs`, what leases know.
pub mod world {
    use std::sync::Arc;

    use super::quota::Quota;

    #[derive(Debug)]
    pub struct Account {
        pub queued: Quota,
        pub queued_octets: Quota,
    }

    #[derive(Debug)]
    pub struct Carrier {
        pub index: u32,
        pub queued: Quota,
    }

    #[derive(Debug)]
    pub struct World {
        pub carriers: Vec<Arc<Carrier>>,
    }
}
