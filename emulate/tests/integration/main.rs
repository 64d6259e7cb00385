//! The emulator: what it may know, and how it copes with foreign servers.

mod page;
mod servers;
mod tls;
mod trees;
mod witness;
