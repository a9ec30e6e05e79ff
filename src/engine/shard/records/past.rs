//! Records to what happened to a message, for those who look back.
//!
//! A record is read by itself: nothing is asked of what stands before it. What is asked for is an
//! id, or a number; [`Backward`] says of each batch under which of them it is to be found.

use std::time::Duration;

use super::image::read_awaited;
use super::octets::Reader;
use super::{STILL, contents, kind, read_id, read_ids, read_progress, read_worst, talks};
use crate::engine::shard::{Delivery, SegmentPlace};
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mt::receipts::tail;
use crate::store::Records;
use crate::store::history::Digest;
#[cfg(test)]
use crate::wire::Address;
use crate::wire::CommandStatus;

/// What a record says.
#[derive(Debug)]
pub enum Past {
    /// Of the message of this id.
    Of(MessageId, Event),
    /// An account is owed this.
    Owed(u32, Box<Delivery>),
    /// A segment of an MO waits for the others.
    Held(Box<MoMessage>),
}

/// What happened to a message.
#[derive(Debug)]
pub enum Event {
    /// It was accepted, or replaced; or it is written down once more as it was.
    Accepted {
        /// The id that its account knows it by.
        shared: MessageId,
        /// The carrier that it goes to.
        carrier: u32,
        /// Whether all of it was sent at once.
        is_sent: bool,
        /// It.
        message: Box<Message>,
    },
    /// How it stands.
    Stands {
        /// The carrier that it goes to.
        carrier: u32,
        /// Where its segments are.
        places: Vec<SegmentPlace>,
    },
    /// A segment was sent.
    Sent(u8),
    /// One was sent before and is not answered: it is no other sending.
    StillSent,
    /// The carrier took a segment.
    Taken {
        /// Which.
        segment: u8,
        /// The carrier's id, as it wrote it.
        id: Vec<u8>,
    },
    /// The carrier refused a segment.
    Refused {
        /// Which.
        segment: u8,
        /// Its answer.
        status: CommandStatus,
    },
    /// A receipt said this of a segment.
    Heard {
        /// Which.
        segment: u8,
        /// The state.
        state: MessageState,
    },
    /// The carrier has all of it, and its receipt is awaited.
    Awaits {
        /// Which carrier.
        carrier: u32,
    },
    /// It ended.
    Ended {
        /// The id that its account knows it by.
        shared: MessageId,
        /// Whose it was.
        account: u32,
        /// When that state was reached, in seconds since 1970, as its receipt says.
        done_s: u32,
        /// In which state.
        state: MessageState,
        /// The error beside it.
        error: u8,
        /// Whether its one receipt said so.
        by_receipt: bool,
    },
}

/// What a record says, if that is of use to whoever looks back.
#[must_use]
pub fn read(record: &[u8]) -> Option<Past> {
    let (kind, rest) = record.split_first()?;
    let mut from = Reader(rest);
    let from = &mut from;
    let of = |id, event| Some(Past::Of(id, event));
    match *kind {
        kind::MESSAGE => {
            let (id, shared) = read_ids(from)?;
            let (carrier, _, is_sent) = (from.u32()?, from.u16()?, from.u8()? != 0);
            let message = Box::new(contents::read_message(from)?);
            of(id, Event::Accepted { shared, carrier, is_sent, message })
        }
        kind::STANDING => {
            let id = read_id(from)?;
            let carrier = from.u32()?;
            let (_, _, _) = (from.u16()?, from.u8()?, from.time()?);
            read_worst(from)?;
            let progress = read_progress(from)?;
            let places = progress.all().iter().map(|one| one.place.into()).collect();
            of(id, Event::Stands { carrier, places })
        }
        kind::SENT => {
            let (id, segment) = (read_id(from)?, from.u8()?);
            let is_again = from.u8() == Some(STILL);
            of(id, if is_again { Event::StillSent } else { Event::Sent(segment) })
        }
        kind::TAKEN => {
            let (id, segment) = (read_id(from)?, from.u8()?);
            of(id, Event::Taken { segment, id: from.digits()? })
        }
        kind::REFUSED => {
            let (id, segment) = (read_id(from)?, from.u8()?);
            of(id, Event::Refused { segment, status: CommandStatus(from.u32()?) })
        }
        kind::HEARD => {
            let (id, segment) = (read_id(from)?, from.u8()?);
            of(id, Event::Heard { segment, state: MessageState(from.u8()?) })
        }
        kind::AWAITS | kind::AWAITS_WHOLE => {
            of(read_id(from)?, Event::Awaits { carrier: from.u32()? })
        }
        kind::ENDED => {
            let (id, shared) = read_ids(from)?;
            let (account, done_s) = (from.u32()?, from.u32()?);
            let (state, error) = (MessageState(from.u8()?), from.u8()?);
            let by_receipt = from.u8()? != 0;
            of(id, Event::Ended { shared, account, done_s, state, error, by_receipt })
        }
        kind::OWED => {
            let (number, account) = (from.u64()?, from.u32()?);
            contents::read_delivery(number, from).map(|owed| Past::Owed(account, Box::new(owed)))
        }
        kind::HELD => {
            from.u64()?;
            contents::read_mo(from).map(|message| Past::Held(Box::new(message)))
        }
        _ => None,
    }
}

/// When a batch came about, in wall time since 1970; `None` of one that does not say.
#[must_use]
pub fn at(batch: &[u8]) -> Option<Duration> {
    // It stands last; a batch that was divided has it in its last part.
    let last = Records::new(batch).filter(|record| record.first() == Some(&kind::AT)).last()?;
    Reader(last.get(1..)?).time()
}

impl Past {
    /// The ids that this is to be found by.
    pub fn each_id(&self, mut each: impl FnMut(MessageId)) {
        match self {
            Self::Of(id, Event::Accepted { shared, .. } | Event::Ended { shared, .. }) => {
                each(*id);
                if shared != id {
                    each(*shared);
                }
            }
            Self::Of(id, _) => each(*id),
            Self::Owed(_, owed) => {
                if let Delivery::Receipt { outcome, .. } = &**owed {
                    each(outcome.id);
                }
            }
            Self::Held(_) => {}
        }
    }

    /// The numbers that this speaks of.
    #[cfg(test)]
    pub fn each_number(&self, mut each: impl FnMut(&Address)) {
        match self {
            Self::Of(_, Event::Accepted { message, .. }) => {
                each(&message.destination);
                each(&message.source);
            }
            Self::Owed(_, owed) => match &**owed {
                Delivery::Receipt { subject, .. } => {
                    each(&subject.destination);
                    each(&subject.source);
                }
                Delivery::Mo { message, .. } => {
                    each(&message.source);
                    each(&message.destination);
                }
            },
            Self::Held(message) => {
                each(&message.source);
                each(&message.destination);
            }
            _ => {}
        }
    }
}

/// Tells a journal by what its batches are found. It reads no more of a record than that takes: of
/// each message it is asked once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backward;

impl Digest for Backward {
    fn digest(&self, batch: &[u8], key: &mut dyn FnMut(u64)) -> Option<u64> {
        for record in Records::new(batch) {
            // What cannot be read is found by nothing.
            let _ = each_named(record, &mut |named| match named {
                Named::Id(id) => key(key_of_id(id)),
                Named::Number(number) => key(key_of_number(number)),
            });
        }
        at(batch).map(|at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What a record names.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A message.
    Id(MessageId),
    /// A number.
    Number(&'a [u8]),
}

/// Gives each that a record names; `None` of one that cannot be read.
pub fn each_named(record: &[u8], each: &mut dyn FnMut(Named<'_>)) -> Option<()> {
    let (kind, rest) = record.split_first()?;
    let mut from = Reader(rest);
    let from = &mut from;
    match *kind {
        kind::MESSAGE | kind::ENDED => {
            let (id, shared) = read_ids(from)?;
            each(Named::Id(id));
            if id != shared {
                each(Named::Id(shared));
            }
            if *kind == kind::MESSAGE {
                let _ = (from.u32()?, from.u16()?, from.u8()?);
                let _ = (from.u32()?, from.u8()?);
                each_address(from, each)?;
            }
        }
        kind::STANDING
        | kind::SENT
        | kind::TAKEN
        | kind::REFUSED
        | kind::HEARD
        | kind::AWAITS
        | kind::NAMED => {
            each(Named::Id(read_id(from)?));
        }
        kind::AWAITS_WHOLE => {
            let awaited = read_awaited(from)?;
            each(Named::Id(awaited.id));
            let _ = (from.u64()?, from.u32()?);
            each_address(from, each)?;
        }
        kind::OWED => {
            let (_, _, what, _) = (from.u64()?, from.u32()?, from.u8()?, from.u32()?);
            each_address(from, each)?;
            if what == 0 {
                let _ = (from.u64()?, from.u8()?, from.short()?);
                each(Named::Id(read_id(from)?));
            }
        }
        kind::HELD => {
            let _ = (from.u64()?, from.u32()?);
            each_address(from, each)?;
        }
        kind::TALK => each_address(from, each)?,
        kind::TALK_ENDED => {
            let (handset, number) = talks::read_key(from)?;
            each(Named::Number(handset.digits().as_bytes()));
            each(Named::Number(number.digits().as_bytes()));
        }
        kind::PARKED => {
            let _ = (from.u64()?, from.u32()?, from.short()?);
            each(Named::Number(read_number(from)?));
        }
        _ => {}
    }
    Some(())
}

/// Gives two addresses, one behind the other.
fn each_address(from: &mut Reader<'_>, each: &mut dyn FnMut(Named<'_>)) -> Option<()> {
    each(Named::Number(read_number(from)?));
    each(Named::Number(read_number(from)?));
    Some(())
}

fn read_number<'a>(from: &mut Reader<'a>) -> Option<&'a [u8]> {
    let _ = (from.u8()?, from.u8()?);
    from.short()
}

/// The key of an id.
#[must_use]
pub fn key_of_id(id: MessageId) -> u64 {
    mixed(1, &id.number().to_le_bytes())
}

/// The key of a number: of the digits that every way of writing it shares.
#[must_use]
pub fn key_of_number(number: &[u8]) -> u64 {
    mixed(2, tail(number))
}

/// FNV-1a, and its bits spread over all of it. Indexes on disk hold what this gives.
fn mixed(seed: u64, octets: &[u8]) -> u64 {
    let fnv = octets.iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, |sum: u64, octet| {
        (sum ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let sum = (fnv ^ fnv >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let sum = (sum ^ sum >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ sum >> 33
}
