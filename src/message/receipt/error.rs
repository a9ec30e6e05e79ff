//! The error beside a state, from the TLV or the text, and back to three digits.

/// What went wrong, as far as the carrier says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptError<'a> {
    /// An error of the network, from the `network_error_code` TLV (`SMPP 3.4 §5.3.2.31`).
    Network {
        /// 1 ANSI-136, 2 IS-95, 3 GSM; values without a name survive.
        network_type: u8,
        /// The network's own error number.
        code: u16,
    },
    /// A number of the SMSC's or of ours.
    Number(u32),
    /// The text's `err` where it is not a decimal number.
    Text(&'a [u8]),
}

impl<'a> ReceiptError<'a> {
    /// Most octets of a text that are written out again.
    pub const TEXT_MAX: usize = 16;

    /// Reads a `network_error_code`: the network's type and two octets of error. Three decimal
    /// digits, which some SMSCs put there instead, are a number; no network type is a digit's
    /// octet. `None` for any other length.
    #[must_use]
    pub fn from_tlv(octets: &[u8]) -> Option<Self> {
        match *octets {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                let digits = [a, b, c].map(|digit| u32::from(digit - b'0'));
                Some(Self::Number(digits.iter().fold(0, |sum, digit| sum * 10 + digit)))
            }
            [network_type, high, low] => {
                Some(Self::Network { network_type, code: u16::from_be_bytes([high, low]) })
            }
            _ => None,
        }
    }

    /// The error as a number, if it is one.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        match self {
            Self::Network { code, .. } => Some(u32::from(code)),
            Self::Number(number) => Some(number),
            Self::Text(_) => None,
        }
    }

    /// Appends it as the value of `err:`: at least three digits, or what is printable of a text,
    /// without the signs that end a value or make a label.
    pub fn write(self, out: &mut Vec<u8>) {
        if let Some(number) = self.number() {
            return write_number(number, out);
        }
        let Self::Text(text) = self else { return };
        let start = out.len();
        let signs = |octet: &u8| matches!(octet, b':' | b',' | b';' | b'|');
        // A carrier's "te\xa9xt:" would otherwise become a label in the account's receipt.
        let kept = text.iter().copied().filter(|octet| octet.is_ascii_graphic() && !signs(octet));
        out.extend(kept.take(Self::TEXT_MAX));
        if out.len() == start {
            out.extend_from_slice(b"000");
        }
    }
}

fn write_number(number: u32, out: &mut Vec<u8>) {
    if let Ok(small) = u16::try_from(number)
        && small < 1_000
    {
        return out.extend_from_slice(&three_digits(small));
    }
    let mut place = 1_000_000_000;
    while place > number {
        place /= 10;
    }
    while place > 0 {
        // A remainder of ten is a digit.
        out.push(b'0' + (number / place % 10) as u8);
        place /= 10;
    }
}

/// The three last decimal digits of a number.
pub(super) fn three_digits(number: u16) -> [u8; 3] {
    // A remainder of ten is a digit.
    [number / 100, number / 10, number].map(|digit| b'0' + (digit % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(error: ReceiptError<'_>) -> String {
        let mut out = Vec::new();
        error.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_network_error_code_is_a_type_and_a_number() {
        let error = ReceiptError::from_tlv(&[3, 0x01, 0x02]).unwrap();
        assert_eq!(error, ReceiptError::Network { network_type: 3, code: 0x0102 });
        assert_eq!(error.number(), Some(258));
    }

    /// Seen behind SMSCs that Kannel's source complains of (interop quirk 28).
    #[test]
    fn three_digits_in_its_place_are_that_number() {
        assert_eq!(ReceiptError::from_tlv(b"069"), Some(ReceiptError::Number(69)));
        assert_eq!(ReceiptError::from_tlv(b"0690"), None);
        assert_eq!(ReceiptError::from_tlv(b""), None);
    }

    #[test]
    fn err_has_three_digits_and_more_only_when_needed() {
        assert_eq!(written(ReceiptError::Number(0)), "000");
        assert_eq!(written(ReceiptError::Number(69)), "069");
        assert_eq!(written(ReceiptError::Number(1_024)), "1024");
        assert_eq!(written(ReceiptError::Number(u32::MAX)), "4294967295");
    }

    #[test]
    fn a_text_keeps_what_is_printable() {
        assert_eq!(written(ReceiptError::Text(b"4A6")), "4A6");
        assert_eq!(written(ReceiptError::Text(b"a b\n\xffc")), "abc");
        assert_eq!(written(ReceiptError::Text(b" \0")), "000");
        assert_eq!(written(ReceiptError::Text(&[b'x'; 99])).len(), ReceiptError::TEXT_MAX);
    }

    #[test]
    fn a_text_is_one_value_and_no_label() {
        assert_eq!(written(ReceiptError::Text(b"te\xa9xt:id:5")), "textid5");
        assert_eq!(written(ReceiptError::Text(b"5,;|")), "5");
    }
}
