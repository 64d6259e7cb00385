//! A maker's folder out of an overlay.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Mistakes are an answer as good as a vendor.
    drop(offhook_catalogue::source::vendor("fuzz", text));
});
