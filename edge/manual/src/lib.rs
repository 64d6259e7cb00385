//! Man pages and shell completions, made from the very definitions that parse the command line, so that they
//! cannot disagree with it. A crate of its own: Kea's hook shares `edge`, and has no command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, ValueEnum};
use clap_complete::Shell;

/// Write man pages and shell completions (for packages).
///
/// DIR/man1 gets a page for the program and one for each subcommand; DIR/completions a folder for each shell.
/// Example: offhook manual debian/tmp
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder to write to; made if it is missing
    dir: PathBuf,
}

impl Arguments {
    /// The folder to write to.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes the pages and completions of a program. What `--help` does not list has no page.
    ///
    /// # Errors
    /// The folder or a file in it cannot be written.
    pub fn write(&self, mut command: Command) -> io::Result<()> {
        let name = command.get_name().to_owned();
        let pages = self.dir.join("man1");
        fs::create_dir_all(&pages)?;
        clap_mangen::generate_to(command.clone(), &pages)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let value = shell.to_possible_value();
            let folder = value.map(|value| value.get_name().to_owned()).unwrap_or_default();
            let folder = self.dir.join("completions").join(folder);
            fs::create_dir_all(&folder)?;
            clap_complete::generate_to(shell, &mut command, &name, &folder)?;
        }
        Ok(())
    }
}
