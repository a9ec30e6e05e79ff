//! Another configuration for an engine that runs.
//!
//! ```text
//!   read, check, build (on a thread apart) --> World n+1 --> in force --> owners look, binds move
//!        any fault: nothing has changed
//! ```
//!
//! Nothing that runs is stopped for it. What the new settings leave alone goes on undisturbed: its
//! sessions, its messages, its counts.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::build;
use super::connector::{keep_bound, sessions};
use super::dispatch_task::DispatchTask;
use super::recovery::{self, Fault};
use super::settings::{self, Settings};
use super::shared::Shared;
use super::stop::Signal;
use super::world::{Carrier, World};
use crate::clock::Now;
use crate::link::tls::TlsError;
use crate::store::Batch;
use crate::telemetry;

pub use change::{Changes, FixedKey, ReloadReport};

mod change;

/// Accounts, and carriers, that one process can have known: those taken out keep their places,
/// about 1 KiB and 300 KiB each, until it ends. A reload that would bring more is refused.
const ACCOUNTS_MAX: usize = 1_000_000;
const CARRIERS_MAX: usize = 10_000;

/// How often it is looked whether an old world is seen by nobody any more, and how long at most.
const FAREWELL_LOOK: Duration = Duration::from_millis(100);
const FAREWELL_LOOKS: u32 = 600;

/// Where settings come from.
pub trait Source: Send + Sync {
    /// Reads them again.
    ///
    /// # Errors
    /// Every fault in them.
    fn read(&self) -> Result<Settings, String>;

    /// Where a key of theirs stands, as `FILE:LINE:COL`.
    fn place_of(&self, key: &str) -> Option<String>;
}

/// Where an engine is told other settings while it runs.
#[derive(Clone)]
pub struct Reloader {
    shared: Arc<Shared>,
    signal: watch::Sender<Signal>,
    /// Links and listeners, which a stop waits for.
    links: Arc<Mutex<JoinSet<()>>>,
    /// One after the other.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Where settings come from, once that was said.
    source: Arc<OnceLock<Box<dyn Source>>>,
}

impl fmt::Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reloader")
    }
}

/// Why a reload changed nothing.
#[derive(Debug)]
pub enum ReloadError {
    /// The settings cannot be read: every fault with its file, line and key.
    Settings(String),
    /// They change what holds for the life of a process.
    Fixed(Vec<FixedKey>),
    /// A certificate or key cannot be used.
    Tls(TlsError),
    /// What it changes cannot be written down.
    Store(Fault),
    /// Too many accounts or carriers came and went since the start.
    Places {
        /// Which.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The engine is stopping.
    Stopping,
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(faults) => f.write_str(faults),
            Self::Fixed(keys) => {
                for (at, key) in keys.iter().enumerate() {
                    f.write_str(if at > 0 { "\n" } else { "" })?;
                    key.fmt(f)?;
                }
                Ok(())
            }
            Self::Tls(error) => error.fmt(f),
            Self::Store(fault) => write!(f, "the journal: {fault}"),
            Self::Places { what, max } => write!(
                f,
                "{what}: more than {max} since the start, those taken out counted too; a restart \
                 forgets them, unless a journal names them"
            ),
            Self::Stopping => f.write_str("the engine is stopping"),
        }
    }
}

impl std::error::Error for ReloadError {}

impl Reloader {
    pub(super) fn new(shared: Arc<Shared>, signal: watch::Sender<Signal>) -> Self {
        let (links, turn, source) = (Arc::default(), Arc::default(), Arc::default());
        Self { shared, signal, links, turn, source }
    }

    /// Says where the settings are read again, for [`Reloader::again`]. The first word stands.
    pub fn read_from(&self, source: impl Source + 'static) {
        let _ = self.source.set(Box::new(source));
    }

    /// Reads the settings again where they come from, and puts them in force.
    ///
    /// # Errors
    /// As [`Reloader::reload`].
    pub async fn again(&self) -> Result<ReloadReport, ReloadError> {
        let (source, same) = (Arc::clone(&self.source), Arc::clone(&self.source));
        let nowhere = || Err("nobody said where settings are to be read from".to_owned());
        let read = move || source.get().map_or_else(nowhere, |source| source.read());
        self.reload_placed(read, move |key| same.get()?.place_of(key)).await
    }

    /// Reads settings, off the threads that carry traffic, and puts them in force. Says so, or why
    /// not, in the log and the metrics too.
    ///
    /// # Errors
    /// Says why nothing has changed.
    pub async fn reload<E: fmt::Display>(
        &self,
        read: impl FnOnce() -> Result<Settings, E> + Send + 'static,
    ) -> Result<ReloadReport, ReloadError> {
        self.reload_placed(read, |_| None).await
    }

    /// The same, of settings of which `place_of` knows where a key stands.
    async fn reload_placed<E: fmt::Display>(
        &self,
        read: impl FnOnce() -> Result<Settings, E> + Send + 'static,
        place_of: impl Fn(&str) -> Option<String> + Send + 'static,
    ) -> Result<ReloadReport, ReloadError> {
        let _turn = self.turn.lock().await;
        let result = self.try_reload(read, place_of).await;
        telemetry::reloaded(&self.shared.registry, result.is_ok());
        match &result {
            Ok(report) => {
                tracing::info!("configuration reloaded: {report}");
                for line in report.named_in_log() {
                    tracing::info!("configuration reloaded: {line}");
                }
            }
            Err(error) => tracing::error!("configuration not reloaded, nothing changed: {error}"),
        }
        result
    }

    async fn try_reload<E: fmt::Display>(
        &self,
        read: impl FnOnce() -> Result<Settings, E> + Send + 'static,
        place_of: impl Fn(&str) -> Option<String> + Send + 'static,
    ) -> Result<ReloadReport, ReloadError> {
        let began = tokio::time::Instant::now();
        let shared = Arc::clone(&self.shared);
        // A table of a million prefixes takes a second.
        let built = tokio::task::spawn_blocking(move || {
            let settings = read().map_err(|error| ReloadError::Settings(error.to_string()))?;
            build(&shared, settings, place_of)
        });
        let (world, report) = built.await.unwrap_or_else(|panic| {
            Err(ReloadError::Settings(format!("the configuration cannot be read: {panic}")))
        })?;
        if self.shared.is_stopping() {
            return Err(ReloadError::Stopping);
        }
        let before = self.write_and_put_in_force(world)?;
        tokio::spawn(take_leave(before));
        Ok(ReloadReport { took_ms: began.elapsed().as_millis() as u64, ..report })
    }

    /// Writes down who has which place before any record names them, and before anybody else can
    /// take the places for what they were.
    fn write_and_put_in_force(&self, world: Arc<World>) -> Result<Arc<World>, ReloadError> {
        let Some(kept) = &self.shared.journal else { return Ok(self.put_in_force(world)) };
        let _still = kept.places.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.shared.world();
        let known = (before.accounts.len(), before.carriers.len());
        let written = recovery::write_places(kept, &mut Batch::new(), &world, known);
        written.map_err(ReloadError::Store)?;
        Ok(self.put_in_force(world))
    }

    /// From here on nothing fails. Returns the world that was in force.
    fn put_in_force(&self, world: Arc<World>) -> Arc<World> {
        let shared = &self.shared;
        let now = shared.clock.now();
        set_number_rates(&world, now);
        let before = shared.replace(Arc::clone(&world));
        for account in &world.accounts {
            let rate = account.settings.segments_per_second;
            let old = before.accounts.get(account.index as usize);
            if old.is_some_and(|old| old.settings.segments_per_second != rate) {
                account.rate.set_per_second(now.monotonic, rate);
            }
            account.queued.set_max(account.settings.queue_max_messages);
            account.queued_octets.set_max(account.settings.queue_max_bytes);
        }
        for carrier in &world.carriers {
            carrier.queued.set_max(carrier.settings.queue_max_messages);
            self.run_carrier(carrier, before.carriers.get(carrier.index as usize).is_none());
        }
        self.signal.send_modify(|signal| signal.generation = world.generation);
        shared.shards.iter().for_each(super::batches::Batches::wake);
        world.carriers.iter().for_each(|carrier| carrier.dispatcher.wake());
        before
    }

    /// Runs what a carrier did not have before: its dispatcher if it is new, and binds. There is a
    /// task for each bind it ever had; those that are too many sleep.
    pub(super) fn run_carrier(&self, carrier: &Arc<Carrier>, is_new: bool) {
        let shared = || Arc::clone(&self.shared);
        if is_new {
            let task = DispatchTask::new(shared(), Arc::clone(carrier));
            self.shared.vital.spawn("a dispatcher", task);
        }
        if carrier.is_removed {
            return;
        }
        let binds = sessions(carrier.settings.bind, carrier.settings.binds);
        let before = carrier.grow(binds as usize, self.shared.clock.now().wall);
        let records = carrier.records.load_full();
        for (bind, record) in (0..).zip(records.iter()).skip(before) {
            let place = (bind, Arc::clone(record));
            self.spawn(keep_bound(shared(), Arc::clone(carrier), place, self.signal.subscribe()));
        }
    }

    /// Runs what a stop waits for.
    pub(super) fn spawn(&self, link: impl Future<Output = ()> + Send + 'static) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).spawn(link);
    }

    /// What a stop waits for, once no reload is under way.
    pub(super) fn take_links(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says how far the engine has wound down; with accounts stopped no reload begins any more.
    pub(super) async fn say(&self, say: impl FnOnce(&mut Signal)) {
        let _turn = self.turn.lock().await;
        self.signal.send_modify(say);
    }
}

/// Sets the rates of the numbers that have one to those of this world; the others have none. It is
/// called before the world is in force: a dispatcher looks once, when it sees a new world, whether
/// a rate has changed.
fn set_number_rates(world: &World, now: Now) {
    let rated = |number: &settings::Number| {
        let place = world.number_places.get(number.address.as_bytes())?;
        Some((*place, number.millionths_per_second))
    };
    let mut rates = vec![0; world.number_rates.len()];
    for (place, millionths) in world.settings.numbers.iter().filter_map(rated) {
        if let Some(rate) = rates.get_mut(place as usize) {
            *rate = millionths;
        }
    }
    for (rate, millionths) in world.number_rates.iter().zip(rates) {
        rate.set_millionths(now.monotonic, millionths);
    }
}

/// The world of these settings, with what it changes; nothing runs by it yet.
fn build(
    shared: &Shared,
    settings: Settings,
    place_of: impl Fn(&str) -> Option<String>,
) -> Result<(Arc<World>, ReloadReport), ReloadError> {
    let before = shared.world();
    let mut fixed = change::fixed_keys(&before.settings, &settings);
    if !fixed.is_empty() {
        fixed.iter_mut().for_each(|key| key.place = place_of(key.key));
        return Err(ReloadError::Fixed(fixed));
    }
    let report = change::report(&before.settings, &settings, before.generation + 1);
    let too_many = |what, known: usize, added: usize, max: usize| match known + added > max {
        true if added > 0 => Err(ReloadError::Places { what, max }),
        _ => Ok(()),
    };
    // One that comes again has a place already and is counted twice: the limit is far away.
    too_many("accounts", before.accounts.len(), report.accounts.added, ACCOUNTS_MAX)?;
    too_many("carriers", before.carriers.len(), report.carriers.added, CARRIERS_MAX)?;
    let world = build::world(&shared.registry, settings, Some(&before));
    let world = world.map_err(ReloadError::Tls)?;
    Ok((Arc::new(world), report))
}

/// Keeps a world until no owner works by it any more, and drops it where that holds up nobody: to
/// take a million routes apart takes a while.
async fn take_leave(world: Arc<World>) {
    for _ in 0..FAREWELL_LOOKS {
        if Arc::strong_count(&world) == 1 {
            break;
        }
        tokio::time::sleep(FAREWELL_LOOK).await;
    }
    let _ = tokio::task::spawn_blocking(move || drop(world)).await;
}
