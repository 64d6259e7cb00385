//! A policy: any text gives an engine or mistakes, and the checks and the explanation of what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_core::{Engine, Host, builtin, check};

fuzz_target!(|text: &str| {
    if let Ok(engine) = Engine::new(builtin::shared(), text, Host::ANY) {
        check::doubts(&engine, check::Makers::All);
    }
});
