//! One bind to a carrier over all its sessions: how it stands, what happened to it, and what its
//! operator wants of it.
//!
//! Its connector and its link write here when something changes, and add up counts once a wake-up;
//! who asks how the engine stands reads.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::history::{History, What, with};
use super::tap::Tap;
use crate::wire::State;

/// What an operator wants of a bind, until told otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// It is up and sends.
    Sends,
    /// It is up and gets no message.
    Paused,
    /// It is down.
    Down,
}

/// Where a bind is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Its connection is made.
    Connecting,
    /// It is connected and waits for the carrier's answer to its bind.
    Binding,
    /// Its session stands.
    Bound(State),
    /// It waits for its answers and unbinds.
    Draining,
    /// It waits until this moment (wall time since 1970) and connects again.
    Waiting(Duration),
    /// It stays down until it is resumed.
    Down,
}

/// How a bind stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it is.
    pub phase: Phase,
    /// Since when, in wall time since 1970.
    pub since: Duration,
    /// The carrier's address of this session, when it is connected.
    pub peer: Option<SocketAddr>,
    /// Attempts that came to nothing since it last stood.
    pub failures: u32,
    /// What happened.
    pub events: History,
}

/// One bind.
#[derive(Debug)]
pub struct BindRecord {
    wanted: AtomicU8,
    /// Set while a rebind was asked for and not begun.
    rebind: AtomicBool,
    /// Wakes its connector when something is wanted.
    asked: Notify,
    standing: Mutex<Standing>,
    /// Segments sent.
    pub sent: AtomicU64,
    /// Segments accepted.
    pub accepted: AtomicU64,
    /// Segments answered that the carrier is too busy.
    pub throttled: AtomicU64,
    /// Segments unanswered.
    pub in_flight: AtomicU32,
    /// The pace that it has learnt from throttled answers, in segments a second; 0 when none.
    pub pace: AtomicU32,
    /// Where one may listen in on its sessions.
    pub tap: Arc<Tap>,
}

impl BindRecord {
    /// A bind that is about to connect.
    #[must_use]
    pub fn new(wall: Duration) -> Self {
        Self {
            wanted: AtomicU8::new(Wanted::Sends as u8),
            rebind: AtomicBool::new(false),
            asked: Notify::new(),
            standing: Mutex::new(Standing {
                phase: Phase::Connecting,
                since: wall,
                peer: None,
                failures: 0,
                events: History::default(),
            }),
            sent: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            pace: AtomicU32::new(0),
            tap: Arc::default(),
        }
    }

    /// What is wanted of it.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        match self.wanted.load(Ordering::Acquire) {
            one if one == Wanted::Paused as u8 => Wanted::Paused,
            one if one == Wanted::Down as u8 => Wanted::Down,
            _ => Wanted::Sends,
        }
    }

    /// Wants something else of it.
    pub fn want(&self, wanted: Wanted) {
        self.wanted.store(wanted as u8, Ordering::Release);
        self.asked.notify_one();
    }

    /// Wants it bound anew.
    pub fn want_rebind(&self) {
        self.rebind.store(true, Ordering::Release);
        self.asked.notify_one();
    }

    /// Whether its present session is to end.
    #[must_use]
    pub fn is_to_unbind(&self) -> bool {
        self.wanted() == Wanted::Down || self.rebind.load(Ordering::Acquire)
    }

    /// Takes the wish to be bound anew, which is about to come true.
    pub fn take_rebind(&self) -> bool {
        self.rebind.swap(false, Ordering::AcqRel)
    }

    /// Ready when something may have been asked.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// It is somewhere else now.
    pub fn enter(&self, wall: Duration, phase: Phase) {
        with(&self.standing, |standing| {
            if standing.phase != phase {
                (standing.phase, standing.since) = (phase, wall);
            }
            match phase {
                Phase::Bound(_) => standing.failures = 0,
                Phase::Connecting | Phase::Waiting(_) | Phase::Down => standing.peer = None,
                Phase::Binding | Phase::Draining => {}
            }
        });
    }

    /// It is connected to this address.
    pub fn connected(&self, wall: Duration, peer: Option<SocketAddr>) {
        self.enter(wall, Phase::Binding);
        with(&self.standing, |standing| standing.peer = peer);
    }

    /// An attempt to bind came to nothing.
    pub fn failed(&self) {
        with(&self.standing, |standing| standing.failures = standing.failures.saturating_add(1));
    }

    /// Something happened.
    pub fn note(&self, wall: Duration, what: What, times: u64) {
        with(&self.standing, |standing| standing.events.note(wall, what, times));
    }

    /// How it stands now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        with(&self.standing, |standing| standing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn a_bind_says_since_when_it_is_where_it_is_and_how_often_it_failed() {
        let record = BindRecord::new(second(0));
        record.enter(second(1), Phase::Connecting);
        assert_eq!(record.standing().since, second(0), "it was there before");
        record.connected(second(2), Some(SocketAddr::from(([127, 0, 0, 1], 2775))));
        record.failed();
        record.enter(second(3), Phase::Waiting(second(8)));
        let standing = record.standing();
        let Standing { phase, since, peer, failures, .. } = standing;
        assert_eq!((phase, since, failures), (Phase::Waiting(second(8)), second(3), 1));
        assert_eq!(peer, None, "the connection is gone");
        record.enter(second(9), Phase::Bound(State::BoundTrx));
        assert_eq!(record.standing().failures, 0);
    }

    #[test]
    fn what_an_operator_wants_stays_until_it_is_taken_back() {
        let record = BindRecord::new(second(0));
        assert_eq!((record.wanted(), record.is_to_unbind()), (Wanted::Sends, false));
        record.want(Wanted::Paused);
        assert_eq!((record.wanted(), record.is_to_unbind()), (Wanted::Paused, false));
        record.want_rebind();
        assert!(record.is_to_unbind());
        assert!(record.take_rebind() && !record.take_rebind());
        assert_eq!((record.wanted(), record.is_to_unbind()), (Wanted::Paused, false));
        record.want(Wanted::Down);
        assert!(record.is_to_unbind());
        record.want(Wanted::Sends);
        assert!(!record.is_to_unbind());
    }
}
