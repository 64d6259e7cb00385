//! The copy of the policy that was last in force, for a start with a policy that is missing or wrong.
//!
//! It is beside Kea's leases, where Kea may write: its name begins with the lease file's, so that
//! Debian's AppArmor profile, which allows `kea-leases4.csv*`, allows it as it is. It holds the policy's
//! text and nothing that the policy does not have: no key file, no phone, no lease.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use offhook_edge::file::{self, Kind, Unreadable};
use serde_json::json;

/// Longer policies are not kept. A server's memory and disk are not for this.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The name of Kea's lease file and its folder, where the configuration does not say them.
const LEASE_FILE: &str = "kea-leases4.csv";
const FOLDER: &str = "/var/lib/kea";

/// Where the copy is, for the lease file that Kea's configuration names: a path, a name in Kea's data
/// directory, or "" if there is none (leases in a database). `data` is `KEA_DHCP_DATA_DIR`.
pub(crate) fn place(lease_file: &str, data: Option<OsString>) -> PathBuf {
    let name = if lease_file.is_empty() { LEASE_FILE } else { lease_file };
    let folder = data.filter(|folder| !folder.is_empty()).unwrap_or_else(|| FOLDER.into());
    // An absolute path stays as it is.
    let mut place = Path::new(&folder).join(name).into_os_string();
    place.push(".offhook-last-good");
    PathBuf::from(place)
}

/// A policy that was in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The engine's digest of it: what is damaged does not have it any more.
    pub(crate) digest: String,
    pub(crate) policy: String,
}

/// Writes the copy: whole or not at all, and only if it is not there already.
pub(crate) fn write(place: &Path, kept: &Kept) -> io::Result<()> {
    let text = json!({ "digest": kept.digest, "policy": kept.policy }).to_string();
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("the policy has more than {MOST_BYTES} bytes")));
    }
    if read(place).is_ok_and(|present| present == *kept) {
        return Ok(());
    }
    let mut fresh = place.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    let written = fill(&fresh, text.as_bytes()).and_then(|file| {
        fs::rename(&fresh, place)?;
        Ok(file)
    });
    if written.is_err() {
        // What is half written is of no use; the failure that counts is the first.
        let _ = fs::remove_file(&fresh);
    }
    // The new name too, which ext4, XFS and btrfs write with the file: the test of a power cut has each of them. The
    // folder is not opened for it: Debian's AppArmor profile forbids that, and the kernel's log has a line for each try.
    written?.sync_all()
}

fn fill(fresh: &Path, text: &[u8]) -> io::Result<File> {
    // One that a killed server has left, or a link that was put there.
    match fs::remove_file(fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(fresh)?;
    file.set_permissions(fs::Permissions::from_mode(0o640))?;
    file.write_all(text)?;
    file.sync_all()?;
    Ok(file)
}

/// Reads the copy; the error is for people.
pub(crate) fn read(place: &Path) -> Result<Kept, String> {
    let text =
        file::text(place, Kind::FileItself, MOST_BYTES).map_err(|unreadable| match unreadable {
            // What else is said of policies and AppArmor does not hold beside Kea's leases.
            Unreadable::System(error) => error.to_string(),
            other => other.to_string(),
        })?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("it is damaged: {error}"))?;
    let member = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    match (member("digest"), member("policy")) {
        (Some(digest), Some(policy)) => Ok(Kept { digest, policy }),
        _ => Err("it is damaged: \"digest\" or \"policy\" is missing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(policy: &str) -> Kept {
        Kept { digest: "0123456789abcdef".to_owned(), policy: policy.to_owned() }
    }

    #[test]
    fn it_is_beside_the_leases() {
        let name = |file: &str, data: Option<&str>| {
            place(file, data.map(OsString::from)).display().to_string()
        };
        assert_eq!(name("/x/l.csv", Some("/data")), "/x/l.csv.offhook-last-good");
        assert_eq!(name("l.csv", Some("/data")), "/data/l.csv.offhook-last-good");
        assert_eq!(name("", None), "/var/lib/kea/kea-leases4.csv.offhook-last-good");
        assert_eq!(name("", Some("")), "/var/lib/kea/kea-leases4.csv.offhook-last-good");
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("l.csv.offhook-last-good");
        write(&place, &kept("{ // a\n}")).unwrap();
        assert_eq!(read(&place), Ok(kept("{ // a\n}")));
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o7777, 0o640);
        let written = fs::metadata(&place).unwrap().modified().unwrap();
        write(&place, &kept("{ // a\n}")).unwrap();
        assert_eq!(fs::metadata(&place).unwrap().modified().unwrap(), written);
        write(&place, &kept("{}")).unwrap();
        assert_eq!(read(&place), Ok(kept("{}")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_that_ended_half_way_leaves_the_copy_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("c");
        write(&place, &kept("{}")).unwrap();
        fs::write(folder.path().join("c.new"), "{\"dig").unwrap();
        assert_eq!(read(&place), Ok(kept("{}")));
        // A link at the place of the new file is not followed.
        fs::remove_file(folder.path().join("c.new")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("target"), folder.path().join("c.new"))
            .unwrap();
        write(&place, &kept("{ }")).unwrap();
        assert_eq!(read(&place), Ok(kept("{ }")));
        assert!(!folder.path().join("target").exists());
    }

    #[test]
    fn what_is_not_a_copy_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("c");
        let why = || read(&place).unwrap_err();
        assert!(why().contains("No such file"), "{}", why());
        for (content, word) in [
            ("", "damaged"),
            ("{\"digest\": \"a\"", "damaged"),
            ("{\"digest\": \"a\", \"policy\": 7}", "is missing"),
            ("\u{0}", "damaged"),
        ] {
            fs::write(&place, content).unwrap();
            assert!(why().contains(word), "{content:?}: {}", why());
        }
        fs::write(&place, [0xff]).unwrap();
        assert!(why().contains("expected UTF-8"), "{}", why());
        File::create(&place).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(why().contains("too large: expected at most 16 MiB"), "{}", why());
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        assert!(why().contains("expected a file, found a folder"), "{}", why());
        fs::remove_dir(&place).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &place).unwrap();
        assert!(why().contains("symbolic link"), "{}", why());
        assert!(write(Path::new("/does/not/exist/c"), &kept("{}")).is_err());
        assert!(write(&folder.path().join("d"), &kept(&"a".repeat(1 << 25))).is_err());
    }
}
