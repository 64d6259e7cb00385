//! The state directory: one small file per phone, and a sign of life.
//!
//! ```text
//! book                      link to the book of the rendering in force
//! alive                     changes with every event that writes nothing else; in it, how many new
//!                           phones this minute has seen
//! phones/0a/0015650a0b0a.json
//! ```
//! Files appear whole or not at all, and their names come from parsed addresses only. A client can
//! make up addresses, so the number of files and of new ones in a minute is bounded. No lock: what
//! two writers write of one phone is true either way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_core::Mac;
use serde::{Deserialize, Serialize};

use crate::script::judge::Drift;

/// A folder per last byte of the address, and so many files in each: 16384 phones.
const IN_A_FOLDER: usize = 64;
/// New phones in a minute. A building after a power cut stays far below.
const NEW_IN_A_MINUTE: u32 = 6000;
/// Nearly every file is smaller, and none is larger than `LARGEST`: a client's texts are options of at
/// most 255 bytes.
const USUAL: usize = 2048;
const LARGEST: usize = 16 * 1024;
/// What a killed run left behind is older than this.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// What is known of a phone. `offhook phones --dnsmasq` reads the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Record {
    pub mac: String,
    pub address: String,
    /// `leased` or `released`.
    pub state: String,
    pub vendor: Option<String>,
    pub variant: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    /// By which sign it was recognised.
    pub by: Option<String>,
    pub site: Option<String>,
    /// The tag of the rule that answered.
    pub rule: Option<String>,
    /// Digest of the policy that answered.
    pub policy: Option<String>,
    pub host_name: Option<String>,
    pub interface: Option<String>,
    pub relay: Option<String>,
    /// Option 60 as dnsmasq passed it on.
    pub vendor_class: Option<String>,
    /// Seconds since 1970; 0: never.
    pub expires: Option<u64>,
    pub first_seen: u64,
    pub last_seen: u64,
    /// How often it asked for an address and dnsmasq passed its packet on.
    pub boots: u64,
    pub drift: Option<Drift>,
}

pub struct State {
    directory: PathBuf,
}

impl State {
    pub fn at(directory: PathBuf) -> State {
        State { directory }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn book(&self) -> PathBuf {
        self.directory.join("book")
    }

    pub fn alive_file(&self) -> PathBuf {
        self.directory.join("alive")
    }

    /// Says that events arrive.
    pub fn alive(&self) -> io::Result<()> {
        self.sign_of_life()?.set_modified(SystemTime::now())
    }

    fn sign_of_life(&self) -> io::Result<File> {
        let path = self.alive_file();
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.directory)?;
                open()
            }
            other => other,
        }
    }

    fn folder(&self, mac: Mac) -> PathBuf {
        let [.., last] = mac.0;
        self.directory.join("phones").join(format!("{last:02x}"))
    }

    fn path(&self, mac: Mac) -> PathBuf {
        self.folder(mac).join(format!("{}.json", hex::encode(mac.0)))
    }

    /// What is known; none too if the file is damaged: the next event mends it.
    pub fn read(&self, mac: Mac) -> Option<Record> {
        let mut file = File::open(self.path(mac)).ok()?;
        // One read into few pages: this program's life is as short as they are.
        let mut usual = [0; USUAL];
        let length = file.read(&mut usual).ok()?;
        if length < USUAL {
            return serde_json::from_slice(usual.get(..length)?).ok();
        }
        let mut text = usual.to_vec();
        file.take((LARGEST - USUAL) as u64).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes a phone's file, whole or not at all.
    pub fn write(&self, mac: Mac, record: &Record, new: bool) -> io::Result<()> {
        let (folder, path) = (self.folder(mac), self.path(mac));
        if new {
            self.make_room(&folder)?;
        }
        let temporary = folder.join(format!(".{}-{}", hex::encode(mac.0), std::process::id()));
        let text = serde_json::to_vec(record)?;
        let create = || match File::create(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&folder)?;
                File::create(&temporary)
            }
            other => other,
        };
        let written = create()
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    pub fn forget(&self, mac: Mac) -> io::Result<()> {
        match fs::remove_file(self.path(mac)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Before a new file: sweeps what killed runs left, and keeps the bounds.
    fn make_room(&self, folder: &Path) -> io::Result<()> {
        self.rate()?;
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let (mut files, mut left): (Vec<PathBuf>, Vec<PathBuf>) = (Vec::new(), Vec::new());
        for entry in entries.flatten() {
            let temporary = entry.file_name().as_encoded_bytes().starts_with(b".");
            if temporary { &mut left } else { &mut files }.push(entry.path());
        }
        for path in left {
            if changed(&path).is_some_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_BEHIND)) {
                let _ = fs::remove_file(path);
            }
        }
        if files.len() < IN_A_FOLDER {
            return Ok(());
        }
        // The phone that has been gone longest makes room; one with a lease never does.
        files.sort_by_cached_key(|path| changed(path));
        let gone = files.iter().find(|path| {
            let record = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            record.is_none_or(|record: Record| record.gone())
        });
        match gone {
            Some(path) => fs::remove_file(path),
            None => Err(io::Error::other("too many phones in one folder; this one is not kept")),
        }
    }

    fn rate(&self) -> io::Result<()> {
        let file = self.sign_of_life()?;
        let mut text = [0; 32];
        let length = file.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default());
        let mut words = text.split_whitespace().map(str::parse::<u64>);
        let minute = now() / 60;
        let count = match (words.next(), words.next()) {
            (Some(Ok(then)), Some(Ok(count))) if then == minute => count,
            _ => 0,
        };
        if count >= u64::from(NEW_IN_A_MINUTE) {
            return Err(io::Error::other("too many new phones in a minute; this one is not kept"));
        }
        // Of one length, so that nothing of a longer line is left behind it.
        file.write_all_at(format!("{minute:<12} {:<6}\n", count + 1).as_bytes(), 0)
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).and_then(|about| about.modified()).ok()
}

impl Record {
    /// Released, or its lease has run out.
    fn gone(&self) -> bool {
        self.state != "leased" || self.expires.is_some_and(|end| end != 0 && end < now())
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: &str) -> Record {
        Record { state: state.to_owned(), ..Record::default() }
    }

    fn files(state: &State) -> usize {
        let folder = state.directory.join("phones/01");
        fs::read_dir(folder).map_or(0, |entries| entries.flatten().count())
    }

    fn mac(number: u64) -> Mac {
        Mac::from_number(0x0015_6500_0001 + (number << 8))
    }

    #[test]
    fn the_number_of_files_is_bounded_and_leases_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().to_owned());
        state.alive().unwrap();
        for number in 0..64 {
            let word = if number == 40 { "released" } else { "leased" };
            state.write(mac(number), &record(word), true).unwrap();
        }
        assert_eq!(files(&state), 64);
        state.write(mac(64), &record("leased"), true).unwrap();
        assert_eq!((files(&state), state.read(mac(40))), (64, None));
        let error = state.write(mac(65), &record("leased"), true).unwrap_err();
        assert!(error.to_string().contains("too many phones"), "{error}");
        state.forget(mac(1)).unwrap();
        state.forget(mac(1)).unwrap();
        state.write(mac(65), &record("leased"), true).unwrap();
    }

    #[test]
    fn new_phones_in_a_minute_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().to_owned());
        fs::write(state.alive_file(), format!("{} 5999\n", now() / 60)).unwrap();
        state.write(mac(1), &record("leased"), true).unwrap();
        if state.write(mac(2), &record("leased"), true).is_ok() {
            // The minute was over just then.
            assert!(fs::read_to_string(state.alive_file()).unwrap().contains(" 1 "));
        }
        fs::write(state.alive_file(), "damaged \u{0}").unwrap();
        state.write(mac(3), &record("leased"), true).unwrap();
    }

    #[test]
    fn what_a_killed_run_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().to_owned());
        state.write(mac(1), &record("leased"), true).unwrap();
        let left = folder.path().join("phones/01/.001565000101-4711");
        let old = SystemTime::now() - LEFT_BEHIND * 2;
        File::create(&left).unwrap().set_modified(old).unwrap();
        state.write(mac(2), &record("leased"), true).unwrap();
        assert!(!left.exists());
    }
}
