//! A DHCP packet from an unknown client.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| offhook_fuzz::query(bytes));
