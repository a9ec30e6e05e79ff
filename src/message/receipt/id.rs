//! Message ids to keys that are equal when two notations name the same message.
//!
//! A carrier may answer `submit_sm` with `812fc7470000001b` and write `9308878062554710043` into
//! the receipt. Both become the key `812fc7470000001b`, by arithmetic on the digits: ids have been
//! seen beyond 64 bits and no machine integer may hold one. Which notation each side uses is a
//! setting of the carrier, or found by trying ([`candidates`]) and remembered ([`agree`]).

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
};

use crate::message::words::words;

/// Most octets of an id: the field of `submit_sm_resp` without its NUL holds 64, and one over.
pub const ID_OCTETS: usize = 65;

/// 32-bit limbs for the value of 65 decimal digits (216 bits).
const LIMBS: usize = 7;

/// Limbs of nine decimal digits for the value of 65 hexadecimal digits (79 decimal ones).
const LIMBS_OF_NINE: usize = 9;

/// One more than nine decimal digits hold.
const NINE_DIGITS: u64 = 1_000_000_000;

/// Decimal digits that are taken in at a time.
const DIGITS_AT_A_TIME: usize = 9;

// 65 digits are below 10^65 < 2^216, and 9 digits fit a limb.
const _: () = assert!(LIMBS * 32 >= 216 && ID_OCTETS == 65);
const _: () = assert!(10_u64.pow(DIGITS_AT_A_TIME as u32) < 1 << 32);

words! {
    /// How one side of a carrier writes message ids.
    #[derive(Default)]
    pub enum IdNotation {
        /// Not known: learnt from matches whose destination agrees. Its key is that of
        /// [`IdNotation::Hex`], in which most pairs of notations meet.
        #[default]
        Auto = "auto",
        /// A decimal number. An id that is none is taken as [`IdNotation::Hex`]: mixtures occur.
        Decimal = "decimal",
        /// A hexadecimal number, with or without `0x`; its case and leading zeros mean nothing. An
        /// id with other letters in it keeps them, in lower case.
        Hex = "hex",
        /// The octets of a text in hexadecimal, `414243` for `ABC` (quirk 8); its key is that of
        /// the text. An id that is none is taken as it stands.
        HexText = "hex_text",
        /// As it stands.
        Text = "text",
    }
}

impl IdNotation {
    /// The key of an id in this notation; `None` for an id that is empty or longer than
    /// [`ID_OCTETS`].
    #[must_use]
    pub fn key(self, id: &[u8]) -> Option<IdKey> {
        if id.is_empty() || id.len() > ID_OCTETS {
            return None;
        }
        match self {
            Self::Decimal if id.iter().all(u8::is_ascii_digit) => Some(decimal_key(id)),
            Self::Auto | Self::Decimal | Self::Hex => Some(hex_key(id)),
            Self::HexText => Some(text_of_hex(id).unwrap_or_else(|| IdKey::new(id))),
            Self::Text => Some(IdKey::new(id)),
        }
    }
}

/// An id in the form in which ids are compared; kept where it is made.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct IdKey {
    length: u8,
    /// The octets, zeros behind them.
    octets: [u8; ID_OCTETS],
}

impl IdKey {
    /// The octets of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or(&self.octets)
    }

    /// The key of these octets, at most [`ID_OCTETS`]; what is beyond is not kept.
    fn new(octets: &[u8]) -> Self {
        let octets = octets.get(..ID_OCTETS).unwrap_or(octets);
        // At most ID_OCTETS, so the length fits.
        let mut key = Self { length: octets.len() as u8, octets: [0; ID_OCTETS] };
        if let Some(kept) = key.octets.get_mut(..octets.len()) {
            kept.copy_from_slice(octets);
        }
        key
    }

    fn push(&mut self, octet: u8) {
        if let Some(slot) = self.octets.get_mut(usize::from(self.length)) {
            *slot = octet;
            self.length += 1;
        }
    }
}

impl Hash for IdKey {
    /// As the octets hash, so that a table of keys can be asked with a slice.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for IdKey {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// The keys of an id whose notation is not known, without repeats: as text, as hexadecimal and as
/// decimal. Two ids that name one message share a key in some notation; two that share a key need
/// not be one, so the destination has to agree too.
pub fn candidates(id: &[u8]) -> impl Iterator<Item = IdKey> + use<> {
    let text = IdNotation::Text.key(id);
    let hex = IdNotation::Hex.key(id).filter(|&key| Some(key) != text);
    let decimal = IdNotation::Decimal.key(id).filter(|&key| Some(key) != text && Some(key) != hex);
    [text, hex, decimal].into_iter().flatten()
}

/// A number in decimal, without zeros in front.
fn decimal_of(mut number: u64) -> IdKey {
    // 2^64 has twenty digits.
    let mut digits = [0; 20];
    let mut first = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first = at;
        if number == 0 {
            break;
        }
    }
    IdKey::new(digits.get(first..).unwrap_or(b"0"))
}

/// The id of a receipt in hexadecimal as a response in decimal would have it, in the form that
/// [`IdNotation::Hex`] gives that response: the one pair of notations whose keys else only meet
/// when both are known. `None` for an id that is none, is longer in decimal than an id may be, or
/// has no letter and so reads the same as decimal.
#[must_use]
pub fn decimal_of_hex(id: &[u8]) -> Option<IdKey> {
    let digits = match id {
        [b'0', b'x' | b'X', digits @ ..] => digits,
        _ => id,
    };
    let letters = digits.iter().any(u8::is_ascii_alphabetic);
    if !is_hex(digits) || !letters || digits.len() > ID_OCTETS {
        return None;
    }
    // Sixteen digits are a machine word: the usual case costs one division a digit.
    if digits.len() <= 16 {
        let digits = std::str::from_utf8(digits).ok()?;
        return Some(decimal_of(u64::from_str_radix(digits, 16).ok()?));
    }
    // Nine decimal digits a limb, the least significant first.
    let mut limbs = [0_u32; LIMBS_OF_NINE];
    let mut used = 0;
    for &digit in digits {
        let mut carry = (digit as char).to_digit(16)?;
        for limb in limbs.iter_mut().take(used) {
            let value = u64::from(*limb) * 16 + u64::from(carry);
            (*limb, carry) = ((value % NINE_DIGITS) as u32, (value / NINE_DIGITS) as u32);
        }
        if carry > 0 {
            *limbs.get_mut(used)? = carry;
            used += 1;
        }
    }
    let mut key = IdKey::new(b"");
    for limb in limbs.iter().take(used).rev() {
        let mut scale = NINE_DIGITS as u32 / 10;
        while scale > 0 {
            let digit = (limb / scale % 10) as u8;
            if digit > 0 || key.length > 0 {
                if usize::from(key.length) == ID_OCTETS {
                    return None;
                }
                key.push(b'0' + digit);
            }
            scale /= 10;
        }
    }
    Some(key)
}

/// The notations of the response and of the receipt in which both ids name one message: the
/// plainest pair first, `None` if there is no such pair.
#[must_use]
pub fn agree(response: &[u8], receipt: &[u8]) -> Option<(IdNotation, IdNotation)> {
    use IdNotation::{Decimal, Hex, Text};
    [(Text, Text), (Hex, Hex), (Hex, Decimal), (Decimal, Hex)]
        .into_iter()
        .find(|(a, b)| a.key(response).is_some_and(|key| b.key(receipt) == Some(key)))
}

/// The id in lower case without `0x` and leading zeros; at least one octet stays.
fn hex_key(id: &[u8]) -> IdKey {
    let digits = match id {
        [b'0', b'x' | b'X', digits @ ..] if is_hex(digits) => digits,
        _ => id,
    };
    let zeros = digits.iter().take_while(|&&octet| octet == b'0').count();
    let kept = digits.get(zeros..).filter(|kept| !kept.is_empty()).unwrap_or(b"0");
    let mut key = IdKey::new(kept);
    if let Some(octets) = key.octets.get_mut(..kept.len()) {
        octets.make_ascii_lowercase();
    }
    key
}

/// The text whose octets these digits are; `None` when they are no digits or it is not printable.
fn text_of_hex(id: &[u8]) -> Option<IdKey> {
    let (pairs, rest) = id.as_chunks::<2>();
    if !is_hex(id) || !rest.is_empty() {
        return None;
    }
    let mut key = IdKey::new(b"");
    for &[high, low] in pairs {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let octet = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
        if !matches!(octet, 0x20..=0x7E) {
            return None;
        }
        key.push(octet);
    }
    Some(key)
}

/// The value of at most 65 decimal digits in hexadecimal.
fn decimal_key(id: &[u8]) -> IdKey {
    let mut limbs = [0_u32; LIMBS];
    let mut used = 0;
    for digits in id.chunks(DIGITS_AT_A_TIME) {
        let (mut carry, mut scale) = (0_u64, 1_u64);
        for digit in digits {
            carry = carry * 10 + u64::from(digit - b'0');
            scale *= 10;
        }
        for limb in limbs.iter_mut().take(used) {
            // (2^32 - 1) * 10^9 + 2^32 - 1 stays below 2^64.
            carry += u64::from(*limb) * scale;
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0
            && let Some(limb) = limbs.get_mut(used)
        {
            *limb = carry as u32;
            used += 1;
        }
    }
    let mut key = IdKey::new(b"");
    for limb in limbs.iter().take(used).rev() {
        for shift in (0..32).step_by(4).rev() {
            let digit = (limb >> shift) & 0xF;
            if digit > 0 || key.length > 0 {
                // A number below sixteen has a digit.
                key.push(char::from_digit(digit, 16).unwrap_or('0') as u8);
            }
        }
    }
    if used == 0 { IdKey::new(b"0") } else { key }
}

fn is_hex(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests;
