//! A folder that is held open. Every file in it is reached from there, by its bare name and without
//! following links: another user who may write to the folder cannot lead offhook out of it.

/// Files that appear whole.
mod whole;

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::SystemTime;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{Gid, UnlinkatFlags, fchown, geteuid, unlinkat};

/// What the folders hold says who uses which phone where: its owner and group may read it.
const FOLDER: Mode = Mode::from_bits_truncate(0o750);
const FILE: Mode = Mode::from_bits_truncate(0o640);
const PRIVATE: Mode = Mode::from_bits_truncate(0o600);

/// An open folder. Everything in it is reached by its descriptor, never by its path.
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder that exists; its name may not be a link.
    ///
    /// # Errors
    /// It is missing, not a folder, a link, or may not be read.
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder(openat(AT_FDCWD, path, folder_flags(), Mode::empty())?))
    }

    /// The same for a folder that the user of a program names: links that lead there are the user's own.
    ///
    /// # Errors
    /// It is missing, not a folder, or may not be read.
    pub fn open_through_links(path: &Path) -> io::Result<Folder> {
        Ok(Folder(openat(AT_FDCWD, path, folder_flags() - OFlag::O_NOFOLLOW, Mode::empty())?))
    }

    /// Opens a folder, and makes it first if it is not there.
    ///
    /// # Errors
    /// It is not a folder, a link, or cannot be made.
    pub fn open_or_make(path: &Path) -> io::Result<Folder> {
        match Folder::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(FOLDER.bits()).create(path)?;
                Folder::open(path)
            }
            other => other,
        }
    }

    /// Fails if another user could exchange the files of the folder while this program, which may
    /// be root, works in it.
    ///
    /// # Errors
    /// Another user may write to it, or its owner and mode cannot be read.
    pub fn refuse_if_unsafe(&self) -> io::Result<()> {
        let about = fstat(&self.0)?;
        if geteuid().is_root() && about.st_uid != 0 {
            return Err(io::Error::other(format!(
                "the script runs as root and the folder belongs to user {}: name that user in \
                 dhcp-scriptuser, or give the folder to root",
                about.st_uid
            )));
        }
        // With the sticky bit others may add files, but not exchange ours.
        if about.st_mode & 0o1002 == 0o002 {
            return Err(io::Error::other(
                "every user may write to the folder: chmod 750 it".to_owned(),
            ));
        }
        Ok(())
    }

    /// Fails unless the folder is this user's, and writable by no other.
    ///
    /// # Errors
    /// It belongs to another user, or another user may write to it.
    pub fn refuse_if_foreign(&self) -> io::Result<()> {
        refuse_if_foreign(&self.0)
    }

    /// The group that the folder belongs to.
    ///
    /// # Errors
    /// The file system's own.
    pub fn group(&self) -> io::Result<u32> {
        Ok(fstat(&self.0)?.st_gid)
    }

    /// The folder of this name.
    ///
    /// # Errors
    /// It is missing, not a folder, or a link.
    pub fn inside(&self, name: &str) -> io::Result<Folder> {
        Ok(Folder(openat(&self.0, name, folder_flags(), Mode::empty())?))
    }

    /// The folder of this name; it is made if it is missing.
    ///
    /// # Errors
    /// It is not a folder, a link, or cannot be made.
    pub fn inside_or_make(&self, name: &str) -> io::Result<Folder> {
        match self.inside(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match mkdirat(&self.0, name, FOLDER) {
                    Ok(()) | Err(Errno::EEXIST) => self.inside(name),
                    Err(error) => Err(error.into()),
                }
            }
            other => other,
        }
    }

    /// Makes a folder that is not there yet, with this mode whatever the umask, and this group.
    ///
    /// # Errors
    /// It is there already, or cannot be made.
    pub fn make(&self, name: &str, mode: u32, group: Option<u32>) -> io::Result<Folder> {
        mkdirat(&self.0, name, Mode::S_IRWXU)?;
        let folder = self.inside(name)?;
        folder.set_mode_and_group(mode, group)?;
        Ok(folder)
    }

    /// Sets the folder's own mode and group.
    ///
    /// # Errors
    /// This user may not set them.
    pub fn set_mode_and_group(&self, mode: u32, group: Option<u32>) -> io::Result<()> {
        fchown(&self.0, None, group.map(Gid::from_raw))?;
        Ok(fchmod(&self.0, Mode::from_bits_truncate(mode))?)
    }

    /// A plain file for reading.
    ///
    /// # Errors
    /// It is missing, not a plain file, a link, or may not be read.
    pub fn file(&self, name: &str) -> io::Result<File> {
        self.plain(name, OFlag::O_RDONLY)
    }

    /// A plain file for reading and writing, made if it is not there.
    ///
    /// # Errors
    /// It is not a plain file, a link, or cannot be made.
    pub fn file_or_make(&self, name: &str) -> io::Result<File> {
        match self.plain(name, OFlag::O_RDWR) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match self.create(name, OFlag::O_RDWR, FILE) {
                    // Another run of offhook was quicker.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        self.plain(name, OFlag::O_RDWR)
                    }
                    other => other,
                }
            }
            other => other,
        }
    }

    /// A plain file for reading that is this user's, and writable by no other.
    ///
    /// # Errors
    /// It is missing, not a plain file, or another user may write to it.
    pub fn own_file(&self, name: &str) -> io::Result<File> {
        let file = self.file(name)?;
        refuse_if_foreign(&file)?;
        Ok(file)
    }

    /// A file for writing that is not there yet.
    ///
    /// # Errors
    /// It is there already, or cannot be made.
    pub fn new_file(&self, name: &str) -> io::Result<File> {
        self.create(name, OFlag::O_WRONLY, FILE)
    }

    /// The same, and only its owner may read it.
    ///
    /// # Errors
    /// It is there already, or cannot be made.
    pub fn new_private_file(&self, name: &str) -> io::Result<File> {
        self.create(name, OFlag::O_WRONLY, PRIVATE)
    }

    /// `O_NONBLOCK`: a pipe in the place of a file is refused instead of waited for.
    fn plain(&self, name: &str, access: OFlag) -> io::Result<File> {
        let flags = access | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = openat(&self.0, name, flags, Mode::empty())?;
        let about = fstat(&file)?;
        if kind(&about) != SFlag::S_IFREG || about.st_nlink > 1 {
            return Err(io::Error::other(format!("{name} is not a plain file with one name")));
        }
        Ok(file.into())
    }

    fn create(&self, name: &str, access: OFlag, mode: Mode) -> io::Result<File> {
        let new = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(openat(&self.0, name, access | new, mode)?.into())
    }

    /// Removes a file; none there is as well.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        match unlinkat(&self.0, name.as_ref(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves what is called `name` here into another folder, in place of what was there.
    ///
    /// # Errors
    /// It is missing, or the file system refuses.
    pub fn move_to(&self, name: &str, folder: &Folder, new: &str) -> io::Result<()> {
        Ok(renameat(&self.0, name, &folder.0, new)?)
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// It is missing, not empty, or may not be removed.
    pub fn remove_folder(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, UnlinkatFlags::RemoveDir)?)
    }

    /// Removes a folder with all that is in it, `depth` folders deep at most; none there is as well.
    ///
    /// # Errors
    /// It is deeper than `depth`, or something in it cannot be removed.
    pub fn remove_all(&self, name: &str, depth: u8) -> io::Result<()> {
        let folder = match self.inside(name) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in folder.names()? {
            match (folder.remove(&entry), entry.to_str(), depth.checked_sub(1)) {
                (Ok(()), _, _) => {}
                (Err(_), Some(entry), Some(depth)) => folder.remove_all(entry, depth)?,
                (Err(error), _, _) => return Err(error),
            }
        }
        self.remove_folder(name)
    }

    /// What has this name, a link itself and not its target; `None` if nothing has.
    ///
    /// # Errors
    /// The file system's own; a missing name is not an error.
    pub fn about(&self, name: &str) -> io::Result<Option<FileStat>> {
        match fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(about)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in it, in no order.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut folder = Dir::openat(&self.0, ".", folder_flags(), Mode::empty())?;
        let mut names = Vec::new();
        for entry in folder.iter() {
            let name = entry?.file_name().to_bytes().to_owned();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(&name).to_owned());
            }
        }
        Ok(names)
    }

    /// When a file was last written.
    pub fn changed(&self, name: &OsStr) -> Option<SystemTime> {
        let about = fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        let seconds = u64::try_from(about.st_mtime).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn refuse_if_foreign(file: &impl AsFd) -> io::Result<()> {
    let (about, user) = (fstat(file)?, geteuid().as_raw());
    if about.st_uid != user {
        let text = format!("it belongs to user {}, and this is user {user}", about.st_uid);
        return Err(io::Error::other(text));
    }
    if about.st_mode & 0o022 != 0 {
        let mode = about.st_mode & 0o7777;
        return Err(io::Error::other(format!("its mode is {mode:04o}: others may write to it")));
    }
    Ok(())
}

fn folder_flags() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC
}

/// What a file is.
pub fn kind(about: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::whole::temporary;
    use super::*;

    #[test]
    fn no_link_leads_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        let precious = outside.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for name in ["alive".to_owned(), temporary("a.json"), temporary("key")] {
            symlink(&precious, path(&name)).unwrap();
        }
        symlink(outside.path(), path("phones")).unwrap();
        fs::hard_link(&precious, path("hard")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), FILE).unwrap();
        let folder = Folder::open(place.path()).unwrap();
        for name in ["alive", "hard", "pipe"] {
            assert!(folder.file(name).is_err() && folder.file_or_make(name).is_err(), "{name}");
        }
        assert!(folder.inside("phones").is_err() && folder.inside_or_make("phones").is_err());
        // The names of our own files that are not whole yet may be taken: they are made anew.
        folder.put("a.json", b"whole").unwrap();
        folder.put_if_absent("key", b"first").unwrap();
        folder.put_if_absent("key", b"second").unwrap();
        assert_eq!(fs::read(path("a.json")).unwrap(), b"whole");
        assert_eq!(fs::read(path("key")).unwrap(), b"first");
        folder.put("alive", b"in its place").unwrap();
        assert!(!fs::symlink_metadata(path("alive")).unwrap().is_symlink());
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        symlink(place.path(), outside.path().join("link")).unwrap();
        assert!(Folder::open(&outside.path().join("link")).is_err());
        assert!(Folder::open_or_make(&outside.path().join("link")).is_err());
    }

    #[test]
    fn only_owner_and_group_read_what_is_made() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/state");
        let folder = Folder::open_or_make(&path).unwrap();
        folder.inside_or_make("phones").unwrap().put("a", b"x").unwrap();
        folder.file_or_make("alive").unwrap();
        for (name, expected) in
            [("", 0o750), ("phones", 0o750), ("phones/a", 0o640), ("alive", 0o640)]
        {
            let mode = fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{name:?}: expected {expected:o}, found {mode:o}");
        }
        folder.refuse_if_unsafe().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let error = folder.refuse_if_unsafe().unwrap_err().to_string();
        assert!(error.contains("chmod 750"), "{error}");
        if geteuid().is_root() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
            std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
            let error = folder.refuse_if_unsafe().unwrap_err().to_string();
            assert!(error.contains("belongs to user 4711"), "{error}");
        }
    }
}
