//! How a command ends, and what it prints: the same for every program of offhook.

use std::fmt::Display;
use std::io::{self, Write};

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong; the text says what and where.
    Wrong(String),
    /// Nothing is wrong, but what was looked for is there, and the exit code says so.
    Found,
    /// The reader of standard output has gone away.
    ClosedPipe,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Wrong(error.to_string()),
        }
    }
}

/// The input is wrong: what and where.
pub fn wrong(text: impl Display) -> Failure {
    Failure::Wrong(text.to_string())
}

/// 0: done. 1: the input is wrong, or what was looked for was found. (2, usage, is clap's.)
pub fn exit_code(done: Result<(), Failure>) -> u8 {
    match done {
        Ok(()) => 0,
        Err(Failure::Wrong(text)) => {
            error_line(&text);
            1
        }
        Err(Failure::Found) => 1,
        // A reader that went away (`offhook vendors | head`) is not a failure of offhook.
        Err(Failure::ClosedPipe) => 0,
    }
}

/// Writes a line to standard error. A failure to write is ignored: the line has no reader then.
pub fn error_line(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a line to standard output.
///
/// # Errors
/// It cannot be written; a closed pipe is a case of its own.
pub fn line(text: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Writes a value as JSON on several lines.
///
/// # Errors
/// As [`line()`].
pub fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value).map_err(wrong)?)
}
