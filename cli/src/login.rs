//! The name of `--user` with its password, which is never an argument: every user of this host can read those.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use nix::sys::termios::{self, LocalFlags, SetArg};
use offhook_core::text::printable;
use offhook_emulate::digest::Credentials;

use crate::input::{self, Failure, wrong};

const PASSWORD: &str = "OFFHOOK_PASSWORD";

/// The password comes from the file, else from the environment, else it is requested on the terminal.
pub fn login(user: Option<&str>, file: Option<&Path>) -> Result<Option<Credentials>, Failure> {
    let Some(user) = user else { return Ok(None) };
    let password = match (file, std::env::var(PASSWORD)) {
        (Some(file), _) => input::text_of(file)?.lines().next().unwrap_or_default().to_owned(),
        (None, Ok(password)) => password,
        (None, Err(_)) if io::stdin().is_terminal() && io::stderr().is_terminal() => ask(user)?,
        (None, Err(_)) => {
            return Err(wrong(format!(
                "--user: expected its password in the environment variable {PASSWORD}, or a --password-file, or a \
                 terminal to request it on"
            )));
        }
    };
    match password.is_empty() {
        true => Err(wrong("--user: the password is empty")),
        false => Ok(Some(Credentials { user: user.to_owned(), password })),
    }
}

/// Nothing of it is shown while it is typed, and the prompt comes when that is so.
fn ask(user: &str) -> Result<String, Failure> {
    let (terminal, mut out) = (io::stdin(), io::stderr());
    let usual = termios::tcgetattr(&terminal).map_err(io::Error::from)?;
    let mut hidden = usual.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    termios::tcsetattr(&terminal, SetArg::TCSAFLUSH, &hidden).map_err(io::Error::from)?;
    let mut line = String::new();
    let read = write!(out, "Password of {}: ", printable(user.as_bytes()))
        .and_then(|()| terminal.read_line(&mut line));
    termios::tcsetattr(&terminal, SetArg::TCSANOW, &usual).map_err(io::Error::from)?;
    writeln!(out)?;
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
