//! What a session tells its owner.

use std::time::Duration;

use super::in_flight::Entry;
use crate::wire::table::{BindReceiver, BindTransceiver, BindTransmitter, Outbind, Pdu};
use crate::wire::{
    CommandId, CommandStatus, DecodeError, FramingError, Header, SequenceNumber, State,
};

/// Something happened. Requests and responses borrow from the octets that were handed in.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// SMSC: a peer asks to be bound. Answer with `accept_bind` or `refuse_bind`.
    BindRequested(BindRequest<'a>),
    /// ESME: the SMSC asks us to bind.
    Outbind(Outbind<'a>),
    /// The bind stands: for the ESME its response has come, for the SMSC it has been accepted.
    Bound(State),
    /// A request of the peer that its owner must answer (`respond`).
    Request {
        /// Its header; the sequence number goes into the answer.
        header: Header,
        /// What it asks.
        pdu: Pdu<'a>,
    },
    /// An answer to a request of ours.
    Response {
        /// What was asked.
        request: Entry,
        /// Whether it had been given back as unanswered before.
        late: bool,
        /// The result; generic_nack's too.
        status: CommandStatus,
        /// The answer; `None` when its body could not be read.
        pdu: Option<Pdu<'a>>,
    },
    /// A request of ours that will not be answered in time, or at all.
    Unanswered {
        /// What was asked.
        request: Entry,
        /// Why it is given back.
        why: Unanswered,
    },
    /// Something odd that was dealt with: for counters.
    Odd(Odd),
    /// The session is over and its link is to be closed once what is pending is written.
    Closed(CloseReason),
}

/// Why a request is given back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unanswered {
    /// The response timer ran out; a late response may still come.
    TimedOut,
    /// The session ended first.
    SessionEnded,
}

/// Which of the three binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BindKind {
    /// bind_transmitter.
    Transmitter,
    /// bind_receiver.
    Receiver,
    /// bind_transceiver.
    Transceiver,
}

impl BindKind {
    /// The state it leads to.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Transmitter => State::BoundTx,
            Self::Receiver => State::BoundRx,
            Self::Transceiver => State::BoundTrx,
        }
    }

    /// Its command.
    #[must_use]
    pub const fn command_id(self) -> CommandId {
        match self {
            Self::Transmitter => CommandId::BIND_TRANSMITTER,
            Self::Receiver => CommandId::BIND_RECEIVER,
            Self::Transceiver => CommandId::BIND_TRANSCEIVER,
        }
    }
}

/// A bind: the three commands have the same fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BindRequest<'a> {
    /// Which bind.
    pub kind: BindKind,
    /// The fields.
    pub fields: BindTransceiver<'a>,
}

impl<'a> BindRequest<'a> {
    /// The bind that a PDU asks for; `None` when it is none of the three.
    #[must_use]
    pub fn of(pdu: &Pdu<'a>) -> Option<Self> {
        let (kind, fields) = match *pdu {
            Pdu::BindTransmitter(bind) => (BindKind::Transmitter, from_transmitter(bind)),
            Pdu::BindReceiver(bind) => (BindKind::Receiver, from_receiver(bind)),
            Pdu::BindTransceiver(bind) => (BindKind::Transceiver, bind),
            _ => return None,
        };
        Some(Self { kind, fields })
    }
}

fn from_transmitter(bind: BindTransmitter<'_>) -> BindTransceiver<'_> {
    BindTransceiver {
        system_id: bind.system_id,
        password: bind.password,
        system_type: bind.system_type,
        interface_version: bind.interface_version,
        addr_ton: bind.addr_ton,
        addr_npi: bind.addr_npi,
        address_range: bind.address_range,
        tlvs: bind.tlvs,
    }
}

fn from_receiver(bind: BindReceiver<'_>) -> BindTransceiver<'_> {
    BindTransceiver {
        system_id: bind.system_id,
        password: bind.password,
        system_type: bind.system_type,
        interface_version: bind.interface_version,
        addr_ton: bind.addr_ton,
        addr_npi: bind.addr_npi,
        address_range: bind.address_range,
        tlvs: bind.tlvs,
    }
}

/// Oddities a session deals with by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Odd {
    /// A PDU that could not be decoded; it was answered as [`DecodeError::reaction`] says.
    BadPdu(DecodeError),
    /// A request the peer may not send in this state; answered ESME_RINVBNDSTS.
    NotPermitted(CommandId),
    /// A response to nothing that waits.
    Stray {
        /// What it claimed to answer with.
        command_id: CommandId,
        /// Its number.
        sequence: SequenceNumber,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseReason {
    /// The peer unbound.
    PeerUnbound,
    /// We unbound and the peer agreed, or closed the link at once.
    Unbound,
    /// We unbound and the peer did not answer in time.
    UnbindUnanswered,
    /// The link went away.
    Disconnected,
    /// The peer did not read what was written for it.
    Stalled,
    /// The stream cannot be read any further.
    Framing(FramingError),
    /// No bind within the time for it.
    SessionInit,
    /// The peer answered neither enquire_link nor anything else.
    EnquireLink,
    /// No bind response in time.
    BindUnanswered,
    /// The bind was refused, by us or by the peer.
    BindRefused(CommandStatus),
    /// Our owner ended it.
    Local,
}

impl CloseReason {
    /// A short name for labels and lists.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PeerUnbound => "peer_unbound",
            Self::Unbound => "unbound",
            Self::UnbindUnanswered => "unbind_unanswered",
            Self::Disconnected => "disconnected",
            Self::Stalled => "stalled",
            Self::Framing(_) => "framing",
            Self::SessionInit => "session_init",
            Self::EnquireLink => "enquire_link",
            Self::BindUnanswered => "bind_unanswered",
            Self::BindRefused(_) => "bind_refused",
            Self::Local => "local",
        }
    }
}

/// Time from a request to its answer.
impl Entry {
    /// How long ago it was sent.
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.sent_at)
    }
}
