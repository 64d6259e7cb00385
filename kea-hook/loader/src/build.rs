//! The build of offhook for the Kea that runs: found, judged, opened.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::build_file::{self, Label};
use crate::dynamic::{self, Opened};
use crate::log;
use crate::release::Release;
use crate::running_kea::RunningKea;

/// Why there is nothing to hand Kea's calls on to.
#[derive(Debug)]
pub(crate) struct NoBuild {
    /// The message's id.
    pub(crate) id: &'static str,
    /// What is wrong, where, and what to do.
    pub(crate) text: String,
}

/// The file for a release, beside this library.
fn place(folder: &Path, release: Release) -> PathBuf {
    folder.join(format!("kea-{release}.so"))
}

/// The folder of the builds: `offhook` beside this library, or beside the file that a link to it names.
fn folder() -> Option<PathBuf> {
    let own = dynamic::own_file()?;
    let beside = |file: &Path| file.parent().map(|folder| folder.join("offhook"));
    let near = beside(&own)?;
    if near.is_dir() {
        return Some(near);
    }
    let far = fs::canonicalize(&own).ok().and_then(|file| beside(&file));
    Some(far.filter(|folder| folder.is_dir()).unwrap_or(near))
}

/// What the build for this release says that Kea compares with; for a Kea whose code does not say it.
pub(crate) fn number(release: Release) -> Option<u32> {
    build_file::read(&place(&folder()?, release)).ok().map(|label| label.number)
}

/// Finds, judges and opens the build for this Kea.
pub(crate) fn open(kea: RunningKea) -> Result<Opened, NoBuild> {
    let missing = |text: String| NoBuild { id: log::BUILD_MISSING, text };
    let Some(release) = kea.release else {
        return Err(missing("cannot find out which release of Kea this is".to_owned()));
    };
    let Some(folder) = folder() else {
        return Err(missing("cannot find out in which folder this library is".to_owned()));
    };
    let path = place(&folder, release);
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    {
        return Err(missing(format!(
            "this is Kea {release}: expected the build for it at {}, {}",
            path.display(),
            others(&folder)
        )));
    }
    let refused = |why: String| NoBuild {
        id: log::BUILD_REFUSED,
        text: format!("{} cannot be used: {why}", path.display()),
    };
    let label = build_file::read(&path).map_err(|why| refused(why.to_string()))?;
    judge(&label, release, kea.number, &dynamic::mapped()).map_err(refused)?;
    dynamic::open(&path).map_err(refused)
}

/// Whether a build with this label is for this Kea.
fn judge(
    label: &Label,
    release: Release,
    number: Option<u32>,
    mapped: &[String],
) -> Result<(), String> {
    if label.release != release {
        return Err(format!("it is built for Kea {}, and this is Kea {release}", label.release));
    }
    if let Some(number) = number.filter(|number| *number != label.number) {
        return Err(format!(
            "it is built for hook libraries of version {}, and this Kea wants version {number}",
            label.number
        ));
    }
    // Only where the process has that library in another version: where it has none at all, the dynamic
    // linker finds out whether something is missing.
    for built in &label.libraries {
        let Some((name, _)) = built.split_once(".so.") else { continue };
        let other = mapped.iter().find(|found| {
            found.split_once(".so.").is_some_and(|(found, _)| found == name) && *found != built
        });
        if let Some(other) = other.filter(|_| !mapped.contains(built)) {
            return Err(format!("it is built against {built}, and this Kea has {other}"));
        }
    }
    Ok(())
}

/// The builds that are there, for the message that the right one is not.
fn others(folder: &Path) -> String {
    let Ok(entries) = fs::read_dir(folder) else {
        return format!("found no folder {}", folder.display());
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("kea-") && name.ends_with(".so"))
        .collect();
    names.sort();
    let more = names.len().saturating_sub(10);
    names.truncate(10);
    let mut text = match names[..] {
        [] => "found no build there".to_owned(),
        _ => format!("found {}", names.join(", ")),
    };
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(number: Option<u32>, mapped: &[&str]) -> String {
        let label = Label {
            release: "3.0.4".parse().unwrap(),
            number: 30_004,
            libraries: vec!["libkea-hooks.so.122".to_owned(), "libkea-cc.so.90".to_owned()],
        };
        let mapped: Vec<String> = mapped.iter().map(|name| (*name).to_owned()).collect();
        judge(&label, "3.0.4".parse().unwrap(), number, &mapped).err().unwrap_or_default()
    }

    #[test]
    fn a_build_is_judged_by_its_label() {
        let fits = ["libc.so.6", "libkea-hooks.so.122", "libkea-cc.so.90"];
        assert_eq!(verdict(Some(30_004), &fits), "");
        assert_eq!(verdict(None, &fits), "");
        assert_eq!(verdict(None, &["libkea-hooks.so.122"]), "");
        assert_eq!(
            verdict(Some(30_003), &fits),
            "it is built for hook libraries of version 30004, and this Kea wants version 30003"
        );
        assert_eq!(
            verdict(None, &["libkea-hooks.so.122", "libkea-cc.so.91"]),
            "it is built against libkea-cc.so.90, and this Kea has libkea-cc.so.91"
        );
        let label = Label { release: "2.2.0".parse().unwrap(), number: 20_200, libraries: vec![] };
        assert_eq!(
            judge(&label, "3.0.4".parse().unwrap(), None, &[]).unwrap_err(),
            "it is built for Kea 2.2.0, and this is Kea 3.0.4"
        );
    }

    #[test]
    fn the_builds_that_are_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(others(folder.path()), "found no build there");
        for number in 10..22 {
            fs::write(folder.path().join(format!("kea-3.0.{number}.so")), "").unwrap();
        }
        let text = others(folder.path());
        assert!(
            text.starts_with("found kea-3.0.10.so, ") && text.ends_with(" and 2 more"),
            "{text}"
        );
        assert!(others(&folder.path().join("x")).starts_with("found no folder "));
    }
}
