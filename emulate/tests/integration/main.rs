//! The emulator: what it may know, and how it stands up to servers that are not ours.

mod page;
mod servers;
mod tls;
mod trees;
mod witness;
