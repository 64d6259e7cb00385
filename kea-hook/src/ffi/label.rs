//! What the loader reads in this library's file before it opens it: an ELF note that says for which Kea the
//! library is built (kea-hook/loader/src/build_file.rs).

/// `release=2.2.0 number=20200 libraries=libkea-hooks.so.57,...`, from build.rs.
const TEXT: &[u8] = env!("OFFHOOK_LABEL").as_bytes();

/// ELF wants the length of a note's text to be filled up to a multiple of four.
const ROOM: usize = TEXT.len().next_multiple_of(4);

#[repr(C, align(4))]
struct Note {
    name_len: u32,
    text_len: u32,
    kind: u32,
    name: [u8; 8],
    text: [u8; ROOM],
}

const fn padded() -> [u8; ROOM] {
    let mut padded = [0; ROOM];
    let mut index = 0;
    while index < TEXT.len() {
        padded[index] = TEXT[index];
        index += 1;
    }
    padded
}

// No code refers to it, so the linker must be made to keep it; the section's name makes it a note.
// SAFETY: plain numbers and bytes in the form that a section of notes must have.
#[used]
#[unsafe(link_section = ".note.offhook")]
static NOTE: Note =
    Note { name_len: 8, text_len: TEXT.len() as u32, kind: 1, name: *b"offhook\0", text: padded() };
