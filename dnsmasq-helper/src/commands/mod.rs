//! What people type. Exit codes: 0 done, 1 the input is wrong (what and where on standard error),
//! 2 usage.

mod doctor;
mod publish;
mod render;
mod restart;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::input::Failure;

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
    Render(render::Arguments),
}

pub fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Wrong(text)) => {
            eprintln!("{text}");
            ExitCode::from(1)
        }
        // It has said all that there is to say.
        Err(Failure::Found) => ExitCode::from(1),
        // A reader that went away (`offhook-dnsmasq ... | head`) is no failure of ours.
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
    }
}
