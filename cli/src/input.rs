//! Reads what a person names on the command line, and says what is wrong with it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use offhook_core::builtin::OverlayFile;
use offhook_core::catalogue::Tables;
use offhook_core::{Engine, Host};
use offhook_edge::catalogue::InUse;
use offhook_edge::file::{self, Kind, Unreadable};
use offhook_edge::overlay;

pub use offhook_edge::command::{Failure, error_line, json, line, wrong};

/// Where the catalogue comes from.
#[derive(clap::Args)]
pub struct Catalogue {
    /// A folder with vendors and systems of your own (vendors/ID/vendor.toml, systems/ID.toml)
    #[arg(long, value_name = "DIR")]
    vendors_directory: Option<PathBuf>,
}

impl Catalogue {
    pub fn tables(&self) -> Result<Arc<Tables>, Failure> {
        Ok(self.in_use()?.tables)
    }

    /// The files on top of the program's own, templates among them.
    pub fn overlay(&self) -> Result<Vec<OverlayFile>, Failure> {
        Ok(self.in_use()?.files)
    }

    pub fn in_use(&self) -> Result<InUse, Failure> {
        let read = |folder| overlay::everything(folder).map_err(wrong);
        let own = self.vendors_directory.as_deref().map_or(Ok(Vec::new()), read)?;
        let in_use = InUse::with(own).map_err(wrong)?;
        static SAID: Once = Once::new();
        if let Some(why) = in_use.installed.unusable() {
            SAID.call_once(|| error_line(why));
        }
        Ok(in_use)
    }

    pub fn engine(&self, policy: &Path, host: Host) -> Result<Engine, Failure> {
        let text = text_of(policy)?;
        let shown = policy.display().to_string();
        Engine::new(self.tables()?, &text, host).map_err(|error| wrong(error.in_file(&shown)))
    }
}

/// A file's text, or standard input's for `-`.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    let read = bytes_up_to(path, file::LARGEST).and_then(file::as_text);
    read.map_err(|error| wrong(format!("{}: {error}", path.display())))
}

/// The bytes of a list of phones, which may be longer than any policy, or standard input's for `-`.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    bytes_up_to(path, 1 << 30).map_err(|error| wrong(format!("{}: {error}", path.display())))
}

fn bytes_up_to(path: &Path, largest: u64) -> Result<Vec<u8>, Unreadable> {
    match path.as_os_str() == "-" {
        true => file::read_opened(io::stdin().lock(), largest),
        false => file::read(path, Kind::FileOrPipe, largest),
    }
}
