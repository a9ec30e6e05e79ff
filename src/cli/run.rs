//! `chappe run`: the engine until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::summary::{LogWriter, Summary};
use super::{Exit, descriptors};
use crate::config;
use crate::engine::Engine;
use crate::engine::settings::{Log, LogFormat, LogLevel, Settings};
use crate::link::listen;
use crate::sim::smsc;

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
        None => {
            config::parse("config/quickstart.toml (built in)", config::QUICKSTART, Path::new("."))
        }
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(errors) => {
            eprintln!("{errors}");
            return Exit::Usage;
        }
    };
    let summary = match settings.log.format {
        LogFormat::Text if !args.quiet => Summary::on_terminal(),
        LogFormat::Text | LogFormat::Json => None,
    };
    start_log(settings.log, LogWriter(summary.clone()));
    raise_descriptors(&settings);
    let runtime = match settings.node.workers_resolved() {
        // With one worker nothing is ever handed to another thread.
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        workers => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
        }
    };
    match runtime {
        Ok(runtime) => runtime.block_on(serve(settings, summary)),
        Err(error) => {
            eprintln!("chappe: cannot start threads: {error}");
            Exit::Failure
        }
    }
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

async fn serve(settings: Settings, summary: Option<Summary>) -> Exit {
    let (Ok(mut term), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        eprintln!("chappe: cannot listen to signals");
        return Exit::Failure;
    };
    if let Some(simulator) = &settings.simulator
        && let Err(error) = simulate(simulator.listen)
    {
        eprintln!("chappe: simulator.listen = {}: {error}", simulator.listen);
        return Exit::Failure;
    }
    let engine = match Engine::start(settings) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("chappe: {error}");
            return Exit::Failure;
        }
    };
    tracing::info!(smpp = %engine.smpp, "engine started");
    let snapshots = engine.snapshots();
    let shown = async {
        match &summary {
            Some(summary) => summary.show(snapshots).await,
            None => std::future::pending().await,
        }
    };
    let stopped = async {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: accounts unbind, what was accepted is sent");
        tokio::select! {
            left = engine.stop() => {
                tracing::info!(left, "stopped");
                Exit::Success
            }
            _ = term.recv() => Exit::Failure,
            _ = interrupt.recv() => Exit::Failure,
        }
    };
    let exit = tokio::select! {
        exit = stopped => exit,
        () = shown => Exit::Failure,
    };
    if let Some(summary) = &summary {
        summary.clear();
    }
    exit
}

/// Runs the bundled SMSC on a thread of its own, for as long as the process lives: it is the other
/// end of a carrier and shares nothing with the engine but the machine.
fn simulate(address: SocketAddr) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _inside = runtime.enter();
        listen(address)?
    };
    std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
        let settings = smsc::Settings::default();
        let forever = std::future::pending();
        runtime.block_on(smsc::serve::serve(listener, None, settings, forever, |_report| {}));
    })?;
    Ok(())
}

/// Log lines go to standard error; standard output is for what a command prints.
fn start_log(log: Log, writer: LogWriter) {
    let level = match log.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(writer);
    // A second start in one process (tests) keeps the first log.
    let _ = match log.format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.with_target(false).try_init(),
    };
}
