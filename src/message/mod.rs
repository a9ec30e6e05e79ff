//! What travels: messages, their receipts and their states, and what is known of the peers.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

pub mod address_range;
pub mod class;
pub mod dialect;
pub mod encodings;
pub mod envelope;
pub mod message_id;
pub mod multipart;
pub mod pattern;
pub mod receipt;
pub mod sar;
pub mod state;
pub mod translation;
pub mod words;
