//! The four names that Kea looks up in a hook library.
//!
//! Nothing in here may stop a server: a panic becomes a line in the log, and the value returned to Kea is always
//! that all is well, except by `load` where Kea only checks its configuration or the policy's `on-mistake`
//! is `refuse`.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use libc::{c_int, c_void};
use once_cell::sync::OnceCell;

use crate::build::{self, NoBuild};
use crate::dynamic::{self, Opened};
use crate::running_kea::RunningKea;
use crate::{command_line, log};

/// The Kea around this library, which stays the same as long as the process lives.
static KEA: OnceLock<RunningKea> = OnceLock::new();

/// The build, once it could be opened. It outlives every `unload`: what was in force must still be there
/// if the next configuration cannot be used, whatever has become of the file meanwhile.
static BUILD: OnceCell<Opened> = OnceCell::new();

fn kea() -> RunningKea {
    *KEA.get_or_init(|| {
        // Kea opens and closes a library twice for each configuration. What was found out stays, with the
        // library, instead of being found out, and left behind in memory, each time.
        dynamic::stay();
        RunningKea::find()
    })
}

/// Runs a door's body; a panic is logged and becomes `fallback`.
fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        // Dropping the payload could panic once more; it is a text in practice.
        std::mem::forget(payload);
        // The line may be what panicked.
        let said = catch_unwind(|| log::error(log::FAULT, "a fault in libdhcp_offhook.so"));
        std::mem::forget(said);
        fallback
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn version() -> c_int {
    guard(0, || {
        let RunningKea { release, number } = kea();
        let number = number
            .or_else(|| release.and_then(build::number))
            .or_else(|| release.map(|release| release.usual_number()));
        let number = number.and_then(|number| c_int::try_from(number).ok());
        number.unwrap_or_else(|| {
            log::error(log::BUILD_MISSING, "cannot find out which release of Kea this is");
            0
        })
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn multi_threading_compatible() -> c_int {
    // Every build is. Nothing need be opened for it, and where there is no build nothing is registered.
    1
}

/// # Safety
/// `library` is the `LibraryHandle&` that Kea calls every hook library's `load` with.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn load(library: *mut c_void) -> c_int {
    // The words that the dynamic linker hands to each library: Debian's AppArmor profile lets Kea not read
    // `/proc/self/cmdline`, and the kernel's log has a line for each try.
    let check_only = guard(false, || command_line::is_check(std::env::args_os()));
    let build = guard(None, || match BUILD.get_or_try_init(|| build::open(kea())) {
        Ok(build) => Some(build),
        Err(NoBuild { id, text }) => {
            log::error(
                id,
                &format!(
                    "{text}. offhook does nothing: phones get what Kea alone sends them. Install the \
                     build for this Kea (docs/kea-releases.md), then reload Kea's configuration"
                ),
            );
            None
        }
    });
    match build {
        // SAFETY: passed on as Kea gave it. Outside of `guard`: the build lets no panic out.
        Some(build) => unsafe { build.load(library, check_only) },
        None => c_int::from(check_only),
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn unload() -> c_int {
    BUILD.get().map_or(0, Opened::unload)
}
