//! Hostile peers on either side of the real engine: each gets the right answer or the close, costs
//! bounded memory, and a good bind beside it does not notice; what was accepted for a hostile
//! carrier ends, and its account learns how.
#![cfg(feature = "runtime")]

mod bystander;
mod carriers;
mod descriptors;
#[path = "../engine/esme.rs"]
#[allow(dead_code, reason = "the tests of the engine ask more of it")]
mod esme;
mod floods;
mod lengths;
mod malformed;
mod memory;
mod peer;
mod process;
mod protocols;
mod rogue;
mod server;
mod slow;
#[path = "../engine/smsc.rs"]
#[allow(dead_code, reason = "the tests of the engine ask more of it")]
mod smsc;
#[path = "../engine/world.rs"]
#[allow(dead_code, reason = "the tests of the engine ask more of it")]
mod world;
