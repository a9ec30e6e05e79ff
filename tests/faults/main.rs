//! The whole engine as a process, and all that may befall it: ends at any moment and at each point
//! where something has just changed, disks that fail, are full or slow, clocks that jump, peers
//! that vanish. `README.md` beside this file has the table of all faults, and the test of each.

#![cfg(feature = "runtime")]

mod audit;
#[path = "../durability/engine.rs"]
#[allow(dead_code)] // its own tests use more of it
mod engine;
mod failing;
mod files;
#[path = "../foreign/mod.rs"]
#[allow(dead_code)] // of it only whether foreign software has to be here
mod foreign;
mod kills;
mod links;
mod load;
mod peers;
mod points;
mod powercut;
mod scene;
mod session;
mod strace;
mod tap;
