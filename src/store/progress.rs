//! How far a journal has come, for all who wait for it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::watchers::Watchers;
use super::{Position, Refused};

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
    watchers: Arc<Watchers>,
    /// Of those whom only its state concerns.
    of_state: Arc<Watchers>,
}

impl Progress {
    pub(super) fn new(durable: Position) -> Self {
        Self {
            durable: AtomicU64::new(durable.number()),
            state: AtomicU8::new(State::Running as u8),
            why: OnceLock::new(),
            watchers: Arc::default(),
            of_state: Arc::default(),
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

    /// A place to leave a waker in; `None` when [`WATCHERS_MAX`](super::WATCHERS_MAX) are taken.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> Option<Watcher> {
        Watcher::of(self, &self.watchers)
    }

    /// A place to leave a waker in that is woken when its state changes, and not whenever it moves;
    /// `None` when [`WATCHERS_MAX`](super::WATCHERS_MAX) are taken.
    #[must_use]
    pub fn watch_state(self: &Arc<Self>) -> Option<Watcher> {
        Watcher::of(self, &self.of_state)
    }

    /// Says that all up to this position is durable, and wakes who watches.
    pub(super) fn advance(&self, durable: Position) {
        let before = self.durable.swap(durable.number(), Ordering::Release);
        debug_assert!(before <= durable.number(), "durable went back from {before} to {durable}");
        self.watchers.wake();
    }

    /// Takes on a state, unless it is in one for good, and wakes who watches when it is another.
    pub(super) fn become_state(&self, state: State) {
        let change = |now: u8| {
            let is_final = State::ALL[usize::from(now)].is_final();
            (now != state as u8 && !is_final).then_some(state as u8)
        };
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).is_ok() {
            self.watchers.wake();
            self.of_state.wake();
        }
    }

    /// Fails for this reason, for good.
    pub(super) fn fail(&self, why: String) {
        // The first reason is the one that counts.
        let _ = self.why.set(why);
        self.become_state(State::Failed);
    }
}

/// Who watches a journal for all the tasks of a runtime: the journal's thread wakes the runtime
/// once, however many of its tasks wait, and it wakes them where that costs no system call.
#[derive(Clone, Debug)]
pub struct Relay {
    own: Arc<Watcher>,
    watchers: Arc<Watchers>,
}

impl Relay {
    /// One for this journal's progress; `None` when it has no place for a watcher.
    #[must_use]
    pub fn new(progress: &Arc<Progress>) -> Option<Self> {
        Some(Self { own: Arc::new(progress.watch()?), watchers: Arc::default() })
    }

    /// A place to leave a waker in that is woken while [`Relay::run`] runs; `None` when
    /// [`WATCHERS_MAX`](super::WATCHERS_MAX) are taken.
    #[must_use]
    pub fn watch(&self) -> Option<Watcher> {
        Watcher::of(&self.own.progress, &self.watchers)
    }

    /// Wakes those who watch, for as long as it is polled.
    pub async fn run(self) -> Infallible {
        std::future::poll_fn(|cx| {
            // Before they are woken: what moves behind this wakes it again.
            self.own.register(cx);
            self.watchers.wake();
            Poll::Pending
        })
        .await
    }
}

/// One who watches a journal's progress. It holds its place for as long as the journal lives.
#[derive(Debug)]
pub struct Watcher {
    progress: Arc<Progress>,
    watchers: Arc<Watchers>,
    at: usize,
}

impl Watcher {
    fn of(progress: &Arc<Progress>, watchers: &Arc<Watchers>) -> Option<Self> {
        let at = watchers.take_place()?;
        Some(Self { progress: Arc::clone(progress), watchers: Arc::clone(watchers), at })
    }

    /// The progress that is watched.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Leaves a waker for when it moves or its state changes; look again afterwards.
    pub fn register(&self, cx: &Context<'_>) {
        self.watchers.register(self.at, cx);
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
    use crate::store::WATCHERS_MAX;

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
    fn a_relay_wakes_those_who_watch_it_when_it_is_woken() {
        let progress = Arc::new(Progress::new(Position::NONE));
        let relay = Relay::new(&progress).unwrap();
        let watcher = relay.watch().unwrap();
        let (noted, own) = (Arc::new(Noted::default()), Arc::new(Noted::default()));
        let [waker, runs] = [&noted, &own].map(|noted| Waker::from(Arc::clone(noted)));
        watcher.register(&Context::from_waker(&waker));
        let mut running = Box::pin(relay.clone().run());
        let mut cx = Context::from_waker(&runs);
        assert!(running.as_mut().poll(&mut cx).is_pending());
        assert_eq!(noted.take(), 1, "it may have moved before");
        watcher.register(&Context::from_waker(&waker));
        progress.advance(Position::new(1));
        assert_eq!((own.take(), noted.take()), (1, 0));
        assert!(running.as_mut().poll(&mut cx).is_pending());
        assert_eq!((own.take(), noted.take()), (0, 1));
        progress.fail("the disk is gone".to_owned());
        assert_eq!(own.take(), 1);
    }

    #[test]
    fn who_watches_the_state_is_left_alone_while_it_moves() {
        let progress = Arc::new(Progress::new(Position::NONE));
        let (watcher, noted) = (progress.watch_state().unwrap(), Arc::new(Noted::default()));
        let waker = Waker::from(Arc::clone(&noted));
        watcher.register(&Context::from_waker(&waker));
        progress.advance(Position::new(1));
        assert_eq!(noted.take(), 0);
        progress.become_state(State::Low);
        assert_eq!(noted.take(), 1);
    }

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Noted(AtomicU64);

    impl Noted {
        fn take(&self) -> u64 {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    impl Wake for Noted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn there_are_as_many_watchers_as_said() {
        let progress = Arc::new(Progress::new(Position::NONE));
        let watchers: Vec<Watcher> = (0..WATCHERS_MAX).map_while(|_| progress.watch()).collect();
        assert_eq!((watchers.len(), progress.watch().is_none()), (WATCHERS_MAX, true));
        progress.advance(Position::new(1));
    }
}
