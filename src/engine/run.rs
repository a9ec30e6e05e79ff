//! Starting, running and stopping an engine.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::build;
use super::control::{self, Control};
use super::http;
use super::lock::DirectoryLock;
use super::reload::Reloader;
use super::server;
use super::settings::Settings;
use super::shard::Shard;
use super::shard_task::ShardTask;
use super::shared::Shared;
use super::snapshot::Snapshots;
use super::stop::{Signal, Stop};
use super::world::Account;
use crate::link::listen;
use crate::link::tls::TlsError;
use crate::telemetry::{self, names};

/// How long a stop waits for the sessions to take what was held of MO: they do at once, unless they
/// are full of other things.
const RELEASE_MAX: Duration = Duration::from_millis(500);
/// How often a stop looks whether everything has been sent.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

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
        let shared = Arc::new(build::shared(settings).map_err(StartError::Tls)?);
        telemetry::reloaded_at(&shared.registry);
        let (signal, seen) = watch::channel(Signal { stop: Stop::Nothing, generation: 0 });
        let reloader = Reloader::new(Arc::clone(&shared), signal);
        let control = control(&shared, &reloader)?;
        spawn_shards(&shared);
        for carrier in &shared.world().carriers {
            reloader.run_carrier(carrier, true);
        }
        reloader.spawn(server::serve(Arc::clone(&shared), listener, seen.clone()));
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
    /// Returns how many accepted messages were left.
    pub async fn stop(self) -> usize {
        let drain = Duration::from_millis(u64::from(self.shared.world().settings.node.drain_ms));
        let until = tokio::time::Instant::now() + drain;
        self.release(until.min(tokio::time::Instant::now() + RELEASE_MAX)).await;
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.reloader.say(|signal| signal.stop = Stop::Accounts).await;
        while tokio::time::Instant::now() < until && !self.is_drained() {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
        let left = self.shared.queued();
        self.shared.stopping_carriers.store(true, Ordering::Relaxed);
        self.reloader.say(|signal| signal.stop = Stop::Carriers).await;
        let mut links = self.reloader.take_links();
        // Sessions give up by themselves after `drain_ms` and their response timeout; a stop does
        // not wait for a peer that does not answer.
        let last = tokio::time::Instant::now() + Duration::from_secs(2);
        while let Ok(Some(_)) = tokio::time::timeout_at(last, links.join_next()).await {}
        left
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

fn spawn_shards(shared: &Arc<Shared>) {
    let world = shared.world();
    let count = u8::try_from(shared.shards.len()).unwrap_or(u8::MAX);
    for index in 0..count {
        // A keyed hasher's key is what the standard library has of chance.
        let seed = RandomState::new().hash_one(index);
        let shard = Shard::new(
            (index, count),
            shared.node_id,
            (shared.ids_from, seed),
            build::shard_limits(&world),
            build::carrier_rules(&world),
        );
        tokio::spawn(ShardTask::new(usize::from(index), shard, Arc::clone(shared)));
    }
}
