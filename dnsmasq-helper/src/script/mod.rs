//! `offhook-dnsmasq` as dnsmasq's `dhcp-script`: one short life per event.
//!
//! dnsmasq starts one at a time and waits for it, so it must be fast, end by itself, and never be
//! the reason that anything stops: whatever happens, it exits with 0. In normal operation it says
//! nothing; what it prints comes out in dnsmasq's log. It reads no policy and parses no catalogue.

pub mod event;
pub mod evidence;
pub mod judge;
mod record;
mod signals;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::book::Book;
use crate::state::State;
use event::Event;

/// Longer than any disk should take, shorter than dnsmasq's queue can bear.
const SECONDS: u32 = 2;

/// Where the state is, unless the environment says otherwise.
const DIRECTORY: &str = "/var/lib/offhook";

/// Handles one event. `words` are the arguments behind the program's name.
pub fn run(program: &OsString, words: &[OsString]) {
    signals::reset(SECONDS);
    let Some(event) = Event::read(words, |name| std::env::var_os(name)) else { return };
    let state = State::at(directory(program));
    let book = Book::open(&state.book()).ok();
    if let Err(error) = record::record(&state, &event, book.as_ref()) {
        // The lease stands; the next event mends the book.
        eprintln!("offhook-dnsmasq: {}: {error}", state.directory().display());
    }
}

/// `OFFHOOK_STATE`, or a folder by the program's name: a symlink `offhook-dnsmasq-voice` tells an
/// instance apart, since nothing in an event names the dnsmasq that it comes from.
pub fn directory(program: &OsString) -> PathBuf {
    if let Some(directory) = std::env::var_os("OFFHOOK_STATE").filter(|value| !value.is_empty()) {
        return PathBuf::from(directory);
    }
    let name = std::path::Path::new(program).file_name().and_then(|name| name.to_str());
    let instance = name.and_then(|name| name.strip_prefix("offhook-dnsmasq-"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match instance.filter(|name| !name.is_empty() && name.chars().all(plain)) {
        Some(instance) => PathBuf::from(format!("{DIRECTORY}/dnsmasq-{instance}")),
        None => PathBuf::from(format!("{DIRECTORY}/dnsmasq")),
    }
}
