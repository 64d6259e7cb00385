//! The tree on disk. Everything is written aside first (`DIR/.offhook/new`) and moved to its place
//! when all of it is there, so that no phone ever sees half a file; no name leaves the tree, and no
//! symbolic link is followed below it.
//!
//! The tree may belong to another user, who can exchange whatever is in it while this program works
//! there, perhaps as root. So every folder is held open and reached from the one above it, and
//! `.offhook` is used only if it belongs to this user and no other user may write to it.

/// Its folders.
mod parts;

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::SFlag;
use offhook_edge::folder::{Folder, kind};

use self::parts::{cannot, damaged, split, state, within, written};
use super::manifest::Manifest;
use crate::input::{Failure, wrong};

const STATE: &str = ".offhook";
const LOCK: &str = "lock";
const MANIFEST: &str = "manifest";
const NEW_MANIFEST: &str = "manifest.new";
const ASIDE: &str = "new";
/// The name under which a folder is made, below [`ASIDE`].
const NEW_FOLDER: &str = "folder";
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
const STATE_MODE: u32 = 0o700;
/// Files written aside are spread over so many folders, so that none grows large.
const SHARDS: usize = 64;
/// So many files are synced one by one.
const FEW: usize = 128;

pub struct Tree {
    path: PathBuf,
    group: Option<u32>,
    /// Nothing is there before the first run.
    root: Option<Folder>,
    state: Option<Folder>,
    /// Holds off other runs in the same tree.
    lock: Option<Flock<File>>,
    /// Where files are written before they are moved to their place.
    aside: Option<Aside>,
    /// What this run has made, and takes away again if it comes to nothing.
    made_root: bool,
    made_state: bool,
    kept: bool,
}

struct Aside {
    folder: Folder,
    shards: Vec<Folder>,
}

/// A file that was written aside.
#[derive(Debug, Clone, Copy)]
pub struct Staged {
    number: usize,
    pub size: u64,
    pub written: i128,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Nothing,
    File {
        size: u64,
        written: i128,
        as_wanted: bool,
    },
    /// A folder, a link, a device: nothing that offhook writes.
    Other,
}

impl Tree {
    /// Opens what is there; makes nothing.
    pub fn open(path: &Path, group: Option<u32>) -> Result<Tree, Failure> {
        let mut tree = Tree {
            path: path.to_owned(),
            group,
            root: None,
            state: None,
            lock: None,
            aside: None,
            made_root: false,
            made_state: false,
            kept: false,
        };
        tree.root = match Folder::open_through_links(path) {
            Ok(root) => Some(root),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot("open", path, &error)),
        };
        if let Some(root) = &tree.root {
            tree.state = state(root).map_err(|error| damaged(&tree.state_path(), &error))?;
        }
        Ok(tree)
    }

    fn state_path(&self) -> PathBuf {
        self.path.join(STATE)
    }

    /// Makes the root and its state, and does not wait: another run in the same tree is an error.
    pub fn lock(&mut self) -> Result<(), Failure> {
        if self.root.is_none() {
            // Another run may be quicker, here and below.
            match DirBuilder::new().mode(FOLDER_MODE).create(&self.path) {
                Ok(()) => self.made_root = true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot("make", &self.path, &error)),
            }
            let root = Folder::open(&self.path).and_then(|root| {
                root.set_mode_and_group(FOLDER_MODE, self.group)?;
                Ok(root)
            });
            self.root = Some(root.map_err(|error| cannot("make", &self.path, &error))?);
        }
        let path = self.state_path();
        if self.state.is_none() {
            let root = self.root()?;
            let (made, state) = match root.make(STATE, STATE_MODE, None) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (false, state(root)),
                other => (true, other.map(Some)),
            };
            self.state = state.map_err(|error| cannot("make", &path, &error))?;
            self.made_state = made;
        }
        let path = path.join(LOCK);
        let open =
            || self.state()?.file_or_make(LOCK).map_err(|error| cannot("open", &path, &error));
        let file = open()?;
        let busy = || {
            wrong(format!(
                "{}: another offhook generate is at work there; wait for it",
                self.path.display()
            ))
        };
        let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => return Err(busy()),
            Err((_, error)) => return Err(cannot("lock", &path, &error.into())),
        };
        // A run that came to nothing may have taken the file away in between.
        let held = lock.metadata().map_err(|error| cannot("lock", &path, &error))?.ino();
        let there = self.state()?.about(LOCK).map_err(|error| cannot("lock", &path, &error))?;
        if there.is_none_or(|there| there.st_ino != held) {
            return Err(busy());
        }
        self.lock = Some(lock);
        Ok(())
    }

    fn root(&self) -> Result<&Folder, Failure> {
        self.root.as_ref().ok_or_else(|| self.not_open())
    }

    fn state(&self) -> Result<&Folder, Failure> {
        self.state.as_ref().ok_or_else(|| self.not_open())
    }

    fn aside(&self) -> Result<&Aside, Failure> {
        self.aside.as_ref().ok_or_else(|| self.not_open())
    }

    fn not_open(&self) -> Failure {
        wrong(format!("{}: the tree is not open for writing", self.path.display()))
    }

    pub fn manifest(&self) -> Result<Manifest, Failure> {
        let Some(state) = &self.state else { return Ok(Manifest::default()) };
        let path = self.state_path().join(MANIFEST);
        let mut text = String::new();
        match state.own_file(MANIFEST).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => Manifest::read(&text).map_err(|error| {
                wrong(format!(
                    "{}: damaged: {error}; move it away, then what is in the tree is no longer \
                     known as ours",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
            Err(error) => Err(damaged(&path, &error)),
        }
    }

    pub fn save_manifest(&mut self, manifest: &Manifest) -> Result<(), Failure> {
        let state = self.state()?;
        let write = || {
            state.remove(NEW_MANIFEST)?;
            let mut file = state.new_file(NEW_MANIFEST)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.write_all(manifest.text().as_bytes())?;
            file.sync_all()?;
            state.move_to(NEW_MANIFEST, state, MANIFEST)
        };
        write().map_err(|error| cannot("write", &self.state_path().join(MANIFEST), &error))?;
        self.kept = true;
        Ok(())
    }

    /// The run has done its work: what it has made stays.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    pub fn look(&self, path: &str) -> Found {
        let Some(root) = &self.root else { return Found::Nothing };
        let about = within(root, path, |folder, name| folder.about(name));
        match about {
            Ok(None) => Found::Nothing,
            Ok(Some(about)) if kind(&about) == SFlag::S_IFREG => {
                let mode = about.st_mode & 0o7777 == FILE_MODE;
                let group = self.group.is_none_or(|group| group == about.st_gid);
                let size = u64::try_from(about.st_size).unwrap_or(0);
                Found::File { size, written: written(&about), as_wanted: mode && group }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
            // A link in the place of a folder, or a folder that this user may not enter.
            Ok(Some(_)) | Err(_) => Found::Other,
        }
    }

    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        within(root, path, |folder, name| folder.file(name))?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// An empty place to write aside in; whatever an interrupted run left there goes.
    pub fn begin(&mut self) -> Result<(), Failure> {
        let state = self.state()?;
        let make = || {
            state.remove_all(ASIDE, 2)?;
            let folder = state.make(ASIDE, STATE_MODE, None)?;
            let shard = |shard: usize| folder.make(&shard.to_string(), STATE_MODE, None);
            let shards = (0..SHARDS).map(shard).collect::<io::Result<_>>()?;
            Ok(Aside { folder, shards })
        };
        let aside = make().map_err(|error| cannot("clear", &self.state_path().join(ASIDE), &error));
        self.aside = Some(aside?);
        Ok(())
    }

    /// Writes a file aside. May be called from many threads.
    pub fn stage(&self, number: usize, bytes: &[u8]) -> Result<Staged, Failure> {
        let shard = self.shard(number)?;
        let write = || {
            let mut file = shard.new_file(&number.to_string())?;
            fchown(&file, None, self.group)?;
            file.write_all(bytes)?;
            file.set_permissions(Permissions::from_mode(FILE_MODE))?;
            file.metadata()
        };
        let found = write().map_err(|error| cannot("write", &self.aside_path(number), &error))?;
        let written = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
        Ok(Staged { number, size: found.len(), written })
    }

    fn shard(&self, number: usize) -> Result<&Folder, Failure> {
        self.aside()?.shards.get(number % SHARDS).ok_or_else(|| self.not_open())
    }

    /// For messages.
    fn aside_path(&self, number: usize) -> PathBuf {
        self.state_path().join(ASIDE).join((number % SHARDS).to_string()).join(number.to_string())
    }

    /// Sees to it that what was written aside survives a loss of power before any of it is moved: a
    /// moved file is whole, or not there yet. A few files are synced one by one. Many cost less with
    /// all else that the file system still has to write, which on a busy machine is not ours alone.
    pub fn sync(&self, staged: &[Staged]) -> Result<(), Failure> {
        let failed = |error: io::Error| cannot("sync", &self.state_path().join(ASIDE), &error);
        if staged.len() <= FEW {
            return staged.iter().try_for_each(|file| {
                let staged = self.shard(file.number)?.file(&file.number.to_string());
                staged.and_then(|file| file.sync_all()).map_err(failed)
            });
        }
        nix::unistd::syncfs(self.root()?).map_err(|error| failed(error.into()))
    }

    /// Moves a file to its place.
    pub fn publish(&self, staged: Staged, path: &str) -> Result<(), Failure> {
        let shard = self.shard(staged.number)?;
        let (folders, name) = split(path);
        let number = staged.number.to_string();
        let root = self.root()?;
        let mut folder: Option<Folder> = None;
        for part in folders {
            folder = Some(self.enter(folder.as_ref().unwrap_or(root), part, path)?);
        }
        let moved = shard.move_to(&number, folder.as_ref().unwrap_or(root), name);
        moved.map_err(|error| cannot("move a file to", &self.path.join(path), &error))
    }

    /// Opens a folder below the root, and makes it first if it is not there; a link in its place is an
    /// error.
    fn enter(&self, above: &Folder, part: &str, path: &str) -> Result<Folder, Failure> {
        match above.inside(part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.in_the_way(path, &error)),
            Ok(folder) => return Ok(folder),
        }
        // Under another name first, so that it is never there with another mode.
        let aside = &self.aside()?.folder;
        let make = || {
            let folder = aside.make(NEW_FOLDER, FOLDER_MODE, self.group)?;
            aside.move_to(NEW_FOLDER, above, part)?;
            Ok(folder)
        };
        make().map_err(|error| cannot("make a folder for", &self.path.join(path), &error))
    }

    fn in_the_way(&self, path: &str, error: &io::Error) -> Failure {
        wrong(format!(
            "{}: a folder of it cannot be entered ({error}): offhook follows no links below the tree's \
             root",
            self.path.join(path).display()
        ))
    }

    /// Removes a file of offhook, and the folders that it leaves empty.
    pub fn remove(&self, path: &str) -> Result<(), Failure> {
        let (parts, name) = split(path);
        let parts: Vec<&str> = parts.collect();
        let root = self.root()?;
        let mut folders: Vec<Folder> = Vec::with_capacity(parts.len());
        for part in &parts {
            match folders.last().unwrap_or(root).inside(part) {
                Ok(folder) => folders.push(folder),
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(self.in_the_way(path, &error)),
            }
        }
        if folders.len() == parts.len() {
            let removed = folders.last().unwrap_or(root).remove(name);
            removed.map_err(|error| cannot("remove", &self.path.join(path), &error))?;
        }
        while folders.pop().is_some() {
            let above = folders.last().unwrap_or(root);
            let empty = parts.get(folders.len()).map(|part| above.remove_folder(part));
            if !matches!(empty, Some(Ok(()))) {
                break;
            }
        }
        Ok(())
    }

    /// Takes away the place to write aside in.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.aside = None;
        let cleared = self.state()?.remove_all(ASIDE, 2);
        cleared.map_err(|error| cannot("clear", &self.state_path().join(ASIDE), &error))
    }
}

/// A run that came to nothing leaves nothing behind. What cannot be removed stays, and the next run
/// finds it.
impl Drop for Tree {
    fn drop(&mut self) {
        if self.kept || (self.lock.is_none() && !self.made_root && !self.made_state) {
            return;
        }
        if let Some(state) = &self.state
            && self.lock.is_some()
        {
            let _ = state.remove_all(ASIDE, 2);
            if self.made_state {
                let _ = state.remove(LOCK);
            }
        }
        if let (Some(root), true) = (&self.root, self.made_state) {
            let _ = root.remove_folder(STATE);
        }
        if self.made_root {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}
