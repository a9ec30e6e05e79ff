//! Connections that have not bound, and which of them goes when there are too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The connections that have not bound, by age. At the limit the oldest is shown out: peers bind
/// within a round trip, so it is the likeliest never to.
#[derive(Debug, Default)]
pub struct Lobby {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    guests: BTreeMap<u64, Arc<Out>>,
    next: u64,
}

/// A connection's place, given up when this is dropped.
#[derive(Debug)]
pub struct Guest {
    lobby: Arc<Lobby>,
    place: u64,
    out: Arc<Out>,
}

/// Whether a connection has been shown out.
#[derive(Debug, Default)]
pub struct Out {
    flag: AtomicBool,
    told: Notify,
}

impl Out {
    /// Waits until it has been.
    pub async fn wait(&self) {
        self.told.notified().await;
    }

    fn tell(&self) {
        self.flag.store(true, Ordering::Release);
        self.told.notify_one();
    }
}

impl Lobby {
    /// Lets a connection in where there is room for so many, at least one; the oldest are shown out
    /// if there is none.
    #[must_use]
    pub fn enter(self: &Arc<Self>, max: u32) -> Guest {
        let max = (max as usize).max(1);
        let out = Arc::new(Out::default());
        let mut waiting = self.lock();
        while waiting.guests.len() >= max {
            let Some((_, oldest)) = waiting.guests.pop_first() else { break };
            oldest.tell();
        }
        let place = waiting.next;
        waiting.next += 1;
        waiting.guests.insert(place, Arc::clone(&out));
        Guest { lobby: Arc::clone(self), place, out }
    }

    /// A panic elsewhere leaves the map whole: each change of it is one call.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// What tells the connection that it has been shown out.
    #[must_use]
    pub fn out(&self) -> Arc<Out> {
        Arc::clone(&self.out)
    }

    /// Whether it has been.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.out.flag.load(Ordering::Acquire)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.lobby.lock().guests.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_is_no_room_and_who_has_bound_makes_room() {
        let lobby = Arc::new(Lobby::default());
        let (first, second) = (lobby.enter(2), lobby.enter(2));
        assert!(!first.is_out() && !second.is_out());
        let third = lobby.enter(2);
        assert!(first.is_out() && !second.is_out() && !third.is_out());
        drop(second);
        let fourth = lobby.enter(2);
        assert!(!third.is_out() && !fourth.is_out());
        // There is to be less room than there was.
        let fifth = lobby.enter(1);
        assert!(third.is_out() && fourth.is_out() && !fifth.is_out());
    }
}
