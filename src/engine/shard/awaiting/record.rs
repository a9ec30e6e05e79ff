//! One message that awaits its receipt, in as few octets as it can be.

use std::time::Duration;

use crate::clock::seconds;
use crate::message::message_id::MessageId;
use crate::message::receipt::ReceiptLine;
use crate::mt::receipts::{Quote, Subject};
use crate::wire::Address;

/// No record's place.
pub const NOBODY: u32 = u32::MAX;

/// Octets a record costs; ten million of them are what the limit is about.
const _: () = assert!(size_of::<Record>() == 80);
/// A quote's length and three flags share an octet.
const _: () = assert!(ReceiptLine::TEXT_OCTETS < 1 << 5);

const QUOTE_LEN: u8 = 0x1f;
const HAS_MORE: u8 = 0x20;
const IS_OLD: u8 = 0x40;
const IS_FREE: u8 = 0x80;

/// See the module above.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Our id of it.
    pub id: MessageId,
    /// What its receipt is found by, if it has one segment.
    pub key: u64,
    accepted_us: u64,
    /// Its neighbours in the order in which they began to wait.
    pub older: u32,
    /// Of a free record: the next free one.
    pub newer: u32,
    /// When it began to wait, in seconds of wall time since 1970.
    pub since_s: u32,
    expires_s: u32,
    /// The account and its sender.
    pub sender: u32,
    carrier: [u8; 3],
    /// As submitted.
    pub registered_delivery: u8,
    destination: Destination,
    flags: u8,
    quote: [u8; ReceiptLine::TEXT_OCTETS],
}

impl Record {
    /// A message that begins to wait; its place in the chain is the caller's to say.
    pub fn new(
        (id, key): (MessageId, Option<u64>),
        (carrier, sender): (u32, u32),
        subject: &Subject,
        (since, expires): (Duration, Duration),
    ) -> Self {
        let mut quote = [0; ReceiptLine::TEXT_OCTETS];
        let quoted = subject.quote.octets();
        quote.iter_mut().zip(quoted).for_each(|(to, from)| *to = *from);
        let [low, middle, high, _] = carrier.to_le_bytes();
        Self {
            id,
            key: key.unwrap_or(0),
            accepted_us: u64::try_from(subject.accepted_at.as_micros()).unwrap_or(u64::MAX),
            older: NOBODY,
            newer: NOBODY,
            since_s: seconds(since),
            expires_s: seconds(expires),
            sender,
            carrier: [low, middle, high],
            registered_delivery: subject.registered_delivery,
            destination: Destination::new(&subject.destination).unwrap_or_default(),
            // At most twenty octets.
            flags: quoted.len() as u8 & QUOTE_LEN,
            quote,
        }
    }

    /// A place that is free, and the next one that is.
    pub fn free(next: Option<u32>) -> Self {
        Self {
            id: MessageId::default(),
            key: 0,
            accepted_us: 0,
            older: NOBODY,
            newer: next.unwrap_or(NOBODY),
            since_s: 0,
            expires_s: 0,
            sender: 0,
            carrier: [0; 3],
            registered_delivery: 0,
            destination: Destination::default(),
            flags: IS_FREE,
            quote: [0; ReceiptLine::TEXT_OCTETS],
        }
    }

    /// The next free place, of one that is free.
    pub fn next_free(&self) -> Option<u32> {
        (self.newer != NOBODY).then_some(self.newer)
    }

    /// Whether there is no message here.
    pub fn is_free(&self) -> bool {
        self.flags & IS_FREE != 0
    }

    /// Whether there is more of it than stands here.
    pub fn has_more(&self) -> bool {
        self.flags & HAS_MORE != 0
    }

    /// There is more of it.
    pub fn set_more(&mut self) {
        self.flags |= HAS_MORE;
    }

    /// Whether it has waited for long, see [`super::places`].
    pub fn is_old(&self) -> bool {
        self.flags & IS_OLD != 0
    }

    /// It has waited for long.
    pub fn set_old(&mut self) {
        self.flags |= IS_OLD;
    }

    /// Which carrier has it: of the first sixteen million.
    pub fn carrier(&self) -> u32 {
        let [low, middle, high] = self.carrier;
        u32::from_le_bytes([low, middle, high, 0])
    }

    /// When it was accepted, in wall time since 1970.
    pub fn accepted_at(&self) -> Duration {
        Duration::from_micros(self.accepted_us)
    }

    /// When its validity ends, in wall time since 1970.
    pub fn expires_at(&self) -> Duration {
        Duration::from_secs(u64::from(self.expires_s))
    }

    /// The handset, where it is a number of the usual length.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// How its text began.
    pub fn quote(&self) -> Quote {
        let len = usize::from(self.flags & QUOTE_LEN);
        Quote::new(self.quote.get(..len).unwrap_or(&self.quote))
    }
}

/// A number of at most sixteen digits, two in an octet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Destination {
    ton: u8,
    npi: u8,
    digits: u8,
    packed: [u8; Self::DIGITS / 2],
}

impl Destination {
    /// Digits that fit: E.164 has fifteen.
    pub const DIGITS: usize = 16;

    /// An address as such a number; `None` when it is none.
    pub fn new(address: &Address) -> Option<Self> {
        let octets = address.octets();
        if octets.len() > Self::DIGITS {
            return None;
        }
        let mut packed = [0; Self::DIGITS / 2];
        for (to, pair) in packed.iter_mut().zip(octets.chunks(2)) {
            for (shift, octet) in [4, 0].into_iter().zip(pair) {
                let digit = octet.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                *to |= digit << shift;
            }
        }
        // At most sixteen.
        let digits = octets.len() as u8;
        Some(Self { ton: address.ton, npi: address.npi, digits, packed })
    }

    /// The digits as they stand on the wire.
    pub fn octets<'a>(&self, room: &'a mut [u8; Self::DIGITS]) -> &'a [u8] {
        for (pair, packed) in room.chunks_mut(2).zip(self.packed) {
            for (to, digit) in pair.iter_mut().zip([packed >> 4, packed & 0xf]) {
                *to = b'0' + digit;
            }
        }
        room.get(..usize::from(self.digits)).unwrap_or_default()
    }

    /// The address.
    pub fn address(&self) -> Address {
        Address::new(self.ton, self.npi, self.octets(&mut [0; Self::DIGITS]))
    }
}
