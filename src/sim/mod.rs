//! The world in a box: a simulated SMSC and a generator of load, settings in and figures out.
//!
//! ```text
//!   load: Load (decides) + link  <---- TCP or TLS ---->  link + Smsc (decides): smsc
//! ```
//!
//! What to send or answer, and when, is decided by state machines ([`smsc::Smsc`], [`load::Load`])
//! that are stepped with the time and a session and know no socket; `serve` and `drive` beside
//! them are the shell. Both put a [`serial`] in front of each text, so that either end of a chain
//! can be audited: every message once, none missing. [`disk`] is a disk for the journal that loses
//! what was not synced.

pub mod audit;
pub mod dice;
pub mod digits;
pub mod disk;
pub mod histogram;

pub mod load;
pub mod serial;
pub mod smsc;
pub mod world;
