//! Whether a build is, byte for byte, what was installed: damage in the middle of a file shows in none of its
//! tables, and would end Kea when the damaged code is reached.
//!
//! Beside `kea-3.0.4.so` is `kea-3.0.4.so.sha256`, as `sha256sum` writes it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::regular_file;

/// Longer than any line of `sha256sum` for a name of offhook's.
const MOST_BYTES: u64 = 4096;

/// Why a build is not known to be what was installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("its checksum cannot be read from {}: {why}", file.display())]
    NoChecksum { file: PathBuf, why: String },
    #[error("it is damaged: expected the SHA-256 {expected} ({}), found {found}", file.display())]
    Different { file: PathBuf, expected: String, found: String },
}

/// Compares a build with the checksum beside it.
pub(crate) fn check(build: &Path, mut opened: &File) -> Result<(), Wrong> {
    let mut file = build.as_os_str().to_owned();
    file.push(".sha256");
    let file = PathBuf::from(file);
    let expected = match expected(&file) {
        Ok(expected) => expected,
        Err(why) => return Err(Wrong::NoChecksum { file, why }),
    };
    opened.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        match opened.read(&mut part) {
            Ok(0) => break,
            Ok(length) => hasher.update(part.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let found = hexadecimal(&hasher.finalize());
    if found == expected { Ok(()) } else { Err(Wrong::Different { file, expected, found }) }
}

/// What the checksum's file says: its first word.
fn expected(file: &Path) -> Result<String, String> {
    let (opened, _) = regular_file::open(file).map_err(|error| error.to_string())?;
    let mut text = String::new();
    opened.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(word.to_ascii_lowercase());
    }
    Err("expected a line of sha256sum, 64 hex digits and the file's name".to_owned())
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Of the three bytes "abc", by FIPS 180-2, appendix B.1.
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_build_is_compared_with_the_line_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("kea-1.2.3.so");
        let beside = folder.path().join("kea-1.2.3.so.sha256");
        let verdict = || {
            let file = File::open(&build).unwrap();
            check(&build, &file).err().map(|wrong| wrong.to_string()).unwrap_or_default()
        };
        fs::write(&build, "abc").unwrap();
        assert!(verdict().contains("kea-1.2.3.so.sha256: No such file"), "{}", verdict());
        for line in [format!("{OF_ABC}  kea-1.2.3.so\n"), OF_ABC.to_uppercase()] {
            fs::write(&beside, line).unwrap();
            assert_eq!(verdict(), "");
        }
        fs::write(&build, "abd").unwrap();
        assert!(verdict().starts_with(&format!("it is damaged: expected the SHA-256 {OF_ABC} (")));
        for line in ["", "ba78", &format!("x{}", &OF_ABC[1..]), "\u{e9}"] {
            fs::write(&beside, line).unwrap();
            assert!(verdict().contains("expected a line of sha256sum"), "{}", verdict());
        }
        fs::write(&beside, [0xff]).unwrap();
        assert!(verdict().starts_with("its checksum cannot be read from "), "{}", verdict());
        fs::remove_file(&beside).unwrap();
        fs::create_dir(&beside).unwrap();
        assert!(verdict().contains("not a regular file"), "{}", verdict());
    }
}
