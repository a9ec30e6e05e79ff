//! Receipts written in UCS-2 to plain octets.

use std::borrow::Cow;

/// Which octet of a 16-bit unit comes first.
#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

/// The octets of a receipt for [`ReceiptText::parse`](super::ReceiptText::parse): as they are,
/// without a copy, or, where the text is UTF-16 (big-endian, as UCS-2 is sent; little-endian has
/// been seen), as UTF-8.
///
/// The octets decide, not `data_coding`: SMSCs leave 8 on plain receipts and 0 on wide ones. A
/// byte order mark, or two printable ASCII characters with a zero octet each at the start, make a
/// text wide; no plain receipt begins so. What is no character becomes U+FFFD, and an odd last
/// octet is dropped.
#[must_use]
pub fn plain(octets: &[u8]) -> Cow<'_, [u8]> {
    let Some((order, units)) = wide(octets) else { return Cow::Borrowed(octets) };
    let units = units.chunks_exact(2).map(|unit| match (order, unit) {
        (Order::Big, &[high, low]) | (Order::Little, &[low, high]) => {
            u16::from_be_bytes([high, low])
        }
        // Chunks of two have two octets.
        _ => 0,
    });
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
}

/// The order of a wide text and its octets without the byte order mark.
fn wide(octets: &[u8]) -> Option<(Order, &[u8])> {
    let printable = |octet: u8| octet.is_ascii_graphic() || octet.is_ascii_whitespace();
    match *octets {
        [0xFE, 0xFF, ref rest @ ..] => Some((Order::Big, rest)),
        [0xFF, 0xFE, ref rest @ ..] => Some((Order::Little, rest)),
        [0, a, 0, b, ..] if printable(a) && printable(b) => Some((Order::Big, octets)),
        [a, 0, b, 0, ..] if printable(a) && printable(b) => Some((Order::Little, octets)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = "id:1 stat:DELIVRD text:Привет 🙂";

    fn units(text: &str, pair: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn wide_receipts_become_utf8_in_either_order() {
        for pair in [u16::to_be_bytes, u16::to_le_bytes] {
            assert_eq!(&*plain(&units(RECEIPT, pair)), RECEIPT.as_bytes());
            let marked = format!("\u{feff}{RECEIPT}");
            assert_eq!(&*plain(&units(&marked, pair)), RECEIPT.as_bytes());
        }
    }

    #[test]
    fn plain_receipts_are_not_copied() {
        let texts: [&[u8]; 4] =
            [b"", b"id:1 stat:DELIVRD", b"id:1 text:\0H\0e\0l", b"\0\0\0\0id:1 stat:DELIVRD"];
        for octets in texts {
            assert!(matches!(plain(octets), Cow::Borrowed(same) if same == octets));
        }
    }

    #[test]
    fn half_a_character_is_no_fault() {
        let mut octets = units("id:1 ", u16::to_be_bytes);
        octets.extend([0xD8, 0x3D, 0x00]);
        assert_eq!(&*plain(&octets), "id:1 \u{fffd}".as_bytes());
    }
}
