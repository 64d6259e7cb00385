//! The dnsmasq that is running: its version, and whether the process that calls the script lives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Of `dnsmasq --version`: 2.90 is (2, 90).
pub fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = said.split_whitespace().nth(2)?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What is known of the process that dnsmasq keeps for its script. It is forked once at start; if it
/// dies, nothing says so and no event is ever reported again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Helper {
    Alive,
    Dead,
    /// dnsmasq is not running, or its process id is not known.
    Unknown,
}

pub fn helper(pid_file: &Path) -> Helper {
    let Some(pid) = fs::read_to_string(pid_file).ok().and_then(|pid| pid.trim().parse().ok())
    else {
        return Helper::Unknown;
    };
    helper_of(pid)
}

fn helper_of(pid: u32) -> Helper {
    let Ok(name) = fs::read_to_string(format!("/proc/{pid}/comm")) else { return Helper::Unknown };
    let Ok(entries) = fs::read_dir("/proc") else { return Helper::Unknown };
    let is_child = |other: u32| {
        // pid (comm) state ppid ...: the name may hold blanks and brackets, the rest does not.
        let stat = fs::read_to_string(format!("/proc/{other}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let mut words = rest.split_whitespace();
        let alive = words.next().is_some_and(|state| state != "Z");
        alive && words.next().and_then(|parent| parent.parse().ok()) == Some(pid)
    };
    let same_name = |other: u32| {
        fs::read_to_string(format!("/proc/{other}/comm")).is_ok_and(|other| other == name)
    };
    let found = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .any(|other| is_child(other) && same_name(other));
    if found { Helper::Alive } else { Helper::Dead }
}

/// When anything in a folder was last written, two levels deep.
pub fn last_written(folder: &Path) -> Option<SystemTime> {
    let mut last = None;
    let mut folders = vec![(folder.to_owned(), 0u8)];
    while let Some((folder, depth)) = folders.pop() {
        let entries: Vec<PathBuf> =
            fs::read_dir(&folder).ok()?.flatten().map(|entry| entry.path()).collect();
        for path in entries {
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            if found.is_dir() && depth < 2 {
                folders.push((path, depth + 1));
            } else if found.is_file() {
                last = last.max(found.modified().ok());
            }
        }
    }
    last
}
