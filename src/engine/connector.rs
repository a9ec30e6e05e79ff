//! One bind to a carrier, for as long as the engine runs: connects, binds, waits, connects again.
//!
//! A bind goes by the carrier's newest settings each time it connects. When a reload changes where
//! it goes or as whom, it makes way: one bind of a carrier after the other waits for its answers,
//! unbinds and binds anew, so that the others carry the traffic meanwhile. One that is not wanted
//! any more unbinds at once and sleeps until it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::bind_record::{BindRecord, Phase, Wanted};
use super::carrier_link::CarrierLink;
use super::connect_fault::ConnectFault;
use super::history::What;
use super::settings::{self, BindKind, Endpoint};
use super::shared::Shared;
use super::stop::{Signal, Stop};
use super::tap::Tapped;
use super::unwound::unwound;
use super::world::{Carrier, carrier_session};
use crate::link::{Backoff, Link};
use crate::session::{self, BindRequest, CloseReason, Session};
use crate::telemetry;
use crate::wire::{COctetString, Role};

/// A session that stood so long was a good one: the next failure is the first again.
const STOOD: Duration = Duration::from_secs(10);

/// Keeps one bind up until the carriers are stopped.
pub async fn keep_bound(
    shared: Arc<Shared>,
    carrier: Arc<Carrier>,
    (bind, record): (u32, Arc<BindRecord>),
    mut signal: watch::Receiver<Signal>,
) {
    let place = (bind, Arc::clone(&record));
    let mut owner = CarrierLink::new(Arc::clone(&shared), Arc::clone(&carrier), place);
    let wall = || shared.clock.now().wall;
    let mut backoff = new_backoff(&carrier, bind);
    let mut tried = carrier;
    while signal.borrow_and_update().stop != Stop::Carriers {
        record.take_rebind();
        owner.refresh();
        let carrier = Arc::clone(owner.carrier());
        if tries_otherwise(&tried, &carrier, bind) {
            backoff = new_backoff(&carrier, bind);
        }
        let Some(kind) = carrier.kind_of(bind).filter(|_| record.wanted() != Wanted::Down) else {
            owner.turn = None;
            record.enter(wall(), Phase::Down);
            tokio::select! {
                biased;
                () = record.asked() => {}
                changed = signal.changed() => if changed.is_err() { return },
            }
            continue;
        };
        let wanted = Wants { bind, kind, record: &record };
        let (end, again) = session(&shared, &carrier, wanted, owner, &mut signal).await;
        owner = again;
        tried = carrier;
        owner.turn = end.turn;
        match owner.take_bound_at() {
            // One that ends soon after its bind, again and again, is waited for as one that fails.
            Some(at) if is_ours(end.reason) || shared.clock.now().monotonic >= at + STOOD => {
                backoff.succeeded();
            }
            Some(_) => {}
            None => record.failed(),
        }
        if owner.turn.is_some() || record.is_to_unbind() {
            backoff.succeeded();
            continue;
        }
        if signal.borrow().stop == Stop::Carriers {
            return;
        }
        let wait = match end.reason {
            // The SMSC may hold the dead session, or lock the login (quirk 48).
            Some(CloseReason::BindRefused(status)) => {
                tracing::warn!(carrier = tried.settings.name, bind, %status, "bind refused");
                let refused_ms = tried.settings.dialect.reconnect_refused_ms;
                backoff.next_wait_at_least(Duration::from_millis(u64::from(refused_ms)))
            }
            _ => backoff.next_wait(),
        };
        record.enter(wall(), Phase::Waiting(wall() + wait));
        if was_asked_within(wait, (&tried, bind), (&record, &mut owner), &mut signal).await {
            backoff.succeeded();
        }
    }
}

/// Whether a session ended because we wanted it to.
fn is_ours(reason: Option<CloseReason>) -> bool {
    matches!(reason, Some(CloseReason::Unbound | CloseReason::Local))
}

/// What is wanted of a session.
#[derive(Clone, Copy, Debug)]
struct Wants<'a> {
    bind: u32,
    kind: session::BindKind,
    record: &'a BindRecord,
}

/// Waits until it is time for the next attempt, until that would be another one than the last, or
/// until the operator wants one or none; whether that was it.
async fn was_asked_within(
    wait: Duration,
    (tried, bind): (&Carrier, u32),
    (record, owner): (&BindRecord, &mut CarrierLink),
    signal: &mut watch::Receiver<Signal>,
) -> bool {
    let until = tokio::time::Instant::now() + wait;
    loop {
        owner.refresh();
        let is_other = tries_otherwise(tried, owner.carrier(), bind);
        if is_other || signal.borrow_and_update().stop == Stop::Carriers {
            return false;
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(until) => return false,
            changed = signal.changed() => if changed.is_err() { return false },
            () = record.asked() => if record.is_to_unbind() { return true },
        }
    }
}

fn new_backoff(carrier: &Carrier, bind: u32) -> Backoff {
    let dialect = &carrier.settings.dialect;
    Backoff::new(
        Duration::from_millis(u64::from(dialect.reconnect_min_ms)),
        Duration::from_millis(u64::from(dialect.reconnect_max_ms)),
        0x9e37_79b9 * (u64::from(carrier.index) * 1009 + u64::from(bind) + 1),
    )
}

/// How a session came to its end.
#[derive(Debug, Default)]
struct End {
    /// Why; `None` when there was none.
    reason: Option<CloseReason>,
    /// Held where it made way for the next one, until that stands.
    turn: Option<OwnedSemaphorePermit>,
}

/// One session from its connection to its end; the owner comes back for the next.
async fn session(
    shared: &Arc<Shared>,
    carrier: &Arc<Carrier>,
    wanted: Wants<'_>,
    mut owner: CarrierLink,
    signal: &mut watch::Receiver<Signal>,
) -> (End, CarrierLink) {
    let (settings, Wants { bind, kind, record }) = (&carrier.settings, wanted);
    let timeout = Duration::from_millis(u64::from(settings.connect_timeout_ms));
    let began = shared.clock.now();
    record.enter(began.wall, Phase::Connecting);
    let address = address_of(settings, kind).to_string();
    let connected = tokio::select! {
        biased;
        connected = shared.network.connect(&address, carrier.tls.as_ref(), timeout) => connected,
        () = asked_to_unbind(record) => return (End::default(), owner),
    };
    let now = shared.clock.now();
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(carrier = settings.name, bind, %error, "cannot connect");
            let fault = ConnectFault::of(&error.to_string());
            carrier.metrics.connect_failed(&shared.registry, fault.name());
            record.note(now.wall, What::cannot_connect(&error), 1);
            return (End::default(), owner);
        }
    };
    record.connected(now.wall, stream.peer());
    let (mut rules, unsent_max) = rules_of(shared, carrier);
    // The owner sets the real one when the session is bound.
    rules.response_timeout = timeout.saturating_sub(now.monotonic.saturating_sub(began.monotonic));
    let mut session = Session::new(Role::Esme, rules, now);
    let request = bind_request(carrier, kind);
    if let Err(error) = session.bind(now, &request) {
        tracing::error!(carrier = settings.name, ?error, "cannot make a bind of these settings");
        return (End::default(), owner);
    }
    let (handle, peer) = (owner.begin(carrier), stream.peer());
    let stream = Tapped::new(stream, Arc::clone(&record.tap), peer, shared.clock);
    let mut link = Link::new(stream, session, owner, shared.clock).with_unwritten_max(unsent_max);
    let mut turn = None;
    let reason = loop {
        let is_left = shared.carrier(carrier.index).is_some_and(|now| now.kind_of(bind).is_none());
        if is_left {
            handle.leave();
        }
        let is_other = || {
            let now = shared.carrier(carrier.index);
            now.is_some_and(|now| leads_elsewhere(carrier, &now, (bind, kind)))
        };
        let makes_way = turn.is_none() && !is_left && is_other();
        tokio::select! {
            biased;
            reason = unwound(&mut link) => break reason.ok(),
            permit = Arc::clone(&carrier.rebinding).acquire_owned(), if makes_way => {
                turn = permit.ok();
                handle.leave();
            }
            // The link looks at what was asked when it is polled again.
            changed = signal.changed() => if changed.is_err() { break Some(CloseReason::Local) },
            () = record.asked() => {}
        }
    };
    let mut owner = link.into_parts().1;
    if reason.is_none() {
        has_panicked(shared, bind, &mut owner).await;
    }
    (End { reason, turn }, owner)
}

/// What a session goes by, and how many octets may wait for a peer that does not read.
fn rules_of(shared: &Shared, carrier: &Carrier) -> (session::Settings, usize) {
    let world = shared.world();
    let unsent_max = world.settings.smpp.unsent_max_bytes as usize;
    (carrier_session(&world.settings, carrier), unsent_max)
}

/// What a session that panicked had out is not waited for without end.
async fn has_panicked(shared: &Shared, bind: u32, owner: &mut CarrierLink) {
    let carrier = &owner.carrier().settings.name;
    tracing::error!(carrier, bind, "the session panicked, a bug: what it had out is in doubt");
    telemetry::session_panicked(&shared.registry, "carrier");
    owner.break_off(shared.clock.now()).await;
}

/// Whether a bind made by the settings of `before` is not the one that those of `now` want.
fn leads_elsewhere(before: &Carrier, now: &Carrier, of: (u32, session::BindKind)) -> bool {
    let (bind, kind) = of;
    now.kind_of(bind) != Some(kind)
        || address_of(&before.settings, kind) != address_of(&now.settings, kind)
        || before.settings.system_id != now.settings.system_id
        || before.settings.tls != now.settings.tls
}

/// Whether an attempt by the settings of `now` may come out otherwise than one by those of
/// `before`. A carrier that refuses a bind, or locks its login for a while, is left alone for
/// anything else.
fn tries_otherwise(before: &Carrier, now: &Carrier, bind: u32) -> bool {
    let Some(kind) = before.kind_of(bind) else { return true };
    let (old, new) = (&before.settings, &now.settings);
    leads_elsewhere(before, now, (bind, kind))
        || old.password != new.password
        || old.dialect != new.dialect
        || old.connect_timeout_ms != new.connect_timeout_ms
}

/// Ready when the operator wants no session, or another one.
async fn asked_to_unbind(record: &BindRecord) {
    while !record.is_to_unbind() {
        record.asked().await;
    }
}

/// Where the sessions of this kind are.
#[must_use]
pub fn address_of(settings: &settings::Carrier, kind: session::BindKind) -> &Endpoint {
    match &settings.receiver_address {
        Some(address) if kind == session::BindKind::Receiver => address,
        _ => &settings.address,
    }
}

fn bind_request(carrier: &Carrier, kind: session::BindKind) -> BindRequest<'_> {
    let settings = &carrier.settings;
    let dialect = &settings.dialect;
    let mut request = BindRequest::new(kind, &settings.system_id, "");
    let password = settings.password.as_ref().map_or(&b""[..], |password| password.expose());
    request.fields.password = COctetString::new(password);
    request.fields.system_type = COctetString::from(dialect.system_type.as_str());
    request.fields.interface_version = dialect.interface_version;
    request.fields.addr_ton = dialect.addr_ton;
    request.fields.addr_npi = dialect.addr_npi;
    request.fields.address_range = COctetString::from(dialect.address_range.as_str());
    request
}

/// How many sessions `binds` of this kind are.
#[must_use]
pub fn sessions(kind: BindKind, binds: u32) -> u32 {
    match kind {
        BindKind::Pair => binds.saturating_mul(2),
        BindKind::Receiver | BindKind::Transceiver | BindKind::Transmitter => binds,
    }
}

/// What the session at this place is for; `None` behind the last.
#[must_use]
pub fn kind_of(kind: BindKind, binds: u32, bind: u32) -> Option<session::BindKind> {
    let of = match kind {
        BindKind::Pair if bind.is_multiple_of(2) => session::BindKind::Transmitter,
        BindKind::Pair | BindKind::Receiver => session::BindKind::Receiver,
        BindKind::Transceiver => session::BindKind::Transceiver,
        BindKind::Transmitter => session::BindKind::Transmitter,
    };
    (bind < sessions(kind, binds)).then_some(of)
}
