//! `offhook web-server` in a real nginx and a real Caddy: who gets a phone's files, and who does not.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

mod caddy;
mod certificates;
mod chances;
mod login;
mod logs;
mod names;
mod odd_requests;
mod one_set;
mod plain;
mod property;
mod protection;
mod refusals;
mod tokens;
mod web;
