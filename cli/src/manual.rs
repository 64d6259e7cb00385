//! `offhook manual`: man pages and shell completions, made from the very definitions that parse the
//! command line, so that they cannot disagree with it. For packagers, so `--help` does not list it.

use std::fs;
use std::path::PathBuf;

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use offhook_edge::command::{Failure, wrong};

/// Write man pages and shell completions (for packages).
///
/// DIR/man1 gets offhook.1 and a page for each subcommand; DIR/completions a folder for each shell.
/// Example: offhook manual debian/tmp
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder to write to; made if it is missing
    dir: PathBuf,
}

pub fn run(arguments: &Arguments, command: Command) -> Result<(), Failure> {
    write(arguments, command)
        .map_err(|error| wrong(format!("{}: {error}", arguments.dir.display())))
}

fn write(arguments: &Arguments, mut command: Command) -> std::io::Result<()> {
    let pages = arguments.dir.join("man1");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(command.clone(), &pages)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let name = shell.to_possible_value().map(|name| name.get_name().to_owned());
        let folder = arguments.dir.join("completions").join(name.unwrap_or_default());
        fs::create_dir_all(&folder)?;
        clap_complete::generate_to(shell, &mut command, "offhook", &folder)?;
    }
    Ok(())
}
