//! What offhook wrote into a tree: so that a second run knows without reading a file what it need not
//! write again, and so that only our own files are ever removed.
//!
//! One line a file, in `DIR/.offhook/manifest`, for its owner alone: fingerprint, size, time of
//! writing, where secrets are in it, path. A file that is about to be written is noted before it
//! appears, with a fingerprint that fits nothing.

use std::collections::HashMap;
use std::fmt::Write as _;

use offhook_core::file_map::place::stays_inside;
use offhook_phone_files::files::Fingerprint;

/// The first line; another format of a later version is not read as this one.
const HEAD: &str = "offhook manifest 1";

/// A file that we wrote, or were about to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub fingerprint: Fingerprint,
    pub size: u64,
    /// Nanoseconds since 1970.
    pub written: i128,
    pub secrets: Vec<(u32, u32)>,
}

#[derive(Debug, Default, PartialEq)]
pub struct Manifest(pub HashMap<String, Entry>);

impl Entry {
    /// For a file that is about to be written.
    pub fn pending() -> Entry {
        Entry { fingerprint: [0; 16], size: u64::MAX, written: -1, secrets: Vec::new() }
    }
}

impl Manifest {
    pub fn read(text: &str) -> Result<Manifest, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(format!("expected {HEAD:?} in its first line"));
        }
        let mut files = HashMap::with_capacity(text.len() / 96);
        for (number, line) in lines.enumerate() {
            let number = number + 2;
            let (path, entry) =
                entry(line).ok_or_else(|| format!("line {number} cannot be read"))?;
            // What another has written here must not lead out of the tree.
            if !stays_inside(path) {
                return Err(format!("line {number} names a file that is not in the tree"));
            }
            files.insert(path.to_owned(), entry);
        }
        Ok(Manifest(files))
    }

    /// Sorted, so that the same tree has the same manifest.
    pub fn text(&self) -> String {
        let mut paths: Vec<&String> = self.0.keys().collect();
        paths.sort();
        let mut text = String::with_capacity(96 * paths.len());
        let _ = writeln!(text, "{HEAD}");
        for path in paths {
            let Some(entry) = self.0.get(path) else { continue };
            for byte in entry.fingerprint {
                let _ = write!(text, "{byte:02x}");
            }
            let _ = write!(text, " {} {} ", entry.size, entry.written);
            if entry.secrets.is_empty() {
                text.push('-');
            }
            for (index, (start, end)) in entry.secrets.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(text, "{comma}{start}+{}", end.saturating_sub(*start));
            }
            let _ = writeln!(text, " {path}");
        }
        text
    }
}

fn entry(line: &str) -> Option<(&str, Entry)> {
    let mut parts = line.splitn(5, ' ');
    let mut fingerprint = [0; 16];
    hex::decode_to_slice(parts.next()?, &mut fingerprint).ok()?;
    let size = parts.next()?.parse().ok()?;
    let written = parts.next()?.parse().ok()?;
    let secrets = match parts.next()? {
        "-" => Vec::new(),
        list => {
            let range = |text: &str| {
                let (start, length) = text.split_once('+')?;
                let (start, length) = (start.parse::<u32>().ok()?, length.parse::<u32>().ok()?);
                Some((start, start.checked_add(length)?))
            };
            list.split(',').map(range).collect::<Option<_>>()?
        }
    };
    Some((parts.next()?, Entry { fingerprint, size, written, secrets }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let mut manifest = Manifest::default();
        let secrets = vec![(12, 20), (40, 40)];
        let entry = Entry { fingerprint: [7; 16], size: 120, written: 1_700_000_000_123, secrets };
        manifest.0.insert("yealink/001565010203.cfg".to_owned(), entry);
        manifest.0.insert("000000000000.cfg".to_owned(), Entry::pending());
        assert_eq!(Manifest::read(&manifest.text()), Ok(manifest));
        assert!(Manifest::read("").is_err());
        assert!(Manifest::read("offhook manifest 1\nx").is_err());
        for path in ["../outside.txt", "/etc/passwd", "a/../../b", ".offhook/lock", ""] {
            let line = format!("offhook manifest 1\n{} 1 1 - {path}\n", "00".repeat(16));
            let told = Manifest::read(&line).unwrap_err();
            assert!(told.contains("line 2 names a file that is not in the tree"), "{path}: {told}");
        }
    }
}
