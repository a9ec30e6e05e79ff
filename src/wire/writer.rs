//! Field values to octets: the kinds, written one behind the other, and how long they will be.

use super::error::EncodeError;
use super::kinds::COctetString;
use super::tlv::Tlvs;

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

    /// A run of numbers, an octet each.
    #[inline(always)]
    pub fn ints<const N: usize>(&mut self, octets: [u8; N]) {
        if let Some((room, rest)) = std::mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            *room = octets;
            self.rest = rest;
        }
    }

    /// A C-octet string and its NUL.
    #[inline(always)]
    pub fn c_string(&mut self, string: COctetString<'_>) {
        let room = std::mem::take(&mut self.rest).split_at_mut_checked(string.0.len() + 1);
        if let Some(([room @ .., nul], rest)) = room {
            copy_short(room, string.0);
            *nul = 0;
            self.rest = rest;
        }
    }

    /// `sm_length` and the octets it counts; the length was checked by `short_message_len`.
    #[inline(always)]
    pub fn short_message(&mut self, octets: &[u8]) {
        self.int(octets.len() as u8);
        self.octets(octets);
    }

    /// TLVs; nearly all PDUs have none.
    #[inline(always)]
    pub fn tlvs(&mut self, tlvs: Tlvs<'_>) {
        if !tlvs.is_empty() {
            self.octets(tlvs.octets());
        }
    }

    /// Whether every octet has been written.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Copies a string into a slice of its length.
///
/// Addresses and ids have about ten octets, for which calling `memcpy` costs more than it does:
/// two words that overlap are any length between one and two of them.
#[inline(always)]
fn copy_short(room: &mut [u8], octets: &[u8]) {
    fn ends<const N: usize>(room: &mut [u8], octets: &[u8]) {
        if let (Some(room), Some(octets)) = (room.first_chunk_mut::<N>(), octets.first_chunk()) {
            *room = *octets;
        }
        if let (Some(room), Some(octets)) = (room.last_chunk_mut::<N>(), octets.last_chunk()) {
            *room = *octets;
        }
    }
    match octets.len() {
        0 => {}
        8..=16 => ends::<8>(room, octets),
        4..=7 => ends::<4>(room, octets),
        _ => room.copy_from_slice(octets),
    }
}

/// Octets a C-octet string may take with its NUL where a peer takes longer ones than the standard
/// does (quirk 53): as many as an octet counts, which no password or address in use comes near.
pub const LONG_C_STRING_MAX: usize = 255;

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
