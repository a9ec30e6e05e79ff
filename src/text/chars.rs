//! User data octets to characters, one at a time and then whole texts.
//!
//! One walk serves decoding, measuring and finding where a text may be cut, so that the three
//! cannot disagree: it yields each character with the octets it stands on, also where the octets
//! are at fault.

use super::alphabet::Alphabet;
use super::gsm7::{ESCAPE, Language, Shifts, is_ascii_septet};

/// The characters of `octets` with their places; never fails, never yields an empty range.
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    octets: &'a [u8],
    at: usize,
    alphabet: Alphabet,
    shifts: Shifts,
}

/// One step of [`Chars`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The first octet.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
    /// The character, or what is wrong with the octets.
    pub ch: Result<char, DecodeFault>,
}

/// What is wrong with octets that should be text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DecodeFault {
    /// The data is binary, or of an alphabet we do not read.
    NotText,
    /// The text ends inside a character: an escape, one octet of UCS-2, a begun UTF-8 sequence.
    CutOff,
    /// An octet above 0x7F where there should be a septet or ASCII, or an invalid UTF-8 sequence.
    InvalidOctet,
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// The alphabet assigns nothing to this place.
    Unassigned,
}

/// Where decoding failed, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// The octet of the user data.
    pub at: usize,
    /// What is wrong there.
    pub fault: DecodeFault,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fault = match self.fault {
            DecodeFault::NotText => "the data is no text",
            DecodeFault::CutOff => "the text ends inside a character",
            DecodeFault::InvalidOctet => "the octet is outside the alphabet",
            DecodeFault::LoneSurrogate => "half of a surrogate pair",
            DecodeFault::Unassigned => "the alphabet assigns nothing to the octet",
        };
        write!(f, "octet {}: {fault}", self.at)
    }
}

impl std::error::Error for DecodeError {}

/// The text of `octets`. A byte order mark in front of UCS-2 is obeyed and left out
/// (interop quirk 64). `shifts` are the tables its header announced.
///
/// # Errors
/// [`DecodeError`] at the first octet that is no text of this alphabet.
pub fn decode(octets: &[u8], alphabet: Alphabet, shifts: Shifts) -> Result<String, DecodeError> {
    let mut text = String::with_capacity(octets.len());
    let mut chars = chars_after_mark(octets, alphabet, shifts);
    loop {
        chars.take_ascii(&mut text);
        let Some(decoded) = chars.next() else { return Ok(text) };
        text.push(decoded.ch.map_err(|fault| DecodeError { at: decoded.start, fault })?);
    }
}

/// The text of `octets` with U+FFFD for what cannot be read and a space for an escape at the end:
/// for people, keywords and traces. Binary data has no text.
#[must_use]
pub fn decode_lossy(octets: &[u8], alphabet: Alphabet, shifts: Shifts) -> String {
    if alphabet == Alphabet::Binary {
        return String::new();
    }
    let shown = |decoded: Decoded| match decoded.ch {
        Ok(ch) => ch,
        Err(DecodeFault::CutOff) if alphabet == Alphabet::Gsm7 => ' ',
        Err(_) => char::REPLACEMENT_CHARACTER,
    };
    let mut text = String::with_capacity(octets.len());
    let mut chars = chars_after_mark(octets, alphabet, shifts);
    loop {
        chars.take_ascii(&mut text);
        let Some(decoded) = chars.next() else { return text };
        text.push(shown(decoded));
    }
}

/// The alphabet of `octets`, corrected by a byte order mark in front of UCS-2.
pub(super) fn obey_mark(octets: &[u8], alphabet: Alphabet) -> Alphabet {
    match (alphabet, octets) {
        (Alphabet::Ucs2 | Alphabet::Ucs2LowFirst, [0xFE, 0xFF, ..]) => Alphabet::Ucs2,
        (Alphabet::Ucs2 | Alphabet::Ucs2LowFirst, [0xFF, 0xFE, ..]) => Alphabet::Ucs2LowFirst,
        _ => alphabet,
    }
}

fn chars_after_mark(octets: &[u8], alphabet: Alphabet, shifts: Shifts) -> Chars<'_> {
    let mut chars = Chars::new(octets, alphabet, shifts);
    let is_ucs2 = matches!(alphabet, Alphabet::Ucs2 | Alphabet::Ucs2LowFirst);
    let mark = chars.clone().next().filter(|first| is_ucs2 && first.ch == Ok('\u{FEFF}'));
    chars.at = mark.map_or(0, |mark| mark.end);
    chars
}

impl<'a> Chars<'a> {
    /// Walks `octets` of `alphabet` from the first on; `shifts` matter to GSM 7-bit only. A byte
    /// order mark in front of UCS-2 is obeyed, and is the first character.
    #[must_use]
    pub fn new(octets: &'a [u8], alphabet: Alphabet, shifts: Shifts) -> Self {
        Self { octets, at: 0, alphabet: obey_mark(octets, alphabet), shifts }
    }

    /// Appends to `text` the octets from here on that are their own ASCII character: most of most
    /// texts, and six times as fast as one by one.
    #[inline]
    fn take_ascii(&mut self, text: &mut String) {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let end = match self.alphabet {
            Alphabet::Gsm7 if self.shifts.locking == Language::DEFAULT => {
                rest.iter().position(|octet| !is_ascii_septet(octet))
            }
            Alphabet::Ascii | Alphabet::Latin1 | Alphabet::Latin1Default | Alphabet::Utf8 => {
                rest.iter().position(|octet| !octet.is_ascii())
            }
            _ => return,
        };
        let length = end.unwrap_or(rest.len());
        if let Some(Ok(run)) = rest.get(..length).map(std::str::from_utf8) {
            text.push_str(run);
            self.at += run.len();
        }
    }

    fn gsm7(&self, rest: &[u8]) -> (usize, Result<char, DecodeFault>) {
        match rest {
            [ESCAPE] => (1, Err(DecodeFault::CutOff)),
            [ESCAPE, septet, ..] => (2, self.shifts.escaped(*septet).ok_or(septet_fault(*septet))),
            [septet, ..] => (1, self.shifts.plain(*septet).ok_or(septet_fault(*septet))),
            [] => (1, Err(DecodeFault::CutOff)),
        }
    }
}

impl Iterator for Chars<'_> {
    type Item = Decoded;

    fn next(&mut self) -> Option<Decoded> {
        let rest = self.octets.get(self.at..)?;
        let &first = rest.first()?;
        let (len, ch) = match self.alphabet {
            Alphabet::Ascii => (
                1,
                Some(first).filter(u8::is_ascii).map(char::from).ok_or(DecodeFault::InvalidOctet),
            ),
            Alphabet::Binary => (1, Err(DecodeFault::NotText)),
            Alphabet::Cyrillic => (1, cyrillic(first).ok_or(DecodeFault::Unassigned)),
            Alphabet::Gsm7 => self.gsm7(rest),
            Alphabet::Hebrew => (1, hebrew(first).ok_or(DecodeFault::Unassigned)),
            Alphabet::Latin1 | Alphabet::Latin1Default => (1, Ok(char::from(first))),
            Alphabet::Ucs2 => utf16(rest, u16::from_be_bytes),
            Alphabet::Ucs2LowFirst => utf16(rest, u16::from_le_bytes),
            Alphabet::Utf8 => utf8(rest),
        };
        let start = self.at;
        self.at += len;
        Some(Decoded { start, end: self.at, ch })
    }
}

fn septet_fault(octet: u8) -> DecodeFault {
    if octet.is_ascii() { DecodeFault::Unassigned } else { DecodeFault::InvalidOctet }
}

/// Whether `unit` begins a surrogate pair.
pub(super) fn is_high_surrogate(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}

/// Whether `unit` ends a surrogate pair.
pub(super) fn is_low_surrogate(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

fn utf16(rest: &[u8], unit: fn([u8; 2]) -> u16) -> (usize, Result<char, DecodeFault>) {
    let (Some(&head), tail) = (rest.first_chunk(), rest.get(2..).and_then(<[u8]>::first_chunk))
    else {
        return (1, Err(DecodeFault::CutOff));
    };
    let (head, tail) = (unit(head), tail.map(|&tail| unit(tail)));
    match tail {
        Some(tail) if is_high_surrogate(head) && is_low_surrogate(tail) => {
            let code = 0x1_0000 + ((u32::from(head) - 0xD800) << 10) + (u32::from(tail) - 0xDC00);
            (4, char::from_u32(code).ok_or(DecodeFault::LoneSurrogate))
        }
        _ => (2, char::from_u32(u32::from(head)).ok_or(DecodeFault::LoneSurrogate)),
    }
}

fn utf8(rest: &[u8]) -> (usize, Result<char, DecodeFault>) {
    // No sequence is longer than four octets; looking further would make the walk quadratic.
    let window = rest.get(..4).unwrap_or(rest);
    let (valid, fault) = match std::str::from_utf8(window) {
        Ok(valid) => (valid, DecodeFault::CutOff),
        Err(error) => {
            let valid = window.get(..error.valid_up_to()).unwrap_or_default();
            let fault = match error.error_len() {
                Some(_) => DecodeFault::InvalidOctet,
                None => DecodeFault::CutOff,
            };
            (std::str::from_utf8(valid).unwrap_or_default(), fault)
        }
    };
    match valid.chars().next() {
        Some(ch) => (ch.len_utf8(), Ok(ch)),
        None => (1, Err(fault)),
    }
}

/// ISO-8859-5: Cyrillic at a fixed distance, but for three signs.
pub(super) fn cyrillic(octet: u8) -> Option<char> {
    match octet {
        0x00..=0xA0 | 0xAD => Some(char::from(octet)),
        0xF0 => Some('№'),
        0xFD => Some('§'),
        _ => char::from_u32(u32::from(octet) + 0x360),
    }
}

/// ISO-8859-8: Latin-1 signs, then the Hebrew letters.
pub(super) fn hebrew(octet: u8) -> Option<char> {
    match octet {
        0xAA => Some('×'),
        0xBA => Some('÷'),
        0xA1 | 0xBF..=0xDE | 0xFB | 0xFC | 0xFF => None,
        0xDF => Some('\u{2017}'),
        0xE0..=0xFA => char::from_u32(u32::from(octet) + 0x4F0),
        0xFD => Some('\u{200E}'),
        0xFE => Some('\u{200F}'),
        _ => Some(char::from(octet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(octets: &[u8], alphabet: Alphabet) -> Result<String, DecodeError> {
        decode(octets, alphabet, Shifts::NONE)
    }

    #[test]
    fn an_escape_shows_what_its_table_has_and_the_plain_character_otherwise() {
        let lossy = |octets: &[u8]| decode_lossy(octets, Alphabet::Gsm7, Shifts::NONE);
        assert_eq!(lossy(&[0x1B, 0x65, 0x1B, 0x69]), "€i");
        assert_eq!(lossy(&[0x61, 0x1B, 0x1B, 0x40]), "a ¡");
        assert_eq!(lossy(&[0x61, 0x1B]), "a ");
        assert_eq!(lossy(&[0x80, 0x61]), "\u{FFFD}a");
    }

    #[test]
    fn an_error_says_which_octet() {
        let fault = |at, fault| Err(DecodeError { at, fault });
        assert_eq!(strict(&[0x61, 0xE9], Alphabet::Gsm7), fault(1, DecodeFault::InvalidOctet));
        assert_eq!(strict(&[0x61, 0x1B], Alphabet::Gsm7), fault(1, DecodeFault::CutOff));
        assert_eq!(strict(&[0, 0x61, 0], Alphabet::Ucs2), fault(2, DecodeFault::CutOff));
        assert_eq!(strict(&[0xD8, 0x3D], Alphabet::Ucs2), fault(0, DecodeFault::LoneSurrogate));
        assert_eq!(strict(&[0x61, 0xC3], Alphabet::Utf8), fault(1, DecodeFault::CutOff));
        assert_eq!(strict(&[0xFF], Alphabet::Utf8), fault(0, DecodeFault::InvalidOctet));
        assert_eq!(strict(&[1], Alphabet::Binary), fault(0, DecodeFault::NotText));
        let shifts = Shifts { locking: crate::text::Language::BENGALI, ..Shifts::NONE };
        assert_eq!(decode(&[0x0C], Alphabet::Gsm7, shifts), fault(0, DecodeFault::Unassigned));
    }

    /// Interop quirk 64.
    #[test]
    fn a_byte_order_mark_is_obeyed_and_left_out() {
        assert_eq!(strict(&[0xFE, 0xFF, 0, 0x61], Alphabet::Ucs2), Ok("a".into()));
        assert_eq!(strict(&[0xFF, 0xFE, 0x61, 0], Alphabet::Ucs2), Ok("a".into()));
        assert_eq!(strict(&[0x61, 0], Alphabet::Ucs2LowFirst), Ok("a".into()));
    }

    #[test]
    fn eight_bit_alphabets_read_as_their_standards_say() {
        assert_eq!(strict(&[0xBF, 0xE0, 0xF0, 0xFD], Alphabet::Cyrillic), Ok("Пр№§".into()));
        assert_eq!(strict(&[0xF9, 0xEC, 0xE5, 0xED], Alphabet::Hebrew), Ok("שלום".into()));
        assert_eq!(strict(&[0xE9, 0x41], Alphabet::Latin1), Ok("éA".into()));
    }
}
