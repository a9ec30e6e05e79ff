//! From the handset: segments to messages, whose a message is, and what its writer wants.
//!
//! ```text
//!   deliver_sm --> owner of its number --+--> segments, untouched --> account
//!                                        +--> reassembly --> keyword --> account | bot
//! ```
//!
//! Segments are held back only where somebody needs the whole: an account that wants one payload, a
//! bot, or a shared number whose owner stands in the first word.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

pub mod bot;
pub mod conversation;
mod deliver;
pub mod intent;
pub mod keyword;
pub mod owners;
pub mod reassembly;
mod render;
pub mod reply;
pub mod slot;

pub use deliver::as_deliver;
pub use owners::{Owner, Owners, Recipient};
pub use render::MoRenderer;

use crate::text::{Shifts, Udh};
use crate::wire::{Address, TlvTag, Tlvs, UDHI};

/// A message from a handset, or one segment of it, as it came.
#[derive(Clone, Debug)]
pub struct MoMessage {
    /// Which carrier brought it, by its place in the settings.
    pub carrier: u32,
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

impl MoMessage {
    /// The user data: short_message, or message_payload where that is empty (SMPP 3.4 §5.3.2.32).
    #[must_use]
    pub fn user_data(&self) -> &[u8] {
        if !self.short_message.is_empty() {
            return &self.short_message;
        }
        Tlvs::take(&self.tlvs).0.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap_or_default()
    }

    /// The user data header, where `esm_class` announces one, and the text behind it; `None` when
    /// the header goes beyond the user data.
    #[must_use]
    pub fn split(&self) -> Option<(Option<Udh<'_>>, &[u8])> {
        let user_data = self.user_data();
        if self.esm_class & UDHI == 0 {
            return Some((None, user_data));
        }
        let (udh, text) = Udh::split(user_data).ok()?;
        Some((Some(udh), text))
    }

    /// The octets of the text, and the national tables they are written in.
    #[must_use]
    pub fn text(&self) -> (&[u8], Shifts) {
        match self.split() {
            Some((udh, text)) => (text, udh.map_or(Shifts::NONE, Udh::shifts)),
            None => (self.user_data(), Shifts::NONE),
        }
    }
}

/// A message from a handset to a number of ours, for tests.
#[cfg(test)]
fn message(esm_class: u8, user_data: &[u8]) -> MoMessage {
    MoMessage {
        carrier: 0,
        source: Address::new(1, 1, b"33612345678"),
        destination: Address::new(3, 0, b"36105"),
        service_type: Box::default(),
        esm_class,
        protocol_id: 0,
        priority_flag: 0,
        data_coding: 0,
        short_message: user_data.into(),
        tlvs: Box::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tlv::put_tlv;

    #[test]
    fn the_text_stands_behind_the_header_wherever_the_user_data_is() {
        let user_data = [6, 0x24, 1, 2, 0x25, 1, 1, b'h', b'i'];
        let short = message(0x40, &user_data);
        let mut tlvs = Vec::new();
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &user_data));
        let payload = MoMessage { tlvs: tlvs.into(), ..message(0x40, b"") };
        for message in [short, payload] {
            let (text, shifts) = message.text();
            assert_eq!((text, shifts.single.0, shifts.locking.0), (&b"hi"[..], 2, 1));
        }
        assert_eq!(message(0, &user_data).text(), (&user_data[..], Shifts::NONE));
        let cut = message(0x40, &[9, 0]);
        assert!(cut.split().is_none());
        assert_eq!(cut.text().0, [9, 0]);
    }
}
