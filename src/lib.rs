//! Chappe: a carrier-grade SMPP 3.4 engine.
//!
//! The modules below stand in the order data flows; each imports only those before it. The first
//! group is pure: no socket, file, clock, task or logger, and time comes in as an argument.

#[cfg(feature = "runtime")]
pub mod cli;
pub mod clock;
#[cfg(feature = "runtime")]
pub mod link;
pub mod message;
pub mod session;
#[cfg(feature = "runtime")]
pub mod sim;
pub mod wire;
