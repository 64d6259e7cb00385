//! How many phones are kept, and how many of them are new in this minute.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::now;

/// What `alive` holds.
pub(super) struct Count {
    pub(super) minute: u64,
    /// New phones in this minute.
    pub(super) new: u64,
    /// Phones that are kept. Counted anew with each minute, so that no mistake stays.
    pub(super) kept: u64,
}

impl Count {
    pub(super) fn read(file: &File, kept: impl FnOnce() -> u64) -> io::Result<Count> {
        let mut text = [0; 64];
        let length = file.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default());
        let mut words = text.split_whitespace().map(str::parse::<u64>);
        let minute = now() / 60;
        Ok(match (words.next(), words.next(), words.next()) {
            (Some(Ok(then)), Some(Ok(new)), Some(Ok(kept))) if then == minute => {
                Count { minute, new, kept }
            }
            _ => Count { minute, new: 0, kept: kept() },
        })
    }

    /// Of one length, so that nothing of a longer line is left behind it.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        file.write_all_at(
            format!("{:<12} {:<6} {:<8}\n", self.minute, self.new, self.kept).as_bytes(),
            0,
        )
    }
}
