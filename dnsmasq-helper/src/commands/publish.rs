//! Puts a file in its place: whole or not at all, only if it changed, and readable for dnsmasq.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::input::{Failure, wrong};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    AllUsers,
    /// Its owner and group, as a key's file. dnsmasq reads its configuration before it gives up root;
    /// where it never is root, a folder with its group and the setgid bit gives the file that group.
    Group,
    /// Its owner and this group, if the file may be given to it.
    GroupWithId(u32),
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Readers::AllUsers => 0o644,
            Readers::Group | Readers::GroupWithId(_) => 0o640,
        }
    }

    fn group(self) -> Option<u32> {
        match self {
            Readers::GroupWithId(group) => Some(group),
            Readers::AllUsers | Readers::Group => None,
        }
    }
}

/// A file that belongs to an output: in its folder, where dnsmasq does not read it.
pub fn beside(out: &Path, what: &str) -> Result<PathBuf, Failure> {
    let name = out
        .file_name()
        .ok_or_else(|| wrong(format!("{}: expected a file's name at the end", out.display())))?;
    let mut dotted = OsString::from(".");
    dotted.push(name);
    dotted.push(".");
    dotted.push(what);
    Ok(out.with_file_name(dotted))
}

/// Writes `content` to `path`; false if it was there already. dnsmasq reads no file whose name
/// begins with a dot, so a half-written one is never seen, not even in its `conf-dir`.
pub fn write(path: &Path, content: &[u8], readers: Readers) -> Result<bool, Failure> {
    let cannot =
        |error: io::Error| wrong(format!("{}: cannot be written: {error}", path.display()));
    let permissions = Permissions::from_mode(readers.mode());
    if fs::read(path).is_ok_and(|there| there == content) {
        let about = fs::metadata(path).map_err(cannot)?;
        let other_group = readers.group().is_some_and(|group| group != about.gid());
        if about.mode() & !readers.mode() & 0o777 == 0 && !other_group {
            return Ok(false);
        }
        let file = File::open(path).map_err(cannot)?;
        file.set_permissions(permissions).map_err(cannot)?;
        give(&file, readers);
        return Ok(false);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file =
        tempfile::Builder::new().prefix(".offhook-").tempfile_in(folder).map_err(cannot)?;
    file.write_all(content).map_err(cannot)?;
    file.as_file().set_permissions(permissions).map_err(cannot)?;
    give(file.as_file(), readers);
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    // The rename itself must survive a power cut as well.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    Ok(true)
}

/// Gives the file to the group that reads it. Only root and the group's members may: whether it worked,
/// [`is_for`] says.
fn give(file: &File, readers: Readers) {
    if let Some(group) = readers.group() {
        let _ = fchown(file, None, Some(group));
    }
}

/// Whether a file belongs to this group.
pub fn is_for(path: &Path, group: u32) -> bool {
    fs::metadata(path).is_ok_and(|about| about.gid() == group)
}

/// Asks dnsmasq whether it takes this configuration; its version if it does.
pub fn test(dnsmasq: &Path, text: &str) -> Result<String, Failure> {
    let mut file = tempfile::Builder::new().prefix("offhook-").suffix(".conf").tempfile()?;
    file.write_all(text.as_bytes())?;
    let run = |command: &mut Command| {
        command.stdin(Stdio::null()).output().map_err(|error| {
            wrong(format!(
                "{}: cannot be run: {error}. Name it with --dnsmasq, or say --no-test",
                dnsmasq.display()
            ))
        })
    };
    // `--conf-file=` takes the place of the system's own configuration.
    let mut conf = OsString::from("--conf-file=");
    conf.push(file.path());
    let output = run(Command::new(dnsmasq).arg("--test").arg(conf))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(wrong(format!(
            "dnsmasq refuses the rendered configuration, nothing was written: {}",
            said.trim()
        )));
    }
    let output = run(Command::new(dnsmasq).arg("--version"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.split_whitespace().nth(2).unwrap_or("of unknown version").to_owned())
}
