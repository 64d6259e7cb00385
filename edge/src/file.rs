//! The one door for files that people name: policies, keys, vendor folders, lists.
//!
//! A server opens them on the thread that its packets wait for. So opening never blocks, what is opened is
//! looked at by its descriptor and not by its name, and no more is read than the limit says.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

/// The largest policy, list of phones, or capture.
pub const LARGEST: u64 = 64 << 20;

/// What a name may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file. For servers.
    File,
    /// A file that is not reached by a symbolic link.
    FileItself,
    /// A file or a pipe, such as a shell's `<(...)`. For commands, which may wait.
    FileOrPipe,
}

/// Why a file could not be read.
#[derive(Debug)]
pub enum Unreadable {
    /// What the file system says.
    System(io::Error),
    /// What was found instead of a file.
    NoFile(&'static str),
    /// A symbolic link where none is followed.
    Link,
    /// More bytes than are read.
    TooLarge {
        /// The most that is read, in bytes.
        largest: u64,
    },
    /// It is of another encoding: what is found, and where.
    NoText(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::System(error) => {
                // Of a daemon the user and its confinement are seldom thought of, and the system names
                // neither.
                let why = match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        ": the user that this program runs as may not, by the mode of the file or of a \
                         folder above it, or AppArmor forbids it (Debian's lets kea-dhcp4, user _kea, \
                         read /etc/kea only)"
                    }
                    _ => "",
                };
                write!(f, "cannot be read: {error}{why}")
            }
            Unreadable::NoFile(found) => write!(f, "expected a file, found {found}"),
            Unreadable::Link => f.write_str(
                "is a symbolic link: expected the file itself; name the file it leads to",
            ),
            Unreadable::TooLarge { largest } => match largest >> 20 {
                0 => write!(f, "is too large: expected at most {} KiB", largest >> 10),
                mebibytes => write!(f, "is too large: expected at most {mebibytes} MiB"),
            },
            Unreadable::NoText(found) => f.write_str(found),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Opens a file, and shows what it is by its descriptor.
///
/// # Errors
/// It cannot be opened, or is not of this kind.
pub fn open(path: &Path, kind: Kind) -> Result<(File, Metadata), Unreadable> {
    let mut flags = OFlag::O_NOCTTY;
    if kind != Kind::FileOrPipe {
        // A FIFO without a writer would wait for one.
        flags |= OFlag::O_NONBLOCK;
    }
    if kind == Kind::FileItself {
        flags |= OFlag::O_NOFOLLOW;
    }
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(nix::libc::ELOOP) if kind == Kind::FileItself => Unreadable::Link,
        _ => Unreadable::System(error),
    })?;
    let found = file.metadata().map_err(Unreadable::System)?;
    let what = found.file_type();
    match () {
        () if what.is_file() => Ok((file, found)),
        () if what.is_fifo() && kind == Kind::FileOrPipe => Ok((file, found)),
        () if what.is_fifo() => Err(Unreadable::NoFile("a pipe")),
        () if what.is_dir() => Err(Unreadable::NoFile("a folder")),
        () if what.is_socket() => Err(Unreadable::NoFile("a socket")),
        () => Err(Unreadable::NoFile("a device")),
    }
}

/// Reads what was opened, up to the limit.
///
/// # Errors
/// It cannot be read, or holds more.
pub fn read_opened(file: impl Read, largest: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes).map_err(Unreadable::System)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= largest => Ok(bytes),
        _ => Err(Unreadable::TooLarge { largest }),
    }
}

/// A file's content.
///
/// # Errors
/// As [`open`] and [`read_opened`].
pub fn read(path: &Path, kind: Kind, largest: u64) -> Result<Vec<u8>, Unreadable> {
    let (file, found) = open(path, kind)?;
    if found.len() > largest {
        return Err(Unreadable::TooLarge { largest });
    }
    read_opened(file, largest)
}

/// A file's text.
///
/// # Errors
/// As [`read`], or it is not UTF-8.
pub fn text(path: &Path, kind: Kind, largest: u64) -> Result<String, Unreadable> {
    as_text(read(path, kind, largest)?)
}

/// The text of these bytes.
///
/// # Errors
/// They are of another encoding.
pub fn as_text(bytes: Vec<u8>) -> Result<String, Unreadable> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = *bytes {
        return Err(Unreadable::NoText(
            "expected UTF-8, found UTF-16: save it as UTF-8".to_owned(),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let byte = bytes.get(at).copied().unwrap_or_default();
        Unreadable::NoText(format!(
            "line {line}: expected UTF-8, found the byte 0x{byte:02x} (Latin-1?): save it as UTF-8"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_is_no_file_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let start = Instant::now();
        for (path, found) in [
            (pipe.as_path(), "a pipe"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let text = text(path, Kind::File, LARGEST).unwrap_err().to_string();
            assert_eq!(text, format!("expected a file, found {found}"));
        }
        assert!(start.elapsed() < Duration::from_secs(1));
        let text = text(Path::new("/dev/zero"), Kind::FileOrPipe, LARGEST).unwrap_err();
        assert_eq!(text.to_string(), "expected a file, found a device");
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, Kind::File, 5).unwrap(), b"12345");
        let large = File::create(folder.path().join("large")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        let text = read(&folder.path().join("large"), Kind::File, LARGEST).unwrap_err().to_string();
        assert_eq!(text, "is too large: expected at most 64 MiB");
        let endless = read_opened(io::repeat(b'x'), 100).unwrap_err();
        assert!(matches!(endless, Unreadable::TooLarge { largest: 100 }));
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(super::text(&path, Kind::File, 5), Err(Unreadable::NoText(_))));
    }

    #[test]
    fn a_link_is_told_where_none_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "a").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read(&link, Kind::File, 5).unwrap(), b"a");
        assert!(matches!(read(&link, Kind::FileItself, 5), Err(Unreadable::Link)));
    }

    #[test]
    fn who_may_not_read_is_told_where_to_look() {
        let refused = Unreadable::System(io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(refused.to_string().contains("AppArmor"), "{refused}");
        let missing = Unreadable::System(io::Error::from(io::ErrorKind::NotFound));
        assert!(!missing.to_string().contains("AppArmor"), "{missing}");
    }
}
