//! The real engine over loopback, in one process with ESMEs and SMSCs made of this crate's own
//! links and sessions. Each test starts a world of its own.
#![cfg(feature = "runtime")]

mod binds;
mod boards;
mod bots;
mod carriers;
mod deliveries;
mod dialects;
mod egress;
mod esme;
mod failures;
#[path = "../foreign/mod.rs"]
#[allow(dead_code)] // of it only whether foreign software has to be here
mod foreign;
mod lanes;
mod limits;
mod messages;
mod misfortunes;
mod mo;
mod multi;
mod operations;
mod pools;
mod receipts;
mod reload;
mod reload_load;
mod routing;
mod running;
mod scenarios;
mod smsc;
mod spill;
mod stress;
mod telemetry;
mod world;
