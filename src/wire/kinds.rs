//! Field kinds: how each sort of field is read from octets and written to them.
//!
//! A kind holds a rule (a maximum, a terminator, a length that precedes its octets); a row of the
//! table holds only the order. A length and the octets it counts are one kind, so they cannot
//! disagree; a list with its count is another ([`super::table::DestAddresses`]).

use std::fmt;

use super::error::{EncodeError, Fault};
use super::rules::{Rules, TrailingOctets};
use super::tlv::Tlvs;

/// A C-octet string: what stands before its NUL (SMPP 3.4 §3.1).
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct COctetString<'a>(&'a [u8]);

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

/// Octets of a time field with its NUL.
pub const TIME_MAX: usize = 17;

/// Where and how a field was wrong; the header is added by who knows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// The field, by its name in the specification.
    pub field: &'static str,
    /// Octets of the PDU that were left when it began.
    pub left: usize,
    /// What was wrong.
    pub fault: Fault,
}

/// Reads fields from the front of a body.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    rules: Rules,
}

impl<'a> Reader<'a> {
    /// A reader over a body.
    #[inline]
    #[must_use]
    pub fn new(body: &'a [u8], rules: &Rules) -> Self {
        Self { rest: body, rules: *rules }
    }

    /// Whether nothing is left.
    #[inline]
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// One octet.
    ///
    /// # Errors
    /// When nothing is left.
    #[inline(always)]
    pub fn int(&mut self, field: &'static str) -> Result<u8, Flaw> {
        match self.rest.split_first() {
            Some((&octet, rest)) => {
                self.rest = rest;
                Ok(octet)
            }
            None => Err(self.flaw(field, Fault::Truncated)),
        }
    }

    /// Four octets, big-endian.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn int4(&mut self, field: &'static str) -> Result<u32, Flaw> {
        match self.rest.split_first_chunk::<4>() {
            Some((octets, rest)) => {
                self.rest = rest;
                Ok(u32::from_be_bytes(*octets))
            }
            None => Err(self.flaw(field, Fault::Truncated)),
        }
    }

    /// A C-octet string of at most `max` octets with its NUL.
    ///
    /// # Errors
    /// When no NUL stands where one may, unless a rule allows it.
    #[inline(always)]
    pub fn c_string(&mut self, max: usize, field: &'static str) -> Result<COctetString<'a>, Flaw> {
        let Some(end) = nul_within(self.rest, max) else {
            return self.odd_c_string(field);
        };
        match self.rest.split_at_checked(end) {
            Some((octets, [_nul, rest @ ..])) => {
                self.rest = rest;
                Ok(COctetString(octets))
            }
            _ => Err(self.flaw(field, Fault::Unterminated)),
        }
    }

    /// A string that is too long or has no end: taken only where a rule says so.
    #[cold]
    #[inline(never)]
    fn odd_c_string(&mut self, field: &'static str) -> Result<COctetString<'a>, Flaw> {
        if self.rest.is_empty() {
            return Err(self.flaw(field, Fault::Truncated));
        }
        match nul_within(self.rest, self.rest.len()) {
            Some(end) if self.rules.long_c_strings => {
                let octets = self.rest.get(..end).unwrap_or_default();
                self.rest = self.rest.get(end + 1..).unwrap_or_default();
                Ok(COctetString(octets))
            }
            Some(_) => Err(self.flaw(field, Fault::TooLong)),
            None if self.rules.missing_nul => Ok(COctetString(std::mem::take(&mut self.rest))),
            None => Err(self.flaw(field, Fault::Unterminated)),
        }
    }

    /// `sm_length` and the octets it counts.
    ///
    /// # Errors
    /// When fewer octets are left than it counts.
    #[inline(always)]
    pub fn short_message(&mut self, field: &'static str) -> Result<&'a [u8], Flaw> {
        let len = self.int("sm_length")?;
        match self.rest.split_at_checked(usize::from(len)) {
            Some((octets, rest)) => {
                self.rest = rest;
                Ok(octets)
            }
            None => Err(self.flaw(field, Fault::Truncated)),
        }
    }

    /// Octets that `read` walks over, kept as they are: how lists are borrowed.
    ///
    /// # Errors
    /// What `read` finds.
    pub fn walked(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Flaw>,
    ) -> Result<&'a [u8], Flaw> {
        let before = self.rest;
        read(self)?;
        Ok(before.get(..before.len() - self.rest.len()).unwrap_or_default())
    }

    /// What is left, as TLVs.
    ///
    /// # Errors
    /// When it is no sequence of TLVs, unless a rule passes over what is left of it. After the
    /// fields of a response the rest is passed over by default: its message_id is worth more than
    /// a broken TLV (smppex #6).
    #[inline(always)]
    pub fn tlvs(&mut self, is_response: bool) -> Result<Tlvs<'a>, Flaw> {
        if self.rest.is_empty() {
            return Ok(Tlvs::NONE);
        }
        let (tlvs, taken) = Tlvs::take(self.rest);
        let left = self.rest.len() - taken;
        if left == 0 {
            return Ok(tlvs);
        }
        let lenient = self.rules.trailing_octets == TrailingOctets::Ignore;
        if lenient && (left < super::tlv::TLV_HEADER_LEN || is_response) {
            return Ok(tlvs);
        }
        self.rest = self.rest.get(taken..).unwrap_or_default();
        Err(self.flaw("tlvs", Fault::BadTlv))
    }

    /// A flaw of this field, here.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn flaw(&self, field: &'static str, fault: Fault) -> Flaw {
        Flaw { field, left: self.rest.len(), fault }
    }
}

/// Writes fields into a slice that was made exactly as long as they need.
#[derive(Debug)]
pub struct Writer<'a> {
    rest: &'a mut [u8],
}

impl<'a> Writer<'a> {
    /// A writer over `out`.
    #[inline(always)]
    #[must_use]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { rest: out }
    }

    /// These octets. The slice has room: its length is the sum of what is written, by the same
    /// table; octets that would not fit are left out and the round-trip tests would show it.
    #[inline(always)]
    pub fn octets(&mut self, octets: &[u8]) {
        if let Some((room, rest)) =
            std::mem::take(&mut self.rest).split_at_mut_checked(octets.len())
        {
            room.copy_from_slice(octets);
            self.rest = rest;
        }
    }

    /// One octet.
    #[inline(always)]
    pub fn int(&mut self, octet: u8) {
        if let Some((room, rest)) = std::mem::take(&mut self.rest).split_first_mut() {
            *room = octet;
            self.rest = rest;
        }
    }

    /// A C-octet string and its NUL.
    #[inline(always)]
    pub fn c_string(&mut self, string: COctetString<'_>) {
        if !string.0.is_empty() {
            self.octets(string.0);
        }
        self.int(0);
    }

    /// `sm_length` and the octets it counts; the length was checked by `short_message_len`.
    #[inline(always)]
    pub fn short_message(&mut self, octets: &[u8]) {
        self.int(octets.len() as u8);
        self.octets(octets);
    }

    /// Whether every octet has been written.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Octets a C-octet string takes.
///
/// # Errors
/// When they are more than `max`.
#[inline(always)]
pub fn c_string_len(
    string: COctetString<'_>,
    max: usize,
    field: &'static str,
) -> Result<usize, EncodeError> {
    let octets = string.0.len() + 1;
    if octets > max { Err(EncodeError { field, octets, max }) } else { Ok(octets) }
}

/// Octets `sm_length` and its octets take.
///
/// # Errors
/// When they are more than an octet can count.
#[inline(always)]
pub fn short_message_len(octets: &[u8], field: &'static str) -> Result<usize, EncodeError> {
    let len = octets.len();
    if len > 255 { Err(EncodeError { field, octets: len, max: 255 }) } else { Ok(len + 1) }
}

/// Where the first NUL stands, if within the first `max` octets.
///
/// Eight octets at a time: a word has a zero octet exactly when the borrow of subtracting one
/// from each octet reaches a high bit that was clear.
#[inline(always)]
fn nul_within(octets: &[u8], max: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    let mut rest = octets;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let zeros = word.wrapping_sub(ONES) & !word & HIGHS;
        if zeros != 0 {
            let end = at + (zeros.trailing_zeros() / 8) as usize;
            return (end < max).then_some(end);
        }
        at += 8;
        if at >= max {
            return None;
        }
        rest = after;
    }
    let end = at + rest.iter().position(|&octet| octet == 0)?;
    (end < max).then_some(end)
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::nul_within;

    proptest! {
        #[test]
        fn the_first_nul_is_found_wherever_it_stands(
            octets in prop::collection::vec(
                prop::sample::select(&[0u8, 1, 0x7f, 0x80, 0xff]),
                0..40,
            ),
            max in 0usize..45,
        ) {
            let expected = octets.iter().position(|&octet| octet == 0).filter(|&at| at < max);
            prop_assert_eq!(nul_within(&octets, max), expected);
        }
    }
}
