//! The dnsmasq companion, as a user calls it.

mod doctor;
mod readme;
mod render;
