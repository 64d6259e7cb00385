//! The contract as the shim uses it: handles, rooms, panics.

use std::mem::MaybeUninit;
use std::ptr;

use super::abi::{self, offhook_bytes};
use super::exports::*;
use super::guard;
use crate::hook::Hook;
use crate::testing::{VENDOR, hook, wire};

fn bytes(text: &[u8]) -> offhook_bytes {
    offhook_bytes { ptr: text.as_ptr(), len: text.len() }
}

/// # Safety
/// The bytes are alive as long as the result is used.
unsafe fn slice_of<'a>(bytes: offhook_bytes) -> &'a [u8] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(bytes.ptr, bytes.len) }
}

fn packet(wire: &[u8]) -> abi::offhook_packet {
    abi::offhook_packet {
        wire: bytes(wire),
        interface: offhook_bytes { ptr: ptr::null(), len: 0 },
        interface_address: 0,
        leased: 0x0a00_0009,
        classes: ptr::null(),
        classes_len: 0,
        reply: 5,
        now: 7,
        proof: 0,
        subnet: 0,
        before: ptr::null(),
        before_len: 0,
    }
}

fn handle(hook: Hook) -> *mut abi::offhook_handle {
    Box::into_raw(Box::new(hook)).cast()
}

#[test]
fn a_panic_is_counted_and_becomes_the_fallback() {
    std::panic::set_hook(Box::new(|_| {}));
    let hook = hook(serde_json::json!({}));
    assert_eq!(guard(Some(&hook), 7, || 8), 8);
    assert_eq!(guard(Some(&hook), 7, || panic!("on purpose")), 7);
    assert_eq!(hook.counts().0.last(), Some(&1));
    assert_eq!(guard(None, 7, || std::panic::panic_any(3)), 7);
}

#[test]
fn null_is_no_fault() {
    // SAFETY: the page allows null for all of these.
    unsafe {
        offhook_free(ptr::null_mut());
        offhook_text_free(ptr::null_mut());
        offhook_discard(ptr::null());
        assert_eq!(offhook_text_bytes(ptr::null()).len, 0);
        assert_eq!(offhook_ready_len(ptr::null(), 0), 0);
        let mut admission = MaybeUninit::uninit();
        let nothing = offhook_admit(ptr::null(), ptr::null(), admission.as_mut_ptr());
        assert_eq!(nothing, abi::OFFHOOK_NOTHING as i32);
    }
}

#[test]
fn an_answer_fills_the_room_that_the_shim_gives() {
    let more = serde_json::json!({
        "next-server": "192.0.2.1", "boot-file-name": "f",
        "devices": [{"mac": "02:00:00:00:00:07", "options": [{"code": 67, "text": "{{mac}}"}]}]
    });
    let handle = handle(hook(more));
    let wire = wire("02:00:00:00:00:07", VENDOR);
    let packet = packet(&wire);
    let mut answer = MaybeUninit::<abi::offhook_answer>::uninit();
    // SAFETY: handle, packet and room are alive; the answer is read only where it has been written.
    unsafe {
        assert_eq!(offhook_answer_for(handle, &packet, answer.as_mut_ptr()), 0);
        let answer = answer.as_ptr();
        assert_eq!((*answer).edits_len, 2);
        let edits = (&raw const (*answer).edits).cast::<abi::offhook_edit>();
        let store = (&raw const (*answer).store).cast::<u8>();
        let (first, second) = (*edits, *edits.add(1));
        assert_eq!((first.code, first.at), (66, abi::OFFHOOK_READY));
        let (mut code, mut value) = (0, bytes(b""));
        assert_eq!(offhook_ready_at(handle, 0, first.len, &mut code, &mut value), 0);
        assert_eq!((code, slice_of(value)), (66, &b"a"[..]));
        assert_eq!((second.code, second.len), (67, 12));
        let text = std::slice::from_raw_parts(store.add(second.at as usize), 12);
        assert_eq!(text, b"020000000007");
        assert_eq!((*answer).next_server, 0xc000_0201);
        assert_eq!((*answer).header, 5);

        let mut admission = MaybeUninit::<abi::offhook_admission>::uninit();
        assert_eq!(offhook_admit(handle, &packet, admission.as_mut_ptr()), 0);
        let class = (*admission.as_ptr()).vendor_class;
        let mut name = bytes(b"");
        assert_eq!(offhook_class_at(handle, 0, class, &mut name), 0);
        assert_eq!(slice_of(name), b"PHONE_testphone");
        assert_ne!(offhook_class_at(handle, 0, 9999, &mut name), 0);

        let mut note = MaybeUninit::<abi::offhook_lease_note>::uninit();
        assert_eq!(offhook_note_for(handle, &packet, note.as_mut_ptr()), 0);
        let text = (&raw const (*note.as_ptr()).text).cast::<u8>();
        let text = std::slice::from_raw_parts(text, (*note.as_ptr()).len as usize);
        let note: serde_json::Value = serde_json::from_slice(text).unwrap();
        assert_eq!(note["vendor"], "testphone");
        assert_eq!(note["model"], "T1");
        assert_eq!(note["firmware"], "2.3");
        assert_eq!(note["by"], "option-60");
        offhook_free(handle);
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_counted() {
    let options: Vec<_> = (1..=200u8)
        // What belongs to the protocol is refused.
        .filter(|code| ![1, 61, 82, 90, 118].contains(code) && !(50..=59).contains(code))
        .map(|code| serde_json::json!({"code": code, "text": "{{mac}}"}))
        .collect();
    let count = options.len() as u32;
    let handle = handle(hook(serde_json::json!({ "options": options })));
    let wire = wire("02:00:00:00:00:07", VENDOR);
    let packet = packet(&wire);
    let mut answer = MaybeUninit::<abi::offhook_answer>::uninit();
    assert!(count > abi::OFFHOOK_MOST_EDITS);
    // SAFETY: as above.
    unsafe {
        assert_eq!(offhook_answer_for(handle, &packet, answer.as_mut_ptr()), 0);
        assert_eq!((*answer.as_ptr()).edits_len, abi::OFFHOOK_MOST_EDITS);
        let mut values = [0; crate::counters::NAMES.len()];
        offhook_statistic_values(handle, values.as_mut_ptr());
        assert_eq!(values.last(), Some(&1));
        offhook_free(handle);
    }
}

#[test]
fn commands_give_texts_that_are_freed() {
    let handle = handle(hook(serde_json::json!({})));
    let (mut text, mut apply) = (ptr::null_mut(), 9);
    // SAFETY: all pointers are alive.
    unsafe {
        let name = bytes(b"phone-status-get");
        assert_eq!(offhook_command(handle, name, bytes(b""), &mut text, &mut apply), 0);
        assert_eq!(apply, 0);
        let json = slice_of(offhook_text_bytes(text));
        assert!(serde_json::from_slice::<serde_json::Value>(json).is_ok());
        offhook_text_free(text);
        offhook_free(handle);
    }
}

#[test]
fn hostile_packets_change_nothing() {
    let handle = handle(hook(serde_json::json!({})));
    let mut answer = MaybeUninit::<abi::offhook_answer>::uninit();
    for length in [0usize, 1, 235, 236, 239, 240, 300] {
        let wire = vec![0xff; length];
        let packet = packet(&wire);
        // SAFETY: as above.
        let result = unsafe { offhook_answer_for(handle, &packet, answer.as_mut_ptr()) };
        assert_eq!(result, abi::OFFHOOK_NOTHING as i32, "{length}");
    }
    // SAFETY: made above.
    unsafe { offhook_free(handle) };
}
