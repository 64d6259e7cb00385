//! Whether a build is, byte for byte, what was installed: damage in the middle of a file shows in none of its
//! tables, and would end Kea when the damaged code is reached.
//!
//! Beside `kea-3.0.4.so` is `kea-3.0.4.so.cksum`, as `cksum` writes it. A CRC finds damage and not malice, and nothing more
//! is wanted: who can write the build can write the line beside it. A processor without instructions for SHA-256 takes
//! thirteen times as long for that (docs/cannot-break.md).

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crc::{CRC_32_CKSUM, Crc, Table};

use crate::regular_file;

/// Longer than any line of `cksum` for a name of offhook's.
const MOST_BYTES: u64 = 4096;

static POSIX: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_CKSUM);

/// Why a build is not known to be what was installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("its checksum cannot be read from {}: {why}", file.display())]
    NoChecksum { file: PathBuf, why: String },
    #[error("it is damaged: expected {expected} ({}), found {found}", file.display())]
    Different { file: PathBuf, expected: Sum, found: Sum },
}

/// What `cksum` says of a file (POSIX.1-2017, XCU, cksum).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    crc: u32,
    bytes: u64,
}

impl fmt::Display for Sum {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the CRC {} of {} bytes", self.crc, self.bytes)
    }
}

/// Compares a build with the checksum beside it.
pub(crate) fn check(build: &Path, opened: &File) -> Result<(), Wrong> {
    let mut file = build.as_os_str().to_owned();
    file.push(".cksum");
    let file = PathBuf::from(file);
    let expected = match expected(&file) {
        Ok(expected) => expected,
        Err(why) => return Err(Wrong::NoChecksum { file, why }),
    };
    let found = sum(opened)?;
    if found == expected { Ok(()) } else { Err(Wrong::Different { file, expected, found }) }
}

/// What the checksum's file says: its first two words.
fn expected(file: &Path) -> Result<Sum, String> {
    let (opened, _) = regular_file::open(file).map_err(|error| error.to_string())?;
    let mut text = String::new();
    opened.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let mut words = text.split_ascii_whitespace();
    let mut word = || words.next().unwrap_or_default();
    match (word().parse(), word().parse()) {
        (Ok(crc), Ok(bytes)) => Ok(Sum { crc, bytes }),
        _ => {
            Err("expected a line of cksum: the CRC, the number of bytes, the file's name"
                .to_owned())
        }
    }
}

fn sum(mut opened: &File) -> io::Result<Sum> {
    opened.seek(SeekFrom::Start(0))?;
    let mut digest = POSIX.digest();
    let mut bytes = 0;
    let mut part = vec![0; 1 << 16];
    loop {
        match opened.read(&mut part) {
            Ok(0) => break,
            Ok(length) => {
                digest.update(part.get(..length).unwrap_or_default());
                bytes += u64::try_from(length).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // The length follows the content, its least octet first, without the zeros behind its last other octet.
    let octets = bytes.to_le_bytes();
    let used = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    digest.update(octets.get(..used).unwrap_or_default());
    Ok(Sum { crc: digest.finalize(), bytes })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_build_is_compared_with_the_line_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("kea-1.2.3.so");
        let beside = folder.path().join("kea-1.2.3.so.cksum");
        let verdict = || {
            let file = File::open(&build).unwrap();
            check(&build, &file).err().map(|wrong| wrong.to_string()).unwrap_or_default()
        };
        fs::write(&build, "abc").unwrap();
        assert!(verdict().contains("kea-1.2.3.so.cksum: No such file"), "{}", verdict());
        for line in ["1219131554 3 kea-1.2.3.so\n", "1219131554 3"] {
            fs::write(&beside, line).unwrap();
            assert_eq!(verdict(), "");
        }
        fs::write(&build, "abd").unwrap();
        assert!(
            verdict().starts_with("it is damaged: expected the CRC 1219131554 of 3 bytes ("),
            "{}",
            verdict()
        );
        for line in ["", "1219131554", "-1 3", "4294967296 3", "x 3", "\u{e9} 3"] {
            fs::write(&beside, line).unwrap();
            assert!(verdict().contains("expected a line of cksum"), "{}", verdict());
        }
        fs::write(&beside, [0xff]).unwrap();
        assert!(verdict().starts_with("its checksum cannot be read from "), "{}", verdict());
        fs::remove_file(&beside).unwrap();
        fs::create_dir(&beside).unwrap();
        assert!(verdict().contains("not a regular file"), "{}", verdict());
    }

    /// Files of every kind of length, as the machine's own `cksum` sums them up.
    #[test]
    fn as_cksum_says() {
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 1, 15, 16, 17, 255, 256, 65_535, 65_536, 65_537, 200_000] {
            let path = folder.path().join("file");
            let content: Vec<u8> = (0..length).map(|at: u32| (at * 7 + at / 251) as u8).collect();
            fs::write(&path, content).unwrap();
            let said = Command::new("cksum").arg(&path).output().unwrap().stdout;
            let found = sum(&File::open(&path).unwrap()).unwrap();
            let line = format!("{} {} {}\n", found.crc, found.bytes, path.display());
            assert_eq!(line, String::from_utf8(said).unwrap());
        }
    }
}
