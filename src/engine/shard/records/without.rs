//! Records without what they say of somebody: neither number nor text.
//!
//! What happened stays, and when: that a message was accepted, its carrier's id, how it ended. So a
//! bill can be accounted for, and nobody can say whose message it was or what it said.

use std::sync::Arc;

use super::octets::Reader;
use super::past::{Named, each_named};
use super::{contents, kind, put_ids, read_ids, record, talks};
use crate::engine::shard::Delivery;
use crate::message::envelope::{Message, UserData};
use crate::message::message_id::MessageId;
use crate::message::receipt::Cause;
use crate::mo::MoMessage;
use crate::mt::receipts::{CarrierReceipt, Evidence, Notations, Quote, Subject};
use crate::store::{Batch, Records};
use crate::wire::Address;

/// Which addresses are meant.
pub type IsMeant<'a> = &'a dyn Fn(&[u8]) -> bool;

/// Whether a record speaks of such an address, and of which message.
#[must_use]
pub fn speaks_of(record: &[u8], is_meant: IsMeant<'_>) -> Option<Option<MessageId>> {
    let (mut id, mut is) = (None, false);
    // What cannot be read speaks of nobody.
    let _ = each_named(record, &mut |named| match named {
        Named::Id(named) => id = id.or(Some(named)),
        Named::Number(number) => is |= is_meant(number),
    });
    is.then_some(id)
}

/// Whether a batch speaks of such addresses.
#[must_use]
pub fn has_any_of(octets: &[u8], is_meant: IsMeant<'_>) -> bool {
    Records::new(octets).any(|record| speaks_of(record, is_meant).is_some())
}

/// The batch without what it says of such addresses; `None` where it says nothing.
#[must_use]
pub fn without(octets: &[u8], is_meant: IsMeant<'_>) -> Option<Vec<u8>> {
    if !has_any_of(octets, is_meant) {
        return None;
    }
    let mut batch = Batch::new();
    for record in Records::new(octets) {
        let speaks = speaks_of(record, is_meant).is_some();
        let changed = speaks && put_without(&mut batch, record, is_meant).is_some();
        if !changed {
            batch.push(record);
        }
    }
    Some(batch.octets().to_vec())
}

/// Writes a record without that. It is read to its end before anything is written.
fn put_without(batch: &mut Batch, octets: &[u8], is_meant: IsMeant<'_>) -> Option<()> {
    let (kind, rest) = octets.split_first()?;
    let mut from = Reader(rest);
    match *kind {
        kind::MESSAGE => {
            let ids = read_ids(&mut from)?;
            let (carrier, reference, is_sent) = (from.u32()?, from.u16()?, from.u8()?);
            let mut message = contents::read_message(&mut from)?;
            blank_message(&mut message, is_meant);
            record(batch, *kind, |to| {
                put_ids(to, ids.0, ids.1);
                to.u32(carrier);
                to.u16(reference);
                to.u8(is_sent);
                contents::put_message(to, &message);
            });
        }
        kind::OWED => {
            let (number, account) = (from.u64()?, from.u32()?);
            let mut owed = contents::read_delivery(number, &mut from)?;
            match &mut owed {
                Delivery::Receipt { subject, outcome, .. } => {
                    blank_subject(Arc::make_mut(subject), is_meant);
                    outcome.cause = blank_cause(&outcome.cause);
                }
                Delivery::Mo { message, .. } => blank_mo(Arc::make_mut(message), is_meant),
            }
            record(batch, *kind, |to| {
                to.u64(number);
                to.u32(account);
                contents::put_delivery(to, &owed);
            });
        }
        kind::HELD => {
            let number = from.u64()?;
            let mut message = contents::read_mo(&mut from)?;
            blank_mo(&mut message, is_meant);
            record(batch, *kind, |to| {
                to.u64(number);
                contents::put_mo(to, &message);
            });
        }
        kind::PARKED => {
            let number = from.u64()?;
            let receipt = contents::read_receipt(&mut from, |_| Notations::default())?;
            let cause = blank_cause(&receipt.cause);
            let (destination, evidence) = (Address::default(), Evidence::default());
            let receipt = CarrierReceipt { destination, cause, evidence, ..receipt };
            record(batch, *kind, |to| {
                to.u64(number);
                contents::put_receipt(to, &receipt);
            });
        }
        kind::TALK => {
            let mut was = talks::read(&mut from)?;
            blank(&mut was.number, is_meant);
            blank(&mut was.handset, is_meant);
            was.state.clear();
            was.lines.clear();
            record(batch, *kind, |to| talks::put(to, &was));
        }
        kind::TALK_ENDED => record(batch, *kind, |to| {
            to.u64(0);
            to.u64(0);
        }),
        _ => return None,
    }
    Some(())
}

fn blank_message(message: &mut Message, is_meant: IsMeant<'_>) {
    blank(&mut message.source, is_meant);
    blank(&mut message.destination, is_meant);
    message.user_data = UserData::new(b"");
    message.tlvs = Default::default();
}

fn blank_subject(subject: &mut Subject, is_meant: IsMeant<'_>) {
    blank(&mut subject.source, is_meant);
    blank(&mut subject.destination, is_meant);
    subject.quote = Quote::new(b"");
}

fn blank_mo(message: &mut MoMessage, is_meant: IsMeant<'_>) {
    blank(&mut message.source, is_meant);
    blank(&mut message.destination, is_meant);
    message.short_message = Default::default();
    message.tlvs = Default::default();
}

/// An error's number may stay; what a carrier wrote beside it may be anything.
fn blank_cause(cause: &Cause) -> Cause {
    u32::from(cause.octet()).into()
}

fn blank(address: &mut Address, is_meant: IsMeant<'_>) {
    if is_meant(address.octets()) {
        *address = Address::default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::*;
    use super::*;
    use crate::engine::shard::live::Live;
    use crate::message::state::MessageState;
    use crate::mt::receipts::{Outcome, receipt_keys};

    const NUMBER: &[u8] = b"33612345678";
    const TEXT: &[u8] = b"the secret word";

    fn is_meant(octets: &[u8]) -> bool {
        octets == NUMBER
    }

    fn message(source: &[u8], destination: &[u8]) -> Message {
        Message {
            source: Address::new(1, 1, source),
            destination: Address::new(1, 1, destination),
            user_data: UserData::new(TEXT),
            tlvs: TEXT.into(),
            ..Message::default()
        }
    }

    fn mo(source: &[u8]) -> MoMessage {
        MoMessage {
            carrier: 0,
            source: Address::new(1, 1, source),
            destination: Address::new(0, 1, b"12345"),
            service_type: Default::default(),
            esm_class: 0,
            protocol_id: 0,
            priority_flag: 0,
            data_coding: 0,
            short_message: TEXT.into(),
            tlvs: TEXT.into(),
        }
    }

    /// One record of each kind that speaks of somebody.
    fn of(number: &[u8]) -> Batch {
        let mut batch = Batch::new();
        let id = MessageId::new(1, 7);
        for message in [message(b"Shop", number), message(number, b"44")] {
            let live = Live::new(id, message.clone().into(), 0, 0);
            super::super::message(&mut batch, &live, MessageId::new(1, 6), &[]);
            let mut subject = Subject::of(&message);
            subject.quote = Quote::new(TEXT);
            let cause = Cause::new(None, None, TEXT);
            let (state, done) = (MessageState::DELIVERED, Duration::ZERO);
            let outcome = Outcome { id, state, is_final: true, cause, done };
            let owed = Delivery::Receipt { number: 3, subject: Arc::new(subject), outcome };
            super::super::owed(&mut batch, 1, &owed);
        }
        let owed = Delivery::Mo { number: 4, message: Arc::new(mo(number)) };
        super::super::owed(&mut batch, 1, &owed);
        held(&mut batch, 5, &mo(number));
        let receipt = CarrierReceipt {
            carrier: 0,
            keys: receipt_keys(0, Notations::default(), b"77"),
            destination: Address::new(1, 1, number),
            state: MessageState::DELIVERED,
            cause: Cause::new(None, None, TEXT),
            done: None,
            is_provisional: false,
            evidence: Evidence::default(),
        };
        parked(&mut batch, 6, &receipt);
        taken(&mut batch, id, 0, b"77");
        at(&mut batch, Duration::from_secs(9));
        batch
    }

    fn holds(octets: &[u8], what: &[u8]) -> bool {
        octets.windows(what.len()).any(|window| window == what)
    }

    #[test]
    fn neither_number_nor_text_is_left_and_what_happened_is() {
        let batch = of(NUMBER);
        let left = without(batch.octets(), &is_meant).unwrap();
        assert!(holds(batch.octets(), NUMBER) && holds(batch.octets(), TEXT));
        assert!(!holds(&left, NUMBER) && !holds(&left, TEXT));
        assert!(holds(&left, b"Shop") && holds(&left, b"12345"));
        assert!(left.len() < batch.octets().len());
        let kinds =
            |octets: &[u8]| -> Vec<u8> { Records::new(octets).map(|record| record[0]).collect() };
        assert_eq!(kinds(&left), kinds(batch.octets()));
        assert!(without(&left, &is_meant).is_none(), "a second time there is nothing");
        let mut image = image::Image::new(0);
        image.take_batch(&left).unwrap();
    }

    #[test]
    fn what_is_about_others_stays_as_it_is() {
        assert!(without(of(b"33612345679").octets(), &is_meant).is_none());
        let mut both = of(b"33612345679");
        let others = both.octets().to_vec();
        for record in Records::new(of(NUMBER).octets()) {
            both.push(record);
        }
        let left = without(both.octets(), &is_meant).unwrap();
        assert!(left.starts_with(&others));
    }

    #[test]
    fn a_message_that_awaits_its_receipt_in_a_checkpoint_is_seen() {
        let mut batch = Batch::new();
        let id = MessageId::new(1, 7);
        let subject = Subject::of(&message(b"Shop", NUMBER));
        let awaited = Awaited { id, carrier: 0, since_s: 1, key: 2, more: None };
        awaits_whole(&mut batch, &awaited, (&subject, Duration::ZERO, id));
        let record = Records::new(batch.octets()).next().unwrap();
        assert_eq!(speaks_of(record, &is_meant), Some(Some(id)));
        assert_eq!(speaks_of(record, &|octets| octets == b"other"), None);
    }
}
