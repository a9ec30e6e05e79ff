//! Field kinds: what each sort of field holds.
//!
//! A kind holds a rule (a maximum, a terminator, a length that precedes its octets); a row of the
//! table holds only the order. A length and the octets it counts are one kind, so they cannot
//! disagree; a list with its count is another ([`super::table::DestAddresses`]). How kinds are read
//! stands in [`super::reader`], how they are written in [`super::writer`].

use std::fmt;

use super::reader::nul_within;

/// A C-octet string: what stands before its NUL (SMPP 3.4 §3.1).
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct COctetString<'a>(pub(super) &'a [u8]);

impl<'a> COctetString<'a> {
    /// The empty string: one NUL on the wire.
    pub const EMPTY: Self = Self(b"");

    /// A string of these octets; a NUL among them would end it early, so it ends there.
    #[inline]
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        match nul_within(octets, octets.len()) {
            Some(end) => Self(octets.get(..end).unwrap_or(octets)),
            None => Self(octets),
        }
    }

    /// The octets without the NUL.
    #[inline]
    #[must_use]
    pub fn octets(self) -> &'a [u8] {
        self.0
    }

    /// The octets as text, if they are UTF-8 (ASCII nearly always).
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// Whether only the NUL is there.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> From<&'a str> for COctetString<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text.as_bytes())
    }
}

/// Prints the length only: addresses and passwords are C-octet strings.
impl fmt::Debug for COctetString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

/// What a field is, as the table says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FieldKind {
    /// One octet.
    Int,
    /// A C-octet string of at most so many octets with its NUL.
    CString(usize),
    /// A time: one NUL, or sixteen characters and a NUL (SMPP 3.4 §7.1.1).
    Time,
    /// `sm_length` and as many octets.
    ShortMessage,
    /// `number_of_dests` and as many addresses or list names (SMPP 3.4 §4.5.1.1).
    DestAddresses,
    /// `no_unsuccess` and as many addresses with their error (SMPP 3.4 §4.5.2.1).
    UnsuccessSmes,
}

/// Octets a short_message may have (SMPP 3.4 §5.2.21).
pub const SHORT_MESSAGE_MAX: usize = 254;
/// The bit of `esm_class` that says a user data header stands in front (SMPP 3.4 §5.2.12).
pub const UDHI: u8 = 0x40;

/// Octets of a time field with its NUL.
pub const TIME_MAX: usize = 17;

/// Two octets at `at`, big-endian; zero where there are none.
#[inline(always)]
pub(crate) fn u16_at(octets: &[u8], at: usize) -> u16 {
    octets
        .get(at..)
        .and_then(|rest| rest.first_chunk::<2>())
        .map_or(0, |chunk| u16::from_be_bytes(*chunk))
}

/// Four octets at `at`, big-endian; zero where there are none.
#[inline(always)]
pub(crate) fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets
        .get(at..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |chunk| u32::from_be_bytes(*chunk))
}
