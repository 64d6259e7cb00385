//! The state directory: one small file per phone, and a sign of life.
//!
//! ```text
//! book                      link to the book of the rendering in force
//! alive                     changes with every event that writes nothing else; in it, a minute, how many
//!                           new phones it has seen, and how many are kept
//! key                       8 random bytes for the hash that chooses a phone's folder
//! phones/7c/0015650a0b0a.json
//! ```
//! Files appear whole or not at all, and their names come from parsed addresses only. A client can
//! make up addresses, so the number of files and of new ones in a minute is bounded, and no choice of
//! addresses fills one folder. No lock: what two writers write of one phone is true either way.

/// The bounds of the book.
mod count;
/// One phone.
mod record;

use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use offhook_core::Mac;

use count::Count;
pub use offhook_edge::folder::Folder;
pub use record::Record;

/// Phones that are kept. The folders share them out by a keyed hash of the address.
const PHONES: u64 = 16_384;
/// Folders that are searched for a phone that may make room. The hash spreads the phones that are gone
/// over all folders.
const SEARCHED: u8 = 8;
/// New phones in a minute. A building after a power cut stays far below.
const NEW_IN_A_MINUTE: u64 = 6000;
/// Nearly every file is smaller, and none is larger than `LARGEST`: a client's texts are options of at
/// most 255 bytes.
const USUAL: usize = 2048;
const LARGEST: usize = 16 * 1024;
/// What a killed run left behind is older than this.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// The state directory, held open.
pub struct State {
    folder: Folder,
    path: PathBuf,
    /// What an event needs more than once is opened once: this program's life is short.
    key: OnceCell<[u8; KEY]>,
    phones: OnceCell<Folder>,
    /// The folder of the phone that the event is about.
    last: RefCell<Option<(u8, Rc<Folder>)>>,
}

impl State {
    /// Opens the directory for an event, and makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be opened or made, is a link, or other users could exchange files in it.
    pub fn open(path: PathBuf) -> io::Result<State> {
        let folder = Folder::open_or_make(&path)?;
        folder.refuse_if_unsafe()?;
        let (key, phones, last) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Ok(State { folder, path, key, phones, last })
    }

    /// The link to the book of the rendering in force.
    pub fn book(&self) -> PathBuf {
        self.path.join(BOOK)
    }

    /// Says that events arrive.
    pub fn alive(&self) -> io::Result<()> {
        self.folder.file_or_make(ALIVE)?.set_modified(SystemTime::now())
    }

    /// In which folder a phone's file is: by a hash whose key is this directory's own, so that no
    /// client can choose it.
    fn number(&self, mac: Mac) -> io::Result<u8> {
        let key = match self.key.get() {
            Some(key) => *key,
            None => {
                let key = self.read_or_make_key()?;
                *self.key.get_or_init(|| key)
            }
        };
        // Not SHA-256: it asks the processor what it can, which takes longer than all else here.
        let keyed =
            SeedableRandomState::with_seed(u64::from_be_bytes(key), SharedSeed::global_fixed());
        let [number, ..] = keyed.hash_one(mac.number()).to_be_bytes();
        Ok(number)
    }

    fn read_or_make_key(&self) -> io::Result<[u8; KEY]> {
        match self.read_key() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; KEY];
                File::open("/dev/urandom")?.read_exact(&mut key)?;
                self.folder.put_if_absent("key", &key)?;
                self.read_key()
            }
            other => other,
        }
    }

    fn read_key(&self) -> io::Result<[u8; KEY]> {
        let mut key = [0; KEY];
        self.folder.file("key")?.read_exact(&mut key)?;
        Ok(key)
    }

    /// The folder of all phones.
    fn all_phones(&self) -> io::Result<&Folder> {
        match self.phones.get() {
            Some(phones) => Ok(phones),
            None => {
                let phones = self.folder.inside("phones")?;
                Ok(self.phones.get_or_init(|| phones))
            }
        }
    }

    fn phones(&self, number: u8) -> io::Result<Rc<Folder>> {
        if let Some((last, folder)) = &*self.last.borrow()
            && *last == number
        {
            return Ok(Rc::clone(folder));
        }
        let folder = Rc::new(self.all_phones()?.inside(&name_of(number))?);
        self.last.replace(Some((number, Rc::clone(&folder))));
        Ok(folder)
    }

    /// What is known; none too if the file is damaged: the next event mends it.
    pub fn read(&self, mac: Mac) -> Option<Record> {
        let folder = self.phones(self.number(mac).ok()?).ok()?;
        read(&folder, &file_of(mac))
    }

    /// Writes a phone's file, whole or not at all.
    pub fn write(&self, mac: Mac, record: &Record, new: bool) -> io::Result<()> {
        let number = self.number(mac)?;
        if new {
            self.make_room(number)?;
        }
        let folder = match self.phones(number) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Rc::new(self.folder.inside_or_make("phones")?.inside_or_make(&name_of(number))?)
            }
            folder => folder?,
        };
        folder.put(&file_of(mac), &serde_json::to_vec(record)?)
    }

    pub fn forget(&self, mac: Mac) -> io::Result<()> {
        match self.phones(self.number(mac)?) {
            Ok(folder) => folder.remove(file_of(mac)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Before a new file: sweeps what killed runs left, and keeps the bounds.
    fn make_room(&self, number: u8) -> io::Result<()> {
        if let Ok(folder) = self.phones(number) {
            sweep(&folder)?;
        }
        let file = self.folder.file_or_make(ALIVE)?;
        let mut count = Count::read(&file, || self.kept())?;
        if count.new >= NEW_IN_A_MINUTE {
            return Err(io::Error::other("too many new phones in a minute; this one is not kept"));
        }
        if count.kept >= PHONES {
            // The phone that has been gone longest makes room; one with a lease never does.
            let made = (0..SEARCHED).any(|step| {
                let folder = self.phones(number.wrapping_add(step));
                folder.is_ok_and(|folder| evict(&folder))
            });
            if !made {
                return Err(io::Error::other(format!(
                    "{} phones are kept and none of them is gone; this one is not kept",
                    count.kept
                )));
            }
            count.kept -= 1;
        }
        count.new += 1;
        count.kept += 1;
        count.write(&file)
    }

    /// How many phones are kept, by counting them.
    fn kept(&self) -> u64 {
        let Ok(phones) = self.all_phones() else { return 0 };
        let files = |number: u8| {
            let names = phones.inside(&name_of(number)).and_then(|folder| folder.names());
            names.map_or(0, |names| names.iter().filter(|name| is_whole(name)).count() as u64)
        };
        (0..=u8::MAX).map(files).sum()
    }
}

/// The state directory for a rendering, which has a link in it to make; `None` if there is none.
///
/// # Errors
/// It is a link, no directory, or cannot be opened.
pub fn existing(directory: &Path) -> io::Result<Option<Folder>> {
    match Folder::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The link to the book of the rendering in force.
pub const BOOK: &str = "book";
const ALIVE: &str = "alive";
const KEY: usize = 8;

fn name_of(number: u8) -> String {
    format!("{number:02x}")
}

fn file_of(mac: Mac) -> String {
    format!("{}.json", hex::encode(mac.0))
}

/// A file in its place, not one that a run is writing.
fn is_whole(name: &OsString) -> bool {
    !name.as_encoded_bytes().starts_with(b".")
}

fn read(folder: &Folder, name: &str) -> Option<Record> {
    let mut file = folder.file(name).ok()?;
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

fn sweep(folder: &Folder) -> io::Result<()> {
    let old = |name: &OsString| {
        let age = folder.changed(name).and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age > LEFT_BEHIND)
    };
    for name in folder.names()?.iter().filter(|name| !is_whole(name) && old(name)) {
        folder.remove(name)?;
    }
    Ok(())
}

/// Removes the phone that has been gone longest; false if each has a lease.
fn evict(folder: &Folder) -> bool {
    let mut names: Vec<OsString> = folder.names().unwrap_or_default();
    names.retain(is_whole);
    names.sort_by_cached_key(|name| folder.changed(name));
    let gone = |name: &&OsString| {
        let record = name.to_str().and_then(|name| read(folder, name));
        record.is_none_or(|record| record.gone())
    };
    names.iter().find(gone).is_some_and(|name| folder.remove(name).is_ok())
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(state: &str) -> Record {
        Record { state: state.to_owned(), ..Record::default() }
    }

    fn mac(number: u64) -> Mac {
        Mac::from_number(0x0015_6500_0001 + (number << 8))
    }

    fn set(state: &State, new: u64, kept: u64) {
        let file = state.folder.file_or_make(ALIVE).unwrap();
        Count { minute: now() / 60, new, kept }.write(&file).unwrap();
    }

    fn place_of(state: &State, mac: Mac) -> String {
        format!("phones/{}", name_of(state.number(mac).unwrap()))
    }

    #[test]
    fn a_bound_in_the_sum_whatever_addresses_clients_choose() {
        let place = tempfile::tempdir().unwrap();
        let state = State::open(place.path().to_owned()).unwrap();
        // All end with the same byte, and 64 of them filled the one folder of all such phones once.
        for number in 0..300 {
            state.write(mac(number), &record("leased"), true).unwrap();
        }
        assert_eq!(state.kept(), 300);
        let folders = (0..=255u8).filter_map(|number| state.phones(number).ok());
        let fullest = folders.map(|folder| folder.names().unwrap().len()).max().unwrap();
        assert!(fullest < 20, "{fullest} of 300 files in one folder");
        // Another directory has another key, so what fills a folder here does not there.
        let other = tempfile::tempdir().unwrap();
        let other = State::open(other.path().to_owned()).unwrap();
        let same = (0..300).filter(|at| place_of(&state, mac(*at)) == place_of(&other, mac(*at)));
        assert!(same.count() < 20);
    }

    #[test]
    fn a_full_book_keeps_leases_and_drops_who_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let state = State::open(place.path().to_owned()).unwrap();
        for number in 0..2000 {
            state.write(mac(number), &record("leased"), true).unwrap();
        }
        set(&state, 0, PHONES);
        let error = state.write(mac(2000), &record("leased"), true).unwrap_err().to_string();
        assert!(error.contains("none of them is gone") || state.kept() == 2001, "{error}");
        // One that is gone, near the new one's folder, makes room; in whichever minute.
        let near = (0..2000).find(|at| place_of(&state, mac(*at)) == place_of(&state, mac(3000)));
        let near = mac(near.unwrap());
        state.write(near, &record("released"), false).unwrap();
        set(&state, 0, PHONES);
        state.write(mac(3000), &record("leased"), true).unwrap();
        assert!(
            state.read(near).is_none()
                || fs::read_to_string(place.path().join(ALIVE)).unwrap().contains(" 1 ")
        );
        state.forget(mac(1)).unwrap();
        state.forget(mac(1)).unwrap();
        assert_eq!(state.read(mac(1)), None);
    }

    #[test]
    fn the_number_of_phones_is_counted_anew_with_each_minute() {
        let place = tempfile::tempdir().unwrap();
        let state = State::open(place.path().to_owned()).unwrap();
        state.write(mac(1), &record("leased"), true).unwrap();
        let file = state.folder.file_or_make(ALIVE).unwrap();
        for text in ["1 1 16384\n", "damaged \u{0}", ""] {
            fs::write(place.path().join(ALIVE), text).unwrap();
            let count = Count::read(&file, || state.kept()).unwrap();
            assert_eq!((count.new, count.kept), (0, 1), "{text:?}");
        }
    }

    #[test]
    fn new_phones_in_a_minute_are_bounded() {
        let place = tempfile::tempdir().unwrap();
        let state = State::open(place.path().to_owned()).unwrap();
        set(&state, NEW_IN_A_MINUTE - 1, 0);
        state.write(mac(1), &record("leased"), true).unwrap();
        if state.write(mac(2), &record("leased"), true).is_ok() {
            // The minute was over just then.
            assert!(fs::read_to_string(place.path().join(ALIVE)).unwrap().contains(" 1 "));
        }
    }

    #[test]
    fn what_a_killed_run_left_is_swept() {
        let place = tempfile::tempdir().unwrap();
        let state = State::open(place.path().to_owned()).unwrap();
        state.write(mac(1), &record("leased"), true).unwrap();
        let left = place.path().join(place_of(&state, mac(1))).join(".001565000101.json-4711");
        let old = SystemTime::now() - LEFT_BEHIND * 2;
        File::create(&left).unwrap().set_modified(old).unwrap();
        state.forget(mac(1)).unwrap();
        state.write(mac(1), &record("leased"), true).unwrap();
        assert!(!left.exists());
    }
}
