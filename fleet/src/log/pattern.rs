//! Which lines mean what: patterns that are data.

use std::net::IpAddr;

use offhook_catalogue::Mac;
use offhook_catalogue::masking::plain;
use regex::{Captures, Regex};
use serde::Deserialize;

use super::time::Clock;

/// What a pattern's lines are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// A file was requested.
    Web,
    /// A REGISTER was answered.
    Sip,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Group,
    Head,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pattern: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    of: Of,
    #[serde(default)]
    has: String,
    #[serde(rename = "match")]
    expression: String,
    time: Place,
    status: Option<u16>,
    #[serde(default, rename = "source")]
    _source: String,
}

struct Pattern {
    has: String,
    expression: Regex,
    time: Place,
    status: Option<u16>,
}

/// Patterns for one kind of log.
pub struct Patterns {
    of: Of,
    patterns: Vec<Pattern>,
}

/// What a line says. Texts are as the line has them; [`Entry::text`] makes them fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'l> {
    /// The kind of log that the line is from.
    pub of: Of,
    /// Seconds since 1970; `None`: the line has no time, or one that is not a date.
    pub time: Option<i64>,
    /// The address of the client.
    pub address: Option<IpAddr>,
    /// Hardware addresses in the line: its own field, the file's name, the User-Agent.
    pub macs: [Option<Mac>; 3],
    /// The status of the answer (HTTP or SIP); 0: the line has none.
    pub status: u16,
    /// The name of the file, without its folders.
    pub file: &'l str,
    /// The SIP user; empty: the line has none.
    pub user: &'l str,
    /// The User-Agent; empty: the line has none.
    pub agent: &'l str,
    /// The registrar's own words; empty: the line has none.
    pub reason: &'l str,
}

/// A file of patterns is wrong.
#[derive(Debug, thiserror::Error)]
pub enum NoPatterns {
    /// Not TOML, or a key is missing or unknown.
    #[error("expected [[pattern]] tables with name, of, match and time: {0}")]
    Form(#[from] toml::de::Error),
    /// A pattern cannot be used.
    #[error("pattern {name:?}: {why}")]
    Pattern {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

const BUILT_IN: &str = include_str!("patterns.toml");
const GROUPS: [&str; 9] =
    ["time", "address", "mac", "status", "file", "method", "agent", "user", "reason"];

impl Patterns {
    /// The built-in patterns of a kind, behind those of a user's own files.
    ///
    /// # Errors
    /// A file is not of the form, or an expression in it is wrong.
    pub fn new(of: Of, own: &[String]) -> Result<Patterns, NoPatterns> {
        let mut patterns = Vec::new();
        for text in own.iter().map(String::as_str).chain([BUILT_IN]) {
            let file: File = toml::from_str(text)?;
            for written in file.pattern.into_iter().filter(|written| written.of == of) {
                patterns.push(compile(written)?);
            }
        }
        Ok(Patterns { of, patterns })
    }

    /// What a line says, by the first pattern that fits. `None`: none does.
    #[must_use]
    pub fn read<'l>(&self, line: &'l str, clock: &Clock) -> Option<Entry<'l>> {
        self.patterns.iter().find_map(|pattern| {
            if !line.contains(&pattern.has) {
                return None;
            }
            let found = pattern.expression.captures(line)?;
            Some(entry(self.of, pattern, line, &found, clock))
        })
    }
}

fn compile(written: Written) -> Result<Pattern, NoPatterns> {
    let Written { name, has, expression, time, status, .. } = written;
    let wrong = |why: String| NoPatterns::Pattern { name: name.clone(), why };
    let expression =
        Regex::new(&expression).map_err(|error| wrong(format!("\"match\": {error}")))?;
    let groups: Vec<&str> = expression.capture_names().flatten().collect();
    if let Some(other) = groups.iter().find(|group| !GROUPS.contains(group)) {
        return Err(wrong(format!("the group {other:?}: expected one of {}", GROUPS.join(", "))));
    }
    let missing = |group: &str, instead: &str| {
        wrong(format!("no group {group:?} in \"match\": expected one, or {instead}"))
    };
    if matches!(time, Place::Group) && !groups.contains(&"time") {
        return Err(missing("time", "time = \"head\""));
    }
    if status.is_none() && !groups.contains(&"status") {
        return Err(missing("status", "status = NUMBER"));
    }
    if !["address", "mac", "user", "agent"].iter().any(|group| groups.contains(group)) {
        return Err(missing("address", "mac, user or agent: by what is the phone found?"));
    }
    Ok(Pattern { has, expression, time, status })
}

fn entry<'l>(
    of: Of,
    pattern: &Pattern,
    line: &'l str,
    found: &Captures<'l>,
    clock: &Clock,
) -> Entry<'l> {
    let group = |name: &str| found.name(name).map_or("", |group| group.as_str());
    let status = group("status").parse().ok().or(pattern.status).unwrap_or(0);
    let (file, agent) = (name_of(group("file")), group("agent"));
    Entry {
        of,
        time: match pattern.time {
            Place::Group => clock.read(group("time")),
            Place::Head => clock.at_head(line),
        },
        address: group("address").parse().ok(),
        macs: [Mac::parse(group("mac")), address_in(file), address_in(agent)],
        status,
        file,
        user: group("user"),
        agent,
        reason: group("reason"),
    }
}

/// The last part of a path, without its query: what comes before may be a secret folder.
fn name_of(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path)
}

/// A hardware address within a file's name or a User-Agent, with or without separators. Only one that
/// is alone: digits around it make it something else.
fn address_in(text: &str) -> Option<Mac> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).find_map(|start| {
        if !is_digit(start) || (start > 0 && is_digit(start - 1)) {
            return None;
        }
        let lengths = [12usize, 17];
        lengths.iter().find_map(|length| {
            let end = start.checked_add(*length)?;
            let part = text.get(start..end).filter(|_| !is_digit(end))?;
            let plain = *length == 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            let separated =
                *length == 17 && part.bytes().skip(2).step_by(3).all(|b| b":-_".contains(&b));
            (plain || separated).then(|| Mac::parse(&part.replace('_', ":"))).flatten()
        })
    })
}

impl Entry<'_> {
    /// A text of the line, fit to be shown: escaped, and without what may be a password or a token.
    #[must_use]
    pub fn text(text: &str) -> String {
        const MOST: usize = 200;
        let short: String = text.chars().take(MOST).collect();
        // A name alone may be a token too; `plain` looks for them in URLs.
        match plain(&format!("x://x/{short}")).strip_prefix("x://x/") {
            Some(shown) => shown.to_owned(),
            None => "***".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
