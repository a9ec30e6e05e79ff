//! Octets to field values: the kinds, read from the front of a body.

use super::error::Fault;
use super::kinds::COctetString;
use super::rules::{Rules, TrailingOctets};
use super::tlv::{TLV_HEADER_LEN, Tlvs};

/// Reads fields from the front of a body.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    rules: Rules,
    /// Whether fields behind the last octet are taken as empty.
    cut_short: bool,
}

impl<'a> Reader<'a> {
    /// A reader over a body.
    #[inline]
    #[must_use]
    pub fn new(body: &'a [u8], rules: &Rules) -> Self {
        Self { rest: body, rules: *rules, cut_short: false }
    }

    /// A reader over a body whose last fields may be missing: they are empty.
    #[must_use]
    pub(super) fn cut_short(body: &'a [u8], rules: &Rules) -> Self {
        Self { cut_short: true, ..Self::new(body, rules) }
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
            None if self.cut_short => Ok(0),
            None => Err(flaw(field, self.rest, Fault::Truncated)),
        }
    }

    /// As many octets as there are fields, one each.
    ///
    /// # Errors
    /// When fewer are left: the first field that is not there.
    #[inline(always)]
    pub fn ints<const N: usize>(
        &mut self,
        fields: &'static [&'static str; N],
    ) -> Result<[u8; N], Flaw> {
        match self.rest.split_first_chunk::<N>() {
            Some((octets, rest)) => {
                self.rest = rest;
                Ok(*octets)
            }
            None if self.cut_short => {
                let mut octets = [0; N];
                octets.iter_mut().zip(self.rest).for_each(|(to, from)| *to = *from);
                self.rest = &[];
                Ok(octets)
            }
            None => Err(missing_int(fields, self.rest)),
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
            None => Err(flaw(field, self.rest, Fault::Truncated)),
        }
    }

    /// A C-octet string of at most `max` octets with its NUL.
    ///
    /// # Errors
    /// When no NUL stands where one may, unless a rule allows it.
    #[inline(always)]
    pub fn c_string(&mut self, max: usize, field: &'static str) -> Result<COctetString<'a>, Flaw> {
        // Most of them are empty: times, service_type.
        if let [0, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(COctetString::EMPTY);
        }
        let plain = nul_within(self.rest, max).and_then(|end| self.rest.split_at_checked(end));
        let Some((octets, [_nul, rest @ ..])) = plain else {
            if self.cut_short && self.rest.is_empty() {
                return Ok(COctetString::EMPTY);
            }
            let (string, rest) = odd_c_string(self.rest, self.rules, field)?;
            self.rest = rest;
            return Ok(string);
        };
        self.rest = rest;
        Ok(COctetString(octets))
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
            None => Err(flaw(field, self.rest, Fault::Truncated)),
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
        // Entries that are counted have to be there.
        let cut_short = std::mem::take(&mut self.cut_short);
        read(self)?;
        self.cut_short = cut_short;
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
        if lenient && (left < TLV_HEADER_LEN || is_response) {
            return Ok(tlvs);
        }
        self.rest = self.rest.get(taken..).unwrap_or_default();
        Err(self.flaw("tlvs", Fault::BadTlv))
    }

    /// A flaw of this field, here.
    #[must_use]
    pub fn flaw(&self, field: &'static str, fault: Fault) -> Flaw {
        flaw(field, self.rest, fault)
    }
}

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

/// A flaw of the field that begins at `rest`.
///
/// The functions for what is rare take what they need by value: a reader whose address never
/// leaves the caller stays in registers.
#[cold]
#[inline(never)]
fn flaw(field: &'static str, rest: &[u8], fault: Fault) -> Flaw {
    Flaw { field, left: rest.len(), fault }
}

/// Too few octets for a run of numbers: the first of them that is not there.
#[cold]
#[inline(never)]
fn missing_int(fields: &'static [&'static str], rest: &[u8]) -> Flaw {
    flaw(fields.get(rest.len()).copied().unwrap_or_default(), &[], Fault::Truncated)
}

/// A string that is too long or has no end: taken only where a rule says so.
#[cold]
#[inline(never)]
fn odd_c_string<'a>(
    rest: &'a [u8],
    rules: Rules,
    field: &'static str,
) -> Result<(COctetString<'a>, &'a [u8]), Flaw> {
    if rest.is_empty() {
        return Err(flaw(field, rest, Fault::Truncated));
    }
    match nul_within(rest, rest.len()).and_then(|end| rest.split_at_checked(end)) {
        Some((octets, [_nul, after @ ..])) if rules.long_c_strings => {
            Ok((COctetString(octets), after))
        }
        Some(_) => Err(flaw(field, rest, Fault::TooLong)),
        None if rules.missing_nul => Ok((COctetString(rest), &[])),
        None => Err(flaw(field, rest, Fault::Unterminated)),
    }
}

/// Where the first NUL stands, if within the first `max` octets.
///
/// Eight octets at a time; the last eight are looked at as they end, some of them again.
#[inline(always)]
pub(super) fn nul_within(octets: &[u8], max: usize) -> Option<usize> {
    let mut at = 0;
    let mut rest = octets;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        if let Some(end) = nul_in(chunk) {
            return Some(at + end).filter(|&end| end < max);
        }
        at += 8;
        if at >= max {
            return None;
        }
        rest = after;
    }
    let end = match octets.last_chunk::<8>() {
        Some(chunk) => octets.len() - 8 + nul_in(chunk)?,
        None => octets.iter().position(|&octet| octet == 0)?,
    };
    Some(end).filter(|&end| end < max)
}

/// Where the first NUL of a word stands: subtracting one from each octet borrows through a zero
/// octet, and sets a high bit that was clear there first.
#[inline(always)]
fn nul_in(chunk: &[u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(*chunk);
    let zeros = word.wrapping_sub(ONES) & !word & HIGHS;
    (zeros != 0).then(|| (zeros.trailing_zeros() / 8) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::nul_within;

    /// Those at which a word's arithmetic could go wrong.
    const OCTETS: [u8; 5] = [0, 1, 0x7f, 0x80, 0xff];

    proptest! {
        #[test]
        fn the_first_nul_is_found_wherever_it_stands(
            octets in prop::collection::vec(prop::sample::select(&OCTETS), 0..40),
            max in 0usize..45,
        ) {
            let expected = octets.iter().position(|&octet| octet == 0).filter(|&at| at < max);
            prop_assert_eq!(nul_within(&octets, max), expected);
        }
    }
}
