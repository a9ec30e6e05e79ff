//! Characters to user data and back, and how many segments it takes.
//!
//! ```text
//!   &str --smart--> &str --encode--> octets of an alphabet --plan--> segment ranges + headers
//!                                    ^ submit_sm arrives here: no allocation from here on
//! ```
//!
//! The invariant: a [`Plan`] made twice from the same octets is the same plan, so what was billed
//! at ingress is what is paced, shown and sent, also after a failover. Deliberately absent: which
//! alphabet a carrier understands (its dialect says), and the reference number (drawn elsewhere).
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

pub mod alphabet;
pub mod chars;
pub mod compose;
pub mod graphemes;
pub mod gsm7;
pub mod packing;
pub mod plan;
pub mod smart;
pub mod udh;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod properties;

pub use alphabet::{Alphabet, DefaultAlphabet};
pub use chars::{DecodeError, DecodeFault, decode, decode_lossy};
pub use compose::{Encoding, TextOptions, TextPlan};
pub use graphemes::GraphemeCuts;
pub use gsm7::{Language, Shifts};
pub use plan::{Layout, Plan, Reference, SegmentRange, SegmentRanges, TooLong, segment_ranges};
pub use smart::Change;
pub use udh::{Concatenation, Header, Udh, UdhError, UdhFault};

/// A character that an alphabet lacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unencodable {
    /// The character.
    pub ch: char,
    /// Where it begins in the text, in octets of UTF-8.
    pub at: usize,
}

impl std::fmt::Display for Unencodable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the alphabet has no {:?} (octet {} of the text)", self.ch, self.at)
    }
}

impl std::error::Error for Unencodable {}
