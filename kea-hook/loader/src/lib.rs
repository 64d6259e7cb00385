//! What Kea opens as `libdhcp_offhook.so`: a loader that fits every release of Kea.
//!
//! A hook library fits one release of Kea only, and Kea does not start if it finds another one. So this
//! library links no part of Kea. It finds out which Kea has opened it (`running_kea`), looks for the
//! build for that release in the folder `offhook` beside itself (`build`) and hands Kea's calls on to
//! it. If there is no build, or it does not fit, the library loads all the same, registers nothing, and
//! says so in the log: Kea serves as if offhook were not there.
//!
//! A packet never passes through here: the build registers its own functions with Kea.

mod build;
mod build_file;
mod checksum;
mod command_line;
mod compared;
mod dynamic;
mod entry;
mod log;
mod regular_file;
mod release;
mod running_kea;
