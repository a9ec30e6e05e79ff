//! What an operator asks of a running engine, over a socket in its data directory.
//!
//! ```text
//!   client --one request a line--> connection --what it asks--> snapshot, records, owners' queues
//!          <--one answer a line---
//! ```
//!
//! A request is a JSON object with `version` and `command`; its answer has `version` and either
//! `answer` or `error`. Everything a client can do is bounded: a line, the connections, the time it
//! may take to say something and to take its answers. What owners are asked goes through the queues
//! they have, so a client costs messages nothing but its turn there.

mod backup;
mod binds;
mod capture;
mod connection;
mod consent;
mod conversation;
mod erase;
mod look;
mod mask;
mod past;
mod queue;
mod reload;
mod request;
mod socket;
mod status;
mod trace;
mod words;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

pub use backup::JournalCopy;
pub use capture::{Captured, Captures};
pub use consent::{ConsentEntry, ConsentPage, ConsentPlace, ConsentWritten};
pub use conversation::{
    ConversationAction, ConversationList, ConversationTold, LineTold, SlotTold,
};
pub use erase::HistoryErased;
pub use look::{MoTrace, NumberTrace};
pub use past::{EventTrace, HistoryNote, PastTrace, SegmentPast};
pub use queue::{QueueChange, QueueList, QueueRow};
pub use request::{
    Answer, BindAction, CaptureLimits, Command, NumberAsked, Problem, Request, Selection, VERSION,
};
pub use status::{
    AccountStatus, BindStatus, CarrierStatus, EventStatus, RemovedCarrier, SessionStatus,
    SlowedStatus, Status, StrangerStatus,
};
pub use trace::{IdTrace, LiveMessage, MessageTrace, SegmentStatus};

use super::batches::Batches;
use super::reload::Reloader;
pub use super::shard::Stays;
use super::shared::Shared;
use super::snapshot::Snapshots;
use super::world::World;
use crate::message::class::TrafficClass;
use crate::store::FileJournal;
use crate::wire::Address;
use socket::Socket;

/// The name of the socket in the data directory.
pub const SOCKET: &str = "control.sock";
/// Octets of a request; at the limit the client is told so and the connection is closed.
pub const LINE_MAX: usize = 16 * 1024;
/// Clients at a time; a further one is told so and closed.
pub const CONNECTIONS_MAX: usize = 16;

/// What requests are answered from.
#[derive(Clone, Debug)]
struct Desk {
    shared: Arc<Shared>,
    snapshots: Snapshots,
    reloader: Reloader,
    /// One looks at the history at a time.
    looks: Arc<Semaphore>,
}

impl Desk {
    /// The journal, where it is one in files: what has ended is found there.
    fn files(&self) -> Option<Arc<FileJournal>> {
        self.shared.journal.as_ref()?.files.clone()
    }
}

/// The control socket of a running engine. It is gone, and its clients with it, when this is
/// dropped.
#[derive(Debug)]
pub struct Control {
    _socket: Socket,
    task: JoinHandle<()>,
}

impl Control {
    /// Listens in this directory, whose lock the caller holds. To be called inside a runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(shared: &Arc<Shared>, reloader: &Reloader, directory: &Path) -> io::Result<Self> {
        let (socket, listener) = Socket::make(directory)?;
        let shared = Arc::clone(shared);
        let snapshots = Snapshots { shared: Arc::clone(&shared) };
        let looks = Arc::new(Semaphore::new(1));
        let desk = Desk { shared, snapshots, reloader: reloader.clone(), looks };
        Ok(Self { _socket: socket, task: tokio::spawn(connection::serve(listener, desk)) })
    }
}

/// Gives something to a shard or a dispatcher.
fn push<T>(owner: &Batches<T>, item: T) -> Result<(), Problem> {
    let mut buffer = owner.buffer();
    buffer.push_back(item);
    let full = |_| Problem::new("busy", "there is no room for a question: ask again");
    owner.push(buffer).map_err(full)?;
    owner.wake();
    Ok(())
}

/// An answer as JSON.
fn value(answer: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(answer).map_err(|error| Problem::new("impossible", error.to_string()))
}

/// Why a message is sent.
fn class_of(world: &World, account: u32, source: &Address) -> TrafficClass {
    let account = world.accounts.get(account as usize);
    let class = account.map(|account| world.class_of(account, source.octets()));
    class.unwrap_or_default()
}

/// Wall time since 1970 in whole milliseconds.
fn millis(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}
