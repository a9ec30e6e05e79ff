//! A number for every message of a run, to the seventeen octets that begin its text, and back.
//!
//! ```text
//!   #c0ffee000000002a hello ...
//!    \----/\--------/
//!     run    number in the run: 0, 1, 2 ...
//! ```
//!
//! Whoever receives messages can so tell which of a run came twice and which are missing, however
//! the messages travelled and whatever ids they were given on the way.

use super::digits::{hex16, read_hex16};

/// Octets of a serial in a text.
pub const SERIAL_LEN: usize = 17;
/// Bits of the number; the rest of the 64 are the run's.
const NUMBER_BITS: u32 = 40;

/// The serial of one message.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Serial(pub u64);

impl Serial {
    /// The message `number` of `run`; a run has 2^40 numbers, and 24 bits tell runs apart.
    #[must_use]
    pub const fn new(run: u32, number: u64) -> Self {
        Self(((run as u64) << NUMBER_BITS) | (number & ((1 << NUMBER_BITS) - 1)))
    }

    /// Which run.
    #[must_use]
    pub const fn run(self) -> u32 {
        (self.0 >> NUMBER_BITS) as u32
    }

    /// Which message of the run, from 0.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }

    /// The serial as it stands in a text: `#` and sixteen hexadecimal digits.
    #[inline]
    #[must_use]
    pub fn octets(self) -> [u8; SERIAL_LEN] {
        let mut octets = [b'#'; SERIAL_LEN];
        octets[1..].copy_from_slice(&hex16(self.0));
        octets
    }

    /// The serial that a text begins with, if it begins with one.
    #[inline]
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let octets: &[u8; SERIAL_LEN] = text.first_chunk()?;
        let [hash, digits @ ..] = octets;
        if *hash == b'#' { read_hex16(digits).map(Self) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_serial_is_printed_as_the_format_says_and_read_back(value: u64) {
            let serial = Serial(value);
            prop_assert_eq!(serial.octets().to_vec(), format!("#{value:016x}").into_bytes());
            prop_assert_eq!(Serial::read(&serial.octets()), Some(serial));
            let longer = format!("#{value:016x} text");
            prop_assert_eq!(Serial::read(longer.as_bytes()), Some(serial));
        }

        #[test]
        fn what_is_no_serial_is_not_read_as_one(at in 0_usize..17, octet: u8, value: u64) {
            let mut octets = Serial(value).octets();
            octets[at] = octet;
            let expected = std::str::from_utf8(&octets).ok().and_then(|text| {
                let digits = text.strip_prefix('#')?;
                let lower = |c| matches!(c, '0'..='9' | 'a'..='f');
                digits.chars().all(lower).then_some(())?;
                u64::from_str_radix(digits, 16).ok()
            });
            prop_assert_eq!(Serial::read(&octets).map(|serial| serial.0), expected);
        }
    }

    #[test]
    fn run_and_number_stay_apart() {
        let serial = Serial::new(0x00c0_ffee, 42);
        assert_eq!((serial.run(), serial.number()), (0x00c0_ffee, 42));
        assert_eq!(&serial.octets(), b"#c0ffee000000002a");
        assert_eq!(Serial::read(b"#c0ffee00000000"), None, "too short");
    }
}
