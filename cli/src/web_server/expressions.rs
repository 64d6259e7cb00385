//! Names and folders as regular expressions, which nginx (PCRE) and Caddy (RE2) read alike.

use std::collections::BTreeSet;
use std::fmt::Write;

use offhook_core::file_map::pattern::{Atom, Pattern};
use offhook_core::file_map::{Name, pattern};

use super::locations::{Level, Location};

/// What the first address in a name is to be: a group of this name, the same text as that group
/// (PCRE), or nothing in particular.
#[derive(Clone, Copy)]
pub enum Capture<'c> {
    Group(&'c str),
    Same(&'c str),
    Nothing,
}

/// A name; what is in `capture` is used for the first address in it.
pub fn name(pattern: &Pattern, capture: Capture<'_>) -> String {
    let mut out = String::new();
    let mut capture = capture;
    let mut begins = true;
    for atom in &pattern.0 {
        match atom {
            Atom::Text(text) => {
                out.push_str(&escaped(text));
                begins = text.ends_with('/');
                continue;
            }
            Atom::Mac { upper, separator } => {
                let digits = mac(*upper, *separator);
                match std::mem::replace(&mut capture, Capture::Nothing) {
                    Capture::Group(group) => {
                        let _ = write!(out, "(?<{group}>{digits})");
                    }
                    Capture::Same(group) if !upper && *separator == 0 => {
                        let _ = write!(out, "\\k<{group}>");
                    }
                    Capture::Same(_) | Capture::Nothing => out.push_str(&digits),
                }
            }
            Atom::Model if begins => out.push_str("[A-Za-z0-9_+-][A-Za-z0-9._+-]*"),
            Atom::Model => out.push_str("[A-Za-z0-9._+-]*"),
        }
        begins = false;
    }
    out
}

fn mac(upper: bool, separator: u8) -> String {
    let digit = if upper { "[0-9A-F]" } else { "[0-9a-f]" };
    match separator {
        0 => format!("{digit}{{12}}"),
        separator => {
            let separator = escaped(&char::from(separator).to_string());
            format!("{digit}{{2}}(?:{separator}{digit}{{2}}){{5}}")
        }
    }
}

/// One of some texts.
pub fn any(mut texts: Vec<String>) -> String {
    match texts.len() {
        1 => texts.pop().unwrap_or_default(),
        _ => format!("(?:{})", texts.join("|")),
    }
}

/// The names of files that hold no `/`, and the folders of those that do.
pub fn folders_in(names: &BTreeSet<Name>) -> BTreeSet<Pattern> {
    names.iter().filter_map(|name| folder_in(&name.pattern)).collect()
}

fn folder_in(name: &Pattern) -> Option<Pattern> {
    let at =
        name.0.iter().rposition(|atom| matches!(atom, Atom::Text(text) if text.contains('/')))?;
    let mut folder = Pattern(name.0.get(..at)?.to_vec());
    if let Some(Atom::Text(text)) = name.0.get(at) {
        folder.push_text(text.rsplit_once('/').map_or("", |(folder, _)| folder));
        folder.push_text("/");
    }
    Some(folder)
}

/// A location's levels, in pieces that a server's configuration takes in one word each (nginx: 4096
/// characters).
pub fn pieces(location: &Location) -> Vec<Vec<Level>> {
    let several = |level: &&Level| matches!(level, Level::Names(names) if names.len() > 1);
    let room = 2000 / location.levels.iter().filter(several).count().max(1);
    let mut pieces: Vec<Vec<Level>> = vec![Vec::new()];
    for level in &location.levels {
        let parts = parts(level, room);
        pieces = pieces
            .into_iter()
            .flat_map(|piece| {
                parts.iter().map(move |part| {
                    let mut piece = piece.clone();
                    piece.push(part.clone());
                    piece
                })
            })
            .collect();
    }
    pieces
}

fn parts(level: &Level, room: usize) -> Vec<Level> {
    let Level::Names(names) = level else { return vec![level.clone()] };
    let mut parts: Vec<BTreeSet<Pattern>> = Vec::new();
    let mut left = 0;
    for pattern in names {
        let length = name(pattern, Capture::Nothing).len() + 1;
        match parts.last_mut() {
            Some(part) if length <= left => {
                part.insert(pattern.clone());
                left -= length;
            }
            _ => {
                parts.push(BTreeSet::from([pattern.clone()]));
                left = room.saturating_sub(length);
            }
        }
    }
    parts.into_iter().map(Level::Names).collect()
}

/// A text taken literally.
pub fn escaped(text: &str) -> String {
    let plain = |c: char| pattern::is_plain(c) && !matches!(c, '.' | '+') || c == '/';
    text.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}
