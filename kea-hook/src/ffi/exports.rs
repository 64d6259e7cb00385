//! The functions of `include/abi.h`. What each does is written there; here they are sorted by who
//! calls them, and this file holds what all of them need to read the contract's types.

/// Commands on Kea's control channel.
mod command;
/// From load to unload: the handle, and the policies behind it.
mod life;
/// The packet path.
mod packet;
/// What Kea's statistics show.
mod statistics;

pub(super) use {command::*, life::*, packet::*, statistics::*};

use std::slice;

use super::abi::{self, offhook_bytes};
use crate::hook::Hook;

const OK: i32 = abi::OFFHOOK_OK as i32;
const NOTHING: i32 = abi::OFFHOOK_NOTHING as i32;
const REFUSED: i32 = abi::OFFHOOK_REFUSED as i32;
const FAULTED: i32 = abi::OFFHOOK_FAULTED as i32;

/// What the header's `offhook_handle` points to: a `Box<Hook>`, given away by `offhook_load` and
/// taken back by `offhook_free`.
type Handle = abi::offhook_handle;
/// Behind `offhook_text`: a `Box<String>`.
type Text = abi::offhook_text;

/// # Safety
/// The handle came from `offhook_load` and has not been freed, and is not while the result lives.
unsafe fn hook<'a>(handle: *const Handle) -> Option<&'a Hook> {
    // SAFETY: as above; null is None.
    unsafe { handle.cast::<Hook>().as_ref() }
}

/// # Safety
/// The bytes are readable, and stay as they are while the result lives.
unsafe fn bytes<'a>(bytes: offhook_bytes) -> &'a [u8] {
    if bytes.ptr.is_null() || bytes.len == 0 {
        return &[];
    }
    // SAFETY: as above; not null.
    unsafe { slice::from_raw_parts(bytes.ptr, bytes.len) }
}

/// # Safety
/// As for [`bytes`]. Kea's JSON is UTF-8; what is not becomes a replacement character.
unsafe fn text<'a>(text: offhook_bytes) -> std::borrow::Cow<'a, str> {
    // SAFETY: as above.
    String::from_utf8_lossy(unsafe { bytes(text) })
}

fn borrowed(bytes: &[u8]) -> offhook_bytes {
    offhook_bytes { ptr: bytes.as_ptr(), len: bytes.len() }
}
