//! What people type. Exit codes: 0 done, 1 the input is wrong (what and where on standard error),
//! 2 usage.

mod doctor;
mod publish;
mod render;
mod restart;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};
use offhook_edge::command::wrong;

/// The same phones, the same answers, by dnsmasq.
#[derive(Parser)]
#[command(name = "offhook-dnsmasq", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Doctor(doctor::Arguments),
    #[command(hide = true)]
    Manual(offhook_manual::Arguments),
    Render(render::Arguments),
}

/// Whether these words name a command.
pub fn takes(words: &[OsString]) -> bool {
    let Some(first) = words.first().and_then(|word| word.to_str()) else { return words.is_empty() };
    // dnsmasq's own actions need not ask.
    !matches!(first, "add" | "old" | "del")
        && (first.starts_with('-')
            || first == "help"
            || Arguments::command().find_subcommand(first).is_some())
}

pub fn run() -> u8 {
    let done = match Arguments::parse().command {
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Manual(arguments) => {
            let written = arguments.write(Arguments::command());
            written.map_err(|error| wrong(format!("{}: {error}", arguments.dir().display())))
        }
        Command::Render(arguments) => render::run(&arguments),
    };
    offhook_edge::command::exit_code(done)
}
