//! Where an answer's changes are written: the shim's own memory, laid out as the page says.

use std::net::Ipv4Addr;
use std::ptr;

use super::abi;
use crate::packet_path::Room;

const MOST_EDITS: u32 = abi::OFFHOOK_MOST_EDITS;
const MOST_WATCHED: u32 = abi::OFFHOOK_MOST_WATCHED;
const STORE: u32 = abi::OFFHOOK_STORE;

/// `offhook check` says of a policy what would be cut off here.
const _: () = {
    assert!(MOST_EDITS as usize == offhook_core::check::MOST_OPTIONS);
    assert!(STORE as usize == offhook_core::check::MOST_BYTES);
};

/// The shim's room while it is being filled. It need not be cleared beforehand: only fields that have
/// been written are ever read.
pub(super) struct AnswerRoom {
    answer: *mut abi::offhook_answer,
    edits: u32,
    store: u32,
    watched: u32,
    header: u32,
}

impl AnswerRoom {
    /// # Safety
    /// `answer` points to memory of an `offhook_answer`'s size and alignment, writable and no other
    /// else's for as long as the result lives.
    pub(super) unsafe fn new(answer: *mut abi::offhook_answer) -> AnswerRoom {
        AnswerRoom { answer, edits: 0, store: 0, watched: 0, header: 0 }
    }

    /// Writes what only the end knows.
    pub(super) fn finish(self) {
        // SAFETY: by new(), the fields are writable.
        unsafe {
            (&raw mut (*self.answer).edits_len).write(self.edits);
            (&raw mut (*self.answer).store_len).write(self.store);
            (&raw mut (*self.answer).watched_len).write(self.watched);
            (&raw mut (*self.answer).header).write(self.header);
        }
    }

    fn edit(&mut self, code: u8, action: u32, at: u32, len: u32) -> bool {
        if self.edits >= MOST_EDITS {
            return false;
        }
        let action = u8::try_from(action).unwrap_or_default();
        let edit = abi::offhook_edit { at, len, code, action };
        // SAFETY: by new(), and edits < MOST_EDITS, the array's length.
        unsafe {
            (&raw mut (*self.answer).edits)
                .cast::<abi::offhook_edit>()
                .add(self.edits as usize)
                .write(edit);
        }
        self.edits += 1;
        true
    }

    /// Puts a value into the store; where it begins, and its length.
    fn keep(&mut self, value: &[u8]) -> Option<(u32, u32)> {
        let length = u32::try_from(value.len()).ok()?;
        let at = self.store;
        let end = at.checked_add(length).filter(|end| *end <= STORE)?;
        // SAFETY: by new(), and at + length <= STORE, the array's length; the value is Rust's own
        // memory and so does not overlap.
        unsafe {
            let store = (&raw mut (*self.answer).store).cast::<u8>();
            ptr::copy_nonoverlapping(value.as_ptr(), store.add(at as usize), value.len());
        }
        self.store = end;
        Some((at, length))
    }
}

fn set(keep_existing: bool) -> u32 {
    if keep_existing { abi::OFFHOOK_SET_IF_ABSENT } else { abi::OFFHOOK_SET }
}

impl Room for AnswerRoom {
    fn ready(&mut self, code: u8, keep_existing: bool, index: u32) -> bool {
        self.edit(code, set(keep_existing), abi::OFFHOOK_READY, index)
    }

    fn bytes(&mut self, code: u8, keep_existing: bool, value: &[u8]) -> bool {
        if self.edits >= MOST_EDITS {
            return false;
        }
        match self.keep(value) {
            Some((at, length)) => self.edit(code, set(keep_existing), at, length),
            None => false,
        }
    }

    fn remove(&mut self, code: u8) -> bool {
        self.edit(code, abi::OFFHOOK_REMOVE, 0, 0)
    }

    fn watch(&mut self, code: u8) {
        if self.watched < MOST_WATCHED {
            // SAFETY: by new(), and watched < MOST_WATCHED, the array's length.
            unsafe {
                let watched = (&raw mut (*self.answer).watched).cast::<u8>();
                watched.add(self.watched as usize).write(code);
            }
            self.watched += 1;
        }
    }

    fn next_server(&mut self, address: Ipv4Addr) {
        // SAFETY: by new(), the field is writable.
        unsafe { (&raw mut (*self.answer).next_server).write(u32::from(address)) };
        self.header |= abi::OFFHOOK_HEADER_NEXT_SERVER;
    }

    fn server_hostname(&mut self, name: &[u8]) -> bool {
        let Some((at, length)) = self.keep(name) else { return false };
        // SAFETY: by new(), the fields are writable.
        unsafe {
            (&raw mut (*self.answer).server_hostname_at).write(at);
            (&raw mut (*self.answer).server_hostname_len).write(length);
        }
        self.header |= abi::OFFHOOK_HEADER_SERVER_HOSTNAME;
        true
    }

    fn boot_file_name(&mut self, name: &[u8]) -> bool {
        let Some((at, length)) = self.keep(name) else { return false };
        // SAFETY: by new(), the fields are writable.
        unsafe {
            (&raw mut (*self.answer).boot_file_name_at).write(at);
            (&raw mut (*self.answer).boot_file_name_len).write(length);
        }
        self.header |= abi::OFFHOOK_HEADER_BOOT_FILE_NAME;
        true
    }
}
