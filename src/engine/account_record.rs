//! One account over all its sessions: which stand, and what happened to them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::handles::AccountHandle;
use super::history::{Event, History, What, with};
use crate::wire::State;

/// A session of an account.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// Its number among the sessions of its account, from 1: the first since the start has 1.
    pub number: u64,
    /// As what it is bound.
    pub state: State,
    /// From where.
    pub peer: SocketAddr,
    /// Since when, in wall time since 1970.
    pub since: Duration,
    /// Its link.
    pub handle: Arc<AccountHandle>,
}

/// What is known of one account.
#[derive(Debug, Default)]
pub struct AccountRecord {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// At most `binds_max`.
    sessions: Vec<SessionRecord>,
    numbers: u64,
    events: History,
}

impl AccountRecord {
    /// A session has bound.
    pub fn bound(
        &self,
        wall: Duration,
        (state, peer): (State, SocketAddr),
        handle: &Arc<AccountHandle>,
    ) {
        with(&self.inner, |inner| {
            inner.numbers += 1;
            let (number, handle) = (inner.numbers, Arc::clone(handle));
            inner.sessions.push(SessionRecord { number, state, peer, since: wall, handle });
            inner.events.note(wall, What::Bound(state), 1);
        });
    }

    /// It has ended like this.
    pub fn closed(&self, wall: Duration, handle: &Arc<AccountHandle>, what: What) {
        with(&self.inner, |inner| {
            inner.sessions.retain(|session| !Arc::ptr_eq(&session.handle, handle));
            inner.events.note(wall, what, 1);
        });
    }

    /// Something happened.
    pub fn note(&self, wall: Duration, what: What, times: u64) {
        with(&self.inner, |inner| inner.events.note(wall, what, times));
    }

    /// The sessions that stand.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionRecord> {
        with(&self.inner, |inner| inner.sessions.clone())
    }

    /// What happened, the oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        with(&self.inner, |inner| inner.events.events().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::CloseReason;

    #[test]
    fn each_session_has_a_number_that_no_later_one_gets() {
        let record = AccountRecord::default();
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let [first, second, third] =
            [1, 2, 3].map(|window_max| AccountHandle::new(window_max, None, &Arc::default()));
        let bind = |handle| record.bound(Duration::ZERO, (State::BoundTrx, peer), handle);
        bind(&first);
        bind(&second);
        record.closed(Duration::ZERO, &first, What::Closed(CloseReason::PeerUnbound));
        bind(&third);
        let numbers: Vec<u64> = record.sessions().iter().map(|one| one.number).collect();
        assert_eq!(numbers, [2, 3]);
        let events: Vec<(What, u64)> =
            record.events().into_iter().map(|one| (one.what, one.times)).collect();
        let closed = What::Closed(CloseReason::PeerUnbound);
        assert_eq!(events, [(closed, 1), (What::Bound(State::BoundTrx), 3)]);
    }
}
