//! From load to unload: the handle, and what the shim builds from the policy in force or from the
//! prepared one. Kea's main thread only.

use super::{FAULTED, Handle, OK, REFUSED, borrowed, bytes, hook, text};
use crate::ffi::abi::{self, offhook_bytes};
use crate::ffi::{guard, sink};
use crate::hook::{Hook, Host};
use crate::snapshot::Snapshot;
use crate::start::Refused;
use crate::{log, message};

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_log_install(sink: *const abi::offhook_log) {
    sink::install(sink);
    if !sink.is_null() {
        guard(None, (), log::install);
    }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_load(
    parameters: offhook_bytes,
    host: *const abi::offhook_host,
    handle_out: *mut *mut Handle,
) -> i32 {
    guard(None, FAULTED, || {
        // SAFETY: the shim's own, readable during the call.
        let (parameters, host) = unsafe { (text(parameters), host.as_ref()) };
        let Some(host) = host else { return FAULTED };
        let longest = usize::try_from(host.longest_option).ok().filter(|longest| *longest > 0);
        let host = Host {
            hooks_version: host.hooks_version,
            longest_option: longest,
            check_only: host.check_only != 0,
        };
        match Hook::load(&parameters, host) {
            Ok(hook) => {
                // SAFETY: the shim's own variable.
                unsafe { handle_out.write(Box::into_raw(Box::new(hook)).cast()) };
                OK
            }
            Err(Refused) => REFUSED,
        }
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_configured(
    handle: *const Handle,
    lease_file: offhook_bytes,
    apply_out: *mut u8,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return FAULTED };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own text, alive during the call.
        let apply = hook.configured(&unsafe { text(lease_file) });
        // SAFETY: the shim's own variable.
        unsafe { apply_out.write(u8::from(apply)) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_settle(handle: *const Handle) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        if let Some(hook) = hook {
            hook.settle();
        }
    });
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_library_behind(
    handle: *const Handle,
    name: offhook_bytes,
    codes: offhook_bytes,
) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        // SAFETY: the shim's own texts, alive during the call.
        let (name, codes) = unsafe { (text(name), bytes(codes)) };
        if let Some(hook) = hook {
            hook.library_behind(&name, codes);
        }
    });
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_free(handle: *mut Handle) {
    guard(None, (), || {
        if !handle.is_null() {
            // SAFETY: came from Box::into_raw in offhook_load, and the shim frees it once.
            unsafe { Box::from_raw(handle.cast::<Hook>()) }.unload();
            tracing::info!(target: message::UNLOADED, "offhook is unloaded");
        }
    });
}

/// Looks at the policy in force or at the prepared one.
///
/// # Safety
/// As for [`hook`].
unsafe fn look<T>(
    handle: *const Handle,
    which: u32,
    fallback: T,
    body: impl FnOnce(&Hook, &Snapshot) -> T,
) -> T
where
    T: Copy,
{
    // SAFETY: as above.
    let hook = unsafe { hook(handle) };
    guard(hook, fallback, || {
        let Some(hook) = hook else { return fallback };
        let snapshot = match which {
            abi::OFFHOOK_PREPARED => hook.prepared(),
            _ => Some(hook.in_force()),
        };
        snapshot.map_or(fallback, |snapshot| body(hook, &snapshot))
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_needs(handle: *const Handle, which: u32) -> u32 {
    let body = |hook: &Hook, snapshot: &Snapshot| {
        let mut needs = 0;
        let token = snapshot.engine.policy().file_access.token.as_ref();
        for (need, flag) in [
            (snapshot.engine.uses_classes(), abi::OFFHOOK_NEEDS_CLASSES),
            (snapshot.engine.refuses_some(), abi::OFFHOOK_NEEDS_INTERFACE_ADDRESS),
            (hook.parameters.annotate_leases, abi::OFFHOOK_NEEDS_LEASE_NOTES),
            (hook.parameters.statistics, abi::OFFHOOK_NEEDS_STATISTICS),
            // Who may be dropped must be known early; and a site may be recognised by one of offhook's classes.
            (
                snapshot.engine.refuses_some() || snapshot.engine.uses_classes(),
                abi::OFFHOOK_NEEDS_ADMISSION,
            ),
            (token.is_some(), abi::OFFHOOK_NEEDS_PROOF),
            (token.is_some_and(|rule| rule.only_if.any()), abi::OFFHOOK_NEEDS_SIGNS),
        ] {
            needs |= if need { flag } else { 0 };
        }
        needs
    };
    // SAFETY: by the page, the handle is alive.
    unsafe { look(handle, which, 0, body) }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_ready_len(
    handle: *const Handle,
    which: u32,
) -> u32 {
    // SAFETY: by the page, the handle is alive.
    unsafe {
        look(handle, which, 0, |_, snapshot| {
            u32::try_from(snapshot.engine.ready().len()).unwrap_or_default()
        })
    }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_ready_at(
    handle: *const Handle,
    which: u32,
    index: u32,
    code_out: *mut u8,
    value_out: *mut offhook_bytes,
) -> i32 {
    let body = |_: &Hook, snapshot: &Snapshot| {
        let Some(ready) = snapshot.engine.ready().get(index as usize) else { return FAULTED };
        // SAFETY: the shim's own variables. The value belongs to the snapshot, which the handle keeps
        // until the next apply, discard or free.
        unsafe {
            code_out.write(ready.code);
            value_out.write(borrowed(&ready.bytes));
        }
        OK
    };
    // SAFETY: by the page, the handle is alive.
    unsafe { look(handle, which, FAULTED, body) }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_class_len(
    handle: *const Handle,
    which: u32,
) -> u32 {
    // SAFETY: by the page, the handle is alive.
    unsafe {
        look(handle, which, 0, |_, snapshot| {
            u32::try_from(snapshot.classes.len()).unwrap_or_default()
        })
    }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_class_at(
    handle: *const Handle,
    which: u32,
    index: u32,
    name_out: *mut offhook_bytes,
) -> i32 {
    let body = |_: &Hook, snapshot: &Snapshot| {
        let Some(name) = snapshot.classes.get(index as usize) else { return FAULTED };
        // SAFETY: the shim's own variable; the name is kept as in offhook_ready_at.
        unsafe { name_out.write(borrowed(name.as_bytes())) };
        OK
    };
    // SAFETY: by the page, the handle is alive.
    unsafe { look(handle, which, FAULTED, body) }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_classes_in_use(handle: *const Handle, in_use: u8) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        if let Some(hook) = hook {
            hook.classes_are_in_use(in_use != 0);
        }
    });
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_apply(handle: *const Handle) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return FAULTED };
    guard(Some(hook), FAULTED, || if hook.apply() { OK } else { FAULTED })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_discard(handle: *const Handle) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        if let Some(hook) = hook {
            hook.discard();
        }
    });
}
