//! One bind to a carrier, for as long as the engine runs: connects, binds, waits, connects again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::bind_record::{BindRecord, Phase, Wanted};
use super::carrier_link::CarrierLink;
use super::history::What;
use super::settings::{self, BindKind};
use super::shared::{Carrier, Shared, carrier_session};
use super::stop::Stop;
use crate::link::{Backoff, Link, connect, tls::ConnectorTls};
use crate::session::{self, BindRequest, CloseReason, Session};
use crate::wire::{COctetString, CommandStatus, Role};

/// Keeps one bind up until the carriers are stopped.
pub async fn keep_bound(
    shared: Arc<Shared>,
    carrier: Arc<Carrier>,
    (bind, record): (u32, Arc<BindRecord>),
    tls: Option<ConnectorTls>,
    mut stop: watch::Receiver<Stop>,
) {
    let place = (bind, Arc::clone(&record));
    let mut owner = CarrierLink::new(Arc::clone(&shared), Arc::clone(&carrier), place);
    let wall = || shared.clock.now().wall;
    let dialect = Arc::clone(&carrier.settings.dialect);
    let mut backoff = Backoff::new(
        Duration::from_millis(u64::from(dialect.reconnect_min_ms)),
        Duration::from_millis(u64::from(dialect.reconnect_max_ms)),
        0x9e37_79b9 * (u64::from(carrier.index) * 1009 + u64::from(bind) + 1),
    );
    while *stop.borrow() != Stop::Carriers {
        record.take_rebind();
        if record.wanted() == Wanted::Down {
            record.enter(wall(), Phase::Down);
            tokio::select! {
                () = record.asked() => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        let (reason, again) =
            session(&shared, &carrier, &record, tls.as_ref(), owner, &mut stop).await;
        owner = again;
        if owner.take_was_bound() {
            backoff.succeeded();
        } else {
            record.failed();
        }
        if *stop.borrow() == Stop::Carriers {
            return;
        }
        if record.is_to_unbind() {
            backoff.succeeded();
            continue;
        }
        let wait = match reason {
            // The SMSC may hold the dead session, or lock the login (quirk 48).
            Some(CloseReason::BindRefused(status)) => {
                tracing::warn!(carrier = carrier.settings.name, bind, %status, "bind refused");
                backoff.next_wait_at_least(refused_wait(status, &dialect))
            }
            _ => backoff.next_wait(),
        };
        record.enter(wall(), Phase::Waiting(wall() + wait));
        if was_asked_within(wait, &record, &mut stop).await {
            backoff.succeeded();
        }
    }
}

/// Waits for the next attempt, or until the operator wants another one or none; whether that was
/// it.
async fn was_asked_within(
    wait: Duration,
    record: &BindRecord,
    stop: &mut watch::Receiver<Stop>,
) -> bool {
    let over = tokio::time::sleep(wait);
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return false,
            _ = stop.changed() => return false,
            () = record.asked() => if record.is_to_unbind() { return true },
        }
    }
}

fn refused_wait(status: CommandStatus, dialect: &crate::message::dialect::Dialect) -> Duration {
    match status {
        CommandStatus::ESME_RALYBND
        | CommandStatus::ESME_RINVPASWD
        | CommandStatus::ESME_RINVSYSID
        | CommandStatus::ESME_RBINDFAIL => {
            Duration::from_millis(u64::from(dialect.reconnect_refused_ms))
        }
        _ => Duration::ZERO,
    }
}

/// One session from its connection to its end; the owner comes back for the next.
async fn session(
    shared: &Arc<Shared>,
    carrier: &Arc<Carrier>,
    record: &BindRecord,
    tls: Option<&ConnectorTls>,
    owner: CarrierLink,
    stop: &mut watch::Receiver<Stop>,
) -> (Option<CloseReason>, CarrierLink) {
    let (settings, kind) = (&carrier.settings, record.kind);
    let timeout = Duration::from_millis(u64::from(settings.connect_timeout_ms));
    let began = shared.clock.now();
    record.enter(began.wall, Phase::Connecting);
    let address = address_of(settings, kind).to_string();
    let connected = tokio::select! {
        connected = connect(&address, tls, timeout) => connected,
        () = asked_to_unbind(record) => return (None, owner),
    };
    let now = shared.clock.now();
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(carrier = settings.name, %error, "cannot connect");
            record.note(now.wall, What::cannot_connect(&error), 1);
            return (None, owner);
        }
    };
    record.connected(now.wall, stream.peer());
    let mut rules = carrier_session(shared, carrier);
    // The owner sets the real one when the session is bound.
    rules.response_timeout = timeout.saturating_sub(now.monotonic.saturating_sub(began.monotonic));
    let mut session = Session::new(Role::Esme, rules, now);
    let request = bind_request(carrier, kind);
    if let Err(error) = session.bind(now, &request) {
        tracing::error!(carrier = settings.name, ?error, "cannot make a bind of these settings");
        return (None, owner);
    }
    let unsent_max = shared.settings.smpp.unsent_max_bytes as usize;
    let link = Link::new(stream, session, owner, shared.clock);
    let mut link = link.with_unwritten_max(unsent_max);
    let reason = loop {
        tokio::select! {
            biased;
            reason = &mut link => break reason,
            // The link looks at what was asked when it is polled again.
            changed = stop.changed() => if changed.is_err() { break CloseReason::Local },
            () = record.asked() => {}
        }
    };
    (Some(reason), link.into_parts().1)
}

/// Ready when the operator wants no session, or another one.
async fn asked_to_unbind(record: &BindRecord) {
    while !record.is_to_unbind() {
        record.asked().await;
    }
}

/// Where the sessions of this kind are.
#[must_use]
pub fn address_of(settings: &settings::Carrier, kind: session::BindKind) -> &settings::Endpoint {
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

/// The sessions that `binds` of this kind are.
#[must_use]
pub fn sessions(kind: BindKind, binds: u32) -> Vec<session::BindKind> {
    let of = |kinds: &[session::BindKind]| {
        (0..binds).flat_map(|_| kinds.iter().copied()).collect::<Vec<_>>()
    };
    match kind {
        BindKind::Pair => of(&[session::BindKind::Transmitter, session::BindKind::Receiver]),
        BindKind::Receiver => of(&[session::BindKind::Receiver]),
        BindKind::Transceiver => of(&[session::BindKind::Transceiver]),
        BindKind::Transmitter => of(&[session::BindKind::Transmitter]),
    }
}
