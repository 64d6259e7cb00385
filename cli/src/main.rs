//! `offhook`: checks a policy, explains what a phone would be sent, lists the catalogue.
//!
//! Every subcommand is a file; this one knows their names and nothing else. Exit codes: 0 done,
//! 1 the input is wrong (what and where on standard error), 2 usage.
#![forbid(unsafe_code)]

mod book;
mod capture;
mod check;
mod decode;
mod diff;
mod emulate;
mod explain;
mod explain_capture;
mod generate;
mod import;
mod input;
mod kea;
mod keys;
mod login;
mod metrics;
mod nudge;
mod phones;
mod report;
mod seen;
mod sources;
mod systems;
mod vendors;
mod web_server;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use offhook_edge::command::wrong;

/// IP phones provision themselves from the DHCP server that is already there.
#[derive(Parser)]
#[command(name = "offhook", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Decode(decode::Arguments),
    Diff(diff::Arguments),
    Emulate(Box<emulate::Arguments>),
    Explain(Box<explain::Arguments>),
    Generate(generate::Arguments),
    Import(import::Arguments),
    #[command(hide = true)]
    Manual(offhook_manual::Arguments),
    Metrics(metrics::Arguments),
    Nudge(Box<nudge::Arguments>),
    Phones(phones::Arguments),
    Report(Box<report::Arguments>),
    Systems(systems::Arguments),
    Vendors(vendors::Arguments),
    WebServer(web_server::Arguments),
}

fn main() -> ExitCode {
    offhook_edge::memory::keep_to_itself();
    let done = match Arguments::parse().command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Emulate(arguments) => emulate::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Manual(arguments) => {
            let written = arguments.write(Arguments::command());
            written.map_err(|error| wrong(format!("{}: {error}", arguments.dir().display())))
        }
        Command::Metrics(arguments) => metrics::run(&arguments),
        Command::Nudge(arguments) => nudge::run(&arguments),
        Command::Phones(arguments) => phones::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Systems(arguments) => systems::run(&arguments),
        Command::Vendors(arguments) => vendors::run(&arguments),
        Command::WebServer(arguments) => web_server::run(&arguments),
    };
    offhook_edge::command::exit_code(done).into()
}
