//! `chappe run`: the engine until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::log::Log;
use super::summary::Summary;
use super::{Exit, Failure, descriptors, tell, tool};
use crate::config;
use crate::engine::settings::{LogFormat, LogLevel, Settings, StoreEngine};
use crate::engine::{Engine, Reloader, Source, StartError, settings};
use crate::link::listen;
use crate::sim::smsc;

/// How long an engine whose storage failed refuses before it ends, so that whoever starts it again
/// does not do so all the time.
const REFUSES_FOR: Duration = Duration::from_secs(5);
/// What the configuration is called that runs when none is named.
const BUILT_IN: &str = "config/quickstart.toml (built in)";

/// Options of `chappe run`.
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    /// The configuration; without it the built-in quickstart runs
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show no summary on a terminal
    #[arg(long, short)]
    pub quiet: bool,
}

/// Runs the engine until SIGTERM or SIGINT; a second one ends it at once.
#[must_use]
pub fn run(args: &RunArgs) -> Exit {
    let settings = match &args.config {
        Some(file) => config::load(file),
        None => config::parse(BUILT_IN, config::QUICKSTART, Path::new(".")),
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(errors) => {
            tell(errors);
            return Exit::Usage;
        }
    };
    let summary = match settings.log.format {
        LogFormat::Text if !args.quiet => Summary::on_terminal(),
        LogFormat::Text | LogFormat::Json => None,
    };
    let log = match Log::start(summary) {
        Ok(log) => log,
        Err(error) => return tool(Err(no_threads(error))),
    };
    start_log(settings.log, log.clone());
    raise_descriptors(&settings);
    let runtime = match settings.node.workers_resolved() {
        // With one worker nothing is ever handed to another thread.
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        workers => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
        }
    };
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(settings, args.config.clone(), &log)),
        Err(error) => Err(no_threads(error)),
    };
    log.end();
    tool(result)
}

fn no_threads(error: io::Error) -> Failure {
    Failure::new(format!("cannot start threads: {error}"))
}

/// What else a process has open: files, listeners, pages that are read.
const DESCRIPTORS_ASIDE: u64 = 64;

/// As many connections as the settings allow must not fail for want of a descriptor.
fn raise_descriptors(settings: &Settings) {
    let binds = settings.carriers.iter().map(|carrier| 2 * u64::from(carrier.binds)).sum::<u64>();
    let wanted = u64::from(settings.smpp.sessions_max) + binds + DESCRIPTORS_ASIDE;
    match descriptors::raise() {
        Some(limit) if limit < wanted => tracing::warn!(
            limit,
            wanted,
            "fewer file descriptors than smpp.sessions_max and the carriers may need: raise the \
             hard limit (ulimit -Hn, LimitNOFILE)"
        ),
        Some(limit) => tracing::debug!(limit, "file descriptors"),
        None => tracing::warn!("the limit of file descriptors cannot be read or raised"),
    }
}

async fn serve(settings: Settings, file: Option<PathBuf>, log: &Log) -> Result<Exit, Failure> {
    let (mut term, mut interrupt, hangup) =
        signals().map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))?;
    // A second engine of this directory ends here, before it is in the way of the first.
    let lock = Engine::lock(&settings).map_err(failure)?;
    if let Some(simulator) = &settings.simulator {
        simulate(simulator.listen).map_err(|error| {
            Failure::new(format!("simulator.listen = {}: {error}", simulator.listen))
        })?;
    }
    let is_kept = settings.store.engine == StoreEngine::Embedded;
    let engine = Engine::start_locked(settings, lock).map_err(failure)?;
    tracing::info!(smpp = %engine.smpp, "engine started");
    log.count_dropped(engine.log_lines_dropped());
    log.show(engine.snapshots());
    let (reloader, snapshots) = (engine.reloader(), engine.snapshots());
    reloader.read_from(Again(file));
    let reloads = reload_at_hangups(hangup, reloader);
    let stopped = async {
        let exit = tokio::select! {
            // Before what follows of it: who needed the text has ended.
            biased;
            () = engine.lost_text() => {
                tracing::error!("a text cannot be read: the process ends, what is kept goes on");
                return Exit::Storage;
            }
            _ = term.recv() => Exit::Success,
            _ = interrupt.recv() => Exit::Success,
            part = engine.broke() => {
                // Like a crash: what waits for that part would wait for ever.
                tracing::error!(part, "it panicked: the process ends; what is kept goes on");
                return Exit::Failure;
            }
            why = engine.failed() => {
                tracing::error!(why, "nothing is accepted any more: what is cannot be kept");
                // Whoever is bound is refused for as long, and told so.
                tokio::select! {
                    _ = term.recv() => {}
                    _ = interrupt.recv() => {}
                    () = tokio::time::sleep(REFUSES_FOR) => {}
                }
                Exit::Storage
            }
        };
        tracing::info!("stopping: accounts unbind, what was accepted is sent");
        tokio::select! {
            left = engine.stop() => {
                let await_receipt = snapshots.take().awaiting_receipt;
                match is_kept {
                    true => tracing::info!(left, await_receipt, "stopped; what is left is kept"),
                    false => tracing::info!(left, await_receipt, "stopped; what is left is lost"),
                }
                exit
            }
            _ = term.recv() => Exit::Failure,
            _ = interrupt.recv() => Exit::Failure,
        }
    };
    tokio::select! {
        exit = stopped => Ok(exit),
        exit = reloads => exit,
    }
}

/// SIGTERM, SIGINT and SIGHUP.
fn signals() -> io::Result<(Signal, Signal, Signal)> {
    let kinds = (SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup());
    Ok((signal(kinds.0)?, signal(kinds.1)?, signal(kinds.2)?))
}

/// Each SIGHUP has the configuration read again. What comes of it is in the log.
async fn reload_at_hangups<T>(mut hangup: Signal, reloader: Reloader) -> T {
    while hangup.recv().await.is_some() {
        let _ = reloader.again().await;
    }
    std::future::pending().await
}

/// The configuration as its file has it now.
struct Again(Option<PathBuf>);

impl Source for Again {
    fn read(&self) -> Result<Settings, String> {
        match &self.0 {
            Some(file) => config::load(file).map_err(|errors| errors.to_string()),
            None => Err(format!("{BUILT_IN}: it is never another; name a file with --config")),
        }
    }

    fn place_of(&self, key: &str) -> Option<String> {
        config::place_of(self.0.as_deref()?, key)
    }
}

/// What an operator does about it differs: mend the file, look after the disk, or free an address.
fn failure(error: StartError) -> Failure {
    match &error {
        StartError::Tls(_) => Failure::usage(error),
        StartError::DataDir { error: cause, .. } if cause.kind() != io::ErrorKind::WouldBlock => {
            Failure::storage(error)
        }
        StartError::Control { .. } | StartError::Store { .. } => Failure::storage(error),
        StartError::DataDir { .. } | StartError::Listen { .. } => Failure::new(error),
    }
}

/// Runs the bundled SMSC on a thread of its own, for as long as the process lives: it is the other
/// end of a carrier and shares nothing with the engine but the machine.
fn simulate(address: SocketAddr) -> io::Result<()> {
    let (told, listens) = std::sync::mpsc::sync_channel(1);
    // Its runtime is made and dropped on that thread: a runtime cannot be dropped inside another.
    let simulator = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(told.send(Err(error))),
        };
        let listener = {
            let _inside = runtime.enter();
            listen(address)
        };
        let listener = match listener {
            Ok(listener) => listener,
            Err(error) => return drop(told.send(Err(error))),
        };
        drop(told.send(Ok(())));
        let settings = smsc::Settings::default();
        let forever = std::future::pending();
        runtime.block_on(smsc::serve::serve(listener, None, settings, forever, |_report| {}));
    };
    std::thread::Builder::new().name("simulator".to_owned()).spawn(simulator)?;
    // It answers at once, or it has died.
    listens.recv().unwrap_or_else(|_| Err(io::Error::other("the simulator died")))
}

/// Log lines go to standard error; standard output is for what a command prints.
fn start_log(settings: settings::Log, log: Log) {
    let level = match settings.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    // Nor does the subscriber tell its own faults there.
    let lines =
        tracing_subscriber::fmt().with_max_level(level).with_writer(log).log_internal_errors(false);
    // A second start in one process (tests) keeps the first log.
    let _ = match settings.format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.with_target(false).try_init(),
    };
}
