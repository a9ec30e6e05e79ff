#![no_main]

#[path = "../checks/receipt.rs"]
mod receipt;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| receipt::receipt(octets));
