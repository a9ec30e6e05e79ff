//! What messages, receipts and MO are made of, to octets and back.

use std::sync::Arc;

use super::octets::{Reader, Writer};
use crate::engine::shard::Delivery;
use crate::message::class::TrafficClass;
use crate::message::envelope::{Cuts, Message, ServiceType, UserData};
use crate::message::message_id::MessageId;
use crate::message::receipt::{Cause, ReceiptError};
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mt::receipts::{
    CarrierReceipt, Evidence, Notations, Outcome, Quote, Subject, receipt_keys,
};
use crate::text::{Language, Shifts};

/// Writes a message. Which number it is sent from it says by its sender.
pub fn put_message(to: &mut Writer<'_>, message: &Message) {
    let class = TrafficClass::ALL.iter().position(|class| *class == message.class);
    to.u32(message.account);
    // One of three.
    to.u8(class.unwrap_or(0) as u8);
    to.address(&message.source);
    to.address(&message.destination);
    to.0.extend_from_slice(message.service_type.octets());
    to.0.extend_from_slice(&[
        message.esm_class,
        message.protocol_id,
        message.priority_flag,
        message.registered_delivery,
        message.replace_if_present_flag,
        message.data_coding,
        message.submitted_coding,
        message.shifts.locking.0,
        message.shifts.single.0,
        message.sm_default_msg_id,
        u8::from(message.strict_order),
        u8::from(message.asks_for_all),
    ]);
    to.time(message.accepted_at);
    to.time(message.send_at);
    to.time(message.expires_at);
    to.long(message.user_data.octets());
    to.long(&message.tlvs);
    // A message has at most 255 segments.
    to.u8(message.cuts.ends.len() as u8);
    for end in &message.cuts.ends {
        to.u16(*end);
    }
    to.u16(message.cuts.longest);
    to.u16(message.cuts.longest_as_septets);
}

/// Reads a message; the place of its number is to be looked up.
pub fn read_message(from: &mut Reader<'_>) -> Option<Message> {
    let account = from.u32()?;
    let class = *TrafficClass::ALL.get(usize::from(from.u8()?))?;
    let (source, destination) = (from.address()?, from.address()?);
    let mut service_type = [0; 6];
    for octet in &mut service_type {
        *octet = from.u8()?;
    }
    let mut octet = || from.u8();
    Some(Message {
        account,
        class,
        source,
        destination,
        service_type: ServiceType::new(&service_type),
        esm_class: octet()?,
        protocol_id: octet()?,
        priority_flag: octet()?,
        registered_delivery: octet()?,
        replace_if_present_flag: octet()?,
        data_coding: octet()?,
        submitted_coding: octet()?,
        shifts: Shifts { locking: Language(octet()?), single: Language(octet()?) },
        sm_default_msg_id: octet()?,
        strict_order: octet()? != 0,
        asks_for_all: octet()? != 0,
        number: None,
        accepted_at: from.time()?,
        send_at: from.time()?,
        expires_at: from.time()?,
        user_data: UserData::new(from.long()?),
        tlvs: from.long()?.into(),
        cuts: Cuts {
            ends: (0..from.u8()?).map(|_| from.u16()).collect::<Option<_>>()?,
            longest: from.u16()?,
            longest_as_septets: from.u16()?,
        },
    })
}

/// Writes what receipts say of a message.
pub fn put_subject(to: &mut Writer<'_>, subject: &Subject) {
    to.u32(subject.account);
    to.address(&subject.source);
    to.address(&subject.destination);
    to.time(subject.accepted_at);
    to.u8(subject.registered_delivery);
    to.short(subject.quote.octets());
}

/// Reads what receipts say of a message.
pub fn read_subject(from: &mut Reader<'_>) -> Option<Subject> {
    Some(Subject {
        account: from.u32()?,
        source: from.address()?,
        destination: from.address()?,
        accepted_at: from.time()?,
        registered_delivery: from.u8()?,
        quote: Quote::new(from.short()?),
    })
}

/// Writes what a carrier says beside a state.
pub fn put_cause(to: &mut Writer<'_>, cause: &Cause) {
    let (number, text) = match cause.error() {
        ReceiptError::Text(text) => (0, text),
        error => (error.number().unwrap_or(0), &b""[..]),
    };
    to.u32(number);
    to.short(text);
    match cause.network() {
        Some(network) => to.short(&network),
        None => to.short(b""),
    }
    to.short(cause.tlvs());
}

/// Reads what a carrier says beside a state.
pub fn read_cause(from: &mut Reader<'_>) -> Option<Cause> {
    let (number, text) = (from.u32()?, from.short()?);
    let error = match text {
        [] => ReceiptError::Number(number),
        text => ReceiptError::Text(text),
    };
    let network = <[u8; 3]>::try_from(from.short()?).ok();
    Some(Cause::new(Some(error), network, from.short()?))
}

/// Writes what is handed to an account.
pub fn put_delivery(to: &mut Writer<'_>, delivery: &Delivery) {
    match delivery {
        Delivery::Receipt { subject, outcome, .. } => {
            to.u8(0);
            put_subject(to, subject);
            to.u64(outcome.id.number());
            to.u8(outcome.state.0);
            to.u8(u8::from(outcome.is_final));
            put_cause(to, &outcome.cause);
            to.time(outcome.done);
        }
        Delivery::Mo { message, .. } => {
            to.u8(1);
            put_mo(to, message);
        }
    }
}

/// Reads what is handed to an account under this number.
pub fn read_delivery(number: u64, from: &mut Reader<'_>) -> Option<Delivery> {
    Some(match from.u8()? {
        0 => {
            let subject = Arc::new(read_subject(from)?);
            let outcome = Outcome {
                id: MessageId::from_number(from.u64()?),
                state: MessageState(from.u8()?),
                is_final: from.u8()? != 0,
                cause: read_cause(from)?,
                done: from.time()?,
            };
            Delivery::Receipt { number, subject, outcome }
        }
        1 => Delivery::Mo { number, message: Arc::new(read_mo(from)?) },
        _ => return None,
    })
}

/// Writes a message from a handset.
pub fn put_mo(to: &mut Writer<'_>, message: &MoMessage) {
    to.u32(message.carrier);
    to.address(&message.source);
    to.address(&message.destination);
    to.short(&message.service_type);
    to.0.extend_from_slice(&[
        message.esm_class,
        message.protocol_id,
        message.priority_flag,
        message.data_coding,
    ]);
    to.long(&message.short_message);
    to.long(&message.tlvs);
}

/// Reads a message from a handset.
pub fn read_mo(from: &mut Reader<'_>) -> Option<MoMessage> {
    Some(MoMessage {
        carrier: from.u32()?,
        source: from.address()?,
        destination: from.address()?,
        service_type: from.short()?.into(),
        esm_class: from.u8()?,
        protocol_id: from.u8()?,
        priority_flag: from.u8()?,
        data_coding: from.u8()?,
        short_message: from.long()?.into(),
        tlvs: from.long()?.into(),
    })
}

/// Writes a carrier's receipt.
pub fn put_receipt(to: &mut Writer<'_>, receipt: &CarrierReceipt) {
    to.u32(receipt.carrier);
    to.short(receipt.keys.id());
    to.address(&receipt.destination);
    to.u8(receipt.state.0);
    put_cause(to, &receipt.cause);
    to.time(receipt.done.unwrap_or_default());
    to.u8(u8::from(receipt.is_provisional));
    receipt.evidence.put(to.0);
}

/// Reads a carrier's receipt, of whose carrier `notations` tells how it writes ids.
pub fn read_receipt(
    from: &mut Reader<'_>,
    notations: impl Fn(u32) -> Notations,
) -> Option<CarrierReceipt> {
    let carrier = from.u32()?;
    Some(CarrierReceipt {
        carrier,
        keys: receipt_keys(carrier, notations(carrier), from.short()?),
        destination: from.address()?,
        state: MessageState(from.u8()?),
        cause: read_cause(from)?,
        done: Some(from.time()?).filter(|done| !done.is_zero()),
        is_provisional: from.u8()? != 0,
        evidence: Evidence::take(&mut from.0)?,
    })
}
