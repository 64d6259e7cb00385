//! A virtual phone: sends what its maker's phone sends, reads the answers as that phone would, and
//! judges every step from the DHCPDISCOVER to the registrar's answer.
//!
//! An honest witness. What comes over the wire is read here with code of its own: nothing in this
//! package may use offhook's encoders, its decisions, its packet reader or its policy. From the
//! catalogue it takes only what is known of the phones: what they send, what they read in which
//! order, which files they request.
#![forbid(unsafe_code)]

pub mod account;
pub mod boot;
pub mod character;
pub mod digest;
pub mod exchange;
pub mod fetch;
pub mod files;
pub mod fleet;
mod forms;
pub mod journey;
pub mod notified;
pub mod packet;
pub mod phone;
pub mod reading;
pub mod register;
pub mod report;
pub mod settings;
pub mod steps;
mod tls;
mod url;
