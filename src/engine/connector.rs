//! One bind to a carrier, for as long as the engine runs: connects, binds, waits, connects again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::carrier_link::CarrierLink;
use super::settings::BindKind;
use super::shared::{Carrier, Shared, carrier_session};
use super::stop::Stop;
use crate::link::{Backoff, Link, connect, tls::ConnectorTls};
use crate::session::{self, BindRequest, CloseReason, Session};
use crate::wire::{COctetString, CommandStatus, Role};

/// Keeps one bind up until the carriers are stopped.
pub async fn keep_bound(
    shared: Arc<Shared>,
    carrier: Arc<Carrier>,
    bind: u32,
    kind: session::BindKind,
    tls: Option<ConnectorTls>,
    mut stop: watch::Receiver<Stop>,
) {
    let mut owner = CarrierLink::new(Arc::clone(&shared), Arc::clone(&carrier), bind);
    let dialect = Arc::clone(&carrier.settings.dialect);
    let mut backoff = Backoff::new(
        Duration::from_millis(u64::from(dialect.reconnect_min_ms)),
        Duration::from_millis(u64::from(dialect.reconnect_max_ms)),
        0x9e37_79b9 * (u64::from(carrier.index) * 1009 + u64::from(bind) + 1),
    );
    while *stop.borrow() != Stop::Carriers {
        let (reason, again) =
            session(&shared, &carrier, kind, tls.as_ref(), owner, &mut stop).await;
        owner = again;
        if owner.take_was_bound() {
            backoff.succeeded();
        }
        if *stop.borrow() == Stop::Carriers {
            return;
        }
        let wait = match reason {
            // The SMSC may hold the dead session, or lock the login (quirk 48).
            Some(CloseReason::BindRefused(status)) => {
                tracing::warn!(carrier = carrier.settings.name, bind, %status, "bind refused");
                backoff.next_wait_at_least(refused_wait(status, &dialect))
            }
            _ => backoff.next_wait(),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.changed() => {}
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
    kind: session::BindKind,
    tls: Option<&ConnectorTls>,
    owner: CarrierLink,
    stop: &mut watch::Receiver<Stop>,
) -> (Option<CloseReason>, CarrierLink) {
    let settings = &carrier.settings;
    let receiver = settings.receiver_address.as_ref();
    let address = match receiver {
        Some(address) if kind == session::BindKind::Receiver => address,
        _ => &settings.address,
    };
    let timeout = Duration::from_millis(u64::from(settings.connect_timeout_ms));
    let began = shared.clock.now().monotonic;
    let stream = match connect(&address.to_string(), tls, timeout).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(carrier = settings.name, %error, "cannot connect");
            return (None, owner);
        }
    };
    let now = shared.clock.now();
    let mut rules = carrier_session(shared, carrier);
    // The owner sets the real one when the session is bound.
    rules.response_timeout = timeout.saturating_sub(now.monotonic.saturating_sub(began));
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
        }
    };
    (Some(reason), link.into_parts().1)
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
