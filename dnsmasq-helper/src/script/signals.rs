//! dnsmasq's helper ignores SIGINT, SIGALRM and SIGTERM, and its children inherit that: neither
//! `timeout` nor systemd could end us. Here they count again, and an alarm ends us in any case.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGALRM, SIGINT, SIGTERM};

/// Ends the program on these signals, and after `seconds`. A lease is not worth a hanging script.
pub fn reset(seconds: u32) {
    let always = Arc::new(AtomicBool::new(true));
    for signal in [SIGALRM, SIGINT, SIGTERM] {
        // Without a handler it is not worse off than any other dhcp-script.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 0, Arc::clone(&always));
    }
    nix::unistd::alarm::set(seconds);
}
