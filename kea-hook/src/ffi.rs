//! The only room with unsafe code: Rust's side of `include/abi.h`, and the names that Kea looks up.
//!
//! Every function in here does three things and no more: turn the contract's types into Rust's, call
//! one safe door, turn the result back. All of it happens inside [`guard`], so that a panic in offhook
//! becomes a counted fault and never meets a frame of Kea's.
#![allow(unsafe_code)]

#[allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unreachable_pub,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
pub(crate) mod abi {
    //! What bindgen reads off the page.
    include!(concat!(env!("OUT_DIR"), "/abi.rs"));
}

mod agreement;
// Unit tests are linked without Kea, and so without the shim.
#[cfg(not(test))]
mod entry;
mod exports;
mod label;
mod room;
pub(crate) mod sink;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::hook::Hook;

/// Runs a door's body. A panic is counted, has been logged by the panic hook, and becomes `fallback`,
/// which always means that nothing is changed.
fn guard<T>(hook: Option<&Hook>, fallback: T, body: impl FnOnce() -> T) -> T {
    // Unwind safety: what a panic can leave half done is scratch memory that is cleared before use,
    // and counters.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        // Dropping the payload could panic once more; it is a text in practice.
        std::mem::forget(payload);
        if let Some(hook) = hook {
            hook.count_fault();
        }
        fallback
    })
}

#[cfg(test)]
mod tests;
