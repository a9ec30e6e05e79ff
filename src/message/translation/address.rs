//! Addresses: what stands before a number (quirk 60), and the alphabet of a name (quirk 61).

use super::{AddressPrefix, Form, NameAlphabet, Way};
use crate::text::{Alphabet, Shifts, decode, smart};

/// Type of number of a number in international form (SMPP 3.4 §5.2.5).
const TON_INTERNATIONAL: u8 = 1;
/// Type of number of a name (SMPP 3.4 §5.2.5).
const TON_ALPHANUMERIC: u8 = 5;
/// Digits from which a number of no said type is taken for an international one: short codes have
/// at most six.
const INTERNATIONAL_DIGITS_MIN: usize = 7;
/// What stands for a character that an alphabet lacks, as it does in Kannel.
const LACKING: u8 = b'?';

/// A number without the `+`, or the `00` of one whose type says international, that says once more
/// what no international number begins with (quirk 60).
#[must_use]
pub fn bare(ton: u8, address: &[u8]) -> &[u8] {
    let rest = match address {
        [b'+', rest @ ..] => rest,
        [b'0', b'0', rest @ ..] if ton == TON_INTERNATIONAL => rest,
        _ => return address,
    };
    let number = !rest.is_empty() && rest.iter().all(u8::is_ascii_digit);
    if number { rest } else { address }
}

/// Appends the translated address to `out`; `false` when it lost a character.
pub(super) fn translate(form: &Form, way: Way, ton: u8, address: &[u8], out: &mut Vec<u8>) -> bool {
    if is_name(ton, address) {
        let (from, to) = match way {
            Way::Read => (form.names, NameAlphabet::Windows1252),
            Way::Written => (NameAlphabet::Windows1252, form.names),
        };
        return name(from, to, address, out);
    }
    match (way, form.prefix) {
        (Way::Read, AddressPrefix::Zeros) if ton == 0 => {
            // Who writes `00` before international numbers means it where no type is said, too.
            out.extend_from_slice(bare(TON_INTERNATIONAL, address));
        }
        (Way::Read, _) => out.extend_from_slice(bare(ton, address)),
        (Way::Written, prefix) => {
            if is_international(ton, address) {
                out.extend_from_slice(match prefix {
                    AddressPrefix::None => b"",
                    AddressPrefix::Plus => b"+",
                    AddressPrefix::Zeros => b"00",
                });
            }
            out.extend_from_slice(address);
        }
    }
    true
}

/// Whether it is a name: by its type, or by its letters where no type is said.
fn is_name(ton: u8, address: &[u8]) -> bool {
    let of_digits = || address.iter().all(|octet| octet.is_ascii_digit() || *octet == b'+');
    ton == TON_ALPHANUMERIC || ton == 0 && !of_digits()
}

/// Whether a number of ours is one that a prefix goes before: not a short code, nor a number as it
/// is dialled within a country.
fn is_international(ton: u8, number: &[u8]) -> bool {
    let digits = number.iter().all(u8::is_ascii_digit) && !number.starts_with(b"0");
    let said = ton == TON_INTERNATIONAL && !number.is_empty();
    digits && (said || ton == 0 && number.len() >= INTERNATIONAL_DIGITS_MIN)
}

/// A name in another alphabet. What that one lacks becomes what it resembles, or a question mark.
fn name(from: NameAlphabet, to: NameAlphabet, octets: &[u8], out: &mut Vec<u8>) -> bool {
    // What is ASCII in both is the same octet in both, and what is no text passes as it is.
    if from == to {
        out.extend_from_slice(octets);
        return true;
    }
    let Some(text) = read(from, octets) else {
        out.extend_from_slice(octets);
        return true;
    };
    let mut whole = true;
    for ch in text.chars() {
        let start = out.len();
        let mut room = [0; 4];
        let alike = || smart::replacement(ch).filter(|alike| !alike.is_empty());
        let written = write(to, ch.encode_utf8(&mut room), out);
        if !written {
            whole = false;
            out.truncate(start);
            if !alike().is_some_and(|alike| write(to, alike, out)) {
                out.truncate(start);
                out.push(LACKING);
            }
        }
        // A NUL, as `@` is in GSM 7-bit, would end the address.
        if let Some(nul) = out.iter_mut().skip(start).find(|octet| **octet == 0) {
            *nul = LACKING;
            whole = false;
        }
    }
    whole
}

/// The characters of Windows' code page 1252 from 0x80 on, where Latin-1 has control characters;
/// what it leaves out stands for those.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The alphabet of texts that names are in; `None` for that of Windows, which no text is in.
fn of_texts(alphabet: NameAlphabet) -> Option<Alphabet> {
    match alphabet {
        NameAlphabet::Ascii => Some(Alphabet::Ascii),
        NameAlphabet::Gsm7 => Some(Alphabet::Gsm7),
        NameAlphabet::Latin1 => Some(Alphabet::Latin1),
        NameAlphabet::Utf8 => Some(Alphabet::Utf8),
        NameAlphabet::Windows1252 => None,
    }
}

/// The text of a name; `None` for octets that are none of its alphabet.
fn read(alphabet: NameAlphabet, octets: &[u8]) -> Option<String> {
    let Some(alphabet) = of_texts(alphabet) else {
        let of = |octet: &u8| {
            let place = octet.checked_sub(0x80).map(usize::from);
            let own = place.and_then(|place| WINDOWS_1252.get(place));
            own.copied().unwrap_or(char::from(*octet))
        };
        return Some(octets.iter().map(of).collect());
    };
    decode(octets, alphabet, Shifts::NONE).ok()
}

/// Appends a text in this alphabet; `false` when it lacks something.
fn write(alphabet: NameAlphabet, text: &str, out: &mut Vec<u8>) -> bool {
    let Some(alphabet) = of_texts(alphabet) else {
        let of = |ch: char| match WINDOWS_1252.iter().position(|own| *own == ch) {
            Some(place) => u8::try_from(0x80 + place).ok(),
            None => u8::try_from(ch).ok().filter(|octet| !(0x80..0xa0).contains(octet)),
        };
        return text.chars().all(|ch| of(ch).map(|octet| out.push(octet)).is_some());
    };
    alphabet.encode(text, Shifts::NONE, out).is_ok()
}
