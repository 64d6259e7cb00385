//! Puts a file in its place: whole or not at all, only if it changed, and readable for dnsmasq.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::input::{Failure, wrong};

/// Whose eyes a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everybody,
    /// Its owner and group, as a key's file. dnsmasq reads its configuration before it gives up root;
    /// where it never is root, a folder with its group and the setgid bit gives the file that group.
    Group,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Readers::Everybody => 0o644,
            Readers::Group => 0o640,
        }
    }
}

/// Writes `content` to `path`; false if it stood there already. dnsmasq reads no file whose name
/// begins with a dot, so a half-written one is never seen, not even in its `conf-dir`.
pub fn write(path: &Path, content: &[u8], readers: Readers) -> Result<bool, Failure> {
    let cannot =
        |error: io::Error| wrong(format!("{}: cannot be written: {error}", path.display()));
    let permissions = Permissions::from_mode(readers.mode());
    if fs::read(path).is_ok_and(|there| there == content) {
        let open =
            fs::metadata(path).map_err(cannot)?.permissions().mode() & !readers.mode() & 0o777;
        if open != 0 {
            fs::set_permissions(path, permissions).map_err(cannot)?;
        }
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
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    // The rename itself must survive a power cut as well.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    Ok(true)
}

/// Makes `link` lead to `path`.
pub fn link(path: &Path, link: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| wrong(format!("{}: cannot be made: {error}", link.display()));
    let path = fs::canonicalize(path).map_err(cannot)?;
    if fs::read_link(link).is_ok_and(|there| there == path) {
        return Ok(());
    }
    let name = format!(".book-{}", std::process::id());
    let temporary = link.with_file_name(name);
    std::os::unix::fs::symlink(&path, &temporary).map_err(cannot)?;
    fs::rename(&temporary, link).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        cannot(error)
    })
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
    let mut conf = std::ffi::OsString::from("--conf-file=");
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
