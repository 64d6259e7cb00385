//! Reads what a person names on the command line, and says what is wrong with it.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_core::builtin::{self, OverlayFile};
use offhook_core::catalogue::Tables;
use offhook_core::{Engine, Host};

/// Why a command ended early.
pub enum Failure {
    /// The input is wrong; the text says what and where.
    Wrong(String),
    /// Nothing is wrong, but what was looked for is there, and the exit code says so.
    Found,
    /// Whoever read our output has stopped.
    ClosedPipe,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Wrong(error.to_string()),
        }
    }
}

pub fn wrong(text: impl Display) -> Failure {
    Failure::Wrong(text.to_string())
}

/// Where the catalogue comes from.
#[derive(clap::Args)]
pub struct Catalogue {
    /// A folder with vendors and systems of your own (vendors/ID/vendor.toml, systems/ID.toml)
    #[arg(long, value_name = "DIR")]
    vendors_directory: Option<PathBuf>,
}

impl Catalogue {
    pub fn tables(&self) -> Result<Arc<Tables>, Failure> {
        let Some(folder) = &self.vendors_directory else { return Ok(builtin::shared()) };
        let files = overlay_files(folder)?;
        builtin::with_overlay(&files).map(Arc::new).map_err(wrong)
    }

    /// The overlay's files, templates among them.
    pub fn overlay(&self) -> Result<Vec<OverlayFile>, Failure> {
        self.vendors_directory.as_deref().map_or(Ok(Vec::new()), overlay_files)
    }

    pub fn engine(&self, policy: &Path, host: Host) -> Result<Engine, Failure> {
        let text = text_of(policy)?;
        let shown = policy.display().to_string();
        Engine::new(self.tables()?, &text, host).map_err(|error| wrong(error.in_file(&shown)))
    }
}

/// A file's text, or standard input's for `-`.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    let read = if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| wrong(format!("{}: cannot be read: {error}", path.display())))
}

/// The vendors and systems in an overlay folder.
fn overlay_files(folder: &Path) -> Result<Vec<OverlayFile>, Failure> {
    let cannot = |path: &Path, error: io::Error| wrong(format!("{}: {error}", path.display()));
    let mut files = Vec::new();
    std::fs::read_dir(folder).map_err(|error| cannot(folder, error))?;
    for (sub, is_vendor) in [("vendors", true), ("systems", false)] {
        let Ok(entries) = std::fs::read_dir(folder.join(sub)) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let wanted = if is_vendor { vendor_files(&path) } else { vec![path] };
            for path in wanted {
                if !path
                    .extension()
                    .is_some_and(|extension| extension == "toml" || extension == "j2")
                {
                    continue;
                }
                let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, error))?;
                files.push(OverlayFile { path: path.display().to_string(), text });
            }
        }
    }
    if files.is_empty() {
        let expected = "expected vendors/<id>/vendor.toml, vendors/<id>/*.j2 or systems/<id>.toml";
        return Err(wrong(format!("{}: nothing in it: {expected}", folder.display())));
    }
    Ok(files)
}

/// A vendor's facts and templates, as far as the folder has them.
fn vendor_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "j2")
                || path.file_name().is_some_and(|name| name == "vendor.toml")
        })
        .collect();
    files.sort();
    files
}

/// Writes a line to standard output.
pub fn line(text: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Writes a value as JSON on several lines.
pub fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value).map_err(wrong)?)
}
