//! What is counted of sessions, and seldom: by a name that is looked up.

use super::names;
use super::registry::Registry;
use crate::session::CloseReason;

/// A session of an account ended, or a connection that had not bound. A lost stream is counted by
/// what it looked like too: another protocol on the port is somebody's mistake or scan, a slipped
/// length a defect of the peer (quirk 36).
pub fn account_session_closed(registry: &Registry, reason: CloseReason) {
    let count = |name, reason| registry.counter(name, &[("reason", reason)]).increment(1);
    count(names::ACCOUNT_SESSIONS_CLOSED, reason.name());
    if let CloseReason::Framing(error) = reason {
        count(names::ACCOUNT_FRAMING_LOST, error.looks_like.name());
    }
}

/// A connection of an account was closed at once, or could not be had.
pub fn connection_refused(registry: &Registry, reason: &str) {
    registry.counter(names::CONNECTIONS_REFUSED, &[("reason", reason)]).increment(1);
}

/// A connection of an account did not come through the TLS handshake.
pub fn handshake_failed(registry: &Registry, reason: &str) {
    registry.counter(names::HANDSHAKES_FAILED, &[("reason", reason)]).increment(1);
}

/// The session of such a peer panicked.
pub fn session_panicked(registry: &Registry, stage: &str) {
    registry.counter(names::SESSIONS_PANICKED, &[("stage", stage)]).increment(1);
}

/// A bind of an account was refused.
pub fn bind_refused(registry: &Registry, reason: &str) {
    registry.counter(names::BIND_REFUSED, &[("reason", reason)]).increment(1);
}

/// A PDU was malformed, not permitted or answered nothing.
pub fn pdu_odd(registry: &Registry, reason: &str) {
    registry.counter(names::PDU_ODD, &[("reason", reason)]).increment(1);
}
