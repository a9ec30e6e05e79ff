//! The control socket as operators see it: the real binary, asked by the real commands and by
//! clients that mean no good.

#![cfg(feature = "runtime")]

mod binds;
mod capture;
#[path = "../foreign/certificate.rs"]
mod certificate;
mod clients;
mod consent;
mod conversation;
#[path = "../foreign/mod.rs"]
#[allow(dead_code)] // of it only whether foreign software has to be here
mod foreign;
mod history;
mod policy;
mod queue;
mod reload;
mod status;
mod world;
