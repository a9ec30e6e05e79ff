#![no_main]

#[path = "../checks/dialect.rs"]
mod dialect;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| dialect::dialect(octets));
