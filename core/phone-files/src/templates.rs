//! The templates (minijinja), strict: an unknown name is a mistake, and so is printing one
//! that has no value. Every value is escaped as its file's format wants; there is no `safe`.

/// A phone's keys by one pattern.
mod each;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use sha2::{Digest, Sha256};

use crate::escape::Escape;
use crate::names::{Names, SECRET_FACE, Secret};
use offhook_catalogue::FileEscape;
use offhook_catalogue::Tables;
use offhook_catalogue::error::{Mistake, Mistakes};
use offhook_catalogue::overlay::OverlayFile;
use offhook_catalogue::url::split_scheme;

/// Around a secret in what a template wrote, until [`split_secrets`] has taken note of it. No value
/// can hold them, see [`offhook_core::fields::forbidden`].
const SECRET_OPENS: char = '\u{fdd0}';
const SECRET_ENDS: char = '\u{fdd1}';

/// All templates of a catalogue and an overlay, ready.
pub struct Templates {
    environment: Environment<'static>,
    /// `<vendor>/<name>` and text.
    texts: BTreeMap<String, Cow<'static, str>>,
    fingerprint: OnceLock<[u8; 32]>,
    /// A user's own: their names, and the files they came from.
    shown: HashMap<String, String>,
}

/// Why a file could not be written.
#[derive(Debug)]
pub enum Fault {
    /// The template is wrong, for every phone.
    Template(Mistake),
    /// A value of this phone cannot be written in this format.
    Value {
        /// The value; `None` if it is a secret.
        value: Option<String>,
        /// What is wrong with it.
        text: String,
    },
}

impl Templates {
    /// Reads the templates of an overlay. The catalogue's are read at their first use: a list has phones of few
    /// makers.
    ///
    /// # Errors
    /// Every template of the overlay that cannot be read.
    pub fn new(tables: &Tables, overlay: &[OverlayFile]) -> Result<Templates, Mistakes> {
        let mut texts: BTreeMap<String, Cow<'static, str>> = BTreeMap::new();
        for (name, text) in crate::TEMPLATES {
            texts.insert((*name).to_owned(), Cow::Borrowed(text));
        }
        let mut shown = HashMap::new();
        for file in overlay {
            let mut parts = file.path.rsplit('/');
            if let (Some(name), Some(id), Some(text)) = (parts.next(), parts.next(), file.text())
                && name.ends_with(".j2")
            {
                let name = format!("{id}/{name}");
                shown.insert(name.clone(), file.path.clone());
                texts.insert(name, Cow::Owned(text.to_owned()));
            }
        }
        let escapes = escapes(tables);
        let mut environment = environment(escapes);
        let mut mistakes = Mistakes::default();
        environment.set_loader(|name| {
            let found = crate::TEMPLATES.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, text)| (*text).to_owned()))
        });
        for name in shown.keys() {
            let text = texts.get(name).map(|text| text.clone().into_owned()).unwrap_or_default();
            if let Err(error) = environment.add_template_owned(name.clone(), text) {
                mistakes.0.push(template_mistake(&error, name, &shown));
            }
        }
        mistakes.0.sort_by(|one, other| one.file.cmp(&other.file));
        for vendor in &tables.vendors {
            for template in vendor.files.iter().filter_map(|file| file.template.as_ref()) {
                let name = format!("{}/{template}", vendor.id);
                if !texts.contains_key(&name) {
                    mistakes.push(&*vendor.id, format!("there is no template {name}"));
                }
            }
        }
        let fingerprint = OnceLock::new();
        mistakes.or(Some(Templates { environment, texts, fingerprint, shown }))
    }

    /// What the templates are now, for telling whether they changed.
    pub fn fingerprint(&self) -> [u8; 32] {
        *self.fingerprint.get_or_init(|| {
            let mut hash = Sha256::new();
            for text in self.texts.iter().flat_map(|(name, text)| [name.as_str(), text]) {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            hash.finalize().into()
        })
    }

    /// A template as it was read.
    pub(crate) fn text(&self, template: &str) -> Option<&str> {
        self.texts.get(template).map(|text| &**text)
    }

    /// Whether some of a vendor's templates are a user's own.
    pub fn has_own(&self, vendor: &str) -> bool {
        self.shown.keys().any(|name| name.split('/').next() == Some(vendor))
    }

    /// Runs a template; the secrets in what comes out are marked, see [`split_secrets`].
    ///
    /// # Errors
    /// A value that the format cannot hold, or a mistake in the template.
    pub fn render(&self, name: &str, values: Value) -> Result<String, Fault> {
        let run = self.environment.get_template(name).and_then(|found| found.render(values));
        run.map_err(|error| {
            let refused = std::iter::successors(Some(&error as &dyn std::error::Error), |error| {
                error.source()
            })
            .find_map(|error| error.downcast_ref::<Unfit>());
            match refused {
                Some(Unfit { value, text }) => {
                    Fault::Value { value: value.clone(), text: text.clone() }
                }
                None => Fault::Template(template_mistake(&error, name, &self.shown)),
            }
        })
    }
}

/// A value that does not fit, on its way through minijinja.
#[derive(Debug)]
struct Unfit {
    /// None for a secret, and where a template refuses.
    value: Option<String>,
    text: String,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Unfit {}

/// The escape of each template, followed by the characters that its format cannot hold; a template
/// that is only included has its vendor's, if there is but one.
fn escapes(tables: &Tables) -> HashMap<String, String> {
    let mut escapes: HashMap<String, String> = HashMap::new();
    for vendor in &tables.vendors {
        for file in &vendor.files {
            let Some(template) = file.template_of(vendor) else { continue };
            let escape = file.escape.map_or("", FileEscape::name);
            let escape = format!("{escape} {}", file.refuse);
            escapes.insert(template, escape.clone());
            let all = escapes.entry(format!("{}/", vendor.id)).or_insert_with(|| escape.clone());
            if *all != escape {
                "none ".clone_into(all);
            }
        }
    }
    escapes
}

fn environment(escapes: HashMap<String, String>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line with only a block on it leaves no line behind. The delimiters are the usual ones, of
    // which nothing is wrong.
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    // What would let a value through unescaped.
    for filter in ["safe", "escape", "e"] {
        environment.remove_filter(filter);
    }
    environment.add_filter("each", each::each);
    environment.add_filter("key", key);
    environment.add_filter("word", word);
    environment.add_filter("scheme", scheme);
    environment.add_filter("without_scheme", without_scheme);
    environment.add_filter("place", place);
    environment.add_filter("pin", pin);
    environment.add_function("refuse", refuse);
    environment.set_path_join_callback(|name, parent| match parent.split_once('/') {
        Some((vendor, _)) if !name.contains('/') => Cow::Owned(format!("{vendor}/{name}")),
        _ => Cow::Borrowed(name),
    });
    environment.set_auto_escape_callback(move |name| {
        let vendor = || escapes.get(name.split_inclusive('/').next().unwrap_or_default());
        let escape = escapes.get(name).or_else(vendor).cloned();
        AutoEscape::Custom(Cow::Owned(escape.unwrap_or_else(|| "none ".to_owned())))
    });
    environment.set_formatter(write_value);
    environment
}

fn escape_of<'s>(state: &'s State<'_, '_>) -> Result<(Escape, &'s str), Error> {
    if let AutoEscape::Custom(name) = state.auto_escape()
        && let Some((name, refuse)) = name.split_once(' ')
        && let Some(escape) = Escape::named(name)
    {
        return Ok((escape, refuse));
    }
    let text = "this template belongs to no [[file]] of its vendor.toml, so it is not known how its \
                values are escaped";
    Err(Error::new(ErrorKind::BadEscape, text))
}

/// Writes one `{{ value }}`.
fn write_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_none() {
        let text = "this name has no value here: ask with {% if %} first";
        return Err(Error::new(ErrorKind::UndefinedError, text));
    }
    if let Some(text) = value.as_str() {
        if value.is_safe() {
            // What a macro wrote, escaped already.
            return out.write_str(text).map_err(Error::from);
        }
        let (escape, refuse) = escape_of(state)?;
        return write_text(escape, refuse, text, out);
    }
    if let Some(Secret(text)) = value.downcast_object_ref::<Secret>() {
        let (escape, refuse) = escape_of(state)?;
        out.write_char(SECRET_OPENS)?;
        escape.write(refuse, text, out).map_err(|error| {
            let unfit = Unfit { value: None, text: format!("a secret of this phone: {error}") };
            Error::new(ErrorKind::InvalidOperation, "a value does not fit").with_source(unfit)
        })?;
        return out.write_char(SECRET_ENDS).map_err(Error::from);
    }
    if value.is_number() || value.kind() == ValueKind::Bool {
        escape_of(state)?;
        return write!(out, "{value}").map_err(Error::from);
    }
    let text = format!("a {} cannot be printed: print what is in it", value.kind());
    Err(Error::new(ErrorKind::InvalidOperation, text))
}

/// Writes a text, escaped.
fn write_text(
    escape: Escape,
    refuse: &str,
    text: &str,
    out: &mut impl std::fmt::Write,
) -> Result<(), Error> {
    escape.write(refuse, text, out).map_err(|refused| {
        if text.contains(SECRET_FACE) {
            let text = "a secret can only be printed as it is, without filters or ~";
            return Error::new(ErrorKind::InvalidOperation, text);
        }
        let unfit = Unfit { value: Some(text.to_owned()), text: refused.to_string() };
        Error::new(ErrorKind::InvalidOperation, "a value does not fit").with_source(unfit)
    })
}

/// `{{ key|key }}`: a maker's own key, in the place of a key.
fn key(state: &mut State<'_, '_>, key: &str) -> Result<Value, Error> {
    let (escape, _) = escape_of(state)?;
    let mut out = String::new();
    match escape.write_key(key, &mut out) {
        Ok(()) => Ok(Value::from_safe_string(out)),
        Err(refused) => {
            let unfit = Unfit {
                value: None,
                text: format!("the key {key:?} of \"settings\" cannot be written here: {refused}"),
            };
            Err(Error::new(ErrorKind::InvalidOperation, "a key does not fit").with_source(unfit))
        }
    }
}

/// `{{ line.transport|word("transport") }}`: the maker's word for ours; of a zone by its name, else by its
/// offset in minutes.
fn word(state: &State<'_, '_>, value: &Value, field: &str) -> Result<Value, Error> {
    let words = state.lookup("words");
    let words = words.as_ref().and_then(|words| words.downcast_object_ref::<Names>());
    let words = words.and_then(|words| words.get(field)?.downcast_object_ref::<Names>());
    let found = words.and_then(|words| {
        let part = |name: &str| value.get_attr(name).ok().map(|part| part.to_string());
        match value.as_str() {
            Some(text) => words.get(text).or_else(|| words.get(text.split('-').next()?)),
            None => part("name")
                .and_then(|name| words.get(&name))
                .or_else(|| words.get(&part("minutes")?)),
        }
    });
    found.cloned().ok_or_else(|| no_word(field, value))
}

/// A word that a list was not held to.
fn no_word(field: &str, value: impl std::fmt::Display) -> Error {
    unfit(format!("this maker has no word for {field} {value}"))
}

/// `{{ firmware_url|scheme("firmware-url") }}`: the maker's word for a URL's scheme.
fn scheme(state: &State<'_, '_>, url: &str, field: &str) -> Result<Value, Error> {
    let schemes = state.lookup("schemes").and_then(|schemes| schemes.get_attr(field).ok());
    let scheme = split_scheme(url).map_or(url, |(scheme, _)| scheme).to_ascii_lowercase();
    let found = schemes.and_then(|schemes| schemes.get_attr(&scheme).ok());
    let found = found.filter(|word| !word.is_undefined());
    found.ok_or_else(|| unfit(format!("this maker has no word for the scheme of {field}")))
}

/// `{{ url|without_scheme }}`: what follows `://`.
fn without_scheme(url: &str) -> String {
    split_scheme(url).map_or(url, |(_, rest)| rest).to_owned()
}

/// `{{ codecs|place(codec) }}`: the position in a list from 1; 0 if it is not in it.
fn place(list: Vec<Value>, item: Value) -> usize {
    list.iter().position(|other| *other == item).map_or(0, |at| at + 1)
}

/// `{{ admin_password|pin }}`: four digits as two bytes, `0x12,0x34`.
fn pin(value: Value) -> Result<Value, Error> {
    let digits = value.downcast_object_ref::<Secret>().map(|Secret(text)| text.as_str());
    let four = digits.and_then(|digits| digits.split_at_checked(2));
    let (first, last) = four.ok_or_else(|| unfit("expected four digits".to_owned()))?;
    Ok(Value::from_object(Secret(format!("0x{first},0x{last}"))))
}

fn unfit(text: String) -> Error {
    let unfit = Unfit { value: None, text };
    Error::new(ErrorKind::InvalidOperation, "no word").with_source(unfit)
}

/// `{{ refuse("...") }}`: this phone's values cannot be written in this file.
fn refuse(text: String) -> Result<Value, Error> {
    let unfit = Unfit { value: None, text };
    Err(Error::new(ErrorKind::InvalidOperation, "refused by the template").with_source(unfit))
}

fn template_mistake(error: &Error, name: &str, shown: &HashMap<String, String>) -> Mistake {
    let name = error.name().unwrap_or(name);
    let text = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    let file = shown.get(name).cloned().unwrap_or_else(|| format!("vendors/{name}"));
    let line = error.line().and_then(|line| u32::try_from(line).ok());
    Mistake { file: Some(file), line, place: String::new(), text }
}

/// A text that is written as it is, marked as a secret.
pub(crate) fn mark_secret(text: &str) -> String {
    format!("{SECRET_OPENS}{text}{SECRET_ENDS}")
}

/// Takes the marks out of a rendered text: the text, and where in it secrets are.
pub fn split_secrets(marked: &str) -> (String, Vec<(u32, u32)>) {
    let mut text = String::with_capacity(marked.len());
    let mut secrets = Vec::new();
    let here = |text: &String| u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut rest = marked;
    while let Some((before, behind)) = rest.split_once(SECRET_OPENS) {
        let (secret, behind) = behind.split_once(SECRET_ENDS).unwrap_or((behind, ""));
        text.push_str(before);
        let start = here(&text);
        text.push_str(secret);
        secrets.push((start, here(&text)));
        rest = behind;
    }
    text.push_str(rest);
    (text, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_of_the_program_is_read() {
        let templates = Templates::new(offhook_core::builtin::built_in(), &[]).unwrap();
        for (name, _) in crate::TEMPLATES {
            let read = templates.environment.get_template(name);
            assert!(read.is_ok(), "{name}: {:?}", read.err());
        }
    }
}
