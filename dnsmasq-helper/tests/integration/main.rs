//! The dnsmasq companion, as a user calls it.

mod doctor;
mod manual;
mod readme;
mod render;
