//! Addresses: what stands before a number (quirk 60), and the alphabet of a name (quirk 61).

use super::{AddressPrefix, DefaultAlphabet, Form, Way};
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
            Way::Read => (form.names, DefaultAlphabet::Latin1),
            Way::Written => (DefaultAlphabet::Latin1, form.names),
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
fn name(from: DefaultAlphabet, to: DefaultAlphabet, octets: &[u8], out: &mut Vec<u8>) -> bool {
    // What is ASCII in both is the same octet in both, and what is no text passes as it is.
    if from == to {
        out.extend_from_slice(octets);
        return true;
    }
    let Ok(text) = decode(octets, Alphabet::of(0, from), Shifts::NONE) else {
        out.extend_from_slice(octets);
        return true;
    };
    let mut whole = true;
    let to_text = Alphabet::of(0, to);
    for ch in text.chars() {
        let start = out.len();
        let mut room = [0; 4];
        let alike = || smart::replacement(ch).filter(|alike| !alike.is_empty());
        let written = to_text.encode(ch.encode_utf8(&mut room), Shifts::NONE, out).is_ok();
        if !written {
            whole = false;
            out.truncate(start);
            let replaced =
                alike().is_some_and(|alike| to_text.encode(alike, Shifts::NONE, out).is_ok());
            if !replaced {
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
