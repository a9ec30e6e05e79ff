//! An engine put together without sockets, threads and files of its own: a simulator's.
//!
//! ```text
//!   Ground (clock, network, seed) + journal on any disk --open--> Assembly --run--> Running
//! ```
//!
//! What runs is what [`Engine`](super::Engine) runs: shards, dispatchers, links, checkpoints. What
//! is missing is what only a process has: its listeners, its control socket and its lock.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch;

use super::build;
use super::checkpointer;
use super::ground::Ground;
use super::recovery::{self, Fault, Opened};
use super::reload::Reloader;
use super::run::spawn_shards;
use super::server::{self, Arrivals};
use super::settings::Settings;
use super::shard::records::image::Image;
use super::shared::{Kept, Shared};
use super::stop::{Signal, Stop};
use crate::store::history::Keeping;
use crate::store::{FileJournal, Position, Watcher};

/// An engine that has read what earlier ones left, and has not begun.
pub struct Assembly {
    shared: Arc<Shared>,
    kept: Kept,
    image: Image,
    watcher: Watcher,
    /// When that is durable it may begin.
    begins: Position,
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly").field("begins", &self.begins).finish_non_exhaustive()
    }
}

/// Why it cannot begin.
#[derive(Debug)]
pub struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

/// What of a journal is kept beyond need, by these settings.
#[must_use]
pub fn keeping(settings: &Settings) -> Option<Keeping> {
    Some(recovery::keeping(&settings.store))
}

impl Assembly {
    /// Reads what the journal holds, and writes down that another engine begins.
    ///
    /// # Errors
    /// What keeps it from beginning.
    pub fn open(
        settings: Settings,
        ground: Ground,
        journal: Arc<FileJournal>,
    ) -> Result<Self, Unfit> {
        let progress = Arc::clone(journal.shared_progress());
        let spill = Some(journal.spill(settings.store.spill_max_bytes));
        let Opened { kept, image } =
            Opened::read(journal, Arc::clone(&progress), spill, &settings)?;
        let places = build::Places {
            accounts: &image.accounts,
            carriers: &image.carriers,
            ids_from: image.ids_from,
        };
        let shared = build::shared_with(settings, ground, &places, Some(kept.clone()));
        let shared = Arc::new(shared.map_err(|error| Unfit(error.to_string()))?);
        let begins = recovery::write_beginning(&kept, shared.ids_from, &shared.world())?;
        let watcher = progress.watch().ok_or_else(|| Unfit("no place to watch it".to_owned()))?;
        Ok(Self { shared, kept, image, watcher, begins })
    }

    /// Runs it, once its beginning is durable. To be called inside a runtime, with which it ends.
    /// Where the storage fails first, it never begins.
    pub async fn run(self, arrivals: Arrivals) -> Running {
        let Self { shared, kept, image, watcher, begins } = self;
        std::future::poll_fn(|cx| {
            watcher.register(cx);
            match watcher.progress().durable() >= begins {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        let (signal, seen) = watch::channel(Signal { stop: Stop::Nothing, generation: 0 });
        let reloader = Reloader::new(Arc::clone(&shared), signal);
        shared.vital.spawn("the journal's relay", kept.relay.clone().run());
        spawn_shards(&shared, Some(image));
        tokio::spawn(checkpointer::run(kept, Arc::downgrade(&shared)));
        for carrier in &shared.world().carriers {
            reloader.run_carrier(carrier, true);
        }
        reloader.spawn(server::serve(Arc::clone(&shared), arrivals, seen));
        Running { shared, _reloader: reloader }
    }
}

/// An engine that runs.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    /// Its links end when this is dropped.
    _reloader: Reloader,
}

impl Running {
    /// Waits until a text cannot be read that is not in memory: nothing goes on then.
    pub async fn lost(&self) {
        self.shared.lost_text().await;
    }

    /// Messages accepted that their carrier has not answered.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.queued()
    }
}
