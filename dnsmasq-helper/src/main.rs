//! `offhook-dnsmasq`: the dnsmasq companion of offhook.
//!
//! dnsmasq starts it as its `dhcp-script` with an action as first word; people start it with a
//! command. Both doors stand here; what is behind them does not know of the other.
#![forbid(unsafe_code)]

mod book;
mod commands;
mod doctor;
mod input;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run()
}
