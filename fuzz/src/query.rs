//! A DHCP packet from anyone: read, recognised, decided, and the answer's edits made.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use offhook_core::{Context, Edits, Engine, Host, Query, builtin};

const POLICY: &str = include_str!("../../core/catalogue/vendors/example-policy.json");

static ENGINE: LazyLock<Option<Engine>> =
    LazyLock::new(|| Engine::new(builtin::shared(), POLICY, Host::ANY).ok());

fuzz_target!(|wire: &[u8]| {
    let Some(engine) = ENGINE.as_ref() else { return };
    let Some(query) = Query::from_wire(wire, Context::default()) else { return };
    let mut edits = Edits::default();
    engine.decide(&query).edits(engine, &query, &mut edits);
});
