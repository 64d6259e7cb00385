//! Systems that have a dnsmasq inside and an interface of their own around it: what a rendering needs there,
//! and by which commands it comes into force.

pub mod openwrt;
pub mod opnsense;
pub mod pihole;

/// A text within single quotes of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
