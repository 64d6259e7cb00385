//! How the program starts: by C's `main`, without what Rust's standard library does before its own.
//!
//! dnsmasq starts the program for each event and waits for it. The standard library's start reads `/proc/self/maps`
//! and makes a stack for a message about an overflow of the stack: a tenth of an event's time
//! (docs/figures/dnsmasq.md). What else it does is done here: streams that are closed are opened, a reader that goes
//! away is an error and not the end, a panic ends with a status, and what was written is written out.

use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a program in Rust exits with after a panic.
const PANIC: u8 = 101;

/// Standard error, the last of the three streams.
const LAST_STREAM: i32 = 2;

// Only the C library of GNU tells a program its words before `main`.
#[cfg(all(target_env = "gnu", not(test)))]
#[allow(unsafe_code)]
// SAFETY: no other `main` is linked, for the crate has the attribute `no_main`.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    run()
}

#[cfg(all(not(target_env = "gnu"), not(test)))]
fn main() {
    run();
}

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    open_streams();
    let status = catch_unwind(crate::run).unwrap_or(PANIC);
    // It writes out what a stream still holds.
    std::process::exit(status.into())
}

/// Without this, a file that the program opens could take the number of a closed stream, and messages would be
/// written into it. The least number that is free is given first (open(2)).
fn open_streams() {
    while let Ok(nothing) = File::options().read(true).write(true).open("/dev/null") {
        if nothing.as_raw_fd() > LAST_STREAM {
            return;
        }
        let _ = nothing.into_raw_fd();
    }
}

/// From now on, writing to a reader that went away is an error, which each command judges; by itself the signal ends
/// the program.
pub fn outlive_readers() {
    let _ =
        signal_hook::flag::register(signal_hook::consts::SIGPIPE, Arc::new(AtomicBool::new(false)));
}
