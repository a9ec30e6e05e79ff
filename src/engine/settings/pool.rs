//! A pool of numbers of ours.

use super::NumberKind;
use crate::wire::Address;

/// Numbers that accounts send from under one name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pool {
    /// What accounts write as the sender.
    pub name: String,
    /// Addresses of numbers, each once, at least one.
    pub numbers: Vec<String>,
}

impl NumberKind {
    /// The sender of a message from such a number (SMPP 3.4 §5.2.5, §5.2.6).
    #[must_use]
    pub fn sender(self, address: &str) -> Address {
        let (ton, npi) = match self {
            Self::Alphanumeric => (5, 0),
            Self::LongNumber | Self::TollFree => (1, 1),
            // Network specific: what SMSCs take for a short code.
            Self::ShortCode => (3, 0),
        };
        Address::new(ton, npi, address.as_bytes())
    }
}
