//! How a session becomes bound: asking (ESME), inviting, granting and refusing (SMSC).

use super::event::{BindKind, BindRequest, CloseReason, Event};
use super::{OWN_TICKET, Session, SubmitError, VERSION_WITH_TLVS};
use crate::clock::Now;
use crate::wire::table::{BindReceiver, BindTransceiver, BindTransmitter, Outbind};
use crate::wire::tlv::put_tlv;
use crate::wire::{
    COctetString, CommandId, CommandStatus, HEADER_LEN, Header, Role, SequenceNumber, State,
    TlvTag, may_send,
};

/// Octets a `system_id` may have without its NUL (SMPP 3.4 §4.1.2).
const SYSTEM_ID_MAX: usize = 15;

/// A bind that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingBind {
    pub(super) kind: BindKind,
    pub(super) sequence: SequenceNumber,
}

impl Session {
    /// ESME: asks to be bound (SMPP 3.4 §4.1). The answer comes as [`Event::Bound`] or as
    /// [`Event::Closed`] with [`CloseReason::BindRefused`].
    ///
    /// # Errors
    /// When the role or state is wrong, a bind is pending, or a field is too long.
    pub fn bind(&mut self, now: Now, request: &BindRequest<'_>) -> Result<(), SubmitError> {
        let command_id = request.kind.command_id();
        if self.bind.is_some() || !may_send(self.role, self.state, command_id) {
            return Err(SubmitError::NotPermitted);
        }
        let fields = request.fields;
        let sequence = match request.kind {
            BindKind::Transceiver => self.push_request(now, OWN_TICKET, &fields),
            BindKind::Transmitter => self.push_request(now, OWN_TICKET, &transmitter(fields)),
            BindKind::Receiver => self.push_request(now, OWN_TICKET, &receiver(fields)),
        };
        let sequence = sequence.map_err(SubmitError::Encode)?;
        self.bind = Some(PendingBind { kind: request.kind, sequence });
        self.timers.expect_bind(now.monotonic.saturating_add(self.settings.response_timeout));
        Ok(())
    }

    /// SMSC: asks the ESME on the other end to bind (SMPP 3.4 §4.1.7).
    ///
    /// # Errors
    /// When the role or state is wrong or a field is too long.
    pub fn outbind(&mut self, now: Now, outbind: &Outbind<'_>) -> Result<(), SubmitError> {
        if !may_send(self.role, self.state, CommandId::OUTBIND) {
            return Err(SubmitError::NotPermitted);
        }
        // outbind has no response, so it has no entry in the window. It is the first thing said
        // on its link, hence its number.
        let pushed = self.outbox.push(CommandStatus::ESME_ROK, 1, outbind);
        pushed.map_err(SubmitError::Encode)?;
        self.in_flight.start_after(1);
        self.state = State::Outbound;
        self.timers.expect_bind(now.monotonic.saturating_add(self.settings.session_init));
        Ok(())
    }

    /// SMSC: grants the bind that was asked for; `system_id` is what we call ourselves, cut to
    /// the fifteen octets the field holds. Does nothing when no bind waits.
    pub fn accept_bind(&mut self, now: Now, system_id: &str) {
        let Some(bind) = self.take_asked() else { return };
        let mut tlvs = Vec::new();
        if self.peer_takes_tlvs() {
            let version = [self.settings.interface_version];
            let _one_octet_fits = put_tlv(&mut tlvs, TlvTag::SC_INTERFACE_VERSION, &version);
        }
        let mut body = COctetString::from(system_id).octets().to_vec();
        body.truncate(SYSTEM_ID_MAX);
        body.push(0);
        body.extend_from_slice(&tlvs);
        let header = Header {
            command_length: (HEADER_LEN + body.len()) as u32,
            command_id: bind.kind.command_id().response(),
            command_status: CommandStatus::ESME_ROK,
            sequence_number: bind.sequence,
        };
        self.outbox.push_octets(&header.octets());
        self.outbox.push_octets(&body);
        self.enter_bound(now, bind.kind);
    }

    /// SMSC: refuses the bind that was asked for. The refusal is written, then the link closes.
    /// Does nothing when no bind waits.
    pub fn refuse_bind(&mut self, status: CommandStatus) {
        if self.answer_bind(status) {
            self.end(CloseReason::BindRefused(status));
        }
    }

    /// Answers the peer's bind that waits, if one does, without granting it.
    pub(super) fn answer_bind(&mut self, status: CommandStatus) -> bool {
        let Some(bind) = self.take_asked() else { return false };
        self.push_status(bind.kind.command_id().response(), status, bind.sequence);
        true
    }

    /// The bind that the peer asked for; one that we asked for is not ours to answer.
    fn take_asked(&mut self) -> Option<PendingBind> {
        if self.role == Role::Smsc { self.bind.take() } else { None }
    }

    pub(super) fn enter_bound(&mut self, now: Now, kind: BindKind) {
        self.state = kind.state();
        self.timers.bound(now.monotonic);
        self.events.push_back(Event::Bound(self.state));
    }
}

impl<'a> BindRequest<'a> {
    /// A bind with the fields every SMSC asks for; the others are empty.
    #[must_use]
    pub fn new(kind: BindKind, system_id: &'a str, password: &'a str) -> Self {
        let fields = BindTransceiver {
            system_id: COctetString::from(system_id),
            password: COctetString::from(password),
            interface_version: VERSION_WITH_TLVS,
            ..BindTransceiver::default()
        };
        Self { kind, fields }
    }
}

fn transmitter(bind: BindTransceiver<'_>) -> BindTransmitter<'_> {
    BindTransmitter {
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

fn receiver(bind: BindTransceiver<'_>) -> BindReceiver<'_> {
    BindReceiver {
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
