//! `offhook generate` on a real file system: what is written, what is left alone, what is refused, and
//! what is there when it is killed.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

mod content;
mod killed;
mod list_folder;
mod lists;
mod site;
mod state;
mod tree;
