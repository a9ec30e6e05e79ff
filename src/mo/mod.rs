//! From the handset: whose a message is.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

use std::collections::HashMap;

use crate::wire::Address;

/// A message from a handset, as it came: an account gets its segments untouched.
#[derive(Clone, Debug)]
pub struct MoMessage {
    /// The handset.
    pub source: Address,
    /// The number of ours.
    pub destination: Address,
    /// `service_type` without its NUL.
    pub service_type: Box<[u8]>,
    /// `esm_class` as it came.
    pub esm_class: u8,
    /// `protocol_id` as it came.
    pub protocol_id: u8,
    /// `priority_flag` as it came.
    pub priority_flag: u8,
    /// `data_coding` as it came.
    pub data_coding: u8,
    /// `short_message` as it came.
    pub short_message: Box<[u8]>,
    /// TLVs as they came.
    pub tlvs: Box<[u8]>,
}

/// Which account owns each number.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    by_number: HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>,
}

impl Owners {
    /// A table of numbers (without `+`) and the accounts that own them.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = (String, u32)>) -> Self {
        let by_number =
            numbers.into_iter().map(|(number, account)| (key(number.as_bytes()), account));
        Self { by_number: by_number.collect() }
    }

    /// The account that owns this number, however carriers write it.
    #[must_use]
    pub fn of(&self, number: &[u8]) -> Option<u32> {
        self.by_number.get(number.strip_prefix(b"+").unwrap_or(number)).copied()
    }
}

fn key(number: &[u8]) -> Box<[u8]> {
    number.strip_prefix(b"+").unwrap_or(number).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_owner_with_or_without_a_plus() {
        let owners = Owners::new([("36105".into(), 1), ("+33700000000".into(), 2)]);
        assert_eq!(owners.of(b"36105"), Some(1));
        assert_eq!(owners.of(b"33700000000"), Some(2));
        assert_eq!(owners.of(b"+33700000000"), Some(2));
        assert_eq!(owners.of(b"3610"), None);
    }
}
