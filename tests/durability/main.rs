//! An engine as a process with its journal: killed at any moment and started again, it owes what it
//! owed. The load and the SMSC at its two ends live through it all and count.

#[allow(dead_code)] // the tests of faults use more of it
mod engine;
mod failures;
#[path = "../foreign/mod.rs"]
#[allow(dead_code)] // of it only whether foreign software has to be here
mod foreign;
mod kills;
mod opt_outs;
mod peer;
mod replies;
