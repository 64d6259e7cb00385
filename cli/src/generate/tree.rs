//! The tree on disk. Everything is written aside first (`DIR/.offhook/new`) and moved to its place
//! when all of it is there, so that no phone ever sees half a file; no name leaves the tree, and no
//! symbolic link is followed below it.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown,
};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use nix::fcntl::{Flock, FlockArg};

use super::manifest::Manifest;
use crate::input::{Failure, wrong};

const STATE: &str = ".offhook";
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// Files written aside stand in so many folders, so that none grows large.
const SHARDS: usize = 64;
/// So many files are synced one by one.
const FEW: usize = 128;

pub struct Tree {
    root: PathBuf,
    group: Option<u32>,
    /// Folders that are known to be there and to be folders.
    known: Mutex<HashSet<PathBuf>>,
}

/// Holds off other runs in the same tree until it is dropped.
pub struct Lock(#[expect(dead_code, reason = "held, not read")] Option<Flock<File>>);

/// A file that was written aside.
#[derive(Debug, Clone, Copy)]
pub struct Staged {
    number: usize,
    pub size: u64,
    pub written: i128,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Nothing,
    File {
        size: u64,
        written: i128,
        as_wanted: bool,
    },
    /// A folder, a link, a device: nothing that we write.
    Other,
}

impl Tree {
    pub fn new(root: &Path, group: Option<u32>) -> Tree {
        Tree { root: root.to_owned(), group, known: Mutex::default() }
    }

    /// Makes the root and its state, and waits for nobody: another run there is an error.
    pub fn lock(&self) -> Result<Lock, Failure> {
        let state = self.root.join(STATE);
        self.make_folder(&self.root, FOLDER_MODE, self.group)?;
        self.make_folder(&state, 0o700, None)?;
        let path = state.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|error| cannot("open", &path, &error))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Lock(Some(lock))),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Err(wrong(format!(
                "{}: another offhook generate is at work there; wait for it",
                self.root.display()
            ))),
            Err((_, error)) => Err(cannot("lock", &path, &error.into())),
        }
    }

    fn make_folder(&self, path: &Path, mode: u32, group: Option<u32>) -> Result<(), Failure> {
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode))
                .and_then(|()| group.map_or(Ok(()), |group| chown(path, None, Some(group))))
                .map_err(|error| cannot("set the mode and group of", path, &error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) => Err(cannot("make", path, &error)),
        }
    }

    pub fn manifest(&self) -> Result<Manifest, Failure> {
        let path = self.root.join(STATE).join("manifest");
        match fs::read_to_string(&path) {
            Ok(text) => Manifest::read(&text).map_err(|error| {
                wrong(format!(
                    "{}: {error}; move it away, then what stands in the tree is no longer known as \
                     ours",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    pub fn save_manifest(&self, manifest: &Manifest) -> Result<(), Failure> {
        let state = self.root.join(STATE);
        let (new, path) = (state.join("manifest.new"), state.join("manifest"));
        let write = || {
            let mut file = create(&new, 0o600)?;
            file.write_all(manifest.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| cannot("write", &path, &error))
    }

    pub fn look(&self, path: &str) -> Found {
        let Ok(found) = fs::symlink_metadata(self.root.join(path)) else { return Found::Nothing };
        if !found.is_file() {
            return Found::Other;
        }
        let mode = found.mode() & 0o7777 == FILE_MODE;
        let group = self.group.is_none_or(|group| group == found.gid());
        Found::File { size: found.len(), written: written(&found), as_wanted: mode && group }
    }

    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(path))
    }

    /// An empty place to write aside in; whatever an interrupted run left there goes.
    pub fn begin(&self) -> Result<(), Failure> {
        let aside = self.aside();
        match fs::remove_dir_all(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot("clear", &aside, &error));
            }
            _ => {}
        }
        self.make_folder(&aside, 0o700, None)?;
        (0..SHARDS)
            .try_for_each(|shard| self.make_folder(&aside.join(shard.to_string()), 0o700, None))
    }

    fn aside(&self) -> PathBuf {
        self.root.join(STATE).join("new")
    }

    fn aside_path(&self, number: usize) -> PathBuf {
        self.aside().join((number % SHARDS).to_string()).join(number.to_string())
    }

    /// Writes a file aside. May be called from many threads.
    pub fn stage(&self, number: usize, bytes: &[u8]) -> Result<Staged, Failure> {
        let path = self.aside_path(number);
        let write = || {
            let mut file = create(&path, FILE_MODE)?;
            if let Some(group) = self.group {
                fchown(&file, None, Some(group))?;
            }
            file.write_all(bytes)?;
            let found = file.metadata()?;
            // A umask may have taken some of it.
            if found.mode() & 0o7777 != FILE_MODE {
                file.set_permissions(Permissions::from_mode(FILE_MODE))?;
            }
            Ok(found)
        };
        let found = write().map_err(|error| cannot("write", &path, &error))?;
        Ok(Staged { number, size: found.len(), written: written(&found) })
    }

    /// Sees to it that what was written aside survives a loss of power before any of it is moved: a
    /// moved file is whole, or not there yet. A few files are synced one by one. Many cost less with
    /// all else that the file system still has to write, which on a busy machine is not ours alone.
    pub fn sync(&self, staged: &[Staged]) -> Result<(), Failure> {
        let failed = |error: io::Error| cannot("sync", &self.aside(), &error);
        if staged.len() <= FEW {
            return staged
                .iter()
                .try_for_each(|file| File::open(self.aside_path(file.number))?.sync_all())
                .map_err(failed);
        }
        let root = File::open(&self.root).map_err(failed)?;
        nix::unistd::syncfs(&root).map_err(|error| failed(error.into()))
    }

    /// Moves a file to its place.
    pub fn publish(&self, staged: Staged, path: &str) -> Result<(), Failure> {
        let target = self.root.join(path);
        if let Some(folder) = target.parent() {
            self.ensure_folder(folder)?;
        }
        fs::rename(self.aside_path(staged.number), &target)
            .map_err(|error| cannot("move a file to", &target, &error))
    }

    /// Makes a folder below the root and those above it; a link in their place is an error.
    fn ensure_folder(&self, folder: &Path) -> Result<(), Failure> {
        let known = |folder: &Path| {
            let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            folder == self.root || known.contains(folder)
        };
        if known(folder) {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            self.ensure_folder(above)?;
        }
        match fs::symlink_metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let text = "is no folder, and offhook follows no links below the tree's root";
                return Err(wrong(format!("{}: {text}", folder.display())));
            }
            // Under another name first, so that it never stands there with another mode.
            Err(_) => {
                let aside = self.aside().join("folder");
                self.make_folder(&aside, FOLDER_MODE, self.group)?;
                fs::rename(&aside, folder).map_err(|error| cannot("make", folder, &error))?;
            }
        }
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(folder.to_owned());
        Ok(())
    }

    /// Removes a file of ours, and the folders that it leaves empty.
    pub fn remove(&self, path: &str) -> Result<(), Failure> {
        let target = self.root.join(path);
        let above = target.ancestors().skip(1).take_while(|folder| *folder != self.root);
        let links = |folder: &Path| fs::symlink_metadata(folder).is_ok_and(|found| !found.is_dir());
        if let Some(link) = above.into_iter().find(|folder| links(folder)) {
            let text = "is no folder, and offhook follows no links below the tree's root";
            return Err(wrong(format!("{}: {text}", link.display())));
        }
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot("remove", &target, &error));
            }
            _ => {}
        }
        let mut folder = target.parent();
        while let Some(empty) = folder.filter(|folder| *folder != self.root) {
            if fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }

    /// Takes away the place to write aside in.
    pub fn end(&self) -> Result<(), Failure> {
        let aside = self.aside();
        fs::remove_dir_all(&aside).map_err(|error| cannot("clear", &aside, &error))
    }
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)
}

fn written(found: &fs::Metadata) -> i128 {
    i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec())
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    wrong(format!("{}: cannot {what} it: {error}", path.display()))
}
