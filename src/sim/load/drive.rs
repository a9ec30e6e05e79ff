//! Load on sockets: one task a bind, one state machine for all of them, and a thread that keeps
//! time when there is a rate.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Context;
use std::thread::Thread;
use std::time::Duration;

use atomic_waker::AtomicWaker;
use tokio::task::LocalSet;

use super::{Load, Progress, Report, Settings, sleep_until};
use crate::clock::Now;
use crate::link::tls::ConnectorTls;
use crate::link::{Backoff, Clock, Link, Owner, connect};
use crate::session::{self, BindRequest, CloseReason, Event, Session};
use crate::telemetry::process::cpu_time;
use crate::wire::table::{DeliverSmResp, Pdu};
use crate::wire::{CommandStatus, EncodeError, Role, Rules, State};

/// How long the first bind may take before the run is given up, and how long the others may take
/// after it before the run begins without them. Where no connection comes about it is the time to
/// settle, if that is less.
const START_WITHIN: Duration = Duration::from_secs(10);
/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The shortest and longest wait before a lost bind is made again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// How often it is looked whether the run is over.
const TICK: Duration = Duration::from_millis(10);
/// How often progress is told, in ticks.
const PROGRESS_TICKS: u64 = 20;
/// How long links may take to unbind at the end.
const GRACE: Duration = Duration::from_secs(1);

/// Where load goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// host:port.
    pub address: String,
    /// TLS, if the SMSC wants it.
    pub tls: Option<ConnectorTls>,
}

/// Why there was no run.
#[derive(Debug)]
pub enum Failure {
    /// An address of the settings cannot be put on the wire.
    Settings(EncodeError),
    /// No link could be made.
    Connect(String, io::Error),
    /// The SMSC does not let us bind.
    Refused(CommandStatus),
    /// Links were made, but no bind stood in time.
    NoBind,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => write!(f, "{error}"),
            Self::Connect(address, error) => write!(f, "{address}: {error}"),
            Self::Refused(status) => write!(f, "the bind was refused: {status}"),
            Self::NoBind => write!(f, "no bind stood within {} s", START_WITHIN.as_secs()),
        }
    }
}

impl std::error::Error for Failure {}

/// Runs to the end, or until `stop` is ready and what is out has come back or settled. `progress`
/// is called five times a second. To be run on a runtime of one thread.
///
/// # Errors
/// When the run could not begin.
pub async fn drive(
    target: Target,
    settings: Settings,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(Progress),
) -> Result<Report, Failure> {
    let sessions = settings.sessions();
    let rate = settings.rate;
    let desk = Rc::new(Desk {
        load: RefCell::new(Load::new(settings.clone()).map_err(Failure::Settings)?),
        settings,
        target,
        clock: Clock::start(),
        metronome: Arc::new(Metronome::new(sessions)),
        over: Cell::new(false),
        links: Cell::new(0),
        failure: RefCell::new(None),
    });
    let ticking = rate.map(|_| Metronome::start(&desk.metronome, desk.clock));
    LocalSet::new()
        .run_until(async {
            for slot in 0..sessions {
                tokio::task::spawn_local(keep_bound(Rc::clone(&desk), slot));
            }
            watch(&desk, stop, &mut progress).await;
            desk.over.set(true);
            desk.metronome.wake_all();
            let deadline = tokio::time::Instant::now() + GRACE;
            while desk.links.get() > 0 && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    desk.metronome.stopped.store(true, Ordering::Relaxed);
    if let Some(thread) = ticking {
        // It has nothing to say.
        let _ = thread.join();
    }
    if let Some(failure) = desk.failure.take() {
        return Err(failure);
    }
    Ok(Report { cpu: cpu_time(), ..desk.load.borrow().report() })
}

/// What all binds share.
struct Desk {
    load: RefCell<Load>,
    settings: Settings,
    target: Target,
    clock: Clock,
    metronome: Arc<Metronome>,
    over: Cell<bool>,
    links: Cell<usize>,
    /// Why the last attempt to bind came to nothing, until the run begins.
    failure: RefCell<Option<Failure>>,
}

/// Waits for the end of the run.
async fn watch(desk: &Desk, stop: impl Future<Output = ()>, progress: &mut impl FnMut(Progress)) {
    let mut stop = std::pin::pin!(stop);
    let mut stopping = false;
    let mut ticks = tokio::time::interval(TICK);
    let began = tokio::time::Instant::now();
    for tick in 1_u64.. {
        tokio::select! {
            () = &mut stop, if !stopping => {
                stopping = true;
                desk.load.borrow_mut().stop();
            }
            _ = ticks.tick() => {}
        }
        let now = desk.clock.now();
        let mut load = desk.load.borrow_mut();
        if load.is_unbound_yet() && desk.is_unreachable() && began.elapsed() >= desk.settings.settle
        {
            return;
        }
        if tick * TICK.as_millis() as u64 >= START_WITHIN.as_millis() as u64 {
            if load.is_unbound_yet() {
                desk.failure.borrow_mut().get_or_insert(Failure::NoBind);
                return;
            }
            load.start(now);
        }
        if load.poll_over(now) || load.is_unbound_yet() && desk.is_refused() {
            return;
        }
        if load.is_unbound_yet() {
            continue;
        }
        desk.failure.take();
        if load.is_held_back() || tick % PROGRESS_TICKS == 0 {
            desk.metronome.wake_all();
        }
        if tick % PROGRESS_TICKS == 0 {
            progress(load.progress(now));
        }
    }
}

impl Desk {
    /// Whether trying again would be of no use.
    fn is_refused(&self) -> bool {
        let lasting = |status: &CommandStatus| *status != CommandStatus::ESME_RALYBND;
        matches!(&*self.failure.borrow(), Some(Failure::Refused(status)) if lasting(status))
    }

    /// Whether the last attempt to connect came to nothing.
    fn is_unreachable(&self) -> bool {
        matches!(&*self.failure.borrow(), Some(Failure::Connect(..)))
    }

    fn failed(&self, failure: Failure) {
        if self.load.borrow().is_unbound_yet() {
            self.failure.replace(Some(failure));
        }
    }
}

/// Keeps one bind, making it again when it is lost, until the run is over.
async fn keep_bound(desk: Rc<Desk>, slot: usize) {
    let mut backoff = Backoff::new(RECONNECT.0, RECONNECT.1, slot as u64 + 1);
    let kind = desk.settings.kind_of(slot);
    while !desk.over.get() {
        let target = &desk.target;
        match connect(&target.address, target.tls.as_ref(), CONNECT_TIMEOUT).await {
            Err(error) => desk.failed(Failure::Connect(target.address.clone(), error)),
            Ok(stream) => {
                desk.links.set(desk.links.get() + 1);
                let now = desk.clock.now();
                let mut session = Session::new(Role::Esme, session_settings(&desk.settings), now);
                let system_id = desk.settings.system_id_of(slot);
                let request = BindRequest::new(kind, &system_id, &desk.settings.password);
                if session.bind(now, &request).is_err() {
                    // Only a field that is too long is left; commands check that first.
                    return desk.failed(Failure::Refused(CommandStatus::ESME_RINVSYSID));
                }
                let owner = BindOwner { desk: Rc::clone(&desk), slot, bound: false };
                let mut link = Link::new(stream, session, owner, desk.clock);
                let reason = (&mut link).await;
                if link.into_parts().1.bound {
                    backoff.succeeded();
                    desk.load.borrow_mut().unbound(desk.clock.now());
                }
                if let CloseReason::BindRefused(status) = reason {
                    desk.failed(Failure::Refused(status));
                }
                desk.links.set(desk.links.get() - 1);
            }
        }
        if !desk.over.get() {
            tokio::time::sleep(backoff.next_wait()).await;
        }
    }
}

fn session_settings(settings: &Settings) -> session::Settings {
    session::Settings {
        window_max: settings.window_max,
        response_timeout: settings.response_timeout,
        // What is still out at the end has had its time already.
        drain: Duration::ZERO,
        rules: Rules { long_c_strings: true, ..Rules::default() },
        ..session::Settings::default()
    }
}

/// What a bind of the load is for.
struct BindOwner {
    desk: Rc<Desk>,
    slot: usize,
    bound: bool,
}

impl Owner for BindOwner {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        let load = &mut *self.desk.load.borrow_mut();
        match &event {
            Event::Response { request, late, status, pdu } => {
                load.answered(now, request, *late, *status, pdu.as_ref());
            }
            Event::Request { header, pdu: Pdu::DeliverSm(deliver) } => {
                load.delivered(now, deliver);
                let body = DeliverSmResp::default();
                // An empty body cannot be too long.
                let _ = session.respond(header.sequence_number, CommandStatus::ESME_ROK, &body);
            }
            Event::Request { header, .. } => {
                let status = CommandStatus::ESME_RINVCMDID;
                session.respond_status(header.command_id, header.sequence_number, status);
            }
            Event::Unanswered { request, why } => load.unanswered(request, *why),
            Event::Odd(session::Odd::Stray { .. }) => load.stray(),
            Event::Bound(_) => {
                self.bound = true;
                load.bound(now);
                self.desk.metronome.wake_all();
            }
            Event::BindRequested(_) | Event::Outbind(_) | Event::Odd(_) | Event::Closed(_) => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        let metronome = &self.desk.metronome;
        if let Some(waker) = metronome.wakers.get(self.slot) {
            waker.register(cx.waker());
        }
        if self.desk.over.get() {
            return session.unbind(now);
        }
        if session.state() == State::BoundRx {
            return;
        }
        let mut load = self.desk.load.borrow_mut();
        load.submit(now, session);
        metronome.set_due(load.poll_due());
    }
}

/// Wakes one bind after the other when messages are due: the runtime's timers have a grain of a
/// millisecond, which would be seen in every latency.
struct Metronome {
    wakers: Vec<AtomicWaker>,
    /// When the next message is due: nanoseconds on the monotonic clock.
    due: AtomicU64,
    /// Who sleeps until then.
    thread: OnceLock<Thread>,
    stopped: AtomicBool,
}

/// No message is due: [`Metronome`] wakes nobody.
const NEVER: u64 = u64::MAX;

impl Metronome {
    fn new(binds: usize) -> Self {
        Self {
            wakers: (0..binds).map(|_| AtomicWaker::new()).collect(),
            due: AtomicU64::new(NEVER),
            thread: OnceLock::new(),
            stopped: AtomicBool::new(false),
        }
    }

    fn start(this: &Arc<Self>, clock: Clock) -> std::thread::JoinHandle<()> {
        let metronome = Arc::clone(this);
        let handle = std::thread::spawn(move || {
            let this = metronome;
            while !this.stopped.load(Ordering::Relaxed) {
                if this.due.load(Ordering::Relaxed) == NEVER {
                    std::thread::park_timeout(TICK);
                    continue;
                }
                for waker in &this.wakers {
                    let now = super::nanos(clock.now().monotonic);
                    let sleep = sleep_until(this.due.load(Ordering::Relaxed), now);
                    // A rate below one a second must not keep the thread from its end.
                    std::thread::sleep(sleep.min(TICK));
                    waker.wake();
                }
            }
        });
        // Nobody else sets it.
        let _ = this.thread.set(handle.thread().clone());
        handle
    }

    fn set_due(&self, due: Option<u64>) {
        let due = due.unwrap_or(NEVER);
        let before = self.due.swap(due, Ordering::Relaxed);
        if before == NEVER
            && due != NEVER
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    fn wake_all(&self) {
        self.wakers.iter().for_each(AtomicWaker::wake);
    }
}
