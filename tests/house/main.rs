//! What holds of the source itself. It needs no server: `cargo test -p offhook-tests --test house`.

/// Imports run downwards.
mod circles;
/// What the library that Kea loads links.
mod dependencies;
/// What is written for people is plain English.
mod english;
/// The repository's text files.
mod files;
/// The C++ part is formatted.
mod format;
/// Every export catches panics.
mod guards;
/// Where `make install` installs to, and what it wants.
mod install;
/// A file that is named exists.
mod named_files;
/// What was wrong once, and the tests that hold it.
mod once_wrong;
/// How files are cut.
mod rooms;
/// What a second `make test` runs.
mod tested;
