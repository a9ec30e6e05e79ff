#![no_main]

#[path = "../checks/reassembly.rs"]
mod reassembly;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| reassembly::reassembly(octets));
