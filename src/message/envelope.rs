//! What an account submitted, as the engine carries it to a carrier.

use std::fmt::Debug;
use std::time::Duration;

use super::class::TrafficClass;
use crate::text::Shifts;
use crate::wire::Address;

/// In the place of an account: the engine itself, whose messages nobody hears more of.
pub const ENGINE: u32 = u32::MAX;

/// Octets of user data kept in the message itself: a whole single segment fits.
const INLINE: usize = 160;

/// What a message has of its text: the text itself, or where it stands.
pub trait Body: Debug + Send + Sync {
    /// How many octets it has.
    fn octets_count(&self) -> usize;
}

/// A message an account submitted. It never changes once accepted, so its owners share it. One
/// whose text stands elsewhere has another [`Body`], and neither user data nor TLVs.
#[derive(Clone, Debug)]
pub struct Message<B: ?Sized = UserData> {
    /// Which account, by its place in the settings.
    pub account: u32,
    /// Why it is sent.
    pub class: TrafficClass,
    /// Who it says it is from.
    pub source: Address,
    /// The handset.
    pub destination: Address,
    /// `service_type` without its NUL.
    pub service_type: ServiceType,
    /// `esm_class` as submitted.
    pub esm_class: u8,
    /// `protocol_id` as submitted.
    pub protocol_id: u8,
    /// `priority_flag` as submitted.
    pub priority_flag: u8,
    /// `registered_delivery` as submitted: which receipts the account wants.
    pub registered_delivery: u8,
    /// Its carrier is asked for a receipt whatever `registered_delivery` says: it tells of segments
    /// for which its account asked.
    pub asks_for_all: bool,
    /// `replace_if_present_flag` as submitted.
    pub replace_if_present_flag: u8,
    /// The `data_coding` it is sent with.
    pub data_coding: u8,
    /// The `data_coding` that its account wrote: what a replacement of its text is in, since a
    /// replace_sm does not say.
    pub submitted_coding: u8,
    /// The national tables its text is in, which each segment's header announces.
    pub shifts: Shifts,
    /// `sm_default_msg_id` as submitted.
    pub sm_default_msg_id: u8,
    /// Whether it goes only when the one before it, of its sender to its destination, was taken.
    pub strict_order: bool,
    /// The place of the number it is sent from, if that has a rate of its own.
    pub number: Option<u32>,
    /// TLVs that travel on as they came, message_payload not among them.
    pub tlvs: Box<[u8]>,
    /// How it is cut.
    pub cuts: Cuts,
    /// When it was accepted, in wall time since 1970.
    pub accepted_at: Duration,
    /// When it may be sent first, in wall time since 1970; zero is at once.
    pub send_at: Duration,
    /// When it ends if it has not been delivered, in wall time since 1970.
    pub expires_at: Duration,
    /// User data: short_message, or message_payload.
    pub user_data: B,
}

/// All of a message but its text, wherever that is.
pub type Head = Message<dyn Body>;

impl Default for Message {
    /// Nothing, from nobody to nobody, whose validity does not end.
    fn default() -> Self {
        Self {
            account: 0,
            class: TrafficClass::default(),
            source: Address::default(),
            destination: Address::default(),
            service_type: ServiceType::default(),
            esm_class: 0,
            protocol_id: 0,
            priority_flag: 0,
            registered_delivery: 0,
            asks_for_all: false,
            replace_if_present_flag: 0,
            data_coding: 0,
            submitted_coding: 0,
            shifts: Shifts::NONE,
            sm_default_msg_id: 0,
            strict_order: false,
            number: None,
            user_data: UserData::new(&[]),
            tlvs: Box::default(),
            cuts: Cuts::default(),
            accepted_at: Duration::ZERO,
            send_at: Duration::ZERO,
            expires_at: Duration::MAX,
        }
    }
}

impl<B: Body + ?Sized> Message<B> {
    /// Segments it is sent in.
    #[must_use]
    pub fn segments(&self) -> u8 {
        // The plan allows at most 255.
        u8::try_from(self.cuts.ends.len()).unwrap_or(u8::MAX).max(1)
    }

    /// Octets that it counts against the queues: its user data and TLVs.
    #[must_use]
    pub fn octets(&self) -> u32 {
        u32::try_from(self.user_data.octets_count() + self.tlvs.len()).unwrap_or(u32::MAX)
    }
}

impl<B> Message<B> {
    /// The same message with this in the place of its text.
    #[must_use]
    pub fn with_body<C>(&self, user_data: C, tlvs: Box<[u8]>) -> Message<C> {
        Message {
            account: self.account,
            class: self.class,
            source: self.source.clone(),
            destination: self.destination.clone(),
            service_type: self.service_type,
            esm_class: self.esm_class,
            protocol_id: self.protocol_id,
            priority_flag: self.priority_flag,
            registered_delivery: self.registered_delivery,
            asks_for_all: self.asks_for_all,
            replace_if_present_flag: self.replace_if_present_flag,
            data_coding: self.data_coding,
            submitted_coding: self.submitted_coding,
            shifts: self.shifts,
            sm_default_msg_id: self.sm_default_msg_id,
            strict_order: self.strict_order,
            number: self.number,
            tlvs,
            cuts: self.cuts.clone(),
            accepted_at: self.accepted_at,
            send_at: self.send_at,
            expires_at: self.expires_at,
            user_data,
        }
    }
}

impl Message {
    /// The user data of one segment, counted from 0.
    #[must_use]
    pub fn segment(&self, index: u8) -> &[u8] {
        let octets = self.user_data.octets();
        let index = usize::from(index);
        let ends = &self.cuts.ends;
        let Some(end) = ends.get(index) else { return octets };
        let start = index.checked_sub(1).and_then(|before| ends.get(before)).unwrap_or(&0);
        octets.get(usize::from(*start)..usize::from(*end)).unwrap_or_default()
    }
}

/// Where a message's user data is cut.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    /// The end of each segment; empty when it travels whole.
    pub ends: Box<[u16]>,
    /// Units of the longest segment, without a header, as the radio carries it.
    pub longest: u16,
    /// The same where Latin-1 goes out under data_coding 0, and becomes septets; zero of any other
    /// text.
    pub longest_as_septets: u16,
}

/// Short segments, which leave room for any header.
#[cfg(test)]
impl FromIterator<u16> for Cuts {
    fn from_iter<T: IntoIterator<Item = u16>>(ends: T) -> Self {
        Self { ends: ends.into_iter().collect(), ..Self::default() }
    }
}

/// A `service_type`, inline.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServiceType([u8; 6]);

impl ServiceType {
    /// A service type of at most five octets; more are cut.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        let mut kept = [0; 6];
        for (to, from) in kept.iter_mut().take(5).zip(octets) {
            *to = *from;
        }
        Self(kept)
    }

    /// Whether there is none: the SMSC's default.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.starts_with(&[0])
    }

    /// The octets, with NULs behind them up to six.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// Octets of user data: inline when one segment holds them, else on the heap.
#[derive(Clone)]
pub enum UserData {
    /// At most 160 octets.
    Inline {
        /// How many.
        len: u8,
        /// Them, and zeros.
        octets: [u8; INLINE],
    },
    /// More.
    Heap(Box<[u8]>),
}

impl Body for UserData {
    fn octets_count(&self) -> usize {
        self.octets().len()
    }
}

impl UserData {
    /// Keeps a copy of these octets.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        let mut inline = [0; INLINE];
        match (inline.get_mut(..octets.len()), u8::try_from(octets.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(octets);
                Self::Inline { len, octets: inline }
            }
            _ => Self::Heap(octets.into()),
        }
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Inline { len, octets } => octets.get(..usize::from(*len)).unwrap_or(octets),
            Self::Heap(octets) => octets,
        }
    }
}

/// Prints the length only: the text is nobody's business.
impl Debug for UserData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets", self.octets().len())
    }
}
