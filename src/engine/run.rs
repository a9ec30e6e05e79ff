//! Starting, running and stopping an engine.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::build;
use super::checkpointer;
use super::control::{self, Control};
use super::ground::Ground;
use super::http;
use super::lock::DirectoryLock;
use super::recovery::{self, Fault, Opened};
use super::reload::Reloader;
use super::server::{self, Arrivals};
use super::settings::{Settings, StoreEngine};
use super::shard::Shard;
use super::shard::records::image::Image;
use super::shard_task::ShardTask;
use super::shared::{Kept, Shared, ToShard};
use super::snapshot::Snapshots;
use super::stop::{Signal, Stop};
use super::world::{Account, Carrier};
use crate::link::listen;
use crate::link::tls::TlsError;
use crate::store::State;
use crate::telemetry::{self, names};

/// How long a stop waits for the sessions to take what was held of MO: they do at once, unless they
/// are full of other things.
const RELEASE_MAX: Duration = Duration::from_millis(500);
/// How long a stop waits for shards to write down what they know.
const CLOSE_MAX: Duration = Duration::from_secs(5);
/// How often a stop looks whether everything has been sent.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// What sets the seeds of two shards apart: an odd number with bits everywhere.
const APART: u64 = 0x9e37_79b9_7f4a_7c15;

/// Why an engine cannot start.
#[derive(Debug)]
pub enum StartError {
    /// A listener cannot have its address.
    Listen {
        /// Which setting.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The data directory cannot be had: another engine runs there, or it cannot be written to.
    DataDir {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The control socket cannot be made.
    Control {
        /// Where.
        socket: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What was accepted cannot be kept: the journal cannot be opened, read or written.
    Store {
        /// Its directory.
        directory: PathBuf,
        /// What keeps it from being.
        fault: Fault,
    },
    /// A certificate or key cannot be used.
    Tls(TlsError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { key, address, error } => write!(f, "{key} = {address}: {error}"),
            Self::DataDir { directory, error } => {
                write!(f, "node.data_dir = {}: {error}", directory.display())
            }
            Self::Control { socket, error } => {
                write!(f, "node.data_dir: the control socket {}: {error}", socket.display())
            }
            Self::Store { directory, fault } => write!(
                f,
                "the journal in {}: {fault}; `chappe journal check {}` says more",
                directory.display(),
                directory.display()
            ),
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    reloader: Reloader,
    /// Before the lock: the socket is gone when another engine may make its own.
    _control: Control,
    _lock: DirectoryLock,
    /// Where accounts connect: the port is the system's when 0 was asked for.
    pub smpp: SocketAddr,
    /// Where `/metrics` is, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Where `/healthz` and `/readyz` are, if anywhere.
    pub http: Option<SocketAddr>,
}

impl Engine {
    /// Starts an engine; it listens when this returns. To be called inside a runtime.
    ///
    /// # Errors
    /// When an address cannot be listened on or a certificate cannot be used; nothing runs then.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let lock = Self::lock(&settings)?;
        Self::start_locked(settings, lock)
    }

    /// Takes the data directory, for [`Engine::start_locked`]: between the two is the place for
    /// what must not run twice either.
    ///
    /// # Errors
    /// [`StartError::DataDir`]: another engine runs there, or it cannot be had.
    pub fn lock(settings: &Settings) -> Result<DirectoryLock, StartError> {
        let directory = settings.node.data_dir.clone();
        DirectoryLock::take(&directory).map_err(|error| StartError::DataDir { directory, error })
    }

    /// Starts an engine in a data directory that is taken.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_locked(settings: Settings, lock: DirectoryLock) -> Result<Self, StartError> {
        let (listener, smpp) = bind("smpp.listen", settings.smpp.listen)?;
        let metrics = settings.metrics.listen.map(|at| bind("metrics.listen", at)).transpose()?;
        let http = settings.http.listen.map(|at| bind("http.listen", at)).transpose()?;
        let (shared, image) = shared(settings)?;
        telemetry::reloaded_at(&shared.registry);
        let (signal, seen) = watch::channel(Signal { stop: Stop::Nothing, generation: 0 });
        let reloader = Reloader::new(Arc::clone(&shared), signal);
        let control = control(&shared, &reloader)?;
        if let Some(kept) = &shared.journal {
            shared.vital.spawn("the journal's relay", kept.relay.clone().run());
        }
        spawn_shards(&shared, image);
        if let Err(error) = checkpointer::start(&shared) {
            tracing::error!(%error, "no thread for checkpoints: the journal only grows");
        }
        for carrier in &shared.world().carriers {
            reloader.run_carrier(carrier, true);
        }
        let arrivals = Arrivals::Socket(listener);
        reloader.spawn(server::serve(Arc::clone(&shared), arrivals, seen.clone()));
        let (metrics, metrics_at) = metrics.unzip();
        if let Some(listener) = metrics {
            let router = http::metrics(Arc::clone(&shared));
            reloader.spawn(http::serve(router, listener, seen.clone()));
        }
        let (http, http_at) = http.unzip();
        if let Some(listener) = http {
            let router = http::health(Arc::clone(&shared));
            reloader.spawn(http::serve(router, listener, seen));
        }
        let (metrics, http) = (metrics_at, http_at);
        Ok(Self { shared, reloader, _control: control, _lock: lock, smpp, metrics, http })
    }

    /// Stops: MO held for their other segments go to their accounts as they are, then accounts
    /// unbind, then what was accepted is sent for at most `drain_ms`, then the carriers unbind.
    /// Where a journal keeps what was accepted, all that waits stays there for the next process.
    /// Returns how many accepted messages were left.
    pub async fn stop(self) -> usize {
        let drain = Duration::from_millis(u64::from(self.shared.world().settings.node.drain_ms));
        let until = tokio::time::Instant::now() + drain;
        let is_kept = self.shared.journal.is_some();
        if !is_kept {
            self.release(until.min(tokio::time::Instant::now() + RELEASE_MAX)).await;
        }
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.reloader.say(|signal| signal.stop = Stop::Accounts).await;
        while !is_kept && tokio::time::Instant::now() < until && !self.is_drained() {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
        self.shared.stopping_carriers.store(true, Ordering::Relaxed);
        self.reloader.say(|signal| signal.stop = Stop::Carriers).await;
        let mut links = self.reloader.take_links();
        // Sessions give up by themselves after `drain_ms` and their response timeout; a stop does
        // not wait for a peer that does not answer.
        let last = tokio::time::Instant::now() + Duration::from_secs(2);
        while let Ok(Some(_)) = tokio::time::timeout_at(last, links.join_next()).await {}
        if let Some(kept) = &self.shared.journal {
            let until = tokio::time::Instant::now() + CLOSE_MAX;
            self.empty_gates(until).await;
            self.pass(until).await;
            close(kept, until).await;
        }
        self.shared.queued()
    }

    /// Waits until no dispatcher has anything that it has written down as sent and not sent.
    async fn empty_gates(&self, until: tokio::time::Instant) {
        let (asked, carriers) = self.shared.ask_what_is_sent();
        let has_none = |carrier: &Arc<Carrier>| carrier.told_sent.load(Ordering::Acquire) >= asked;
        while tokio::time::Instant::now() < until && !carriers.iter().all(has_none) {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }

    /// Waits until each shard has done all it was told, and that is durable.
    async fn pass(&self, until: tokio::time::Instant) {
        for shard in &self.shared.shards {
            let (waits, passed) = oneshot::channel();
            let mut told = shard.buffer();
            told.push_back(ToShard::Passed(waits));
            if shard.push(told).is_ok() {
                shard.wake();
                let _ = tokio::time::timeout_at(until, passed).await;
            }
        }
    }

    /// Waits until what was accepted cannot be kept any more; why it cannot.
    pub async fn failed(&self) -> String {
        let watcher = self.shared.journal.as_ref().and_then(|kept| kept.progress.watch_state());
        let Some(watcher) = watcher else { return std::future::pending().await };
        std::future::poll_fn(|cx| {
            watcher.register(cx);
            match watcher.progress().state() {
                State::Failed | State::Fenced => {
                    let why = watcher.progress().why().unwrap_or("another writer has taken over");
                    Poll::Ready(why.to_owned())
                }
                State::Running | State::Low | State::Full | State::Closed => Poll::Pending,
            }
        })
        .await
    }

    /// Waits until the text of a message cannot be read that is not in memory. The journal has it:
    /// the process is to end at once, and the next one goes on.
    pub async fn lost_text(&self) {
        self.shared.lost_text().await;
    }

    /// Waits until a part without which nothing goes on has panicked; which one.
    pub async fn broke(&self) -> &'static str {
        self.shared.vital.panicked().await
    }

    /// Where it is told other settings.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Where to see how it stands.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots { shared: Arc::clone(&self.shared) }
    }

    /// The engine's metrics as text.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        super::gauges::text(&self.shared)
    }

    /// Where whoever writes the log counts lines that it had to drop.
    pub fn log_lines_dropped(&self) -> metrics::Counter {
        self.shared.registry.counter(names::LOG_DROPPED, &[])
    }

    async fn release(&self, until: tokio::time::Instant) {
        self.shared.releasing.store(true, Ordering::Relaxed);
        self.shared.shards.iter().for_each(super::batches::Batches::wake);
        while tokio::time::Instant::now() < until && !self.is_released() {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }

    /// Whether no shard holds MO any more, and sessions have taken what they were given.
    fn is_released(&self) -> bool {
        let taken = |account: &Arc<Account>| {
            account.receivers.load().iter().all(|session| session.deliveries.is_empty())
        };
        self.shared.released.load(Ordering::Acquire) >= self.shared.shards.len()
            && self.shared.world().accounts.iter().all(taken)
    }

    fn is_drained(&self) -> bool {
        self.shared.queued() == 0
            && self.shared.bound.iter().all(|bound| *bound == 0)
            && self.shared.shards.iter().all(super::batches::Batches::is_empty)
    }
}

/// Closes the journal, once no checkpoint of it is being written: another engine may then open it.
/// It waits for the disk, so others go on meanwhile.
async fn close(kept: &Kept, until: tokio::time::Instant) {
    while kept.is_at_checkpoint.load(Ordering::Acquire) && tokio::time::Instant::now() < until {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
    let (journal, files) = (Arc::clone(&kept.journal), kept.files.clone());
    let closed = tokio::task::spawn_blocking(move || {
        let closed = journal.close();
        if let Some(files) = files {
            files.let_go();
        }
        closed
    });
    match closed.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the journal was not closed"),
        Err(error) => tracing::error!(%error, "the journal was not closed"),
    }
}

/// The shared state, and what earlier processes left where that is kept.
fn shared(settings: Settings) -> Result<(Arc<Shared>, Option<Image>), StartError> {
    if settings.store.engine == StoreEngine::Memory {
        let shared = build::shared(settings).map_err(StartError::Tls)?;
        return Ok((Arc::new(shared), None));
    }
    let directory = settings.node.data_dir.join(recovery::DIRECTORY);
    let failed = |fault| StartError::Store { directory: directory.clone(), fault };
    let Opened { kept, image } = Opened::of(&settings).map_err(failed)?;
    let places = build::Places {
        accounts: &image.accounts,
        carriers: &image.carriers,
        ids_from: image.ids_from,
    };
    let ground = Ground::default();
    let shared = build::shared_with(settings, ground, &places, Some(kept));
    let shared = shared.map_err(StartError::Tls)?;
    if let Some(kept) = &shared.journal {
        recovery::begin(kept, shared.ids_from, &shared.world()).map_err(failed)?;
    }
    Ok((Arc::new(shared), Some(image)))
}

fn bind(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = listen(address).map_err(|error| StartError::Listen { key, address, error })?;
    let at = listener.local_addr().unwrap_or(address);
    Ok((listener, at))
}

fn control(shared: &Arc<Shared>, reloader: &Reloader) -> Result<Control, StartError> {
    let directory = shared.world().settings.node.data_dir.clone();
    let socket = directory.join(control::SOCKET);
    Control::start(shared, reloader, &directory)
        .map_err(|error| StartError::Control { socket, error })
}

pub(super) fn spawn_shards(shared: &Arc<Shared>, image: Option<Image>) {
    let world = shared.world();
    let count = u8::try_from(shared.shards.len()).unwrap_or(u8::MAX);
    let parts = image.map(|image| recovery::divide(shared, &world, image));
    let mut parts = parts.into_iter().flatten();
    for index in 0..count {
        let seed = shared.seed.wrapping_add(u64::from(index).wrapping_mul(APART));
        let mut shard = Shard::new(
            (index, count),
            shared.node_id,
            (shared.ids_from, seed),
            build::shard_limits(&world),
            build::carrier_rules(&world),
        );
        if shared.journal.is_some() {
            shard.keep_ledger();
        }
        let mut task = ShardTask::new(usize::from(index), shard, Arc::clone(shared));
        if let Some(part) = parts.next() {
            task.restore(part);
        }
        shared.vital.spawn("a shard", task);
    }
}
