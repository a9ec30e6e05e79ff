//! User data: what `data_coding` 0 means and which number says GSM 7-bit (quirk 62), septets packed
//! or not (quirk 65), and the order of the octets of UCS-2 (quirk 64). A header in front stays as
//! it is.

use super::{DefaultAlphabet, Form, Gsm7Packing, OctetOrder, Way};
use crate::text::packing::{fill_bits, pack, packed_octets, septets_in, unpack};
use crate::text::{Alphabet, Shifts, Udh, decode};
use crate::wire::UDHI;

/// Carriage return: what fills seven bits that are over, so that they are not read as `@`
/// (3GPP TS 23.038 §6.1.2.3.1).
const CARRIAGE_RETURN: u8 = 0x0d;

/// What says how user data is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    /// Whether it is a segment of a message that is to be put together: all of them have to be in
    /// one alphabet then, whatever each of them holds.
    pub(super) alike: bool,
}

/// Appends translated user data to `out` and says its new `data_coding`; `None` when both are to
/// stay as they are.
pub(super) fn translate(
    form: &Form,
    way: Way,
    text: Text,
    user_data: &[u8],
    out: &mut Vec<u8>,
) -> Option<u8> {
    let marked = way == Way::Read && form.gsm7 != 0 && text.data_coding == form.gsm7;
    let (udh, (header, octets)) = match Udh::split(user_data) {
        Ok((udh, _)) if text.esm_class & UDHI != 0 => {
            (Some(udh), user_data.split_at_checked(udh.octets())?)
        }
        _ => (None, (&[][..], user_data)),
    };
    // With a number of its own for GSM 7-bit, ours is not what it calls 0.
    let has_other_zero = match way {
        Way::Read => !marked && form.zero != DefaultAlphabet::Gsm7,
        Way::Written => form.gsm7 == 0 && form.zero != DefaultAlphabet::Gsm7,
    };
    if has_other_zero {
        let shifts = udh.map_or(Shifts::NONE, Udh::shifts);
        let zero = match (way, text.data_coding) {
            (Way::Read, 0) => {
                out.extend_from_slice(header);
                return read_zero(form.zero, text.alike, octets, out);
            }
            // A national table is nothing that another alphabet has.
            (Way::Written, 0) if shifts == Shifts::NONE => {
                out.extend_from_slice(header);
                return written_zero(form.zero, octets, out);
            }
            (Way::Written, 0) => return None,
            (Way::Written, 1) => DefaultAlphabet::Ascii,
            (Way::Written, 3) => DefaultAlphabet::Latin1,
            _ => DefaultAlphabet::Gsm7,
        };
        if zero == form.zero {
            out.extend_from_slice(user_data);
            return Some(0);
        }
    }
    let alphabet = match marked {
        true => Alphabet::Gsm7,
        false => Alphabet::of(text.data_coding, DefaultAlphabet::Gsm7),
    };
    match alphabet {
        Alphabet::Gsm7 => {
            out.extend_from_slice(header);
            match (form.packing, way) {
                (Gsm7Packing::Unpacked, _) => out.extend_from_slice(octets),
                (Gsm7Packing::Packed, Way::Read) => unpacked(header.len(), octets, out),
                (Gsm7Packing::Packed, Way::Written) => packed(header.len(), octets, out),
            }
            Some(match (way, text.data_coding) {
                (Way::Written, 0) => form.gsm7,
                (Way::Read, _) if marked => 0,
                (_, other) => other,
            })
        }
        Alphabet::Ucs2 if form.order == OctetOrder::Little => {
            out.extend_from_slice(header);
            swapped(way, octets, out);
            Some(text.data_coding)
        }
        _ => None,
    }
}

/// Text of a peer's own default alphabet: in GSM 7-bit where that has all of it, else under the
/// number that says its alphabet to everybody. What is no such text stays as it is.
fn read_zero(zero: DefaultAlphabet, alike: bool, octets: &[u8], out: &mut Vec<u8>) -> Option<u8> {
    let text = decode(octets, Alphabet::of(0, zero), Shifts::NONE).ok()?;
    let start = out.len();
    if !alike && Alphabet::Gsm7.encode(&text, Shifts::NONE, out).is_ok() {
        return Some(0);
    }
    out.truncate(start);
    let alphabet = match zero {
        DefaultAlphabet::Ascii => Alphabet::Ascii,
        DefaultAlphabet::Latin1 => Alphabet::Latin1,
        DefaultAlphabet::Gsm7 | DefaultAlphabet::Utf8 => Alphabet::Ucs2,
    };
    alphabet.encode(&text, Shifts::NONE, out).ok()?;
    Some(alphabet.data_coding())
}

/// GSM 7-bit text in the peer's default alphabet, or in UCS-2 where that lacks something.
fn written_zero(zero: DefaultAlphabet, septets: &[u8], out: &mut Vec<u8>) -> Option<u8> {
    let text = decode(septets, Alphabet::Gsm7, Shifts::NONE).ok()?;
    let start = out.len();
    if Alphabet::of(0, zero).encode(&text, Shifts::NONE, out).is_ok() {
        return Some(0);
    }
    out.truncate(start);
    Alphabet::Ucs2.encode(&text, Shifts::NONE, out).ok()?;
    Some(Alphabet::Ucs2.data_coding())
}

fn packed(header: usize, septets: &[u8], out: &mut Vec<u8>) {
    let fill = fill_bits(header);
    let octets = packed_octets(septets.len(), fill);
    pack(septets, fill, out);
    // Seven bits over look like one septet more.
    if septets_in(octets, fill) > septets.len()
        && let Some(last) = out.last_mut()
    {
        *last |= CARRIAGE_RETURN << 1;
    }
}

fn unpacked(header: usize, octets: &[u8], out: &mut Vec<u8>) {
    let fill = fill_bits(header);
    let septets = septets_in(octets.len(), fill);
    unpack(octets, fill, septets, out);
    let padded = septets > 0 && packed_octets(septets - 1, fill) == octets.len();
    if padded && matches!(out.last(), Some(&(0 | CARRIAGE_RETURN))) {
        out.pop();
    }
}

/// Swaps the octets of each unit. A mark that says the high octet comes first is believed when a
/// text is read; an octet that is left over stays.
fn swapped(way: Way, octets: &[u8], out: &mut Vec<u8>) {
    if way == Way::Read && octets.starts_with(&[0xfe, 0xff]) {
        out.extend_from_slice(octets);
        return;
    }
    let (units, rest) = octets.as_chunks::<2>();
    out.extend(units.iter().flat_map(|&[one, other]| [other, one]));
    out.extend_from_slice(rest);
}
