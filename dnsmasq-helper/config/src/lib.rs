//! dnsmasq's configuration as dnsmasq reads it.
//!
//! `effective` reads the files in dnsmasq's order; `options` and `matching` understand the words of a line,
//! `config` puts the lines about DHCP together, and `tags` knows what they request. The companion judges its
//! rendering by this (`offhook-dnsmasq doctor`), and `offhook import` reads an old configuration with it.
#![forbid(unsafe_code)]

pub mod config;
pub mod effective;
pub mod hosts;
pub mod matching;
pub mod options;
pub mod tags;
