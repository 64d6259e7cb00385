//! What holds of the source itself. It needs no server: `cargo test -p offhook-tests --test house`.

/// Imports run downwards.
mod circles;
/// Where `make install` installs to, and what it wants.
mod install;
