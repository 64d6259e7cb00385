//! A maker's folder out of an overlay.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| offhook_fuzz::vendor(bytes));
