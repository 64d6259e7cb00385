//! Commands on Kea's control channel: JSON text in, JSON text out.

use super::{FAULTED, Handle, NOTHING, OK, Text, borrowed, hook, text};
use crate::commands::{self, COMMANDS};
use crate::ffi::abi::offhook_bytes;
use crate::ffi::guard;

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_command_len() -> u32 {
    guard(None, 0, || u32::try_from(COMMANDS.len()).unwrap_or_default())
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_command_name(
    index: u32,
    name_out: *mut offhook_bytes,
) -> i32 {
    guard(None, FAULTED, || {
        let Some((name, _)) = COMMANDS.get(index as usize) else { return FAULTED };
        // SAFETY: the shim's own variable.
        unsafe { name_out.write(borrowed(name.as_bytes())) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_command(
    handle: *const Handle,
    name: offhook_bytes,
    arguments: offhook_bytes,
    text_out: *mut *mut Text,
    apply_out: *mut u8,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return FAULTED };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own texts, alive during the call.
        let (name, arguments) = unsafe { (text(name), text(arguments)) };
        let answer = commands::run(hook, &name, &arguments);
        let apply = answer.apply;
        let json = Box::new(answer.into_json());
        // SAFETY: the shim's own variables.
        unsafe {
            apply_out.write(u8::from(apply));
            text_out.write(Box::into_raw(json).cast());
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_mistakes(
    handle: *const Handle,
    parameters: offhook_bytes,
    text_out: *mut *mut Text,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own text, alive during the call.
        let mistakes = hook.mistakes_of(&unsafe { text(parameters) });
        if mistakes.is_empty() {
            return NOTHING;
        }
        let text = Box::new(mistakes.join("; "));
        // SAFETY: the shim's own variable.
        unsafe { text_out.write(Box::into_raw(text).cast()) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_text_bytes(text: *const Text) -> offhook_bytes {
    guard(None, borrowed(&[]), || {
        // SAFETY: null, or a Box<String> of offhook_command's that has not been freed.
        let text = unsafe { text.cast::<String>().as_ref() };
        borrowed(text.map(String::as_bytes).unwrap_or_default())
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_text_free(text: *mut Text) {
    guard(None, (), || {
        if !text.is_null() {
            // SAFETY: came from Box::into_raw in offhook_command, and the shim frees it once.
            drop(unsafe { Box::from_raw(text.cast::<String>()) });
        }
    });
}
