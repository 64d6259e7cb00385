//! The value of any option, read for people.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_core::{builtin, decode};

fuzz_target!(|bytes: &[u8]| {
    if let Some((code, value)) = bytes.split_first() {
        decode::decode(&builtin::shared(), *code, value, None);
    }
});
