//! Log lines on their way to Kea: through the two functions that the shim has installed.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use tracing::Level;

use super::abi;

/// What the shim installed; null before load and after unload. A pointer is not configuration: it is
/// set anew by every load, so it may survive in a library that stays mapped.
static SINK: AtomicPtr<abi::offhook_log> = AtomicPtr::new(ptr::null_mut());

pub(super) fn install(sink: *const abi::offhook_log) {
    SINK.store(sink.cast_mut(), Ordering::Release);
}

fn sink() -> Option<&'static abi::offhook_log> {
    // SAFETY: null, or a structure that the shim declares static and never changes; the page demands
    // that it outlives its use.
    unsafe { SINK.load(Ordering::Acquire).as_ref() }
}

fn number(level: Level) -> i32 {
    let number = match level {
        Level::ERROR => abi::OFFHOOK_LOG_ERROR,
        Level::WARN => abi::OFFHOOK_LOG_WARN,
        Level::INFO => abi::OFFHOOK_LOG_INFO,
        _ => abi::OFFHOOK_LOG_DEBUG,
    };
    i32::try_from(number).unwrap_or_default()
}

/// Whether the host would write a line of this level.
pub(crate) fn enabled(level: Level) -> bool {
    let Some(enabled) = sink().and_then(|sink| sink.enabled) else { return false };
    // SAFETY: the shim's function takes any number and does not throw.
    unsafe { enabled(number(level)) != 0 }
}

/// Writes one line; nothing is kept after the call.
pub(crate) fn write(level: Level, id: &str, text: &str) {
    let Some(write) = sink().and_then(|sink| sink.write) else { return };
    let bytes = |text: &str| abi::offhook_bytes { ptr: text.as_ptr(), len: text.len() };
    // SAFETY: both texts outlive the call, and the shim's function neither keeps them nor throws.
    unsafe { write(number(level), bytes(id), bytes(text)) }
}
