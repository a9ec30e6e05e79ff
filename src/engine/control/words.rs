//! What happened, said to an operator, and what to do about it.

use crate::engine::connect_fault::ConnectFault;
use crate::engine::history::What;
use crate::session::CloseReason;
use crate::wire::framer::LooksLike;
use crate::wire::{CommandStatus, State};

/// What happened.
#[must_use]
pub fn of(what: &What) -> String {
    match what {
        What::Asked(action) => format!("operator: {action}"),
        What::BindRefused(status) => format!("bind refused: {}", status_words(*status)),
        What::BindRefusedByUs(peer, reason) => format!("bind from {peer} refused: {reason}"),
        What::Bound(state) => format!("bound {}", kind(*state)),
        What::CannotConnect(error) => format!("cannot connect: {error}"),
        What::Closed(CloseReason::Framing(error)) => {
            format!("session ended: the peer sent what is no SMPP ({})", error.looks_like.name())
        }
        What::Closed(reason) => format!("session ended: {}", close_words(*reason)),
        What::Refused(status) => format!("refused: {}", status_words(*status)),
        What::Unanswered => "requests were not answered in time".to_owned(),
    }
}

/// TX, RX or TRX.
#[must_use]
pub const fn kind(state: State) -> &'static str {
    match state {
        State::BoundTx => "TX",
        State::BoundRx => "RX",
        State::BoundTrx => "TRX",
        State::Open | State::Outbound | State::Unbound | State::Closed => "-",
    }
}

fn status_words(status: CommandStatus) -> String {
    match status.row() {
        Some(row) => format!("{status} ({})", row.meaning),
        None => status.to_string(),
    }
}

fn close_words(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::PeerUnbound => "the peer unbound",
        CloseReason::Unbound => "unbound by us",
        CloseReason::UnbindUnanswered => "unbound by us, and the peer did not answer",
        CloseReason::Disconnected => "the peer closed the connection",
        CloseReason::Stalled => "the peer did not read",
        CloseReason::Framing(_) => "the peer sent what is no SMPP",
        CloseReason::SessionInit => "no bind in time",
        CloseReason::EnquireLink => "the peer did not answer enquire_link",
        CloseReason::BindUnanswered => "the bind was not answered in time",
        CloseReason::BindRefused(_) => "the bind was refused",
        CloseReason::Local => "closed by us",
    }
}

/// What to do about a bind that does not stand because of this, or stands never for long;
/// `has_bound` when sessions of it have stood.
#[must_use]
pub fn advice(what: &What, has_bound: bool) -> Option<&'static str> {
    match what {
        What::Closed(CloseReason::Disconnected | CloseReason::PeerUnbound) if has_bound => Some(
            "the carrier ends sessions that it let bind: ask it why; it may allow fewer of them, \
             or close those that are idle, too fast or send what it does not like (chappe capture)",
        ),
        What::BindRefused(status) => Some(refused_advice(*status)),
        What::CannotConnect(error) => Some(ConnectFault::of(error).advice()),
        What::Closed(CloseReason::BindUnanswered) => Some(
            "something listens there and does not answer a bind: check the port, and whether the \
             carrier wants TLS (tls)",
        ),
        What::Closed(CloseReason::Disconnected) => Some(
            "the carrier hangs up: it may allow this address no connection, want TLS (tls) or a \
             certificate of ours (cert_file), or have fewer places than binds",
        ),
        What::Closed(CloseReason::Framing(error)) => Some(match error.looks_like {
            LooksLike::Tls => "that port is for TLS: set tls of this carrier",
            LooksLike::Misaligned | LooksLike::TooLong | LooksLike::TooShort => {
                "what came there is no SMPP: check the port, max_pdu_bytes and whether the carrier \
                 wants TLS (tls)"
            }
            _ => "what answers there does not speak SMPP: check host and port of address",
        }),
        What::Closed(CloseReason::EnquireLink) => Some(
            "the connection died without a word: check the way there, and whether a firewall drops \
             idle connections sooner than enquire_link_ms",
        ),
        _ => None,
    }
}

fn refused_advice(status: CommandStatus) -> &'static str {
    match status {
        CommandStatus::ESME_RINVPASWD => "mend password (or system_id) of this carrier and reload",
        CommandStatus::ESME_RINVSYSID => "mend system_id of this carrier and reload",
        CommandStatus::ESME_RALYBND => {
            "the carrier holds an earlier session, or allows fewer: wait, or lower binds"
        }
        CommandStatus::ESME_RINVBNDSTS | CommandStatus::ESME_RINVCMDID => {
            "the carrier does not allow this kind of bind: change bind"
        }
        CommandStatus::ESME_RTHROTTLED
        | CommandStatus::ESME_RMSGQFUL
        | CommandStatus::ESME_RSYSERR => {
            "the carrier says that it is busy or broken: it is tried again; ask them if it lasts"
        }
        _ => {
            "the carrier refuses the login: check system_id, password, bind, system_type of the \
             dialect and the addresses it allows"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_way_to_bind_wrongly_says_what_happened_and_what_to_do() {
        let refused = |status| What::BindRefused(status);
        let cannot = |error: io::Error| What::cannot_connect(&error);
        let cases = [
            (refused(CommandStatus::ESME_RINVPASWD), "ESME_RINVPASWD", "password"),
            (refused(CommandStatus::ESME_RALYBND), "ESME_RALYBND", "lower binds"),
            (cannot(io::ErrorKind::ConnectionRefused.into()), "refused", "port"),
            (
                cannot(io::Error::other("invalid peer certificate: UnknownIssuer")),
                "UnknownIssuer",
                "ca_file",
            ),
            (cannot(io::Error::other("connecting took too long")), "took too long", "firewalls"),
        ];
        for (what, said, advised) in cases {
            assert!(of(&what).contains(said), "{}", of(&what));
            let advice = advice(&what, false).unwrap();
            assert!(advice.contains(advised), "{what:?}: {advice}");
        }
    }
}
