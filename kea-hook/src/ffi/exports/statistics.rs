//! What Kea's statistics show.

use super::{FAULTED, Handle, OK, borrowed, hook};
use crate::counters::NAMES;
use crate::ffi::abi::offhook_bytes;
use crate::ffi::guard;
use crate::hook::Hook;

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_statistic_len() -> u32 {
    guard(None, 0, || u32::try_from(NAMES.len()).unwrap_or_default())
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_statistic_name(
    index: u32,
    name_out: *mut offhook_bytes,
) -> i32 {
    guard(None, FAULTED, || {
        let Some(name) = NAMES.get(index as usize) else { return FAULTED };
        // SAFETY: the shim's own variable.
        unsafe { name_out.write(borrowed(name.as_bytes())) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_statistic_values(
    handle: *const Handle,
    values_out: *mut u64,
) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        let counts = hook.map(Hook::counts).unwrap_or_default();
        // SAFETY: the shim's own room for offhook_statistic_len() values.
        unsafe { std::ptr::copy_nonoverlapping(counts.0.as_ptr(), values_out, counts.0.len()) };
    });
}
