#![no_main]

#[path = "../checks/time.rs"]
mod time;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| time::time(octets));
