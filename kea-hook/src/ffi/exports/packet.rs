//! The packet path: Kea's packet threads call these, several at once.

use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::slice;

use offhook_core::query::Proof;
use offhook_core::{Context, MessageType};

use super::{FAULTED, Handle, NOTHING, OK, bytes, hook, text};

use crate::ffi::abi::{self, offhook_bytes, offhook_packet};
use crate::ffi::guard;
use crate::ffi::room::AnswerRoom;
use crate::message;
use crate::packet::{Before, Packet};
use crate::packet_path::Admission;

fn address(number: u32) -> Option<Ipv4Addr> {
    (number != 0).then(|| Ipv4Addr::from(number))
}

/// Most packets have a dozen classes; the shim passes no more than this.
const MOST_CLASSES: usize = 64;

/// Most phones have one lease; likewise.
const MOST_LEASES: usize = 64;

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
            proof: proof(packet.proof),
        };
        let mut kept = [MaybeUninit::uninit(); MOST_LEASES];
        // SAFETY: as above.
        let kept = unsafe { texts(packet.before, packet.before_len, &mut kept) };
        let before = Before { kept, subnet: packet.subnet };
        let reply = MessageType::from_number(packet.reply).unwrap_or_default();
        body(&Packet { wire, context, reply, now: packet.now, before })
    };
    let mut names = [MaybeUninit::uninit(); MOST_CLASSES];
    // SAFETY: as above.
    body(unsafe { texts(packet.classes, packet.classes_len, &mut names) })
}

/// Borrows a list of texts, as many as there is room for. Most packets have none, so the room, a kilobyte, is not cleared
/// first (docs/figures/callouts.md).
///
/// # Safety
/// The list holds `count` texts, all readable for as long as the result lives.
unsafe fn texts<'a, 'r>(
    list: *const offhook_bytes,
    count: usize,
    room: &'r mut [MaybeUninit<&'a [u8]>],
) -> &'r [&'a [u8]] {
    if list.is_null() || count == 0 {
        return &[];
    }
    let count = count.min(room.len());
    // SAFETY: as above, and count is no more than there are.
    let list = unsafe { slice::from_raw_parts(list, count) };
    for (place, text) in room.iter_mut().zip(list) {
        // SAFETY: as above.
        place.write(unsafe { bytes(*text) });
    }
    // SAFETY: the first `count` places have just been written, and there are as many.
    unsafe { slice::from_raw_parts(room.as_ptr().cast(), count) }
}

/// What the server's leases say; the worst counts.
fn proof(bits: u32) -> Proof {
    if bits & abi::OFFHOOK_PROOF_UNKNOWN != 0 {
        Proof::Unknown
    } else if bits & abi::OFFHOOK_PROOF_RELAY_IS_CLIENT != 0 {
        Proof::RelayIsClient
    } else if bits & abi::OFFHOOK_PROOF_LEASE != 0 {
        Proof::Lease
    } else {
        Proof::None
    }
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_admit(
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
                abi::offhook_admission { vendor_class: class, drop: 0, unlisted: 0 }
            }
            Some(Admission::Unlisted(class)) => {
                abi::offhook_admission { vendor_class: class, drop: 0, unlisted: 1 }
            }
            Some(Admission::Drop) => {
                abi::offhook_admission { vendor_class: 0, drop: 1, unlisted: 0 }
            }
        };
        // SAFETY: the shim's own variable.
        unsafe { admission_out.write(admission) };
        OK
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_token_due(
    handle: *const Handle,
    packet: *const offhook_packet,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), NOTHING, || {
        // SAFETY: the shim's own packet, alive during the call.
        let due = unsafe { with_packet(packet, false, |packet| hook.token_due(packet)) };
        if due { OK } else { NOTHING }
    })
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_answer_for(
    handle: *const Handle,
    packet: *const offhook_packet,
    answer_out: *mut abi::offhook_answer,
) -> i32 {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return NOTHING };
    guard(Some(hook), FAULTED, || {
        // SAFETY: the shim's own room, used by no other thread during the call.
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
pub(in crate::ffi) unsafe extern "C" fn offhook_competing(
    handle: *const Handle,
    packet: *const offhook_packet,
    code: u8,
    value: offhook_bytes,
) {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return };
    guard(Some(hook), (), || {
        // SAFETY: the option's own bytes, alive during the call.
        let value = unsafe { bytes(value) };
        // SAFETY: the shim's own packet, alive during the call.
        unsafe { with_packet(packet, (), |packet| hook.competing(packet, code, value)) };
    });
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_packed_before(
    handle: *const Handle,
    packet: *const offhook_packet,
) {
    // SAFETY: by the page, the handle is alive.
    let Some(hook) = (unsafe { hook(handle) }) else { return };
    guard(Some(hook), (), || {
        // SAFETY: the shim's own packet, alive during the call.
        unsafe { with_packet(packet, (), |packet| hook.packed_before(packet)) };
    });
}

#[unsafe(no_mangle)]
pub(in crate::ffi) unsafe extern "C" fn offhook_note_key(
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
pub(in crate::ffi) unsafe extern "C" fn offhook_note_for(
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
pub(in crate::ffi) unsafe extern "C" fn offhook_shim_fault(
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
