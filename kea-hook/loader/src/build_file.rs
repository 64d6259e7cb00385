//! What a build's file says of itself, and whether it is whole, before the dynamic linker gets to see
//! it: a file that is cut off would end the process there.

use std::fs::File;
use std::io;
use std::path::Path;

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, ReadCache, ReadRef};

use crate::checksum::{self, Wrong};
use crate::regular_file;
use crate::release::Release;

#[cfg(target_pointer_width = "64")]
type Header = elf::FileHeader64<Endianness>;
#[cfg(target_pointer_width = "32")]
type Header = elf::FileHeader32<Endianness>;

/// The name of the note that kea-hook/src/ffi/label.rs puts into each build.
const NOTE: &[u8] = b"offhook";

/// Which Kea a build is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) release: Release,
    /// `KEA_HOOKS_VERSION` of the headers that it was compiled with.
    pub(crate) number: u32,
    /// Kea's libraries on the machine where it was built, by their sonames.
    pub(crate) libraries: Vec<String>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it is not a shared library for this machine")]
    Foreign,
    #[error("it is cut off: it has {found} bytes, and {missing} are missing")]
    CutOff { missing: u64, found: u64 },
    #[error("it is damaged: {0}")]
    Damaged(#[from] object::Error),
    #[error("it is not a build of offhook (it has no note that says for which Kea it is)")]
    NoLabel,
    #[error("{0}")]
    Checksum(#[from] Wrong),
}

/// Reads a build's label; fails if the file is not whole, or not as it was made.
pub(crate) fn read(path: &Path) -> Result<Label, Unusable> {
    let (file, length) = regular_file::open(path)?;
    let label = read_label(&file, length)?;
    checksum::check(path, &file)?;
    Ok(label)
}

fn read_label(file: &File, length: u64) -> Result<Label, Unusable> {
    let cache = ReadCache::new(file);
    let data = &cache;
    let header = Header::parse(data).map_err(|_| Unusable::Foreign)?;
    let endian = header.endian()?;
    if header.e_type(endian) != elf::ET_DYN || !same_machine(header)? {
        return Err(Unusable::Foreign);
    }
    let segments = header.program_headers(endian, data)?;
    let expected = end(header, segments, endian);
    if expected > length {
        return Err(Unusable::CutOff { missing: expected - length, found: length });
    }
    for segment in segments {
        let Some(mut notes) = segment.notes(endian, data)? else { continue };
        while let Some(note) = notes.next()? {
            if note.name() == NOTE {
                return label(note.desc()).ok_or(Unusable::NoLabel);
            }
        }
    }
    Err(Unusable::NoLabel)
}

/// How long the file must be at least, by its own tables: what the dynamic linker maps, and the table of
/// sections, which usually is at the very end.
fn end<H: FileHeader>(header: &H, segments: &[H::ProgramHeader], endian: H::Endian) -> u64 {
    let sections = match header.e_shoff(endian).into() {
        0 => 0,
        at => {
            let each = u64::from(header.e_shentsize(endian));
            at.saturating_add(each * u64::from(header.e_shnum(endian)))
        }
    };
    let segments = segments.iter().map(|segment| {
        let (offset, size) = segment.file_range(endian);
        offset.saturating_add(size)
    });
    segments.fold(sections, u64::max)
}

/// Whether the file is for the processor, word size and byte order of the program that runs.
fn same_machine(header: &Header) -> Result<bool, Unusable> {
    let own = ReadCache::new(File::open("/proc/self/exe")?);
    let own: &Header = (&own).read_at(0).map_err(|()| Unusable::Foreign)?;
    let endian = own.endian()?;
    Ok(own.e_ident().class == header.e_ident().class
        && own.e_ident().data == header.e_ident().data
        && own.e_machine(endian) == header.e_machine(endian))
}

/// `release=3.0.4 number=30004 libraries=libkea-hooks.so.122,...`
fn label(text: &[u8]) -> Option<Label> {
    let text = std::str::from_utf8(text).ok()?;
    let value = |key: &str| text.split(' ').find_map(|word| word.strip_prefix(key));
    Some(Label {
        release: value("release=")?.parse().ok()?,
        number: value("number=")?.parse().ok()?,
        libraries: value("libraries=")?
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn labels() {
        let found = label(b"release=3.0.4 number=30004 libraries=a.so.1,b.so.2").unwrap();
        assert_eq!((found.release.to_string().as_str(), found.number), ("3.0.4", 30_004));
        assert_eq!(found.libraries, ["a.so.1", "b.so.2"]);
        assert!(label(b"release=3.0.4 number=30004 libraries=").unwrap().libraries.is_empty());
        for wrong in ["", "release=3.0 number=1 libraries=", "number=1 libraries=", "\u{e9}"] {
            assert_eq!(label(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn files_that_are_no_build() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.so");
        let text = || read(&path).unwrap_err().to_string();
        assert!(text().contains("No such file"), "{}", text());
        for content in [&b""[..], b"#!/bin/sh\n", &[0x7f; 100]] {
            fs::write(&path, content).unwrap();
            assert_eq!(text(), "it is not a shared library for this machine");
        }
        assert_eq!(read(folder.path()).unwrap_err().to_string(), "it is not a regular file");
        // A shared library, or a program like one: the tests themselves.
        let own = fs::read("/proc/self/exe").unwrap();
        fs::write(&path, &own).unwrap();
        assert!(text().contains("it is not a build of offhook"), "{}", text());
        for length in [64, 1000, own.len() / 2, own.len() - 1] {
            fs::write(&path, &own[..length]).unwrap();
            let text = text();
            assert!(text.contains("cut off") || text.contains("damaged"), "{length}: {text}");
        }
        let mut other = own;
        other[18] ^= 1; // e_machine
        fs::write(&path, &other).unwrap();
        assert_eq!(text(), "it is not a shared library for this machine");
    }
}
