//! Chappe: a carrier-grade SMPP 3.4 engine.
//!
//! The modules below stand in the order data flows; each imports only those before it. The first
//! group is pure: no socket, file, clock, task or logger, and time comes in as an argument.

pub mod clock;
pub mod wire;
pub mod text;
pub mod session;
pub mod message;
pub mod mt;
pub mod mo;

#[cfg(feature = "runtime")]
pub mod telemetry;
#[cfg(feature = "runtime")]
pub mod link;
#[cfg(feature = "runtime")]
pub mod engine;
#[cfg(feature = "runtime")]
pub mod config;
#[cfg(feature = "runtime")]
pub mod sim;
#[cfg(feature = "runtime")]
pub mod cli;
pub mod manual;
