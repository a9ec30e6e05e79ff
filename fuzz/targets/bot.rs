#![no_main]

#[path = "../checks/bot.rs"]
mod bot;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| bot::bot(octets));
