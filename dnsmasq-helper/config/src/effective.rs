//! The effective configuration: every line that dnsmasq reads, in its order, with its place.
//!
//! Measured with 2.90: `conf-file` and `conf-dir` are read at their place, a folder's files by
//! name; a `--conf-dir` of the command line (Debian gives one) comes before the main file, so lines of
//! the main file are the later ones. What cannot be read is reported, never guessed.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use offhook_edge::file::{self, Kind};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The file that it is in.
    pub file: Rc<Path>,
    /// Its number there, from 1.
    pub line: usize,
    /// The word before `=`, without dashes before it.
    pub key: String,
    /// Empty for a word alone. Quotes are still in it.
    pub value: String,
}

impl Setting {
    /// File and line, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

/// All of it.
#[derive(Debug, Default)]
pub struct Effective {
    /// All lines, in the order in which dnsmasq reads them.
    pub settings: Vec<Setting>,
    /// Lines of `dhcp-hostsfile` and `dhcp-hostsdir`, as if they were `dhcp-host` lines.
    pub hosts: Vec<Setting>,
    /// Comments on lines of their own, without the `#`.
    pub comments: Vec<(Rc<Path>, String)>,
    /// What could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// Lines of `dhcp-optsfile` and `dhcp-optsdir`: dnsmasq reads them after all files.
    later: Vec<Setting>,
    seen: HashSet<(u64, u64)>,
}

impl Effective {
    /// Reads as dnsmasq does: the folders of the command line first, then the file.
    pub fn read(conf: &Path, folders: &[String]) -> Effective {
        let mut effective = Effective::default();
        for folder in folders {
            effective.folder(folder, "--conf-dir");
        }
        effective.file(conf, "--conf");
        let later = std::mem::take(&mut effective.later);
        effective.settings.extend(later);
        effective
    }

    /// Settings of one key.
    pub fn all<'e>(&'e self, key: &'e str) -> impl Iterator<Item = &'e Setting> {
        self.settings.iter().filter(move |setting| setting.key == key)
    }

    /// The last setting of a key, which is the one that counts for keys that hold once.
    pub fn last(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().rev().find(|setting| setting.key == key)
    }

    fn file(&mut self, path: &Path, from: &str) {
        // A file that was read already is not read again; that ends circles too.
        let is_known =
            fs::metadata(path).is_ok_and(|found| !self.seen.insert((found.dev(), found.ino())));
        if is_known {
            return;
        }
        let text = match file::read(path, Kind::File, file::LARGEST) {
            Ok(text) => text,
            Err(error) => {
                self.unread.push((from.to_owned(), format!("{}: {error}", path.display())));
                return;
            }
        };
        let file: Rc<Path> = path.into();
        for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
            let Some((key, value)) = split(line) else {
                let comment = line.trim().strip_prefix('#').map(str::to_owned);
                self.comments.extend(comment.map(|text| (Rc::clone(&file), text)));
                continue;
            };
            let setting = Setting { file: Rc::clone(&file), line: number + 1, key, value };
            self.take(setting);
        }
    }

    fn take(&mut self, setting: Setting) {
        let place = setting.place();
        match setting.key.as_str() {
            "conf-file" => self.file(Path::new(unquoted(&setting.value)), &place),
            "conf-dir" => self.folder(unquoted(&setting.value), &place),
            "conf-script" => {
                let text = "its output is configuration too, and is not looked at here".to_owned();
                self.unread.push((place, format!("{}: {text}", setting.value)));
            }
            "dhcp-hostsfile" | "dhcp-hostsdir" => {
                let lines = self.lines_of(Path::new(unquoted(&setting.value)), "dhcp-host", &place);
                self.hosts.extend(lines);
            }
            "dhcp-optsfile" | "dhcp-optsdir" => {
                let lines =
                    self.lines_of(Path::new(unquoted(&setting.value)), "dhcp-option", &place);
                self.later.extend(lines);
            }
            _ => {}
        }
        self.settings.push(setting);
    }

    /// `DIR`, `DIR,.ext` (files with that ending are left out) or `DIR,*.ext` (only those are read).
    fn folder(&mut self, words: &str, from: &str) {
        let mut words = words.split(',').map(str::trim);
        let folder = words.next().unwrap_or_default();
        // A "*" alone says nothing.
        let words = words.filter(|word| !word.is_empty() && *word != "*");
        let (only, without): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with('*'));
        let only: Vec<&str> = only.iter().filter_map(|word| word.strip_prefix('*')).collect();
        let ends = |name: &str, ending: &str| name.len() > ending.len() && name.ends_with(ending);
        let wanted = |name: &str| {
            !is_left_out(name)
                && (only.is_empty() || only.iter().any(|ending| ends(name, ending)))
                && !without.iter().any(|ending| ends(name, ending))
        };
        match names(Path::new(folder)) {
            Ok(paths) => {
                for path in paths.into_iter().filter(|path| path.is_file()) {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                    if name.is_some_and(|name| wanted(&name)) {
                        self.file(&path, from);
                    }
                }
            }
            Err(error) => self.unread.push((from.to_owned(), format!("{folder}: {error}"))),
        }
    }

    /// The lines of a file, or of a folder's files, as if each began with `key=`.
    fn lines_of(&mut self, path: &Path, key: &str, from: &str) -> Vec<Setting> {
        let files = match path.is_dir() {
            true => names(path).unwrap_or_default(),
            false => vec![path.to_owned()],
        };
        let shown = |path: &PathBuf| {
            path.file_name().is_none_or(|name| !is_left_out(&name.to_string_lossy()))
        };
        let mut settings = Vec::new();
        for path in files.into_iter().filter(shown) {
            match file::read(&path, Kind::File, file::LARGEST) {
                Ok(text) => {
                    let file: Rc<Path> = path.as_path().into();
                    for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
                        let value = without_comment(line).trim();
                        if value.is_empty() {
                            continue;
                        }
                        let (file, key) = (Rc::clone(&file), key.to_owned());
                        settings.push(Setting {
                            file,
                            line: number + 1,
                            key,
                            value: value.to_owned(),
                        });
                    }
                }
                Err(error) => {
                    self.unread.push((from.to_owned(), format!("{}: {error}", path.display())));
                }
            }
        }
        settings
    }
}

/// Names that dnsmasq passes over in a folder.
fn is_left_out(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

fn names(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Key and value of a line; none for a comment.
fn split(line: &str) -> Option<(String, String)> {
    let line = without_comment(line).trim();
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let key = key.trim().trim_start_matches("--");
    (!key.is_empty()).then(|| (key.to_owned(), value.trim().to_owned()))
}

/// A `#` begins a comment where a word could begin, but not inside quotes; quotes themselves are
/// nothing to dnsmasq, so a `#` behind a blank and quotes begins one too.
fn without_comment(line: &str) -> &str {
    let (mut quoted, mut escaped, mut blank) = (false, false, true);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '#' if blank => return line.get(..at).unwrap_or_default(),
            other => blank = other.is_whitespace(),
        }
    }
    line
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_as_dnsmasq_cuts_them() {
        let cut = |line| split(line).map(|(key, value)| format!("{key}|{value}"));
        assert_eq!(cut("# dhcp-boot=x"), None);
        assert_eq!(cut("  "), None);
        assert_eq!(cut("no-ping").as_deref(), Some("no-ping|"));
        assert_eq!(cut("dhcp-boot=x # y").as_deref(), Some("dhcp-boot|x"));
        assert_eq!(cut("dhcp-option=66,a#b").as_deref(), Some("dhcp-option|66,a#b"));
        assert_eq!(cut("dhcp-option=66, \"x\"#c").as_deref(), Some("dhcp-option|66, \"x\""));
        assert_eq!(cut("dhcp-option=66,\"x\"#c").as_deref(), Some("dhcp-option|66,\"x\"#c"));
        let quoted = r#"dhcp-option=66,"a # \" # b" # c"#;
        assert_eq!(cut(quoted).as_deref(), Some(r#"dhcp-option|66,"a # \" # b""#));
    }

    #[test]
    fn files_come_in_dnsmasqs_order_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        put("d/b.conf", "two");
        put("d/a.conf", "one");
        put("d/c.conf.dpkg-old", "no");
        put("d/.hidden", "no");
        put("e/x.txt", "no");
        put("e/y.conf", "four");
        put("hosts/phones", "# none\n00:15:65:00:00:01,set:lab # mine\n");
        put("hosts/.phones", "00:15:65:00:00:02,set:no\n");
        put("opts", "lan,66,x\n");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let main = put(
            "main.conf",
            &format!(
                "three\nconf-dir={},*.conf\nconf-file={}\ndhcp-optsfile={}\nfive\ndhcp-hostsdir={}\n",
                at("e"),
                at("main.conf"),
                at("opts"),
                at("hosts")
            ),
        );
        let effective = Effective::read(&main, &[format!("{},.dpkg-old", at("d"))]);
        let keys: Vec<&str> = effective
            .settings
            .iter()
            .map(|setting| setting.key.as_str())
            .filter(|key| !key.starts_with("conf-") && !key.starts_with("dhcp-"))
            .collect();
        assert_eq!(keys, ["one", "two", "three", "four", "five"]);
        assert_eq!(effective.hosts.len(), 1);
        assert_eq!(
            (effective.hosts[0].line, &*effective.hosts[0].value),
            (2, "00:15:65:00:00:01,set:lab")
        );
        let last = effective.settings.last().unwrap();
        assert_eq!(
            (&*last.key, &*last.value),
            ("dhcp-option", "lan,66,x"),
            "options files come last"
        );
        assert_eq!(effective.unread, []);
        let lost = Effective::read(&folder.path().join("nowhere"), &[]);
        assert_eq!(lost.unread.len(), 1);
    }
}
