//! One SMPP session as a state machine, for either role: octets and time in, octets and events out.
//!
//! Its methods are of four kinds:
//!
//! - **getters** say where it stands: [`Session::state`], [`Session::in_flight`], ...
//! - **arrivals** tell it what happened: [`Session::handle_bytes`], [`Session::handle_timeout`],
//!   [`Session::handle_eof`], [`Session::handle_disconnect`], ...
//! - **commands** are what its owner wants: [`Session::bind`], [`Session::submit`],
//!   [`Session::respond`], [`Session::unbind`], ...
//! - **polls** say what it wants: [`Session::poll_transmit`], [`Session::poll_event`],
//!   [`Session::poll_timeout`].
//!
//! After every arrival and command the owner polls all three, in that order, until they are empty.
//! **Time never goes back:** each call's `now` is at or after the one before it. The entry of a
//! request exists before its octets are handed out, so a response can never be earlier than it.
//!
//! What is not here: sockets, reconnecting, who may bind, and what messages mean.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

mod arrivals;
mod binding;
mod event;
mod farewell;
mod frame;
mod in_flight;
mod outbox;
mod settings;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::VecDeque;
use std::time::Duration;

pub use event::{BindKind, BindRequest, CloseReason, Event, Odd, Unanswered};
pub use in_flight::Entry;
pub use settings::Settings;

use crate::clock::Now;
use crate::wire::table::{AlertNotification, Body, EnquireLink, Unbind};
use crate::wire::{CommandId, CommandStatus, EncodeError, Role, SequenceNumber, State, may_send};
use binding::PendingBind;
use farewell::Farewell;
use in_flight::InFlight;
use outbox::Outbox;
use timers::Timers;

/// The ticket of requests a session makes by itself; owners' tickets stay below.
const OWN_TICKET: u64 = u64::MAX;
/// `interface_version` from which a peer knows TLVs (SMPP 3.4 §5.2.4).
const VERSION_WITH_TLVS: u8 = 0x34;

/// One session.
#[derive(Debug)]
pub struct Session {
    role: Role,
    state: State,
    settings: Settings,
    in_flight: InFlight,
    /// How many of those in flight are the session's own: its bind, its enquiries, its unbind. They
    /// take no place in the owner's window, or a peer that never answers enquiries would lose it.
    own_in_flight: usize,
    outbox: Outbox,
    events: VecDeque<Event<'static>>,
    timers: Timers,
    /// The bind that waits for an answer: the peer's (SMSC) or ours (ESME).
    bind: Option<PendingBind>,
    /// Requests of the peer that were handed to the owner and not answered yet.
    unanswered: usize,
    /// Set while the session winds down; no new request is taken.
    draining: bool,
    unbind_sent: bool,
    /// The peer's last words, while its requests before them wait for their answers.
    farewell: Option<Farewell>,
    /// Set while what stands behind its unbind is gone through for its answers.
    hears_out: bool,
    /// Set once no further octet is read: what is pending is written and the link closed.
    closing: bool,
    peer_version: u8,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubmitError {
    /// As many requests as the window allows are unanswered.
    WindowFull,
    /// This role may not send it in this state, the session is winding down, or it is no request
    /// of an owner's: a response, or one the session has a command of its own for.
    NotPermitted,
    /// A field is too long.
    Encode(EncodeError),
}

impl Session {
    /// A session on a link that has just been made.
    #[must_use]
    pub fn new(role: Role, settings: Settings, now: Now) -> Self {
        let mut timers = Timers::new(now.monotonic);
        timers.expect_bind(now.monotonic.saturating_add(settings.session_init));
        Self {
            role,
            state: State::Open,
            settings,
            in_flight: InFlight::default(),
            own_in_flight: 0,
            outbox: Outbox::default(),
            events: VecDeque::new(),
            timers,
            bind: None,
            unanswered: 0,
            draining: false,
            unbind_sent: false,
            farewell: None,
            hears_out: false,
            closing: false,
            peer_version: 0,
        }
    }

    // ---- getters ----

    /// Where the session stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Which side this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Requests sent and unanswered, this session's own enquiries included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many requests may be sent now.
    #[must_use]
    pub fn window_free(&self) -> usize {
        if self.draining || !self.state.is_bound() {
            return 0;
        }
        self.settings.window_max.saturating_sub(self.messages_in_flight())
    }

    /// Whether a request of its owner was not answered in time and the peer has said nothing since,
    /// not even that it is there: it is asked that at once. What goes to such a peer may well be
    /// lost, and would be in doubt as well.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.timers.is_silent()
    }

    /// The peer's requests that its owner has not answered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// The peer's `interface_version`; 0 until a bind tells it.
    #[must_use]
    pub fn peer_version(&self) -> u8 {
        self.peer_version
    }

    /// Whether the peer said that it knows TLVs; one that did not may misread a PDU that has any
    /// (SMPP 3.4 §3.3, §3.4). An SMSC that leaves `sc_interface_version` out is taken for 3.3 as
    /// the standard says; many know TLVs all the same, so egress asks the dialect, not this.
    #[must_use]
    pub fn peer_takes_tlvs(&self) -> bool {
        self.peer_version >= VERSION_WITH_TLVS
    }

    /// Whether the session takes no new requests any more.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    // ---- commands ----

    /// Changes the window: an account is known only when it has bound.
    pub fn set_window_max(&mut self, window_max: usize) {
        self.settings.window_max = window_max;
    }

    /// Changes the timers, from now on: who the peer is, is known only when it has bound.
    pub fn set_timers(
        &mut self,
        enquire_link: Duration,
        inactivity: Option<Duration>,
        response_timeout: Duration,
    ) {
        self.settings.enquire_link = enquire_link;
        self.settings.inactivity = inactivity;
        self.settings.response_timeout = response_timeout;
    }

    /// Changes the rules the peer's octets are read by, for the PDUs that follow.
    pub fn set_rules(&mut self, rules: crate::wire::Rules) {
        self.settings.rules = rules;
    }

    /// Sends a request. `ticket` comes back with its response, or when it is given back; it is
    /// below `u64::MAX`.
    ///
    /// # Errors
    /// When the window is full, the request is not permitted now, or a field is too long.
    #[inline]
    pub fn submit<'b, B: Body<'b>>(
        &mut self,
        now: Now,
        ticket: u64,
        body: &B,
    ) -> Result<SequenceNumber, SubmitError> {
        // What is known when this is compiled costs nothing here.
        let sent_otherwise = B::COMMAND_ID.is_response()
            || matches!(B::COMMAND_ID, CommandId::UNBIND | CommandId::ALERT_NOTIFICATION);
        if sent_otherwise || !self.state.is_bound() || self.draining {
            return Err(SubmitError::NotPermitted);
        }
        if self.messages_in_flight() >= self.settings.window_max {
            return Err(SubmitError::WindowFull);
        }
        if !may_send(self.role, self.state, B::COMMAND_ID) {
            return Err(SubmitError::NotPermitted);
        }
        let sequence = self.push_request(now, ticket, body).map_err(SubmitError::Encode)?;
        self.timers.message(now.monotonic);
        Ok(sequence)
    }

    /// SMSC: tells that a handset can be reached. It has no response, hence neither ticket nor
    /// place in the window (SMPP 3.4 §4.12.1).
    ///
    /// # Errors
    /// When it is not permitted now or a field is too long.
    pub fn notify(&mut self, alert: &AlertNotification<'_>) -> Result<(), SubmitError> {
        if self.draining || !may_send(self.role, self.state, CommandId::ALERT_NOTIFICATION) {
            return Err(SubmitError::NotPermitted);
        }
        let sequence = self.in_flight.next_unanswered();
        let pushed = self.outbox.push(CommandStatus::ESME_ROK, sequence, alert);
        pushed.map_err(SubmitError::Encode)
    }

    /// Answers a request of the peer. An error status goes without a body.
    ///
    /// # Errors
    /// When a field is too long; nothing is sent then.
    #[inline]
    pub fn respond<'b, B: Body<'b>>(
        &mut self,
        sequence: SequenceNumber,
        status: CommandStatus,
        body: &B,
    ) -> Result<(), EncodeError> {
        if self.closing {
            return Ok(());
        }
        self.outbox.push(status, sequence, body)?;
        self.settle_one();
        Ok(())
    }

    /// Answers a request of the peer that has no response of its own, or that cannot be dealt
    /// with (SMPP 3.4 §4.3).
    pub fn respond_nack(&mut self, sequence: SequenceNumber, status: CommandStatus) {
        if !self.closing {
            self.push_status(CommandId::GENERIC_NACK, status, sequence);
            self.settle_one();
        }
    }

    /// Answers a request of the peer with a status and nothing else, whatever the request was.
    pub fn respond_status(
        &mut self,
        request: CommandId,
        sequence: SequenceNumber,
        status: CommandStatus,
    ) {
        if !self.closing {
            self.push_status(request.response(), status, sequence);
            self.settle_one();
        }
    }

    /// Winds down: no new request, what is in flight gets until `Settings::drain`, then unbind.
    pub fn unbind(&mut self, now: Now) {
        if self.closing || self.draining {
            return;
        }
        if !self.state.is_bound() {
            self.end(CloseReason::Local);
            return;
        }
        self.draining = true;
        self.timers.drain_until(now.monotonic.saturating_add(self.settings.drain));
        self.unbind_when_idle(now);
    }

    /// Ends at once: what is pending is still written (the refusal of a bind that waits too), what
    /// is in flight is given back.
    pub fn close(&mut self) {
        self.end(CloseReason::Local);
    }

    // ---- polls ----

    /// Octets to write, in order. Say with [`Session::transmitted`] how many were.
    #[must_use]
    pub fn poll_transmit(&self) -> &[u8] {
        self.outbox.pending()
    }

    /// So many of the octets of [`Session::poll_transmit`] were written.
    pub fn transmitted(&mut self, octets: usize) {
        self.outbox.written(octets);
    }

    /// What happened without octets: timers, and the end.
    pub fn poll_event(&mut self) -> Option<Event<'static>> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] is to be called, on the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.closing {
            return None;
        }
        self.timers.next(&self.settings, self.state, self.in_flight.oldest())
    }

    /// Gives buffers back while nothing waits in them: what an idle session costs.
    pub fn shrink(&mut self) {
        self.outbox.shrink(0);
        self.in_flight.shrink();
        if self.events.is_empty() && self.events.capacity() > 0 {
            self.events = VecDeque::new();
        }
    }

    // ---- private ----

    #[inline]
    fn push_request<'b, B: Body<'b>>(
        &mut self,
        now: Now,
        ticket: u64,
        body: &B,
    ) -> Result<SequenceNumber, EncodeError> {
        let sent_at = self.timers.reading(now.monotonic);
        let sequence = self.in_flight.insert(ticket, B::COMMAND_ID, sent_at);
        if let Err(error) = self.outbox.push(CommandStatus::ESME_ROK, sequence, body) {
            self.push_long(sequence, body, error)?;
        }
        if ticket == OWN_TICKET {
            self.own_in_flight += 1;
        }
        Ok(sequence)
    }

    /// A request that the standard's lengths have no room for: written all the same to a peer from
    /// which such a one is taken (quirk 53).
    #[cold]
    fn push_long<'b, B: Body<'b>>(
        &mut self,
        sequence: SequenceNumber,
        body: &B,
        error: EncodeError,
    ) -> Result<(), EncodeError> {
        let pushed = match self.settings.rules.long_c_strings {
            true => self.outbox.push_long(CommandStatus::ESME_ROK, sequence, body),
            false => Err(error),
        };
        if pushed.is_err() {
            self.in_flight.answer(sequence, |_| true);
        }
        pushed
    }

    #[inline]
    fn messages_in_flight(&self) -> usize {
        self.in_flight.len().saturating_sub(self.own_in_flight)
    }

    fn push_status(&mut self, command: CommandId, status: CommandStatus, seq: SequenceNumber) {
        self.outbox.push_status(command, status, seq);
    }

    /// One of the peer's requests has its answer; a drain that waited for the last ends now.
    #[inline]
    fn settle_one(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if !self.draining {
            return;
        }
        if self.farewell.is_some() {
            self.depart_when_settled();
        } else if self.is_idle() && !self.unbind_sent {
            self.timers.drain_until(Duration::ZERO);
        }
    }

    fn unbind_when_idle(&mut self, now: Now) {
        if self.is_idle() && !self.unbind_sent && self.farewell.is_none() {
            self.send_unbind(now);
        }
    }

    /// Whether neither side owes the other an answer.
    fn is_idle(&self) -> bool {
        self.messages_in_flight() == 0 && self.unanswered == 0
    }

    fn send_unbind(&mut self, now: Now) {
        self.unbind_sent = true;
        // A header alone cannot be too long.
        let _ = self.push_request(now, OWN_TICKET, &Unbind::default());
        self.timers.drain_until(now.monotonic.saturating_add(self.settings.response_timeout));
    }

    fn send_enquire_link(&mut self, now: Now) {
        let _ = self.push_request(now, OWN_TICKET, &EnquireLink::default());
    }

    /// The end: everything in flight is handed back by name, then the reason.
    fn end(&mut self, reason: CloseReason) {
        if self.closing {
            return;
        }
        self.closing = true;
        if matches!(reason, CloseReason::SessionInit | CloseReason::Local) {
            // A bind is always answered, even one that nobody decided about in time.
            self.answer_bind(CommandStatus::ESME_RBINDFAIL);
        }
        self.bind = None;
        self.farewell = None;
        self.state = match reason {
            CloseReason::PeerUnbound | CloseReason::Unbound => State::Unbound,
            _ => State::Closed,
        };
        let (events, timers) = (&mut self.events, &self.timers);
        self.in_flight.drain(|mut request| {
            request.sent_at = timers.excused(request.sent_at);
            if request.ticket != OWN_TICKET {
                events.push_back(Event::Unanswered { request, why: Unanswered::SessionEnded });
            }
        });
        self.own_in_flight = 0;
        events.push_back(Event::Closed(reason));
    }
}
