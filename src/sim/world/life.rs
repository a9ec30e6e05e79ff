//! One life of the engine: a runtime in which the real one runs, until it dies with it.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::core::{Core, Event, Life};
use super::counts::What;
use super::disk::WorldDisk;
use super::esme::system_id;
use super::net::{Handle, SimNetwork};
use super::plan::{CarrierPlan, Doubt, NUMBER, Plan, millis};
use crate::engine::assembly::{Assembly, keeping};
use crate::engine::settings::{
    self, Action, Endpoint, InDoubt, MultipartReceipts, Number, NumberKind, Owner, Route, Secret,
    Settings, StoreEngine, Target, Timers,
};
use crate::engine::{Arrivals, Ground};
use crate::link::{Clock, Network};
use crate::message::dialect::Dialect;
use crate::mo::reply::Texts;
use crate::mt::policy::Sender;
use crate::sim::dice::mixed;
use crate::sim::smsc::ReceiptForm;
use crate::store::{self, FileJournal, Journal, State, Stepped};

/// How long an account may take to answer.
pub const ACCOUNT_TIMEOUT: Duration = Duration::from_millis(2_500);

/// The journal's: all that can be met is met within two hundred messages.
const JOURNAL: store::Settings = store::Settings {
    segment_octets: 48 << 10,
    waiting_batches_max: 16,
    waiting_octets_max: 64 << 10,
    batch_octets_max: 32 << 10,
    full_retry_ms: 200,
};

/// Lets an engine live until it dies or the world is over.
///
/// # Panics
/// When the machine gives no runtime.
pub fn live(core: &Handle) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without threads or sockets");
    runtime.block_on(async {
        core.lock().begin_life(Instant::now());
        if start(core) {
            drive(core).await;
        }
    });
}

impl Core {
    fn begin_life(&mut self, started: Instant) {
        let number = self.life.number + 1;
        let (began_at, started) = (self.now, Some(started));
        self.life = Life { number, began_at, started, ..Life::default() };
        self.wall.begin(self.ahead());
        if number > 1 {
            self.counts.add(What::Restarts);
        }
        if let Some(kill) = self.kills.front() {
            self.schedule(self.now + kill.by, Event::Kill(number));
        }
        self.note(|| format!("life {number}"));
    }

    /// It cannot begin, or go on.
    fn is_unfit(&mut self, why: &str) {
        if self.life.is_over {
            return;
        }
        self.note(|| format!("the engine ends: {why}"));
        if !self.life.has_failed && !self.life.was_full {
            self.failures.push(format!("the engine cannot go on: {why}"));
            self.is_done = true;
        }
        self.counts.add(What::Failed);
        self.end_life(false);
    }

    /// How long the next sync takes.
    fn sync_takes(&mut self) -> Duration {
        if let Some((from, until, takes)) = self.plan.disk.slow
            && (from..until).contains(&self.now)
        {
            self.counts.add(What::DiskSlow);
            return takes;
        }
        millis(self.dice.below(self.plan.disk.sync_ms + 1))
    }
}

/// Starts the engine; whether it is there.
fn start(core: &Handle) -> bool {
    let (life, disk, wall, plan) = {
        let core = core.lock();
        (core.life.number, core.disk.clone(), core.wall, core.plan.clone())
    };
    let clock = Clock::start_with(wall);
    let disk = WorldDisk::new(core.clone(), disk, life);
    let network = Network::Given(Arc::new(SimNetwork { core: core.clone(), life }));
    let seed = mixed(plan.seed ^ mixed(u64::from(life)));
    let ground = Ground { clock, network, seed };
    let settings = engine(&plan);
    let keeping = keeping(&settings);
    let opened = FileJournal::open_stepped_keeping(Arc::new(disk), JOURNAL, keeping).map(Arc::new);
    let assembled = opened.map_err(|error| error.to_string()).and_then(|journal| {
        let assembly = Assembly::open(settings, ground, Arc::clone(&journal));
        assembly.map(|assembly| (assembly, journal)).map_err(|error| error.to_string())
    });
    let (assembly, journal) = match assembled {
        Ok(assembled) => assembled,
        Err(why) => {
            core.lock().is_unfit(&why);
            return false;
        }
    };
    core.lock().life.is_open = true;
    tokio::spawn(step(core.clone(), journal, clock));
    let core = core.clone();
    tokio::spawn(async move {
        let (listening, arrivals) = mpsc::unbounded_channel();
        let running = assembly.run(Arrivals::Given(arrivals)).await;
        core.lock().life.listening = Some(listening);
        // Else it ends with the runtime.
        running.lost().await;
        let mut core = core.lock();
        core.look_at_clock();
        core.is_unfit("a text cannot be read");
    });
    true
}

/// Steps the journal: each step when its disk lets it.
async fn step(core: Handle, journal: Arc<FileJournal>, clock: Clock) {
    loop {
        let stepped = std::future::poll_fn(|cx| Poll::Ready(journal.step(cx))).await;
        match stepped {
            Stepped::Went => {
                let takes = core.lock().sync_takes();
                match takes.is_zero() {
                    true => tokio::task::yield_now().await,
                    false => sleep(takes).await,
                }
            }
            Stepped::Rests if journal.step_kept(clock.now().wall) => {
                tokio::task::yield_now().await;
            }
            Stepped::Rests => woken().await,
            Stepped::Full => sleep(millis(JOURNAL.full_retry_ms)).await,
            Stepped::Over => break,
        }
    }
    if journal.progress().state() == State::Failed {
        // Submissions are refused for a while before the process ends.
        let linger = { core.lock().dice.below(3_000) };
        sleep(millis(linger)).await;
        let why = journal.shared_progress().why().unwrap_or("the journal failed").to_owned();
        let mut core = core.lock();
        core.look_at_clock();
        core.is_unfit(&why);
    }
}

/// Ready when the task is woken.
async fn woken() {
    let mut is_first = true;
    std::future::poll_fn(|_| match std::mem::replace(&mut is_first, false) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

/// Drives what is outside the engine, until the life or the world is over.
async fn drive(core: &Handle) {
    let mut sleep = std::pin::pin!(sleep(Duration::ZERO));
    std::future::poll_fn(|cx| {
        let mut core = core.lock();
        core.life.main.get_or_insert_with(|| cx.waker().clone());
        loop {
            core.life.sleeps_until = Duration::ZERO;
            core.look_at_clock();
            core.run_due();
            let Some(started) = core.life.started.filter(|_| !core.life.is_over && !core.is_done)
            else {
                return Poll::Ready(());
            };
            let next = core.next_at();
            core.life.sleeps_until = next;
            sleep.as_mut().reset(started + next.saturating_sub(core.life.began_at));
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// What the engine is told.
fn engine(plan: &Plan) -> Settings {
    let mut settings = Settings::default();
    settings.node.id = 1;
    settings.node.workers = 1;
    settings.node.shards = plan.shards;
    settings.node.ended_max_messages = 1_000;
    settings.node.receipt_parked_ms = 8_000;
    settings.node.reassembly_max_messages = 1_000;
    settings.smpp.timers = timers(ACCOUNT_TIMEOUT);
    settings.http.listen = None;
    settings.metrics.listen = None;
    settings.store.engine = StoreEngine::Embedded;
    settings.store.checkpoint_bytes = plan.checkpoint_bytes;
    settings.store.retention_hours = u32::from(plan.retention > 0);
    settings.store.retention_max_bytes = plan.retention;
    (settings.store.spill_after_bytes, settings.store.spill_max_bytes) = plan.spill;
    settings.accounts = plan.accounts.iter().enumerate().map(account).collect();
    settings.carriers = plan.carriers.iter().enumerate().map(carrier).collect();
    settings.numbers = vec![Number {
        address: NUMBER.to_owned(),
        kind: NumberKind::ShortCode,
        class: None,
        millionths_per_second: 0,
        owner: Some(Owner::Account(system_id(0))),
        keywords: Vec::new(),
        sender: Sender::default(),
        texts: Texts::default(),
    }];
    let target = |at| Target { carrier: format!("carrier-{at}"), weight: 1, cost: None };
    settings.routes = vec![Route {
        name: "all".to_owned(),
        prefixes: Vec::new(),
        prefix_rows: Vec::new(),
        senders: Vec::new(),
        accounts: Vec::new(),
        tags: Vec::new(),
        class: None,
        hours: None,
        order: settings::Order::default(),
        action: Action::Send((0..plan.carriers.len()).map(target).collect()),
        encoding: settings::Encoding::default(),
        shifts: crate::mt::ingress::Languages::default(),
        strict_order: plan.strict_order,
    }];
    settings
}

fn timers(response: Duration) -> Timers {
    Timers {
        session_init_ms: 3_000,
        enquire_link_ms: 2_500,
        inactivity_ms: 0,
        response_timeout_ms: response.as_millis() as u32,
    }
}

fn account((at, plan): (usize, &super::plan::AccountPlan)) -> settings::Account {
    let secret = Secret::new("secret").unwrap_or_else(Secret::nobody);
    settings::Account {
        window_max: plan.window_max,
        queue_max_messages: plan.queue_max,
        timers: timers(ACCOUNT_TIMEOUT),
        multipart_receipts: match plan.one_receipt {
            true => MultipartReceipts::One,
            false => MultipartReceipts::Each,
        },
        ..settings::Account::new(system_id(at), secret)
    }
}

fn carrier((at, plan): (usize, &CarrierPlan)) -> settings::Carrier {
    let name = format!("carrier-{at}");
    let address = Endpoint { host: name.clone(), port: 1 };
    let dialect = Dialect {
        reconnect_min_ms: 100,
        reconnect_max_ms: 1_000,
        reconnect_refused_ms: 300,
        ..Dialect::default()
    };
    settings::Carrier {
        binds: plan.binds,
        window_max: plan.window,
        segments_per_second: plan.rate,
        in_doubt: match plan.in_doubt {
            Doubt::Hold => InDoubt::Hold,
            Doubt::Resend => InDoubt::Resend,
            Doubt::Wait => InDoubt::WaitThenResend,
        },
        in_doubt_wait_ms: plan.in_doubt_wait.as_millis() as u32,
        query_after_ms: if plan.smsc.receipts == ReceiptForm::None { 1_000 } else { 0 },
        // One that was cut off so often would be held, and its end is days away.
        attempts_max: 10_000,
        connect_timeout_ms: 2_000,
        failover_ms: 1_000,
        dialect: Arc::new(dialect),
        timers: timers(plan.response_timeout),
        ..settings::Carrier::new(name, address, "chappe")
    }
}
