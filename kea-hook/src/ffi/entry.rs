//! The four names that Kea looks up in a hook library, and one that the loader knows beside them. They
//! are Rust's because a C++ function in a Rust library is not exported; all they do is call the shim.

use libc::{c_int, c_void};

// "C-unwind": the shim's functions do not throw, but if one ever did, Kea could still catch it.
unsafe extern "C-unwind" {
    fn offhook_shim_version() -> c_int;
    fn offhook_shim_multi_threading_compatible() -> c_int;
    fn offhook_shim_check_only(check_only: c_int);
    fn offhook_shim_load(library: *mut c_void) -> c_int;
    fn offhook_shim_unload() -> c_int;
}

#[unsafe(no_mangle)]
extern "C-unwind" fn version() -> c_int {
    // SAFETY: takes nothing and returns a constant.
    unsafe { offhook_shim_version() }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn multi_threading_compatible() -> c_int {
    // SAFETY: takes nothing and returns a constant.
    unsafe { offhook_shim_multi_threading_compatible() }
}

/// Called by the loader before `load`: whether Kea only checks its configuration.
#[unsafe(no_mangle)]
extern "C-unwind" fn offhook_check_only(check_only: c_int) {
    // SAFETY: stores a number; Kea's main thread only.
    unsafe { offhook_shim_check_only(check_only) }
}

/// # Safety
/// `library` is the `LibraryHandle&` that Kea calls every hook library's `load` with.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn load(library: *mut c_void) -> c_int {
    // SAFETY: passed on as Kea gave it, to the function that knows its type.
    unsafe { offhook_shim_load(library) }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn unload() -> c_int {
    // SAFETY: takes nothing; Kea calls it on its main thread while no packet is being answered.
    unsafe { offhook_shim_unload() }
}
