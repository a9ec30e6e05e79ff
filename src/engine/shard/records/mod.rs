//! What a shard writes down, so that a crash costs nothing it has promised.
//!
//! ```text
//!   admitted --> Message [Standing ..] --> Awaits --> Ended
//!                   Sent (its dispatcher)               Owed --> Settled
//!   receipt before its response: Parked --> Unparked     MO: Owed, or Held --> Released
//!   a handset that opts out, or in again: Chosen      a conversation: Talk --> TalkEnded
//!   marketing that goes: Texted
//! ```
//!
//! Each record says how one thing stands now, not what happened to it: the last one of a message
//! counts, one that is read twice changes nothing, and one of a message that nobody knows any more
//! is passed over. So a checkpoint may be taken while messages go on: it is a list of the same
//! records, each as of some moment behind the position it counts from, and what is replayed over it
//! from there leads to the same end. A message only ever goes on, from live to awaiting its receipt
//! to gone, so that an older record never takes it back.
//!
//! What became of each segment at its carrier, and when, is written for those who look back alone:
//! a start passes over it.
//!
//! What happens in one wake-up of a shard is one batch of records, which the journal keeps whole or
//! not at all, and nothing that a peer could see of it happens before it is durable.
//!
//! Not written, and so gone with the process: which lane had its turn (it begins again by the order
//! of acceptance), how often a carrier was asked for a message, requests that were not answered,
//! and how ids are written as far as that was learnt.

mod contents;
mod handsets;
pub mod image;
mod octets;
pub mod past;
pub mod talks;
#[cfg(test)]
pub mod tests;
pub mod without;

use std::time::Duration;

use super::Delivery;
use super::awaiting::More;
use super::live::{Given, HeldBy, Live, Place, Progress, Segment};
use super::register::End;
use crate::message::message_id::MessageId;
use crate::message::multipart::Final;
use crate::message::receipt::Cause;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mt::receipts::{CarrierReceipt, Notations, Subject};
use crate::store::Batch;
use crate::wire::CommandStatus;
pub use handsets::{chosen, texted};
use octets::{Reader, Writer};

/// What a record is of: its first octet.
mod kind {
    pub const START: u8 = 1;
    pub const ACCOUNT: u8 = 2;
    pub const CARRIER: u8 = 3;
    pub const MESSAGE: u8 = 4;
    pub const STANDING: u8 = 5;
    pub const SENT: u8 = 6;
    pub const AWAITS: u8 = 7;
    pub const AWAITS_WHOLE: u8 = 8;
    pub const ENDED: u8 = 9;
    pub const OWED: u8 = 10;
    pub const SETTLED: u8 = 11;
    pub const PARKED: u8 = 12;
    pub const UNPARKED: u8 = 13;
    pub const HELD: u8 = 14;
    pub const RELEASED: u8 = 15;
    pub const AT: u8 = 16;
    pub const TAKEN: u8 = 17;
    pub const REFUSED: u8 = 18;
    pub const HEARD: u8 = 19;
    pub const CHOSEN: u8 = 20;
    pub const TALK: u8 = 21;
    pub const TALK_ENDED: u8 = 22;
    pub const NAMED: u8 = 23;
    pub const HEARD_LATELY: u8 = 24;
    pub const TEXTED: u8 = 30;
}

/// A process begins to write; `ids_from` is the counter of the first id it gives.
pub fn start(batch: &mut Batch, ids_from: u64) {
    record(batch, kind::START, |to| to.u64(ids_from));
}

/// The account at this place, which other records name it by.
pub fn account(batch: &mut Batch, place: u32, name: &str) {
    named(batch, kind::ACCOUNT, place, name);
}

/// The carrier at this place.
pub fn carrier(batch: &mut Batch, place: u32, name: &str) {
    named(batch, kind::CARRIER, place, name);
}

fn named(batch: &mut Batch, kind: u8, place: u32, name: &str) {
    record(batch, kind, |to| {
        to.u32(place);
        to.long(name.as_bytes());
    });
}

/// A message that is live, all of it; `shared` is the id that its account knows it by.
pub fn message(batch: &mut Batch, live: &Live, shared: MessageId, copies: &[(u8, u64)]) {
    record(batch, kind::MESSAGE, |to| {
        put_ids(to, live.id, shared);
        to.u32(live.carrier);
        to.u16(live.reference);
        let may_be_sent =
            |one: &Segment| one.place == Place::Out && one.given == Given::NotedAsSent;
        let is_sent = live.all().iter().all(may_be_sent);
        to.u8(u8::from(is_sent));
        contents::put_message(to, &live.message.read());
    });
    // Most have just come and have nothing to say of themselves.
    if !is_new(live) {
        standing(batch, live, copies);
    }
}

/// Whether a message is as it was when it came, but for what its dispatcher holds.
fn is_new(live: &Live) -> bool {
    let has_come = |one: &Segment| {
        let Segment { place, twice, given: _, state, unanswered, attempts, key } = *one;
        let unsent = matches!(place, Place::Back | Place::Out) && !twice;
        unsent && state.is_none() && key.is_none() && (unanswered, attempts) == (0, 0)
    };
    let flags = live.awaits_receipt
        || live.expired
        || live.said_unknown
        || live.held_by.is_some()
        || live.is_counted;
    !flags && live.wake_at.is_zero() && live.worst.is_none() && live.all().iter().all(has_come)
}

/// How a live message stands, beside what it is. `copies` are the ids of second copies.
pub fn standing(batch: &mut Batch, live: &Live, copies: &[(u8, u64)]) {
    record(batch, kind::STANDING, |to| {
        to.u64(live.id.number());
        to.u32(live.carrier);
        to.u16(live.reference);
        let is_by = |rule| live.held_by == Some(rule);
        let (by_hours, by_pause) = (is_by(HeldBy::QuietHours), is_by(HeldBy::Pause));
        let flags = [
            live.awaits_receipt,
            live.expired,
            live.said_unknown,
            by_hours,
            by_pause,
            live.is_counted,
        ];
        to.u8(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
        to.time(live.wake_at);
        put_worst(to, live.worst.as_ref(), live.done_s);
        put_progress(to, &live.progress);
        to.u16(copies.len() as u16);
        for (segment, key) in copies.iter().take(usize::from(u16::MAX)) {
            to.u8(*segment);
            to.u64(*key);
        }
    });
}

/// A segment is about to be written to its carrier.
pub fn sent(batch: &mut Batch, id: u64, segment: u8) {
    record(batch, kind::SENT, |to| {
        to.u64(id);
        to.u8(segment);
    });
}

/// A segment was sent and is not answered, as a record says that may not be there any more: for a
/// start alone, and no sending to whoever looks back.
pub fn still_sent(batch: &mut Batch, id: u64, segment: u8) {
    record(batch, kind::SENT, |to| {
        to.u64(id);
        to.u8(segment);
        to.u8(STILL);
    });
}

/// Behind a record that says again what another one did.
const STILL: u8 = 1;

/// What is known of a message that awaits its receipt, beside what it is.
#[derive(Debug)]
pub struct Awaited<'a> {
    /// Our id of it.
    pub id: MessageId,
    /// Which carrier has it.
    pub carrier: u32,
    /// Since when it waits, in seconds of wall time since 1970.
    pub since_s: u32,
    /// What its receipt is found by, where that is all there is to know.
    pub key: u64,
    /// What else there is.
    pub more: Option<&'a More>,
}

/// A message that was live awaits its receipt.
pub fn awaits(batch: &mut Batch, awaited: &Awaited<'_>) {
    record(batch, kind::AWAITS, |to| put_awaited(to, awaited));
}

/// The same of one that the records before may not hold.
pub fn awaits_whole(
    batch: &mut Batch,
    awaited: &Awaited<'_>,
    (subject, expires_at, shared): (&Subject, Duration, MessageId),
) {
    record(batch, kind::AWAITS_WHOLE, |to| {
        put_awaited(to, awaited);
        to.u64(shared.number());
        contents::put_subject(to, subject);
        to.time(expires_at);
    });
}

fn put_awaited(to: &mut Writer<'_>, awaited: &Awaited<'_>) {
    to.u64(awaited.id.number());
    to.u32(awaited.carrier);
    to.u32(awaited.since_s);
    match awaited.more {
        None => {
            to.u8(0);
            to.u64(awaited.key);
        }
        Some(more) => {
            to.u8(1 | u8::from(more.said_unknown) << 1);
            to.time(more.give_up_at);
            put_worst(to, more.worst.as_ref(), more.done_s);
            put_progress(to, &more.progress);
        }
    }
}

/// A message has ended so; `heard` when its receipt said it.
pub fn ended(batch: &mut Batch, (id, shared): (MessageId, MessageId), end: End, heard: bool) {
    record(batch, kind::ENDED, |to| {
        put_ids(to, id, shared);
        to.u32(end.account);
        to.u32(end.done_s);
        to.u8(end.state.0);
        to.u8(end.error);
        to.u8(u8::from(heard));
    });
}

/// Most messages are known by their own id, and the top bit of an id is 0: it says whether another
/// follows.
const OTHER_ID: u64 = 1 << 63;

fn put_ids(to: &mut Writer<'_>, id: MessageId, shared: MessageId) {
    if id == shared {
        to.u64(id.number());
    } else {
        to.u64(id.number() | OTHER_ID);
        to.u64(shared.number());
    }
}

fn read_id(from: &mut Reader<'_>) -> Option<MessageId> {
    from.u64().map(MessageId::from_number)
}

fn read_ids(from: &mut Reader<'_>) -> Option<(MessageId, MessageId)> {
    let first = from.u64()?;
    let id = MessageId::from_number(first & !OTHER_ID);
    let shared = match first & OTHER_ID {
        0 => id,
        _ => MessageId::from_number(from.u64()?),
    };
    Some((id, shared))
}

/// When it was that all records of this batch came about: wall time since 1970.
pub fn at(batch: &mut Batch, wall: Duration) {
    record(batch, kind::AT, |to| to.time(wall));
}

/// The carrier took a segment, and gave it this id.
pub fn taken(batch: &mut Batch, id: MessageId, segment: u8, carrier_id: &[u8]) {
    record(batch, kind::TAKEN, |to| {
        to.u64(id.number());
        to.u8(segment);
        to.digits(carrier_id);
    });
}

/// The carrier may be asked for a segment, under this id as it wrote it.
pub fn named_by_carrier(batch: &mut Batch, id: MessageId, segment: u8, carrier_id: &[u8]) {
    record(batch, kind::NAMED, |to| {
        to.u64(id.number());
        to.u8(segment);
        to.short(carrier_id);
    });
}

/// What receipts of messages that ended lately are known by, as the shard at this place of so many
/// remembers it.
pub fn heard_lately(batch: &mut Batch, shard: u8, shards: u8, prints: &[u64]) {
    record(batch, kind::HEARD_LATELY, |to| {
        to.u8(shard);
        to.u8(shards);
        prints.iter().for_each(|print| to.u64(*print));
    });
}

/// The carrier refused a segment.
pub fn refused(batch: &mut Batch, id: MessageId, segment: u8, status: CommandStatus) {
    record(batch, kind::REFUSED, |to| {
        to.u64(id.number());
        to.u8(segment);
        to.u32(status.0);
    });
}

/// A receipt said this of a segment, and its message goes on.
pub fn heard(batch: &mut Batch, id: MessageId, segment: u8, state: MessageState, is_final: bool) {
    record(batch, kind::HEARD, |to| {
        to.u64(id.number());
        to.u8(segment);
        to.u8(state.0);
        to.u8(u8::from(is_final));
    });
}

/// An account is owed this.
pub fn owed(batch: &mut Batch, account: u32, delivery: &Delivery) {
    record(batch, kind::OWED, |to| {
        to.u64(delivery.number());
        to.u32(account);
        contents::put_delivery(to, delivery);
    });
}

/// An account has what was owed under this number, or will never take it.
pub fn settled(batch: &mut Batch, number: u64) {
    record(batch, kind::SETTLED, |to| to.u64(number));
}

/// A receipt waits for the response it belongs to.
pub fn parked(batch: &mut Batch, number: u64, receipt: &CarrierReceipt) {
    record(batch, kind::PARKED, |to| {
        to.u64(number);
        contents::put_receipt(to, receipt);
    });
}

/// The receipt of such a record, of whose carrier `notations` tells how it writes ids; `None` when
/// it cannot be read.
pub fn read_parked(octets: &[u8], notations: impl Fn(u32) -> Notations) -> Option<CarrierReceipt> {
    contents::read_receipt(&mut Reader(octets), notations)
}

/// It does so no more.
pub fn unparked(batch: &mut Batch, number: u64) {
    record(batch, kind::UNPARKED, |to| to.u64(number));
}

/// A segment of an MO waits for the others.
pub fn held(batch: &mut Batch, number: u64, message: &MoMessage) {
    record(batch, kind::HELD, |to| {
        to.u64(number);
        contents::put_mo(to, message);
    });
}

/// It does so no more.
pub fn released(batch: &mut Batch, number: u64) {
    record(batch, kind::RELEASED, |to| to.u64(number));
}

fn record(batch: &mut Batch, kind: u8, write: impl FnOnce(&mut Writer<'_>)) {
    batch.push_with(|octets| {
        octets.push(kind);
        write(&mut Writer(octets));
    });
}

fn put_worst(to: &mut Writer<'_>, worst: Option<&Final<Cause>>, done_s: u32) {
    match worst {
        None => to.u8(0),
        Some((state, cause)) => {
            to.u8(1);
            to.u8(state.0);
            contents::put_cause(to, cause);
            to.u32(done_s);
        }
    }
}

fn read_worst(from: &mut Reader<'_>) -> Option<(Option<Final<Cause>>, u32)> {
    if from.u8()? == 0 {
        return Some((None, 0));
    }
    let worst = (MessageState(from.u8()?), contents::read_cause(from)?);
    Some((Some(worst), from.u32()?))
}

const TWICE: u8 = 4;
const HAS_STATE: u8 = 8;
const HAS_KEY: u8 = 16;
const ANEW: u8 = 32;

fn put_progress(to: &mut Writer<'_>, progress: &Progress) {
    // At most 255.
    to.u8(progress.all().len() as u8);
    for one in progress.all() {
        let place = match one.place {
            Place::Back => 0,
            Place::Out => 1,
            Place::InDoubt => 2,
            Place::Accepted => 3,
        };
        let flags = [(one.twice, TWICE), (one.state.is_some(), HAS_STATE)];
        let flags = flags
            .into_iter()
            .chain([(one.key.is_some(), HAS_KEY), (one.given == Given::Anew, ANEW)]);
        to.u8(flags.filter(|(is, _)| *is).fold(place, |bits, (_, flag)| bits | flag));
        to.u8(one.unanswered);
        to.u16(one.attempts);
        if let Some(state) = one.state {
            to.u8(state.0);
        }
        if let Some(key) = one.key {
            to.u64(key);
        }
    }
}

fn read_progress(from: &mut Reader<'_>) -> Option<Progress> {
    let count = from.u8()?;
    let one = |from: &mut Reader<'_>| {
        let flags = from.u8()?;
        Some(Segment {
            place: match flags & 3 {
                0 => Place::Back,
                1 => Place::Out,
                2 => Place::InDoubt,
                _ => Place::Accepted,
            },
            twice: flags & TWICE != 0,
            given: if flags & ANEW != 0 { Given::Anew } else { Given::Noted },
            unanswered: from.u8()?,
            attempts: from.u16()?,
            state: if flags & HAS_STATE != 0 { Some(MessageState(from.u8()?)) } else { None },
            key: if flags & HAS_KEY != 0 { Some(from.u64()?) } else { None },
        })
    };
    match count {
        0 => None,
        1 => one(from).map(Progress::One),
        _ => (0..count).map(|_| one(from)).collect::<Option<_>>().map(Progress::Several),
    }
}
