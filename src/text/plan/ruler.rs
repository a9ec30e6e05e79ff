//! Octets of an alphabet to units of the radio: how long a text is, how far a segment reaches.

use crate::text::alphabet::Alphabet;
use crate::text::chars::{self, Chars, is_high_surrogate, is_low_surrogate};
use crate::text::gsm7::{ESCAPE, Shifts};

use super::USER_DATA_OCTETS;

/// How octets are measured on the radio.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ruler {
    /// An octet is a unit and may stand alone.
    Octets,
    /// An octet is a septet; an escape belongs to the next one.
    Septets,
    /// Two octets are a unit, the high one first or not; surrogate pairs stay together.
    Units16 { low_first: bool },
    /// The SMSC turns the characters into septets; one it must replace is one septet.
    IntoSeptets(Alphabet),
    /// The SMSC turns UTF-8 into UCS-2, as it must where a character is not in GSM 7-bit.
    IntoUnits16,
}

impl Ruler {
    pub(super) fn of(alphabet: Alphabet, octets: &[u8]) -> Self {
        let septets = |ch: char| Shifts::NONE.septets(ch).is_some();
        match alphabet {
            Alphabet::Binary | Alphabet::Cyrillic | Alphabet::Hebrew | Alphabet::Latin1 => {
                Self::Octets
            }
            Alphabet::Gsm7 => Self::Septets,
            Alphabet::Ucs2 | Alphabet::Ucs2LowFirst => {
                let marked = chars::obey_mark(octets, alphabet);
                Self::Units16 { low_first: marked == Alphabet::Ucs2LowFirst }
            }
            Alphabet::Ascii | Alphabet::Latin1Default => Self::IntoSeptets(alphabet),
            Alphabet::Utf8 => {
                let mut chars = Chars::new(octets, alphabet, Shifts::NONE);
                match chars.all(|decoded| decoded.ch.is_ok_and(septets)) {
                    true => Self::IntoSeptets(alphabet),
                    false => Self::IntoUnits16,
                }
            }
        }
    }

    pub(super) fn capacity(self, header_octets: usize) -> usize {
        let octets = USER_DATA_OCTETS.saturating_sub(header_octets);
        match self {
            Self::Octets => octets,
            Self::Septets | Self::IntoSeptets(_) => octets * 8 / 7,
            Self::Units16 { .. } | Self::IntoUnits16 => octets / 2,
        }
    }

    /// The units of the octets from `start` to `end`.
    pub(super) fn units(self, octets: &[u8], start: usize, end: usize) -> usize {
        match self {
            Self::Octets | Self::Septets => end - start,
            Self::Units16 { .. } => (end - start).div_ceil(2),
            Self::IntoSeptets(_) | Self::IntoUnits16 => {
                let octets = octets.get(start..end).unwrap_or_default();
                self.walk(octets).map(|(_, units)| units).sum()
            }
        }
    }

    /// Where at most `capacity` units (two at least) from `start` on end, no character cut.
    pub(super) fn reach(self, octets: &[u8], start: usize, capacity: usize) -> usize {
        let len = octets.len();
        match self {
            Self::Octets => len.min(start + capacity),
            Self::Septets => {
                let end = len.min(start + capacity);
                let segment = octets.get(start..end).unwrap_or_default();
                if end < len && ends_in_escape(segment) { end - 1 } else { end }
            }
            Self::Units16 { low_first } => {
                let end = start + capacity * 2;
                if end >= len {
                    return len;
                }
                let unit = |at: usize| {
                    let pair = octets.get(at..).and_then(<[u8]>::first_chunk).copied();
                    pair.map(if low_first { u16::from_le_bytes } else { u16::from_be_bytes })
                };
                // `end` is at least 4 here, as the capacity is at least 2.
                let cuts_pair = unit(end - 2).is_some_and(is_high_surrogate)
                    && unit(end).is_some_and(is_low_surrogate);
                if cuts_pair { end - 2 } else { end }
            }
            Self::IntoSeptets(_) | Self::IntoUnits16 => {
                let mut left = capacity;
                let rest = octets.get(start..).unwrap_or_default();
                let fits = |&(_, units): &(usize, usize)| {
                    let fits = units <= left;
                    left = left.saturating_sub(units);
                    fits
                };
                start + self.walk(rest).take_while(fits).last().map_or(0, |(end, _)| end)
            }
        }
    }

    /// The characters of `octets` that the SMSC will convert: where each ends, and its units.
    fn walk(self, octets: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let alphabet = match self {
            Self::IntoSeptets(alphabet) => alphabet,
            _ => Alphabet::Utf8,
        };
        let units = move |ch: char| match self {
            Self::IntoUnits16 => ch.len_utf16(),
            _ => Shifts::NONE.septets(ch).map_or(1, |septets| septets.units()),
        };
        Chars::new(octets, alphabet, Shifts::NONE)
            .map(move |decoded| (decoded.end, decoded.ch.map_or(1, units)))
    }
}

/// Whether the last septet is an escape without its partner: an escape after an escape is one.
fn ends_in_escape(segment: &[u8]) -> bool {
    segment.iter().rev().take_while(|&&septet| septet == ESCAPE).count() % 2 == 1
}
