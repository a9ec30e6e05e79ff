#![no_main]

#[path = "../checks/text.rs"]
mod text;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| text::text_plan(octets));
