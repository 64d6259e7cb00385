//! `offhook-dnsmasq` as dnsmasq's `dhcp-script`: one short life per event.
//!
//! dnsmasq starts one at a time and waits for it, so it must be fast, end by itself, and never be
//! the reason that anything stops: whatever happens, it exits with 0. In normal operation it says
//! nothing; what it prints comes out in dnsmasq's log. It reads no policy
//! and no folder of vendors: the book holds what it needs of them, compiled.

pub mod event;
pub mod evidence;
pub mod judge;
mod record;
mod signals;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use offhook_edge::command::error_line;

use crate::book::Book;
use crate::state::State;
use event::Event;

/// Longer than any disk should take, shorter than dnsmasq's queue allows.
const SECONDS: u32 = 2;

/// Where the state is, unless the environment says otherwise.
const DIRECTORY: &str = "/var/lib/offhook";

/// Whether these words are an event's: an action, and the address that it is about. dnsmasq on a
/// terminal (`--no-daemon`) hands its terminal on to its script, so that says nothing.
pub fn is_event(words: &[OsString]) -> bool {
    let about = |word: &OsString| word.to_str().is_some_and(is_address);
    match words {
        [] => false,
        // `add MAC IP`, `tftp SIZE IP FILE`, `relay-snoop INTERFACE IP PREFIX`.
        [action, rest @ ..] => action == "init" || rest.iter().take(2).any(about),
    }
}

/// An IP address, or a hardware address or DUID in dnsmasq's spelling: digits in pairs between colons,
/// perhaps behind the hardware type (`06-`).
fn is_address(word: &str) -> bool {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hardware = match word.split_once('-') {
        Some((kind, "")) => return pair(kind),
        Some((kind, rest)) => Some(rest).filter(|_| pair(kind)),
        None => Some(word).filter(|word| word.contains(':')),
    };
    hardware.is_some_and(|digits| digits.split(':').all(pair)) || word.parse::<IpAddr>().is_ok()
}

/// Handles one event. `words` are the arguments behind the program's name.
pub fn run(program: &OsString, words: &[OsString]) {
    signals::reset(SECONDS);
    let Some(event) = Event::read(words, |name| std::env::var_os(name)) else { return };
    let directory = directory(program);
    let kept = State::open(directory.clone()).and_then(|state| {
        let book = Book::open(&state.book()).ok();
        record::record(&state, &event, book.as_ref())
    });
    if let Err(error) = kept {
        // The lease is given; the next event mends the book.
        error_line(format!("offhook-dnsmasq: {}: {error}", directory.display()));
    }
}

/// `OFFHOOK_STATE`, or a folder by the program's name: a symlink `offhook-dnsmasq-voice` names an
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_by_the_address_that_they_are_about() {
        let event = |line: &str| is_event(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in [
            "add 00:15:65:00:00:01 10.0.0.7 name",
            "old 06-00:15:65:00:00:01 10.0.0.7",
            "del 01- 10.0.0.7",
            "add 00:01:00:01:2c:3f:aa 2001:db8::7",
            "arp-add 00:15:65:00:00:01 10.0.0.7",
            "tftp 1234 10.0.0.7 /srv/tftp/x",
            "relay-snoop eth0 fe80::1 2001:db8::/64",
            "of-a-later-dnsmasq 00:15:65:00:00:01 10.0.0.7",
            "init",
        ] {
            assert!(event(line), "{line}");
        }
        for line in ["add", "rendr --policy x", "docto", "rendr -12 ab", "render: x", "x y-z 12"] {
            assert!(!event(line), "{line}");
        }
        assert!(!is_event(&[]));
    }
}
