//! Our ids of messages: 64 bits, never given twice.

use std::fmt;

/// Bits of the counter; above them stand ten bits of the node and one zero.
const COUNTER_BITS: u32 = 53;
/// The largest counter.
const COUNTER_MAX: u64 = (1 << COUNTER_BITS) - 1;
/// The largest node.
pub const NODE_MAX: u16 = 1023;

/// A message id: `0`, ten bits of the node, fifty-three bits of a counter.
///
/// Ids of one node are in the order of acceptance. The account sees sixteen hexadecimal digits, or
/// decimal ones where its dialect asks for them; the top bit is 0, so both fit a signed integer.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(u64);

impl MessageId {
    /// The id of this node and counter; bits above theirs are left out.
    #[must_use]
    pub const fn new(node: u16, counter: u64) -> Self {
        let node = (node & NODE_MAX) as u64;
        Self((node << COUNTER_BITS) | (counter & COUNTER_MAX))
    }

    /// The id of this number, as [`MessageId::number`] gave it.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The id as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The node that gave it.
    #[must_use]
    pub const fn node(self) -> u16 {
        // Ten bits above the counter, and a zero above them.
        (self.0 >> COUNTER_BITS) as u16
    }

    /// Its counter on that node.
    #[must_use]
    pub const fn counter(self) -> u64 {
        self.0 & COUNTER_MAX
    }

    /// Sixteen hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> [u8; 16] {
        let mut digits = [0; 16];
        for (at, digit) in digits.iter_mut().enumerate() {
            let nibble = (self.0 >> (60 - 4 * at)) & 0xf;
            // A nibble is below sixteen.
            *digit = b"0123456789abcdef".get(nibble as usize).copied().unwrap_or(b'0');
        }
        digits
    }

    /// The id that an account names in digits of this radix, 16 or 10: in either case and with or
    /// without the zeros in front, as its programs may have kept it.
    #[must_use]
    pub fn parse(text: &[u8], radix: u32) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
        let number = u64::from_str_radix(text, radix).ok()?;
        (number >> 63 == 0).then_some(Self(number))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_was_written() {
        for (node, counter) in [(0, 0), (0, 1), (1023, COUNTER_MAX), (7, 0xdead_beef)] {
            let id = MessageId::new(node, counter);
            assert_eq!(MessageId::parse(&id.hex(), 16), Some(id));
            assert_eq!(MessageId::parse(id.number().to_string().as_bytes(), 10), Some(id));
            assert_eq!((id.node(), id.counter()), (node, counter));
            assert_eq!(std::str::from_utf8(&id.hex()).unwrap(), id.to_string());
        }
        assert_eq!(MessageId::parse(b"1FF", 16), Some(MessageId(0x1ff)));
        let wrong: [&[u8]; 5] = [b"ffffffffffffffff", b"", b"xyz", b"-1", b"+1"];
        for wrong in wrong {
            assert_eq!(MessageId::parse(wrong, 16), None);
            assert_eq!(MessageId::parse(wrong, 10), None);
        }
        assert_eq!(MessageId::parse(b"99999999999999999999", 10), None);
    }

    #[test]
    fn ids_of_a_node_are_in_the_order_of_its_counter() {
        assert!(MessageId::new(3, 8) < MessageId::new(3, 9));
        assert!(MessageId::new(3, COUNTER_MAX) < MessageId::new(4, 0));
    }
}
