/// Which lines mean what: data.
pub mod pattern;
/// Times as logs write them.
pub mod time;

use std::io::{self, BufRead};

use pattern::{Entry, Patterns};
use serde::Serialize;
use time::Clock;

/// The longest line that is read; the rest of a longer one is skipped.
const LONGEST: usize = 16 * 1024;

/// What became of a log's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// All lines.
    pub lines: u64,
    /// Lines that a pattern fits.
    pub matched: u64,
    /// Of those, lines that belong to none of the phones.
    pub strangers: u64,
}

/// Reads a log line by line; `each` says whether an entry belongs to a phone.
///
/// # Errors
/// The log cannot be read.
pub fn read(
    log: &mut dyn BufRead,
    patterns: &Patterns,
    clock: &Clock,
    each: &mut dyn FnMut(&Entry<'_>) -> bool,
) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut line = Vec::new();
    while next_line(log, &mut line)? {
        tally.lines += 1;
        let text = String::from_utf8_lossy(&line);
        if let Some(entry) = patterns.read(&text, clock) {
            tally.matched += 1;
            tally.strangers += u64::from(!each(&entry));
        }
    }
    Ok(tally)
}

/// The next line without its end, cut off at [`LONGEST`]. False at the end of the log.
fn next_line(log: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = log.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = LONGEST.saturating_sub(line.len()).min(part.len());
        line.extend_from_slice(part.get(..room).unwrap_or_default());
        let used = part.len() + usize::from(end.is_some());
        log.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_cut_off() {
        let long = format!("{}\nshort", "x".repeat(LONGEST * 3));
        let mut log = long.as_bytes();
        let mut line = Vec::new();
        assert!(next_line(&mut log, &mut line).unwrap());
        assert_eq!(line.len(), LONGEST);
        assert!(next_line(&mut log, &mut line).unwrap());
        assert_eq!(line, b"short");
        assert!(!next_line(&mut log, &mut line).unwrap());
    }
}
