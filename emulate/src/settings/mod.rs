//! What a phone's files say: parameters and their values, and the files that they name.
//!
//! Checks form (does it parse as the phone would parse it), not what the maker's firmware makes of
//! every parameter. Values may be secrets: nothing here is printed but names and counts. The files are
//! foreign: depth, length and number of what is kept are bounded.

mod encoding;
mod lines;
mod script;
mod xml;

use std::fmt;

/// One parsed file.
#[derive(Debug, Default)]
pub struct Document {
    /// The file's form, in words.
    pub form: &'static str,
    /// Its parameters, in their order.
    pub parts: Vec<Part>,
    size: usize,
}

/// What a file says, in its order.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Path and value: `reg.1.address`, `config/P47`, `sip/line[1]/RegisterUser`.
    Value(String, String),
    /// Another file, which must be there.
    Include(String),
    /// Another file: if it is there, the rest of this one does not count; else this one goes on.
    Instead(String),
}

/// A value may be a secret.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Value(key, _) => write!(f, "Value({key:?}, ***)"),
            Part::Include(name) => write!(f, "Include({name:?})"),
            Part::Instead(name) => write!(f, "Instead({name:?})"),
        }
    }
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Not what it claims to be; with the place.
    #[error("not well-formed: {0}")]
    Broken(String),
    /// Perhaps right, in a form that is not known here.
    #[error("{0}, a form that is not known here: not read")]
    Unknown(String),
    /// What a web server sends in place of a file that it does not have.
    #[error("an HTML page, not a configuration")]
    Page,
}

/// What a phone knows of itself while it reads a file.
pub trait Reading {
    /// The model as the maker's files write it.
    fn model(&self) -> &str;
    /// A text with the phone's macros filled in.
    fn expand(&self, text: &str) -> String;
}

/// The most that one file may say, in bytes of its keys and values.
const MOST: usize = 32 << 20;

impl Document {
    fn new(form: &'static str) -> Document {
        Document { form, ..Document::default() }
    }

    fn value(&mut self, key: impl Into<String>, value: impl Into<String>) -> Result<(), Unread> {
        let (key, value) = (key.into(), value.into());
        self.size += key.len() + value.len();
        if self.size > MOST {
            return Err(Unread::Broken(format!("more than {} MiB of parameters", MOST >> 20)));
        }
        self.parts.push(Part::Value(key, value));
        Ok(())
    }

    /// How many parameters there are.
    pub fn count(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Value(..))).count()
    }

    /// The value of a parameter, by its whole path.
    pub fn get(&self, wanted: &str) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Value(key, value) if is(key, wanted) => Some(value.trim()),
            _ => None,
        })
    }
}

/// Parses a file.
///
/// # Errors
/// It is broken, of a form that is not known, or an HTML page.
pub fn parse(bytes: &[u8], phone: &dyn Reading) -> Result<Document, Unread> {
    let text = encoding::text(bytes)?;
    let trimmed = text.trim_start();
    let lower = trimmed.get(..64).unwrap_or(trimmed).to_ascii_lowercase();
    let mut document = if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        lines::in_page(trimmed)?
    } else if lower.starts_with("<<voip config file") {
        lines::parse(&text, "text of modules")?
    } else if lower.starts_with('<') {
        xml::parse(&text)?
    } else if lower.starts_with('{') {
        return Err(Unread::Unknown("JSON".to_owned()));
    } else if script::is_one(&text) {
        script::parse(&text, phone)?
    } else {
        lines::parse(&text, "text")?
    };
    let names = named(&document, phone);
    document.parts.extend(names.into_iter().map(Part::Include));
    Ok(document)
}

/// Files that values name.
fn named(document: &Document, phone: &dyn Reading) -> Vec<String> {
    let mut names = Vec::new();
    let (mut general, mut of_model) = (None, None);
    for part in &document.parts {
        let Part::Value(key, value) = part else { continue };
        let last = key.rsplit('/').next().unwrap_or(key);
        match last {
            // Polycom's master file: the list of this model wins over the general one.
            "@CONFIG_FILES" => general = Some(value),
            // Cisco SPA and MPP; options in brackets may precede the URL.
            "Profile_Rule_B" | "Profile_Rule_C" | "Profile_Rule_D" => {
                let rule = value.trim();
                let url = match rule.strip_prefix('[') {
                    Some(rest) => rest.split_once(']').map_or("", |(_, url)| url).trim(),
                    None => rule,
                };
                names.push(url.to_owned());
            }
            // Panasonic's model file.
            "CFG_STANDARD_FILE_PATH" => names.push(value.trim().to_owned()),
            _ => {
                let model = last.strip_prefix("@CONFIG_FILES_");
                if model.is_some_and(|model| model.eq_ignore_ascii_case(phone.model())) {
                    of_model = Some(value);
                }
            }
        }
    }
    let list = of_model.or(general).map(|list| list.split(','));
    names.extend(list.into_iter().flatten().map(|name| name.trim().to_owned()));
    names.retain(|name| !name.is_empty());
    names
}

/// Whose word counts where several files have a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A file of all phones.
    Common,
    /// A file of all phones of a model.
    Model,
    /// A file of one phone.
    Device,
}

/// All parameters of all files.
#[derive(Default)]
pub struct Settings {
    values: Vec<Value>,
    /// The first file that has a parameter counts, whatever its scope.
    first_counts: bool,
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
    /// Without parameters.
    pub fn new(first_counts: bool) -> Settings {
        Settings { values: Vec::new(), first_counts }
    }

    /// Adds a parameter of a file.
    pub fn add(&mut self, scope: Scope, file: &str, key: &str, value: &str) {
        let (key, value, file) = (key.to_owned(), value.to_owned(), file.to_owned());
        self.values.push(Value { scope, key, value, file });
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of the first of these names that has one, and its file: that of the most particular
    /// file, of equals the last.
    pub fn get<'s>(&'s self, names: &[String]) -> Option<(&'s str, &'s str)> {
        names.iter().find_map(|name| {
            let mut named = self
                .values
                .iter()
                .filter(|value| is(&value.key, name) && !value.value.trim().is_empty());
            let best = match self.first_counts {
                true => named.next(),
                false => named.max_by_key(|value| value.scope),
            }?;
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
