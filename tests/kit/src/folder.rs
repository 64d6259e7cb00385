//! A folder per process, gone with its test, also after a panic.
//!
//! A run that was killed cannot clean up after itself, so each folder carries the id of the process
//! that made it, and the first folder of the next run sweeps what dead processes left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

const PREFIX: &str = "offhook-test-";
/// Names our programs that make such folders. A list here once lacked one, and the next run removed its folder.
const MANIFEST: &str = include_str!("../../../Cargo.toml");

pub struct Folder {
    inner: tempfile::TempDir,
}

impl Default for Folder {
    fn default() -> Self {
        Folder::new()
    }
}

impl Folder {
    pub fn new() -> Folder {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let inner = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir()
            .expect("a temporary folder");
        // Kea 3.0 refuses a socket in a folder that others may enter.
        set_mode(inner.path(), 0o750);
        Folder { inner }
    }

    pub fn path(&self) -> &Path {
        self.inner.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.inner.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::write(&path, content)
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        path
    }

    pub fn make(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("make {}: {error}", path.display()));
        set_mode(&path, 0o750);
        path
    }
}

/// The last child of a server that has just ended (dnsmasq's script) may still write here, and a folder
/// that fills up cannot be removed: once more, then.
impl Drop for Folder {
    fn drop(&mut self) {
        for _ in 0..100 {
            match fs::remove_dir_all(self.inner.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => return,
            }
        }
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|error| panic!("mode of {}: {error}", path.display()));
}

fn sweep() {
    if !Path::new("/proc/self").exists() {
        return; // without /proc dead and living processes look alike
    }
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let Some(pid) = rest.split('-').next().and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if !runs_tests(pid) {
            // Another run may sweep the same folder at this very moment.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a process of this number is alive and a run of offhook: numbers are given out anew, and a
/// dead process whose parent has not waited for it yet has no command line.
fn runs_tests(pid: u32) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = words.split(|byte| *byte == 0).next().unwrap_or_default();
    let program = String::from_utf8_lossy(program);
    let name = program.rsplit('/').next().unwrap_or_default();
    programs().any(|ours| name.strip_prefix(&ours).is_some_and(|rest| rest.starts_with('-')))
}

/// Our test programs, as cargo names their files.
fn programs() -> impl Iterator<Item = String> {
    let tests = MANIFEST.split("[[test]]\n").skip(1);
    let names = tests.filter_map(|test| test.strip_prefix("name = \"")?.split('"').next());
    names.map(|name| name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_each_test_program_keeps_its_folder() {
        let tests = MANIFEST.matches("[[test]]").count();
        let named: Vec<String> = programs().collect();
        assert_eq!(named.len(), tests, "{named:?}");
        assert!(tests > 7);
        for known in ["integration", "glance", "glance_bench", "dnsmasq_bench"] {
            assert!(named.iter().any(|name| name == known), "expected {known}, found {named:?}");
        }
        let sleeping = |name: &str| {
            let mut command = std::process::Command::new("bash");
            command.args(["-c", "exec -a \"$0\" sleep 60", name]).spawn().expect("a process")
        };
        let names =
            ["/x/glance_bench-0123456789abcdef", "/x/integration-0123", "/x/glances-0123", "cat"];
        let mut running: Vec<_> = names.map(sleeping).into();
        let found: Vec<bool> = running
            .iter()
            .map(|child| {
                // Until the shell has become the program.
                let sleeps = || {
                    fs::read(format!("/proc/{}/cmdline", child.id()))
                        .is_ok_and(|words| words.ends_with(b"\x0060\0"))
                };
                while !sleeps() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                runs_tests(child.id())
            })
            .collect();
        for child in &mut running {
            child.kill().expect("it ends");
            child.wait().expect("it has ended");
        }
        assert_eq!(found, [true, true, false, false]);
    }
}
