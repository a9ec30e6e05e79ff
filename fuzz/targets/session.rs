#![no_main]

#[path = "../checks/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| session::session_ops(octets));
