//! The world's own time: what happens outside the engine, one event after the other.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, Weak};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::counts::{Counts, What};
use super::esme::Esme;
use super::ledger::{Ledger, LifeEnd};
use super::net::{Conn, Side, Way};
use super::plan::{Absence, Doubt, KillPlan, Plan, millis};
use super::smscs::SmscSide;
use crate::clock::Now;
use crate::link::Octets;
use crate::link::wall::Wall;
use crate::sim::dice::{Dice, mixed};
use crate::sim::disk::SimDisk;
use crate::wire::SequenceNumber;

/// When every world begins, in wall time since 1970.
pub const EPOCH: Duration = Duration::from_secs(1_780_000_000);
/// A world that has not come to its end by then never will.
const DEADLINE: Duration = Duration::from_secs(400);
/// How long nothing may be left to do before a world is over.
const QUIET: Duration = Duration::from_secs(3);
/// How often it is looked whether anything is.
const LOOK: Duration = Duration::from_secs(1);

/// Octets that may be under way where writes do not wait.
const ROOMY: usize = 60_000;

/// What happens outside the engine.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Arrival(usize, Way),
    Timer(usize),
    Stall(usize),
    Lost(usize),
    Esme(usize),
    Absence(usize, usize),
    Answer(usize, SequenceNumber),
    Kill(u32),
    WallJump(usize),
    Space(bool),
    Heal,
    Look,
}

/// One life of the engine.
#[derive(Default)]
pub struct Life {
    /// Counted from 1.
    pub number: u32,
    pub began_at: Duration,
    pub started: Option<Instant>,
    /// It is dead, or was never born.
    pub is_over: bool,
    /// Whether it has read what was left.
    pub is_open: bool,
    pub is_power_cut: bool,
    pub has_failed: bool,
    pub was_full: bool,
    /// Frames that were synced, and calls to the disk.
    pub syncs: u64,
    pub calls: u64,
    /// Where accounts connect.
    pub listening: Option<mpsc::UnboundedSender<(Box<dyn Octets>, SocketAddr)>>,
    /// Who drives the world, and until when it sleeps.
    pub main: Option<Waker>,
    pub sleeps_until: Duration,
}

/// The world outside the engine.
pub struct Core {
    pub plan: Plan,
    pub now: Duration,
    pub dice: Dice,
    pub conns: Vec<Option<Box<Conn>>>,
    pub esmes: Vec<Esme>,
    pub smscs: Vec<SmscSide>,
    pub ledger: Ledger,
    pub counts: Counts,
    pub log: Option<Vec<String>>,
    pub failures: Vec<String>,
    pub life: Life,
    pub kills: VecDeque<KillPlan>,
    pub disk: SimDisk,
    /// Itself, for the streams that it hands out.
    pub me: Weak<Mutex<Core>>,
    pub wall: &'static Wall,
    pub wall_ahead: i64,
    pub is_healed: bool,
    pub is_done: bool,
    /// Segments written to each carrier within the last second.
    pub written: Vec<VecDeque<Duration>>,
    events: BTreeMap<(Duration, u64), Event>,
    next_event: u64,
    quiet_since: Option<Duration>,
}

impl Core {
    pub fn new(plan: Plan, wall: &'static Wall, has_log: bool) -> Self {
        let now = Now { monotonic: Duration::from_secs(1), wall: EPOCH };
        let smscs: Vec<_> = plan.carriers.iter().map(|one| SmscSide::new(one, now)).collect();
        let mut core = Self {
            now: Duration::ZERO,
            dice: Dice::new(mixed(plan.seed ^ 7)),
            conns: Vec::new(),
            esmes: (0..plan.accounts.len()).map(|at| Esme::new(&plan, at)).collect(),
            written: smscs.iter().map(|_| VecDeque::new()).collect(),
            smscs,
            ledger: Ledger::default(),
            counts: Counts::default(),
            log: has_log.then(Vec::new),
            failures: Vec::new(),
            life: Life { is_over: true, ..Life::default() },
            kills: plan.kills.iter().copied().collect(),
            disk: SimDisk::new(mixed(plan.seed ^ 3)),
            me: Weak::new(),
            wall,
            wall_ahead: 0,
            is_healed: false,
            is_done: false,
            events: BTreeMap::new(),
            next_event: 0,
            quiet_since: None,
            plan,
        };
        core.ledger.messages = core.esmes.iter().map(|_| Vec::new()).collect();
        core.schedule_plan();
        core.note_plan();
        core
    }

    fn schedule_plan(&mut self) {
        for at in 0..self.esmes.len() {
            self.wake_esme(at, millis(at as u64));
            for (one, &(when, ..)) in self.plan.accounts[at].absences.clone().iter().enumerate() {
                self.schedule(when, Event::Absence(at, one));
            }
        }
        for at in 0..self.plan.wall_jumps.len() {
            self.schedule(self.plan.wall_jumps[at].0, Event::WallJump(at));
        }
        if let Some((from, until)) = self.plan.disk.full {
            self.schedule(from, Event::Space(false));
            self.schedule(until, Event::Space(true));
        }
        self.schedule(self.plan.heals_at, Event::Heal);
        self.schedule(LOOK, Event::Look);
    }

    fn note_plan(&mut self) {
        let plan = self.plan.clone();
        self.note(|| {
            format!(
                "shards {} {:?} {:?} strict {}",
                plan.shards, plan.disk, plan.net, plan.strict_order
            )
        });
        for kill in &plan.kills {
            self.note(|| format!("{kill:?}"));
        }
        for account in &plan.accounts {
            self.note(|| format!("{account:?}"));
        }
        for carrier in &plan.carriers {
            self.note(|| format!("{carrier:?}"));
        }
    }

    /// The present moment, as those outside see it.
    pub fn moment(&self) -> Now {
        Now { monotonic: self.now + Duration::from_secs(1), wall: EPOCH + self.now }
    }

    /// Has something happen then.
    pub fn schedule(&mut self, at: Duration, event: Event) {
        let at = at.max(self.now);
        self.events.insert((at, self.next_event), event);
        self.next_event += 1;
        if at < self.life.sleeps_until
            && let Some(main) = &self.life.main
        {
            main.wake_by_ref();
        }
    }

    /// Takes on the time that the engine's timers have come to.
    pub fn look_at_clock(&mut self) {
        if let Some(started) = self.life.started {
            self.now = self.now.max(self.life.began_at + started.elapsed());
        }
    }

    pub const fn is_over(&self, life: u32) -> bool {
        self.life.is_over || self.life.number != life
    }

    /// When something happens next.
    pub fn next_at(&self) -> Duration {
        self.events.first_key_value().map_or(DEADLINE, |((at, _), _)| *at)
    }

    /// Has all happen that is due.
    pub fn run_due(&mut self) {
        while let Some(entry) = self.events.first_entry()
            && entry.key().0 <= self.now
            && !self.is_done
        {
            let event = entry.remove();
            self.happen(event);
        }
        if self.now >= DEADLINE && !self.is_done {
            self.is_done = true;
            self.failures.push(format!("after {DEADLINE:?} it has not come to its end"));
        }
    }

    /// Passes time without an engine.
    pub fn pass(&mut self, until: Duration) {
        while self.next_at() <= until && !self.is_done {
            self.now = self.now.max(self.next_at());
            self.run_due();
        }
        self.now = self.now.max(until);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival(at, way) => self.arrives(at, way),
            Event::Timer(at) => self.timer(at),
            Event::Stall(at) => {
                if let Some(conn) = &mut self.conns[at]
                    && !conn.is_dead
                    && !self.is_healed
                {
                    conn.is_dead = true;
                    self.counts.add(What::Stalled);
                    self.note(|| format!("conn {at} dead"));
                }
            }
            Event::Lost(at) => self.lose(at),
            Event::Esme(at) => self.esme_acts(at),
            Event::Absence(at, which) => self.absent(at, which),
            Event::Answer(at, sequence) => self.answer_late(at, sequence),
            Event::Kill(life) => {
                if !self.is_over(life) {
                    self.kill(What::AnyTime);
                }
            }
            Event::WallJump(at) => self.jump(at),
            Event::Space(is_there) => {
                let left = self.dice.below(40_000);
                let capacity = if is_there { u64::MAX } else { self.disk.used() + left };
                self.disk.set_capacity(capacity);
                self.note(|| format!("disk capacity {capacity}"));
            }
            Event::Heal => self.heal(),
            Event::Look => self.look(),
        }
    }

    fn jump(&mut self, at: usize) {
        let (_, mut by) = self.plan.wall_jumps[at];
        // What is held is told when its validity ends, which is a moment and no wait.
        if self.plan.carriers.iter().any(|carrier| carrier.in_doubt == Doubt::Hold) {
            by = by.max(-40);
        }
        self.counts.add(if by > 0 { What::WallAhead } else { What::WallBack });
        self.wall_ahead += by;
        self.note(|| format!("wall clock {by:+} s"));
        self.set_wall();
    }

    /// How far the engine's wall clock is ahead of its monotonic one, which began a second before
    /// its life did.
    pub fn ahead(&self) -> Duration {
        let ahead = EPOCH + self.life.began_at - Duration::from_secs(1);
        let by = Duration::from_secs(self.wall_ahead.unsigned_abs());
        if self.wall_ahead < 0 { ahead - by } else { ahead + by }
    }

    fn set_wall(&self) {
        self.wall.set(self.ahead());
    }

    /// What goes wrong by the clock ends.
    fn heal(&mut self) {
        self.is_healed = true;
        self.disk.set_capacity(u64::MAX);
        self.note(|| "healed".to_owned());
        for at in 0..self.conns.len() {
            if self.conns[at].as_ref().is_some_and(|conn| conn.is_dead && !conn.is_reset) {
                self.reset(at);
            }
        }
    }

    /// Whether all has come to its end.
    fn look(&mut self) {
        let is_left =
            !self.is_healed || self.life.is_over || !self.kills.is_empty() || self.is_busy();
        match (is_left, self.quiet_since) {
            (true, _) => self.quiet_since = None,
            (false, None) => self.quiet_since = Some(self.now),
            (false, Some(since)) if self.now >= since + QUIET => {
                self.is_done = true;
                if let Some(main) = &self.life.main {
                    main.wake_by_ref();
                }
                return;
            }
            (false, Some(_)) => {}
        }
        self.schedule(self.now + LOOK, Event::Look);
    }

    // ---- kills ----

    /// Whether the engine is to be killed at this point next.
    pub fn is_next_kill(&self, point: What) -> bool {
        !self.life.is_over && self.kills.front().is_some_and(|kill| kill.point == point)
    }

    /// Passes a point once; whether the engine is to be killed there now.
    pub fn counts_down(&mut self, point: What) -> bool {
        if !self.is_next_kill(point) {
            return false;
        }
        let Some(kill) = self.kills.front_mut() else { return false };
        if kill.passes > 0 {
            kill.passes -= 1;
            return false;
        }
        true
    }

    /// Passes a point, and dies there if that was planned.
    pub fn passes(&mut self, point: What) {
        if self.counts_down(point) {
            self.kill(point);
        }
    }

    /// The engine dies here.
    pub fn kill(&mut self, point: What) {
        let power = self.kills.pop_front().is_some_and(|kill| kill.power);
        self.counts.add(point);
        self.counts.add(if power { What::PowerCut } else { What::Killed });
        self.note(|| format!("killed: {} (power cut: {power})", point.words().1));
        self.end_life(power);
    }

    /// The life ends; whoever drives it sees that.
    pub fn end_life(&mut self, power: bool) {
        if power {
            self.disk.power_cut();
        }
        let Life { syncs, was_full, has_failed, .. } = self.life;
        let was_well = !was_full && !has_failed && self.plan.disk.slow.is_none();
        self.ledger.ends.push(LifeEnd { at: self.now, frames: syncs, was_well });
        self.ledger.disturbed_at = self.now;
        self.life.is_over = true;
        self.life.is_power_cut = power;
        self.life.listening = None;
        if let Some(main) = &self.life.main {
            main.wake_by_ref();
        }
    }

    /// What connections come to when their engine is gone: the machine says so at once after a
    /// kill, and nobody does for a while after a power cut.
    pub fn engine_is_gone(&mut self) {
        self.life.main = None;
        self.life.started = None;
        for at in 0..self.conns.len() {
            if self.conns[at].as_ref().is_some_and(|conn| conn.is_closed && conn.is_reset) {
                self.conns[at] = None;
            }
            let Some(conn) = &mut self.conns[at] else { continue };
            conn.to_engine.parcels.clear();
            let last = conn.to_outside.last_at.max(self.now);
            let wait = match self.life.is_power_cut {
                true => millis(self.dice.below(4_000)),
                false => Duration::ZERO,
            };
            self.schedule(last + wait, Event::Lost(at));
        }
    }

    // ---- limits ----

    /// No more requests are out than the window allows.
    pub fn check_window(&mut self, conn: &mut Conn) {
        let (window, timeout) = match conn.side {
            Side::Account(at) => (self.plan.accounts[at].window_max, super::life::ACCOUNT_TIMEOUT),
            Side::Carrier(at) => {
                (self.plan.carriers[at].window, self.plan.carriers[at].response_timeout)
            }
        };
        // One that waited for others before it was written is given up as much sooner.
        let (sure, timeout) = (timeout, timeout.saturating_sub(Duration::from_secs(1)));
        let mut is_silent = false;
        while let Some((_, at)) =
            conn.unanswered.front().filter(|(_, at)| *at + timeout <= self.now)
        {
            is_silent |= *at + sure < self.now && conn.heard_at < *at + timeout;
            conn.unanswered.pop_front();
        }
        if is_silent && matches!(conn.side, Side::Carrier(_)) && conn.inbox.is_empty() {
            self.failures.push(format!("{:?}: it is silent, and gets more", conn.side));
        }
        let out = conn.unanswered.len();
        if out > window as usize {
            self.failures.push(format!("{:?}: {out} requests are out, {window} may be", conn.side));
        }
    }

    /// No more segments go in a second than may.
    pub fn check_rate(&mut self, carrier: usize) {
        let rate = self.plan.carriers[carrier].rate as usize;
        // What had to wait for room goes all at once.
        if rate == 0 || self.plan.net.buffer < ROOMY {
            return;
        }
        let (now, written) = (self.now, &mut self.written[carrier]);
        written.push_back(now);
        while written.front().is_some_and(|at| *at + Duration::from_secs(1) <= now) {
            written.pop_front();
        }
        // A tenth of a second's worth may come at once, or a window; after a start anew.
        let began_lately = now < self.life.began_at + Duration::from_secs(1);
        let bursts = 1 + usize::from(self.life.number > 1 && began_lately);
        let most = rate + bursts * ((rate / 10).max(10) + 1) + 1;
        if written.len() > most {
            let count = written.len();
            self.failures.push(format!("carrier {carrier}: {count} segments within a second"));
        }
    }

    /// Adds a line to the log, where there is one.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(log) = &mut self.log {
            log.push(format!("{:>9.3} {}", now.as_secs_f64(), line()));
        }
    }

    /// How an account vanishes.
    fn absent(&mut self, at: usize, which: usize) {
        let (_, how, length) = self.plan.accounts[at].absences[which];
        let Some(conn) = self.esmes[at].conn else { return };
        self.esmes[at].away_until = self.now + length;
        self.note(|| format!("account {at} {how:?} for {length:?}"));
        match how {
            Absence::Vanishes => {
                self.counts.add(What::Vanished);
                self.reset(conn);
            }
            Absence::Mute => {
                self.counts.add(What::Mute);
                if let Some(conn) = &mut self.conns[conn] {
                    conn.is_dead = true;
                }
                self.schedule(self.now + length, Event::Lost(conn));
            }
            Absence::Unbinds => {
                self.counts.add(What::Unbound);
                self.unbind(conn);
            }
        }
    }
}
