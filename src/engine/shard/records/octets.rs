//! Values to octets and back, for records.
//!
//! Numbers are little-endian and of fixed width, texts stand behind their length. What is read may
//! have been written by another version of this program, so reading never trusts a length.

use std::time::Duration;

use crate::wire::Address;

/// In the length of digits: each has half an octet.
const PACKED: u8 = 0x80;

/// Writes to the end of a record.
#[derive(Debug)]
pub struct Writer<'a>(pub &'a mut Vec<u8>);

impl Writer<'_> {
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A time since 1970, in microseconds; what is later than they reach is the end of time.
    pub fn time(&mut self, value: Duration) {
        self.u64(u64::try_from(value.as_micros()).unwrap_or(u64::MAX));
    }

    /// At most 255 octets; what is beyond is cut.
    pub fn short(&mut self, value: &[u8]) {
        let value = value.get(..255).unwrap_or(value);
        // At most 255.
        self.u8(value.len() as u8);
        self.0.extend_from_slice(value);
    }

    /// At most 4 GiB of octets, which is above all that a PDU holds.
    pub fn long(&mut self, value: &[u8]) {
        self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(value);
    }

    /// At most 127 octets, digits of numbers in half of one each; what is beyond is cut.
    pub fn digits(&mut self, value: &[u8]) {
        let value = value.get(..127).unwrap_or(value);
        let digit = |octet: &u8| match octet {
            b'0'..=b'9' => Some(octet - b'0'),
            b'a'..=b'f' => Some(octet - b'a' + 10),
            _ => None,
        };
        // At most 127.
        let len = value.len() as u8;
        if !value.iter().all(|octet| digit(octet).is_some()) {
            self.u8(len);
            self.0.extend_from_slice(value);
            return;
        }
        self.u8(len | PACKED);
        let halves = |two: &[u8]| {
            let mut two = two.iter().map(|octet| digit(octet).unwrap_or(0));
            two.next().unwrap_or(0) << 4 | two.next().unwrap_or(0)
        };
        self.0.extend(value.chunks(2).map(halves));
    }

    pub fn address(&mut self, value: &Address) {
        self.u8(value.ton);
        self.u8(value.npi);
        self.short(value.octets());
    }
}

/// Reads what a [`Writer`] wrote; `None` where the octets end early.
#[derive(Clone, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn octets(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take().map(|[octet]| octet)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub fn time(&mut self) -> Option<Duration> {
        Some(match self.u64()? {
            u64::MAX => Duration::MAX,
            micros => Duration::from_micros(micros),
        })
    }

    pub fn short(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.octets(usize::from(len))
    }

    pub fn long(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.octets(usize::try_from(len).ok()?)
    }

    pub fn digits(&mut self) -> Option<Vec<u8>> {
        let len = self.u8()?;
        let count = usize::from(len & !PACKED);
        if len & PACKED == 0 {
            return self.octets(count).map(<[u8]>::to_vec);
        }
        let packed = self.octets(count.div_ceil(2))?;
        let digit = |half: u8| char::from_digit(half.into(), 16).map_or(b'0', |digit| digit as u8);
        let digits = packed.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]);
        Some(digits.take(count).collect())
    }

    pub fn address(&mut self) -> Option<Address> {
        let (ton, npi) = (self.u8()?, self.u8()?);
        Some(Address::new(ton, npi, self.short()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_was_and_digits_take_half_the_room() {
        let long = [b'x'; 200];
        let ids: [&[u8]; 7] =
            [b"", b"7", b"0123456789", b"deadbeef0", b"DEADBEEF", b"5f-a1", &long];
        for id in ids {
            let mut octets = Vec::new();
            Writer(&mut octets).digits(id);
            let mut from = Reader(&octets);
            assert_eq!(from.digits().as_deref(), id.get(..127).or(Some(id)));
            assert!(from.0.is_empty());
            for end in 0..octets.len() {
                assert!(Reader(&octets[..end]).digits().is_none());
            }
        }
        let mut octets = Vec::new();
        Writer(&mut octets).digits(b"0123456789");
        assert_eq!(octets.len(), 6);
    }
}
