//! What stands in a phone's files: parameters and their values, and the files that they name.
//!
//! Checks form (does it parse as the phone would parse it), not what the maker's firmware makes of
//! every parameter. Values may be secrets: nothing here is printed but names and counts.

mod lines;
mod xml;

use std::fmt;

/// One parsed file.
#[derive(Default)]
pub struct Document {
    /// Path and value: `reg.1.address`, `config/P47`, `sip/line[1]/RegisterUser`.
    pub values: Vec<(String, String)>,
    /// Further files that it names, in its order.
    pub includes: Vec<String>,
    pub form: &'static str,
}

/// Parses a file. The error says where it is not well-formed.
pub fn parse(bytes: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("byte {} is not UTF-8: binary, encrypted, or another encoding", error.valid_up_to())
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut document = match text.trim_start().starts_with('<') {
        true => xml::parse(text)?,
        false => lines::parse(text)?,
    };
    let more: Vec<String> =
        document.values.iter().flat_map(|(key, value)| named(key, value)).collect();
    document.includes.extend(more);
    Ok(document)
}

/// Parameters whose values name further files.
fn named(key: &str, value: &str) -> Vec<String> {
    let last = key.rsplit('/').next().unwrap_or(key);
    match last {
        // Polycom's master file.
        "@CONFIG_FILES" => value.split(',').map(|name| name.trim().to_owned()).collect(),
        // Cisco SPA and MPP; options in brackets may stand before the URL.
        "Profile_Rule_B" | "Profile_Rule_C" | "Profile_Rule_D" => {
            let rule = value.trim();
            let url = match rule.strip_prefix('[') {
                Some(rest) => rest.split_once(']').map_or("", |(_, url)| url).trim(),
                None => rule,
            };
            vec![url.to_owned()]
        }
        // Panasonic's model file.
        "CFG_STANDARD_FILE_PATH" => vec![value.trim().to_owned()],
        _ => Vec::new(),
    }
    .into_iter()
    .filter(|name| !name.is_empty())
    .collect()
}

/// Whose word counts where several files have a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Common,
    Model,
    Device,
}

/// All parameters of all files.
#[derive(Default)]
pub struct Settings {
    values: Vec<Value>,
}

struct Value {
    scope: Scope,
    key: String,
    value: String,
    file: String,
}

/// Names and counts only.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({} values)", self.values.len())
    }
}

impl Settings {
    pub fn add(&mut self, scope: Scope, file: &str, document: Document) {
        let values = document.values.into_iter();
        self.values.extend(values.map(|(key, value)| Value {
            scope,
            key,
            value,
            file: file.to_owned(),
        }));
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of the first of these names that has one, and its file: the most particular file's,
    /// of equals the last.
    pub fn get<'s>(&'s self, names: &[String]) -> Option<(&'s str, &'s str)> {
        names.iter().find_map(|name| {
            let named = self.values.iter().filter(|value| is(&value.key, name));
            let best = named.filter(|value| !value.value.trim().is_empty());
            let best = best.max_by_key(|value| value.scope)?;
            Some((best.value.trim(), &*best.file))
        })
    }
}

/// Whether a path ends in these parts.
fn is(key: &str, wanted: &str) -> bool {
    key.strip_suffix(wanted).is_some_and(|head| head.is_empty() || head.ends_with('/'))
}

#[cfg(test)]
mod tests;
