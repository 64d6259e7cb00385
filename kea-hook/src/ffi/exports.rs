//! The functions of `include/abi.h`, in its order. What each does is written there.

use std::net::Ipv4Addr;
use std::slice;

use offhook_core::Context;

use super::abi::{self, offhook_bytes, offhook_packet};
use super::room::AnswerRoom;
use super::{guard, sink};
use crate::answer::{Admission, Packet};
use crate::commands::{self, COMMANDS};
use crate::counters::NAMES;
use crate::hook::{Hook, Host, Refused};
use crate::snapshot::Snapshot;
use crate::{log, message};

const OK: i32 = abi::OFFHOOK_OK as i32;
const NOTHING: i32 = abi::OFFHOOK_NOTHING as i32;
const REFUSED: i32 = abi::OFFHOOK_REFUSED as i32;
const FAULTED: i32 = abi::OFFHOOK_FAULTED as i32;

/// What stands behind the page's `offhook_handle`: a `Box<Hook>`, given away by `offhook_load` and
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

fn address(number: u32) -> Option<Ipv4Addr> {
    (number != 0).then(|| Ipv4Addr::from(number))
}

/// Most packets have a dozen classes; the shim passes no more than this.
const MOST_CLASSES: usize = 64;

/// Calls `body` with the packet in Rust's terms.
///
/// # Safety
/// The packet and everything that it points to are readable and stay as they are during the call.
unsafe fn with_packet<T>(
    packet: *const offhook_packet,
    fallback: T,
    body: impl FnOnce(&Packet<'_>) -> T,
) -> T {
    // SAFETY: as above; null is None.
    let Some(packet) = (unsafe { packet.as_ref() }) else { return fallback };
    // SAFETY: as above.
    let (wire, interface) = unsafe { (bytes(packet.wire), bytes(packet.interface)) };
    let body = |classes: &[&[u8]]| {
        let context = Context {
            leased: address(packet.leased),
            interface,
            interface_address: address(packet.interface_address),
            classes,
        };
        body(&Packet { wire, context, reply: packet.reply, now: packet.now })
    };
    if packet.classes.is_null() || packet.classes_len == 0 {
        return body(&[]);
    }
    let mut names: [&[u8]; MOST_CLASSES] = [&[]; MOST_CLASSES];
    let count = packet.classes_len.min(MOST_CLASSES);
    // SAFETY: as above; there are classes_len of them, and count is no more.
    let classes = unsafe { slice::from_raw_parts(packet.classes, count) };
    for (name, class) in names.iter_mut().zip(classes) {
        // SAFETY: as above.
        *name = unsafe { bytes(*class) };
    }
    body(&names[..count])
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_log_install(sink: *const abi::offhook_log) {
    sink::install(sink);
    if !sink.is_null() {
        guard(None, (), log::install);
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_load(
    parameters: offhook_bytes,
    host: *const abi::offhook_host,
    handle_out: *mut *mut Handle,
) -> i32 {
    guard(None, FAULTED, || {
        // SAFETY: the shim's own, readable during the call.
        let (parameters, host) = unsafe { (text(parameters), host.as_ref()) };
        let Some(host) = host else { return FAULTED };
        let longest = usize::try_from(host.longest_option).ok().filter(|longest| *longest > 0);
        let host = Host { hooks_version: host.hooks_version, longest_option: longest };
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
pub(super) unsafe extern "C" fn offhook_free(handle: *mut Handle) {
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
pub(super) unsafe extern "C" fn offhook_needs(handle: *const Handle, which: u32) -> u32 {
    let body = |hook: &Hook, snapshot: &Snapshot| {
        let mut needs = 0;
        for (need, flag) in [
            (snapshot.engine.uses_classes(), abi::OFFHOOK_NEEDS_CLASSES),
            (snapshot.engine.refuses_some(), abi::OFFHOOK_NEEDS_INTERFACE_ADDRESS),
            (hook.parameters.annotate_leases, abi::OFFHOOK_NEEDS_LEASE_NOTES),
        ] {
            needs |= if need { flag } else { 0 };
        }
        needs
    };
    // SAFETY: by the page, the handle is alive.
    unsafe { look(handle, which, 0, body) }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_ready_len(handle: *const Handle, which: u32) -> u32 {
    // SAFETY: by the page, the handle is alive.
    unsafe {
        look(handle, which, 0, |_, snapshot| {
            u32::try_from(snapshot.engine.ready().len()).unwrap_or_default()
        })
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_ready_at(
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
pub(super) unsafe extern "C" fn offhook_class_len(handle: *const Handle, which: u32) -> u32 {
    // SAFETY: by the page, the handle is alive.
    unsafe {
        look(handle, which, 0, |_, snapshot| {
            u32::try_from(snapshot.classes.len()).unwrap_or_default()
        })
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_class_at(
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
pub(super) unsafe extern "C" fn offhook_admit(
    handle: *const Handle,
    packet: *const offhook_packet,
    admission_out: *mut abi::offhook_admission,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own packet, alive during the call.
        let admission = unsafe { with_packet(packet, None, |packet| hook.admit(packet)) };
        let admission = match admission {
            None => return NOTHING,
            Some(Admission::Phone(class)) => {
                abi::offhook_admission { vendor_class: class, drop: 0 }
            }
            Some(Admission::Drop) => abi::offhook_admission { vendor_class: 0, drop: 1 },
        };
        // SAFETY: the shim's own variable.
        unsafe { admission_out.write(admission) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_answer_for(
    handle: *const Handle,
    packet: *const offhook_packet,
    answer_out: *mut abi::offhook_answer,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own room, nobody else's during the call.
        let mut room = unsafe { AnswerRoom::new(answer_out) };
        // SAFETY: the shim's own packet, alive during the call.
        let changed =
            unsafe { with_packet(packet, false, |packet| hook.answer(packet, &mut room)) };
        if !changed {
            return NOTHING;
        }
        room.finish();
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_note_key(
    handle: *const Handle,
    packet: *const offhook_packet,
    key_out: *mut u64,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own packet, alive during the call.
        let key = unsafe { with_packet(packet, None, |packet| hook.note_key(packet)) };
        let Some(key) = key else { return NOTHING };
        // SAFETY: the shim's own variable.
        unsafe { key_out.write(key) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_note_for(
    handle: *const Handle,
    packet: *const offhook_packet,
    note_out: *mut abi::offhook_lease_note,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own packet, alive during the call.
        let note = unsafe { with_packet(packet, None, |packet| hook.note(packet)) };
        let Some(note) = note else { return NOTHING };
        let Some(length) = u32::try_from(note.len()).ok() else { return NOTHING };
        if length > abi::OFFHOOK_NOTE_STORE {
            return NOTHING;
        }
        // SAFETY: the shim's own room, and the note is no longer than it.
        unsafe {
            let text = (&raw mut (*note_out).text).cast::<u8>();
            std::ptr::copy_nonoverlapping(note.as_ptr(), text, note.len());
            (&raw mut (*note_out).len).write(length);
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_shim_fault(
    handle: *const Handle,
    callout: offhook_bytes,
    what: offhook_bytes,
) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        if let Some(hook) = hook {
            hook.count_fault();
        }
        // SAFETY: the shim's own texts, alive during the call.
        let (callout, what) = unsafe { (text(callout), text(what)) };
        tracing::error!(target: message::FAULT, "in {callout}: {what}");
    });
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_statistic_len() -> u32 {
    u32::try_from(NAMES.len()).unwrap_or_default()
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_statistic_name(
    index: u32,
    name_out: *mut offhook_bytes,
) -> i32 {
    let Some(name) = NAMES.get(index as usize) else { return FAULTED };
    // SAFETY: the shim's own variable.
    unsafe { name_out.write(borrowed(name.as_bytes())) };
    OK
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_statistic_values(
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

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_command_len() -> u32 {
    u32::try_from(COMMANDS.len()).unwrap_or_default()
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_command_name(
    index: u32,
    name_out: *mut offhook_bytes,
) -> i32 {
    let Some((name, _)) = COMMANDS.get(index as usize) else { return FAULTED };
    // SAFETY: the shim's own variable.
    unsafe { name_out.write(borrowed(name.as_bytes())) };
    OK
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_command(
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
        let json = Box::new(answer.json());
        // SAFETY: the shim's own variables.
        unsafe {
            apply_out.write(u8::from(answer.apply));
            text_out.write(Box::into_raw(json).cast());
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_text_bytes(text: *const Text) -> offhook_bytes {
    // SAFETY: null, or a Box<String> of offhook_command's that has not been freed.
    let text = unsafe { text.cast::<String>().as_ref() };
    borrowed(text.map(String::as_bytes).unwrap_or_default())
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_text_free(text: *mut Text) {
    if !text.is_null() {
        // SAFETY: came from Box::into_raw in offhook_command, and the shim frees it once.
        drop(unsafe { Box::from_raw(text.cast::<String>()) });
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_apply(handle: *const Handle) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return FAULTED };
    guard(Some(hook), FAULTED, || if hook.apply() { OK } else { FAULTED })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn offhook_discard(handle: *const Handle) {
    // SAFETY: by the page, the handle is alive.
    let hook = unsafe { hook(handle) };
    guard(hook, (), || {
        if let Some(hook) = hook {
            hook.discard();
        }
    });
}
