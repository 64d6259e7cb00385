//! offhook in Kea: a hook library that sends phones what they need in the answer they get anyway.
//!
//! Kea calls C++ (`shim/`), C++ calls the functions of `include/abi.h`, and those are this crate.
//! Rust decides and counts; C++ moves packets, options and JSON. Only `ffi` holds unsafe code, and
//! nothing in here may cost a client its lease: every door is guarded, and a fault means that the
//! packet stays as it was.

mod answer_lines;
mod behind;
mod budget;
mod commands;
mod competing;
mod counters;
mod fault;
mod ffi;
mod guard;
mod hook;
mod last_good;
mod lease_note;
mod log;
mod log_line;
mod makers;
mod message;
mod packet;
mod packet_path;
mod parameters;
mod phones;
mod sign;
mod snapshot;
mod standing;
mod start;
#[cfg(test)]
mod testing;
mod thread_slots;
mod words;
mod workbench;

/// The Kea that this library is compiled for, and fits: `2.2.0`.
pub(crate) const KEA_VERSION: &str = env!("OFFHOOK_KEA_VERSION");

/// offhook's own version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
