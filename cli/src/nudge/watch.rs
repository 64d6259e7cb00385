//! A web server's log, watched from now on.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use offhook_edge::file::{self, Kind};

use crate::input::{Failure, wrong};

/// See the module. A log that is rotated meanwhile is followed.
pub struct Watch {
    path: PathBuf,
    file: BufReader<File>,
    inode: u64,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
}

/// The longest line that is kept while its end is not there.
const LONGEST: usize = 64 * 1024;

impl Watch {
    /// Begins at the log's end.
    pub fn new(path: &Path) -> Result<Watch, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| wrong(format!("--web-log {}: {error}", path.display()));
        let (mut file, about) = file::open(path, Kind::File).map_err(|error| failed(&error))?;
        file.seek(SeekFrom::End(0)).map_err(|error| failed(&error))?;
        let (path, inode) = (path.to_owned(), about.ino());
        Ok(Watch { path, file: BufReader::new(file), inode, begun: Vec::new() })
    }

    /// Visits every line that has come since.
    pub fn lines(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        self.rest(each)?;
        let Ok((file, about)) = file::open(&self.path, Kind::File) else { return Ok(()) };
        let here = self.file.stream_position()?;
        if about.ino() != self.inode || about.len() < here {
            self.inode = about.ino();
            self.file = BufReader::new(file);
            self.begun.clear();
            self.rest(each)?;
        }
        Ok(())
    }

    fn rest(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        loop {
            let room = LONGEST.saturating_sub(self.begun.len()) as u64;
            let read = self.file.by_ref().take(room.max(1)).read_until(b'\n', &mut self.begun)?;
            match self.begun.last() {
                Some(b'\n') => {
                    each(String::from_utf8_lossy(&self.begun).trim_end());
                    self.begun.clear();
                }
                _ if self.begun.len() >= LONGEST => self.begun.clear(),
                _ => {}
            }
            if read == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_what_comes_later_and_through_a_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "before\n").unwrap();
        let mut watch = Watch::new(&path).unwrap();
        let mut seen = Vec::new();
        let append = |text: &str| {
            let mut file = File::options().append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        append("one\ntw");
        watch.lines(&mut |line| seen.push(line.to_owned())).unwrap();
        append("o\n");
        watch.lines(&mut |line| seen.push(line.to_owned())).unwrap();
        append("three\n");
        std::fs::rename(&path, folder.path().join("log.1")).unwrap();
        append("four\n");
        watch.lines(&mut |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["one", "two", "three", "four"]);
    }
}
