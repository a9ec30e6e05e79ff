//! Hostile peers: each gets the right answer or the close, costs bounded memory, and a good bind
//! beside it does not notice.
//!
//! `server::start` is all these tests know of the server: they hold for whatever stands behind it.
#![cfg(feature = "runtime")]

mod bystander;
mod floods;
mod lengths;
mod malformed;
mod memory;
mod peer;
mod protocols;
mod server;
mod slow;
