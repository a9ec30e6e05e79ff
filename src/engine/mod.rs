//! Wiring: what the pure stages decide becomes sockets, queues, workers and counters.
//!
//! ```text
//!   account link --Submit--> shard --Message--> dispatcher --Outgoing--> carrier link
//!        ^                   ^   |                  ^                        |
//!        +---- Answer -------|---+                  +------ answers ---------+
//!        +---- Delivery -----|---+ <--- Done, Receipt, Mo -------------------+
//! ```
//!
//! A **link** owns a session and its buffers; a **shard** owns live messages, by their handset's
//! number; a **dispatcher** owns one carrier's pace and binds. Each arrow is a bounded queue
//! without locks: writers push what they have and wake its one reader once.

mod account_link;
mod account_record;
mod alert;
pub mod assembly;
mod batches;
mod bind_record;
mod build;
mod carrier_link;
mod checkpointer;
mod connect_fault;
mod connector;
pub mod control;
mod dispatch_task;
mod erasing;
mod gate;
mod gathering;
mod gauges;
mod ground;
mod handles;
mod history;
mod http;
mod leases;
mod lobby;
mod lock;
mod mailbox;
mod operators;
mod outbox;
mod past;
mod queue;
mod quota;
mod reload;
mod recovery;
pub mod routes;
mod run;
mod server;
pub mod settings;
pub mod shard;
mod shard_task;
mod shared;
mod snapshot;
mod starving;
mod stop;
mod strangers;
mod tap;
mod unwound;
mod vital;
mod world;

pub use ground::Ground;
pub use lock::DirectoryLock;
pub use reload::{Changes, FixedKey, ReloadError, ReloadReport, Reloader, Source};
pub use run::{Engine, StartError};
pub use server::Arrivals;
pub use snapshot::{CarrierSnapshot, CarrierState, Snapshot, Snapshots};
