//! The reasons to wake up, one deadline each (SMPP 3.4 §7.2). No timer objects: the owner asks for
//! the next moment and calls back then.

use std::time::Duration;

use super::settings::Settings;
use crate::wire::State;

/// Deadlines and the moments they are counted from.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// The bind must stand by then.
    bind_by: Option<Duration>,
    /// A drain, or an unbind that was sent, ends by then.
    drain_by: Option<Duration>,
    /// The last octets of the peer.
    heard_at: Duration,
    /// The last message either way: what inactivity counts from.
    message_at: Duration,
    /// Whether a request was not answered in time, and the peer has said nothing since.
    silent: bool,
    /// When enquire_link was sent, if the peer has been silent since.
    probed_at: Option<Duration>,
    /// Since when the link is not being read, if it is not.
    paused_at: Option<Duration>,
    /// How long it was not, all earlier pauses together.
    paused: Duration,
}

/// What a timer asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// No bind in time.
    Bind,
    /// The drain has had its time.
    Drain,
    /// Ask whether the peer is there.
    Enquire,
    /// The peer did not answer that.
    Silent,
    /// No message for too long.
    Inactive,
}

impl Timers {
    pub fn new(now: Duration) -> Self {
        Self {
            bind_by: None,
            drain_by: None,
            heard_at: now,
            message_at: now,
            silent: false,
            probed_at: None,
            paused_at: None,
            paused: Duration::ZERO,
        }
    }

    pub fn expect_bind(&mut self, by: Duration) {
        self.bind_by = Some(by);
    }

    pub fn bound(&mut self, now: Duration) {
        self.bind_by = None;
        self.heard_at = now;
        self.message_at = now;
    }

    pub fn drain_until(&mut self, by: Duration) {
        self.drain_by = Some(by);
    }

    /// The peer sent something: any PDU answers an enquiry.
    #[inline]
    pub fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        self.probed_at = None;
        self.silent = false;
    }

    /// A request was not answered in time; whether the peer is to be asked whether it is there.
    pub fn unanswered(&mut self, settings: &Settings, state: State) -> bool {
        // Who is never asked may have nothing to say.
        self.silent = self.watches(state) && settings.enquire_link < Duration::MAX;
        self.silent && self.probed_at.is_none()
    }

    /// Whether that was the last that happened.
    #[inline]
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// A message went either way.
    #[inline]
    pub fn message(&mut self, now: Duration) {
        self.message_at = now;
    }

    pub fn probed(&mut self, now: Duration) {
        self.probed_at = Some(now);
    }

    /// The link is read no more: from now on the peer may have spoken without our knowing.
    pub fn pause(&mut self, now: Duration) {
        self.paused_at.get_or_insert(now);
    }

    /// It is read again: the peer gets the time it had left when the pause began.
    #[inline]
    pub fn resume(&mut self, now: Duration) {
        let Some(since) = self.paused_at.take() else { return };
        let pause = now.saturating_sub(since);
        self.paused = self.paused.saturating_add(pause);
        self.message_at = self.message_at.saturating_add(pause);
        (self.heard_at, self.probed_at) = (now, None);
    }

    /// `now` on a clock that stands still while the link is not read: what requests are timed by.
    #[inline]
    pub fn reading(&self, now: Duration) -> Duration {
        self.paused_at.unwrap_or(now).saturating_sub(self.paused)
    }

    /// A moment of that clock as one of the monotonic clock, without the pauses since.
    #[inline]
    pub fn excused(&self, reading: Duration) -> Duration {
        reading.saturating_add(self.paused)
    }

    /// The next moment something is due. `oldest` is when the oldest unanswered request was sent,
    /// by [`Timers::reading`].
    pub fn next(
        &self,
        settings: &Settings,
        state: State,
        oldest: Option<Duration>,
    ) -> Option<Duration> {
        let response = match self.paused_at {
            Some(_) => None,
            None => oldest.map(|sent| self.excused(sent).saturating_add(settings.response_timeout)),
        };
        let mut next = earliest(self.bind_by, self.drain_by);
        next = earliest(next, response);
        if self.watches(state) {
            next = earliest(next, Some(self.probe_by(settings)));
            next = earliest(next, self.inactive_by(settings));
        }
        next
    }

    /// What is due now, the gravest first.
    pub fn due(&self, settings: &Settings, state: State, now: Duration) -> Option<Due> {
        if self.drain_by.is_some_and(|by| by <= now) {
            return Some(Due::Drain);
        }
        if self.bind_by.is_some_and(|by| by <= now) {
            return Some(Due::Bind);
        }
        if !self.watches(state) {
            return None;
        }
        if self.probe_by(settings) <= now {
            return Some(if self.probed_at.is_some() { Due::Silent } else { Due::Enquire });
        }
        self.inactive_by(settings).filter(|by| *by <= now).map(|_| Due::Inactive)
    }

    /// Whether silence and inactivity count. While a session winds down they do not: the drain
    /// has its own end, and a deadline that stays in the past would be called for without pause.
    /// Nor do they while nothing is read.
    fn watches(&self, state: State) -> bool {
        state.is_bound() && self.drain_by.is_none() && self.paused_at.is_none()
    }

    fn probe_by(&self, settings: &Settings) -> Duration {
        match self.probed_at {
            Some(at) => at.saturating_add(settings.response_timeout),
            None => self.heard_at.saturating_add(settings.enquire_link),
        }
    }

    fn inactive_by(&self, settings: &Settings) -> Option<Duration> {
        settings.inactivity.map(|limit| self.message_at.saturating_add(limit))
    }
}

fn earliest(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, None) => one,
        (None, other) => other,
    }
}
