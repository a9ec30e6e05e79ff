//! How far a journal has come, for all who wait for it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;

use super::{Position, Refused};

/// Most who may watch one journal: shards, dispatchers of carriers, and a few who project it.
pub const WATCHERS_MAX: usize = WATCHERS_EACH * 256;
/// Places that are made at a time: 24 octets each.
const WATCHERS_EACH: usize = 64;

/// How a journal stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum State {
    /// It takes all.
    Running = 0,
    /// There is no space behind the segment being written: it takes what is submitted, and
    /// whoever can should submit only what ends messages.
    Low = 1,
    /// There is no space. It refuses.
    Full = 2,
    /// It was asked to stop.
    Closed = 3,
    /// Another writer has taken its place.
    Fenced = 4,
    /// The storage failed. It refuses for good.
    Failed = 5,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Low, Self::Full, Self::Closed, Self::Fenced, Self::Failed];

    /// What it is called in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Low => "low",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Fenced => "fenced",
            Self::Failed => "failed",
        }
    }

    /// Why nothing is taken in this state; `None` when it is.
    pub(super) const fn refusal(self) -> Option<Refused> {
        match self {
            Self::Running | Self::Low => None,
            Self::Full => Some(Refused::Full),
            Self::Closed => Some(Refused::Closed),
            Self::Fenced => Some(Refused::Fenced),
            Self::Failed => Some(Refused::Failed),
        }
    }

    /// Whether it will never take anything again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Fenced | Self::Failed)
    }
}

/// The last durable position and the state of a journal, without locks.
#[derive(Debug)]
pub struct Progress {
    durable: AtomicU64,
    state: AtomicU8,
    /// Why it failed, once it has.
    why: OnceLock<String>,
    watchers: Box<[OnceLock<Box<[AtomicWaker]>>]>,
    taken: AtomicU64,
}

impl Progress {
    pub(super) fn new(durable: Position) -> Self {
        let watchers = (0..WATCHERS_MAX / WATCHERS_EACH).map(|_| OnceLock::new()).collect();
        Self {
            durable: AtomicU64::new(durable.number()),
            state: AtomicU8::new(State::Running as u8),
            why: OnceLock::new(),
            watchers,
            taken: AtomicU64::new(0),
        }
    }

    /// The last position that is durable, and all before it.
    #[must_use]
    pub fn durable(&self) -> Position {
        Position::new(self.durable.load(Ordering::Acquire))
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> State {
        // Only values of `State` are stored.
        State::ALL[usize::from(self.state.load(Ordering::Acquire))]
    }

    /// Why it failed.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    /// A place to leave a waker in; `None` when [`WATCHERS_MAX`] are taken.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> Option<Watcher> {
        let at = self.taken.fetch_add(1, Ordering::AcqRel);
        let at = usize::try_from(at).ok().filter(|&at| at < WATCHERS_MAX)?;
        self.watchers[at / WATCHERS_EACH]
            .get_or_init(|| (0..WATCHERS_EACH).map(|_| AtomicWaker::new()).collect());
        Some(Watcher { progress: Arc::clone(self), at })
    }

    /// Says that all up to this position is durable, and wakes who watches.
    pub(super) fn advance(&self, durable: Position) {
        let before = self.durable.swap(durable.number(), Ordering::Release);
        debug_assert!(before <= durable.number(), "durable went back from {before} to {durable}");
        self.wake();
    }

    /// Takes on a state, unless it is in one for good, and wakes who watches when it is another.
    pub(super) fn become_state(&self, state: State) {
        let change = |now: u8| {
            let is_final = State::ALL[usize::from(now)].is_final();
            (now != state as u8 && !is_final).then_some(state as u8)
        };
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).is_ok() {
            self.wake();
        }
    }

    /// Fails for this reason, for good.
    pub(super) fn fail(&self, why: String) {
        // The first reason is the one that counts.
        let _ = self.why.set(why);
        self.become_state(State::Failed);
    }

    fn wake(&self) {
        // A load could miss one who has just come, and who then misses what was written before: of
        // two changes, the later one sees the other.
        let taken = self.taken.fetch_add(0, Ordering::AcqRel);
        let taken = usize::try_from(taken).unwrap_or(WATCHERS_MAX);
        let made = self.watchers.iter().map_while(OnceLock::get).flat_map(|some| some.iter());
        made.take(taken).for_each(AtomicWaker::wake);
    }
}

/// One who watches a journal's progress. It holds its place for as long as the journal lives.
#[derive(Debug)]
pub struct Watcher {
    progress: Arc<Progress>,
    at: usize,
}

impl Watcher {
    /// The progress that is watched.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Leaves a waker for when it moves or its state changes; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        let (some, at) = (self.at / WATCHERS_EACH, self.at % WATCHERS_EACH);
        if let Some(watchers) = self.progress.watchers[some].get() {
            watchers[at].register(cx.waker());
        }
    }

    /// Blocks the thread until this position is durable, the journal has stopped for good, or
    /// `patience` is over; says whether it is durable.
    #[must_use]
    pub fn wait(&self, position: Position, patience: Duration) -> bool {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let cx = Context::from_waker(&waker);
        let until = Instant::now() + patience;
        loop {
            self.register(&cx);
            if self.progress.durable() >= position {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if self.progress.state().is_final() || left.is_zero() {
                // What became durable before it stopped counts.
                return self.progress.durable() >= position;
            }
            std::thread::park_timeout(left);
        }
    }
}

/// Wakes a thread that is parked.
pub(super) struct Unpark(pub(super) Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_woken_when_it_is_durable_and_when_it_never_will_be() {
        let progress = Arc::new(Progress::new(Position::NONE));
        let watcher = progress.watch().unwrap();
        let patience = Duration::from_secs(60);
        let waits = std::thread::spawn(move || {
            let first = watcher.wait(Position::new(2), patience);
            (first, watcher.wait(Position::new(3), patience))
        });
        progress.advance(Position::new(1));
        progress.advance(Position::new(2));
        progress.fail("the disk is gone".to_owned());
        assert_eq!(waits.join().unwrap(), (true, false));
        assert_eq!(progress.why(), Some("the disk is gone"));
    }

    #[test]
    fn a_failure_is_for_good() {
        let progress = Progress::new(Position::NONE);
        for state in [State::Low, State::Full, State::Running] {
            progress.become_state(state);
            assert_eq!(progress.state(), state);
        }
        progress.fail("first".to_owned());
        progress.fail("second".to_owned());
        progress.become_state(State::Running);
        assert_eq!((progress.state(), progress.why()), (State::Failed, Some("first")));
        assert_eq!(progress.state().refusal(), Some(Refused::Failed));
    }

    #[test]
    fn there_are_as_many_watchers_as_said() {
        let progress = Arc::new(Progress::new(Position::NONE));
        let watchers: Vec<Watcher> = (0..WATCHERS_MAX).map_while(|_| progress.watch()).collect();
        assert_eq!((watchers.len(), progress.watch().is_none()), (WATCHERS_MAX, true));
        progress.advance(Position::new(1));
    }
}
