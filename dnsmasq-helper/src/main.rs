//! `offhook-dnsmasq`: the dnsmasq companion of offhook.
//!
//! dnsmasq starts it as its `dhcp-script` with an action as first word; people start it with a
//! command. This file decides which of the two runs; neither side knows of the other.
#![cfg_attr(all(target_env = "gnu", not(test)), no_main)]

mod book;
mod commands;
mod doctor;
mod input;
mod platform;
mod render;
mod script;
mod start;
mod state;

use std::ffi::OsString;
use std::io::IsTerminal;

/// The whole program; its exit status.
fn run() -> u8 {
    offhook_edge::memory::keep_to_itself();
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let words: Vec<OsString> = words.collect();
    // On a terminal, an unknown word without an address is a mistyped command.
    let typed = || !script::is_event(&words) && std::io::stderr().is_terminal();
    if commands::takes(&words) || typed() {
        start::outlive_readers();
        return commands::run();
    }
    script::run(&program, &words);
    0
}
