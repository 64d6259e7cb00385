//! A list of phones, as CSV and as JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use offhook_core::{Engine, Host, builtin};
use offhook_phone_files::{csv_list, json_list};

const POLICY: &str = include_str!("../../core/catalogue/vendors/example-policy.json");

static ENGINE: LazyLock<Option<Engine>> =
    LazyLock::new(|| Engine::new(builtin::shared(), POLICY, Host::ANY).ok());

fuzz_target!(|text: &str| {
    let Some(engine) = ENGINE.as_ref() else { return };
    csv_list::read(text, engine);
    json_list::read(text, engine);
});
