//! The numbers of accepted messages to the ids their senders see, and back.
//!
//! The forms are those carriers are known to use; a receipt may give the same id in another one,
//! which is how half of all lost receipts come about.

use std::fmt;

use crate::sim::digits::{decimal, hex16};

/// What ids look like.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum IdForm {
    /// Decimal digits.
    Decimal,
    /// Sixteen hexadecimal digits.
    #[default]
    Hex,
    /// A UUID.
    Uuid,
    /// Twenty-two decimal digits: more than 64 bits hold.
    Big,
}

/// What the id in a receipt looks like.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReceiptIdForm {
    /// As in the response.
    #[default]
    Same,
    /// The same value in decimal digits.
    Decimal,
    /// The same value in hexadecimal digits.
    Hex,
}

/// What is added to a number to make it [`IdForm::Big`].
const BIG: u128 = 4_831_000_000_000_000_000_000;
/// The parts of a UUID that do not change (version 4, as RFC 9562 marks it).
const UUID: &[u8; 36] = b"c4a99e00-0000-4000-8000-000000000000";

/// An id, inline.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Id {
    len: u8,
    octets: [u8; Self::MAX],
}

impl Id {
    /// Octets of the longest id: 128 bits in decimal digits.
    const MAX: usize = 39;

    /// The id of a message in a response.
    #[inline]
    #[must_use]
    pub fn of(form: IdForm, number: u64) -> Self {
        match form {
            IdForm::Decimal => {
                let (digits, start) = decimal(number);
                Self::new(&digits[start..])
            }
            IdForm::Hex => Self::new(&hex16(number)),
            IdForm::Uuid => Self::new(&uuid(number)),
            IdForm::Big => Self::new((BIG + u128::from(number)).to_string().as_bytes()),
        }
    }

    /// The id of a message in a receipt.
    #[inline]
    #[must_use]
    pub fn in_receipt(form: IdForm, receipt: ReceiptIdForm, number: u64) -> Self {
        match (receipt, form) {
            (ReceiptIdForm::Same, _)
            | (ReceiptIdForm::Decimal, IdForm::Decimal | IdForm::Big)
            | (ReceiptIdForm::Hex, IdForm::Hex) => Self::of(form, number),
            (ReceiptIdForm::Decimal, _) => Self::new(value(form, number).to_string().as_bytes()),
            (ReceiptIdForm::Hex, _) => Self::new(format!("{:x}", value(form, number)).as_bytes()),
        }
    }

    /// The octets.
    #[inline]
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    #[inline]
    fn new(from: &[u8]) -> Self {
        let mut octets = [0; Self::MAX];
        let len = from.len().min(Self::MAX);
        octets[..len].copy_from_slice(&from[..len]);
        Self { len: len as u8, octets }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.octets()))
    }
}

/// The number of the message that an id of this form names: what query_sm asks about.
#[must_use]
pub fn number(form: IdForm, id: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(id).ok()?;
    let number = match form {
        IdForm::Decimal => text.parse().ok()?,
        IdForm::Hex => u64::from_str_radix(text, 16).ok()?,
        IdForm::Uuid => {
            let digits = [text.get(9..13)?, text.get(24..)?].concat();
            u64::from_str_radix(&digits, 16).ok()?
        }
        IdForm::Big => u64::try_from(text.parse::<u128>().ok()?.checked_sub(BIG)?).ok()?,
    };
    // One number has one id; whatever else was read as it is not ours.
    (Id::of(form, number).octets() == id).then_some(number)
}

/// The number an id of this form is when it is read as one.
fn value(form: IdForm, number: u64) -> u128 {
    match form {
        IdForm::Decimal | IdForm::Hex => u128::from(number),
        IdForm::Big => BIG + u128::from(number),
        IdForm::Uuid => uuid(number)
            .iter()
            .filter_map(|&octet| char::from(octet).to_digit(16))
            .fold(0, |value, digit| value << 4 | u128::from(digit)),
    }
}

/// Sixteen bits of the number stand in the second group, the others in the last.
fn uuid(number: u64) -> [u8; 36] {
    let digits = hex16(number);
    let mut uuid = *UUID;
    uuid[9..13].copy_from_slice(&digits[..4]);
    uuid[24..].copy_from_slice(&digits[4..]);
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::receipt::id::{IdNotation, agree};

    const FORMS: [IdForm; 4] = [IdForm::Decimal, IdForm::Hex, IdForm::Uuid, IdForm::Big];

    #[test]
    fn ids_look_as_carriers_write_them() {
        let ids = FORMS.map(|form| format!("{:?}", Id::of(form, 0x1b_4d5e_6f70_8192)));
        assert_eq!(
            ids,
            [
                "7684892363096466",
                "001b4d5e6f708192",
                "c4a99e00-001b-4000-8000-4d5e6f708192",
                "4831007684892363096466"
            ]
        );
    }

    #[test]
    fn an_id_names_its_message_and_no_other_text_does() {
        for form in FORMS {
            for sought in [0, 1, 4711, u64::from(u32::MAX), u64::MAX] {
                let id = Id::of(form, sought);
                assert_eq!(number(form, id.octets()), Some(sought), "{id:?}");
            }
            for other in ["", "0x1", "+1", "c4a99e00-0000-4000-8000-00000000000g", "4831"] {
                let found = number(form, other.as_bytes());
                assert!(found.is_none() || form == IdForm::Decimal, "{form:?} {other}");
            }
        }
    }

    #[test]
    fn another_notation_in_the_receipt_has_the_same_value() {
        for (form, receipt) in
            [(IdForm::Hex, ReceiptIdForm::Decimal), (IdForm::Decimal, ReceiptIdForm::Hex)]
        {
            let answer = Id::of(form, 7_684_796_284_272_018);
            let receipt = Id::in_receipt(form, receipt, 7_684_796_284_272_018);
            assert_ne!(answer, receipt);
            assert_ne!(agree(answer.octets(), receipt.octets()), None);
        }
        let big = Id::in_receipt(IdForm::Big, ReceiptIdForm::Hex, 5);
        let notations = agree(Id::of(IdForm::Big, 5).octets(), big.octets());
        assert_eq!(notations, Some((IdNotation::Decimal, IdNotation::Hex)));
    }

    #[test]
    fn same_means_same_in_every_form() {
        for form in FORMS {
            assert_eq!(Id::in_receipt(form, ReceiptIdForm::Same, 99), Id::of(form, 99));
        }
    }
}
